#include "core/judge/explain_diff.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <tuple>

#include "core/judge/decision_inputs.hpp"
#include "core/judge/decisions_of.hpp"
#include "core/judge/explain_words.hpp"
#include "core/judge/table.hpp"

namespace tandem::judge {

using Json = nlohmann::ordered_json;
using record::SchedulingDecision;

namespace {

/// Texts longer than this are cut around the first difference.
constexpr std::size_t kValueShown = 160;

bool same_outcome(const SchedulingDecision& a, const SchedulingDecision& b) { return a.node == b.node && a.message == b.message; }

/// A decision with everything that it was made from.
Status look_at(const ExplainedRun& run, const DecisionsOfPods& decisions, std::size_t number, std::optional<Explanation>& told, std::vector<NamedInput>& inputs) {
  TANDEM_TRY(replay_scheduling(
      run.recording, run.config, [&](std::size_t each) { return each == number; },
      [&](ReplayedCycle& cycle) {
        told = explain(cycle);
        inputs = inputs_of(cycle, run.recording.seed(), [&](const cluster::Pod& pod) {
          const PodLife* life = decisions.life_of(pod.meta.uid);
          return life == nullptr ? pod.meta.namespace_ + "/" + pod.meta.name : decisions.identities().of(*life);
        });
      }));
  const PodLife* pod = decisions.pod_of(number);
  if (told) told->identity = pod == nullptr ? told->pod : decisions.identities().of(*pod);
  return {};
}

/// Every input of both sides, by closeness; in the order of collection where that is the same.
std::vector<NamedInput> merged(const std::vector<NamedInput>& a, const std::vector<NamedInput>& b) {
  std::vector<NamedInput> all = a;
  std::size_t next = 0;  // where an input goes that only b has: behind the one that b has before it
  for (const NamedInput& input : b) {
    const auto known = std::find_if(all.begin(), all.end(), [&](const NamedInput& other) { return other.name == input.name; });
    const auto at = known != all.end() ? known : all.insert(all.begin() + static_cast<std::ptrdiff_t>(next), input);
    next = static_cast<std::size_t>(at - all.begin()) + 1;
  }
  std::stable_sort(all.begin(), all.end(), [](const NamedInput& one, const NamedInput& other) { return one.closeness < other.closeness; });
  return all;
}

class Inputs {
 public:
  explicit Inputs(const std::vector<NamedInput>& inputs) {
    for (const NamedInput& input : inputs) {
      values_[input.name] = input.value;
      nodes_.insert(input.node);
    }
  }
  /// About a node that is not there: the list of nodes says so once.
  [[nodiscard]] bool lacks_node_of(const NamedInput& input) const { return !input.node.empty() && !nodes_.contains(input.node); }
  [[nodiscard]] std::string value_of(const NamedInput& input) const {
    const auto found = values_.find(input.name);
    return found == values_.end() ? "not there" : found->second;
  }

