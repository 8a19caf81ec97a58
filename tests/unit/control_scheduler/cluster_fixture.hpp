#pragma once
// A scheduler at work, for tests.

#include "core/base/fake_clock.hpp"
#include "core/control/scheduler/scheduler.hpp"
#include "tests/unit/control_scheduler/support.hpp"

namespace tandem::control {

/// An API server with a scheduler on a clock that the test moves.
class Cluster {
 public:
  explicit Cluster(cluster::DeliveryProfile profile, SchedulerOptions options = {}) : api(clock, std::move(profile), 1) {
    options.on_decision = [this](const record::SchedulingDecision& decision) { decisions.push_back(decision); };
    scheduler.emplace(clock, api, std::move(options));
  }

  void add(const cluster::Node& each) { EXPECT_TRUE(api.create(each).has_value()); }
  void add(const cluster::Pod& each) { EXPECT_TRUE(api.create(each).has_value()); }
  void run_until(SimTime time) { clock.run_until(time); }
  void settle() { clock.run_until(clock.now()); }
  cluster::Ptr<cluster::Pod> pod_named(const std::string& name) { return api.get<cluster::Pod>({"default", name}); }
  std::string node_of(const std::string& name) { return pod_named(name)->node_name; }

  std::vector<std::string> events_about(const std::string& name) {
    std::vector<std::string> texts;
    for (const auto& event : api.list<cluster::Event>()) {
      if (event->involved_name != name) continue;
      texts.push_back(event->type + " " + event->reason + " " + event->source_component + ": " + event->message);
    }
    return texts;
  }

  FakeClock clock;
  cluster::ApiServer api;
  std::vector<record::SchedulingDecision> decisions;
  std::optional<Scheduler> scheduler;
};

inline SimTime at(std::int64_t milliseconds_since_start) { return kTimeZero + milliseconds(milliseconds_since_start); }

}  // namespace tandem::control
