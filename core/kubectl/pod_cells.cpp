// The cells of a pod: kubernetes' printPod (pkg/printers/internalversion), kubernetes-semantics §8.4.

#include <fmt/format.h>

#include <algorithm>

#include "core/kubectl/cells.hpp"
#include "core/kubectl/human_duration.hpp"
#include "core/kubectl/json_reading.hpp"
#include "core/kubectl/table.hpp"

namespace tandem::kubectl {

namespace {

bool condition_is_true(const json& pod, std::string_view type) {
  for (const json& condition : list_at(pod, "/status/conditions")) {
    if (text_at(condition, "/type") == type) return text_at(condition, "/status") == "True";
  }
  return false;
}

std::string ended_text(const json& terminated) {
  const std::string reason = text_at(terminated, "/reason");
  if (!reason.empty()) return reason;
  const std::int64_t signal = number_at(terminated, "/signal");
  return signal != 0 ? fmt::format("Signal:{}", signal) : fmt::format("ExitCode:{}", number_at(terminated, "/exitCode"));
}

struct Restarts {
  std::int64_t count = 0;
  std::int64_t last = 0;  ///< Unix seconds of the newest end; 0 = none
  void add(const json& status) {
    count += number_at(status, "/restartCount");
    last = std::max(last, unix_seconds_of(at(status, "/lastState/terminated/finishedAt")));
  }
};

struct PodSummary {
  std::string status;
  std::size_t ready = 0;
  std::size_t total = 0;
  Restarts restarts;
};

bool is_sidecar(const json& pod, const std::string& name) {
  for (const json& container : list_at(pod, "/spec/initContainers")) {
    if (text_at(container, "/name") == name) return text_at(container, "/restartPolicy") == "Always";
  }
  return false;
}

/// Walks the init containers; true while the pod is still initializing.
bool summarize_init_containers(const json& pod, PodSummary& summary, Restarts& sidecars) {
  const std::size_t wanted = list_at(pod, "/spec/initContainers").size();
  std::size_t index = 0;
  for (const json& status : list_at(pod, "/status/initContainerStatuses")) {
    const bool sidecar = is_sidecar(pod, text_at(status, "/name"));
    summary.restarts.add(status);
    if (sidecar) sidecars.add(status);
    const json& terminated = at(status, "/state/terminated");
    const std::string waiting = text_at(status, "/state/waiting/reason");
    if (!terminated.is_null() && number_at(terminated, "/exitCode") == 0) {
      ++index;
      continue;
    }
    if (sidecar && flag_at(status, "/started")) {
      if (flag_at(status, "/ready")) ++summary.ready;
      ++index;
      continue;
    }
    if (!terminated.is_null()) summary.status = "Init:" + ended_text(terminated);
    else if (!waiting.empty() && waiting != "PodInitializing") summary.status = "Init:" + waiting;
    else summary.status = fmt::format("Init:{}/{}", index, wanted);
    return true;
  }
  return false;
}

void summarize_containers(const json& pod, PodSummary& summary) {
  bool running = false;
  const json& statuses = list_at(pod, "/status/containerStatuses");
  for (auto status = statuses.rbegin(); status != statuses.rend(); ++status) {
    summary.restarts.add(*status);
    const std::string waiting = text_at(*status, "/state/waiting/reason");
    const json& terminated = at(*status, "/state/terminated");
    if (!waiting.empty()) {
      summary.status = waiting;
    } else if (!terminated.is_null()) {
      summary.status = ended_text(terminated);
    } else if (flag_at(*status, "/ready") && !at(*status, "/state/running").is_null()) {
      running = true;
      ++summary.ready;
    }
  }
  if (summary.status == "Completed" && running) summary.status = condition_is_true(pod, "Ready") ? "Running" : "NotReady";
}

PodSummary summarize(const json& pod) {
  PodSummary summary;
  summary.total = list_at(pod, "/spec/containers").size();
  for (const json& container : list_at(pod, "/spec/initContainers")) summary.total += text_at(container, "/restartPolicy") == "Always";
  const std::string reason = text_at(pod, "/status/reason");
  summary.status = reason.empty() ? text_at(pod, "/status/phase") : reason;
  for (const json& condition : list_at(pod, "/status/conditions")) {
    if (text_at(condition, "/type") == "PodScheduled" && text_at(condition, "/reason") == "SchedulingGated") summary.status = "SchedulingGated";
  }
  Restarts sidecars;
  const bool initializing = summarize_init_containers(pod, summary, sidecars);
  if (!initializing || condition_is_true(pod, "Initialized")) {
    summary.restarts = sidecars;
    summarize_containers(pod, summary);
  }
  if (!at(pod, "/metadata/deletionTimestamp").is_null()) {
    const std::string phase = text_at(pod, "/status/phase");
    if (reason == "NodeLost") summary.status = "Unknown";
    else if (phase != "Succeeded" && phase != "Failed") summary.status = "Terminating";
  }
  return summary;
}

std::string readiness_gates(const json& pod) {
  const json& gates = list_at(pod, "/spec/readinessGates");
  if (gates.empty()) return "<none>";
  const auto fulfilled = std::count_if(gates.begin(), gates.end(), [&](const json& gate) { return condition_is_true(pod, text_at(gate, "/conditionType")); });
  return fmt::format("{}/{}", fulfilled, gates.size());
}

}  // namespace

std::vector<std::string> pod_columns(bool wide) {
  std::vector<std::string> columns = {"NAME", "READY", "STATUS", "RESTARTS", "AGE"};
  if (wide) columns.insert(columns.end(), {"IP", "NODE", "NOMINATED NODE", "READINESS GATES"});
  return columns;
}

std::vector<std::string> pod_cells(const json& pod, const GetOptions& options) {
  const PodSummary summary = summarize(pod);
  std::string restarts = std::to_string(summary.restarts.count);
  if (summary.restarts.count > 0 && summary.restarts.last != 0) {
    restarts += fmt::format(" ({} ago)", human_duration(options.now_unix_seconds - summary.restarts.last));
  }
  std::vector<std::string> cells = {text_at(pod, "/metadata/name"), fmt::format("{}/{}", summary.ready, summary.total), summary.status, restarts,
                                    age_cell(pod, options)};
  if (!options.wide) return cells;
  std::string ip = text_at(pod, "/status/podIP");
  const json& ips = list_at(pod, "/status/podIPs");
  if (!ips.empty()) ip = text_at(ips.front(), "/ip");
  cells.insert(cells.end(), {or_none(ip), or_none(text_at(pod, "/spec/nodeName")), or_none(text_at(pod, "/status/nominatedNodeName")), readiness_gates(pod)});
  return cells;
}

}  // namespace tandem::kubectl
