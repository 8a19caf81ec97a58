// PodTopologySpread: hard constraints reject, soft ones and the system defaults score. Source: plugins/podtopologyspread.

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/base/math.hpp"
#include "core/control/scheduler/plugins/plugins.hpp"
#include "core/control/scheduler/spread_constraints.hpp"

namespace tandem::control::scheduler {
namespace {

/// A constraint with the columns it is counted over.
struct Counted {
  SpreadConstraint constraint;
  const TopologyColumn* topology = nullptr;
  const PodCountColumn* pods = nullptr;  ///< null: no pod counts

  [[nodiscard]] std::int64_t pods_on(NodeIndex node) const { return pods ? pods->count(node) : 0; }
};

std::vector<Counted> counted(std::vector<SpreadConstraint> constraints, const CycleInput& input) {
  std::vector<Counted> result;
  for (SpreadConstraint& constraint : constraints) {
    const TopologyColumn& topology = input.snapshot.topology(constraint.topology_key);
    const PodCountColumn* pods =
        constraint.counts_no_pod() ? nullptr : &input.snapshot.matching_pods(input.pod_class.namespace_, constraint.selector);
    result.push_back({std::move(constraint), &topology, pods});
  }
  return result;
}

template <class Constraints>
bool has_all_keys(const Constraints& constraints, NodeIndex node) {
  return std::all_of(constraints.begin(), constraints.end(),
                     [&](const auto& entry) { return entry.topology->value(node) != 0; });
}

// ---------------------------------------------------------------- filter

struct HardConstraint : Counted {
  std::vector<std::int64_t> matching;  ///< pods per topology value
  std::vector<bool> is_domain;         ///< per topology value: some counted node has it
  std::int64_t minimum = 0;            ///< smallest count of a domain, or 0 with fewer domains than minDomains
};

/// The smallest count over the domains; with fewer domains than wanted an empty one is imagined.
std::int64_t global_minimum(const HardConstraint& hard) {
  std::int64_t minimum = std::numeric_limits<std::int32_t>::max();
  std::int32_t domains = 0;
  for (std::size_t value = 0; value < hard.matching.size(); ++value) {
    if (!hard.is_domain[value]) continue;
    ++domains;
    minimum = std::min(minimum, hard.matching[value]);
  }
  return domains < hard.constraint.min_domains ? 0 : minimum;
}

struct HardState final : PluginState {
  std::vector<HardConstraint> constraints;
};

// ---------------------------------------------------------------- score

struct SoftConstraint : Counted {
  bool per_node = false;               ///< hostname: each node is its own domain
  std::vector<std::int64_t> matching;  ///< pods per topology value
  std::vector<bool> is_candidate;      ///< per topology value: some feasible node has it
  double weight = 0;                   ///< ln(domains + 2): few domains weigh less
};

struct SoftState final : PluginState {
  std::vector<SoftConstraint> constraints;
  bool require_all_keys = false;  ///< nodes that lack a key are ignored; not so with the system defaults

  [[nodiscard]] bool ignores(NodeIndex node) const { return require_all_keys && !has_all_keys(constraints, node); }
};

void find_candidates(SoftState& state, std::span<const NodeIndex> feasible) {
  std::size_t ignored = 0;
  std::vector<std::size_t> domains(state.constraints.size(), 0);
  for (const NodeIndex node : feasible) {
    if (state.ignores(node)) {
      ++ignored;
      continue;
    }
    for (std::size_t i = 0; i < state.constraints.size(); ++i) {
      SoftConstraint& soft = state.constraints[i];
      const std::uint32_t value =
          soft.topology->value(node);  // 0: with the defaults, nodes without the key are one more domain
      if (soft.per_node || soft.is_candidate[value]) continue;
      soft.is_candidate[value] = true;
      ++domains[i];
    }
  }
  for (std::size_t i = 0; i < state.constraints.size(); ++i) {
    SoftConstraint& soft = state.constraints[i];
    const std::size_t size = soft.per_node ? feasible.size() - ignored : domains[i];
    soft.weight = stable_log(static_cast<double>(size + 2));
  }
}

void count_matching(SoftState& state, const CycleInput& input) {
  for (const NodeIndex node : input.snapshot.order()) {
    if (state.ignores(node)) continue;
    for (SoftConstraint& soft : state.constraints) {
      const std::uint32_t value = soft.topology->value(node);
      if (soft.per_node || !soft.is_candidate[value]) continue;
      const std::int64_t pods = soft.pods_on(node);
      if (pods != 0 && soft.constraint.includes(input.pod_class, input.snapshot.node(node))) soft.matching[value] += pods;
    }
  }
}

class PodTopologySpread final : public SchedulerPlugin {
 public:
  explicit PodTopologySpread(const scenario::PodTopologySpreadArgs& args) : args_(args) {}

