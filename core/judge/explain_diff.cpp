#include "core/judge/explain_diff.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

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

/// A decision with everything about it.
struct Side {
  Explanation explanation;
  std::vector<NamedInput> inputs;
};

Result<Side> look_at(const ExplainedRun& run, const DecisionsOfPods& decisions, std::size_t number) {
  std::map<std::string, std::string> names;  // by uid
  for (const PodLife& pod : run.history.pods) names[pod.uid] = decisions.identities().of(pod);
  Side side;
  TANDEM_TRY(replay_scheduling(
      run.recording, run.config, [&](std::size_t each) { return each == number; },
      [&](ReplayedCycle& cycle) {
        side.explanation = explain(cycle);
        side.inputs = inputs_of(cycle, run.recording.seed(), [&](const cluster::Pod& pod) {
          const auto known = names.find(pod.meta.uid);
          return known == names.end() ? pod.meta.namespace_ + "/" + pod.meta.name : known->second;
        });
      }));
  if (const PodLife* pod = decisions.pod_of(number)) side.explanation.identity = decisions.identities().of(*pod);
  return side;
}

std::vector<InputDifference> compare(const std::vector<NamedInput>& a, const std::vector<NamedInput>& b) {
  std::map<std::string, std::string> of_b;
  for (const NamedInput& input : b) of_b[input.name] = input.value;
  std::vector<InputDifference> found;
  for (const NamedInput& input : a) {
    const auto other = of_b.find(input.name);
    if (other == of_b.end()) {
      found.push_back({input.name, input.value, "not there"});
    } else {
      if (other->second != input.value) found.push_back({input.name, input.value, other->second});
      of_b.erase(other);
    }
  }
  for (const NamedInput& input : b) {
    if (of_b.contains(input.name)) found.push_back({input.name, "not there", input.value});
  }
  return found;
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
  std::map<std::string, std::size_t> by_key;
  for (std::size_t i = 0; i < b.recording.decisions().size(); ++i) by_key[of_b.key_of(i)] = i;
  DecisionsPart parting;
  const auto tell = [&](const SchedulingDecision& decision, const PodLife* pod, const DecisionsOfPods& decisions) {
    parting.logical_name = pod == nullptr ? decision.pod : decisions.identities().of(*pod);
    parting.attempt = decision.attempt;
  };
  for (std::size_t i = 0; i < a.recording.decisions().size(); ++i) {
    const SchedulingDecision& decision = a.recording.decisions()[i];
    const auto other = by_key.find(of_a.key_of(i));
    if (other != by_key.end() && same_outcome(decision, b.recording.decisions()[other->second])) {
      ++parting.same_before;
      by_key.erase(other);
      continue;
    }
    tell(decision, of_a.pod_of(i), of_a);
    auto left = look_at(a, of_a, i);
    if (!left) return tl::unexpected(left.error());
    parting.a = std::move(left->explanation);
    if (other == by_key.end()) return parting;
    auto right = look_at(b, of_b, other->second);
    if (!right) return tl::unexpected(right.error());
    parting.b = std::move(right->explanation);
    parting.inputs = compare(left->inputs, right->inputs);
    return parting;
  }
  for (std::size_t i = 0; i < b.recording.decisions().size(); ++i) {
    if (!by_key.contains(of_b.key_of(i))) continue;
    tell(b.recording.decisions()[i], of_b.pod_of(i), of_b);
    auto right = look_at(b, of_b, i);
    if (!right) return tl::unexpected(right.error());
    parting.b = std::move(right->explanation);
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
