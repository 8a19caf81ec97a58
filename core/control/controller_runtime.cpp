#include "core/control/controller_runtime.hpp"

#include <utility>

namespace tandem::control {

RuntimeOptions RuntimeOptions::from(const cluster::DeliveryProfile& profile, std::uint32_t entity, WorkMode mode) {
  RuntimeOptions options;
  options.workers = profile.controller_workers;
  options.sync_cost = profile.sync_cost;
  options.entity = entity;
  options.mode = mode;
  return options;
}

ControllerRuntime::ControllerRuntime(Clock& clock, RuntimeOptions options, Sync sync)
    : clock_(clock), options_(options), sync_(std::move(sync)), queue_(clock, options.entity) {
  if (options_.mode == WorkMode::Automatic) queue_.on_due([this] { arm(); });
}

ControllerRuntime::~ControllerRuntime() {
  if (armed_) clock_.cancel(armed_);
  for (const auto& [key, timer] : starting_) clock_.cancel(timer);
}

void ControllerRuntime::arm() {
  if (armed_ || busy_ >= options_.workers || queue_.size() == 0) return;
  armed_ = clock_.at(clock_.now(), EventClass::Control, options_.entity, [this] {
    armed_ = {};
    process_next();
    arm();
  });
}

bool ControllerRuntime::process_next() {
  if (busy_ >= options_.workers) return false;
  const auto key = queue_.get();
  if (!key) return false;
  ++busy_;
  auto run = [this, key = *key] {
    starting_.erase(key);
    sync_(key, [this, key](Status status) { finish(key, status); });
  };
  if (options_.sync_cost > SimDuration{}) {
    starting_[*key] = clock_.after(options_.sync_cost, EventClass::Control, options_.entity, std::move(run));
  } else {
    run();
  }
  return true;
}

void ControllerRuntime::finish(const cluster::ObjectKey& key, const Status& status) {
  --busy_;
  if (status) {
    queue_.forget(key);
  } else {
    ++failed_syncs_;
    if (options_.drop_after < 0 || queue_.retries(key) < options_.drop_after) {
      queue_.add_rate_limited(key);
    } else {
      queue_.forget(key);
    }
  }
  queue_.done(key);
  if (options_.mode == WorkMode::Automatic) arm();
}

}  // namespace tandem::control
