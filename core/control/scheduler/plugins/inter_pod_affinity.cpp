// InterPodAffinity: pods that want, or refuse, to share a topology domain with other pods. Source: plugins/interpodaffinity.

#include <algorithm>
#include <limits>

#include "core/cluster/selector.hpp"
#include "core/control/scheduler/plugins/plugins.hpp"

namespace tandem::control::scheduler {
namespace {

using cluster::Labels;
using Terms = std::vector<AffinityTerm>;

const Labels& no_labels() {
  static const Labels none;
  return none;
}

/// Sums per (topology key, value).
class Tally {
 public:
  explicit Tally(const Snapshot& snapshot) : snapshot_(&snapshot) {}

  /// The number of a topology key here, for the calls below.
  std::size_t entry_of(const std::string& topology_key) {
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      if (entries_[i].topology->key() == topology_key) return i;
    }
    const TopologyColumn& topology = snapshot_->topology(topology_key);
    entries_.push_back({&topology, std::vector<std::int64_t>(topology.size(), 0)});
    return entries_.size() - 1;
  }
  /// Adds to the domain of `node`; a node without the key belongs to none.
  void add(std::size_t entry, NodeIndex node, std::int64_t amount) {
    const std::uint32_t value = entries_[entry].topology->value(node);
    if (value == 0) return;
    std::int64_t& sum = entries_[entry].sums[value];
    non_zero_ -= sum != 0 ? 1 : 0;
    sum += amount;
    non_zero_ += sum != 0 ? 1 : 0;
    touched_ = true;
  }
  [[nodiscard]] bool has_key(std::size_t entry, NodeIndex node) const { return entries_[entry].topology->value(node) != 0; }
  /// Sum of the node's domain; 0 without the key.
  [[nodiscard]] std::int64_t at(std::size_t entry, NodeIndex node) const {
    return entries_[entry].sums[entries_[entry].topology->value(node)];
  }
  [[nodiscard]] std::int64_t sum_over_keys(NodeIndex node) const {
    std::int64_t sum = 0;
    for (const Entry& entry : entries_) sum += entry.sums[entry.topology->value(node)];
    return sum;
  }
  [[nodiscard]] bool any_positive(NodeIndex node) const {
    return std::any_of(entries_.begin(), entries_.end(),
                       [&](const Entry& entry) { return entry.sums[entry.topology->value(node)] > 0; });
  }
  /// Whether anything was ever added to a domain, even if it cancelled out since.
  [[nodiscard]] bool touched() const { return touched_; }
  /// Whether every sum is zero.
  [[nodiscard]] bool all_zero() const { return non_zero_ == 0; }

 private:
  struct Entry {
    const TopologyColumn* topology;
    std::vector<std::int64_t> sums;  ///< by topology value; [0] stays 0
  };

  const Snapshot* snapshot_;
  std::vector<Entry> entries_;
  std::int64_t non_zero_ = 0;
  bool touched_ = false;
};

/// What a pod adds to the tallies in the domain of its node.
struct Effect {
  Tally* tally;
  std::size_t entry;
  std::int64_t amount;
};
using Effects = std::vector<Effect>;

void apply(const Effects& effects, NodeIndex node, std::int64_t times) {
  for (const Effect& effect : effects) effect.tally->add(effect.entry, node, times * effect.amount);
}

/// Effects by pod class: what one pod of a class adds, all others add too.
class EffectsByClass {
 public:
  template <class WorkOut>
  const Effects& of(const PodClass& pod_class, WorkOut&& work_out) {
    if (places_.size() <= pod_class.id) places_.resize(pod_class.id + 1, 0);
    std::uint32_t& place = places_[pod_class.id];
    if (place == 0) {
      effects_.push_back(work_out());
      place = static_cast<std::uint32_t>(effects_.size());
    }
    return effects_[place - 1];
  }

