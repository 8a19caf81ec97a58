#include "sim/engine/topology.hpp"

#include <boost/graph/dijkstra_shortest_paths.hpp>
#include <boost/property_map/transform_value_property_map.hpp>
#include <limits>
#include <utility>

#include "core/base/check.hpp"

namespace tandem::sim {

NetworkNode Topology::add_node(TopologyNode node) {
  const auto [entry, added] = by_name_.emplace(node.name, static_cast<NetworkNode>(size()));
  CHECK(added, "two nodes of a topology are called " + node.name);
  boost::add_vertex(std::move(node), graph_);
  return entry->second;
}

void Topology::add_link(NetworkNode a, NetworkNode b, TopologyLink link) {
  CHECK(link.bandwidth > 0 && link.latency.ns >= 0, "a link needs bandwidth, and its latency cannot be negative");
  boost::add_edge(static_cast<std::size_t>(a), static_cast<std::size_t>(b), link, graph_);
}

std::optional<NetworkNode> Topology::find(std::string_view name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? std::nullopt : std::optional(found->second);
}

std::optional<SimDuration> Topology::latency(NetworkNode from, NetworkNode to) const {
  constexpr std::int64_t kUnreachable = std::numeric_limits<std::int64_t>::max();
  std::vector<std::int64_t> distance(size(), kUnreachable);
  const auto weight = boost::make_transform_value_property_map([](const TopologyLink& link) { return link.latency.ns; },
                                                               boost::get(boost::edge_bundle, graph_));
  boost::dijkstra_shortest_paths(
      graph_, static_cast<std::size_t>(from),
      boost::weight_map(weight)
          .distance_map(boost::make_iterator_property_map(distance.begin(), boost::get(boost::vertex_index, graph_)))
          .distance_inf(kUnreachable));
  const std::int64_t found = distance[static_cast<std::size_t>(to)];
  if (found == kUnreachable) return std::nullopt;
  return SimDuration{found};
}

}  // namespace tandem::sim
