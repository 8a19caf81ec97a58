// The checked mode's view of the cluster: everything that is kept current change by change, once more from the objects.

#include <fmt/format.h>

#include <map>
#include <set>

#include "core/base/check.hpp"
#include "core/control/scheduler/snapshot.hpp"

namespace tandem::control::scheduler {
namespace {

/// Sums over the pods of one node. Ports are left out: which of two pods that hold one port frees it is a matter of history.
void check_load(const NodeInfo& info) {
  NodeLoad load;
  std::uint32_t with_affinity = 0;
  std::uint32_t with_anti_affinity = 0;
  for (const PodOnNode& entry : info.pods) {
    const auto pod_class = make_pod_class(*entry.pod, 0);
    CHECK(entry.pod_class->covers(*entry.pod) && entry.pod_class->requests == pod_class->requests,
          fmt::format("the class of {} is its own", entry.pod->meta.name));
    load.add(*pod_class);
    with_affinity += pod_class->has_affinity ? 1 : 0;
    with_anti_affinity += pod_class->required_anti_affinity.empty() ? 0 : 1;
  }
  CHECK(load.requested.milli_cpu == info.load.requested.milli_cpu && load.requested.memory == info.load.requested.memory &&
            load.requested.ephemeral_storage == info.load.requested.ephemeral_storage,
        fmt::format("what is requested on {} is the sum over its pods", info.name));
  for (const auto& [name, amount] : load.requested.scalars) {
    CHECK(info.load.requested.scalar(name) == amount, fmt::format("{} on {} is the sum over its pods", name, info.name));
  }
  CHECK(load.non_zero_cpu == info.load.non_zero_cpu && load.non_zero_memory == info.load.non_zero_memory &&
            load.pod_count == info.load.pod_count,
        fmt::format("what is counted on {} is the sum over its pods", info.name));
  CHECK(with_affinity == info.pods_with_affinity && with_anti_affinity == info.pods_with_required_anti_affinity,
        fmt::format("pods with affinity on {} are counted", info.name));
  if (!info.node) return;
  CHECK(info.allocatable == allocatable_of(info.node->status.allocatable) &&
            info.allowed_pods == allowed_pods(info.node->status.allocatable),
        fmt::format("the size of {} is its object's", info.name));
}

}  // namespace

void TopologyColumn::check(const NodeInfo& node) const {
  const auto label = node.node ? node.labels().find(key_) : cluster::Labels::const_iterator();
  const bool has_key = node.node && label != node.labels().end();
  const auto number = has_key ? numbers_.find(label->second) : numbers_.end();
  CHECK(!has_key || number != numbers_.end(), "every value of a topology key has a number");
  CHECK(value(node.index) == (has_key ? number->second : 0), fmt::format("{} of {} is its label's", key_, node.name));
}

PodCountColumn PodCountColumn::empty_copy() const { return {namespace_, selector_}; }

void Snapshot::check() const {
  std::uint32_t with_affinity = 0;
  std::uint32_t with_anti_affinity = 0;
  std::size_t existing = 0;
  std::vector<std::int64_t> holders(images_.size(), 0);
  for (const auto& info : nodes_) {
    check_load(*info);
    with_affinity += info->pods_with_affinity;
    with_anti_affinity += info->pods_with_required_anti_affinity;
    existing += info->node ? 1 : 0;
    for (const ImageId image : info->images) ++holders[image];
    for (const auto& [key, column] : topologies_) column.check(*info);
  }
  CHECK(with_affinity == pods_with_affinity_ && with_anti_affinity == pods_with_required_anti_affinity_,
        "pods with affinity are counted");
  for (ImageId image = 0; image < images_.size(); ++image) {
    CHECK(images_[image].nodes == holders[image], "holders of images are counted");
  }
  for (const auto& [key, cached] : counts_) {
    PodCountColumn counted = cached.column.empty_copy();
    for (const auto& info : nodes_) {
      for (const PodOnNode& pod : info->pods) counted.apply(info->index, pod, +1);
    }
    for (const auto& info : nodes_) {
      CHECK(counted.count(info->index) == cached.column.count(info->index), fmt::format("{} on {} are counted", key, info->name));
    }
  }
  CHECK(order().size() == existing, "the node list has every node");
  for (std::size_t position = 0; position < order().size(); ++position) {
    CHECK(position_of(order()[position]) == position, "every node of the list knows its place");
    CHECK(node(order()[position]).node != nullptr, "the list has no node that is gone");
  }
}

}  // namespace tandem::control::scheduler
