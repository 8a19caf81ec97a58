#pragma once
// Where a running world reports what happens. Implemented by the recording writer, by checkers and by tests.
// Sinks observe: they must not change the run (hardening D13).

#include "core/cluster/api_server.hpp"
#include "core/record/events.hpp"

namespace tandem::record {

class Sink {
 public:
  virtual ~Sink() = default;
  /// A committed change of a stored object, in commit order. For Deleted, `object` is the last state.
  virtual void object_changed(SimTime time, cluster::ChangeType type, const cluster::AnyObject& object) = 0;
  virtual void request(const RequestRecord& record) = 0;
  virtual void decision(const SchedulingDecision& decision) = 0;
  /// Only who makes decisions again needs these.
  virtual void scheduler_note(const SchedulerNote&) {}
  virtual void mark(const Mark& mark) = 0;
  virtual void sample(const Sample& sample) = 0;
};

}  // namespace tandem::record
