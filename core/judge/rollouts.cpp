#include "core/judge/rollouts.hpp"

#include <algorithm>
#include <map>

#include "core/base/text.hpp"
#include "core/control/deployment_revision.hpp"
#include "core/record/units.hpp"

namespace tandem::judge {

namespace {

bool mentions(const record::Mark& mark, const DeploymentLife& deployment) {
  const std::string plain = "deployment/" + deployment.name;
  const std::string qualified = "deployment/" + deployment.namespace_ + "/" + deployment.name;
  for (const std::string& word : split(mark.text, ' ')) {
    if (word == plain || word == qualified) return true;
  }
  return false;
}

/// The latest action on this Deployment's template in (after, change]: what asked for the change.
std::optional<SimTime> action_before(const DeploymentLife& deployment, const RunHistory& history, SimTime after, SimTime change) {
  std::optional<SimTime> found;
  for (const record::Mark& mark : history.marks) {
    if (mark.kind != "action" || mark.time < after || mark.time > change) continue;
    const bool changes_template = mark.text.starts_with("setImage ") || mark.text.starts_with("rolloutUndo ") || mark.text.starts_with("undo ");
    if (changes_template && mentions(mark, deployment)) found = std::max(found.value_or(mark.time), mark.time);
  }
  return found;
}

/// Pods of another template that lived between the rollout's beginning and the next change.
struct OldPods {
  bool any = false;
  bool all_gone = true;
  SimTime last_gone;
};

OldPods old_pods(const Rollout& rollout, const DeploymentState& changed, const Rollout* next, const RunHistory& history) {
  OldPods old;
  for (const ReplicaSetLife* set : history.replica_sets_of(*rollout.deployment)) {
    if (control::same_template(*set->pod_template, *changed.pod_template)) continue;
    for (const PodLife* pod : history.pods_of(*set)) {
      const bool of_a_later_change = next != nullptr && !(pod->created < next->committed);
      if (of_a_later_change || (pod->gone && *pod->gone < rollout.committed)) continue;
      old.any = true;
      if (!pod->gone) old.all_gone = false;
      else old.last_gone = std::max(old.last_gone, pod->gone->time);
    }
  }
  return old;
}

void find_end(Rollout& rollout, std::size_t state_index, const Rollout* next, const RunHistory& history) {
  const std::vector<DeploymentState>& states = rollout.deployment->states;
  const auto before_next = [&](const Instant& at) { return next == nullptr || at < next->committed; };
  for (std::size_t i = state_index; i < states.size() && before_next(states[i].at); ++i) {
    if (!states[i].complete()) continue;
    rollout.complete = states[i].at.time;
    break;
  }
  const OldPods old = old_pods(rollout, states[state_index], next, history);
  if (old.any && old.all_gone) rollout.last_old_gone = old.last_gone;
  if (rollout.complete && old.all_gone) rollout.end = old.any ? std::max(*rollout.complete, old.last_gone) : *rollout.complete;
  // Old pods may well end after the next change began; the rollout itself was over only if it was complete before.
  rollout.superseded = next != nullptr && !rollout.complete;
  if (rollout.superseded) rollout.end.reset();
}

}  // namespace

std::vector<Rollout> rollouts_of(const DeploymentLife& deployment, const RunHistory& history) {
  std::vector<Rollout> rollouts;
  std::vector<std::size_t> state_of;
  for (std::size_t i = 0; i < deployment.states.size(); ++i) {
    const DeploymentState& state = deployment.states[i];
    if (!state.exists) continue;
    const bool created = i == 0 || !deployment.states[i - 1].exists;
    if (!created && control::same_template(*deployment.states[i - 1].pod_template, *state.pod_template)) continue;
    Rollout rollout;
    rollout.deployment = &deployment;
    rollout.number = static_cast<std::uint32_t>(rollouts.size());
    rollout.committed = state.at;
    rollout.start = state.at.time;
    if (!created) {
      const SimTime after = rollouts.empty() ? kTimeZero : rollouts.back().committed.time;
      if (const auto action = action_before(deployment, history, after, state.at.time)) {
        rollout.start = *action;
        rollout.from_action = true;
      }
    }
    rollouts.push_back(rollout);
    state_of.push_back(i);
  }
  for (std::size_t i = 0; i < rollouts.size(); ++i) {
    find_end(rollouts[i], state_of[i], i + 1 < rollouts.size() ? &rollouts[i + 1] : nullptr, history);
  }
  return rollouts;
}

std::vector<SizeChange> size_changes(const DeploymentLife& deployment, const RunHistory& history) {
  std::vector<SizeChange> changes;
  for (const ReplicaSetLife* set : history.replica_sets_of(deployment)) {
    std::int32_t before = -1;
    for (const ReplicaSetState& state : set->states) {
      const std::int32_t now = state.exists ? state.desired : -1;
      if (now != before) changes.push_back({state.at, set->ordinal, before, now});
      before = now;
    }
  }
  std::sort(changes.begin(), changes.end(), [](const SizeChange& a, const SizeChange& b) { return a.at < b.at; });
  return changes;
}

std::string sizes_text(const Rollout& rollout, const RunHistory& history) {
  const DeploymentLife& deployment = *rollout.deployment;
  const auto rollouts = rollouts_of(deployment, history);
  const Instant from = rollout.committed;
  std::optional<Instant> until;
  if (rollout.number + 1 < rollouts.size()) until = rollouts[rollout.number + 1].committed;

  const auto changed = std::find_if(deployment.states.begin(), deployment.states.end(), [&](const auto& state) { return state.at == from; });
  std::optional<std::uint32_t> new_set;
  for (const ReplicaSetLife* set : history.replica_sets_of(deployment)) {
    if (control::same_template(*set->pod_template, *changed->pod_template)) new_set = set->ordinal;
  }
  std::map<std::uint32_t, std::int32_t> sizes_at_start;
  std::vector<SizeChange> steps;
  for (const SizeChange& change : size_changes(deployment, history)) {
    if (change.at < from) sizes_at_start[change.replica_set] = std::max(change.to, 0);
    else if (change.to < 0) continue;  // cleaned up by the revision history limit: no size any more
    else if (!until || change.at < *until) steps.push_back(change);
  }
  std::erase_if(sizes_at_start, [](const auto& entry) { return entry.second == 0; });
  const std::size_t old_sets = sizes_at_start.size() - (new_set ? sizes_at_start.count(*new_set) : 0);
  std::string text;
  const auto append = [&](std::uint32_t set, std::int32_t size) {
    if (!text.empty()) text += "; ";
    if (new_set == set) text += "new";
    else text += old_sets > 1 ? "old(" + std::to_string(set) + ")" : "old";
    text += " " + std::to_string(size);
  };
  for (const auto& [set, size] : sizes_at_start) append(set, size);
  for (const SizeChange& step : steps) append(step.replica_set, step.to);
  return text;
}

Availability availability_of(const DeploymentLife& deployment, const RunHistory& history) {
  Availability result;
  for (const DeploymentState& state : deployment.states) {
    if (state.exists && state.desired > 0 && state.available >= state.desired) {
      result.first_full = state.at.time;
      break;
    }
  }
  const SimTime begin = result.first_full.value_or(kTimeZero);
  SimDuration run_desired, run_minimum;  // how long the present shortage has lasted
  bool any = false;
  const auto pass = [&](const DeploymentState& state, SimTime until) {
    const SimTime from = std::max(state.at.time, begin);
    if (until <= from) return;
    const SimDuration span = until - from;
    const std::int32_t missing = state.exists ? std::max(0, state.desired - state.available) : 0;
    if (state.exists) result.lowest_available = any ? std::min(result.lowest_available, state.available) : state.available;
    any = any || state.exists;
    result.missing_replica_seconds += missing * record::in_seconds(span);
    const auto account = [&](bool short_now, SimDuration& run, SimDuration& total, SimDuration& longest) {
      run = short_now ? run + span : SimDuration{};
      if (short_now) total += span;
      longest = std::max(longest, run);
    };
    account(missing > 0, run_desired, result.below_desired, result.longest_below_desired);
    account(state.exists && state.available < state.min_available, run_minimum, result.below_minimum, result.longest_below_minimum);
  };
  for (std::size_t i = 0; i < deployment.states.size(); ++i) {
    pass(deployment.states[i], i + 1 < deployment.states.size() ? deployment.states[i + 1].at.time : history.ended_at);
  }
  return result;
}

}  // namespace tandem::judge
