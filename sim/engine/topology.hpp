#pragma once
// The cluster's network as a value: hosts and switches joined by full-duplex links. A Boost.Graph adjacency list, so that
// graph algorithms apply to it directly; SimGrid's platform is built from it (simgrid_network.hpp).

#include <boost/graph/adjacency_list.hpp>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/time.hpp"

namespace tandem::sim {

/// Names a node of a Topology: its vertex number.
enum class NetworkNode : std::uint32_t {};

struct TopologyNode {
  std::string name;
  bool is_switch = false;  ///< forwards only: neither source nor destination of a transfer
  friend bool operator==(const TopologyNode&, const TopologyNode&) = default;
};

struct TopologyLink {
  double bandwidth = 0;  ///< bytes per second in each direction, > 0
  SimDuration latency;   ///< one way, ≥ 0
  friend bool operator==(const TopologyLink&, const TopologyLink&) = default;
};

class Topology {
 public:
  using Graph = boost::adjacency_list<boost::vecS, boost::vecS, boost::undirectedS, TopologyNode, TopologyLink>;

  /// Requires a name not used before.
  NetworkNode add_host(std::string name) { return add_node({std::move(name), false}); }
  NetworkNode add_switch(std::string name) { return add_node({std::move(name), true}); }
  void add_link(NetworkNode a, NetworkNode b, TopologyLink link);

  [[nodiscard]] std::optional<NetworkNode> find(std::string_view name) const;
  [[nodiscard]] const Graph& graph() const { return graph_; }
  [[nodiscard]] std::size_t size() const { return boost::num_vertices(graph_); }

  /// Smallest sum of link latencies between two nodes; nothing if they are not connected.
  [[nodiscard]] std::optional<SimDuration> latency(NetworkNode from, NetworkNode to) const;

 private:
  NetworkNode add_node(TopologyNode node);
  Graph graph_;
  std::map<std::string, NetworkNode, std::less<>> by_name_;
};

}  // namespace tandem::sim
