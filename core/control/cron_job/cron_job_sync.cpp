#include "core/control/cron_job/cron_job_sync.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <tl/expected.hpp>
#include <utility>

#include "core/control/cron_job/cron_schedule.hpp"

namespace tandem::control {

namespace {

constexpr std::int64_t kNano = 1'000'000'000;
/// Missed start times above this get a warning.
constexpr std::int64_t kManyMissed = 100;

enum class Missed : std::uint8_t { None, Few, Many };

struct Recent {
  std::int64_t earliest = 0;
  std::optional<std::int64_t> time;  ///< the latest scheduled time that is due
  Missed missed = Missed::None;
};

/// Go's schedule.Next, where a schedule without a next moment gives the zero time, year 1.
constexpr std::int64_t kGoZeroTime = -62135596800;
std::int64_t next_or_zero(const CronSchedule& schedule, std::int64_t after) { return schedule.next(after).value_or(kGoZeroTime); }

class CronJobSync {
 public:
  CronJobSync(const CronJobSpec& spec, CronJobStatus status, std::vector<CronChild> children, SimDuration now, CronJobActions* actions)
      : spec_(spec), before_(status), status_(std::move(status)), children_(std::move(children)), now_(now), actions_(actions) {}

  std::optional<SimDuration> run() {
    clean_history();
    const std::optional<SimDuration> again = start_due_job();
    if (status_ != before_) actions_->write_status(status_);
    return again;
  }

  [[nodiscard]] SimDuration next_sync(const CronSchedule& schedule) const {
    const auto recent = most_recent(schedule, false);
    std::int64_t from = now_seconds();
    if (recent && recent->time) {
      from = *recent->time;
    } else if (recent && recent->missed == Missed::None) {
      from = recent->earliest;
    }
    return SimDuration{next_or_zero(schedule, from) * kNano} + kScheduleSlack - now_;
  }

 private:
  [[nodiscard]] std::int64_t now_seconds() const { return now_.ns / kNano; }
  [[nodiscard]] bool before_now(std::int64_t seconds_) const { return seconds_ * kNano <= now_.ns; }
  [[nodiscard]] bool is_active(const std::string& name) const {
    return std::find(status_.active.begin(), status_.active.end(), name) != status_.active.end();
  }
  void forget(const std::string& name) { std::erase(status_.active, name); }

  void remove(const std::string& name) {
    actions_->delete_job(name);
    forget(name);
    actions_->event({"Normal", "SuccessfulDelete", fmt::format("Deleted job {}", name)});
  }

  void remove_oldest(CronChild::State state, std::optional<std::int32_t> limit) {
    if (!limit) return;
    std::vector<CronChild> finished;
    std::copy_if(children_.begin(), children_.end(), std::back_inserter(finished), [&](const CronChild& child) { return child.state == state; });
    std::sort(finished.begin(), finished.end(), [](const CronChild& a, const CronChild& b) { return std::pair(a.started_unix, a.name) < std::pair(b.started_unix, b.name); });
    const auto limit_size = static_cast<std::size_t>(std::max(0, *limit));
    for (std::size_t i = 0; i + limit_size < finished.size(); ++i) remove(finished[i].name);
  }

  void clean_history() {
    remove_oldest(CronChild::State::Complete, spec_.successful_jobs_history_limit);
    remove_oldest(CronChild::State::Failed, spec_.failed_jobs_history_limit);
  }

  void look_at_children() {
    std::set<std::string> names;
    for (const CronChild& child : children_) {
      names.insert(child.name);
      const bool finished = child.state != CronChild::State::Running;
      if (!is_active(child.name) && !finished) {
        actions_->event({"Warning", "UnexpectedJob", fmt::format("Saw a job that the controller did not create or forgot: {}", child.name)});
      } else if (is_active(child.name) && finished) {
        forget(child.name);
        actions_->event({"Normal", "SawCompletedJob",
                         fmt::format("Saw completed job: {}, condition: {}", child.name, child.state == CronChild::State::Complete ? "Complete" : "Failed")});
      } else if (child.state == CronChild::State::Complete && child.completed_unix) {
        status_.last_successful_unix = std::max(status_.last_successful_unix.value_or(*child.completed_unix), *child.completed_unix);
      }
    }
    for (const std::string& name : std::vector<std::string>(status_.active)) {
      if (names.contains(name)) continue;
      actions_->event({"Normal", "MissingJob", fmt::format("Active job went missing: {}", name)});
      forget(name);
    }
  }