 private:
  std::vector<std::uint32_t> places_;  ///< by class id: 0 unknown, else one more than the place in effects_
  std::vector<Effects> effects_;
};

/// The incoming pod's terms with the namespaces that their selectors find written out.
Terms with_selected_namespaces(Terms terms, const Snapshot& snapshot) {
  for (AffinityTerm& term : terms) {
    const auto& selector = term.namespace_selector;
    if (!selector || (selector->match_labels.empty() && selector->match_expressions.empty())) continue;
    for (const auto& [name, labels] : snapshot.namespaces()) {
      if (cluster::matches(*selector, *labels)) term.namespaces.push_back(name);
    }
    std::sort(term.namespaces.begin(), term.namespaces.end());
  }
  return terms;
}

/// Incoming terms are tried without the other pod's namespace labels, and their namespace selector once more against that
/// nothing: so `{}` means all namespaces, and so does a selector of only NotIn and DoesNotExist (a quirk of 1.34, §1.5).
bool incoming_matches(const AffinityTerm& term, const PodClass& other) {
  return term.matches(*other.labels, other.namespace_, no_labels());
}
bool all_incoming_match(const Terms& terms, const PodClass& other) {
  return !terms.empty() &&
         std::all_of(terms.begin(), terms.end(), [&](const AffinityTerm& term) { return incoming_matches(term, other); });
}

/// Labels of the incoming pod's namespace, none if there is no such object: what other pods' terms are tried against.
const Labels& namespace_labels(const CycleInput& input) {
  const auto found = input.snapshot.namespaces().find(input.pod_class.namespace_);
  return found == input.snapshot.namespaces().end() ? no_labels() : *found->second;
}
bool existing_matches(const AffinityTerm& term, const CycleInput& input, const Labels& labels_of_namespace) {
  return term.matches(*input.pod_class.labels, input.pod_class.namespace_, labels_of_namespace);
}

struct RequiredState final : PluginState {
  explicit RequiredState(const Snapshot& snapshot)
      : others_anti_affinity(snapshot), affinity(snapshot), anti_affinity(snapshot) {}
  Terms affinity_terms;
  Terms anti_affinity_terms;
  Tally others_anti_affinity;  ///< existing pods' anti-affinity terms that mean the incoming pod
  std::vector<std::size_t> affinity_entries;  ///< of affinity_terms in `affinity`
  Tally affinity;              ///< existing pods that match all of the incoming pod's affinity terms
  Tally anti_affinity;         ///< existing pods that match an anti-affinity term of the incoming pod
};

Effects required_effects(RequiredState& state, const CycleInput& input, const PodClass& other) {
  Effects effects;
  const auto add = [&](Tally& tally, const AffinityTerm& term) { effects.push_back({&tally, tally.entry_of(term.topology_key), 1}); };
  const Labels& labels_of_namespace = namespace_labels(input);
  for (const AffinityTerm& term : other.required_anti_affinity) {
    if (existing_matches(term, input, labels_of_namespace)) add(state.others_anti_affinity, term);
  }
  if (all_incoming_match(state.affinity_terms, other)) {
    for (const AffinityTerm& term : state.affinity_terms) add(state.affinity, term);
  }
  for (const AffinityTerm& term : state.anti_affinity_terms) {
    if (incoming_matches(term, other)) add(state.anti_affinity, term);
  }
  return effects;
}

struct PreferredState final : PluginState {
  explicit PreferredState(const Snapshot& snapshot) : sums(snapshot) {}
  Tally sums;
};

class InterPodAffinity final : public SchedulerPlugin {
 public:
  explicit InterPodAffinity(const scenario::InterPodAffinityArgs& args) : args_(args) {}

  [[nodiscard]] std::string_view name() const override { return "InterPodAffinity"; }
  [[nodiscard]] ExtensionPoints extension_points() const override { return {.filter = true, .score = true}; }
  [[nodiscard]] Dependence dependence() const override { return Dependence::Cluster; }

  [[nodiscard]] PreFilterResult pre_filter(const CycleInput& input) const override;
  [[nodiscard]] Code filter(const CycleInput& input, const PluginState* state, const NodeInfo& node,
                            Reasons* reasons) const override;
  void adapt(const CycleInput& input, PluginState* state, const PodOnNode& pod, const NodeInfo& node,
             std::int32_t sign) const override;
  [[nodiscard]] PreScoreResult pre_score(const CycleInput& input, std::span<const NodeIndex> feasible) const override;
  [[nodiscard]] std::int64_t score(const CycleInput&, const PluginState* state, const NodeInfo& node) const override {
    return static_cast<const PreferredState*>(state)->sums.sum_over_keys(node.index);
  }
  [[nodiscard]] bool scores_nothing(const CycleInput& input) const override {
    const PodClass& incoming = input.pod_class;
    const bool own_terms = !incoming.preferred_affinity.empty() || !incoming.preferred_anti_affinity.empty();
    return !own_terms && (input.snapshot.pods_with_affinity() == 0 || args_.ignore_preferred_terms_of_existing_pods);
  }
  [[nodiscard]] Normalization normalization() const override { return Normalization::Own; }
  void normalize(const CycleInput&, const PluginState*, std::span<const NodeIndex>,
                 std::span<std::int64_t> scores) const override;
  [[nodiscard]] bool worth_retrying(const CycleInput& input, const ClusterEvent& event) const override;

 private:
  static bool affinity_satisfied(const RequiredState& state, const CycleInput& input, const NodeInfo& node);

