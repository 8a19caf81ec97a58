// Recorded answers of the disruption controller: the status of one budget a case (controllers/f13_pdb).

#include <fmt/format.h>

#include <optional>
#include <string>
#include <vector>

#include "core/control/disruption/disruption_budget.hpp"
#include "tests/truth/runner.hpp"

namespace tandem::truth {
namespace {

using nlohmann::json;
using namespace tandem::control;

constexpr SimTime kNow = kTimeZero + seconds(100'000);

cluster::IntOrString int_or_string(const std::string& text) {
  if (text.ends_with('%')) return {text};
  return {static_cast<std::int32_t>(std::stol(text))};
}

cluster::Pod pod_of(const json& recorded, std::size_t index) {
  cluster::Pod pod;
  pod.meta.name = fmt::format("p{:03}", index);
  const std::string phase = recorded.at("phase");
  pod.status.phase = phase == "Pending"     ? cluster::PodPhase::Pending
                     : phase == "Failed"    ? cluster::PodPhase::Failed
                     : phase == "Succeeded" ? cluster::PodPhase::Succeeded
                                            : cluster::PodPhase::Running;
  pod.status.conditions = {{.type = "Ready",
                            .status = recorded.at("ready").get<bool>() ? cluster::ConditionStatus::True : cluster::ConditionStatus::False}};
  if (recorded.value("terminating", false)) pod.meta.deletion_timestamp = kNow;
  if (const std::string owner = recorded.at("owner"); !owner.empty()) {
    pod.meta.owner_references = {{.kind = "ReplicaSet", .name = owner, .uid = owner, .controller = true}};
  }
  return pod;
}

std::optional<std::string> check_budget(const json& recorded) {
  cluster::PodDisruptionBudget budget;
  if (recorded.contains("minAvailable")) budget.spec.min_available = int_or_string(recorded.at("minAvailable"));
  if (recorded.contains("maxUnavailable")) budget.spec.max_unavailable = int_or_string(recorded.at("maxUnavailable"));
  std::vector<cluster::Pod> pods;
  for (const json& one : recorded.at("pods").is_null() ? json::array() : recorded.at("pods")) {
    pods.push_back(pod_of(one, pods.size()));
    if (one.contains("disruptedSecondsAgo")) {
      budget.status.disrupted_pods[pods.back().meta.name] = kNow - seconds(one.at("disruptedSecondsAgo").get<std::int64_t>());
    }
  }
  const json& owners = recorded.at("owners");
  const BudgetSync sync = budget_sync(budget, pods, [&](const cluster::Pod& pod) -> std::optional<PodOwnerScale> {
    const std::string& owner = pod.meta.owner_references.front().uid;
    return PodOwnerScale{owner, owners.at(owner).at("replicas").get<std::int32_t>()};
  }, kNow);
  const cluster::Condition& condition = sync.status.conditions.front();
  json ours = {{"expectedPods", sync.status.expected_pods}, {"desiredHealthy", sync.status.desired_healthy},
               {"currentHealthy", sync.status.current_healthy}, {"disruptionsAllowed", sync.status.disruptions_allowed},
               {"condition", fmt::format("{}/{}", cluster::name_of(condition.status), condition.reason)}};
  for (const ControllerEvent& event : sync.events) ours["events"].push_back(event.type + " " + event.reason);
  for (const auto& [key, value] : ours.items()) {
    if (recorded.value(key, json()) != value) return fmt::format("{}: expected {}, got {}", key, recorded.value(key, json()).dump(), value.dump());
  }
  if (recorded.contains("events") && !ours.contains("events")) return fmt::format("events {} are missing", recorded.at("events").dump());
  return std::nullopt;
}

}  // namespace

std::vector<Family> disruption_families() {
  return {{"controllers/f13_pdb", [](const json& file, Tally& tally) { for_each_case(file, tally, check_budget); }}};
}

}  // namespace tandem::truth
