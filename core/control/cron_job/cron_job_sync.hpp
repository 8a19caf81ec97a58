#pragma once
// One sync of the cron job controller: which scheduled time is due, what becomes of running and finished Jobs, when to look again.
// Sources: kubernetes-semantics §7.2; pkg/controller/cronjob/{cronjob_controllerv2,utils}.go (v1.34).

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/time.hpp"
#include "core/control/controller_event.hpp"

namespace tandem::control {

/// Added to the next scheduled time, so that the sync surely comes after it (nextScheduleDelta).
inline constexpr SimDuration kScheduleSlack = milliseconds(100);

struct CronJobSpec {
  std::string name;
  std::string schedule;
  std::optional<std::string> time_zone;
  std::string concurrency_policy = "Allow";  ///< Forbid or Replace
  bool suspend = false;
  std::optional<std::int64_t> starting_deadline_seconds;
  std::optional<std::int32_t> successful_jobs_history_limit = 3;
  std::optional<std::int32_t> failed_jobs_history_limit = 1;
  std::int64_t created_unix = 0;
};
/// Times are Unix seconds.
struct CronJobStatus {
  std::vector<std::string> active;  ///< names of Jobs, in order of creation
  std::optional<std::int64_t> last_schedule_unix;
  std::optional<std::int64_t> last_successful_unix;
  friend bool operator==(const CronJobStatus&, const CronJobStatus&) = default;
};
/// A Job that the CronJob controls.
struct CronChild {
  enum class State : std::uint8_t { Running, Complete, Failed };
  std::string name;
  State state = State::Running;
  std::int64_t started_unix = 0;
  std::optional<std::int64_t> completed_unix;
};

/// How a sync acts on the world.
class CronJobActions {
 public:
  virtual ~CronJobActions() = default;
  /// `scheduled`: annotation batch.kubernetes.io/cronjob-scheduled-timestamp.
  virtual void create_job(const std::string& name, const std::string& scheduled) = 0;
  virtual void delete_job(const std::string& name) = 0;
  virtual void write_status(const CronJobStatus& status) = 0;
  virtual void event(ControllerEvent event) = 0;
};

/// `now`: nanoseconds since the Unix epoch as a span. Answers after how long to sync again; empty: only when something changes.
std::optional<SimDuration> sync_cron_job(const CronJobSpec& spec, CronJobStatus status, std::vector<CronChild> children,
                                         SimDuration now, CronJobActions& actions);

/// After a change of schedule or zone: when to sync; or the event for a schedule that cannot be read.
struct ScheduleChange {
  std::optional<SimDuration> sync_after;
  std::optional<ControllerEvent> event;
};
ScheduleChange schedule_changed(const CronJobSpec& spec, const CronJobStatus& status, SimDuration now);

}  // namespace tandem::control
