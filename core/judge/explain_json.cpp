// An explanation for programs (docs/json.md).

#include <nlohmann/json.hpp>

#include "core/judge/explain.hpp"

namespace tandem::judge {

using Json = nlohmann::ordered_json;

namespace {

const char* verdict_name(ExplainedNode::Verdict verdict) {
  switch (verdict) {
    case ExplainedNode::Verdict::Feasible: return "feasible";
    case ExplainedNode::Verdict::Rejected: return "rejected";
    case ExplainedNode::Verdict::NotVisited: return "not visited";
  }
  return "";
}

Json node_json(const ExplainedNode& node, const std::vector<ExplainedPlugin>& plugins) {
  Json json = {{"name", node.name}, {"verdict", verdict_name(node.verdict)}};
  if (node.verdict == ExplainedNode::Verdict::Rejected) {
    json["plugin"] = node.plugin;
    json["code"] = node.code;
    json["reasons"] = node.reasons;
  }
  if (node.verdict == ExplainedNode::Verdict::Feasible) {
    Json scores = Json::array();
    for (std::size_t i = 0; i < node.scores.size(); ++i) {
      const ExplainedScore& score = node.scores[i];
      scores.push_back({{"plugin", plugins[i].name}, {"raw", score.raw}, {"normalized", score.normalized}, {"weight", plugins[i].weight}, {"weighted", score.weighted}});
    }
    json["scores"] = std::move(scores);
    json["total"] = node.total;
    json["tied"] = node.tied;
    json["chosen"] = node.chosen;
  }
  return json;
}

Json preemption_json(const ExplainedPreemption& preemption) {
  Json candidates = Json::array();
  for (const ExplainedCandidate& candidate : preemption.candidates) {
    Json criteria = Json::object();
    for (std::size_t i = 0; i < preemption.criteria.size(); ++i) criteria[preemption.criteria[i]] = candidate.criteria[i];
    Json victims = Json::array();
    for (const ExplainedVictim& victim : candidate.victims) victims.push_back({{"pod", victim.pod}, {"priority", victim.priority}});
    candidates.push_back({{"node", candidate.node}, {"criteria", std::move(criteria)}, {"victims", std::move(victims)}, {"tied", candidate.tied}, {"chosen", candidate.chosen}});
  }
  Json json = {{"eligible", preemption.eligible}, {"candidates", std::move(candidates)}};
  if (preemption.decided_by) json["decidedBy"] = preemption.criteria[*preemption.decided_by];
  return json;
}

}  // namespace

Json to_json(const Explanation& told) {
  Json requests = {{"cpuMilli", told.cpu_milli}, {"memoryBytes", told.memory_bytes}, {"scoredCpuMilli", told.scored_cpu_milli}, {"scoredMemoryBytes", told.scored_memory_bytes}};
  for (const auto& [name, amount] : told.other_requests) requests[name] = amount;
  Json attempts = Json::array();
  for (const AttemptLine& line : told.attempts) attempts.push_back({{"attempt", line.attempt}, {"decidedNs", line.time.ns}, {"node", line.node}, {"message", line.message}});
  Json nodes = Json::array();
  for (const ExplainedNode& node : told.nodes) nodes.push_back(node_json(node, told.plugins));
  Json json = {{"pod", told.pod},
               {"logicalName", told.identity},
               {"attempt", told.attempt},
               {"attempts", std::move(attempts)},
               {"begunNs", told.begun.ns},
               {"decidedNs", told.decided.ns},
               {"profile", told.profile},
               {"requests", std::move(requests)},
               {"priority", told.priority},
               {"seenChanges", told.seen},
               {"seenResourceVersion", told.input_version},
               {"node", told.node},
               {"message", told.message},
               {"failed", told.failed},
               {"nominatedNode", told.nominated_node},
               {"nominatedNodeOnly", told.nominated_node_only},
               {"search", {{"nodes", told.nodes_total}, {"wanted", told.nodes_wanted}, {"from", told.search_start}, {"evaluated", told.evaluated}, {"feasible", told.feasible}}},
               {"ties", told.ties},
               {"skippedPlugins", told.skipped},
               {"nodes", std::move(nodes)}};
  if (!told.pod_rejected_by.empty()) json["podRejection"] = {{"plugin", told.pod_rejected_by}, {"message", told.pod_rejection}};
  if (!told.policy_answer.empty()) json["policyAnswer"] = told.policy_answer;
  if (told.preemption) json["preemption"] = preemption_json(*told.preemption);
  json["mismatches"] = told.mismatches;
  return json;
}

}  // namespace tandem::judge
