#include "core/control/autoscaler/horizontal_autoscaler.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "core/control/autoscaler/go_conversion.hpp"
#include "core/control/autoscaler/metric_error.hpp"
#include "core/control/conditions.hpp"

namespace tandem::control {

namespace {

using cluster::ConditionStatus;
using cluster::HorizontalPodAutoscaler;
using cluster::ScalingPolicy;
using cluster::ScalingRules;
using Recommendation = ScalingHistory::Recommendation;
using ScaleEvent = ScalingHistory::ScaleEvent;

/// Without `behavior`, one pass may double the size, or reach this many pods.
constexpr double kScaleUpFactor = 2.0;
constexpr double kScaleUpMinimum = 4.0;

struct Limited {
  std::int32_t replicas = 0;
  const char* reason = "";
  const char* message = "";
};
constexpr const char* kInRange = "DesiredWithinRange";
constexpr const char* kInRangeText = "the desired count is within the acceptable range";
constexpr const char* kTooFewText = "the desired replica count is less than the minimum replica count";
constexpr const char* kTooManyText = "the desired replica count is more than the maximum replica count";
constexpr const char* kFastUpText = "the desired replica count is increasing faster than the maximum scale rate";
constexpr const char* kFastDownText = "the desired replica count is decreasing faster than the maximum scale rate";

/// Writes over the last old entry if there is one, else appends.
template <class Entry, class IsOld>
void remember(std::vector<Entry>& entries, Entry entry, IsOld&& is_old) {
  const auto last_old = std::find_if(entries.rbegin(), entries.rend(), is_old);
  if (last_old != entries.rend()) {
    *last_old = entry;
  } else {
    entries.push_back(entry);
  }
}

/// The largest recommendation of the last five minutes, the border included.
std::int32_t stabilized(std::int32_t desired, ScalingHistory& history, SimTime now) {
  const SimTime cutoff = now - kDownscaleStabilization;
  std::int32_t largest = desired;
  for (const Recommendation& old : history.recommendations) {
    if (old.at >= cutoff) largest = std::max(largest, old.replicas);
  }
  remember(history.recommendations, Recommendation{desired, now}, [&](const Recommendation& old) { return old.at < cutoff; });
  return largest;
}

Limited limited_by_rules(std::int32_t current, std::int32_t desired, std::int32_t smallest, std::int32_t largest) {
  const std::int32_t up_limit = go_int32(std::max(kScaleUpFactor * static_cast<double>(current), kScaleUpMinimum));
  if (desired < smallest) return {smallest, "TooFewReplicas", kTooFewText};
  if (largest > up_limit) {
    if (desired > up_limit) return {up_limit, "ScaleUpLimit", kFastUpText};
  } else if (desired > largest) {
    return {largest, "TooManyReplicas", kTooManyText};
  }
  return {desired, kInRange, kInRangeText};
}

/// The current size, moved into the band that both windows' recommendations leave open.
std::int32_t stabilized_with_behavior(std::int32_t current, std::int32_t desired, SimDuration up_window, SimDuration down_window,
                                      ScalingHistory& history, SimTime now) {
  const SimTime up_cutoff = now - up_window;
  const SimTime down_cutoff = now - down_window;
  std::int32_t lowest = desired;
  std::int32_t highest = desired;
  for (const Recommendation& old : history.recommendations) {
    if (old.at > up_cutoff) lowest = std::min(lowest, old.replicas);
    if (old.at > down_cutoff) highest = std::max(highest, old.replicas);
  }
  remember(history.recommendations, Recommendation{desired, now},
           [&](const Recommendation& old) { return old.at < up_cutoff && old.at < down_cutoff; });
  return std::min(std::max(current, lowest), highest);
}

std::int32_t change_in_period(const std::vector<ScaleEvent>& events, std::int32_t period_seconds, SimTime now) {
  const SimTime cutoff = now - seconds(period_seconds);
  std::int32_t sum = 0;
  for (const ScaleEvent& event : events) {
    if (event.at > cutoff) sum += event.change;
  }
  return sum;
}

/// The size that the policies of one direction allow. `up`: growing.
std::int32_t policy_limit(std::int32_t current, const ScalingRules& rules, const ScalingHistory& history, bool up, SimTime now) {
  if (rules.select_policy == "Disabled") return current;
  // Min lets through the smallest change: the lowest limit on the way up, the highest on the way down.
  const bool take_lowest = (rules.select_policy == "Min") == up;
  std::int32_t limit = take_lowest ? std::numeric_limits<std::int32_t>::max() : std::numeric_limits<std::int32_t>::min();
  for (const ScalingPolicy& policy : rules.policies) {
    const std::int32_t added = change_in_period(history.ups, policy.period_seconds, now);
    const std::int32_t removed = change_in_period(history.downs, policy.period_seconds, now);
    const std::int32_t start = current - added + removed;
    const std::int32_t sign = up ? 1 : -1;
    std::int32_t proposed = start;
    if (policy.type == "Pods") {
      proposed = start + sign * policy.value;
    } else if (policy.type == "Percent") {
      const double share = 1.0 + sign * (static_cast<double>(policy.value) / 100.0);
      const double size = static_cast<double>(start) * share;
      proposed = go_int32(up ? std::ceil(size) : size);
    }
    limit = take_lowest ? std::min(limit, proposed) : std::max(limit, proposed);
  }
  return limit;
}

Limited limited_by_behavior(std::int32_t current, std::int32_t desired, std::int32_t smallest, std::int32_t largest,
                            const cluster::ScalingBehavior& behavior, const ScalingHistory& history, SimTime now) {
  if (desired > current) {
    const std::int32_t limit = std::max(policy_limit(current, *behavior.scale_up, history, true, now), current);
    if (largest > limit) {
      if (desired > limit) return {limit, "ScaleUpLimit", kFastUpText};
    } else if (desired > largest) {
      return {largest, "TooManyReplicas", kTooManyText};
    }
  } else if (desired < current) {
    const std::int32_t limit = std::min(policy_limit(current, *behavior.scale_down, history, false, now), current);
    if (smallest < limit) {
      if (desired < limit) return {limit, "ScaleDownLimit", kFastDownText};
    } else if (desired < smallest) {
      return {smallest, "TooFewReplicas", kTooFewText};
    }
  }
  return {desired, kInRange, kInRangeText};
}

/// Keeps a rescale for the policies' periods.
void remember_rescale(ScalingHistory& history, const cluster::ScalingBehavior& behavior, std::int32_t before, std::int32_t after,
                      SimTime now) {
  const bool up = after > before;
  std::vector<ScaleEvent>& events = up ? history.ups : history.downs;
  const ScalingRules& rules = up ? *behavior.scale_up : *behavior.scale_down;
  std::int32_t longest = 0;
  for (const ScalingPolicy& policy : rules.policies) longest = std::max(longest, policy.period_seconds);
  const SimTime cutoff = now - seconds(longest);
  for (ScaleEvent& event : events) event.outdated = event.outdated || event.at < cutoff;
  remember(events, ScaleEvent{up ? after - before : before - after, now, false},
           [](const ScaleEvent& event) { return event.outdated; });
}

struct Proposals {
  std::int32_t replicas = 0;
  std::string metric;
  std::optional<std::string> error;     ///< of the metrics that failed, counted
  std::vector<ControllerEvent> events;  ///< one for each metric that failed
  bool usable = true;                ///< false: nothing may be scaled
};

Proposals ask_metrics(const HorizontalPodAutoscaler& autoscaler, const ScaleState& scale, const MetricEvaluator& evaluate) {
  Proposals all;
  std::string first_error;
  for (const cluster::MetricSpec& metric : autoscaler.spec.metrics) {
    MetricProposal one = evaluate(metric, scale);
    if (!one.proposal) {
      if (all.events.empty()) first_error = framed_metric_error(metric, one.proposal.error());
      all.events.push_back({"Warning", std::move(one.failure_reason), metric_error(metric, one.proposal.error())});
      continue;
    }
    if (all.replicas == 0 || one.proposal->replicas > all.replicas) {
      all.replicas = one.proposal->replicas;
      all.metric = std::move(one.name);
    }
  }
  const std::size_t failed = all.events.size();
  const std::size_t total = autoscaler.spec.metrics.size();
  if (failed > 0) {
    all.error = fmt::format("invalid metrics ({} invalid out of {}), first error is: {}", failed, total, first_error);
  }
  // With some metrics unknown the size may grow but not shrink. (The API server gives an autoscaler without metrics one.)
  all.usable = (failed == 0 || failed < total) && !(failed > 0 && all.replicas < scale.spec_replicas);
  return all;
}

}  // namespace

cluster::ScalingBehavior defaulted_behavior(const cluster::ScalingBehavior& written) {
  cluster::ScalingBehavior behavior = written;
  const auto complete = [](std::optional<ScalingRules>& rules, std::vector<ScalingPolicy> policies) {
    if (!rules) rules.emplace();
    if (rules->select_policy.empty()) rules->select_policy = "Max";
    if (rules->policies.empty()) rules->policies = std::move(policies);
  };
  complete(behavior.scale_up, {{"Pods", 4, 15}, {"Percent", 100, 15}});
  if (!behavior.scale_up->stabilization_window_seconds) behavior.scale_up->stabilization_window_seconds = 0;
  complete(behavior.scale_down, {{"Percent", 100, 15}});
  return behavior;
}

AutoscalerPass autoscaler_pass(const HorizontalPodAutoscaler& autoscaler, const ScaleState& scale,
                               const MetricEvaluator& evaluate, ScalingHistory& history, SimTime now) {
  AutoscalerPass pass;
  pass.status = autoscaler.status;
  const auto condition = [&](const char* type, bool is_true, std::string_view reason, std::string message) {
    set_condition(pass.status.conditions, type, is_true ? ConditionStatus::True : ConditionStatus::False, reason,
                  std::move(message), now);
  };
  const std::int32_t current = scale.spec_replicas;
  const std::int32_t smallest = autoscaler.spec.min_replicas.value_or(1);
  const std::int32_t largest = autoscaler.spec.max_replicas;
  std::optional<cluster::ScalingBehavior> behavior;
  if (autoscaler.spec.behavior) {
    behavior = defaulted_behavior(*autoscaler.spec.behavior);
    auto& window = behavior->scale_down->stabilization_window_seconds;
    if (!window) window = static_cast<std::int32_t>(kDownscaleStabilization.ns / seconds(1).ns);
  }
  condition("AbleToScale", true, "SucceededGetScale", "the HPA controller was able to get the target's current scale");
  if (history.recommendations.empty()) history.recommendations.push_back({current, now});
  pass.status.observed_generation = autoscaler.meta.generation;
  pass.status.current_replicas = current;
  pass.status.desired_replicas = current;

  std::int32_t desired = 0;
  std::string why;
  bool rescale = true;
  if (current == 0 && smallest != 0) {
    rescale = false;
    condition("ScalingActive", false, "ScalingDisabled", "scaling is disabled since the replica count of the target is zero");
  } else if (current > largest) {
    why = "Current number of replicas above Spec.MaxReplicas";
    desired = largest;
  } else if (current < smallest) {
    why = "Current number of replicas below Spec.MinReplicas";
    desired = smallest;
  } else {
    const Proposals proposals = ask_metrics(autoscaler, scale, evaluate);
    pass.error = proposals.error;
    pass.events = proposals.events;
    if (!proposals.usable) {
      const ControllerEvent& first = proposals.events.front();
      condition("ScalingActive", false, first.reason, fmt::format("the HPA was unable to compute the replica count: {}", first.message));
      const cluster::ObjectReference& target = autoscaler.spec.scale_target_ref;
      pass.error = fmt::format("failed to compute desired number of replicas based on listed metrics for {}/{}/{}: {}", target.kind,
                               autoscaler.meta.namespace_, target.name, *proposals.error);
      pass.events.push_back({"Warning", "FailedComputeMetricsReplicas", *proposals.error});
      pass.status.desired_replicas = autoscaler.status.desired_replicas;
      return pass;
    }
    condition("ScalingActive", true, "ValidMetricFound",
              fmt::format("the HPA was able to successfully calculate a replica count from {}", proposals.metric));
    desired = std::max(0, proposals.replicas);
    if (desired > current) why = fmt::format("{} above target", proposals.metric);
    if (desired < current) why = "All metrics below target";
    std::int32_t steady = 0;
    Limited limited;
    if (behavior) {
      const bool up = desired >= current;
      steady = stabilized_with_behavior(current, desired, seconds(*behavior->scale_up->stabilization_window_seconds),
                                        seconds(*behavior->scale_down->stabilization_window_seconds), history, now);
      if (steady != desired) {
        condition("AbleToScale", true, up ? "ScaleUpStabilized" : "ScaleDownStabilized",
                  up ? "recent recommendations were lower than current one, applying the lowest recent recommendation"
                     : "recent recommendations were higher than current one, applying the highest recent recommendation");
      }
      limited = limited_by_behavior(current, steady, smallest, largest, *behavior, history, now);
    } else {
      steady = stabilized(desired, history, now);
      if (steady != desired) {
        condition("AbleToScale", true, "ScaleDownStabilized",
                  "recent recommendations were higher than current one, applying the highest recent recommendation");
      }
      limited = limited_by_rules(current, steady, smallest, largest);
    }
    if (steady == desired) condition("AbleToScale", true, "ReadyForNewScale", "recommended size matches current size");
    condition("ScalingLimited", limited.replicas != steady, limited.reason, limited.message);
    desired = limited.replicas;
    rescale = desired != current;
  }
  if (!rescale) return pass;
  pass.new_size = desired;
  condition("AbleToScale", true, "SucceededRescale", fmt::format("the HPA controller was able to update the target scale to {}", desired));
  pass.events.push_back({"Normal", "SuccessfulRescale", fmt::format("New size: {}; reason: {}", desired, why)});
  if (behavior) remember_rescale(history, *behavior, current, desired, now);
  pass.status.desired_replicas = desired;
  pass.status.last_scale_time = now;
  return pass;
}

}  // namespace tandem::control
