// The runner must notice every way in which a comparison can fail.

#include "tests/truth/runner.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/truth/isolation.hpp"
#include "tests/truth/truth_data.hpp"

namespace tandem::truth {
namespace {

namespace fs = std::filesystem;

/// A truth folder of the test's own.
class RunnerTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ =
        fs::path(testing::TempDir()) / ("truth_" + std::string(testing::UnitTest::GetInstance()->current_test_info()->name()));
    fs::remove_all(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  void write(const std::string& path, const std::string& text) {
    fs::create_directories((folder_ / path).parent_path());
    std::ofstream(folder_ / path) << text;
  }

  /// Runs one family that passes the cases whose "answer" is 42 and throws where there is none.
  int run(const std::vector<std::string>& prefixes = {}) {
    const Family family{"group/known", [](const nlohmann::json& file, Tally& tally) {
                          for_each_case(file, tally, [](const nlohmann::json& c) -> std::optional<std::string> {
                            if (c.at("answer") == 42) return std::nullopt;
                            if (c.at("answer") == "abort") std::abort();
                            return "is " + c.at("answer").dump();
                          });
                        }};
    std::ostringstream out;
    const int code = run_all({family}, folder_, prefixes, out);
    printed_ = out.str();
    return code;
  }

  fs::path folder_;
  std::string printed_;
};

TEST_F(RunnerTest, PassesWhenEveryCaseAgrees) {
  write("group/known.json", R"({"cases":[{"id":"a","answer":42},{"id":"b","answer":42}]})");
  EXPECT_EQ(run(), 0);
  EXPECT_EQ(printed_, "group/known: 2 passed, 0 failed\n");
}

TEST_F(RunnerTest, FailsAndNamesTheCaseThatDiffers) {
  write("group/known.json", R"({"cases":[{"id":"a","answer":42},{"id":"b","answer":41}]})");
  EXPECT_EQ(run(), 1);
  EXPECT_EQ(printed_, "group/known: 1 passed, 1 failed\n  b: is 41\n");
}

TEST_F(RunnerTest, CountsACaseItCannotRunAsFailed) {
  write("group/known.json", R"({"cases":[{"id":"a","answer":42},{"id":"b"},17]})");
  EXPECT_EQ(run(), 1);
  EXPECT_NE(printed_.find("1 passed, 2 failed"), std::string::npos) << printed_;
  EXPECT_NE(printed_.find("b: cannot be run"), std::string::npos);
  EXPECT_NE(printed_.find("#2: cannot be run"), std::string::npos);
}

TEST_F(RunnerTest, FailsOnAFileThatCannotBeReadOrHasNoCases) {
  write("group/known.json", "{");
  EXPECT_EQ(run(), 1);
  EXPECT_NE(printed_.find("0 passed, 1 failed"), std::string::npos);
  write("group/known.json", R"({"cases":[]})");
  EXPECT_EQ(run(), 1);
  write("group/known.json", R"({"cases":3})");
  EXPECT_EQ(run(), 1);
}

TEST_F(RunnerTest, ListsFamiliesItDoesNotCoverByName) {
  write("group/known.json", R"({"cases":[{"id":"a","answer":42}]})");
  write("group/later.json", R"({"cases":[]})");
  write("zoo/other.jsonl", "{}\n");
  EXPECT_EQ(run(), 0);
  EXPECT_EQ(printed_, "group/known: 1 passed, 0 failed\nnot yet covered: group/later, zoo/other\n");
}

TEST_F(RunnerTest, IsNotContentWithNothing) {
  EXPECT_EQ(run(), 1);  // no such folder
  write("group/later.json", R"({"cases":[]})");
  EXPECT_EQ(run(), 1);
  EXPECT_NE(printed_.find("no covered family"), std::string::npos);
}

TEST_F(RunnerTest, RunsOnlyTheFamiliesAskedFor) {
  write("group/known.json", R"({"cases":[{"id":"a","answer":41}]})");
  write("group/later.json", R"({"cases":[]})");
  EXPECT_EQ(run({"group/known"}), 1);
  EXPECT_EQ(printed_.find("later"), std::string::npos);
  EXPECT_EQ(run({"other"}), 1);
  EXPECT_EQ(printed_.find("group/known"), std::string::npos);
}

TEST_F(RunnerTest, LosesOnlyTheCaseThatCrashes) {
  write("group/known.json", R"({"cases":[{"id":"a","answer":42},{"id":"b","answer":"abort"},{"id":"c","answer":42}]})");
  EXPECT_EQ(run(), 1);
  EXPECT_EQ(printed_, "group/known: 2 passed, 1 failed\n  b: crashed or did not end\n");
}

TEST_F(RunnerTest, TakesAFileThatIsItselfTheListOfCases) {
  write("group/known.json", R"([{"name":"a","answer":42},{"name":"b","answer":"abort"},{"answer":1}])");
  EXPECT_EQ(run(), 1);
  EXPECT_EQ(printed_, "group/known: 1 passed, 2 failed\n  b: crashed or did not end\n  #0: is 1\n");
}

TEST(Isolation, EndsWorkThatDoesNot) {
  EXPECT_FALSE(in_child(
                   [](Tally&) {
                     for (;;) pause();
                   },
                   1)
                   .has_value());
}

TEST(Isolation, BringsTheTallyBack) {
  const auto tally = in_child(
      [](Tally& inner) {
        inner.pass();
        inner.fail("a", "differs");
      },
      5);
  ASSERT_TRUE(tally.has_value());
  EXPECT_EQ(tally->passed(), 1U);
  EXPECT_EQ(tally->failures(), std::vector<std::string>{"a: differs"});
}

TEST_F(RunnerTest, ReadsJsonLinesAsCases) {
  write("group/known.jsonl", "{\"id\":\"a\",\"answer\":42}\n\n{\"id\":\"b\",\"answer\":42}\n");
  EXPECT_EQ(run(), 0);
  EXPECT_EQ(printed_, "group/known: 2 passed, 0 failed\n");
}

TEST_F(RunnerTest, ShowsTheFirstFailuresOnly) {
  std::string cases;
  for (int i = 0; i < 20; ++i) cases += std::string(i == 0 ? "" : ",") + R"({"answer":1})";
  write("group/known.json", R"({"cases":[)" + cases + "]}");
  EXPECT_EQ(run(), 1);
  EXPECT_NE(printed_.find("0 passed, 20 failed"), std::string::npos);
  EXPECT_EQ(std::count(printed_.begin(), printed_.end(), '\n'), 1 + static_cast<int>(Tally::kShown));
}

TEST(TruthTable, NamesEveryFamilyOnce) {
  const std::vector<Family> families = all_families();
  for (std::size_t i = 1; i < families.size(); ++i) EXPECT_LT(families[i - 1].name, families[i].name);
}

}  // namespace
}  // namespace tandem::truth
