#pragma once
// The quiesce-then-step method of the recorded controller answers (controllers/README.md): our API server without delays, our
// deployment and replica set controllers run one work item at a time, a virtual clock. An action is done, the controllers run
// until nothing is due and nothing changes, the step is recorded in the form of the recordings.

#include <cstdint>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "core/base/fake_clock.hpp"
#include "core/cluster/api_server.hpp"
#include "core/control/controller_runtime.hpp"
#include "core/control/deployment_controller.hpp"
#include "core/control/replica_set_controller.hpp"

namespace tandem::truth {

/// Who runs next when both controllers have work; the four orders of the recordings.
enum class WorkOrder : std::uint8_t { DeploymentFirst, ReplicaSetsFirst, Alternating, OneInThree };

/// The parameters that a case's `p` can hold.
struct DeploymentSetup {
  std::int32_t replicas = 1;
  std::string strategy = "RollingUpdate";
  std::string max_surge = "25%";
  std::string max_unavailable = "25%";
  std::int32_t min_ready_seconds = 0;
  std::int32_t progress_deadline_seconds = 600;
  std::int32_t revision_history_limit = 10;
  bool graceful_deletion = false;  ///< deleted bound pods stay terminating until a "gone" action

  bool only_newest_ready = false;  ///< "ready" reaches pods of the newest version only

  static DeploymentSetup from_json(const nlohmann::json& parameters);
};

class DeploymentHarness {
 public:
  /// Brings the first version up, complete and healthy.
  DeploymentHarness(const DeploymentSetup& setup, WorkOrder order);

  /// Does the action `do` of `recorded` at its time, lets the controllers come to rest, and returns our own record of the step.
  nlohmann::json run_step(const nlohmann::json& recorded);

 private:
  using PodNumber = std::pair<int, int>;  ///< [replica set, pod], both counted from 1 in order of creation

  void create_deployment(const DeploymentSetup& setup);
  void observe();
  void on_replica_set(const cluster::Change<cluster::ReplicaSet>& change);
  void on_pod(const cluster::Change<cluster::Pod>& change);

  void act(const nlohmann::json& action, const nlohmann::json& recorded);
  void act_on_pods(const std::string& verb, const nlohmann::json& action);
  void edit_deployment(const std::function<void(cluster::Deployment&)>& edit);
  void set_image(const std::string& version);
  void make_ready(const cluster::Pod& pod);
  void make_unready(const cluster::Pod& pod);
  void make_failed(const cluster::Pod& pod);
  void remove_now(const cluster::Pod& pod);

  bool work_once();
  void settle();
  void advance_to(SimTime time);

  [[nodiscard]] SimTime at(double recorded_seconds) const;
  [[nodiscard]] double recorded_time() const;
  [[nodiscard]] std::vector<cluster::Ptr<cluster::Pod>> pods_by_age() const;
  [[nodiscard]] bool is_newest(const cluster::Pod& pod) const;
  [[nodiscard]] cluster::Ptr<cluster::Pod> find_pod(PodNumber number) const;
  /// The pod of that number if it is in the recorded state, otherwise another of its ReplicaSet that is: equal pods may be
  /// swapped.
  [[nodiscard]] cluster::Ptr<cluster::Pod> find_equivalent(PodNumber number) const;
  void follow_recording(const nlohmann::json& recorded);
  [[nodiscard]] nlohmann::json status_json() const;
  [[nodiscard]] nlohmann::json conditions_json() const;
  [[nodiscard]] nlohmann::json replica_sets_json() const;

  FakeClock clock_;
  cluster::ApiServer server_;
  control::OwnedInformers informers_;
  control::DeploymentController deployments_;
  control::ReplicaSetController replica_sets_;
  std::vector<cluster::Subscription> subscriptions_;
  WorkOrder order_;
  int turn_ = 0;
  bool graceful_deletion_ = false;
  bool only_newest_ready_ = false;
  SimTime start_;                                   ///< recorded time 0
  std::map<std::string, int> replica_set_numbers_;  ///< by uid
  std::map<std::string, int> numbers_by_name_;      ///< of the ReplicaSets, for event texts
  std::map<std::string, PodNumber> pod_numbers_;    ///< by uid
  std::map<std::string, int> births_;               ///< position among all pods created, by uid
  std::map<int, int> pods_created_;                 ///< by ReplicaSet number
  std::map<PodNumber, char> recorded_states_;       ///< what the recording says about its pods: P N R F
  bool recording_ = false;
  nlohmann::json step_;
};

/// Nothing if the two steps agree in everything the recordings call exact; else what differs. `timed`: changes carry times.
std::string compare_steps(const nlohmann::json& ours, const nlohmann::json& recorded, bool timed);

/// Runs a trace (the recorded steps' actions) and compares; empty if every step agrees.
std::string compare_trace(const nlohmann::json& parameters, const nlohmann::json& recorded_steps, WorkOrder order, bool timed);

}  // namespace tandem::truth