  scenario::InterPodAffinityArgs args_;
};

PreFilterResult InterPodAffinity::pre_filter(const CycleInput& input) const {
  PreFilterResult result;
  const PodClass& incoming = input.pod_class;
  const bool own_terms = !incoming.required_affinity.empty() || !incoming.required_anti_affinity.empty();
  if (!own_terms && input.snapshot.pods_with_required_anti_affinity() == 0) {
    result.skip = true;
    return result;
  }
  auto state = std::make_unique<RequiredState>(input.snapshot);
  state->affinity_terms = with_selected_namespaces(incoming.required_affinity, input.snapshot);
  state->anti_affinity_terms = with_selected_namespaces(incoming.required_anti_affinity, input.snapshot);
  for (const AffinityTerm& term : state->affinity_terms) state->affinity_entries.push_back(state->affinity.entry_of(term.topology_key));
  EffectsByClass effects;
  for (const NodeIndex index : input.snapshot.order()) {
    const NodeInfo& node = input.snapshot.node(index);
    if (!own_terms && node.pods_with_required_anti_affinity == 0) continue;
    for (const PodOnNode& pod : node.pods) {
      apply(effects.of(*pod.pod_class, [&] { return required_effects(*state, input, *pod.pod_class); }), index, 1);
    }
  }
  result.skip = !own_terms && !state->others_anti_affinity.touched();
  if (!result.skip) result.state = std::move(state);
  return result;
}

/// Every term's domain must hold a pod that matches all terms; the first pod of a group that wants itself may go anywhere.
bool InterPodAffinity::affinity_satisfied(const RequiredState& state, const CycleInput& input, const NodeInfo& node) {
  bool pods_exist = true;
  for (const std::size_t entry : state.affinity_entries) {
    if (!state.affinity.has_key(entry, node.index)) return false;
    if (state.affinity.at(entry, node.index) <= 0) pods_exist = false;
  }
  if (pods_exist) return true;
  return state.affinity.all_zero() && all_incoming_match(state.affinity_terms, input.pod_class);
}

Code InterPodAffinity::filter(const CycleInput& input, const PluginState* plugin_state, const NodeInfo& node,
                              Reasons* reasons) const {
  const auto& state = *static_cast<const RequiredState*>(plugin_state);
  if (!affinity_satisfied(state, input, node)) {
    if (reasons) reasons->emplace_back("node(s) didn't match pod affinity rules");
    return Code::UnschedulableAndUnresolvable;
  }
  if (state.anti_affinity.any_positive(node.index)) {
    if (reasons) reasons->emplace_back("node(s) didn't match pod anti-affinity rules");
    return Code::Unschedulable;
  }
  if (state.others_anti_affinity.any_positive(node.index)) {
    if (reasons) reasons->emplace_back("node(s) didn't satisfy existing pods anti-affinity rules");
    return Code::Unschedulable;
  }
  return Code::Success;
}

void InterPodAffinity::adapt(const CycleInput& input, PluginState* plugin_state, const PodOnNode& pod, const NodeInfo& node,
                             std::int32_t sign) const {
  auto& state = *static_cast<RequiredState*>(plugin_state);
  apply(required_effects(state, input, *pod.pod_class), node.index, sign);
}

PreScoreResult InterPodAffinity::pre_score(const CycleInput& input, std::span<const NodeIndex>) const {
  const PodClass& incoming = input.pod_class;
  const bool own_terms = !incoming.preferred_affinity.empty() || !incoming.preferred_anti_affinity.empty();
  if (scores_nothing(input)) return {.skip = true, .state = nullptr};
  auto state = std::make_unique<PreferredState>(input.snapshot);
  const Terms affinity = with_selected_namespaces(incoming.preferred_affinity, input.snapshot);
  const Terms anti_affinity = with_selected_namespaces(incoming.preferred_anti_affinity, input.snapshot);
  const Labels& labels_of_namespace = namespace_labels(input);
  const auto effects_of = [&](const PodClass& other) {
    Effects effects;
    const auto add = [&](const AffinityTerm& term, std::int64_t amount) {
      effects.push_back({&state->sums, state->sums.entry_of(term.topology_key), amount});
    };
    const auto add_incoming = [&](const Terms& terms, std::int64_t sign) {
      for (const AffinityTerm& term : terms) {
        if (incoming_matches(term, other)) add(term, sign * term.weight);
      }
    };
    const auto add_existing = [&](const Terms& terms, std::int64_t sign) {
      for (const AffinityTerm& term : terms) {
        if (existing_matches(term, input, labels_of_namespace)) add(term, sign * term.weight);
      }
    };
    add_incoming(affinity, 1);
    add_incoming(anti_affinity, -1);
    for (const AffinityTerm& term : other.required_affinity) {
      if (args_.hard_pod_affinity_weight == 0 || !existing_matches(term, input, labels_of_namespace)) continue;
      add(term, args_.hard_pod_affinity_weight);
    }
    add_existing(other.preferred_affinity, 1);
    add_existing(other.preferred_anti_affinity, -1);
    return effects;
  };
  EffectsByClass effects;
  for (const NodeIndex index : input.snapshot.order()) {
    const NodeInfo& node = input.snapshot.node(index);
    if (!own_terms && node.pods_with_affinity == 0) continue;
    for (const PodOnNode& pod : node.pods) {
      apply(effects.of(*pod.pod_class, [&] { return effects_of(*pod.pod_class); }), index, 1);
    }
  }
  if (!state->sums.touched()) return {.skip = true, .state = nullptr};
  return {.skip = false, .state = std::move(state)};
}

/// The range of the feasible nodes' sums is stretched to 0..100; all 0 if they are equal.
void InterPodAffinity::normalize(const CycleInput&, const PluginState*, std::span<const NodeIndex>,
                                 std::span<std::int64_t> scores) const {
  const auto [minimum, maximum] = std::minmax_element(scores.begin(), scores.end());
  const std::int64_t low = *minimum;
  const std::int64_t range = *maximum - low;
  for (std::int64_t& score : scores) {
    if (range == 0) {
      score = 0;
      continue;
    }
    const double share = static_cast<double>(score - low) / static_cast<double>(range);
    score = static_cast<std::int64_t>(static_cast<double>(kMaxNodeScore) * share);
  }
}

const std::string* label_of(const cluster::Ptr<cluster::Node>& node, const std::string& key) {
  const auto found = node->meta.labels->find(key);
  return found == node->meta.labels->end() ? nullptr : &found->second;
}
bool differ(const std::string* before, const std::string* after) {
  return before != nullptr && after != nullptr && *before != *after;
}

/// Did a node get, or change, the key of an affinity term?
bool may_satisfy(const Terms& affinity, const ClusterEvent& event) {
  return std::any_of(affinity.begin(), affinity.end(), [&](const AffinityTerm& term) {
    const std::string* before = event.old_node ? label_of(event.old_node, term.topology_key) : nullptr;
    const std::string* after = label_of(event.new_node, term.topology_key);
    return (before == nullptr && after != nullptr) || differ(before, after);
  });
}
/// Did a node come, or lose or change the key of an anti-affinity term?
bool may_set_apart(const Terms& anti_affinity, const ClusterEvent& event) {
  return std::any_of(anti_affinity.begin(), anti_affinity.end(), [&](const AffinityTerm& term) {
    if (!event.old_node) return true;
    const std::string* before = label_of(event.old_node, term.topology_key);
    const std::string* after = label_of(event.new_node, term.topology_key);
    return (before != nullptr && after == nullptr) || differ(before, after);
  });
}

bool InterPodAffinity::worth_retrying(const CycleInput& input, const ClusterEvent& event) const {
  const Terms& affinity = input.pod_class.required_affinity;
  const Terms& anti_affinity = input.pod_class.required_anti_affinity;
  const auto matches_all = [](const Terms& terms, const cluster::Pod& pod) {
    return !terms.empty() && std::all_of(terms.begin(), terms.end(), [&](const AffinityTerm& term) {
      return term.matches(*pod.meta.labels, pod.meta.namespace_, no_labels());
    });
  };
  switch (event.kind) {
    case ClusterEvent::Kind::OwnPodUpdated:
      return !(event.old_pod->meta.labels == event.new_pod->meta.labels);
    case ClusterEvent::Kind::AssignedPodAdded:
      return matches_all(affinity, *event.new_pod);
    case ClusterEvent::Kind::AssignedPodDeleted:
      return matches_all(anti_affinity, *event.old_pod);
    case ClusterEvent::Kind::AssignedPodUpdated:
      return (!matches_all(affinity, *event.old_pod) && matches_all(affinity, *event.new_pod)) ||
             (matches_all(anti_affinity, *event.old_pod) && !matches_all(anti_affinity, *event.new_pod));
    case ClusterEvent::Kind::NodeAdded:
    case ClusterEvent::Kind::NodeUpdated:
      return may_satisfy(affinity, event) || may_set_apart(anti_affinity, event);
    case ClusterEvent::Kind::NodeDeleted:
      return false;
  }
  return true;
}

}  // namespace

std::unique_ptr<SchedulerPlugin> make_inter_pod_affinity(const scenario::InterPodAffinityArgs& args) { return std::make_unique<InterPodAffinity>(args); }

}  // namespace tandem::control::scheduler
