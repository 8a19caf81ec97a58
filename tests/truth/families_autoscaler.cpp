// Recorded answers of the horizontal pod autoscaler: its replica calculator and its control loop (controllers/f10_*).

#include <fmt/format.h>

#include <optional>
#include <string>
#include <vector>

#include "core/control/autoscaler/horizontal_autoscaler.hpp"
#include "tests/truth/runner.hpp"

namespace tandem::truth {
namespace {

using nlohmann::json;
using namespace tandem::control;

/// All times of a case are "seconds ago" of this moment.
constexpr SimTime kNow = kTimeZero + seconds(100'000);
/// The recordings' metrics window.
constexpr SimDuration kWindow = seconds(60);

SimTime ago(const json& seconds_ago) { return kNow - seconds(seconds_ago.get<std::int64_t>()); }

cluster::PodPhase phase_of(const std::string& name) {
  for (const auto phase : {cluster::PodPhase::Pending, cluster::PodPhase::Running, cluster::PodPhase::Succeeded, cluster::PodPhase::Failed}) {
    if (cluster::name_of(phase) == name) return phase;
  }
  return cluster::PodPhase::Unknown;
}

cluster::Pod pod_of(const json& recorded, std::size_t index, const std::string& resource) {
  cluster::Pod pod;
  pod.meta.name = fmt::format("p{}", index);
  pod.status.phase = phase_of(recorded.at("phase"));
  if (!recorded.at("started").is_null()) pod.status.start_time = ago(recorded.at("started"));
  if (const json& ready = recorded.at("ready"); !ready.is_null()) {
    pod.status.conditions = {{.type = "Ready",
                              .status = ready.get<bool>() ? cluster::ConditionStatus::True : cluster::ConditionStatus::False,
                              .last_transition_time = ago(recorded.at("readyChanged"))}};
  }
  if (recorded.value("terminating", false)) pod.meta.deletion_timestamp = kNow;
  pod.spec.edit([&](cluster::PodSpec& spec) {
    cluster::Container container{.name = "c"};
    if (!recorded.at("request").is_null()) {
      container.resources.requests.emplace(resource, Quantity::of_milli(recorded.at("request").get<std::int64_t>()));
    }
    spec.containers = {std::move(container)};
  });
  return pod;
}

/// What the calculator answers for a case.
ProposalResult calculate(const json& recorded) {
  const std::string kind = recorded.at("kind");
  const std::string resource = kind.starts_with("memory") ? "memory" : "cpu";
  std::vector<cluster::Pod> pods;
  PodMetrics metrics;
  for (const json& one : recorded.at("pods").is_null() ? json::array() : recorded.at("pods")) {
    pods.push_back(pod_of(one, pods.size(), resource));
    if (!one.at("usage").is_null()) {
      metrics[pods.back().meta.name] = {one.at("usage").get<std::int64_t>(), ago(one.at("sampleAge")), kWindow};
    }
  }
  const ScaledPods scaled{pods, recorded.at("current").get<std::int32_t>(),
                          {recorded.at("tolerance").at(0).get<double>(), recorded.at("tolerance").at(1).get<double>()}, {}, kNow};
  const auto target = recorded.at("target").get<std::int64_t>();
  std::int64_t total = 0;
  for (const json& value : recorded.value("metric", json::array())) total += value.get<std::int64_t>();
  if (kind.ends_with("-value")) return total_value_proposal(scaled, total, target);
  if (recorded.contains("metric")) return value_per_pod_proposal(scaled.tolerance, scaled.current, total, target);
  if (metrics.empty()) return tl::unexpected(std::string("no metrics returned"));
  if (kind.ends_with("-utilization")) {
    return resource_utilization_proposal(scaled, metrics, static_cast<std::int32_t>(target), resource);
  }
  return average_value_proposal(scaled, metrics, target, kind == "pods" ? "" : resource);
}

std::optional<std::string> check_calculator(const json& recorded) {
  const ProposalResult ours = calculate(recorded);
  if (recorded.contains("error")) {
    if (!ours) return std::nullopt;
    return fmt::format("expected the error {}, got {} replicas", recorded.at("error").dump(), ours->replicas);
  }
  if (!ours) return fmt::format("expected {} replicas, got the error {}", recorded.at("desired").dump(), ours.error());
  const json answer = {ours->replicas, ours->utilization, ours->average};
  const json expected = {recorded.at("desired"), recorded.at("utilization"), recorded.at("average")};
  if (answer == expected) return std::nullopt;
  return fmt::format("expected {}, got {}", expected.dump(), answer.dump());
}

std::optional<cluster::ScalingRules> rules_of(const json& written) {
  if (written.is_null()) return std::nullopt;
  cluster::ScalingRules rules;
  if (written.contains("stabilizationWindowSeconds")) {
    rules.stabilization_window_seconds = written.at("stabilizationWindowSeconds").get<std::int32_t>();
  }
  rules.select_policy = written.value("selectPolicy", "");
  for (const json& policy : written.value("policies", json::array())) {
    rules.policies.push_back({policy.at("type"), policy.at("value").get<std::int32_t>(), policy.at("periodSeconds").get<std::int32_t>()});
  }
  return rules;
}

/// The metric of a loop case: the load is one external value, or spread over equal pods' cpu.
MetricProposal evaluate_load(bool cpu, std::int64_t load, const ScaleState& scale) {
  if (!cpu) {
    return {value_per_pod_proposal({}, scale.status_replicas, load * 1000, 100'000), "external metric m(nil)", "FailedGetExternalMetric"};
  }
  std::vector<cluster::Pod> pods;
  PodMetrics metrics;
  const json healthy = {{"phase", "Running"}, {"started", 3600}, {"ready", true}, {"readyChanged", 3600}, {"request", 1000}};
  for (std::int32_t i = 0; i < scale.spec_replicas; ++i) {
    pods.push_back(pod_of(healthy, pods.size(), "cpu"));
    metrics[pods.back().meta.name] = {5 * load / scale.spec_replicas, kNow, kWindow};
  }
  return {resource_utilization_proposal({pods, scale.spec_replicas, {}, {}, kNow}, metrics, 50, "cpu"),
          "cpu resource utilization (percentage of request)", "FailedGetResourceMetric"};
}

std::string condition_text(const std::vector<cluster::Condition>& conditions, std::string_view type) {
  const cluster::Condition* found = cluster::find_condition(conditions, type);
  return found == nullptr ? "" : fmt::format("{}/{}", cluster::name_of(found->status), found->reason);
}

std::optional<std::string> check_loop(const json& recorded, const char* behavior_field) {
  const json& p = recorded.at("p");
  cluster::HorizontalPodAutoscaler autoscaler;
  autoscaler.spec.min_replicas = p.at("min").get<std::int32_t>();
  autoscaler.spec.max_replicas = p.at("max").get<std::int32_t>();
  autoscaler.spec.metrics = {{p.at("metric") == "cpu" ? "Resource" : "External", {}}};
  if (const json& behavior = p.at(behavior_field); !behavior.is_null()) {
    autoscaler.spec.behavior = cluster::ScalingBehavior{rules_of(behavior.value("scaleUp", json())), rules_of(behavior.value("scaleDown", json()))};
  }
  ScalingHistory history;
  std::int32_t size = p.at("start").get<std::int32_t>();
  std::int64_t index = 0;
  for (const json& sync : recorded.at("syncs")) {
    const SimTime now = kTimeZero + milliseconds(p.at("stepMs").get<std::int64_t>() * index++);
    const auto load = sync.at("in").get<std::int64_t>();
    const AutoscalerPass pass = autoscaler_pass(
        autoscaler, {size, size},
        [&](const cluster::MetricSpec&, const ScaleState& scale) { return evaluate_load(p.at("metric") == "cpu", load, scale); }, history, now);
    autoscaler.status = pass.status;
    json ours = {{"t", sync.at("t")}, {"in", load}, {"from", size}, {"to", pass.new_size.value_or(size)}};
    size = pass.new_size.value_or(size);
    for (const ControllerEvent& event : pass.events) ours["event"] = fmt::format("{} {}", event.reason, event.message);
    ours["able"] = condition_text(pass.status.conditions, "AbleToScale");
    ours["limited"] = condition_text(pass.status.conditions, "ScalingLimited");
    if (ours != sync) return fmt::format("{}: expected {}, got {}", behavior_field, sync.dump(), ours.dump());
  }
  return std::nullopt;
}

}  // namespace

std::vector<Family> autoscaler_families() {
  return {{"controllers/f10_hpa_calculator", [](const json& file, Tally& tally) { for_each_case(file, tally, check_calculator); }},
          {"controllers/f10_hpa_loop", [](const json& file, Tally& tally) {
             // As the user wrote it and as the API server completed it must be the same.
             for_each_case(file, tally, [](const json& one) {
               const auto written = check_loop(one, "behaviorAsWritten");
               return written ? written : check_loop(one, "behavior");
             });
           }}};
}

}  // namespace tandem::truth
