#include "core/control/kubelet/probe_outcome.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "core/control/kubelet/go_duration.hpp"

namespace tandem::control::kubelet {

ProbeOutcome http_probe_outcome(int status) {
  if (status >= 200 && status < 300) return {ProbeResult::Success, {}};
  if (status >= 300 && status < 400) return {ProbeResult::Warning, "Probe terminated redirects"};
  return {ProbeResult::Failure, fmt::format("HTTP probe failed with statuscode: {}", status)};
}

ProbeOutcome exec_probe_outcome(const Result<int>& exit_code) {
  if (!exit_code) return {ProbeResult::Error, exit_code.error().found.empty() ? exit_code.error().what : exit_code.error().found};
  // The message of a failure is what the command wrote; commands here write nothing.
  return {*exit_code == 0 ? ProbeResult::Success : ProbeResult::Failure, {}};
}

ProbeOutcome exec_probe_timeout(const std::vector<std::string>& command, SimDuration timeout) {
  return {ProbeResult::Failure, fmt::format("command timed out: \"{}\" timed out after {}", fmt::join(command, " "), go_duration(timeout))};
}

SimDuration timeout_of(const cluster::Probe& probe) { return seconds(std::max(probe.timeout_seconds, 1)); }

}  // namespace tandem::control::kubelet
