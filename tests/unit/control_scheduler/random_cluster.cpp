#include "tests/unit/control_scheduler/random_cluster.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/base/check.hpp"

namespace tandem::control {

using cluster::Node;
using cluster::Pod;
using cluster::Ptr;
using oracle::World;

namespace {

cluster::DeliveryProfile delivery(const RandomClusterKind& kind) {
  cluster::DeliveryProfile profile = cluster::DeliveryProfile::instant();
  if (!kind.lagging) return profile;
  profile.watch_delay = milliseconds(20);
  profile.write_latency = milliseconds(15);
  profile.scheduling_cost = milliseconds(3);
  return profile;
}

std::string path_of(const Pod& pod) { return pod.meta.namespace_ + "/" + pod.meta.name; }

cluster::Unstructured object(const char* api_version, const char* kind, std::string namespace_name, std::string name,
                             const nlohmann::json& fields) {
  cluster::Unstructured made;
  made.api_version = api_version;
  made.kind = kind;
  made.meta.namespace_ = std::move(namespace_name);
  made.meta.name = std::move(name);
  made.rest.fields = std::make_shared<const nlohmann::json>(fields);
  return made;
}

constexpr std::size_t kTemplates = 6;

}  // namespace

RandomCluster::RandomCluster(RandomClusterKind kind)
    : kind_(kind), random_(kind.seed, "random-cluster"), api_(clock_, delivery(kind), kind.seed) {
  SchedulerOptions options;
  options.seed = kind.seed;
  options.check_every = kind.checked ? 1 : 0;
  options.profiles.front().percentage_of_nodes_to_score = kind.percentage;
  options.on_decision = [this](const record::SchedulingDecision& decision) { decided(decision); };
  observer_ = api_.on_commit<Pod>([this](const cluster::Change<Pod>& change) { pod_committed(change); });
  cluster::Unstructured other = object("v1", "Namespace", "", "other", nlohmann::json::object());
  other.meta.labels = cluster::Labels{{"team", "red"}};
  (void)api_.create(other);
  for (std::size_t i = 0; i < kTemplates; ++i) templates_.push_back(random_template());
  const std::size_t nodes = kind.nodes != 0 ? kind.nodes : 1 + below(6);
  for (std::size_t i = 0; i < nodes; ++i) (void)api_.create(random_node("n" + std::to_string(nodes_made_++)));
  scheduler_.emplace(clock_, api_, std::move(options));
}

RandomCluster::~RandomCluster() = default;

void RandomCluster::problem(std::string text) {
  if (problem_.empty()) problem_ = fmt::format("at {}: {}", to_string(clock_.now()), text);
}

std::string RandomCluster::run() {
  const CheckScope scope(kind_.seed, [this] { return clock_.now(); });
  for (std::size_t i = 0; i < kind_.steps && problem_.empty(); ++i) {
    step();
    settle();
    check_victims();
    check_nodes();
    clock_.run_until(clock_.now() + milliseconds(static_cast<std::int64_t>(50 + below(4000))));
  }
  // Quiet: victims leave, back-offs end. What still waits must wait for a reason.
  for (int i = 0; i < 12 && problem_.empty(); ++i) {
    let_victims_go(1);
    clock_.run_until(clock_.now() + seconds(12));
    check_victims();
    check_nodes();
  }
  if (!kind_.spreading && !kind_.affinity) check_pending(false);
  for (int i = 0; i < 24 && problem_.empty(); ++i) {
    clock_.run_until(clock_.now() + seconds(30));
    let_victims_go(1);
  }
  clock_.run_until(clock_.now() + seconds(12));
  check_pending(true);
  return problem_;
}

// ---------------------------------------------------------------- what happens

void RandomCluster::settle() { clock_.run_until(clock_.now() + (kind_.lagging ? milliseconds(static_cast<std::int64_t>(below(80))) : SimDuration{})); }

void RandomCluster::step() {
  switch (below(10)) {
    case 0:
    case 1:
    case 2:
    case 3:
      return add_pods();
    case 4:
    case 5:
      return change_a_node();
    case 6:
      return change_a_pod();
    case 7:
      return end_a_pod();
    case 8:
      return set_budget();
    default:
      return let_victims_go(2);
  }
}

void RandomCluster::add_pods() {
  const std::size_t count = 1 + below(4);
  for (std::size_t i = 0; i < count; ++i) {
    if (one_in(12)) templates_[below(templates_.size())] = random_template();
    Pod pod = any_of(templates_);
    pod.meta.name = "p" + std::to_string(pods_made_++);
    (void)api_.create(std::move(pod));
  }
}

void RandomCluster::change_a_node() {
  const auto nodes = api_.list<Node>();
  if (nodes.empty() || one_in(6)) {
    const std::string name = one_in(2) ? "n" + std::to_string(below(4)) : "n" + std::to_string(nodes_made_++);
    if (api_.get<Node>({"", name}) == nullptr) shrunk_.insert(name);  // pods of its namesake may still be there
    (void)api_.create(random_node(name));
    return;
  }
  const std::string name = any_of(nodes)->meta.name;
  const cluster::ObjectKey key{"", name};
  const Node fresh = random_node(name);
  switch (below(6)) {
    case 0:
      (void)api_.remove<Node>(key);
      break;
    case 1:
      (void)api_.patch<Node>(key, [](Node& node) { node.spec.unschedulable = !node.spec.unschedulable; });
      break;
    case 2:
      (void)api_.patch<Node>(key, [&](Node& node) { node.meta.labels = fresh.meta.labels; });
      break;
    case 3:
      (void)api_.patch<Node>(key, [&](Node& node) { node.spec.taints = fresh.spec.taints; });
      break;
    case 4:
      (void)api_.patch<Node>(key, [&](Node& node) { node.status.images = fresh.status.images; });
      break;
    default:
      shrunk_.insert(name);
      (void)api_.patch<Node>(key, [&](Node& node) { node.status.allocatable = fresh.status.allocatable; });
      break;
  }
}

void RandomCluster::change_a_pod() {
  const auto pods = api_.list<Pod>();
  if (pods.empty()) return;
  const Ptr<Pod> pod = any_of(pods);
  const cluster::ObjectKey key = cluster::key_of(pod->meta);
  if (!pod->spec->scheduling_gates.empty()) {
    (void)api_.patch<Pod>(key, [](Pod& edited) { edited.spec.edit([](cluster::PodSpec& spec) { spec.scheduling_gates.clear(); }); });
  } else if (one_in(2)) {
    (void)api_.patch<Pod>(key, [&](Pod& edited) {
      edited.meta.labels.edit([&](cluster::Labels& labels) { labels["app"] = any_of<std::string>({"x", "y", "z"}); });
    });
  } else if (pod->node_name.empty()) {
    (void)api_.patch<Pod>(key, [](Pod& edited) {
      edited.spec.edit([](cluster::PodSpec& spec) { spec.tolerations.push_back({"dedicated", "Exists", "", "", {}, {}}); });
    });
  }
}

void RandomCluster::end_a_pod() {
  const auto pods = api_.list<Pod>();
  if (pods.empty()) return;
  const Ptr<Pod> pod = any_of(pods);
  const cluster::ObjectKey key = cluster::key_of(pod->meta);
  if (one_in(3) && !pod->node_name.empty()) {
    (void)api_.patch<Pod>(key, [](Pod& edited) { edited.status.phase = cluster::PodPhase::Succeeded; });
  } else {
    (void)api_.remove<Pod>(key);
  }
}

void RandomCluster::set_budget() {
  const cluster::ObjectKey key{"default", "budget", "PodDisruptionBudget"};
  if (api_.get<cluster::Unstructured>(key) != nullptr) {
    (void)api_.remove<cluster::Unstructured>(key);
    return;
  }
  (void)api_.create(object("policy/v1", "PodDisruptionBudget", "default", "budget",
                           {{"spec", {{"selector", {{"matchLabels", {{"app", "x"}}}}}}}, {"status", {{"disruptionsAllowed", below(2)}}}}));
}

/// What kubelets do in the end.
void RandomCluster::let_victims_go(std::uint64_t one_of) {
  for (const Ptr<Pod>& pod : api_.list<Pod>()) {
    if (pod->meta.deletion_timestamp && one_in(one_of)) (void)api_.remove<Pod>(cluster::key_of(pod->meta), {.grace_period_seconds = 0, .uid = {}});
  }
}

// ---------------------------------------------------------------- what must hold

/// On a lagging control plane the scheduler may rightly know less than the store.
void RandomCluster::decided(const record::SchedulingDecision& decision) {
  check_victims();
  if (kind_.lagging || !problem_.empty()) return;
  const std::size_t slash = decision.pod.find('/');
  const Ptr<Pod> pod = api_.get<Pod>({decision.pod.substr(0, slash), decision.pod.substr(slash + 1)});
  if (pod == nullptr) return problem(decision.pod + " is decided about but does not exist");
  World world = World::of(api_);
  const std::vector<std::string> feasible = oracle::feasible_nodes(world, *pod);
  const auto is_feasible = [&](const std::string& node) { return std::find(feasible.begin(), feasible.end(), node) != feasible.end(); };
  if (decision.node.empty()) {
    ++failures_;
    if (!feasible.empty()) return problem(fmt::format("{} fits on {}, but: {}", decision.pod, feasible.front(), decision.message));
    preemptor_ = Preemptor{pod, std::move(world), {}};
    return;
  }
  if (!is_feasible(decision.node)) {
    const Ptr<Node> node = api_.get<Node>({"", decision.node});
    return problem(fmt::format("{} must not go to {}: {}", decision.pod, decision.node,
                               node ? oracle::objection_with_nominations(world, *pod, *node) : "no such node"));
  }
  std::size_t expected = feasible.size();
  const std::size_t nodes = world.nodes.size();
  if (nodes >= 100) {  // then the search ends early
    const std::size_t share = kind_.percentage != 0 ? static_cast<std::size_t>(kind_.percentage) : 50 - nodes / 125;
    expected = std::min(expected, std::max<std::size_t>(100, nodes * share / 100));
  }
  if (is_feasible(pod->status.nominated_node_name)) expected = 1;
  if (decision.feasible != expected) {
    problem(fmt::format("{} has {} feasible nodes, the scheduler found {}", decision.pod, expected, decision.feasible));
  }
}

void RandomCluster::pod_committed(const cluster::Change<Pod>& change) {
  const Pod& pod = *change.object;
  if (change.previous && change.previous->node_name.empty() && !pod.node_name.empty()) ++bindings_;
  if (!preemptor_ || change.type == cluster::ChangeType::Added) return;
  const auto* target = cluster::find_condition(pod.status.conditions, "DisruptionTarget");
  const bool marked = target != nullptr && target->reason == "PreemptionByScheduler";
  const bool was_leaving = change.previous->meta.deletion_timestamp.has_value();
  if (marked && pod.meta.deletion_timestamp && !was_leaving && change.type == cluster::ChangeType::Modified) preemptor_->victims.push_back(change.previous);
}

/// Victims of the last failed attempt: less important, enough, and (where rules only take away) none in vain.
void RandomCluster::check_victims() {
  if (!preemptor_ || !problem_.empty()) return;
  const Preemptor preemptor = *std::exchange(preemptor_, std::nullopt);
  if (preemptor.victims.empty()) return;
  ++preemptions_;
  const Pod& pod = *preemptor.pod;
  if (pod.spec->preemption_policy == "Never") return problem(path_of(pod) + " preempts although it must not");
  const std::string& name = preemptor.victims.front()->node_name;
  const auto node = std::find_if(preemptor.world.nodes.begin(), preemptor.world.nodes.end(),
                                 [&](const Ptr<Node>& each) { return each->meta.name == name; });
  if (node == preemptor.world.nodes.end()) return problem("victims on a node that is gone");
  std::vector<std::string> gone;
  for (const Ptr<Pod>& victim : preemptor.victims) {
    if (victim->node_name != name) problem("victims on several nodes");
    if (victim->spec->priority.value_or(0) >= pod.spec->priority.value_or(0)) problem(path_of(*victim) + " is no less important than " + path_of(pod));
    gone.push_back(victim->meta.uid);
  }
  for (const Ptr<Pod>& other : preemptor.world.pods) {  // victims that were leaving already are not marked again
    if (other->meta.deletion_timestamp && other->node_name == name && other->spec->priority.value_or(0) < pod.spec->priority.value_or(0)) gone.push_back(other->meta.uid);
  }
  // Upstream's dry run takes a pod that is leaving off a domain that never counted it (§1.10), so it may be too hopeful.
  const bool hopeful = kind_.spreading && gone.size() != preemptor.victims.size();
  if (const std::string still = oracle::objection(preemptor.world, pod, **node, gone); !still.empty() && !hopeful) {
    problem(fmt::format("{} does not fit on {} even without the victims: {}", path_of(pod), name, still));
  }
  // A pod that is leaving anyway may have been spared in another's place: then this says nothing.
  if (kind_.spreading || kind_.affinity || gone.size() != preemptor.victims.size()) return;
  for (const Ptr<Pod>& victim : preemptor.victims) {
    std::vector<std::string> without = gone;
    std::erase(without, victim->meta.uid);
    if (oracle::objection(preemptor.world, pod, **node, without).empty()) {
      // Nominated pods that count for as much need room too.
      const bool others = std::any_of(preemptor.world.pods.begin(), preemptor.world.pods.end(), [&](const Ptr<Pod>& each) {
        return each->status.nominated_node_name == name && each->meta.uid != pod.meta.uid;
      });
      if (!others) problem(fmt::format("{} is evicted from {} in vain for {}", path_of(*victim), name, path_of(pod)));
    }
  }
}

void RandomCluster::check_nodes() {
  const World world = World::of(api_);
  for (const Ptr<Node>& node : world.nodes) {
    if (shrunk_.contains(node->meta.name)) continue;
    if (const std::string over = oracle::overcommitment(world, *node); !over.empty()) problem("too much on a node: " + over);
  }
}

/// Nothing waits that could run; after the sweeps of the unschedulable pool without exception.
void RandomCluster::check_pending(bool after_sweeps) {
  if (!problem_.empty()) return;
  const World world = World::of(api_);
  for (const Ptr<Pod>& pod : world.pods) {
    if (!oracle::is_waiting(*pod)) continue;
    ++still_pending_;
    const std::vector<std::string> feasible = oracle::feasible_nodes(world, *pod);
    if (feasible.empty()) continue;
    const auto* condition = cluster::find_condition(pod->status.conditions, "PodScheduled");
    problem(fmt::format("{} is Pending{}, but {} can take it; it was told: {}", path_of(*pod), after_sweeps ? " for minutes" : "",
                        feasible.front(), condition != nullptr ? condition->message : "nothing"));
  }
}

}  // namespace tandem::control
