#include "core/control/scheduler/class_results.hpp"

#include <algorithm>

namespace tandem::control::scheduler {
namespace {

/// How many classes are remembered; at 5,000 nodes one takes about half a mebibyte.
constexpr std::size_t kRememberedClasses = 64;

}  // namespace

ClassResults::ClassResults(PodClassPtr pod_class, const std::vector<ConfiguredPlugin>& plugins)
    : pod_class_(std::move(pod_class)),
      plugins_(plugins),
      pre_filter_(plugins.size()),
      pre_score_(plugins.size()),
      pre_score_known_(plugins.size(), false),
      scores_(plugins.size()) {}

void ClassResults::begin_cycle(const CycleInput& input) {
  ++cycles_;
  if (cycles_ == 1) {
    for (std::size_t i = 0; i < plugins_.size(); ++i) {
      if (plugins_[i].node_local && plugins_[i].points.filter) pre_filter_[i] = plugins_[i].plugin->pre_filter(input);
    }
  }
  if (cycles_ == 1 || images_version_ != input.snapshot.images_version()) {
    images_version_ = input.snapshot.images_version();
    std::fill(pre_score_known_.begin(), pre_score_known_.end(), false);
    for (auto& column : scores_) column.clear();
  }
  if (cycles_ == 1) return;
  const std::size_t slots = input.snapshot.node_slots();
  verdicts_.resize(slots);
  for (std::size_t i = 0; i < plugins_.size(); ++i) {
    if (plugins_[i].node_local && plugins_[i].points.score) scores_[i].resize(slots);
  }
}

PreScoreResult& ClassResults::pre_score(std::size_t position, const CycleInput& input) {
  if (!pre_score_known_[position]) {
    pre_score_known_[position] = true;
    pre_score_[position] = plugins_[position].plugin->pre_score(input, {});
  }
  return pre_score_[position];
}

Verdict ClassResults::verdict(const CycleInput& input, const CycleFilters& filters, const NodeInfo& node) {
  if (verdicts_.empty()) return filters.run_local(input, node);
  CachedVerdict& cached = verdicts_[node.index];
  if (cached.generation != node.generation) cached = {node.generation, filters.run_local(input, node)};
  return cached.verdict;
}

std::size_t ClassResults::reasons_number(std::uint8_t plugin, const CycleInput& input, const CycleFilters& filters,
                                         const NodeInfo& node) {
  if (reasons_numbers_.size() <= node.index) reasons_numbers_.resize(input.snapshot.node_slots());
  CachedReasons& cached = reasons_numbers_[node.index];
  if (cached.generation == node.generation) return cached.number;
  Reasons texts = filters.reasons_of_local(plugin, input, node);
  const auto known = std::find(reasons_.begin(), reasons_.end(), texts);
  cached = {node.generation, static_cast<std::size_t>(known - reasons_.begin())};
  if (known == reasons_.end()) reasons_.push_back(std::move(texts));
  return cached.number;
}

std::int64_t ClassResults::raw_score(std::size_t position, const CycleInput& input, const NodeInfo& node) {
  const PluginState* state = pre_score_[position].state.get();
  if (scores_[position].empty()) return plugins_[position].plugin->score(input, state, node);
  CachedScore& cached = scores_[position][node.index];
  if (cached.generation != node.generation) {
    cached = {node.generation, plugins_[position].plugin->score(input, state, node)};
  }
  return cached.score;
}

ClassResults& ClassResultsCache::find(const PodClassPtr& pod_class, const std::vector<ConfiguredPlugin>& plugins) {
  auto found = results_.find(pod_class->id);
  if (found == results_.end()) {
    if (results_.size() >= kRememberedClasses) {
      results_.erase(std::min_element(results_.begin(), results_.end(), [](const auto& a, const auto& b) {
        return a.second.last_used < b.second.last_used;  // uses are numbered: no two are equal
      }));
    }
    found = results_.emplace(pod_class->id, ClassResults(pod_class, plugins)).first;
  }
  found->second.last_used = ++uses_;
  return found->second;
}

}  // namespace tandem::control::scheduler
