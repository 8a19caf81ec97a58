#pragma once
// The TrafficDriver seam with the load generator in a container.

#include <functional>
#include <optional>
#include <string>

#include "core/traffic/driver.hpp"
#include "docker/protocol/traffic_plan.hpp"
#include "real/docker/run_resources.hpp"
#include "real/engine/event_loop.hpp"

namespace tandem::docker {

class DockerTrafficDriver final : public traffic::TrafficDriver {
 public:
  struct Parts {
    real::EventLoop& loop;
    RunResources& resources;
    std::string network;
    std::string image;
    std::string cgroup_parent;
    std::string address;   ///< of the generator on the run's network
    /// Where requests to a Service ("namespace/name") go, instance by instance.
    std::function<std::vector<container::TargetAddress>(const std::string&)> targets;
    std::function<bool()> cancelled;
    /// Gives the generator's process precedence over what it loads; says whether that was possible.
    std::function<bool(std::int64_t pid)> prioritise;
  };
  explicit DockerTrafficDriver(Parts parts);
  ~DockerTrafficDriver() override;
  DockerTrafficDriver(const DockerTrafficDriver&) = delete;
  DockerTrafficDriver& operator=(const DockerTrafficDriver&) = delete;

  /// Starts the container and waits until the generator listens; before time zero. Errors: EngineTimeout, engine errors.
  Status prepare();
  /// Sends the plan; the loop's time zero is the generator's.
  Status start(const scenario::Scenario& scenario, std::function<void(const record::RequestRecord&)> record) override;
  /// Runs the loop until the generator has reported. Errors: EngineTimeout, EngineRefused (it died), Interrupted.
  Status finish() override;

  /// Changes the plan of a scenario before it is sent; for measurements.
  void set_plan_edit(std::function<void(container::TrafficPlan&)> edit) { plan_edit_ = std::move(edit); }

  /// Why the stream of records ended early, if it did.
  [[nodiscard]] const std::optional<Error>& failure() const { return failure_; }
  /// After finish().
  [[nodiscard]] const std::optional<container::ScheduleReport>& report() const { return report_; }
  [[nodiscard]] std::uint64_t records() const { return records_; }
  /// Whether the generator runs before ordinary tasks; after prepare().
  [[nodiscard]] bool real_time() const { return real_time_; }
  [[nodiscard]] const std::string& container_id() const { return container_id_; }

 private:
  Status connect();
  void on_readable();
  void close_control();
  void fail_with(Error error);

  Parts parts_;
  std::string container_id_;
  int control_ = -1;
  bool ready_ = false;
  bool real_time_ = false;
  container::FrameReader reader_;
  std::function<void(const record::RequestRecord&)> record_;
  std::function<void(container::TrafficPlan&)> plan_edit_;
  std::optional<container::ScheduleReport> report_;
  std::optional<Error> failure_;
  SimTime last_end_;         ///< by when every request of the plan has ended
  std::uint64_t records_ = 0;
};

/// The plan of a scenario. Sources end at the horizon at the latest.
container::TrafficPlan traffic_plan(const scenario::Scenario& scenario, std::int64_t zero_monotonic_ns,
                                    const std::function<std::vector<container::TargetAddress>(const std::string&)>& targets);

}  // namespace tandem::docker
