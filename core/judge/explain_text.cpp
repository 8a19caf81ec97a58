// An explanation for people: what was asked, who rejected which node, how the others were scored, what decided.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "core/base/quantity.hpp"
#include "core/judge/decisions_of.hpp"
#include "core/judge/explain.hpp"
#include "core/judge/explain_words.hpp"
#include "core/judge/table.hpp"

namespace tandem::judge {

namespace {

/// Longer lists of nodes are cut unless all are asked for.
constexpr std::size_t kNodesShown = 20;
/// Likewise of a pod's attempts, and of their messages: that of the attempt that is explained stands above, whole.
constexpr std::size_t kAttemptsShown = 20;
constexpr std::size_t kMessageShown = 88;

using Verdict = ExplainedNode::Verdict;

/// "NodeResourcesFit" → the lines "Node", "Resources", "Fit", as many words a line as fit.
std::vector<std::string> wrapped(const std::string& name, std::size_t width) {
  std::vector<std::string> words;
  for (const char letter : name) {
    if (words.empty() || (letter >= 'A' && letter <= 'Z')) words.emplace_back();
    words.back() += letter;
  }
  std::vector<std::string> lines;
  for (const std::string& word : words) {
    if (!lines.empty() && lines.back().size() + word.size() <= width) lines.back() += word;
    else lines.push_back(word);
  }
  return lines;
}

class Text {
 public:
  Text(const Explanation& told, const ExplainTextOptions& options) : told_(told), options_(options) {}

  std::string make() {
    header();
    outcome();
    attempts();
    rejections();
    scores();
    lead();
    if (told_.preemption) preemption(*told_.preemption);
    policy();
    return std::move(text_);
  }

 private:
  void line(std::string_view label, std::string_view value) { text_ += fmt::format("{:<11}{}\n", label, value); }

  void header() {
    line("Pod", told_.identity.empty() || told_.pod == "default/" + told_.identity ? told_.pod : fmt::format("{} ({})", told_.pod, told_.identity));
    line("Attempt", fmt::format("{}{}, begun at {}, decided at {}", told_.attempt,
                                told_.attempts.empty() ? "" : fmt::format(" of {}", told_.attempts.back().attempt), to_string(told_.begun - kTimeZero),
                                to_string(told_.decided - kTimeZero)));
    line("Profile", told_.profile);
    std::string requests = fmt::format("cpu {}, memory {}", Words::cpu(told_.cpu_milli), Words::bytes(told_.memory_bytes));
    for (const auto& [name, amount] : told_.other_requests) requests += fmt::format(", {} {}", name, amount);
    if (told_.scored_cpu_milli != told_.cpu_milli || told_.scored_memory_bytes != told_.memory_bytes) {
      requests += fmt::format("; scored as cpu {}, memory {}", Words::cpu(told_.scored_cpu_milli), Words::bytes(told_.scored_memory_bytes));
    }
    line("Requests", fmt::format("{}; priority {}", requests, told_.priority));
    line("Seen", fmt::format("{} changes of objects, the newest with resourceVersion {}", told_.seen, told_.input_version));
    if (told_.nodes_total > 0) line("Nodes", search());
  }

  std::string search() const {
    if (!told_.pod_rejected_by.empty()) return fmt::format("{}, none looked at", told_.nodes_total);
    if (told_.nominated_node_only) return fmt::format("{}, only the nominated one looked at", told_.nodes_total);
    std::string text = fmt::format("{}; {} looked at from {} on, {} can take the pod", told_.nodes_total, told_.evaluated, told_.search_start, told_.feasible);
    if (told_.nodes_wanted < told_.nodes_total) text += fmt::format("; the search ends with {}", told_.nodes_wanted);
    return text;
  }

  void outcome() {
    if (told_.node.empty()) {
      line("Outcome", told_.failed ? "failed, and is tried again: " + told_.message : "cannot be scheduled");
      if (!told_.failed) line("Message", told_.message);
      if (!told_.pod_rejected_by.empty()) line("Rejected", fmt::format("as a whole by {}: {}", told_.pod_rejected_by, told_.pod_rejection));
      if (!told_.nominated_node.empty()) line("Nominated", fmt::format("to {}, where preemption makes room", told_.nominated_node));
      return;
    }
    std::string how = "the only node that can take the pod";
    if (told_.nominated_node_only) how = "preemption made room there, so no other node was looked at";
    if (told_.feasible > 1) how = "it has the best total";
    if (told_.ties.size() > 1) how = fmt::format("drawn among the {} nodes with the best total", told_.ties.size());
    line("Outcome", fmt::format("{}: {}", told_.node, how));
    if (told_.ties.size() > 1) line("Ties", Words::list(told_.ties, options_.all_nodes ? told_.ties.size() : Words::kNamesShown));
  }

