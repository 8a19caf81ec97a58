#pragma once
// What the run itself leaves in a recording: marks and time series.

#include <string>

#include "core/base/time.hpp"

namespace tandem::record {

/// Moments of a run that no object shows: timeline actions, balancer reloads, phases of the run, faults.
struct Mark {
  SimTime time;
  std::string kind;     ///< "action", "balancer", "fault", "run", "host", "warning"
  std::string subject;  ///< what it is about
  std::string text;
  friend bool operator==(const Mark&, const Mark&) = default;
};

/// A value of a time series, e.g. ("node/kind-worker", "cpu.used_cores").
struct Sample {
  SimTime time;
  std::string entity;
  std::string metric;
  double value = 0;
  friend bool operator==(const Sample&, const Sample&) = default;
};

}  // namespace tandem::record
