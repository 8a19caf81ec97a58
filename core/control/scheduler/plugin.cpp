#include "core/control/scheduler/plugin.hpp"

#include <algorithm>

namespace tandem::control::scheduler {

std::string_view name_of(Code code) {
  switch (code) {
    case Code::Success:
      return "Success";
    case Code::Unschedulable:
      return "Unschedulable";
    case Code::UnschedulableAndUnresolvable:
      return "UnschedulableAndUnresolvable";
  }
  return "";
}

std::int64_t normalized_by_maximum(std::int64_t score, std::int64_t maximum, bool reverse) {
  const std::int64_t share = maximum == 0 ? 0 : kMaxNodeScore * score / maximum;
  return reverse ? kMaxNodeScore - share : share;
}

void SchedulerPlugin::normalize(const CycleInput&, const PluginState*, std::span<const NodeIndex>,
                                std::span<std::int64_t> scores) const {
  const Normalization way = normalization();
  if (way != Normalization::ByMaximum && way != Normalization::ByMaximumReversed) return;
  std::int64_t maximum = 0;
  for (const std::int64_t score : scores) maximum = std::max(maximum, score);
  for (std::int64_t& score : scores) {
    score = normalized_by_maximum(score, maximum, way == Normalization::ByMaximumReversed);
  }
}

}  // namespace tandem::control::scheduler
