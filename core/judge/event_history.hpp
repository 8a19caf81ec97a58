#pragma once
// What the events of a run said and how often. Apart from RunHistory, which most commands need and which long runs with many events
// would make slow.

#include <cstdint>
#include <string>
#include <vector>

#include "core/judge/run_history.hpp"

namespace tandem::judge {

struct EventState {
  Instant at;
  bool exists = true;
  std::int32_t count = 0;
};

/// One Event object: equal events are folded into it and counted.
struct EventLife {
  std::string namespace_;
  std::string type;     ///< Normal or Warning
  std::string reason;
  std::string kind;     ///< of the object it is about
  std::string name;     ///< likewise
  std::string message;
  std::vector<EventState> states;
};

/// In order of first appearance. Events are never taken back: a deleted one keeps its count.
std::vector<EventLife> events_of(const record::Recording& recording);

}  // namespace tandem::judge