  void attempts() {
    if (told_.attempts.size() < 2) return;
    text_ += "\nAttempts of this pod\n";
    Table table({"ATTEMPT", "TIME", "OUTCOME"});
    const std::size_t first = options_.all_nodes || told_.attempts.size() <= kAttemptsShown ? 0 : told_.attempts.size() - kAttemptsShown;
    for (std::size_t i = first; i < told_.attempts.size(); ++i) {
      const AttemptLine& attempt = told_.attempts[i];
      const std::string message = options_.all_nodes ? attempt.message : Words::cut(attempt.message, kMessageShown);
      table.add({std::to_string(attempt.attempt), to_string(attempt.time - kTimeZero), attempt.node.empty() ? message : attempt.node});
    }
    text_ += table.text();
    if (first > 0) text_ += fmt::format("and {} before (--all shows them)\n", first);
  }

  void rejections() {
    std::vector<const ExplainedNode*> rejected;
    for (const ExplainedNode& node : told_.nodes) {
      if (node.verdict == Verdict::Rejected) rejected.push_back(&node);
    }
    if (rejected.empty()) return;
    text_ += fmt::format("\nFilters: {} of {} nodes cannot take the pod\n", rejected.size(), told_.nodes.size());
    if (rejected.size() <= kNodesShown || options_.all_nodes) {
      Table table({"NODE", "REJECTED BY", "WHY"});
      for (const ExplainedNode* node : rejected) table.add({node->name, rejected_by(*node), why(*node)});
      text_ += table.text();
      return;
    }
    std::map<std::pair<std::string, std::string>, std::vector<std::string>> groups;
    for (const ExplainedNode* node : rejected) groups[{rejected_by(*node), why(*node)}].push_back(node->name);
    Table table({"NODES", "REJECTED BY", "WHY", "WHICH"});
    for (const auto& [what, names] : groups) table.add({std::to_string(names.size()), what.first, what.second, Words::list(names, 3)});
    text_ += table.text();
  }
  static std::string rejected_by(const ExplainedNode& node) { return node.plugin.empty() ? "(left out before)" : node.plugin; }
  [[nodiscard]] std::string why(const ExplainedNode& node) const {
    std::string text = fmt::format("{}", fmt::join(node.reasons, "; "));
    if (told_.node.empty() && node.code == "UnschedulableAndUnresolvable") text += " (eviction cannot help)";
    return text;
  }

  [[nodiscard]] std::string cell(const ExplainedScore& score, std::int64_t weight) const {
    return options_.unicode ? fmt::format("{}→{}×{}={}", score.raw, score.normalized, weight, score.weighted)
                            : fmt::format("{}>{}*{}={}", score.raw, score.normalized, weight, score.weighted);
  }
  [[nodiscard]] std::vector<const ExplainedNode*> scored() const {
    std::vector<const ExplainedNode*> nodes;
    for (const ExplainedNode& node : told_.nodes) {
      if (node.verdict == Verdict::Feasible) nodes.push_back(&node);
    }
    return nodes;
  }

  void scores() {
    if (told_.plugins.empty()) return;
    std::vector<const ExplainedNode*> nodes = scored();
    const std::size_t all = nodes.size();
    if (all > kNodesShown && !options_.all_nodes) {
      std::stable_sort(nodes.begin(), nodes.end(), [](const auto* a, const auto* b) {
        return std::tuple(!a->chosen, -a->total) < std::tuple(!b->chosen, -b->total);
      });
      nodes.resize(kNodesShown);
    }
    text_ += options_.unicode ? "\nScores: raw→normalized×weight=points\n" : "\nScores: raw>normalized*weight=points\n";
    text_ += score_table(nodes);
    if (nodes.size() < all) text_ += fmt::format("and {} nodes more, with lower or equal totals (--all shows them)\n", all - nodes.size());
    if (!told_.skipped.empty()) text_ += fmt::format("Nothing to say about this pod: {}\n", fmt::join(told_.skipped, ", "));
  }

