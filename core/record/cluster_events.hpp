#pragma once
// What the cluster leaves in a recording besides its objects: scheduling decisions.

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/time.hpp"

namespace tandem::record {

/// A scheduling decision: the version of its inputs and the outcome. explain re-evaluates the rest.
struct SchedulingDecision {
  SimTime time;
  std::string pod;                 ///< "namespace/name"
  std::uint32_t attempt = 1;
  std::int64_t input_version = 0;  ///< resourceVersion of the scheduler's view
  std::string node;                ///< chosen; empty if unschedulable
  std::vector<std::string> ties;   ///< every node with the best total, sorted by node order
  std::uint32_t feasible = 0;
  std::uint32_t evaluated = 0;
  std::string message;             ///< FailedScheduling text if unschedulable
  friend bool operator==(const SchedulingDecision&, const SchedulingDecision&) = default;
};

}  // namespace tandem::record
