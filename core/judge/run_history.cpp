#include "core/judge/run_history.hpp"

#include <algorithm>
#include <map>
#include <unordered_map>

#include "core/control/deployment_arithmetic.hpp"
#include "core/control/scheduler/resources.hpp"

namespace tandem::judge {

using namespace cluster;

namespace {

std::string owner_uid_of(const ObjectMeta& meta) {
  const OwnerReference* owner = controller_of(meta);
  return owner != nullptr ? owner->uid : std::string();
}

/// What a pod takes of its node, by name; nothing that it does not ask for.
ResourceList effective_requests(const PodSpec& spec) {
  const control::scheduler::Resources occupied = control::scheduler::requests_of(spec).occupied;
  ResourceList requests;
  if (occupied.milli_cpu != 0) requests.emplace("cpu", Quantity::of_milli(occupied.milli_cpu));
  if (occupied.memory != 0) requests.emplace("memory", Quantity::of_bytes(occupied.memory));
  if (occupied.ephemeral_storage != 0) requests.emplace("ephemeral-storage", Quantity::of_value(occupied.ephemeral_storage));
  for (const auto& [name, amount] : occupied.scalars) {
    if (amount != 0) requests.emplace(name, Quantity::of_value(amount));
  }
  return requests;
}

/// "cpu=500m,memory=1Gi": equal texts, equal requests.
std::string class_key(const ResourceList& requests) {
  std::string key;
  for (const auto& [name, amount] : requests) key += name + "=" + amount.text() + ",";
  return key;
}

bool is_unschedulable(const Pod& pod) {
  const Condition* scheduled = find_condition(pod.status.conditions, "PodScheduled");
  return scheduled != nullptr && scheduled->status == ConditionStatus::False && scheduled->reason == "Unschedulable";
}

/// Collects lives while the changes pass by; objects are found by uid (or name, where a world gives none).
class Collector {
 public:
  explicit Collector(RunHistory& history) : history_(history) {}

  void add(Instant at, ChangeType type, const AnyObject& object) {
    const bool exists = type != ChangeType::Deleted;
    std::visit([&](const auto& typed) { take(at, exists, typed); }, object);
  }

 private:
  template <class Life>
  Life& life_of(std::vector<Life>& lives, const char* kind, const ObjectMeta& meta, bool& is_new) {
    const std::string identity = kind + (meta.uid.empty() ? meta.namespace_ + "/" + meta.name : meta.uid);
    const auto [place, inserted] = numbers_.try_emplace(identity, lives.size());
    is_new = inserted;
    if (inserted) lives.emplace_back();
    return lives[place->second];
  }
  std::size_t class_of(ResourceList requests) {
    const auto [place, inserted] = classes_.try_emplace(class_key(requests), history_.pod_classes.size());
    if (inserted) history_.pod_classes.push_back({std::move(requests), 0});
    ++history_.pod_classes[place->second].pods;
    return place->second;
  }
  std::uint32_t next_ordinal(const std::string& owner_uid) { return owner_uid.empty() ? 1 : ++ordinals_[owner_uid]; }

  void take(Instant at, bool exists, const Pod& pod) {
    bool is_new = false;
    PodLife& life = life_of(history_.pods, "pod:", pod.meta, is_new);
    if (is_new) {
      life.namespace_ = pod.meta.namespace_;
      life.name = pod.meta.name;
      life.uid = pod.meta.uid;
      life.owner_uid = owner_uid_of(pod.meta);
      life.ordinal = next_ordinal(life.owner_uid);
      life.created = at;
      life.pod_class = class_of(effective_requests(*pod.spec));
    }
    PodState state;
    state.at = at;
    state.exists = exists;
    state.terminating = is_terminating(pod.meta);
    state.ready = is_ready(pod);
    state.phase = pod.status.phase;
    state.unschedulable = is_unschedulable(pod);
    state.nominated = pod.node_name.empty() && !pod.status.nominated_node_name.empty();
    state.node = pod.node_name;
    state.labels = !life.states.empty() && life.states.back().labels == pod.meta.labels ? life.states.back().labels : pod.meta.labels;
    for (const ContainerStatus& status : pod.status.container_statuses) state.restarts += status.restart_count;
    if (!life.bound && !pod.node_name.empty()) life.bound = at;
    if (!life.running && state.phase == PodPhase::Running) life.running = at;
    if (!life.ready && state.ready) life.ready = at;
    if (!life.deleting && (state.terminating || !exists)) life.deleting = at;
    if (!life.gone && !exists) life.gone = at;
    life.node = pod.node_name;
    life.states.push_back(std::move(state));
  }

