// Recorded timelines of the cron job controller (controllers2/f18_cronjob).

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/base/fake_clock.hpp"
#include "core/cluster/json.hpp"
#include "core/control/cron_job/cron_job_sync.hpp"
#include "core/control/cron_job/cron_schedule.hpp"
#include "core/control/work_queue.hpp"
#include "tests/truth/runner.hpp"

namespace tandem::truth {
namespace {

using nlohmann::json;
using namespace tandem::control;

std::int64_t unix_of(const std::string& text) {
  return cluster::parse_time(text).value().ns / 1'000'000'000 + cluster::kEpochUnixSeconds;
}

class CronWorld final : public CronJobActions {
 public:
  explicit CronWorld(const json& p) : start_(unix_of(p.at("start"))), outcomes_(p.at("outcomes")), run_(p.at("runSeconds").get<std::int64_t>()), queue_(clock_, 1) {
    spec_.name = std::string("c");
    spec_.schedule = p.at("schedule");
    if (p.contains("timeZone")) spec_.time_zone = p.at("timeZone").get<std::string>();
    spec_.concurrency_policy = p.at("policy");
    if (p.contains("startingDeadlineSeconds")) spec_.starting_deadline_seconds = p.at("startingDeadlineSeconds").get<std::int64_t>();
    spec_.successful_jobs_history_limit = p.at("successfulJobsHistoryLimit").get<std::int32_t>();
    spec_.failed_jobs_history_limit = p.at("failedJobsHistoryLimit").get<std::int32_t>();
    spec_.suspend = p.value("suspend", false);
    spec_.created_unix = unix_of(p.value("created", p.at("start").get<std::string>()));
    if (p.contains("lastScheduleTime")) status_.last_schedule_unix = unix_of(p.at("lastScheduleTime"));
    // The recorded controller starts working when its caches are filled: it looks every 100 ms.
    queue_.add_after(kKey, milliseconds(100));
    for (const json& action : p.value("actions", json::array())) {
      clock_.at(kTimeZero + seconds(action.at(0).get<std::int64_t>()) + milliseconds(500), EventClass::Hardware, 1, [this, action] { act(action); });
    }
    seconds_ = p.at("seconds").get<std::int64_t>();
  }

  std::vector<json> run() {
    // The driver looks once more in the middle of its last second.
    const SimTime end = kTimeZero + seconds(seconds_) + milliseconds(500);
    while (clock_.next() <= end) {
      clock_.run_until(clock_.next());
      int rounds = 0;
      while (const auto key = queue_.get()) {
        if (++rounds > 1000) throw std::runtime_error("the controller does not come to rest");
        std::vector<CronChild> children;
        for (const auto& [name, child] : jobs_) children.push_back(child);
        if (const auto again = sync_cron_job(spec_, status_, children, now(), *this)) queue_.add_after(kKey, *again);
        queue_.done(*key);
      }
    }
    return log_;
  }

