#pragma once

#include "core/record/sink.hpp"

namespace tandem::world {

/// Passes everything on until the horizon is reached; after close() only requests that were still in flight come through,
/// so that the clean-up of a world never looks like something that happened in the scenario.
class GatedSink final : public record::Sink {
 public:
  explicit GatedSink(record::Sink* next) : next_(next) {}

  void close() { open_ = false; }

  void object_changed(SimTime time, cluster::ChangeType type, const cluster::AnyObject& object) override {
    if (open_ && next_ != nullptr) next_->object_changed(time, type, object);
  }
  void request(const record::RequestRecord& record) override {
    if (next_ != nullptr) next_->request(record);
  }
  void decision(const record::SchedulingDecision& decision) override {
    if (open_ && next_ != nullptr) next_->decision(decision);
  }
  void scheduler_note(const record::SchedulerNote& note) override {
    if (open_ && next_ != nullptr) next_->scheduler_note(note);
  }
  void mark(const record::Mark& mark) override {
    if (open_ && next_ != nullptr) next_->mark(mark);
  }
  void sample(const record::Sample& sample) override {
    if (open_ && next_ != nullptr) next_->sample(sample);
  }

 private:
  record::Sink* next_;
  bool open_ = true;
};

}  // namespace tandem::world
