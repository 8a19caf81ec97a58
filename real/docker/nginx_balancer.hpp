#pragma once
// The BalancerRuntime seam with Debian's nginx in containers.

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "core/balance/balancer_runtime.hpp"
#include "docker/protocol/traffic_plan.hpp"
#include "host/http.hpp"
#include "real/docker/run_resources.hpp"
#include "real/engine/event_loop.hpp"

namespace tandem::docker {

class NginxBalancer final : public balance::BalancerRuntime {
 public:
  struct Parts {
    real::EventLoop& loop;
    RunResources& resources;
    std::string network;
    std::string image;
    std::string cgroup_parent;
    std::function<std::string()> next_address;  ///< a free address of the run's network, outside the pods' ranges
  };
  explicit NginxBalancer(Parts parts);
  ~NginxBalancer() override;

  /// Creates `spec.instances` containers; `done` when all accept connections. Errors: ValueNotAllowed (another product),
  /// EngineTimeout (with the container's log), engine errors.
  void start(const std::string& service, const balance::BalancerSpec& spec, std::function<void(Status)> done) override;
  /// Writes the configuration into every instance and reloads. A list that comes during a reload waits for its end and
  /// replaces earlier waiting ones. `applied` when every instance's new workers answer and its old ones accept nothing more.
  void set_backends(const std::string& service, std::vector<balance::Backend> backends, std::function<void(Status)> applied) override;

  /// Where clients of `service` connect, instance by instance; empty for an unknown service.
  [[nodiscard]] std::vector<container::TargetAddress> addresses(const std::string& service) const;
  /// Containers, for measurements.
  [[nodiscard]] std::vector<std::string> container_ids() const;

 private:
  struct Instance {
    std::string address;
    std::string id;
    std::int64_t master_pid = 0;               ///< in our pid namespace; 0 if the engine is elsewhere
    std::vector<std::int64_t> old_workers;     ///< those of the configuration before
  };
  using Applied = std::function<void(Status)>;
  struct Service {
    balance::BalancerSpec spec;
    std::vector<Instance> instances;
    std::uint64_t generation = 0;
    bool busy = false;                         ///< starting or reloading
    bool waiting = false;
    std::vector<balance::Backend> in_force;    ///< or about to be
    std::vector<balance::Backend> wanted;
    std::vector<Applied> wanted_callbacks;
    std::vector<Applied> callbacks;            ///< of the change in progress
    std::size_t left = 0;                      ///< instances that have not followed yet
    Status status;
  };

  void create_instance(const std::string& service, std::size_t index);
  void instance_started(const std::string& service, std::size_t index);
  void begin_reload(const std::string& service);
  void reload_instance(const std::string& service, std::size_t index, const std::string& config);
  void await_generation(const std::string& service, std::size_t index, std::uint64_t generation, std::int64_t deadline_ns);
  void await_old_workers(const std::string& service, std::size_t index, std::int64_t deadline_ns);
  void give_up(const std::string& service, std::size_t index, Error error);
  /// One instance follows the change in progress, or failed to.
  void followed(const std::string& service, Status status);
  void later(std::int64_t delay_ns, std::function<void()> action);

  Parts parts_;
  host::AsyncHttp http_;
  std::map<std::string, Service> services_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace tandem::docker
