#pragma once
// What the answer to a probe means, and the kubelet's words for it (pkg/probe), for every world's NodeRuntime.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/control/node_runtime.hpp"

namespace tandem::control::kubelet {

/// Containers of ours speak HTTP/1.1, so a gRPC health check cannot succeed; the field report says so beforehand.
inline constexpr std::string_view kGrpcUnsupported = "containers here speak HTTP/1.1, not gRPC";

/// 200 to 299 is a success, a redirect one with a warning (the kubelet does not follow it to other hosts), everything else a
/// failure.
ProbeOutcome http_probe_outcome(int status);
/// What an exec probe gives: its command's exit code, or why it could not be run.
ProbeOutcome exec_probe_outcome(const Result<int>& exit_code);
/// The command took longer than the probe's timeoutSeconds.
ProbeOutcome exec_probe_timeout(const std::vector<std::string>& command, SimDuration timeout);
/// timeoutSeconds of a probe; at least one second.
SimDuration timeout_of(const cluster::Probe& probe);

}  // namespace tandem::control::kubelet
