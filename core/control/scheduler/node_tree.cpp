#include "core/control/scheduler/node_tree.hpp"

#include <algorithm>

namespace tandem::control::scheduler {
namespace {

std::string first_label(const cluster::Labels& labels, std::string_view key, std::string_view older_key) {
  auto found = labels.find(key);
  if (found == labels.end()) found = labels.find(older_key);
  return found == labels.end() ? std::string() : found->second;
}

/// Region and zone as one key, empty for a node with neither. Source: component-helpers/node/topology GetZoneKey.
std::string zone_key(const cluster::Labels& labels) {
  const std::string region = first_label(labels, "topology.kubernetes.io/region", "failure-domain.beta.kubernetes.io/region");
  const std::string zone = first_label(labels, "topology.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/zone");
  if (region.empty() && zone.empty()) return {};
  return region + std::string(":\0:", 3) + zone;
}

}  // namespace

void NodeTree::add(NodeIndex node, const cluster::Labels& labels) {
  ++version_;
  const std::string key = zone_key(labels);
  const auto zone = std::find_if(zones_.begin(), zones_.end(), [&](const Zone& entry) { return entry.first == key; });
  if (zone == zones_.end()) {
    zones_.push_back({key, {node}});
  } else {
    zone->second.push_back(node);
  }
}

void NodeTree::remove(NodeIndex node) {
  for (auto zone = zones_.begin(); zone != zones_.end(); ++zone) {
    const auto place = std::find(zone->second.begin(), zone->second.end(), node);
    if (place == zone->second.end()) continue;
    ++version_;
    zone->second.erase(place);
    if (zone->second.empty()) zones_.erase(zone);
    return;
  }
}

void NodeTree::relabel(NodeIndex node, const cluster::Labels& labels) {
  const std::string key = zone_key(labels);
  for (const auto& [zone, nodes] : zones_) {
    if (zone == key && std::find(nodes.begin(), nodes.end(), node) != nodes.end()) return;
  }
  remove(node);
  add(node, labels);
}

void NodeTree::list_nodes() const {
  version_of_order_ = version_;
  order_.clear();
  std::size_t longest = 0;
  for (const auto& zone : zones_) longest = std::max(longest, zone.second.size());
  for (std::size_t round = 0; round < longest; ++round) {
    for (const auto& zone : zones_) {
      if (round < zone.second.size()) order_.push_back(zone.second[round]);
    }
  }
  for (std::size_t position = 0; position < order_.size(); ++position) {
    if (positions_.size() <= order_[position]) positions_.resize(order_[position] + 1, 0);
    positions_[order_[position]] = position;
  }
}

}  // namespace tandem::control::scheduler
