#pragma once
// What one run came to: traffic, rollouts, availability, checks. As a terminal block with k6's look and as k6's summary JSON.

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "core/judge/checks.hpp"
#include "core/judge/run_history.hpp"
#include "core/record/recording.hpp"

namespace tandem::judge {

struct SummaryOptions {
  bool ascii = false;   ///< "ok"/"FAIL" instead of ✓/✗
};

/// THRESHOLDS, CHECKS, then one line per metric and traffic source, rollouts with ReplicaSet sizes, and availability.
std::string summary_text(const record::Recording& recording, const RunHistory& history, const CheckReport& checks, const SummaryOptions& options = {});
/// Conventions §4: summary.json, version 1.0.0. Without `generatedAt`, so that it is the same bytes for the same run.
nlohmann::json summary_json(const record::Recording& recording, const RunHistory& history, const CheckReport& checks);

}  // namespace tandem::judge
