#pragma once
// The pod lifecycle on one node: what a kubelet does between a pod being bound and its object being gone
// (kubernetes-semantics §4). It sees only a clock, the API server and a NodeRuntime, so it runs unchanged above the
// simulation's nodes and above slices of a Docker engine.

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/clock.hpp"
#include "core/base/random.hpp"
#include "core/cluster/api_server.hpp"
#include "core/control/node_runtime.hpp"
#include "core/control/kubelet/pod_address_pool.hpp"
#include "core/control/prober.hpp"

namespace tandem::control {

/// Kubelet timing and identity. Sources: kubernetes-semantics §4.2, §10.1.
struct KubeletOptions {
  std::string node_name;
  std::uint32_t node_index = 0;             ///< breaks ties between nodes
  Ipv4Range pod_range;                      ///< the node's pod CIDR
  std::string host_ip;
  std::uint64_t seed = 1;
  SimDuration pleg_period = seconds(1);     ///< relist of containers: starts and exits are seen at its ticks
  SimDuration volume_wait = milliseconds(300);  ///< poll of WaitForAttachAndMount: every pod has a token volume
};

class Kubelet {
 public:
  Kubelet(Clock& clock, cluster::ApiServer& server, NodeRuntime& runtime, KubeletOptions options);
  ~Kubelet();
  Kubelet(const Kubelet&) = delete;
  Kubelet& operator=(const Kubelet&) = delete;

  /// The node's watch delivered a pod that is (or was) bound here.
  void pod_changed(const cluster::Change<cluster::Pod>& change);
  /// True if the container belongs to a pod of this node.
  bool container_exited(const ContainerExited& exit);

  /// Pods this kubelet still has anything of; empty after everything was deleted and cleaned up.
  [[nodiscard]] std::size_t pod_count() const { return pods_.size(); }

 private:
  /// What the runtime reported of a container, and what the last relist saw of it.
  struct ContainerRecord {
    std::string name;
    std::string container_id;
    cluster::ContainerState state;               ///< as the last relist saw it: this is what status shows
    std::optional<cluster::ContainerState> unseen;  ///< newer truth, waiting for the next relist
    std::optional<cluster::ContainerState> last_state;
    bool alive = false;                          ///< started and not exited
    std::int32_t restart_count = 0;
    int back_off_step = 0;                       ///< restarts already delayed (§4.3)
    std::optional<SimTime> back_off_updated;
    std::unique_ptr<ReadinessProber> prober;     ///< null without a readiness probe
  };

  enum class Stage : std::uint8_t { Preparing, SandboxCreating, Starting, Running, Terminating, CleaningUp, Gone };

  struct PodWorker {
    cluster::Ptr<cluster::Pod> pod;
    PodIdentity identity;
    Stage stage = Stage::Preparing;
    std::uint32_t number = 0;                    ///< order of arrival: ties and entity of timers
    bool sandbox_ready = false;
    bool call_in_flight = false;                 ///< a runtime call whose answer moves the stage
    std::size_t starting = 0;                    ///< index of the container being pulled or started
    SimTime start_time;
    std::vector<ContainerRecord> containers;
    std::optional<cluster::PodStatus> posted;    ///< last status sent
    TimerHandle retry;
    bool sync_needed = false;                    ///< the next relist shall look at this pod
  };

  struct Pull {
    std::string pod_uid;
    std::string image;
    std::size_t container = 0;
  };

  // Life of a pod.
  void admit(const cluster::Ptr<cluster::Pod>& pod);
  void create_sandbox(PodWorker& worker);
  void continue_starting(PodWorker& worker);
  void ensure_image(PodWorker& worker);
  void start_next_pull();
  void pull_finished(const Pull& pull, const Result<ImagePulled>& result);
  void start_container(PodWorker& worker);
  void container_started(PodWorker& worker, std::size_t index, const Result<ContainerStarted>& result);
  void retry_later(PodWorker& worker);
  void restart_exited(PodWorker& worker);
  void terminate(PodWorker& worker);
  void terminate_if_stopped(PodWorker& worker);
  void clean_up(PodWorker& worker);
  void remove_object(PodWorker& worker);
  void forget(const std::string& uid);

  // Observation and status.
  void request_relist(PodWorker& worker);
  void relist();
  void sync(PodWorker& worker);
  void post_status(PodWorker& worker);
  [[nodiscard]] cluster::PodStatus make_status(const PodWorker& worker) const;
  [[nodiscard]] cluster::PodPhase phase_of(const PodWorker& worker) const;
  [[nodiscard]] bool container_ready(const PodWorker& worker, const ContainerRecord& record) const;
  [[nodiscard]] ContainerRequest request_for(const PodWorker& worker, std::size_t index) const;

  PodWorker* find(const std::string& uid);
  [[nodiscard]] std::uint32_t entity(const PodWorker& worker) const;

  Clock& clock_;
  NodeRuntime& runtime_;
  KubeletOptions options_;
  cluster::ApiClient client_;
  AddressPool addresses_;
  RandomStream retry_jitter_;
  SimDuration pleg_phase_;
  TimerHandle relist_timer_;
  std::map<std::string, std::unique_ptr<PodWorker>> pods_;  ///< by uid
  std::map<std::string, std::pair<std::string, std::size_t>> containers_;  ///< container id → pod uid, index
  std::deque<Pull> pulls_;                                    ///< serial per node; front is in progress
  std::uint32_t pods_seen_ = 0;
  /// Runtime answers may outlive the kubelet.
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

/// All kubelets of a cluster: one watch, dispatched by node name.
class Kubelets {
 public:
  Kubelets(Clock& clock, cluster::ApiServer& server, NodeRuntime& runtime, std::vector<KubeletOptions> nodes);
  ~Kubelets();
  [[nodiscard]] std::size_t pod_count() const;

 private:
  NodeRuntime& runtime_;
  std::map<std::string, std::unique_ptr<Kubelet>, std::less<>> by_node_;
  cluster::Subscription watch_;
};

/// Delay before restart `step` (0 = first) of a crashed container, counted from its end: 0, 10, 20, 40 … 300 s (§4.3).
SimDuration restart_back_off(int step);
/// Always for `:latest` or no tag, else IfNotPresent (§4.5).
std::string image_pull_policy_of(const cluster::Container& container);

}  // namespace tandem::control
