// Every folder of tests/bad is loaded over the base and must give exactly the errors its sidecar lists.

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
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

TEST(BadInputs, TheBaseItselfLoadsWithoutAWarning) {
  const Loaded loaded = BaseScenario().load();
  EXPECT_TRUE(loaded.scenario.has_value());
  EXPECT_EQ(render(loaded), "");
}

TEST(BadInputs, EveryMalformedInputIsRefusedWithItsCodeAndPlace) {
  const std::vector<fs::path> folders = cases();
  ASSERT_GE(folders.size(), 120U);
  for (const fs::path& folder : folders) {
    SCOPED_TRACE(folder.filename().string());
    BaseScenario scenario;
    fs::copy(folder, scenario.path(), fs::copy_options::overwrite_existing | fs::copy_options::recursive);
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

TEST(BadInputs, NoReportCanControlATerminal) {
  for (const fs::path& folder : cases()) {
    BaseScenario scenario;
    fs::copy(folder, scenario.path(), fs::copy_options::overwrite_existing | fs::copy_options::recursive);
    for (const char c : render(scenario.load())) {
      const auto byte = static_cast<unsigned char>(c);
      EXPECT_TRUE(byte == '\n' || (byte >= 0x20 && byte != 0x7f)) << folder.filename() << " lets byte " << int{byte} << " through";
    }
  }
}

}  // namespace
}  // namespace tandem::scenario::test
