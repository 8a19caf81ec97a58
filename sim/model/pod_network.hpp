#pragma once
// Which pod addresses exist, on which node, who listens there, and which nodes are cut off. Small messages take a latency
// looked up here; bulk transfers go through the engine.

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/scenario/scenario.hpp"
#include "sim/model/replica.hpp"

namespace tandem::sim {

/// Number of a pod address. The same text always has the same number within a run.
enum class AddressId : std::uint32_t {};

class PodNetwork {
 public:
  /// With `links`, a message to a node takes its link's latency and its size over the link's bandwidth; without, nodes are
  /// slices of one host and calibration's round trip is all there is.
  PodNetwork(const scenario::ClusterSpec& cluster, bool links);
  PodNetwork(const PodNetwork&) = delete;
  PodNetwork& operator=(const PodNetwork&) = delete;

  [[nodiscard]] std::size_t node_count() const { return nodes_.size(); }
  /// Place of a node in the cluster's list.
  [[nodiscard]] std::optional<std::uint32_t> node_number(std::string_view name) const;

  [[nodiscard]] AddressId address(std::string_view ip);
  /// The address belongs to a sandbox on this node from now on.
  void add(AddressId address, std::uint32_t node);
  /// Nobody answers for it any more: not even with a refusal.
  void remove(AddressId address);
  [[nodiscard]] bool exists(AddressId address) const { return at(address).exists; }
  /// Node of an address that exists, or did last.
  [[nodiscard]] std::uint32_t node_of(AddressId address) const { return at(address).node; }

  /// The replica owns the port until close(). False if another one does.
  bool open(AddressId address, std::int32_t port, Replica& replica);
  void close(AddressId address, std::int32_t port, const Replica& replica);
  /// Whoever owns the port, or nullptr.
  [[nodiscard]] Replica* replica_at(AddressId address, std::int32_t port) const;

  /// One way, between anything outside the nodes (clients, balancers) and a pod on the node.
  [[nodiscard]] SimDuration latency(std::uint32_t node, std::int64_t bytes) const;

  /// Cuts a node off from everything outside it, or joins it again. Cuts nest: the node is joined when the last is healed.
  void cut(std::uint32_t node);
  void heal(std::uint32_t node);
  [[nodiscard]] bool reachable(std::uint32_t node) const { return nodes_[node].cuts == 0; }
  /// Runs whenever a node becomes reachable again.
  void on_heal(std::function<void(std::uint32_t)> listener) { on_heal_ = std::move(listener); }

  /// Names of pods as dense numbers, so that records need no string until they are written.
  [[nodiscard]] std::uint32_t pod_number(std::string_view name);
  [[nodiscard]] const std::string& pod_name(std::uint32_t number) const { return pod_names_[number]; }

 private:
  struct Address {
    bool exists = false;
    std::uint32_t node = 0;
    std::vector<std::pair<std::int32_t, Replica*>> ports;
  };
  struct Node {
    SimDuration latency;
    double seconds_per_byte = 0;
    int cuts = 0;
  };
  [[nodiscard]] const Address& at(AddressId address) const { return addresses_[static_cast<std::size_t>(address)]; }
  Address& at(AddressId address) { return addresses_[static_cast<std::size_t>(address)]; }

  std::vector<Node> nodes_;
  std::map<std::string, std::uint32_t, std::less<>> node_numbers_;
  std::vector<Address> addresses_;
  std::map<std::string, AddressId, std::less<>> address_ids_;
  std::vector<std::string> pod_names_;
  std::map<std::string, std::uint32_t, std::less<>> pod_numbers_;
  std::function<void(std::uint32_t)> on_heal_;
};

}  // namespace tandem::sim
