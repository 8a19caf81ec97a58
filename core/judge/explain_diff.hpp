#pragma once
// The first scheduling decision in which two runs part, and what was different about what it was made from.

#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "core/judge/explain.hpp"

namespace tandem::judge {

/// One side of a comparison. Everything outlives the call.
struct ExplainedRun {
  const record::Recording& recording;
  const RunHistory& history;
  const scenario::SchedulerConfig& config;
};

/// Something that a decision was made from and that differs, as text of both sides.
struct InputDifference {
  std::string input;  ///< "profile", "node kind-worker", "pods on kind-worker", "pod specification" …
  std::string a;
  std::string b;
};

struct DecisionsPart {
  std::size_t same_before = 0;         ///< decisions that both runs made, with the same outcome, before this one
  std::string logical_name;
  std::uint32_t attempt = 1;
  std::optional<Explanation> a;        ///< absent: this run never made the decision
  std::optional<Explanation> b;
  std::vector<InputDifference> inputs; ///< closest to the cause first (NamedInput::Closeness)
};

/// Decisions are matched by the pod's logical name and the attempt, so runs whose pods have other random names can be compared. Of those
/// that have different outcomes, or that one run only made, the earliest is told, whichever run is named first. Nothing if every decision
/// has the same outcome. Errors: those of replay_scheduling.
Result<std::optional<DecisionsPart>> first_parting(const ExplainedRun& a, const ExplainedRun& b);

std::string to_text(const DecisionsPart& parting, const std::string& name_of_a, const std::string& name_of_b, const ExplainTextOptions& options);
nlohmann::ordered_json to_json(const DecisionsPart& parting);

}  // namespace tandem::judge
