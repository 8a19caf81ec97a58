#include <fmt/format.h>

#include <charconv>

#include "core/kubectl/json_reading.hpp"
#include "core/kubectl/revisions.hpp"
#include "core/kubectl/rollout.hpp"

namespace tandem::kubectl {

namespace {

RolloutState waiting(std::string message) { return {std::move(message) + "\n", false, {}}; }
RolloutState finished(std::string message) { return {std::move(message) + "\n", true, {}}; }
RolloutState refused(std::string error, bool done = false) { return {{}, done, std::move(error)}; }

bool is_observed(const json& object) { return number_at(object, "/metadata/generation") <= number_at(object, "/status/observedGeneration"); }

RolloutState deployment_state(const json& deployment, std::int64_t revision) {
  const std::string name = text_at(deployment, "/metadata/name");
  if (revision > 0) {
    const Revision running = revision_of(deployment);
    if (!running.error.empty()) return refused(fmt::format("cannot get the revision of deployment \"{}\": {}", name, running.error));
    if (running.number != revision) {
      return refused(fmt::format("desired revision ({}) is different from the running revision ({})", revision, running.number));
    }
  }
  if (!is_observed(deployment)) return waiting("Waiting for deployment spec update to be observed...");
  for (const json& condition : list_at(deployment, "/status/conditions")) {
    if (text_at(condition, "/type") != "Progressing") continue;
    if (text_at(condition, "/reason") == "ProgressDeadlineExceeded") return refused(fmt::format("deployment \"{}\" exceeded its progress deadline", name));
    break;
  }
  const json& wanted = at(deployment, "/spec/replicas");
  const std::int64_t updated = number_at(deployment, "/status/updatedReplicas");
  const std::int64_t replicas = number_at(deployment, "/status/replicas");
  const std::int64_t available = number_at(deployment, "/status/availableReplicas");
  const std::string start = fmt::format("Waiting for deployment \"{}\" rollout to finish: ", name);
  if (wanted.is_number_integer() && updated < wanted.get<std::int64_t>()) {
    return waiting(fmt::format("{}{} out of {} new replicas have been updated...", start, updated, wanted.get<std::int64_t>()));
  }
  if (replicas > updated) return waiting(fmt::format("{}{} old replicas are pending termination...", start, replicas - updated));
  if (available < updated) return waiting(fmt::format("{}{} of {} updated replicas are available...", start, available, updated));
  return finished(fmt::format("deployment \"{}\" successfully rolled out", name));
}

RolloutState daemon_set_state(const json& set) {
  if (text_at(set, "/spec/updateStrategy/type") != "RollingUpdate") return refused("rollout status is only available for RollingUpdate strategy type", true);
  if (!is_observed(set)) return waiting("Waiting for daemon set spec update to be observed...");
  const std::string name = text_at(set, "/metadata/name");
  const std::int64_t wanted = number_at(set, "/status/desiredNumberScheduled");
  const std::int64_t updated = number_at(set, "/status/updatedNumberScheduled");
  const std::int64_t available = number_at(set, "/status/numberAvailable");
  const std::string start = fmt::format("Waiting for daemon set \"{}\" rollout to finish: ", name);
  if (updated < wanted) return waiting(fmt::format("{}{} out of {} new pods have been updated...", start, updated, wanted));
  if (available < wanted) return waiting(fmt::format("{}{} of {} updated pods are available...", start, available, wanted));
  return finished(fmt::format("daemon set \"{}\" successfully rolled out", name));
}

RolloutState stateful_set_state(const json& set) {
  if (text_at(set, "/spec/updateStrategy/type") != "RollingUpdate") return refused("rollout status is only available for RollingUpdate strategy type", true);
  if (number_at(set, "/status/observedGeneration") == 0 || !is_observed(set)) return waiting("Waiting for statefulset spec update to be observed...");
  const json& wanted = at(set, "/spec/replicas");
  const std::int64_t ready = number_at(set, "/status/readyReplicas");
  const std::int64_t updated = number_at(set, "/status/updatedReplicas");
  if (wanted.is_number_integer() && ready < wanted.get<std::int64_t>()) {
    return waiting(fmt::format("Waiting for {} pods to be ready...", wanted.get<std::int64_t>() - ready));
  }
  if (at(set, "/spec/updateStrategy/rollingUpdate").is_object()) {
    const json& partition = at(set, "/spec/updateStrategy/rollingUpdate/partition");
    if (wanted.is_number_integer() && partition.is_number_integer()) {
      const std::int64_t to_update = wanted.get<std::int64_t>() - partition.get<std::int64_t>();
      if (updated < to_update) {
        return waiting(fmt::format("Waiting for partitioned roll out to finish: {} out of {} new pods have been updated...", updated, to_update));
      }
    }
    return finished(fmt::format("partitioned roll out complete: {} new pods have been updated...", updated));
  }
  const std::string update_revision = text_at(set, "/status/updateRevision");
  const std::string current_revision = text_at(set, "/status/currentRevision");
  if (update_revision != current_revision) {
    return waiting(fmt::format("waiting for statefulset rolling update to complete {} pods at revision {}...", updated, update_revision));
  }
  return finished(fmt::format("statefulset rolling update complete {} pods at revision {}...", number_at(set, "/status/currentReplicas"), current_revision));
}

}  // namespace

RolloutState rollout_state(const json& object, std::int64_t revision) {
  const std::string kind = text_at(object, "/kind");
  if (kind == "Deployment") return deployment_state(object, revision);
  if (kind == "DaemonSet") return daemon_set_state(object);
  if (kind == "StatefulSet") return stateful_set_state(object);
  const Resource* resource = resource_of_kind(kind);
  const std::string name = resource == nullptr || resource->group.empty() ? kind : fmt::format("{}.{}", kind, resource->group);
  return refused("no status viewer has been implemented for " + name);
}

}  // namespace tandem::kubectl
