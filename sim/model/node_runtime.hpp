#pragma once
// Simulated nodes: what a kubelet asks of a container runtime, with the delays of a calibration and the behaviour of the
// scenario's images.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/base/random.hpp"
#include "core/control/node_runtime.hpp"
#include "core/scenario/scenario.hpp"
#include "sim/engine/engine.hpp"
#include "sim/model/cpu.hpp"
#include "sim/model/measured_draw.hpp"
#include "sim/model/memory.hpp"
#include "sim/model/pod_network.hpp"
#include "sim/model/probe_client.hpp"
#include "sim/model/replica.hpp"

namespace tandem::sim {

/// The CPU side of a node: its slice, and the container engine that works for it.
struct NodeCpu {
  SliceId slice{};
  CpuGroupId container_engine{};
};

class SimNodeRuntime final : public control::NodeRuntime {
 public:
  struct Parts {
    Engine& engine;
    Cpu& cpu;
    PodNetwork& network;
    const scenario::Scenario& scenario;          ///< outlives the runtime
    const scenario::Calibration& calibration;
    std::vector<NodeCpu> nodes;                  ///< by node number
    std::vector<NetworkNode> hosts;              ///< by node number: places in the engine's topology
    std::optional<NetworkNode> registry;         ///< where images that are not preloaded come from
  };
  explicit SimNodeRuntime(Parts parts);
  ~SimNodeRuntime() override;

  void create_sandbox(const control::PodIdentity& pod, std::function<void(Status)> done) override;
  void remove_sandbox(const control::PodIdentity& pod, std::function<void(Status)> done) override;
  [[nodiscard]] bool image_present(const std::string& node_name, const std::string& image) const override;
  void pull_image(const std::string& node_name, const std::string& image,
                  std::function<void(Result<control::ImagePulled>)> done) override;
  void start_container(const control::ContainerRequest& request,
                       std::function<void(Result<control::ContainerStarted>)> done) override;
  void stop_container(const std::string& container_id, SimDuration grace) override;
  void probe(const control::ProbeRequest& request, std::function<void(control::ProbeOutcome)> done) override;
  void exec(const std::string& container_id, const std::vector<std::string>& command,
            std::function<void(Result<int>)> done) override;
  void http_get(const control::HookRequest& request, std::function<void(Status)> done) override;
  void stats(const std::string& container_id, std::function<void(Result<control::ContainerStats>)> done) override;
  void set_exit_listener(std::function<void(const control::ContainerExited&)> listener) override {
    exit_listener_ = std::move(listener);
  }

  /// SIGKILL from outside the control plane (a fault). False if no such process runs.
  bool kill_container(const std::string& container_id);
  /// The running container of a pod with this name (empty: the first), or nothing.
  [[nodiscard]] std::optional<std::string> find_container(const std::string& pod_uid, const std::string& container_name) const;

  /// What an observer may see of a running container. Order of starting.
  struct ContainerView {
    const std::string& pod;
    const std::string& container;
    CpuGroupId group;
  };
  void for_each_running(const std::function<void(const ContainerView&)>& visit) const;

 private:
  struct Container {
    std::string id;
    control::ContainerRequest request;
    std::uint32_t number = 0;       ///< order of starting
    std::uint32_t node = 0;
    std::int32_t port = 0;
    AddressId address{};
    RandomStream draws;
    std::unique_ptr<Replica> replica;  ///< from start to end of the process
    TimerHandle kill_timer;
    SimTime kill_at = kTimeNever;
    SimDuration cpu_at_end;
    SimDuration throttled_at_end;
    bool ended = false;
    bool oom_killed = false;
  };
  /// The container engine working on a container: a stretch of waiting (disk, network set-up), then one of CPU time.
  struct Operation final : EventHandler {
    Operation(SimNodeRuntime& owner, std::uint64_t number_in) : runtime(owner), number(number_in) {}
    void fire(std::uint32_t kind, std::uint64_t payload) override;
    SimNodeRuntime& runtime;
    std::uint64_t number;
    std::uint32_t node = 0;
    double cpu_ns = 0;
    std::function<void()> done;
  };
  enum OperationEvent : std::uint32_t { kWaited, kWorked };
  /// A command that runs in a container.
  struct Execution {
    std::uint32_t container = 0;
    TimerHandle end;
    std::function<void(Result<int>)> done;
  };

  void run_operation(std::uint32_t node, SimDuration duration, double cpu_share, std::function<void()> done);
  void start_process(Container& container, const std::function<void(Result<control::ContainerStarted>)>& done);
  void process_ended(std::uint32_t number, std::int32_t exit_code);
  void take_memory(const Container& container, const scenario::MemorySpec& memory);
  void end_executions(std::uint32_t container);
  void probe_by_exec(const control::ProbeRequest& request, std::function<void(control::ProbeOutcome)> done);
  [[nodiscard]] Container* find(const std::string& container_id);
  /// The container if its process runs, or nullptr.
  [[nodiscard]] Container* find_running(const std::string& container_id);
  [[nodiscard]] const scenario::ImageSpec* image_of(const std::string& reference) const;
  void later(SimDuration delay, std::uint32_t entity, std::function<void()> callback);

  Engine& engine_;
  Cpu& cpu_;
  PodNetwork& network_;
  const scenario::Scenario& scenario_;
  double cpu_speed_;
  std::vector<NodeCpu> nodes_;
  std::vector<NetworkNode> hosts_;
  std::optional<NetworkNode> registry_;
  MeasuredDraw container_create_;
  MeasuredDraw container_start_;
  MeasuredDraw container_stop_;
  MeasuredDraw sandbox_create_;

  std::set<std::pair<std::uint32_t, std::string>> pulled_;      ///< node, image
  std::map<std::string, AddressId> sandboxes_;                  ///< by pod uid
  std::map<std::uint32_t, std::unique_ptr<Container>> containers_;  ///< by number; kept while their sandbox exists
  std::map<std::string, std::uint32_t, std::less<>> container_numbers_;
  std::map<std::uint64_t, std::unique_ptr<Operation>> operations_;
  std::map<std::uint32_t, std::unique_ptr<NodeMemory>> memories_;  ///< by node; only where images say something of memory
  std::map<std::uint64_t, Execution> executions_;
  std::uint64_t last_execution_ = 0;
  std::uint32_t last_container_ = 0;
  std::uint64_t last_operation_ = 0;
  ProbeClient probes_;
  std::function<void(const control::ContainerExited&)> exit_listener_;
};

}  // namespace tandem::sim