 private:
  std::map<std::string, std::string> values_;
  std::set<std::string> nodes_;
};

std::vector<InputDifference> compare(const std::vector<NamedInput>& a, const std::vector<NamedInput>& b) {
  const Inputs of_a(a);
  const Inputs of_b(b);
  std::vector<InputDifference> found;
  for (const NamedInput& input : merged(a, b)) {
    if (of_a.lacks_node_of(input) || of_b.lacks_node_of(input)) continue;
    InputDifference both{input.name, of_a.value_of(input), of_b.value_of(input)};
    if (both.a != both.b) found.push_back(std::move(both));
  }
  return found;
}

/// A decision that at least one of two runs made: numbers in their recordings.
struct Matched {
  std::string key;
  std::optional<std::size_t> a;
  std::optional<std::size_t> b;
  std::pair<SimTime, std::size_t> earliest;  ///< time of the earlier of the two, and its number to tell decisions of one instant apart
};

/// The decisions of both runs in order of time, the same whichever run is named first.
std::vector<Matched> match(const ExplainedRun& a, const DecisionsOfPods& of_a, const ExplainedRun& b, const DecisionsOfPods& of_b) {
  std::map<std::string, Matched> by_key;
  const auto add = [&](const ExplainedRun& run, const DecisionsOfPods& decisions, std::optional<std::size_t> Matched::*side) {
    for (std::size_t i = 0; i < run.recording.decisions().size(); ++i) {
      const std::pair<SimTime, std::size_t> moment{run.recording.decisions()[i].time, i};
      Matched& matched = by_key.try_emplace(decisions.key_of(i), Matched{decisions.key_of(i), {}, {}, moment}).first->second;
      matched.*side = i;
      matched.earliest = std::min(matched.earliest, moment);
    }
  };
  add(a, of_a, &Matched::a);
  add(b, of_b, &Matched::b);
  std::vector<Matched> all;
  for (auto& [key, matched] : by_key) all.push_back(std::move(matched));
  std::sort(all.begin(), all.end(), [](const Matched& one, const Matched& other) { return std::tie(one.earliest, one.key) < std::tie(other.earliest, other.key); });
  return all;
}

/// Two long texts, cut so that where they first differ is seen.
std::pair<std::string, std::string> around_difference(const std::string& a, const std::string& b) {
  if (std::max(a.size(), b.size()) <= kValueShown) return {a, b};
  const auto [in_a, in_b] = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
  const auto at = static_cast<std::size_t>(in_a - a.begin());
  const std::size_t from = at < 40 ? 0 : at - 40;
  const auto cut = [&](const std::string& text) {
    return (from > 0 ? "…" : "") + text.substr(std::min(from, text.size()), kValueShown) + (text.size() > from + kValueShown ? "…" : "");
  };
  return {cut(a), cut(b)};
}

std::string outcome_of(const std::optional<Explanation>& told) {
  if (!told) return "never made this decision";
  if (told->node.empty()) return told->message;
  if (told->ties.size() > 1) return fmt::format("{}, drawn among {}", told->node, Words::list(told->ties, Words::kNamesShown));
  return told->node;
}

}  // namespace

Result<std::optional<DecisionsPart>> first_parting(const ExplainedRun& a, const ExplainedRun& b) {
  const DecisionsOfPods of_a(a.recording, a.history);
  const DecisionsOfPods of_b(b.recording, b.history);
  DecisionsPart parting;
  for (const Matched& matched : match(a, of_a, b, of_b)) {
    if (matched.a && matched.b && same_outcome(a.recording.decisions()[*matched.a], b.recording.decisions()[*matched.b])) {
      ++parting.same_before;
      continue;
    }
    std::vector<NamedInput> inputs_of_a;
    std::vector<NamedInput> inputs_of_b;
    if (matched.a) TANDEM_TRY(look_at(a, of_a, *matched.a, parting.a, inputs_of_a));
    if (matched.b) TANDEM_TRY(look_at(b, of_b, *matched.b, parting.b, inputs_of_b));
    if (matched.a && matched.b) parting.inputs = compare(inputs_of_a, inputs_of_b);
    const Explanation& told = parting.a ? *parting.a : *parting.b;
    parting.logical_name = told.identity;
    parting.attempt = told.attempt;
    return parting;
  }
  return std::nullopt;
}

std::string to_text(const DecisionsPart& parting, const std::string& name_of_a, const std::string& name_of_b, const ExplainTextOptions& options) {
  std::string text = fmt::format("The runs part at {}, attempt {}, after {} decisions with the same outcome.\n\n", parting.logical_name, parting.attempt, parting.same_before);
  Table outcomes({"", "RUN", "TIME", "POD", "OUTCOME"});
  const auto add = [&](const char* side, const std::string& run, const std::optional<Explanation>& told) {
    outcomes.add({side, run, told ? to_string(told->decided - kTimeZero) : "", told ? told->pod : "", outcome_of(told)});
  };
  add("A", name_of_a, parting.a);
  add("B", name_of_b, parting.b);
  text += outcomes.text();
  if (!parting.a || !parting.b) return text + "\nThe other run has no such pod or attempt: compare what was created, and when.\n";
  if (parting.inputs.empty()) return text + "\nNo input differs. That must not be: please report it.\n";
  text += "\nWhat was different, closest to the cause first\n";
  const std::size_t shown = options.all_nodes ? parting.inputs.size() : std::min<std::size_t>(parting.inputs.size(), 10);
  for (std::size_t i = 0; i < shown; ++i) {
    const auto [a, b] = around_difference(parting.inputs[i].a, parting.inputs[i].b);
    text += fmt::format("  {}\n    A  {}\n    B  {}\n", parting.inputs[i].input, a, b);
  }
  if (shown < parting.inputs.size()) text += fmt::format("  and {} inputs more (--all shows them)\n", parting.inputs.size() - shown);
  return text;
}

Json to_json(const DecisionsPart& parting) {
  Json inputs = Json::array();
  for (const InputDifference& input : parting.inputs) inputs.push_back({{"input", input.input}, {"a", input.a}, {"b", input.b}});
  Json json = {{"logicalName", parting.logical_name}, {"attempt", parting.attempt}, {"sameBefore", parting.same_before}};
  json["a"] = parting.a ? to_json(*parting.a) : Json();
  json["b"] = parting.b ? to_json(*parting.b) : Json();
  json["inputs"] = std::move(inputs);
  return json;
}

}  // namespace tandem::judge
