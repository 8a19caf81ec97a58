#pragma once
// Questions about the pods of a Job: which failed, which still count, at which index, when they finished.
// Source: pkg/controller/job/{job_controller,pod_failure_policy,backoff_utils,tracking_utils}.go (v1.34).

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/cluster/api_server.hpp"
#include "core/cluster/batch.hpp"

namespace tandem::control {

inline constexpr std::string_view kJobTrackingFinalizer = "batch.kubernetes.io/job-tracking";
inline constexpr std::string_view kCompletionIndex = "batch.kubernetes.io/job-completion-index";
inline constexpr std::string_view kIndexFailureCount = "batch.kubernetes.io/job-index-failure-count";
inline constexpr std::string_view kIndexIgnoredFailureCount = "batch.kubernetes.io/job-index-ignored-failure-count";

using JobPod = cluster::Ptr<cluster::Pod>;

[[nodiscard]] inline bool is_indexed(const cluster::Job& job) { return job.spec.completion_mode == "Indexed"; }
[[nodiscard]] inline bool has_limit_per_index(const cluster::Job& job) { return job.spec.backoff_limit_per_index.has_value(); }
/// Only pods in phase Failed are replaced; terminating ones hold their place.
[[nodiscard]] inline bool only_replaces_failed(const cluster::Job& job) {
  return job.spec.pod_replacement_policy == "Failed" || job.spec.pod_failure_policy.has_value();
}

[[nodiscard]] bool has_tracking_finalizer(const cluster::Pod& pod);
/// Completion index from the annotation; empty when there is none or it is no number.
[[nodiscard]] std::optional<std::int32_t> completion_index(const cluster::Pod& pod);
/// completion_index, if it is below the Job's completions.
[[nodiscard]] std::optional<std::int32_t> valid_index(const cluster::Job& job, const cluster::Pod& pod);
/// Phase Failed; or being deleted before it succeeded, unless the Job replaces failed pods only.
[[nodiscard]] bool is_failed(const cluster::Job& job, const cluster::Pod& pod);
/// Not finished and being deleted.
[[nodiscard]] bool is_stopping(const cluster::Pod& pod);

/// What podFailurePolicy says of a failed pod.
struct PolicyMatch {
  bool counts = true;       ///< towards backoffLimit
  std::string action{};     ///< of the matching rule; empty: no rule matched
  std::string message{};    ///< for FailJob
};
[[nodiscard]] PolicyMatch match_failure_policy(const cluster::Job& job, const cluster::Pod& pod);

/// Failures of the pod's index before this pod, ignored ones included or not.
[[nodiscard]] std::int32_t index_failures(const cluster::Pod& pod);
[[nodiscard]] std::int32_t absolute_index_failures(const cluster::Pod& pod);

/// When the pod finished: the last end of a container or sidecar if all have ended, else when Ready became False, else its
/// deletion, else its creation.
[[nodiscard]] SimTime finish_time(const cluster::Pod& pod);

/// Wait before the next creation after `failures` failures in a row, the last at `last`: 10 s doubled each time, at most 600 s.
[[nodiscard]] SimDuration remaining_backoff(std::int32_t failures, SimTime last, SimTime now);

/// True if the pod is a better victim than the other: unassigned, pending, not ready, ready for less time, restarted more
/// often, younger (ActivePods of pkg/controller/controller_utils.go). Equal ones by name, so that the order is total.
[[nodiscard]] bool deleted_before(const cluster::Pod& a, const cluster::Pod& b);

/// The pod a Job creates: template, labels, finalizer, generated name; with an index its host name and, per index, the failures so far.
/// `replaced`: the failed pod of that index, if one waited for its replacement.
[[nodiscard]] cluster::Pod job_pod(const cluster::Job& job, std::optional<std::int32_t> index, const cluster::Pod* replaced);

}  // namespace tandem::control
