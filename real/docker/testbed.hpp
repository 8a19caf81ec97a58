#pragma once
// What a Docker run needs before anything of a scenario exists: the engine to itself, images, a network, node slices, and
// the Docker side of every seam. Runs and calibration stand on it.

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "core/scenario/scenario.hpp"
#include "real/docker/engine_client.hpp"
#include "real/docker/load_driver.hpp"
#include "real/docker/nginx_balancer.hpp"
#include "real/docker/node_runtime.hpp"
#include "real/docker/node_slices.hpp"
#include "real/docker/run_resources.hpp"
#include "real/docker/subnets.hpp"
#include "real/engine/event_loop.hpp"

namespace tandem::docker {

class Testbed {
 public:
  struct Options {
    EngineAddress address;
    scenario::Scenario scenario;
    double cpu_speed = 1.0;
    std::function<void(const std::string& step, double fraction)> progress;  ///< may be empty; fraction -1 = unknown
    std::function<bool()> cancelled;                                           ///< may be empty
  };
  explicit Testbed(Options options);
  /// Destroys what is left.
  ~Testbed();
  Testbed(const Testbed&) = delete;
  Testbed& operator=(const Testbed&) = delete;

  /// Recovers what dead runs left, makes missing images, then network, slices and a load generator that waits for its plan.
  /// After an error call destroy(). Errors: EngineUnavailable, EngineTooOld, EngineImageBuildFailed, EngineNameTaken,
  /// EngineCapability, Interrupted and other engine errors.
  Status open();
  /// Removes everything that was created; without effect the second time. Errors: EngineLeak, engine errors.
  Status destroy();

  [[nodiscard]] real::EventLoop& loop() { return loop_; }
  [[nodiscard]] EngineClient& engine() { return engine_; }
  [[nodiscard]] const EngineInfo& engine_info() const { return engine_info_; }
  /// The given scenario with the pod subnet that was free.
  [[nodiscard]] const scenario::Scenario& scenario() const { return options_.scenario; }
  [[nodiscard]] const SubnetPlan& subnet() const { return *subnet_; }
  [[nodiscard]] const NodeSlices& slices() const { return slices_; }
  [[nodiscard]] RunResources& resources() { return *resources_; }
  [[nodiscard]] DockerNodeRuntime& nodes() { return *nodes_; }
  [[nodiscard]] NginxBalancer& balancers() { return *balancers_; }
  [[nodiscard]] DockerTrafficDriver& traffic() { return *traffic_; }
  /// The images in use, separated by blanks.
  [[nodiscard]] std::string images() const { return workload_image_ + " " + generator_image_ + " " + nginx_image_; }
  [[nodiscard]] const std::string& workload_image() const { return workload_image_; }
  /// Speed that containers started from now on reckon with.
  void set_cpu_speed(double speed) { nodes_->set_cpu_speed(options_.cpu_speed = speed); }
  [[nodiscard]] double cpu_speed() const { return options_.cpu_speed; }
  [[nodiscard]] bool cancelled() const { return options_.cancelled && options_.cancelled(); }
  void report(const std::string& step, double fraction = -1) const;

  /// Called before nodes, balancers and traffic go, so that who uses them can go first.
  void set_before_destroy(std::function<void()> action) { before_destroy_ = std::move(action); }

 private:
  Status take_engine();
  Status make_images();
  Status make_network();
  Status make_parts();

  Options options_;
  real::EventLoop loop_;
  EngineClient engine_;
  EngineInfo engine_info_;
  std::optional<EngineLock> lock_;
  std::unique_ptr<RunResources> resources_;
  NodeSlices slices_;
  std::optional<SubnetPlan> subnet_;
  std::string network_;
  std::string workload_image_;
  std::string generator_image_;
  std::string nginx_image_;
  std::unique_ptr<DockerNodeRuntime> nodes_;
  std::unique_ptr<NginxBalancer> balancers_;
  std::unique_ptr<DockerTrafficDriver> traffic_;
  std::function<void()> before_destroy_;
};

}  // namespace tandem::docker