  [[nodiscard]] std::string score_table(const std::vector<const ExplainedNode*>& nodes) const {
    std::vector<std::vector<std::string>> titles;
    std::size_t lines = 1;
    for (std::size_t i = 0; i < told_.plugins.size(); ++i) {
      std::size_t width = 0;
      for (const ExplainedNode* node : nodes) width = std::max(width, width_of(cell(node->scores[i], told_.plugins[i].weight)));
      titles.push_back(wrapped(told_.plugins[i].name, width));
      lines = std::max(lines, titles.back().size());
    }
    Table table;
    for (std::size_t at = 0; at < lines; ++at) {
      const bool last = at + 1 == lines;
      std::vector<std::string> row{last ? "NODE" : ""};
      for (const auto& title : titles) row.push_back(at + title.size() < lines ? "" : title[at + title.size() - lines]);
      row.emplace_back(last ? "TOTAL" : "");
      table.add(std::move(row));
    }
    for (const ExplainedNode* node : nodes) {
      std::vector<std::string> row{node->name};
      for (std::size_t i = 0; i < told_.plugins.size(); ++i) row.push_back(cell(node->scores[i], told_.plugins[i].weight));
      row.push_back(fmt::format("{}{}", node->total, node->chosen ? "  chosen" : node->tied ? "  tied" : ""));
      table.add(std::move(row));
    }
    return Words::without_trailing_blanks(table.text());
  }

  /// Which plugins put the chosen node ahead of the best one that is not tied with it.
  void lead() {
    if (told_.plugins.empty() || told_.node.empty()) return;
    const ExplainedNode* chosen = nullptr;
    const ExplainedNode* next = nullptr;
    for (const ExplainedNode* node : scored()) {
      if (node->chosen) chosen = node;
      else if (!node->tied && (next == nullptr || node->total > next->total)) next = node;
    }
    if (chosen == nullptr || next == nullptr) return;
    std::vector<std::string> parts;
    for (std::size_t i = 0; i < told_.plugins.size(); ++i) {
      const std::int64_t ahead = chosen->scores[i].weighted - next->scores[i].weighted;
      if (ahead != 0) parts.push_back(fmt::format("{} {:+}", told_.plugins[i].name, ahead));
    }
    text_ += fmt::format("\n{} is {} ahead of {}: {}\n", chosen->name, chosen->total - next->total, next->name, fmt::join(parts, ", "));
  }

  void preemption(const ExplainedPreemption& told) {
    if (!told.eligible) {
      text_ += "\nPreemption: this pod may not evict others now (see the message)\n";
      return;
    }
    if (told.candidates.empty()) {
      text_ += "\nPreemption: no node on which evicting less important pods would make room\n";
      return;
    }
    std::string rule = "the only candidate";
    if (told.candidates.size() > 1) rule = told.decided_by ? fmt::format("\"{}\" decided", told.criteria[*told.decided_by]) : "drawn among candidates that the rules cannot tell apart";
    text_ += fmt::format("\nPreemption: {} candidate{}; {}\n", told.candidates.size(), told.candidates.size() == 1 ? "" : "s", rule);
    Table table({"NODE", "BUDGETS BROKEN", "HIGHEST PRIORITY", "VICTIMS", "WHO (PRIORITY)"});
    for (const ExplainedCandidate& candidate : told.candidates) {
      std::vector<std::string> who;
      for (const ExplainedVictim& victim : candidate.victims) who.push_back(fmt::format("{} ({})", victim.pod, victim.priority));
      table.add({candidate.node + (candidate.chosen ? " (chosen)" : ""), std::to_string(candidate.criteria[0]), std::to_string(candidate.criteria[1]),
                 std::to_string(candidate.victims.size()), Words::list(who, options_.all_nodes ? who.size() : 2)});
    }
    text_ += table.text();
    if (told.candidates.size() > 1) text_ += fmt::format("Rules, each among those that the one before left: {}\n", fmt::join(told.criteria, ", "));
  }

  void policy() {
    if (!told_.policy_answer.empty()) text_ += fmt::format("\nThe policy's process said: {}\n", Words::cut(told_.policy_answer, 400));
  }

  const Explanation& told_;
  const ExplainTextOptions& options_;
  std::string text_;
};

}  // namespace

std::string to_text(const Explanation& explanation, const ExplainTextOptions& options) { return Text(explanation, options).make(); }

std::string decisions_text(const record::Recording& recording, const RunHistory& history, const std::function<bool(std::size_t)>& wanted) {
  const DecisionsOfPods decisions(recording, history);
  Table table({"TIME", "POD", "LOGICAL NAME", "ATTEMPT", "NODE", "FEASIBLE", "TIES"});
  for (std::size_t i = 0; i < recording.decisions().size(); ++i) {
    if (!wanted(i)) continue;
    const record::SchedulingDecision& decision = recording.decisions()[i];
    const PodLife* pod = decisions.pod_of(i);
    const std::size_t ties = decision.inputs ? decision.inputs->tie_count : decision.ties.size();
    table.add({to_string(decision.time - kTimeZero), decision.pod, pod == nullptr ? "" : decisions.identities().of(*pod), std::to_string(decision.attempt),
               decision.node.empty() ? "<none>" : decision.node, std::to_string(decision.feasible), std::to_string(ties)});
  }
  return table.text();
}

}  // namespace tandem::judge
