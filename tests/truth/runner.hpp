#pragma once
// Compares our answers with the recorded ones, a family at a time.
//
// To cover a family: write `void check_NAME(const nlohmann::json& file, Tally& tally)` in a file families_TOPIC.cpp, return it
// from `std::vector<Family> TOPIC_families()` there, declare that function below and add it to the table in families.cpp.
// That is all: truth_runner prints its line, and ctest has an entry for it (program `truth`, label truth).

#include <cstddef>
#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

namespace tandem::truth {

/// How many cases of a family agreed. Keeps the text of the first failures.
class Tally {
 public:
  void pass() { ++passed_; }
  void fail(std::string_view case_id, std::string_view what);
  void add(const Tally& other);
  static Tally of(std::size_t passed, std::size_t failed, std::vector<std::string> failures);

  [[nodiscard]] std::size_t passed() const { return passed_; }
  [[nodiscard]] std::size_t failed() const { return failed_; }
  /// "case-id: what", at most kShown of them.
  [[nodiscard]] const std::vector<std::string>& failures() const { return failures_; }

  static constexpr std::size_t kShown = 5;

 private:
  std::size_t passed_ = 0;
  std::size_t failed_ = 0;
  std::vector<std::string> failures_;
};

/// Says what differs in one case, or nothing if the answers are equal.
using CaseCheck = std::function<std::optional<std::string>(const nlohmann::json& test_case)>;

/// Runs `check` on every case of the file (cases_of). A case that throws counts as failed; so does a file without cases.
void for_each_case(const nlohmann::json& file, Tally& tally, const CaseCheck& check);

struct Family {
  std::string name;  ///< "controllers/f01_rollout"
  std::function<void(const nlohmann::json& file, Tally& tally)> check;
};

/// The families of one room each; see families.cpp.
std::vector<Family> api_families();
std::vector<Family> autoscaler_families();
std::vector<Family> api_rule_families();
std::vector<Family> balancer_families();
std::vector<Family> cron_job_families();
std::vector<Family> daemon_set_families();
std::vector<Family> deployment_families();
std::vector<Family> disruption_families();
std::vector<Family> endpoint_slice_families();
std::vector<Family> job_families();
std::vector<Family> kind_rollout_families();
std::vector<Family> kubectl_families();
std::vector<Family> kubelet_decision_families();
std::vector<Family> kubelet_probe_families();
std::vector<Family> kubelet_resource_families();
std::vector<Family> kubelet_timing_families();
std::vector<Family> node_lifecycle_families();
std::vector<Family> replica_set_families();
std::vector<Family> scheduler_families();
std::vector<Family> selector_families();
std::vector<Family> stateful_set_families();

/// Every covered family, sorted by name.
std::vector<Family> all_families();

/// Loads the family's file and runs its check in a process of its own (isolation.hpp). An unreadable file or an escaping
/// exception is one failure; a case that crashes or does not end is one.
Tally run_family(const Family& family, const std::filesystem::path& folder);

/// Runs all `families` whose file lies in `folder` and whose name starts with one of `prefixes` (none = all). Prints
/// "NAME: N passed, N failed" for each, with the first failures indented below, and at the end the families in the
/// folder that nothing here covers. Returns the exit code: 0 only if something was run and nothing failed.
int run_all(const std::vector<Family>& families, const std::filesystem::path& folder, const std::vector<std::string>& prefixes,
            std::ostream& out);

}  // namespace tandem::truth