  /// The latest scheduled time that has come. Counting what was missed is approximate, as in the real controller: the distance
  /// of the first two times is taken for all.
  [[nodiscard]] tl::expected<Recent, std::string> most_recent(const CronSchedule& schedule, bool with_deadline) const {
    Recent recent;
    // A deadline that is no whole second cuts inside of one; comparing in seconds, the one before it is what counts.
    recent.earliest = status_.last_schedule_unix.value_or(spec_.created_unix);
    if (with_deadline && spec_.starting_deadline_seconds) {
      recent.earliest = std::max(recent.earliest, (now_.ns - *spec_.starting_deadline_seconds * kNano) / kNano);
    }
    const std::int64_t first = next_or_zero(schedule, recent.earliest);
    const std::int64_t second = next_or_zero(schedule, first);
    if (!before_now(first)) return recent;
    if (!before_now(second)) {
      recent.time = first;
      return recent;
    }
    const std::int64_t between = second - first;
    if (between < 1) return tl::unexpected(std::string("time difference between two schedules is less than 1 second"));
    const std::int64_t count = (now_.ns - first * kNano) / kNano / between + 1;
    recent.missed = count > kManyMissed ? Missed::Many : count > 0 ? Missed::Few : Missed::None;
    for (std::int64_t t = next_or_zero(schedule, first + (count - 2) * between); before_now(t) && t != kGoZeroTime; t = next_or_zero(schedule, t)) recent.time = t;
    return recent;
  }

  std::optional<SimDuration> start_due_job() {
    look_at_children();
    if (spec_.time_zone && !is_time_zone(*spec_.time_zone)) {
      actions_->event({"Warning", "UnknownTimeZone", fmt::format("invalid timeZone: \"{}\": unknown time zone {}", *spec_.time_zone, *spec_.time_zone)});
      return std::nullopt;
    }
    if (spec_.suspend) return std::nullopt;
    const auto schedule = CronSchedule::parse(spec_.schedule, spec_.time_zone.value_or(""));
    if (!schedule) {
      actions_->event({"Warning", "UnparseableSchedule", fmt::format("unparseable schedule: \"{}\" : {}", spec_.schedule, schedule.error())});
      return std::nullopt;
    }
    const auto recent = most_recent(*schedule, true);
    if (!recent) {
      actions_->event({"Warning", "InvalidSchedule", fmt::format("invalid schedule: {} : {}", spec_.schedule, recent.error())});
      return std::nullopt;
    }
    if (recent->time) start(*recent);
    return next_sync(*schedule);
  }

  void start(const Recent& recent) {
    const std::int64_t scheduled = *recent.time;
    if (recent.missed == Missed::Many) {
      actions_->event({"Warning", "TooManyMissedTimes", "too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew"});
    }
    if (spec_.starting_deadline_seconds && (scheduled + *spec_.starting_deadline_seconds) * kNano < now_.ns) {
      actions_->event({"Warning", "MissSchedule", fmt::format("Missed scheduled time to start a job: {}", format_rfc1123(scheduled))});
      return;
    }
    const std::string name = fmt::format("{}-{}", spec_.name, scheduled / 60);
    if (is_active(name) || status_.last_schedule_unix == scheduled) return;
    if (spec_.concurrency_policy == "Forbid" && !status_.active.empty()) {
      actions_->event({"Normal", "JobAlreadyActive", "Not starting job because prior execution is running and concurrency policy is Forbid"});
      return;
    }
    if (spec_.concurrency_policy == "Replace") {
      for (const std::string& running : std::vector<std::string>(status_.active)) remove(running);
    }
    actions_->create_job(name, format_in_zone(scheduled, spec_.time_zone.value_or("")));
    actions_->event({"Normal", "SuccessfulCreate", fmt::format("Created job {}", name)});
    status_.active.push_back(name);
    status_.last_schedule_unix = scheduled;
  }

  const CronJobSpec& spec_;
  CronJobStatus before_;
  CronJobStatus status_;
  std::vector<CronChild> children_;
  SimDuration now_;
  CronJobActions* actions_;
};

}  // namespace

std::optional<SimDuration> sync_cron_job(const CronJobSpec& spec, CronJobStatus status, std::vector<CronChild> children, SimDuration now, CronJobActions& actions) {
  return CronJobSync(spec, std::move(status), std::move(children), now, &actions).run();
}

ScheduleChange schedule_changed(const CronJobSpec& spec, const CronJobStatus& status, SimDuration now) {
  // An unknown zone is ignored here; the sync that follows says so.
  const bool known = spec.time_zone && is_time_zone(*spec.time_zone);
  const auto schedule = CronSchedule::parse(spec.schedule, known ? *spec.time_zone : "");
  if (!schedule) return {{}, ControllerEvent{"Warning", "UnParseableCronJobSchedule", fmt::format("unparseable schedule for cronjob: {}", spec.schedule)}};
  return {CronJobSync(spec, status, {}, now, nullptr).next_sync(*schedule), {}};
}

}  // namespace tandem::control