  [[nodiscard]] std::string_view name() const override { return "PodTopologySpread"; }
  [[nodiscard]] ExtensionPoints extension_points() const override { return {.filter = true, .score = true}; }
  [[nodiscard]] Dependence dependence() const override { return Dependence::Cluster; }

  [[nodiscard]] PreFilterResult pre_filter(const CycleInput& input) const override {
    PreFilterResult result;
    std::vector<SpreadConstraint> constraints = hard_constraints(input);
    result.skip = constraints.empty();
    if (result.skip) return result;
    auto state = std::make_unique<HardState>();
    for (Counted& entry : counted(std::move(constraints), input)) {
      HardConstraint hard{std::move(entry), {}, {}, 0};
      hard.matching.resize(hard.topology->size(), 0);
      hard.is_domain.resize(hard.topology->size(), false);
      state->constraints.push_back(std::move(hard));
    }
    for (const NodeIndex node : input.snapshot.order()) {
      if (!has_all_keys(state->constraints, node)) continue;
      for (HardConstraint& hard : state->constraints) {
        if (!hard.constraint.includes(input.pod_class, input.snapshot.node(node))) continue;
        const std::uint32_t value = hard.topology->value(node);
        hard.is_domain[value] = true;
        hard.matching[value] += hard.pods_on(node);
      }
    }
    for (HardConstraint& hard : state->constraints) hard.minimum = global_minimum(hard);
    result.state = std::move(state);
    return result;
  }

  [[nodiscard]] Code filter(const CycleInput& input, const PluginState* state, const NodeInfo& node,
                            Reasons* reasons) const override {
    for (const HardConstraint& hard : static_cast<const HardState*>(state)->constraints) {
      const std::uint32_t value = hard.topology->value(node.index);
      if (value == 0) {
        if (reasons) reasons->emplace_back("node(s) didn't match pod topology spread constraints (missing required label)");
        return Code::UnschedulableAndUnresolvable;
      }
      const std::int64_t self = hard.constraint.matches(*input.pod_class.labels) ? 1 : 0;
      if (hard.matching[value] + self - hard.minimum > hard.constraint.max_skew) {
        if (reasons) reasons->emplace_back("node(s) didn't match pod topology spread constraints");
        return Code::Unschedulable;
      }
    }
    return Code::Success;
  }

  /// As upstream, this counts every matching pod, also a terminating one that was never counted.
  void adapt(const CycleInput& input, PluginState* state, const PodOnNode& pod, const NodeInfo& node,
             std::int32_t sign) const override {
    auto& constraints = static_cast<HardState*>(state)->constraints;
    if (pod.pod_class->namespace_ != input.pod_class.namespace_ || !has_all_keys(constraints, node.index)) return;
    for (HardConstraint& hard : constraints) {
      if (!hard.constraint.matches(*pod.pod_class->labels) || !hard.constraint.includes(input.pod_class, node)) continue;
      const std::uint32_t value = hard.topology->value(node.index);
      hard.is_domain[value] = true;
      hard.matching[value] += sign;
      hard.minimum = global_minimum(hard);
    }
  }

  [[nodiscard]] PreScoreResult pre_score(const CycleInput& input, std::span<const NodeIndex> feasible) const override {
    std::vector<SpreadConstraint> constraints = soft_constraints(input);
    if (constraints.empty()) return {.skip = true, .state = nullptr};
    auto state = std::make_unique<SoftState>();
    state->require_all_keys = !args_.system_defaults || !input.pod_class.spec->topology_spread_constraints.empty();
    for (Counted& entry : counted(std::move(constraints), input)) {
      SoftConstraint soft{std::move(entry), false, {}, {}, 0};
      soft.per_node = soft.constraint.topology_key == kHostnameKey;
      soft.matching.resize(soft.topology->size(), 0);
      soft.is_candidate.resize(soft.topology->size(), false);
      state->constraints.push_back(std::move(soft));
    }
    find_candidates(*state, feasible);
    count_matching(*state, input);
    return {.skip = false, .state = std::move(state)};
  }

  [[nodiscard]] bool scores_nothing(const CycleInput& input) const override { return soft_constraints(input).empty(); }
  [[nodiscard]] Normalization normalization() const override { return Normalization::Own; }

