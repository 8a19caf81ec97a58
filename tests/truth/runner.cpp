#include "tests/truth/runner.hpp"

#include <algorithm>
#include <exception>
#include <map>
#include <utility>

#include "core/base/text.hpp"
#include "tests/truth/isolation.hpp"
#include "tests/truth/truth_data.hpp"

namespace tandem::truth {
namespace {

bool wanted(const std::string& name, const std::vector<std::string>& prefixes) {
  return prefixes.empty() ||
         std::any_of(prefixes.begin(), prefixes.end(), [&](const std::string& prefix) { return name.starts_with(prefix); });
}

}  // namespace

void Tally::fail(std::string_view case_id, std::string_view what) {
  ++failed_;
  if (failures_.size() >= kShown) return;
  std::string text = std::string(case_id) + ": " + std::string(what);
  std::replace(text.begin(), text.end(), '\n', ' ');
  failures_.push_back(std::move(text));
}

void Tally::add(const Tally& other) {
  passed_ += other.passed_;
  failed_ += other.failed_;
  for (const std::string& failure : other.failures_) {
    if (failures_.size() < kShown) failures_.push_back(failure);
  }
}

Tally Tally::of(std::size_t passed, std::size_t failed, std::vector<std::string> failures) {
  Tally tally;
  tally.passed_ = passed;
  tally.failed_ = failed;
  tally.failures_ = std::move(failures);
  return tally;
}

void for_each_case(const nlohmann::json& file, Tally& tally, const CaseCheck& check) {
  const nlohmann::json* cases = cases_of(file);
  if (cases == nullptr || cases->empty()) return tally.fail("file", "has no cases");
  std::size_t index = 0;
  for (const nlohmann::json& test_case : *cases) {
    const std::string id = case_id(test_case, index++);
    try {
      const std::optional<std::string> difference = check(test_case);
      if (difference) {
        tally.fail(id, *difference);
      } else {
        tally.pass();
      }
    } catch (const std::exception& error) { tally.fail(id, std::string("cannot be run: ") + error.what()); }
  }
}

Tally run_family(const Family& family, const std::filesystem::path& folder) {
  const Result<nlohmann::json> file = load_family(folder, family.name);
  Tally tally;
  if (file) {
    tally = run_isolated(family, *file);
  } else {
    tally.fail("file", to_string(file.error()));
  }
  if (tally.passed() + tally.failed() == 0) tally.fail("file", "has no cases");
  return tally;
}

int run_all(const std::vector<Family>& families, const std::filesystem::path& folder, const std::vector<std::string>& prefixes,
            std::ostream& out) {
  std::map<std::string, const Family*> covered;
  for (const Family& family : families) covered.emplace(family.name, &family);

  std::size_t run = 0, failed = 0;
  std::string uncovered;
  for (const std::string& name : families_in(folder)) {
    if (!wanted(name, prefixes)) continue;
    const auto found = covered.find(name);
    if (found == covered.end()) {
      uncovered += (uncovered.empty() ? "" : ", ") + name;
      continue;
    }
    const Tally tally = run_family(*found->second, folder);
    out << name << ": " << tally.passed() << " passed, " << tally.failed() << " failed\n";
    for (const std::string& failure : tally.failures()) out << "  " << escape_for_terminal(failure, 1000) << "\n";
    out.flush();
    ++run;
    failed += tally.failed();
  }
  if (!uncovered.empty()) out << "not yet covered: " << uncovered << "\n";
  if (run == 0) out << "no covered family in " << folder.string() << "\n";
  return run != 0 && failed == 0 ? 0 : 1;
}

}  // namespace tandem::truth
