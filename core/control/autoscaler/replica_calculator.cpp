#include "core/control/autoscaler/replica_calculator.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "core/control/autoscaler/go_conversion.hpp"

namespace tandem::control {

namespace {

using cluster::Pod;
using cluster::PodPhase;
using Names = std::set<std::string, std::less<>>;
using Requests = std::map<std::string, std::int64_t, std::less<>>;

/// Pods by what their metric is worth.
struct Groups {
  std::int64_t ready = 0;
  Names unready;  ///< counted as using nothing when scaling up, left out otherwise
  Names missing;  ///< without a sample
  Names ignored;  ///< going or failed
};

bool cpu_sample_unusable(const Pod& pod, const PodMetric& metric, const CpuReadiness& readiness, SimTime now) {
  const cluster::Condition* ready = cluster::find_condition(pod.status.conditions, "Ready");
  if (ready == nullptr || !pod.status.start_time) return true;
  const bool not_ready = ready->status == cluster::ConditionStatus::False;
  const SimTime started = *pod.status.start_time;
  if (started + readiness.initialization_period > now) {
    return not_ready || metric.timestamp < ready->last_transition_time + metric.window;
  }
  return not_ready && started + readiness.initial_delay > ready->last_transition_time;
}

Groups group_pods(const ScaledPods& scaled, const PodMetrics& metrics, std::string_view resource) {
  Groups groups;
  for (const Pod& pod : scaled.pods) {
    if (cluster::is_terminating(pod.meta) || pod.status.phase == PodPhase::Failed) {
      groups.ignored.insert(pod.meta.name);
      continue;
    }
    if (pod.status.phase == PodPhase::Pending) {
      groups.unready.insert(pod.meta.name);
      continue;
    }
    const auto metric = metrics.find(pod.meta.name);
    if (metric == metrics.end()) {
      groups.missing.insert(pod.meta.name);
    } else if (resource == "cpu" && cpu_sample_unusable(pod, metric->second, scaled.readiness, scaled.now)) {
      groups.unready.insert(pod.meta.name);
    } else {
      ++groups.ready;
    }
  }
  return groups;
}

void remove(PodMetrics& metrics, const Names& names) {
  for (const std::string& name : names) metrics.erase(name);
}

struct Usage {
  double ratio = 0;
  std::int32_t utilization = 0;
  std::int64_t average = 0;
};

tl::expected<Usage, std::string> utilization_of(const PodMetrics& metrics, const Requests& requests, std::int32_t target) {
  std::int64_t used = 0;
  std::int64_t requested = 0;
  std::int64_t entries = 0;
  for (const auto& [name, metric] : metrics) {
    const auto request = requests.find(name);
    if (request == requests.end()) continue;
    used += metric.value;
    requested += request->second;
    ++entries;
  }
  if (requested == 0) return tl::unexpected(std::string("no metrics returned matched known pods"));
  const auto percent = static_cast<std::int32_t>(used * 100 / requested);
  return Usage{static_cast<double>(percent) / static_cast<double>(target), percent, used / entries};
}

Usage average_of(const PodMetrics& metrics, std::int64_t target) {
  std::int64_t used = 0;
  for (const auto& [name, metric] : metrics) used += metric.value;
  const std::int64_t average = used / static_cast<std::int64_t>(metrics.size());
  return {static_cast<double>(average) / static_cast<double>(target), 0, average};
}

std::int32_t scaled_count(double ratio, std::int64_t pods) {
  return go_int32(std::ceil(ratio * static_cast<double>(pods)));
}

/// What follows the first ratio, alike for utilization and for plain values. `fill` is what a missing pod is taken to use on the
/// way down, `again` computes the ratio over the completed metrics.
template <class Fill, class Again>
ProposalResult rebalanced(const ScaledPods& scaled, PodMetrics metrics, const Groups& groups, const Usage& usage,
                          Fill&& fill, Again&& again) {
  const auto answer = [&](std::int32_t replicas) { return ReplicaProposal{replicas, usage.utilization, usage.average}; };
  const bool up_with_unready = !groups.unready.empty() && usage.ratio > 1.0;
  if (!up_with_unready && groups.missing.empty()) {
    if (scaled.tolerance.within(usage.ratio)) return answer(scaled.current);
    return answer(scaled_count(usage.ratio, groups.ready));
  }
  for (const std::string& name : groups.missing) {
    if (usage.ratio < 1.0) {
      metrics[name] = {fill(name), {}, {}};
    } else if (usage.ratio > 1.0) {
      metrics[name] = {};
    }
  }
  if (up_with_unready) {
    for (const std::string& name : groups.unready) metrics[name] = {};
  }
  const tl::expected<Usage, std::string> completed = again(metrics);
  if (!completed) return tl::unexpected(completed.error());
  const double ratio = completed->ratio;
  const bool turned = (usage.ratio < 1.0 && ratio > 1.0) || (usage.ratio > 1.0 && ratio < 1.0);
  if (scaled.tolerance.within(ratio) || turned) return answer(scaled.current);
  const std::int32_t replicas = scaled_count(ratio, static_cast<std::int64_t>(metrics.size()));
  const bool against = (ratio < 1.0 && replicas > scaled.current) || (ratio > 1.0 && replicas < scaled.current);
  return answer(against ? scaled.current : replicas);
}

constexpr const char* kNoTargetedMetrics = "did not receive metrics for targeted pods (pods might be unready)";
constexpr const char* kNoPods = "no pods returned by selector while calculating replica count";

}  // namespace

tl::expected<Requests, std::string> pod_requests(std::span<const Pod> pods, std::string_view resource,
                                                 std::string_view container) {
  Requests requests;
  for (const Pod& pod : pods) {
    // A pod-level request replaces the sum of the containers', unless one container is asked for by name.
    if (container.empty() && pod.spec->resources && !pod.spec->resources->requests.empty()) {
      const auto found = pod.spec->resources->requests.find(resource);
      if (found == pod.spec->resources->requests.end()) {
        return tl::unexpected(fmt::format("missing pod-level request for {} in Pod {}/{}", resource, pod.meta.namespace_, pod.meta.name));
      }
      requests[pod.meta.name] = found->second.milli_value();
      continue;
    }
    std::int64_t sum = 0;
    std::vector<const cluster::Container*> counted;
    for (const auto& c : pod.spec->containers) counted.push_back(&c);
    for (const auto& c : pod.spec->init_containers) {
      if (cluster::is_sidecar(c)) counted.push_back(&c);
    }
    for (const cluster::Container* c : counted) {
      if (!container.empty() && container != c->name) continue;
      const auto found = c->resources.requests.find(resource);
      if (found == c->resources.requests.end()) {
        return tl::unexpected(fmt::format("missing request for {} in container {} of Pod {}", resource, c->name, pod.meta.name));
      }
      sum += found->second.milli_value();
    }
    requests[pod.meta.name] = sum;
  }
  return requests;
}

ProposalResult resource_utilization_proposal(const ScaledPods& scaled, PodMetrics metrics, std::int32_t target_percent,
                                             std::string_view resource, std::string_view container) {
  if (scaled.pods.empty()) return tl::unexpected(std::string(kNoPods));
  const Groups groups = group_pods(scaled, metrics, resource);
  remove(metrics, groups.ignored);
  remove(metrics, groups.unready);
  if (metrics.empty()) return tl::unexpected(std::string(kNoTargetedMetrics));
  const auto requests = pod_requests(scaled.pods, resource, container);
  if (!requests) return tl::unexpected(requests.error());
  const auto usage = utilization_of(metrics, *requests, target_percent);
  if (!usage) return tl::unexpected(usage.error());
  const std::int64_t fallback = std::max<std::int64_t>(100, target_percent);
  return rebalanced(
      scaled, std::move(metrics), groups, *usage,
      [&](const std::string& name) { return requests->at(name) * fallback / 100; },
      [&](const PodMetrics& completed) { return utilization_of(completed, *requests, target_percent); });
}

ProposalResult average_value_proposal(const ScaledPods& scaled, PodMetrics metrics, std::int64_t target, std::string_view resource) {
  if (scaled.pods.empty()) return tl::unexpected(std::string(kNoPods));
  const Groups groups = group_pods(scaled, metrics, resource);
  remove(metrics, groups.ignored);
  remove(metrics, groups.unready);
  if (metrics.empty()) return tl::unexpected(std::string(kNoTargetedMetrics));
  const Usage usage = average_of(metrics, target);
  return rebalanced(
      scaled, std::move(metrics), groups, usage, [&](const std::string&) { return target; },
      [&](const PodMetrics& completed) { return tl::expected<Usage, std::string>(average_of(completed, target)); });
}

ProposalResult total_value_proposal(const ScaledPods& scaled, std::int64_t usage, std::int64_t target) {
  const double ratio = static_cast<double>(usage) / static_cast<double>(target);
  if (scaled.current == 0) return ReplicaProposal{go_int32(std::ceil(ratio)), 0, usage};
  if (scaled.tolerance.within(ratio)) return ReplicaProposal{scaled.current, 0, usage};
  if (scaled.pods.empty()) return tl::unexpected(fmt::format("unable to calculate ready pods: {}", kNoPods));
  const auto ready = std::count_if(scaled.pods.begin(), scaled.pods.end(), [](const Pod& pod) {
    return pod.status.phase == PodPhase::Running && cluster::is_ready(pod);
  });
  return ReplicaProposal{scaled_count(ratio, ready), 0, usage};
}

ReplicaProposal value_per_pod_proposal(const ScaleTolerance& tolerance, std::int32_t status_replicas, std::int64_t usage,
                                       std::int64_t target_per_pod) {
  ReplicaProposal proposal{status_replicas, 0, 0};
  const double total = static_cast<double>(usage);
  const double target = static_cast<double>(target_per_pod);
  const double ratio = total / (target * static_cast<double>(status_replicas));
  if (!tolerance.within(ratio)) proposal.replicas = go_int32(std::ceil(total / target));
  proposal.average = go_int64(std::ceil(total / static_cast<double>(status_replicas)));
  return proposal;
}

}  // namespace tandem::control
