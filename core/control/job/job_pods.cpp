#include "core/control/job/job_pods.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <memory>
#include <nlohmann/json.hpp>
#include <utility>

namespace tandem::control {

namespace {

using cluster::ContainerStatus;
using cluster::Job;
using cluster::Pod;
using cluster::PodPhase;

constexpr SimDuration kFirstBackoff = seconds(10);     // DefaultJobPodFailureBackOff
constexpr SimDuration kLongestBackoff = seconds(600);  // MaxJobPodFailureBackOff

std::optional<std::int32_t> number_annotation(const Pod& pod, std::string_view key) {
  const auto found = pod.meta.annotations->find(key);
  if (found == pod.meta.annotations->end()) return std::nullopt;
  std::int32_t value = 0;
  const std::string& text = found->second;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

const ContainerStatus* matching_container(const std::vector<ContainerStatus>& statuses, const cluster::PodFailureRule::ExitCodes& rule) {
  for (const ContainerStatus& status : statuses) {
    const auto* ended = std::get_if<cluster::ContainerStateTerminated>(&status.state);
    if (ended == nullptr || ended->exit_code == 0) continue;
    if (!rule.container_name.empty() && rule.container_name != status.name) continue;
    const bool listed = std::find(rule.values.begin(), rule.values.end(), ended->exit_code) != rule.values.end();
    if (listed == (rule.op == "In")) return &status;
  }
  return nullptr;
}

std::optional<std::string> matched_condition(const Pod& pod, const std::vector<cluster::PodFailureRule::ConditionPattern>& patterns) {
  for (const cluster::Condition& condition : pod.status.conditions) {
    for (const auto& pattern : patterns) {
      if (pattern.type == condition.type && pattern.status == cluster::name_of(condition.status)) return condition.type;
    }
  }
  return std::nullopt;
}

bool is_sidecar_of(const Pod& pod, const std::string& name) {
  const std::vector<cluster::Container>& containers = pod.spec->init_containers;
  return std::any_of(containers.begin(), containers.end(), [&](const cluster::Container& one) { return one.name == name && cluster::is_sidecar(one); });
}

/// Moves `latest` to the latest end; empties it where a container runs or has no time of its end.
template <class Counts>
void take_latest_end(std::optional<SimTime>& latest, const std::vector<ContainerStatus>& statuses, Counts&& counts) {
  for (const ContainerStatus& status : statuses) {
    if (!counts(status)) continue;
    const auto* ended = std::get_if<cluster::ContainerStateTerminated>(&status.state);
    if (ended == nullptr || ended->finished_at == cluster::kTimeUnset) {
      latest.reset();
      return;
    }
    latest = std::max(latest.value_or(ended->finished_at), ended->finished_at);
  }
}

/// Sidecars end after the app containers, so they count; a sidecar's end counts even while an app container runs, as it does
/// in Kubernetes.
std::optional<SimTime> containers_finished(const Pod& pod) {
  std::optional<SimTime> latest;
  take_latest_end(latest, pod.status.container_statuses, [](const ContainerStatus&) { return true; });
  take_latest_end(latest, pod.status.init_container_statuses, [&](const ContainerStatus& status) { return is_sidecar_of(pod, status.name); });
  return latest;
}

/// Room for the random suffix stays: names.MaxGeneratedNameLength.
std::string generate_name(const std::string& job, std::int32_t index) {
  constexpr std::size_t kLongest = 58;
  const std::string end = fmt::format("-{}-", index);
  if (job.size() + end.size() <= kLongest) return job + end;
  return job.substr(0, kLongest - end.size()) + end;
}

/// Sets a field of the spec that is kept as the document wrote it.
void set_rest(cluster::JsonRest& rest, const char* field, nlohmann::json value) {
  nlohmann::json fields = rest.fields && rest.fields->is_object() ? *rest.fields : nlohmann::json::object();
  fields[field] = std::move(value);
  rest.fields = std::make_shared<const nlohmann::json>(std::move(fields));
}

/// The most restarts of an app container, then of a sidecar: the order in which they are compared.
std::pair<std::int32_t, std::int32_t> restarts_of(const Pod& pod) {
  std::pair<std::int32_t, std::int32_t> most;
  for (const ContainerStatus& status : pod.status.container_statuses) most.first = std::max(most.first, status.restart_count);
  for (const ContainerStatus& status : pod.status.init_container_statuses) {
    if (is_sidecar_of(pod, status.name)) most.second = std::max(most.second, status.restart_count);
  }
  return most;
}

int phase_rank(PodPhase phase) { return phase == PodPhase::Pending ? 0 : phase == PodPhase::Unknown ? 1 : 2; }

SimTime ready_since(const Pod& pod) {
  const cluster::Condition* ready = cluster::find_condition(pod.status.conditions, "Ready");
  return ready != nullptr && ready->status == cluster::ConditionStatus::True ? ready->last_transition_time : SimTime{};
}

}  // namespace

bool has_tracking_finalizer(const Pod& pod) {
  return std::find(pod.meta.finalizers.begin(), pod.meta.finalizers.end(), kJobTrackingFinalizer) != pod.meta.finalizers.end();
}

std::optional<std::int32_t> completion_index(const Pod& pod) { return number_annotation(pod, kCompletionIndex); }

std::optional<std::int32_t> valid_index(const Job& job, const Pod& pod) {
  const auto index = completion_index(pod);
  return index && *index < job.spec.completions.value_or(0) ? index : std::nullopt;
}

bool is_failed(const Job& job, const Pod& pod) {
  if (pod.status.phase == PodPhase::Failed) return true;
  if (only_replaces_failed(job)) return false;
  return cluster::is_terminating(pod.meta) && pod.status.phase != PodPhase::Succeeded;
}

bool is_stopping(const Pod& pod) { return !cluster::is_terminal(pod.status.phase) && cluster::is_terminating(pod.meta); }

PolicyMatch match_failure_policy(const Job& job, const Pod& pod) {
  if (!job.spec.pod_failure_policy) return {};
  std::size_t index = 0;
  for (const cluster::PodFailureRule& rule : *job.spec.pod_failure_policy) {
    std::string found;
    if (rule.on_exit_codes) {
      const ContainerStatus* status = matching_container(pod.status.container_statuses, *rule.on_exit_codes);
      if (status == nullptr) status = matching_container(pod.status.init_container_statuses, *rule.on_exit_codes);
      if (status != nullptr) {
        found = fmt::format("Container {} for pod {}/{} failed with exit code {} matching {} rule at index {}", status->name,
                            pod.meta.namespace_, pod.meta.name, std::get<cluster::ContainerStateTerminated>(status->state).exit_code,
                            rule.action, index);
      }
    } else if (const auto type = matched_condition(pod, rule.on_pod_conditions)) {
      found = fmt::format("Pod {}/{} has condition {} matching {} rule at index {}", pod.meta.namespace_, pod.meta.name, *type,
                          rule.action, index);
    }
    if (!found.empty()) return {rule.action != "Ignore", rule.action, std::move(found)};
    ++index;
  }
  return {};
}

std::int32_t index_failures(const Pod& pod) { return number_annotation(pod, kIndexFailureCount).value_or(0); }
std::int32_t absolute_index_failures(const Pod& pod) {
  return index_failures(pod) + number_annotation(pod, kIndexIgnoredFailureCount).value_or(0);
}

SimTime finish_time(const Pod& pod) {
  if (const auto ended = containers_finished(pod)) return *ended;
  if (const auto* ready = cluster::find_condition(pod.status.conditions, "Ready");
      ready != nullptr && ready->status == cluster::ConditionStatus::False && ready->last_transition_time != cluster::kTimeUnset) {
    return ready->last_transition_time;
  }
  if (pod.meta.deletion_timestamp) return *pod.meta.deletion_timestamp - seconds(pod.meta.deletion_grace_period_seconds.value_or(0));
  return pod.meta.creation_timestamp;
}

SimDuration remaining_backoff(std::int32_t failures, SimTime last, SimTime now) {
  if (failures <= 0) return {};
  SimDuration wait = kFirstBackoff;
  for (std::int32_t i = 1; i < failures && wait < kLongestBackoff; ++i) wait = std::min(wait * 2, kLongestBackoff);
  const SimDuration passed = now - last;
  return wait < passed ? SimDuration{} : wait - passed;
}

bool deleted_before(const Pod& a, const Pod& b) {
  if (a.node_name.empty() != b.node_name.empty()) return a.node_name.empty();
  if (phase_rank(a.status.phase) != phase_rank(b.status.phase)) return phase_rank(a.status.phase) < phase_rank(b.status.phase);
  if (cluster::is_ready(a) != cluster::is_ready(b)) return !cluster::is_ready(a);
  if (cluster::is_ready(a) && ready_since(a) != ready_since(b)) return ready_since(a) > ready_since(b);
  if (restarts_of(a) != restarts_of(b)) return restarts_of(a) > restarts_of(b);
  if (a.meta.creation_timestamp != b.meta.creation_timestamp) return a.meta.creation_timestamp > b.meta.creation_timestamp;
  return a.meta.name < b.meta.name;
}

Pod job_pod(const Job& job, std::optional<std::int32_t> index, const Pod* replaced) {
  const cluster::PodTemplate& from = *job.spec.pod_template;
  Pod pod;
  pod.meta.namespace_ = job.meta.namespace_;
  pod.meta.generate_name = index ? generate_name(job.meta.name, *index) : fmt::format("{}-", job.meta.name);
  pod.meta.labels = from.labels;
  pod.meta.annotations = from.annotations;
  pod.meta.finalizers = {std::string(kJobTrackingFinalizer)};
  pod.meta.owner_references = {{.api_version = std::string(Job::kApiVersion), .kind = std::string(Job::kKind), .name = job.meta.name,
                                .uid = job.meta.uid, .controller = true, .block_owner_deletion = true}};
  pod.spec = from.spec;
  if (!index) return pod;
  const std::string text = fmt::format("{}", *index);
  pod.meta.labels.edit([&](cluster::Labels& labels) { labels[std::string(kCompletionIndex)] = text; });
  pod.meta.annotations.edit([&](cluster::Labels& annotations) {
    annotations[std::string(kCompletionIndex)] = text;
    if (!has_limit_per_index(job)) return;
    std::int32_t failures = 0;
    std::int32_t ignored = 0;
    if (replaced != nullptr) {
      failures = index_failures(*replaced);
      ignored = absolute_index_failures(*replaced) - failures;
      ++(match_failure_policy(job, *replaced).counts ? failures : ignored);
    }
    annotations[std::string(kIndexFailureCount)] = fmt::format("{}", failures);
    if (ignored > 0) annotations[std::string(kIndexIgnoredFailureCount)] = fmt::format("{}", ignored);
  });
  pod.spec.edit([&](cluster::PodSpec& spec) {
    set_rest(spec.rest, "hostname", fmt::format("{}-{}", job.meta.name, *index));
    const auto add = [&](cluster::Container& container) {
      const bool has = std::any_of(container.env.begin(), container.env.end(),
                                   [](const cluster::EnvVar& variable) { return variable.name == "JOB_COMPLETION_INDEX"; });
      if (!has) {
        container.env.push_back({.name = "JOB_COMPLETION_INDEX",
                                 .field_path = fmt::format("metadata.labels['{}']", kCompletionIndex)});
      }
    };
    std::for_each(spec.init_containers.begin(), spec.init_containers.end(), add);
    std::for_each(spec.containers.begin(), spec.containers.end(), add);
  });
  return pod;
}

}  // namespace tandem::control
