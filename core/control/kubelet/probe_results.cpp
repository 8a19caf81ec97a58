#include "core/control/kubelet/probe_results.hpp"

namespace tandem::control::kubelet {

std::string_view name_of(ProbeKind kind) {
  switch (kind) {
    case ProbeKind::Startup: return "Startup";
    case ProbeKind::Readiness: return "Readiness";
    case ProbeKind::Liveness: return "Liveness";
  }
  return {};
}

std::string_view name_of(ProbeVerdict verdict) {
  switch (verdict) {
    case ProbeVerdict::Unknown: return "UNKNOWN";
    case ProbeVerdict::Failure: return "Failure";
    case ProbeVerdict::Success: return "Success";
  }
  return {};
}

std::optional<ProbeVerdict> ProbeResults::get(std::string_view container_id) const {
  const auto found = verdicts_.find(container_id);
  if (found == verdicts_.end()) return std::nullopt;
  return found->second;
}

void ProbeResults::set(const std::string& container_id, ProbeVerdict verdict, const std::string& pod_uid) {
  const auto [entry, added] = verdicts_.try_emplace(container_id, verdict);
  if (!added && entry->second == verdict) return;
  entry->second = verdict;
  changed_({kind_, pod_uid, container_id, verdict});
}

}  // namespace tandem::control::kubelet
