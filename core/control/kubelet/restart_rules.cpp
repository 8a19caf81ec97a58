#include "core/control/kubelet/restart_rules.hpp"

#include <algorithm>
#include <string_view>

namespace tandem::control::kubelet {
namespace {

using cluster::ContainerRestartRule;

bool matches(const ContainerRestartRule& rule, std::int32_t exit_code) {
  if (!rule.exit_codes) return false;
  const auto& values = rule.exit_codes->values;
  const bool listed = std::find(values.begin(), values.end(), exit_code) != values.end();
  if (rule.exit_codes->op == "In") return listed;
  return rule.exit_codes->op == "NotIn" && !listed;
}

/// An unknown or absent policy restarts, like Always.
bool policy_restarts(std::string_view policy, std::int32_t exit_code) {
  if (policy == "Never") return false;
  return policy != "OnFailure" || exit_code != 0;
}

}  // namespace

bool restarts_after_exit(const cluster::Container& container, const cluster::PodSpec& spec, std::int32_t exit_code,
                         const FeatureGates& gates) {
  if (!gates.container_restart_rules || container.restart_policy.empty())
    return policy_restarts(spec.restart_policy, exit_code);
  const auto& rules = container.restart_policy_rules;
  const auto rule = std::find_if(rules.begin(), rules.end(),
                                 [exit_code](const ContainerRestartRule& candidate) { return matches(candidate, exit_code); });
  if (rule != rules.end() && rule->action == "Restart") return true;
  return policy_restarts(container.restart_policy, exit_code);
}

bool should_be_started(const cluster::Container& container, const cluster::Pod& pod, const RuntimePod& runtime,
                       const FeatureGates& gates) {
  if (cluster::is_terminating(pod.meta)) return false;
  const RuntimeContainer* newest = runtime.find(container.name);
  if (newest == nullptr) return true;
  switch (newest->state) {
    case RuntimeState::Running:
      return false;
    case RuntimeState::Created:
    case RuntimeState::Unknown:
      return true;
    case RuntimeState::Exited:
      break;
  }
  return restarts_after_exit(container, *pod.spec, newest->exit_code, gates);
}

}  // namespace tandem::control::kubelet