  [[nodiscard]] std::int64_t score(const CycleInput&, const PluginState* state, const NodeInfo& node) const override {
    const auto& soft_state = *static_cast<const SoftState*>(state);
    if (soft_state.ignores(node.index)) return 0;
    double sum = 0;
    for (const SoftConstraint& soft : soft_state.constraints) {
      const std::uint32_t value = soft.topology->value(node.index);
      if (value == 0) continue;
      const std::int64_t pods = soft.per_node ? soft.pods_on(node.index) : soft.matching[value];
      sum += static_cast<double>(pods) * soft.weight + static_cast<double>(soft.constraint.max_skew - 1);
    }
    return static_cast<std::int64_t>(std::round(sum));
  }

  /// 100·(max + min − raw)/max over the nodes that are not ignored, those end at 0; all 100 if nothing scored.
  void normalize(const CycleInput&, const PluginState* state, std::span<const NodeIndex> feasible,
                 std::span<std::int64_t> scores) const override {
    const auto& soft_state = *static_cast<const SoftState*>(state);
    std::int64_t minimum = std::numeric_limits<std::int64_t>::max();
    std::int64_t maximum = 0;
    for (std::size_t i = 0; i < scores.size(); ++i) {
      if (soft_state.ignores(feasible[i])) continue;
      minimum = std::min(minimum, scores[i]);
      maximum = std::max(maximum, scores[i]);
    }
    for (std::size_t i = 0; i < scores.size(); ++i) {
      if (soft_state.ignores(feasible[i])) {
        scores[i] = 0;
      } else {
        scores[i] = maximum == 0 ? kMaxNodeScore : kMaxNodeScore * (maximum + minimum - scores[i]) / maximum;
      }
    }
  }

  [[nodiscard]] bool worth_retrying(const CycleInput& input, const ClusterEvent& event) const override {
    const auto constraints = hard_constraints(input);
    switch (event.kind) {
      case ClusterEvent::Kind::OwnPodUpdated:
        return !(event.old_pod->meta.labels == event.new_pod->meta.labels);
      case ClusterEvent::Kind::AssignedPodAdded:
        return counts(constraints, input, *event.new_pod);
      case ClusterEvent::Kind::AssignedPodDeleted:
        return counts(constraints, input, *event.old_pod);
      case ClusterEvent::Kind::AssignedPodUpdated:
        return counts(constraints, input, *event.old_pod) != counts(constraints, input, *event.new_pod);
      case ClusterEvent::Kind::NodeAdded:
        return has_keys(constraints, *event.new_node);
      case ClusterEvent::Kind::NodeDeleted:
        return has_keys(constraints, *event.old_node);
      case ClusterEvent::Kind::NodeUpdated:
        return domain_changed(constraints, *event.old_node, *event.new_node);
    }
    return true;
  }

 private:
  [[nodiscard]] std::vector<SpreadConstraint> hard_constraints(const CycleInput& input) const {
    return constraints_of(input.pod_class, input.snapshot, args_, "DoNotSchedule");
  }
  [[nodiscard]] std::vector<SpreadConstraint> soft_constraints(const CycleInput& input) const {
    return constraints_of(input.pod_class, input.snapshot, args_, "ScheduleAnyway");
  }
  /// A pod of the same namespace that some constraint's selector matches.
  static bool counts(const std::vector<SpreadConstraint>& constraints, const CycleInput& input, const cluster::Pod& pod) {
    return pod.meta.namespace_ == input.pod_class.namespace_ &&
           std::any_of(constraints.begin(), constraints.end(),
                       [&](const SpreadConstraint& constraint) { return constraint.matches(*pod.meta.labels); });
  }
  static bool has_keys(const std::vector<SpreadConstraint>& constraints, const cluster::Node& node) {
    return std::all_of(constraints.begin(), constraints.end(), [&](const SpreadConstraint& constraint) {
      return node.meta.labels->find(constraint.topology_key) != node.meta.labels->end();
    });
  }
  static bool domain_changed(const std::vector<SpreadConstraint>& constraints, const cluster::Node& before,
                             const cluster::Node& after) {
    const bool counted_after = has_keys(constraints, after);
    if (has_keys(constraints, before) != counted_after) return true;
    if (!counted_after) return false;
    const bool taints_matter = std::any_of(constraints.begin(), constraints.end(),
                                           [](const SpreadConstraint& constraint) { return constraint.honor_node_taints; });
    if (taints_matter && !(before.spec.taints == after.spec.taints)) return true;
    return std::any_of(constraints.begin(), constraints.end(), [&](const SpreadConstraint& constraint) {
      return before.meta.labels->find(constraint.topology_key)->second !=
             after.meta.labels->find(constraint.topology_key)->second;
    });
  }

  scenario::PodTopologySpreadArgs args_;
};

}  // namespace

std::unique_ptr<SchedulerPlugin> make_pod_topology_spread(const scenario::PodTopologySpreadArgs& args) { return std::make_unique<PodTopologySpread>(args); }

}  // namespace tandem::control::scheduler
