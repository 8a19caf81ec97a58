#pragma once
// What the host tells a workload container about the image it plays (design §5): one JSON text in the environment variable
// kWorkloadConfigVariable. Written by real/docker, read by docker/workload; both link this file, so they cannot disagree.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/limits.hpp"
#include "core/base/result.hpp"
#include "core/base/time.hpp"

namespace tandem::container {

/// Environment variable with the configuration. Linux caps one variable at 128 KiB, so longer texts continue in
/// kWorkloadConfigVariable + "_1", "_2", … (split_for_environment).
inline constexpr std::string_view kWorkloadConfigVariable = "TANDEM_WORKLOAD";

/// Where the program lies in its image, and its word for "do what this command would do" (a hook or an exec probe):
/// `/tandem-workload run sleep 5`.
inline constexpr std::string_view kWorkloadProgram = "/tandem-workload";
inline constexpr std::string_view kRunCommand = "run";

/// Response header that names the pod that answered.
inline constexpr std::string_view kPodHeader = "X-Tandem-Pod";
/// Standard header for server-side durations (W3C Server Timing), in milliseconds with six decimals:
/// `queue` accepted → a worker took it, `service` taken → answer ready, `cpu` CPU time spent by the worker,
/// `throttled` CFS throttling of the container inside `service`, absent where the cgroup cannot be read.
inline constexpr std::string_view kTimingHeader = "Server-Timing";
/// Request header with the exponential(1) variate of request i; multiplies the CPU demand of exponential routes.
inline constexpr std::string_view kDemandFactorHeader = "X-Tandem-Demand-Factor";

/// One route of the image: scenario::RouteSpec with plain numbers.
struct WorkloadRoute {
  std::string pattern;
  SimDuration cpu;           ///< demand at the reference speed
  SimDuration wait;
  bool exponential = false;
  std::int32_t status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;          ///< template, see docker/workload/body_template.hpp
  std::int64_t response_bytes = 0;
  friend bool operator==(const WorkloadRoute&, const WorkloadRoute&) = default;
};

/// The process ends by itself.
struct WorkloadExit {
  SimDuration after;         ///< since its start
  std::int32_t code = 0;
  friend bool operator==(const WorkloadExit&, const WorkloadExit&) = default;
};

/// Memory it takes and keeps.
struct WorkloadMemory {
  std::int64_t start_bytes = 0;
  std::int64_t growth_bytes = 0;  ///< per second
  std::int64_t peak_bytes = 0;
  friend bool operator==(const WorkloadMemory&, const WorkloadMemory&) = default;
};

/// From `from` to `until` (since the start of the process) paths of this pattern answer `status` at once, or nothing at all.
struct WorkloadFailure {
  std::string pattern;
  SimDuration from;
  SimDuration until = kForGood;
  std::int32_t status = 500;
  bool hang = false;
  static constexpr SimDuration kForGood{kInputLimits.time_ns};  ///< the longest time there is
  friend bool operator==(const WorkloadFailure&, const WorkloadFailure&) = default;
};

struct WorkloadConfig {
  std::string version;       ///< tag of the image that is played
  std::string pod;
  std::string pod_ip;
  std::string node;
  bool listens = true;
  std::int32_t port = 8080;
  SimDuration startup;
  std::int32_t workers = 2;
  std::int32_t backlog = 128;
  bool shared = false;       ///< discipline Shared instead of Fifo
  bool abort_on_terminate = false;
  bool ignore_terminate = false;
  SimDuration drain;
  double cpu_speed = 1.0;    ///< of this machine, relative to the reference: a demand of D takes D / cpu_speed CPU seconds
  std::vector<WorkloadRoute> routes;
  std::optional<WorkloadExit> exit;
  std::optional<WorkloadMemory> memory;
  std::vector<WorkloadFailure> failures;  ///< the first that fits counts
  friend bool operator==(const WorkloadConfig&, const WorkloadConfig&) = default;
};

std::string write_workload_config(const WorkloadConfig& config);
/// Errors: SyntaxError, ValueType, ValueMissing, ValueOutOfRange.
Result<WorkloadConfig> read_workload_config(std::string_view text);

/// NAME=part pairs, each shorter than Linux allows; joined again by read order.
std::vector<std::string> split_for_environment(std::string_view name, std::string_view text);

/// Answer of match_route: which route, and what '*' stood for.
struct RouteMatch {
  std::size_t index = 0;
  std::string_view rest;
};

/// Finds the route of a path without query. A pattern ending in '*' matches every path that begins with what precedes it;
/// any other pattern matches the path exactly. The longest literal part wins; at equal length the exact pattern, then the
/// earlier one. False if nothing matches.
bool match_route(const std::vector<WorkloadRoute>& routes, std::string_view path, RouteMatch& match);

/// What a request for the path runs into when the process has this age; nullptr if its route answers.
const WorkloadFailure* find_failure(const std::vector<WorkloadFailure>& failures, std::string_view path, SimDuration age);

}  // namespace tandem::container
