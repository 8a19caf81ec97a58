#pragma once
// The results of one kind of probe, as the kubelet keeps them between the workers that probe and the syncs that decide
// (pkg/kubelet/prober/results).

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace tandem::control::kubelet {

enum class ProbeKind : std::uint8_t { Startup, Readiness, Liveness };
inline constexpr std::size_t kProbeKinds = 3;
/// "Readiness", as events write it.
std::string_view name_of(ProbeKind kind);

/// What is known of a container. Unknown: its startup probe has not decided yet.
enum class ProbeVerdict : std::uint8_t { Unknown, Failure, Success };
/// "Success", "Failure", "UNKNOWN", as the kubelet logs them.
std::string_view name_of(ProbeVerdict verdict);

/// A stored result that has changed.
struct ProbeUpdate {
  ProbeKind kind = ProbeKind::Readiness;
  std::string pod_uid;
  std::string container_id;
  ProbeVerdict verdict = ProbeVerdict::Unknown;
  friend bool operator==(const ProbeUpdate&, const ProbeUpdate&) = default;
};

class ProbeResults {
 public:
  /// `changed` runs inside set() whenever the stored value is another one than before.
  ProbeResults(ProbeKind kind, std::function<void(ProbeUpdate)> changed) : kind_(kind), changed_(std::move(changed)) {}

  /// Nothing if no worker has seen the container yet.
  [[nodiscard]] std::optional<ProbeVerdict> get(std::string_view container_id) const;
  void set(const std::string& container_id, ProbeVerdict verdict, const std::string& pod_uid);
  void remove(const std::string& container_id) { verdicts_.erase(container_id); }
  [[nodiscard]] std::size_t size() const { return verdicts_.size(); }

 private:
  ProbeKind kind_;
  std::function<void(ProbeUpdate)> changed_;
  std::map<std::string, ProbeVerdict, std::less<>> verdicts_;  ///< by container id
};

}  // namespace tandem::control::kubelet
