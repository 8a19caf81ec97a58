#pragma once
// batch/v1 Job as a value. Field names are Kubernetes' in snake_case (objects.hpp says more).

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/cluster/objects.hpp"

namespace tandem::cluster {

/// One rule of podFailurePolicy: exit codes or pod conditions, the first that matches decides.
struct PodFailureRule {
  struct ExitCodes {
    std::string container_name{};  ///< empty: any
    std::string op{};              ///< In or NotIn
    std::vector<std::int32_t> values{};
    friend bool operator==(const ExitCodes&, const ExitCodes&) = default;
  };
  struct ConditionPattern {
    std::string type{};
    std::string status{};
    friend bool operator==(const ConditionPattern&, const ConditionPattern&) = default;
  };
  std::string action{};  ///< FailJob, FailIndex, Ignore or Count
  std::optional<ExitCodes> on_exit_codes{};
  std::vector<ConditionPattern> on_pod_conditions{};
  friend bool operator==(const PodFailureRule&, const PodFailureRule&) = default;
};
struct SuccessRule {
  std::optional<std::string> succeeded_indexes{};  ///< "0,2-4"
  std::optional<std::int32_t> succeeded_count{};
  friend bool operator==(const SuccessRule&, const SuccessRule&) = default;
};

struct JobSpec {
  std::int32_t parallelism = 1;
  std::optional<std::int32_t> completions{};  ///< absent: a work queue
  std::optional<std::int64_t> active_deadline_seconds{};
  std::int32_t backoff_limit = 6;
  std::optional<std::int32_t> backoff_limit_per_index{};
  std::optional<std::int32_t> max_failed_indexes{};
  std::string completion_mode = "NonIndexed";  ///< or Indexed
  bool suspend = false;
  std::string pod_replacement_policy{};        ///< TerminatingOrFailed (also when empty) or Failed
  std::optional<std::vector<PodFailureRule>> pod_failure_policy{};
  std::optional<std::vector<SuccessRule>> success_policy{};
  std::optional<std::int32_t> ttl_seconds_after_finished{};
  Shared<PodTemplate> pod_template{};
  JsonRest rest{};  ///< selector, manualSelector, managedBy
  friend bool operator==(const JobSpec&, const JobSpec&) = default;
};
struct JobStatus {
  std::int32_t active = 0;
  std::int32_t succeeded = 0;
  std::int32_t failed = 0;
  std::optional<std::int32_t> ready{};
  std::optional<std::int32_t> terminating{};
  std::optional<SimTime> start_time{};
  std::optional<SimTime> completion_time{};
  std::string completed_indexes{};
  std::optional<std::string> failed_indexes{};
  std::vector<std::string> uncounted_succeeded{};  ///< uids of finished pods that still hold their finalizer
  std::vector<std::string> uncounted_failed{};
  std::vector<Condition> conditions{};
  JsonRest rest{};
  friend bool operator==(const JobStatus&, const JobStatus&) = default;
};
struct Job {
  static constexpr std::string_view kApiVersion = "batch/v1";
  static constexpr std::string_view kKind = "Job";
  ObjectMeta meta{};
  JobSpec spec{};
  JobStatus status{};
  JsonRest rest{};
  friend bool operator==(const Job&, const Job&) = default;
};

}  // namespace tandem::cluster
