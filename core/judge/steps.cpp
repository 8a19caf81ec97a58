#include "core/judge/steps.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "core/base/text.hpp"
#include "core/cluster/selector.hpp"

namespace tandem::judge {

using scenario::ObjectField;
using scenario::Observed;
using scenario::Subject;

namespace {

/// Adds up what many objects contribute: each object's value at each of its states.
class SumOfStates {
 public:
  template <class States, class Value>
  void add(const States& states, const Value& value_of) {
    std::int64_t before = 0;
    for (const auto& state : states) {
      const std::int64_t now = state.exists ? value_of(state) : 0;
      if (now != before) deltas_.emplace_back(state.at, now - before);
      before = now;
    }
  }
  /// The sum after each change.
  struct Level {
    Instant at;
    bool exists = true;
    std::int64_t value = 0;
  };
  [[nodiscard]] std::vector<Level> levels() {
    std::sort(deltas_.begin(), deltas_.end());
    std::vector<Level> levels;
    std::int64_t value = 0;
    for (const auto& [at, delta] : deltas_) levels.push_back({at, true, value += delta});
    return levels;
  }
  [[nodiscard]] Steps steps() {
    Steps steps;
    for (const auto& [at, exists, value] : levels()) {
      if (!steps.points.empty() && steps.points.back().first == at.time) {
        steps.points.back().second = value;
      } else {
        steps.points.emplace_back(at.time, value);
      }
    }
    return steps;
  }

