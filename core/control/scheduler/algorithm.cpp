#include "core/control/scheduler/algorithm.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/check.hpp"
#include "core/control/scheduler/algorithm_cycle.hpp"

namespace tandem::control::scheduler {

std::size_t feasible_nodes_to_find(std::size_t nodes, int percentage) {
  constexpr std::size_t kMinFeasibleNodesToFind = 100;
  if (nodes < kMinFeasibleNodesToFind) return nodes;
  auto share = static_cast<std::int64_t>(percentage);
  if (share == 0) share = std::max<std::int64_t>(5, 50 - static_cast<std::int64_t>(nodes) / 125);
  return std::max(kMinFeasibleNodesToFind, nodes * static_cast<std::size_t>(share) / 100);
}

SchedulingAlgorithm::SchedulingAlgorithm(const Snapshot& snapshot, std::vector<ConfiguredPlugin> plugins,
                                         int percentage_of_nodes_to_score, std::uint64_t seed, CheckEvery check_every)
    : snapshot_(snapshot),
      plugins_(std::move(plugins)),
      percentage_(percentage_of_nodes_to_score),
      seed_(seed),
      check_every_(check_every),
      is_repeatable_(std::all_of(plugins_.begin(), plugins_.end(), [](const auto& each) { return each.plugin->is_repeatable(); })) {
  CHECK(plugins_.size() < kNoPlugin, "plugin positions are bytes");
}

Decision SchedulingAlgorithm::schedule_one(const cluster::Pod& pod, Detail detail) {
  const bool checked = check_every_ != 0 && is_repeatable_ && ++decisions_ % check_every_ == 0;
  const Memory before = checked ? Memory{next_start_, last_chosen_} : Memory{};
  const PodClassPtr pod_class = snapshot_.class_of(pod);
  // nodeName is not part of the class, so a pod that has one (only tests and explain ask) shares nothing.
  Decision decision;
  if (pod.node_name.empty()) {
    decision = decide(pod, *pod_class, results_.find(pod_class, plugins_), detail, detail == Detail::Outcome);
  } else {
    ClassResults own_results(pod_class, plugins_);
    decision = decide(pod, *pod_class, own_results, detail, false);
  }
  if (checked) check(pod, decision, before);
  return decision;
}

Decision SchedulingAlgorithm::decide(const cluster::Pod& pod, const PodClass& pod_class, ClassResults& results, Detail detail,
                                     bool by_ranking) {
  Cycle cycle{{pod, pod_class, snapshot_, seed_, last_chosen_}, results, detail, {}, {}, {}, {}, {}};
  if (cycle.full()) cycle.decision.detail.emplace().requests = pod_class.requests;
  if (snapshot_.order().empty()) {
    cycle.decision.message = "no nodes available to schedule pods";
    cycle.decision.nomination = NominationChange::Withdraw;
    return std::move(cycle.decision);
  }
  results.begin_cycle(cycle.input);
  pre_filter(cycle);
  feasible_.clear();
  rejections_.clear();
  answered_by_ranking_ = by_ranking && decide_by_ranking(cycle);
  if (answered_by_ranking_) {
    last_chosen_ = cycle.decision.node;
    return std::move(cycle.decision);
  }
  if (!cycle.pod_rejection && !nominated_node_passes(cycle)) find_feasible(cycle);
  cycle.decision.feasible = static_cast<std::uint32_t>(feasible_.size());
  cycle.decision.evaluated = static_cast<std::uint32_t>(feasible_.size() + rejections_.size());
  if (cycle.full()) fill_filter_detail(cycle);

  if (feasible_.empty()) {
    post_filter(cycle);
  } else if (feasible_.size() == 1) {
    cycle.decision.ties = feasible_;
    cycle.decision.tie_count = 1;
    cycle.decision.node = snapshot_.node(feasible_.front()).name;
  } else {
    choose_by_score(cycle);
  }
  if (!cycle.decision.node.empty()) last_chosen_ = cycle.decision.node;
  return std::move(cycle.decision);
}

void SchedulingAlgorithm::pre_filter(Cycle& cycle) {
  filters_.clear();
  filter_states_.clear();
  for (std::size_t i = 0; i < plugins_.size(); ++i) {
    const ConfiguredPlugin& configured = plugins_[i];
    if (!configured.points.filter) continue;
    PreFilterResult fresh;
    if (!configured.node_local) fresh = configured.plugin->pre_filter(cycle.input);
    PreFilterResult& result = configured.node_local ? cycle.results.pre_filter(i) : fresh;
    if (result.code != Code::Success) {
      cycle.pod_rejection = PodRejection{std::string(configured.plugin->name()), result.code, result.message};
      cycle.decision.rejecting_plugins = {i};
      return;
    }
    if (result.node_names) {
      if (!cycle.node_names) cycle.node_names = result.node_names;
      std::erase_if(*cycle.node_names, [&](const std::string& name) {
        return !std::binary_search(result.node_names->begin(), result.node_names->end(), name);
      });
      cycle.naming_plugins.emplace_back(configured.plugin->name());
      cycle.decision.rejecting_plugins.push_back(i);
    }
    if (result.skip) continue;
    filters_.add(configured, static_cast<std::uint8_t>(i), result.state.get());
    if (fresh.state) filter_states_.push_back(std::move(fresh.state));
  }
}

/// The node's verdict, as if pods nominated to it that count before this one were there, and without them.
Verdict SchedulingAlgorithm::filter(Cycle& cycle, const NodeInfo& node) {
  if (!node.nominated.empty()) {
    const std::vector<PodOnNode> nominated = nominated_before(cycle.input, node);
    const Verdict verdict = filters_.run_as_if_nominated_were_there(cycle.input, node, nominated, nullptr);
    if (!verdict.passed()) return verdict;
  }
  return filters_.complete(cycle.input, node, cycle.results.verdict(cycle.input, filters_, node));
}

/// Preemption made room on a node: if the pod fits there now, no other is looked at.
bool SchedulingAlgorithm::nominated_node_passes(Cycle& cycle) {
  const std::string& nominated = cycle.input.pod.status.nominated_node_name;
  const NodeInfo* node = nominated.empty() ? nullptr : snapshot_.find_node(nominated);
  if (node == nullptr) return false;
  const Verdict verdict = filter(cycle, *node);
  if (!verdict.passed()) {
    cycle.nominated_rejection = Rejection{node->index, verdict};
    return false;
  }
  cycle.decision.nominated_node_only = true;
  feasible_.push_back(node->index);
  return true;
}

void SchedulingAlgorithm::find_feasible(Cycle& cycle) {
  const std::vector<NodeIndex>& order = snapshot_.order();
  std::vector<NodeIndex> named;
  if (cycle.node_names) {
    for (const NodeIndex index : order) {
      if (std::binary_search(cycle.node_names->begin(), cycle.node_names->end(), snapshot_.node(index).name))
        named.push_back(index);
    }
  }
  const std::vector<NodeIndex>& nodes = cycle.node_names ? named : order;
  const std::size_t wanted = feasible_nodes_to_find(nodes.size(), percentage_);
  for (std::size_t i = 0, at = nodes.empty() ? 0 : next_start_ % nodes.size(); i < nodes.size() && feasible_.size() < wanted;
       ++i) {
    const NodeInfo& node = snapshot_.node(nodes[at]);
    if (++at == nodes.size()) at = 0;
    const Verdict verdict = filter(cycle, node);
    if (verdict.passed()) {
      feasible_.push_back(node.index);
    } else {
      rejections_.push_back({node.index, verdict});
    }
  }
  if (const auto& nominated = cycle.nominated_rejection) {
    const bool known = std::any_of(rejections_.begin(), rejections_.end(),
                                   [&](const Rejection& rejection) { return rejection.node == nominated->node; });
    if (!known) rejections_.push_back(*nominated);
  }
  if (feasible_.empty()) note_rejecting_plugins(cycle.decision);
  cycle.results.ranking.note_visits(feasible_.size() + rejections_.size());
  next_start_ = (next_start_ + feasible_.size() + rejections_.size()) % order.size();
}

void SchedulingAlgorithm::note_rejecting_plugins(Decision& decision) const {
  std::vector<bool> rejecting(plugins_.size(), false);
  for (const std::size_t position : decision.rejecting_plugins) rejecting[position] = true;
  for (const Rejection& rejection : rejections_) rejecting[rejection.verdict.plugin] = true;
  decision.rejecting_plugins.clear();
  for (std::size_t i = 0; i < rejecting.size(); ++i) {
    if (rejecting[i]) decision.rejecting_plugins.push_back(i);
  }
}

void SchedulingAlgorithm::choose_by_score(Cycle& cycle) {
  totals_.assign(feasible_.size(), 0);
  for (std::size_t i = 0; i < plugins_.size(); ++i) {
    if (plugins_[i].points.score && !add_scores(cycle, i)) return;
  }
  const std::int64_t best = *std::max_element(totals_.begin(), totals_.end());
  ties_.clear();
  for (std::size_t i = 0; i < feasible_.size(); ++i) {
    if (totals_[i] == best) ties_.push_back(feasible_[i]);
  }
  if (cycle.full()) cycle.decision.detail->total = totals_;
  cycle.decision.tie_count = static_cast<std::uint32_t>(ties_.size());
  cycle.decision.node = snapshot_.node(ties_[draw(cycle.input.pod, ties_.size())]).name;
  if (!cycle.full()) ties_.resize(listed_ties(cycle.decision.tie_count));
  cycle.decision.ties = ties_;
}

/// False if the plugin failed, and with it the attempt.
bool SchedulingAlgorithm::add_scores(Cycle& cycle, std::size_t position) {
  const ConfiguredPlugin& configured = plugins_[position];
  PreScoreResult fresh;
  if (!configured.node_local) fresh = configured.plugin->pre_score(cycle.input, feasible_);
  const PreScoreResult& prepared = configured.node_local ? cycle.results.pre_score(position, cycle.input) : fresh;
  if (prepared.skip) {
    if (cycle.full()) cycle.decision.detail->skipped_score_plugins.emplace_back(configured.plugin->name());
    return true;
  }
  if (!prepared.error.empty()) {
    cycle.decision.failed = true;
    cycle.decision.message = fmt::format("running PreScore plugin \"{}\": {}", configured.plugin->name(), prepared.error);
    cycle.decision.nomination = NominationChange::Withdraw;
    return false;
  }
  column_.resize(feasible_.size());
  for (std::size_t i = 0; i < feasible_.size(); ++i) {
    const NodeInfo& node = snapshot_.node(feasible_[i]);
    column_[i] = configured.node_local ? cycle.results.raw_score(position, cycle.input, node)
                                       : configured.plugin->score(cycle.input, prepared.state.get(), node);
  }
  PluginScores told;
  if (cycle.full()) told.raw = column_;
  configured.plugin->normalize(cycle.input, prepared.state.get(), feasible_, column_);
  if (cycle.full()) told.normalized = column_;
  for (std::size_t i = 0; i < column_.size(); ++i) {
    column_[i] *= configured.weight;
    totals_[i] += column_[i];
  }
  if (cycle.full()) {
    told.plugin = configured.plugin->name();
    told.weight = configured.weight;
    told.weighted = column_;
    cycle.decision.detail->scores.push_back(std::move(told));
  }
  return true;
}

std::uint32_t SchedulingAlgorithm::draw(const cluster::Pod& pod, std::size_t ties) const {
  if (ties == 1) return 0;
  return static_cast<std::uint32_t>(RandomStream(seed_, "scheduler-tie", entity_of(pod)).below(ties));
}

bool SchedulingAlgorithm::worth_retrying(std::size_t position, const cluster::Pod& pod, const ClusterEvent& event) const {
  const PodClassPtr pod_class = snapshot_.class_of(pod);
  return plugins_[position].plugin->worth_retrying({pod, *pod_class, snapshot_}, event);
}

Decision schedule_one(const cluster::Pod& pod, const Snapshot& snapshot, const Profile& profile, std::uint64_t seed,
                      Detail detail) {
  auto plugins = configure(profile);
  CHECK(plugins.has_value(), "an invalid profile must be refused before it is used");
  return SchedulingAlgorithm(snapshot, std::move(*plugins), profile.percentage_of_nodes_to_score, seed)
      .schedule_one(pod, detail);
}

}  // namespace tandem::control::scheduler
