#include "sim/model/pod_network.hpp"

#include <algorithm>
#include <cmath>

#include "core/base/check.hpp"

namespace tandem::sim {

PodNetwork::PodNetwork(const scenario::ClusterSpec& cluster, bool links) {
  for (const scenario::NodeSpec& spec : cluster.nodes) {
    node_numbers_.emplace(spec.name, static_cast<std::uint32_t>(nodes_.size()));
    Node node;
    if (links) {
      node.latency = spec.link.latency;
      node.seconds_per_byte = 1.0 / spec.link.bandwidth;
    }
    nodes_.push_back(node);
  }
}

std::optional<std::uint32_t> PodNetwork::node_number(std::string_view name) const {
  const auto found = node_numbers_.find(name);
  return found == node_numbers_.end() ? std::nullopt : std::optional(found->second);
}

AddressId PodNetwork::address(std::string_view ip) {
  const auto found = address_ids_.find(ip);
  if (found != address_ids_.end()) return found->second;
  const auto id = static_cast<AddressId>(addresses_.size());
  addresses_.emplace_back();
  address_ids_.emplace(ip, id);
  return id;
}

void PodNetwork::add(AddressId address, std::uint32_t node) {
  CHECK(node < nodes_.size(), "an address on a node that is not in the cluster");
  at(address).exists = true;
  at(address).node = node;
}

void PodNetwork::remove(AddressId address) {
  at(address).exists = false;
  at(address).ports.clear();
}

bool PodNetwork::open(AddressId address, std::int32_t port, Replica& replica) {
  if (Replica* owner = replica_at(address, port)) return owner == &replica;
  at(address).ports.emplace_back(port, &replica);
  return true;
}

void PodNetwork::close(AddressId address, std::int32_t port, const Replica& replica) {
  std::erase_if(at(address).ports, [&](const auto& entry) { return entry.first == port && entry.second == &replica; });
}

Replica* PodNetwork::replica_at(AddressId address, std::int32_t port) const {
  for (const auto& [number, owner] : at(address).ports) {
    if (number == port) return owner;
  }
  return nullptr;
}

SimDuration PodNetwork::latency(std::uint32_t node, std::int64_t bytes) const {
  const Node& spec = nodes_[node];
  if (spec.seconds_per_byte == 0) return spec.latency;
  return spec.latency + nanoseconds(std::llround(static_cast<double>(bytes) * spec.seconds_per_byte * 1e9));
}

void PodNetwork::cut(std::uint32_t node) { ++nodes_[node].cuts; }

void PodNetwork::heal(std::uint32_t node) {
  CHECK(nodes_[node].cuts > 0, "a node healed that was not cut off");
  if (--nodes_[node].cuts == 0 && on_heal_) on_heal_(node);
}

std::uint32_t PodNetwork::pod_number(std::string_view name) {
  const auto found = pod_numbers_.find(name);
  if (found != pod_numbers_.end()) return found->second;
  const auto number = static_cast<std::uint32_t>(pod_names_.size());
  pod_names_.emplace_back(name);
  pod_numbers_.emplace(name, number);
  return number;
}

}  // namespace tandem::sim
