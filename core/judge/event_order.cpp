#include "core/judge/event_order.hpp"

#include <algorithm>
#include <map>
#include <tuple>

#include "core/control/deployment_revision.hpp"
#include "core/judge/identity.hpp"
#include "core/judge/rollouts.hpp"
#include "core/judge/statistics.hpp"

namespace tandem::judge {

std::vector<LogicalEvent> logical_events(const RunHistory& history) {
  const Identities identities(history);
  std::vector<LogicalEvent> events;
  for (const DeploymentLife& deployment : history.deployments) {
    const std::string name = identity_of(deployment);
    for (const Rollout& rollout : rollouts_of(deployment, history)) {
      events.push_back({rollout.committed, name + (rollout.number == 0 ? " created" : " template changed"), name});
    }
    std::map<std::uint32_t, std::string> sets;
    for (const ReplicaSetLife* set : history.replica_sets_of(deployment)) sets[set->ordinal] = identities.of(*set);
    for (const SizeChange& change : size_changes(deployment, history)) {
      const std::string& set = sets[change.replica_set];
      events.push_back({change.at, set + (change.to < 0 ? " removed" : " size " + std::to_string(change.to)), set});
    }
  }
  for (const PodLife& pod : history.pods) {
    const std::string group = identities.group_of(pod);
    const std::string name = identities.of(pod);
    const auto add = [&](const std::optional<Instant>& at, const char* what) {
      if (at) events.push_back({*at, group + " pod " + what, name});
    };
    add(pod.created, "created");
    add(pod.bound, "bound");
    add(pod.running, "running");
    add(pod.ready, "ready");
    add(pod.deleting, "deleting");
    add(pod.gone, "gone");
  }
  // One change can make a pod running and ready at once: the texts then order them the same way in every run.
  std::sort(events.begin(), events.end(), [](const LogicalEvent& a, const LogicalEvent& b) {
    return std::tie(a.at, a.what, a.subject) < std::tie(b.at, b.what, b.subject);
  });
  return events;
}

OrderDifference compare_order(const RunHistory& a, const RunHistory& b) {
  const std::vector<LogicalEvent> left = logical_events(a);
  const std::vector<LogicalEvent> right = logical_events(b);
  OrderDifference result;
  result.events_a = std::min(left.size(), kEventsCompared);
  result.events_b = std::min(right.size(), kEventsCompared);
  result.shortened = left.size() > kEventsCompared || right.size() > kEventsCompared;

  std::map<std::string, std::uint32_t> numbers;
  const auto symbols = [&](const std::vector<LogicalEvent>& events, std::size_t count) {
    std::vector<std::uint32_t> sequence;
    for (std::size_t i = 0; i < count; ++i) {
      sequence.push_back(numbers.try_emplace(events[i].what, static_cast<std::uint32_t>(numbers.size())).first->second);
    }
    return sequence;
  };
  const std::vector<std::uint32_t> first = symbols(left, result.events_a);
  const std::vector<std::uint32_t> second = symbols(right, result.events_b);
  result.in_common_order = common_subsequence_length(first, second);

  const auto [i, j] = std::mismatch(first.begin(), first.end(), second.begin(), second.end());
  if (i != first.end() || j != second.end()) {
    Divergence divergence;
    divergence.number = static_cast<std::size_t>(i - first.begin());
    if (i != first.end()) divergence.a = left[divergence.number];
    if (j != second.end()) divergence.b = right[divergence.number];
    result.first = std::move(divergence);
  }
  return result;
}

}  // namespace tandem::judge
