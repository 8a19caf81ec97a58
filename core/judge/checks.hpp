#pragma once
// Evaluates the checks of a scenario on a recording, whichever world wrote it.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/judge/run_history.hpp"
#include "core/record/recording.hpp"
#include "core/scenario/scenario.hpp"

namespace tandem::judge {

enum class Verdict : std::uint8_t {
  Passed,
  Failed,
  Error,  ///< could not be evaluated: never a pass
};
/// "passed", "failed", "error".
std::string_view name_of(Verdict verdict);

struct CheckResult {
  std::string name;
  std::string kind;
  std::string expression;                  ///< condition, or metric and threshold
  Verdict verdict = Verdict::Error;
  double points = 0;                       ///< earned
  double max_points = 0;
  std::string expected;                    ///< in words, with the window
  std::string seen;
  std::string hint;                        ///< what to look at next; may be empty
  std::optional<SimTime> first_violation;  ///< when it went wrong
  Place place;                             ///< of the check in the scenario
};

struct CheckReport {
  std::vector<CheckResult> results;        ///< in the scenario's order
  double score = 0;
  double max_score = 0;
  [[nodiscard]] bool all_passed() const;
  /// Conventions §5: 0 if every check passed, else 1.
  [[nodiscard]] int exit_code() const { return all_passed() ? 0 : 1; }
};

/// Evaluates every check. Windows: `from` is the moment that is given, or the first at which its condition holds; `until` the first
/// such moment after it (the end of the run by default, also when its condition never holds); a check covers [from, until). A check
/// whose start never comes, that names an object the run never had, whose metric has no data, or whose window was not recorded to
/// its end is an Error, not a pass; unless what was seen already decides it.
CheckReport evaluate_checks(const std::vector<scenario::CheckSpec>& checks, const record::Recording& recording,
                            const RunHistory& history);

}  // namespace tandem::judge
