// Every folder of tests/bad is loaded over the base and must give exactly the errors its sidecar lists.

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <vector>

#include "scenario_test_support.hpp"

namespace tandem::scenario::test {
namespace {

namespace fs = std::filesystem;

struct Expected {
  std::vector<std::string> errors;  ///< "Code file:line:column"
  std::vector<std::string> hints;
};

Expected read_expected(const fs::path& file) {
  Expected expected;
  std::istringstream lines(read_text(file));
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("hint ")) {
      expected.hints.push_back(line.substr(5));
    } else if (!line.empty()) {
      expected.errors.push_back(line);
    }
  }
  return expected;
}

std::vector<fs::path> cases() {
  std::vector<fs::path> folders;
  for (const auto& entry : fs::directory_iterator(kSource / "tests/bad")) {
    if (entry.is_directory() && entry.path().filename() != "base") folders.push_back(entry.path());
  }
  std::sort(folders.begin(), folders.end());
  return folders;
}

/// A case's folder over the base. Files too large to keep are made by `recipe.txt`: "append FILE TIMES LINE".
void lay_over(const fs::path& folder, const BaseScenario& scenario) {
  fs::copy(folder, scenario.path(), fs::copy_options::overwrite_existing | fs::copy_options::recursive);
  std::ifstream recipe(folder / "recipe.txt");
  for (std::string word, file, line; recipe >> word >> file;) {
    std::size_t times = 0;
    recipe >> times;
    std::getline(recipe.ignore(1), line);
    ASSERT_EQ(word, "append");
    std::ofstream out(scenario.path() / file, std::ios::binary | std::ios::app);
    for (std::size_t i = 0; i < times; ++i) out << line << "\n";
  }
}

TEST(BadInputs, TheBaseItselfLoadsWithoutAWarning) {
  const Loaded loaded = BaseScenario().load();
  EXPECT_TRUE(loaded.scenario.has_value());
  EXPECT_EQ(render(loaded), "");
}

TEST(BadInputs, EveryMalformedInputIsRefusedWithItsCodeAndPlace) {
  const std::vector<fs::path> folders = cases();
  for (const fs::path& folder : folders) {
    SCOPED_TRACE(folder.filename().string());
    BaseScenario scenario;
    lay_over(folder, scenario);
    const Loaded loaded = scenario.load();
    EXPECT_FALSE(loaded.scenario.has_value());

    std::vector<std::string> found;
    const std::string prefix = scenario.path().string() + "/";
    for (const Error& error : loaded.errors) {
      EXPECT_TRUE(error.place.file.starts_with(prefix));
      EXPECT_EQ(exit_code_of(error.code), 3) << "an invalid file has exit code 3";
      EXPECT_FALSE(error.what.empty());
      found.push_back(std::string(name_of(error.code)) + " " + to_string(error.place).substr(prefix.size()));
    }
    const Expected expected = read_expected(folder / "expected.txt");
    EXPECT_EQ(found, expected.errors) << render(loaded);
    for (const std::string& hint : expected.hints) {
      const bool given = std::any_of(loaded.errors.begin(), loaded.errors.end(), [&](const Error& e) { return e.hint.find(hint) != std::string::npos; });
      EXPECT_TRUE(given) << "no hint says: " << hint << "\n" << render(loaded);
    }
  }
}

TEST(BadInputs, TheCorpusMeetsEveryKindOfFileAndMostCodes) {
  std::set<std::string> codes;
  std::map<std::string, std::size_t> cases_of;
  for (const fs::path& folder : cases()) {
    std::set<std::string> files;
    for (const std::string& error : read_expected(folder / "expected.txt").errors) {
      const std::size_t blank = error.find(' ');
      codes.insert(error.substr(0, blank));
      files.insert(error.substr(blank + 1, error.find(':', blank) - blank - 1));
    }
    for (const std::string& file : files) ++cases_of[file];
  }
  EXPECT_GE(codes.size(), 40U);
  EXPECT_GE(cases_of["scenario.yaml"], 100U);
  EXPECT_GE(cases_of["web.yaml"], 30U);
  EXPECT_GE(cases_of["kind.yaml"], 20U);
  EXPECT_GE(cases_of["cal.yaml"], 20U);
}

TEST(BadInputs, NoReportCanControlATerminal) {
  for (const fs::path& folder : cases()) {
    BaseScenario scenario;
    lay_over(folder, scenario);
    for (const char c : render(scenario.load())) {
      const auto byte = static_cast<unsigned char>(c);
      EXPECT_TRUE(byte == '\n' || (byte >= 0x20 && byte != 0x7f)) << folder.filename() << " lets byte " << int{byte} << " through";
    }
  }
}

}  // namespace
}  // namespace tandem::scenario::test
