#include "tests/truth/deployment_harness.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <stdexcept>

#include "core/control/deployment_revision.hpp"

namespace tandem::truth {

using namespace cluster;
using nlohmann::json;

namespace {

const ObjectKey kDeployment{"default", "web"};
/// Retries due within this long belong to the quiescence of the step.
constexpr SimDuration kRetryWindow = seconds(1);
/// Wake-ups in a row that change nothing after which the controllers count as at rest.
constexpr int kIdleWakeUps = 20;

IntOrString int_or_string(const std::string& text) {
  return text.ends_with('%') ? IntOrString{text} : IntOrString{std::int32_t{std::stoi(text)}};
}

Condition ready_condition(ConditionStatus status, SimTime now) {
  Condition condition;
  condition.type = "Ready";
  condition.status = status;
  condition.last_transition_time = now;
  return condition;
}

void set_ready(Pod& pod, ConditionStatus status, SimTime now) {
  std::erase_if(pod.status.conditions, [](const Condition& c) { return c.type == "Ready"; });
  pod.status.conditions.push_back(ready_condition(status, now));
}

char state_of(const Pod& pod) {
  if (is_terminal(pod.status.phase)) return 'F';
  if (is_ready(pod)) return 'R';
  return pod.node_name.empty() ? 'P' : 'N';
}

Shared<PodTemplate> template_for(const std::string& version, bool graceful_deletion) {
  PodTemplate pod_template;
  pod_template.labels = Labels{{"app", "web"}};
  PodSpec spec;
  Container container;
  container.name = "app";
  container.image = "web:" + version;
  spec.containers = {container};
  spec.termination_grace_period_seconds = graceful_deletion ? 30 : 0;
  pod_template.spec = std::move(spec);
  return pod_template;
}

template <class T>
void must(const Result<T>& result) {
  if (!result) throw std::runtime_error(to_string(result.error()));
}

}  // namespace

DeploymentSetup DeploymentSetup::from_json(const json& parameters) {
  DeploymentSetup setup;
  setup.replicas = parameters.at("replicas");
  setup.strategy = parameters.value("strategy", setup.strategy);
  setup.max_surge = parameters.value("surge", setup.max_surge);
  setup.max_unavailable = parameters.value("unavail", setup.max_unavailable);
  setup.min_ready_seconds = parameters.value("minReadySeconds", setup.min_ready_seconds);
  setup.progress_deadline_seconds = parameters.value("progressDeadlineSeconds", setup.progress_deadline_seconds);
  setup.revision_history_limit = parameters.value("revisionHistoryLimit", setup.revision_history_limit);
  setup.only_newest_ready = parameters.value("readyWho", "") == "new";
  setup.graceful_deletion = setup.strategy == "Recreate";
  return setup;
}

DeploymentHarness::DeploymentHarness(const DeploymentSetup& setup, WorkOrder order)
    : server_(clock_, DeliveryProfile::instant(), /*seed=*/1),
      informers_(server_, SimDuration{}),
      deployments_(clock_, server_, informers_.shared(), control::WorkMode::Manual),
      replica_sets_(clock_, server_, informers_.shared(), control::WorkMode::Manual),
      order_(order),
      graceful_deletion_(setup.graceful_deletion),
      only_newest_ready_(setup.only_newest_ready) {
  observe();
  create_deployment(setup);
  settle();
  for (const auto& pod : pods_by_age()) make_ready(*pod);
  settle();
  // Recorded time 0: the first version has just become available.
  start_ = control::api_time(clock_.now()) + seconds(setup.min_ready_seconds + 2);
  advance_to(start_);
  for (const auto& pod : pods_by_age()) recorded_states_[pod_numbers_.at(pod->meta.uid)] = 'R';
  recording_ = true;
}

void DeploymentHarness::create_deployment(const DeploymentSetup& setup) {
  Deployment deployment;
  deployment.meta.namespace_ = kDeployment.namespace_;
  deployment.meta.name = kDeployment.name;
  deployment.spec.replicas = setup.replicas;
  deployment.spec.selector = LabelSelector{{{"app", "web"}}, {}};
  deployment.spec.pod_template = template_for("v1.0.0", graceful_deletion_);
  deployment.spec.strategy.type = setup.strategy;
  deployment.spec.strategy.max_surge = int_or_string(setup.max_surge);
  deployment.spec.strategy.max_unavailable = int_or_string(setup.max_unavailable);
  deployment.spec.min_ready_seconds = setup.min_ready_seconds;
  deployment.spec.progress_deadline_seconds = setup.progress_deadline_seconds;
  deployment.spec.revision_history_limit = setup.revision_history_limit;
  must(server_.create(std::move(deployment)));
}

// ---------------------------------------------------------------- what happens

void DeploymentHarness::observe() {
  subscriptions_.push_back(server_.on_commit<ReplicaSet>([this](const Change<ReplicaSet>& change) { on_replica_set(change); }));
  subscriptions_.push_back(server_.on_commit<Pod>([this](const Change<Pod>& change) { on_pod(change); }));
  deployments_.on_event([this](const Deployment&, const control::PostEvent& event) {
    if (!recording_ || event.reason != "ScalingReplicaSet") return;
    std::string text = event.message;
    for (const auto& [name, number] : numbers_by_name_) {
      if (const auto found = text.find(name); found != std::string::npos)
        text.replace(found, name.size(), fmt::format("rs{}", number));
    }
    step_["ev"].push_back(text);
  });
}

void DeploymentHarness::on_replica_set(const Change<ReplicaSet>& change) {
  const ReplicaSet& object = *change.object;
  if (change.type == ChangeType::Added) {
    // The recordings count names: a version that comes back after its ReplicaSet was deleted has the name it had before.
    const int number = static_cast<int>(numbers_by_name_.size()) + 1;
    replica_set_numbers_[object.meta.uid] = number;
    numbers_by_name_[object.meta.name] = number;
  }
  const int from = change.type == ChangeType::Added ? -1 : change.previous->spec.replicas;
  const int to = change.type == ChangeType::Deleted ? -1 : object.spec.replicas;
  if (recording_ && from != to) step_["rs"].push_back({replica_set_numbers_.at(object.meta.uid), from, to, recorded_time()});
}

void DeploymentHarness::on_pod(const Change<Pod>& change) {
  const Pod& pod = *change.object;
  if (change.type == ChangeType::Added) {
    const int owner = replica_set_numbers_.at(controller_of(pod.meta)->uid);
    const PodNumber number{owner, ++pods_created_[owner]};
    pod_numbers_[pod.meta.uid] = number;
    births_[pod.meta.uid] = static_cast<int>(births_.size());
    if (recording_) step_["add"].push_back({number.first, number.second, recorded_time()});
    return;
  }
  const bool ends = (change.type == ChangeType::Deleted || is_terminating(pod.meta)) &&
                    (change.type == ChangeType::Deleted ? !is_terminating(pod.meta) : !is_terminating(change.previous->meta));
  if (!recording_ || !ends) return;
  const PodNumber number = pod_numbers_.at(pod.meta.uid);
  step_["del"].push_back({number.first, number.second, std::string(1, state_of(*change.previous)), recorded_time()});
}

// ---------------------------------------------------------------- actions

json DeploymentHarness::run_step(const json& recorded) {
  advance_to(at(recorded.at("t")));
  step_ = json::object();
  act(recorded.at("do"), recorded);
  settle();
  step_["st"] = status_json();
  step_["cond"] = conditions_json();
  step_["rss"] = replica_sets_json();
  follow_recording(recorded);
  return step_;
}

void DeploymentHarness::act(const json& action, const json& recorded) {
  const std::string verb = action.at(0);
  if (verb == "image") {
    edit_deployment([&](Deployment& d) { d.spec.pod_template = template_for(action.at(1), graceful_deletion_); });
  } else if (verb == "scale") {
    edit_deployment([&](Deployment& d) { d.spec.replicas = action.at(1); });
  } else if (verb == "image+scale") {
    edit_deployment([&](Deployment& d) {
      d.spec.pod_template = template_for(action.at(1), graceful_deletion_);
      d.spec.replicas = action.at(2);
    });
  } else if (verb == "pause" || verb == "resume") {
    edit_deployment([&](Deployment& d) { d.spec.paused = verb == "pause"; });
  } else if (verb == "undo") {
    must(control::undo(server_, kDeployment));
  } else if (verb == "advance") {
    advance_to(at(recorded.at("t").get<double>() + action.at(1).get<double>()));
  } else {
    act_on_pods(verb, action);
  }
}

/// One atomic change of several pods: the controllers run only afterwards.
void DeploymentHarness::act_on_pods(const std::string& verb, const json& action) {
  const bool named = verb.ends_with("-pod");
  std::vector<Ptr<Pod>> pods;
  if (named) {
    pods = {find_equivalent({action.at(1), action.at(2)})};
  } else {
    const bool all = action.at(1) == "all";
    const std::size_t limit = all ? SIZE_MAX : action.at(1).get<std::size_t>();
    for (const auto& pod : pods_by_age()) {
      const bool going = is_terminating(pod->meta);
      const bool may_get_ready = is_active(*pod) && !is_ready(*pod) && (!only_newest_ready_ || is_newest(*pod));
      const bool wanted = verb == "gone" ? going : verb == "ready" ? may_get_ready : !going;
      if (wanted && pods.size() < limit) pods.push_back(pod);
    }
  }
  for (const auto& pod : pods) {
    if (verb == "ready")
      make_ready(*pod);
    else if (verb == "unready" || verb == "unready-pod")
      make_unready(*pod);
    else if (verb == "fail-pod")
      make_failed(*pod);
    else if (verb == "delete-oldest" || verb == "delete-pod")
      must(server_.remove<Pod>(key_of(pod->meta)));
    else if (verb == "gone")
      remove_now(*pod);
    else
      throw std::runtime_error("unknown action " + verb);
  }
}

void DeploymentHarness::edit_deployment(const std::function<void(Deployment&)>& edit) {
  must(server_.patch<Deployment>(kDeployment, edit));
}

void DeploymentHarness::make_ready(const Pod& pod) {
  if (pod.node_name.empty()) must(server_.bind(key_of(pod.meta), pod.meta.uid, "node-of-" + pod.meta.name));
  must(server_.patch<Pod>(key_of(pod.meta), [&](Pod& edited) {
    edited.status.phase = PodPhase::Running;
    set_ready(edited, ConditionStatus::True, clock_.now());
  }));
}

void DeploymentHarness::make_unready(const Pod& pod) {
  must(server_.patch<Pod>(key_of(pod.meta), [&](Pod& edited) { set_ready(edited, ConditionStatus::False, clock_.now()); }));
}

void DeploymentHarness::make_failed(const Pod& pod) {
  must(server_.patch<Pod>(key_of(pod.meta), [&](Pod& edited) {
    edited.status.phase = PodPhase::Failed;
    set_ready(edited, ConditionStatus::False, clock_.now());
  }));
}

void DeploymentHarness::remove_now(const Pod& pod) {
  must(server_.remove<Pod>(key_of(pod.meta), {.grace_period_seconds = 0, .uid = {}}));
}

// ---------------------------------------------------------------- running the controllers

bool DeploymentHarness::work_once() {
  bool deployment_first = order_ == WorkOrder::DeploymentFirst;
  if (order_ == WorkOrder::Alternating) deployment_first = turn_ % 2 == 0;
  if (order_ == WorkOrder::OneInThree) deployment_first = turn_ % 3 == 0;
  ++turn_;
  return deployment_first ? deployments_.process_next() || replica_sets_.process_next()
                          : replica_sets_.process_next() || deployments_.process_next();
}

void DeploymentHarness::settle() {
  while (work_once()) {}
  const SimTime end = clock_.now() + kRetryWindow;
  for (int idle = 0; idle < kIdleWakeUps && clock_.next() < end; ++idle) {
    const std::int64_t version = server_.resource_version();
    clock_.run_until(clock_.next());
    while (work_once()) {}
    if (server_.resource_version() != version) idle = 0;
  }
}

void DeploymentHarness::advance_to(SimTime time) {
  while (clock_.next() <= time) {
    clock_.run_until(clock_.next());
    while (work_once()) {}
  }
  clock_.run_until(time);
}

SimTime DeploymentHarness::at(double recorded_seconds) const { return start_ + from_seconds(recorded_seconds); }
double DeploymentHarness::recorded_time() const { return to_seconds(clock_.now() - start_); }

// ---------------------------------------------------------------- pods by number

std::vector<Ptr<Pod>> DeploymentHarness::pods_by_age() const {
  auto pods = server_.list<Pod>();
  std::sort(pods.begin(), pods.end(),
            [&](const Ptr<Pod>& a, const Ptr<Pod>& b) { return births_.at(a->meta.uid) < births_.at(b->meta.uid); });
  return pods;
}

bool DeploymentHarness::is_newest(const Pod& pod) const {
  return pod.spec->containers.front().image ==
         server_.get<Deployment>(kDeployment)->spec.pod_template->spec->containers.front().image;
}

Ptr<Pod> DeploymentHarness::find_pod(PodNumber number) const {
  for (const auto& pod : server_.list<Pod>()) {
    if (pod_numbers_.at(pod->meta.uid) == number) return pod;
  }
  return nullptr;
}

Ptr<Pod> DeploymentHarness::find_equivalent(PodNumber number) const {
  const char state = recorded_states_.at(number);
  const auto exact = find_pod(number);
  if (exact && !is_terminating(exact->meta) && state_of(*exact) == state) return exact;
  for (const auto& pod : pods_by_age()) {
    const bool same_owner = pod_numbers_.at(pod->meta.uid).first == number.first;
    if (same_owner && !is_terminating(pod->meta) && state_of(*pod) == state) return pod;
  }
  throw std::runtime_error(fmt::format("no pod of replica set {} in state {}", number.first, state));
}

/// Keeps the recorded pods' states, so that actions on named pods find an equal one here.
void DeploymentHarness::follow_recording(const json& recorded) {
  const std::string verb = recorded.at("do").at(0);
  const json empty = json::array();
  for (const json& entry : recorded.value("add", empty)) recorded_states_[{entry.at(0), entry.at(1)}] = 'P';
  for (const json& entry : recorded.value("touch", empty))
    recorded_states_[{entry.at(0), entry.at(1)}] = verb == "ready" ? 'R' : 'N';
  if (verb == "fail-pod") recorded_states_[{recorded.at("do").at(1), recorded.at("do").at(2)}] = 'F';
  if (verb == "unready-pod") recorded_states_[{recorded.at("do").at(1), recorded.at("do").at(2)}] = 'N';
  for (const json& entry : recorded.value("del", empty)) recorded_states_.erase({entry.at(0), entry.at(1)});
}

// ---------------------------------------------------------------- the record

json DeploymentHarness::status_json() const {
  const DeploymentStatus& status = server_.get<Deployment>(kDeployment)->status;
  return {status.replicas, status.updated_replicas, status.ready_replicas, status.available_replicas,
          status.unavailable_replicas};
}

json DeploymentHarness::conditions_json() const {
  std::vector<std::string> texts;
  for (const Condition& condition : server_.get<Deployment>(kDeployment)->status.conditions) {
    texts.push_back(fmt::format("{}={}/{}", condition.type, name_of(condition.status), condition.reason));
  }
  std::sort(texts.begin(), texts.end());
  return texts;
}

json DeploymentHarness::replica_sets_json() const {
  auto objects = server_.list<ReplicaSet>();
  std::sort(objects.begin(), objects.end(), [&](const Ptr<ReplicaSet>& a, const Ptr<ReplicaSet>& b) {
    const int first = replica_set_numbers_.at(a->meta.uid);
    const int second = replica_set_numbers_.at(b->meta.uid);
    return first != second ? first < second : control::created_before(*a, *b);
  });
  json rows = json::array();
  for (const auto& object : objects) {
    rows.push_back({replica_set_numbers_.at(object->meta.uid), object->spec.replicas, object->status.replicas,
                    object->status.ready_replicas, object->status.available_replicas, control::revision_of(object->meta)});
  }
  return rows;
}

}  // namespace tandem::truth
