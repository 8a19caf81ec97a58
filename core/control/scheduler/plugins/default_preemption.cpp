// DefaultPreemption: makes room for an important pod by evicting less important ones. Here it is only worked out who has to go;
// preemption_executor.hpp does it. Source: plugins/defaultpreemption, framework/preemption.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "core/control/scheduler/fit_error.hpp"
#include "core/control/scheduler/plugins/plugins.hpp"
#include "core/control/scheduler/victims.hpp"

namespace tandem::control::scheduler {
namespace {

using Outcome = PostFilterResult::Outcome;

constexpr std::string_view kPreemption = "preemption: ";

bool terminates_by_preemption(const cluster::Pod& pod) {
  if (!cluster::is_terminating(pod.meta)) return false;
  const cluster::Condition* condition = cluster::find_condition(pod.status.conditions, "DisruptionTarget");
  return condition != nullptr && condition->status == cluster::ConditionStatus::True &&
         condition->reason == "PreemptionByScheduler";
}

/// Why the pod may not preempt; empty if it may.
std::string_view reason_against(const PostFilterInput& post) {
  const CycleInput& input = post.cycle;
  if (input.pod_class.spec->preemption_policy == "Never") return "not eligible due to preemptionPolicy=Never.";
  const std::string& nominated = input.pod.status.nominated_node_name;
  const NodeInfo* node = nominated.empty() ? nullptr : input.snapshot.find_node(nominated);
  if (node == nullptr) return {};
  const auto rejected = std::find_if(post.rejected.begin(), post.rejected.end(),
                                     [&](const RejectedNode& entry) { return entry.node == node->index; });
  // A nominated node that became impossible must not keep the pod waiting.
  const Code code = rejected == post.rejected.end() ? post.code_of_others : rejected->code;
  if (code == Code::UnschedulableAndUnresolvable) return {};
  const bool waits = std::any_of(node->pods.begin(), node->pods.end(), [&](const PodOnNode& pod) {
    return pod.pod_class->priority() < input.pod_class.priority() && terminates_by_preemption(*pod.pod);
  });
  return waits ? "not eligible due to a terminating pod on the nominated node." : std::string_view();
}

/// Nodes where evicting pods may help, in the order of the node list.
std::vector<NodeIndex> potential_nodes(const PostFilterInput& post) {
  std::vector<NodeIndex> nodes;
  if (post.code_of_others == Code::Unschedulable) {
    for (const NodeIndex index : post.cycle.snapshot.order()) {
      const auto seen = std::find_if(post.rejected.begin(), post.rejected.end(),
                                     [&](const RejectedNode& entry) { return entry.node == index; });
      if (seen == post.rejected.end() || seen->code == Code::Unschedulable) nodes.push_back(index);
    }
    return nodes;
  }
  for (const RejectedNode& entry : post.rejected) {
    if (entry.code == Code::Unschedulable) nodes.push_back(entry.node);
  }
  return nodes;
}

/// All dry runs of one attempt.
struct DryRuns {
  std::vector<PreemptionCandidate> unprotected;  ///< candidates that break no budget
  std::vector<PreemptionCandidate> budget_breaking;
  ReasonHistogram reasons;  ///< of the nodes where preemption does not help
  std::size_t failed_nodes = 0;
  std::set<std::string> errors;
};

DryRuns dry_run(const PostFilterInput& post, const std::vector<NodeIndex>& nodes, const scenario::DefaultPreemptionArgs& args) {
  DryRuns runs;
  if (nodes.empty()) return runs;
  // A remainder, not rejection sampling: each choice has the draw of its own number, whatever the other took. No node is favoured by
  // more than one part in 2^64 / nodes, below 2^-50 up to 5,000.
  const std::size_t offset = post.draws.bits(0) % nodes.size();
  const std::size_t wanted =
      std::min(nodes.size(), std::max(nodes.size() * static_cast<std::size_t>(args.min_candidate_nodes_percentage) / 100,
                                      static_cast<std::size_t>(args.min_candidate_nodes_absolute)));
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const NodeInfo& node = post.cycle.snapshot.node(nodes[(offset + i) % nodes.size()]);
    const VictimSearch& search = post.searches.on(post.cycle, post.filters, node);
    if (!search.candidate.victims.empty()) {
      auto& found = search.candidate.pdb_violations == 0 ? runs.unprotected : runs.budget_breaking;
      if (found.size() < wanted) found.push_back(search.candidate);
      if (!runs.unprotected.empty() && runs.unprotected.size() + runs.budget_breaking.size() >= wanted) break;
      continue;
    }
    ++runs.failed_nodes;
    if (search.code == Code::Success) {
      runs.errors.insert(fmt::format("expected at least one victim pod on node \"{}\"", node.name));
    }
    for (const std::string& reason : search.reasons) runs.reasons.add(reason, 1);
  }
  return runs;
}

class DefaultPreemption final : public SchedulerPlugin {
 public:
  explicit DefaultPreemption(const scenario::DefaultPreemptionArgs& args) : args_(args) {}
  [[nodiscard]] std::string_view name() const override { return "DefaultPreemption"; }
  [[nodiscard]] ExtensionPoints extension_points() const override { return {.post_filter = true}; }

  [[nodiscard]] PostFilterResult post_filter(const PostFilterInput& post) const override {
    PostFilterResult result;
    Preemption& preemption = result.preemption.emplace();
    if (const std::string_view reason = reason_against(post); !reason.empty()) {
      preemption.eligible = false;
      result.message = fmt::format("{}{}", kPreemption, reason);
      return result;
    }
    DryRuns runs = dry_run(post, potential_nodes(post), args_);
    preemption.candidates = std::move(runs.unprotected);
    for (PreemptionCandidate& candidate : runs.budget_breaking) preemption.candidates.push_back(std::move(candidate));
    if (preemption.candidates.empty()) return without_candidates(post, std::move(runs), std::move(result));

    const std::vector<std::size_t> best = best_candidates(preemption.candidates);
    for (const std::size_t position : best) preemption.ties.push_back(preemption.candidates[position].node);
    // A remainder for the reason given in dry_run().
    preemption.chosen = best[post.draws.bits(1) % best.size()];
    result.outcome = Outcome::Resolved;
    result.nomination = NominationChange::Nominate;
    return result;
  }

  /// The events that help are those of the plugins that rejected the pod.
  [[nodiscard]] bool worth_retrying(const CycleInput&, const ClusterEvent&) const override { return false; }

 private:
  static PostFilterResult without_candidates(const PostFilterInput& post, DryRuns runs, PostFilterResult result) {
    if (!runs.errors.empty()) {
      result.outcome = Outcome::Failed;
      result.message = runs.errors.size() == 1 ? fmt::format("{}{}", kPreemption, *runs.errors.begin())
                                               : fmt::format("{}[{}]", kPreemption, fmt::join(runs.errors, ", "));
      return result;
    }
    const std::size_t nodes = post.cycle.snapshot.order().size();
    runs.reasons.add("Preemption is not helpful for scheduling", nodes - runs.failed_nodes);
    result.message = fmt::format("{}{}", kPreemption, no_node_available(nodes, runs.reasons, ""));
    result.nomination = NominationChange::Withdraw;
    return result;
  }

  scenario::DefaultPreemptionArgs args_;
};

}  // namespace

std::unique_ptr<SchedulerPlugin> make_default_preemption(const scenario::DefaultPreemptionArgs& args) { return std::make_unique<DefaultPreemption>(args); }

}  // namespace tandem::control::scheduler
