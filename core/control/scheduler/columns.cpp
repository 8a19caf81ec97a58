#include "core/control/scheduler/columns.hpp"

#include "core/cluster/selector.hpp"

namespace tandem::control::scheduler {

void TopologyColumn::update(const NodeInfo& node) {
  if (values_.size() <= node.index) values_.resize(node.index + 1, 0);
  values_[node.index] = 0;
  if (!node.node) return;
  const auto label = node.labels().find(key_);
  if (label == node.labels().end()) return;
  const auto next_number = static_cast<std::uint32_t>(numbers_.size() + 1);
  values_[node.index] = numbers_.try_emplace(label->second, next_number).first->second;
}

void PodCountColumn::apply(NodeIndex node, const PodOnNode& pod, std::int32_t sign) {
  if (cluster::is_terminating(pod.pod->meta)) return;
  const PodClass& pod_class = *pod.pod_class;
  const bool match = matches_.get(
      pod_class, [&] { return pod_class.namespace_ == namespace_ && cluster::matches(selector_, *pod_class.labels); });
  if (!match) return;
  if (counts_.size() <= node) counts_.resize(node + 1, 0);
  counts_[node] += sign;
}

}  // namespace tandem::control::scheduler