  void take(Instant at, bool exists, const ReplicaSet& set) {
    bool is_new = false;
    ReplicaSetLife& life = life_of(history_.replica_sets, "rs:", set.meta, is_new);
    if (is_new) {
      life.namespace_ = set.meta.namespace_;
      life.name = set.meta.name;
      life.uid = set.meta.uid;
      life.owner_uid = owner_uid_of(set.meta);
      life.ordinal = next_ordinal(life.owner_uid);
      life.pod_template = set.spec.pod_template;
    }
    life.states.push_back({at, exists, set.spec.replicas, set.status.replicas, set.status.ready_replicas, set.status.available_replicas});
  }

  void take(Instant at, bool exists, const Deployment& deployment) {
    bool is_new = false;
    DeploymentLife& life = life_of(history_.deployments, "deployment:", deployment.meta, is_new);
    if (is_new) {
      life.namespace_ = deployment.meta.namespace_;
      life.name = deployment.meta.name;
      life.uid = deployment.meta.uid;
    }
    DeploymentState state;
    state.at = at;
    state.exists = exists;
    state.generation = deployment.meta.generation;
    state.observed_generation = deployment.status.observed_generation;
    state.desired = deployment.spec.replicas;
    state.replicas = deployment.status.replicas;
    state.updated = deployment.status.updated_replicas;
    state.ready = deployment.status.ready_replicas;
    state.available = deployment.status.available_replicas;
    state.unavailable = deployment.status.unavailable_replicas;
    state.recreate = deployment.spec.strategy.type == "Recreate";
    state.min_available = state.recreate ? 0 : control::min_available(deployment.spec);
    const bool same = !life.states.empty() && life.states.back().pod_template == deployment.spec.pod_template;
    state.pod_template = same ? life.states.back().pod_template : deployment.spec.pod_template;
    life.states.push_back(std::move(state));
  }

  void take(Instant, bool, const Service& service) {
    bool is_new = false;
    ServiceLife& life = life_of(history_.services, "service:", service.meta, is_new);
    life = {service.meta.namespace_, service.meta.name};
  }

  void take(Instant at, bool exists, const EndpointSlice& slice) {
    bool is_new = false;
    SliceLife& life = life_of(history_.slices, "slice:", slice.meta, is_new);
    life.namespace_ = slice.meta.namespace_;
    life.name = slice.meta.name;
    const auto label = slice.meta.labels->find("kubernetes.io/service-name");
    if (label != slice.meta.labels->end()) life.service = label->second;
    SliceState state{at, exists, {}};
    for (const Endpoint& endpoint : slice.endpoints) {
      if (exists && endpoint.ready) state.ready_pods.push_back(endpoint.pod_name.empty() ? endpoint.address : endpoint.pod_name);
    }
    life.states.push_back(std::move(state));
  }

  void take(Instant at, bool exists, const Node& node) {
    bool is_new = false;
    NodeLife& life = life_of(history_.nodes, "node:", node.meta, is_new);
    if (is_new) {
      life.name = node.meta.name;
      life.labels = *node.meta.labels;
      life.allocatable = node.status.allocatable;
    }
    const Condition* ready = find_condition(node.status.conditions, "Ready");
    life.states.push_back({at, exists, ready != nullptr && ready->status == ConditionStatus::True, node.spec.unschedulable});
  }

  void take(Instant, bool, const Event&) {}
  void take(Instant, bool, const Unstructured&) {}

  RunHistory& history_;
  std::map<std::string, std::size_t> classes_;
  std::unordered_map<std::string, std::size_t> numbers_;      // look-up only
  std::unordered_map<std::string, std::uint32_t> ordinals_;   // look-up only
};

}  // namespace

RunHistory RunHistory::of(const record::Recording& recording) {
  RunHistory history;
  Collector collector(history);
  recording.for_each_change(
      [](const record::ObjectChange& change) { return change.kind != Kind::Event && change.kind != Kind::Unstructured; },
      [&](std::size_t i, const record::ObjectChange& change, const AnyObject& object) { collector.add({change.time, i}, change.type, object); });
  history.marks = recording.marks();
  history.ended_at = recording.ended_at();
  history.complete = recording.complete();
  return history;
}

const DeploymentLife* RunHistory::deployment(std::string_view namespace_, std::string_view name) const {
  for (const DeploymentLife& life : deployments) {
    if (life.namespace_ == namespace_ && life.name == name) return &life;
  }
  return nullptr;
}

std::vector<const ReplicaSetLife*> RunHistory::replica_sets_of(const DeploymentLife& deployment) const {
  std::vector<const ReplicaSetLife*> owned;
  for (const ReplicaSetLife& life : replica_sets) {
    if (!life.owner_uid.empty() && life.owner_uid == deployment.uid) owned.push_back(&life);
  }
  return owned;
}

std::vector<const PodLife*> RunHistory::pods_of(const ReplicaSetLife& replica_set) const {
  std::vector<const PodLife*> owned;
  for (const PodLife& life : pods) {
    if (!life.owner_uid.empty() && life.owner_uid == replica_set.uid) owned.push_back(&life);
  }
  return owned;
}

}  // namespace tandem::judge