 private:
  std::vector<std::pair<Instant, std::int64_t>> deltas_;
};

tl::unexpected<Error> never_existed(const ObjectField& field, const std::vector<std::string>& names) {
  const std::vector<std::string_view> views(names.begin(), names.end());
  const std::string nearest = nearest_name(field.name, views);
  Error error = make_error(ErrorCode::UsageNotFound, "the run never had " + std::string(name_of(field.subject)) + " " + field.name);
  error.found = to_string(field);
  if (!nearest.empty()) error.hint = "did you mean " + nearest + "?";
  return fail(std::move(error));
}

std::int64_t value_of(const DeploymentState& state, Observed field) {
  switch (field) {
    case Observed::Desired: return state.desired;
    case Observed::Replicas: return state.replicas;
    case Observed::Updated: return state.updated;
    case Observed::Ready: return state.ready;
    case Observed::Available: return state.available;
    case Observed::Unavailable: return state.unavailable;
    default: return 0;
  }
}

std::int64_t value_of(const ReplicaSetState& state, Observed field) {
  switch (field) {
    case Observed::Desired: return state.desired;
    case Observed::Replicas: return state.replicas;
    case Observed::Ready: return state.ready;
    case Observed::Available: return state.available;
    default: return 0;
  }
}

std::int64_t value_of(const PodState& state, Observed field) {
  switch (field) {
    case Observed::Count: return 1;
    case Observed::Ready: return state.ready ? 1 : 0;
    case Observed::Pending: return state.phase == cluster::PodPhase::Pending && !state.terminating ? 1 : 0;
    case Observed::Running: return state.phase == cluster::PodPhase::Running && !state.terminating ? 1 : 0;
    case Observed::Terminating: return state.terminating ? 1 : 0;
    case Observed::Restarts: return state.restarts;
    case Observed::Scheduled: return state.holds_node() ? 1 : 0;
    case Observed::PodUnschedulable: return state.unschedulable && !state.terminating ? 1 : 0;
    case Observed::Nominated: return state.nominated && !state.terminating ? 1 : 0;
    default: return 0;
  }
}

/// Deployments and ReplicaSets: the objects of this name, one after another if it was deleted and made again.
template <class Life>
Result<Steps> workload_steps(const ObjectField& field, const std::vector<Life>& lives) {
  SumOfStates sum;
  std::vector<std::string> names;
  bool found = false;
  for (const Life& life : lives) {
    if (life.namespace_ != field.namespace_) continue;
    names.push_back(life.name);
    if (life.name != field.name) continue;
    found = true;
    sum.add(life.states, [&](const auto& state) { return value_of(state, field.field); });
  }
  if (!found) return never_existed(field, names);
  return sum.steps();
}

/// Which nodes hold at least one pod that `counts`, as a sum of their numbers over `wanted` nodes (all if it is empty).
template <class Counts>
Steps nodes_in_use(const RunHistory& history, const std::set<std::string>* wanted, const Counts& counts) {
  std::map<std::string, SumOfStates> by_node;
  for (const PodLife& life : history.pods) {
    std::set<std::string> nodes;
    for (const PodState& state : life.states) {
      if (!state.node.empty()) nodes.insert(state.node);
    }
    for (const std::string& node : nodes) {
      if (wanted != nullptr && !wanted->contains(node)) continue;
      by_node[node].add(life.states, [&](const PodState& state) { return state.node == node && state.holds_node() && counts(life, state) ? 1 : 0; });
    }
  }
  SumOfStates in_use;
  for (auto& [node, pods] : by_node) in_use.add(pods.levels(), [](const SumOfStates::Level& level) { return level.value > 0 ? 1 : 0; });
  return in_use.steps();
}

/// Names of the nodes that an `on` means. Errors: UsageNotFound for a name that the run never had.
Result<std::set<std::string>> meant_nodes(const ObjectField& field, const RunHistory& history) {
  std::set<std::string> meant;
  std::vector<std::string> names;
  for (const NodeLife& life : history.nodes) {
    names.push_back(life.name);
    if (field.node_selector && cluster::matches(*field.node_selector, life.labels)) meant.insert(life.name);
  }
  for (const std::string& name : field.nodes) {
    if (std::find(names.begin(), names.end(), name) == names.end()) {
      ObjectField node;
      node.subject = Subject::Node;
      node.name = name;
      return never_existed(node, names);
    }
    meant.insert(name);
  }
  return meant;
}

Result<Steps> pod_steps(const ObjectField& field, const RunHistory& history) {
  const auto selected = [&](const PodLife& life, const PodState& state) {
    return life.namespace_ == field.namespace_ && cluster::matches(field.selector, *state.labels);
  };
  if (field.field == Observed::Nodes) return nodes_in_use(history, nullptr, selected);
  std::set<std::string> nodes;
  if (field.field == Observed::On) {
    auto meant = meant_nodes(field, history);
    if (!meant) return tl::unexpected(std::move(meant).error());
    nodes = std::move(*meant);
  }
  SumOfStates sum;
  for (const PodLife& life : history.pods) {
    sum.add(life.states, [&](const PodState& state) -> std::int64_t {
      if (!selected(life, state)) return 0;
      if (field.field == Observed::On) return state.holds_node() && nodes.contains(state.node) ? 1 : 0;
      return value_of(state, field.field);
    });
  }
  return sum.steps();
}

Steps node_set_steps(const ObjectField& field, const RunHistory& history) {
  SumOfStates sum;
  std::set<std::string> names;
  for (const NodeLife& life : history.nodes) {
    if (!cluster::matches(field.selector, life.labels)) continue;
    names.insert(life.name);
    sum.add(life.states, [&](const NodeState& state) {
      if (field.field == Observed::Count) return 1;
      return (field.field == Observed::Ready ? state.ready : state.unschedulable) ? 1 : 0;
    });
  }
  if (field.field == Observed::Used) return nodes_in_use(history, &names, [](const PodLife&, const PodState&) { return true; });
  return sum.steps();
}

bool matches(const scenario::EventAttribute& attribute, const EventLife& event) {
  using enum scenario::EventAttribute::Name;
  using enum scenario::EventAttribute::Match;
  const std::string* value = nullptr;
  switch (attribute.name) {
    case Type: value = &event.type; break;
    case Reason: value = &event.reason; break;
    case Kind: value = &event.kind; break;
    case scenario::EventAttribute::Name::Name: value = &event.name; break;
    case Message: value = &event.message; break;
  }
  if (attribute.match == Contains) return value->find(attribute.value) != std::string::npos;
  return (*value == attribute.value) == (attribute.match == Equal);
}

/// How often events occurred; what expires was there all the same.
Steps event_steps(const ObjectField& field, const std::vector<EventLife>& events) {
  SumOfStates sum;
  for (const EventLife& event : events) {
    const bool meant = event.namespace_ == field.namespace_ &&
                       std::all_of(field.attributes.begin(), field.attributes.end(), [&](const auto& attribute) { return matches(attribute, event); });
    if (meant) sum.add(event.states, [](const EventState& state) { return static_cast<std::int64_t>(state.count); });
  }
  return sum.steps();
}

Result<Steps> service_steps(const ObjectField& field, const RunHistory& history) {
  std::vector<std::string> names;
  for (const ServiceLife& life : history.services) {
    if (life.namespace_ == field.namespace_) names.push_back(life.name);
  }
  if (std::find(names.begin(), names.end(), field.name) == names.end()) return never_existed(field, names);
  SumOfStates sum;
  for (const SliceLife& life : history.slices) {
    if (life.namespace_ != field.namespace_ || life.service != field.name) continue;
    sum.add(life.states, [](const SliceState& state) { return static_cast<std::int64_t>(state.ready_pods.size()); });
  }
  return sum.steps();
}

Result<Steps> node_steps(const ObjectField& field, const RunHistory& history) {
  SumOfStates sum;
  std::vector<std::string> names;
  for (const NodeLife& life : history.nodes) {
    names.push_back(life.name);
    if (life.name != field.name || field.field == Observed::Count) continue;
    sum.add(life.states, [&](const NodeState& state) {
      return field.field == Observed::Ready ? (state.ready ? 1 : 0) : (state.unschedulable ? 1 : 0);
    });
  }
  if (std::find(names.begin(), names.end(), field.name) == names.end()) return never_existed(field, names);
  if (field.field == Observed::Count) {
    for (const PodLife& life : history.pods) {
      sum.add(life.states, [&](const PodState& state) { return state.node == field.name ? 1 : 0; });
    }
  }
  return sum.steps();
}

}  // namespace

std::int64_t Steps::at(SimTime time) const {
  const auto after = std::upper_bound(points.begin(), points.end(), time, [](SimTime t, const auto& point) { return t < point.first; });
  return after == points.begin() ? 0 : std::prev(after)->second;
}

Result<Steps> steps_of(const ObjectField& field, const RunHistory& history, const std::vector<EventLife>* events) {
  switch (field.subject) {
    case Subject::Deployment: return workload_steps(field, history.deployments);
    case Subject::ReplicaSet: return workload_steps(field, history.replica_sets);
    case Subject::Service: return service_steps(field, history);
    case Subject::Pods: return pod_steps(field, history);
    case Subject::Node: return node_steps(field, history);
    case Subject::Nodes: return node_set_steps(field, history);
    case Subject::Events:
      if (events == nullptr) return fail(ErrorCode::Internal, "events are asked for, but were not read from the recording");
      return event_steps(field, *events);
  }
  return fail(ErrorCode::Internal, "no such subject");
}

std::string ConditionOverTime::values_at(SimTime time) const {
  std::string text;
  for (const auto& [field, steps] : fields) {
    text += (text.empty() ? "" : ", ") + to_string(field) + " = " + std::to_string(steps.at(time));
  }
  return text;
}

std::optional<SimTime> ConditionOverTime::first(bool value, SimTime from, SimTime until) const {
  if (from >= until) return std::nullopt;
  if (at(from) == value) return from;
  for (const auto& [time, holding] : holds.points) {
    if (time > from && time < until && (holding != 0) == value) return time;
  }
  return std::nullopt;
}

SimDuration ConditionOverTime::total(bool value, SimTime from, SimTime until) const {
  SimDuration sum;
  SimTime since = from;
  bool holding = at(from);
  const auto close = [&](SimTime end) {
    if (holding == value) sum += end - since;
    since = end;
  };
  for (const auto& [time, next] : holds.points) {
    if (time <= from || time >= until) continue;
    close(time);
    holding = next != 0;
  }
  if (until > since) close(until);
  return sum;
}

Result<ConditionOverTime> condition_over_time(const scenario::Expression& condition, const RunHistory& history, const std::vector<EventLife>* events) {
  ConditionOverTime result;
  std::vector<ObjectField> wanted = scenario::fields_of(condition);
  // A share such as "available >= 75%" also reads what 100 % is.
  std::map<std::string, std::size_t> numbers;
  const auto add = [&](const ObjectField& field) -> Status {
    if (!numbers.try_emplace(to_string(field), result.fields.size()).second) return {};
    auto steps = steps_of(field, history, events);
    if (!steps) return tl::unexpected(steps.error());
    result.fields.emplace_back(field, std::move(*steps));
    return {};
  };
  for (const ObjectField& field : wanted) TANDEM_TRY(add(field));

  // Look-ups that parsing did not list (wholes of shares) are added on first use; then the moments are evaluated again.
  while (true) {
    std::vector<SimTime> moments{kTimeZero};
    for (const auto& [field, steps] : result.fields) {
      for (const auto& point : steps.points) moments.push_back(point.first);
    }
    std::sort(moments.begin(), moments.end());
    moments.erase(std::unique(moments.begin(), moments.end()), moments.end());
    const std::size_t fields_before = result.fields.size();
    result.holds.points.clear();
    for (const SimTime moment : moments) {
      const auto holds = scenario::evaluate(condition, [&](const ObjectField& field) -> Result<std::int64_t> {
        if (auto added = add(field); !added) return tl::unexpected(added.error());
        return result.fields[numbers.at(to_string(field))].second.at(moment);
      });
      if (!holds) return tl::unexpected(holds.error());
      const std::int64_t value = *holds ? 1 : 0;
      if (result.holds.points.empty() || result.holds.points.back().second != value) result.holds.points.emplace_back(moment, value);
    }
    if (result.fields.size() == fields_before) return result;
  }
}

}  // namespace tandem::judge
