#include "core/judge/replay_input.hpp"

#include <algorithm>

#include "core/control/deployment_revision.hpp"
#include "core/judge/identity.hpp"
#include "core/judge/rollouts.hpp"

namespace tandem::judge {

using namespace control;
using cluster::Deployment;

namespace {

/// The object as someone would have submitted it.
Deployment as_submitted(Deployment deployment) {
  deployment.meta.uid.clear();
  deployment.meta.resource_version = 0;
  deployment.meta.generation = 0;
  deployment.meta.annotations.edit([](cluster::Labels& annotations) { annotations.erase(std::string(kRevisionAnnotation)); });
  deployment.status = {};
  return deployment;
}

bool is_active(const PodState& state) { return state.exists && !state.terminating && !cluster::is_terminal(state.phase); }

/// How many pods of a ReplicaSet were active at any time.
class ActivePods {
 public:
  explicit ActivePods(const std::vector<const PodLife*>& pods) {
    for (const PodLife* pod : pods) {
      bool before = false;
      for (const PodState& state : pod->states) {
        const bool now = is_active(state);
        if (now != before) counts_.emplace_back(state.at, now ? 1 : -1);
        before = now;
      }
    }
    std::sort(counts_.begin(), counts_.end());
    std::int32_t sum = 0;
    for (auto& [at, count] : counts_) count = sum += count;
  }
  [[nodiscard]] std::int32_t before(const Instant& at) const {
    const auto place = std::lower_bound(counts_.begin(), counts_.end(), at, [](const auto& entry, const Instant& wanted) { return entry.first < wanted; });
    return place == counts_.begin() ? 0 : std::prev(place)->second;
  }

 private:
  std::vector<std::pair<Instant, std::int32_t>> counts_;
};

std::int32_t desired_before(const ReplicaSetLife& set, const Instant& at) {
  const auto place = std::lower_bound(set.states.begin(), set.states.end(), at, [](const ReplicaSetState& state, const Instant& wanted) { return state.at < wanted; });
  return place == set.states.begin() ? 0 : std::prev(place)->desired;
}

ReplayPod fate_of(const PodLife& pod, const ReplicaSetLife& set) {
  ReplayPod fate;
  fate.id = {static_cast<int>(set.ordinal), static_cast<int>(pod.ordinal)};
  fate.node_name = pod.node;
  if (pod.bound) fate.bound_at = pod.bound->time;
  bool ready = false;
  for (const PodState& state : pod.states) {
    if (state.exists && state.ready != ready) {
      ready = state.ready;
      fate.readiness.push_back({state.at.time, ready});
    }
    if (!fate.failed_at && state.phase == cluster::PodPhase::Failed) fate.failed_at = state.at.time;
  }
  if (pod.deleting) fate.deleted_at = pod.deleting->time;
  if (pod.gone) fate.gone_at = pod.gone->time;
  return fate;
}

SimTime last_moment(const ReplayInput& input) {
  SimTime last = kTimeZero;
  for (const ReplayAction& action : input.actions) last = std::max(last, action.at);
  for (const ReplayPod& pod : input.pods) {
    for (const ReadinessChange& change : pod.readiness) last = std::max(last, change.at);
    for (const auto& moment : {pod.bound_at, pod.failed_at, pod.deleted_at, pod.gone_at}) last = std::max(last, moment.value_or(kTimeZero));
  }
  return last;
}

void add_actions(ReplayInput& input, const DeploymentLife& deployment, const record::Recording& recording) {
  const DeploymentState* before = nullptr;
  for (const DeploymentState& state : deployment.states) {
    if (!state.exists) break;  // a Deployment made anew is a life of its own
    const bool changed = before == nullptr || state.generation != before->generation;
    before = &state;
    if (!changed) continue;
    Deployment object = std::get<Deployment>(recording.object_after(state.at.change));
    if (input.actions.empty()) {
      input.actions.push_back({state.at.time, CreateDeployment{as_submitted(std::move(object))}});
    } else {
      input.actions.push_back({state.at.time, EditDeployment{[spec = object.spec](Deployment& edited) { edited.spec = spec; }}});
    }
  }
}

}  // namespace

ReplayInput replay_input_of(const DeploymentLife& deployment, const record::Recording& recording, const RunHistory& history,
                            cluster::DeliveryProfile profile) {
  ReplayInput input;
  input.profile = std::move(profile);
  input.seed = recording.seed();
  add_actions(input, deployment, recording);
  for (const ReplicaSetLife* set : history.replica_sets_of(deployment)) {
    const std::vector<const PodLife*> pods = history.pods_of(*set);
    const ActivePods active(pods);
    for (const PodLife* pod : pods) {
      input.pods.push_back(fate_of(*pod, *set));
      // A controller deletes only what its ReplicaSet has too many; what goes beyond that was someone else.
      if (pod->deleting && active.before(*pod->deleting) <= desired_before(*set, *pod->deleting)) {
        input.actions.push_back({pod->deleting->time, DeletePod{input.pods.back().id}});
      }
    }
  }
  std::stable_sort(input.actions.begin(), input.actions.end(), [](const ReplayAction& a, const ReplayAction& b) { return a.at < b.at; });
  input.settle = std::max(SimDuration{}, recording.ended_at() - last_moment(input));
  return input;
}

Result<std::vector<ReplayComparison>> replay_and_compare(const record::Recording& recording, const RunHistory& history,
                                                         const cluster::DeliveryProfile& profile) {
  std::vector<ReplayComparison> comparisons;
  for (const DeploymentLife& deployment : history.deployments) {
    const auto replayed = replay(replay_input_of(deployment, recording, history, profile));
    if (!replayed) return tl::unexpected(replayed.error());
    ReplayComparison comparison;
    comparison.deployment = identity_of(deployment);
    for (const judge::SizeChange& change : size_changes(deployment, history)) {
      comparison.recorded.push_back({static_cast<int>(change.replica_set), change.from, change.to, change.at.time});
    }
    comparison.replayed = replayed->sizes;
    comparison.same = comparison.recorded == comparison.replayed;
    comparison.same_joined = join_directions(comparison.recorded) == join_directions(comparison.replayed);
    comparisons.push_back(std::move(comparison));
  }
  return comparisons;
}

}  // namespace tandem::judge