  void create_job(const std::string& name, const std::string& scheduled) override {
    CronChild child;
    child.name = name;
    child.started_unix = now().ns / 1'000'000'000;
    jobs_[name] = child;
    add({"create", name, scheduled});
    queue_.add(kKey);
    if (run_ < 0) return;
    const char outcome = outcomes_[std::min(outcomes_.size(), static_cast<std::size_t>(++created_)) - 1];
    // The driver looks once a second, at its middle.
    const std::int64_t ready = clock_.now().ns + run_ * 1'000'000'000;
    const std::int64_t whole = (ready - 500'000'000 + 999'999'999) / 1'000'000'000;
    clock_.at({whole * 1'000'000'000 + 500'000'000}, EventClass::Runtime, 1, [this, name, outcome] { finish(name, outcome); });
  }
  void delete_job(const std::string& name) override {
    jobs_.erase(name);
    add({"delete", name});
    queue_.add(kKey);
  }
  void write_status(const CronJobStatus& status) override {
    status_ = status;
    const auto time = [](const std::optional<std::int64_t>& unix) { return unix ? format_in_zone(*unix, "UTC") : std::string(); };
    add({"status", status.active, time(status.last_schedule_unix), time(status.last_successful_unix)});
    queue_.add(kKey);
  }
  void event(ControllerEvent event) override { add({"event", event.reason, event.message}); }

 private:
  static inline const cluster::ObjectKey kKey{"default", "c"};

  [[nodiscard]] SimDuration now() const { return {start_ * 1'000'000'000 + clock_.now().ns}; }
  void add(json entry) {
    entry.insert(entry.begin(), static_cast<double>(clock_.now().ns / 100'000'000) / 10.0);
    log_.push_back(std::move(entry));
  }

  void finish(const std::string& name, char outcome) {
    const auto found = jobs_.find(name);
    if (found == jobs_.end()) return;
    found->second.state = outcome == 'S' ? CronChild::State::Complete : CronChild::State::Failed;
    if (outcome == 'S') found->second.completed_unix = now().ns / 1'000'000'000;
    add({"finish", name, std::string(1, outcome)});
    queue_.add(kKey);
  }

  void act(const json& action) {
    json entry = {"action"};
    for (std::size_t i = 1; i < action.size(); ++i) entry.push_back(action.at(i));
    add(entry);
    const std::string what = action.at(1);
    if (what == "suspend" || what == "resume") spec_.suspend = what == "suspend";
    if (what == "policy") spec_.concurrency_policy = action.at(2);
    if (what == "schedule") spec_.schedule = action.at(2);
    if (what == "timeZone") spec_.time_zone = action.at(2).get<std::string>();
    if (what != "schedule" && what != "timeZone") return queue_.add(kKey);
    const ScheduleChange change = schedule_changed(spec_, status_, now());
    if (change.event) event(*change.event);
    if (change.sync_after) queue_.add_after(kKey, *change.sync_after);
  }

  std::int64_t start_;
  std::string outcomes_;
  std::int64_t run_;
  std::int64_t seconds_ = 0;
  FakeClock clock_;
  WorkQueue queue_;
  CronJobSpec spec_;
  CronJobStatus status_;
  std::map<std::string, CronChild> jobs_;
  int created_ = 0;
  std::vector<json> log_;
};

/// What must agree: creations, deletions, ends and actions, and the last status of each instant. Events are a matter of the
/// recorder's budget and of informer lag; their kinds per instant are compared where both logs have some.
struct Comparable {
  std::set<std::string> exact;
  std::map<std::int64_t, std::string> statuses;
  std::map<std::int64_t, std::set<std::string>> events;
};
Comparable comparable(const std::vector<json>& log) {
  Comparable result;
  for (const json& entry : log) {
    const auto tenths = static_cast<std::int64_t>(entry.at(0).get<double>() * 10.0 + 0.5);
    if (entry.at(1) == "status") {
      result.statuses[tenths] = entry.dump();
    } else if (entry.at(1) == "event") {
      const std::string reason = entry.at(2);
      // Twice the same work on a cache that lags.
      if (reason != "MissingJob" && reason != "FailedDelete" && reason != "SawCompletedJob" && reason != "SuccessfulDelete") {
        std::string text = entry.at(3);
        constexpr std::string_view kCombined = "(combined from similar events): ";
        if (text.starts_with(kCombined)) text = text.substr(kCombined.size());
        result.events[tenths].insert(fmt::format("{} {}", reason, text));
      }
    } else {
      result.exact.insert(fmt::format("{} {}", tenths, json(entry).dump()));
    }
  }
  return result;
}

std::optional<std::string> compare(const Comparable& ours, const Comparable& theirs) {
  for (const std::string& entry : theirs.exact) {
    if (!ours.exact.contains(entry)) return fmt::format("{} is missing", entry);
  }
  for (const std::string& entry : ours.exact) {
    if (!theirs.exact.contains(entry)) return fmt::format("{} is not recorded", entry);
  }
  if (ours.statuses != theirs.statuses) {
    for (const auto& [time, status] : theirs.statuses) {
      const auto mine = ours.statuses.find(time);
      if (mine == ours.statuses.end() || mine->second != status) return fmt::format("expected {}, got {}", status, mine == ours.statuses.end() ? "nothing" : mine->second);
    }
    return std::string("a status is not recorded");
  }
  // Every recorded event is one of ours; the recorder may have folded or dropped some.
  for (const auto& [time, events] : theirs.events) {
    const auto mine = ours.events.find(time);
    for (const std::string& event : events) {
      if (mine == ours.events.end() || !mine->second.contains(event)) return fmt::format("event '{}' at {} is missing", event, time);
    }
  }
  return std::nullopt;
}

std::optional<std::string> check_cron_job(const json& recorded) {
  const Comparable ours = comparable(CronWorld(recorded.at("p")).run());
  const auto difference = compare(ours, comparable(recorded.at("log").get<std::vector<json>>()));
  if (!difference) return std::nullopt;
  for (const json& other : recorded.value("alt", json::array())) {
    if (!compare(ours, comparable(other.get<std::vector<json>>()))) return std::nullopt;
  }
  return difference;
}

}  // namespace

std::vector<Family> cron_job_families() {
  return {{"controllers2/f18_cronjob", [](const json& file, Tally& tally) { for_each_case(file, tally, check_cron_job); }}};
}

}  // namespace tandem::truth
