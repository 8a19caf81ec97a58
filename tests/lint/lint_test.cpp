// Scans the sources. Each rule has a canary: a bad snippet that it must find, and a good one that it must leave alone.

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/lint/rules.hpp"

namespace tandem::lint {
namespace {

namespace fs = std::filesystem;

bool has_extension(const fs::path& path, std::initializer_list<const char*> extensions) {
  return std::any_of(extensions.begin(), extensions.end(), [&](const char* e) { return path.extension() == e; });
}

/// All files with these extensions below the folders of the tree, sorted.
std::vector<SourceFile> tree(std::initializer_list<const char*> folders, std::initializer_list<const char*> extensions) {
  const fs::path root = TANDEM_SOURCE_DIR;
  std::vector<SourceFile> files;
  for (const char* folder : folders) {
    if (!fs::exists(root / folder)) continue;
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(root / folder)) {
      if (!entry.is_regular_file() || !has_extension(entry.path(), extensions)) continue;
      std::ostringstream text;
      text << std::ifstream(entry.path(), std::ios::binary).rdbuf();
      files.push_back({fs::relative(entry.path(), root).generic_string(), text.str()});
    }
  }
  std::sort(files.begin(), files.end(), [](const SourceFile& a, const SourceFile& b) { return a.path < b.path; });
  return files;
}

std::vector<SourceFile> house() { return tree({"core", "host", "sim", "real", "cli", "docker"}, {".hpp", ".cpp"}); }

void expect_none(const std::vector<Finding>& findings) {
  for (const Finding& finding : findings) ADD_FAILURE() << finding.path << ":" << finding.line << ": " << finding.what;
}

std::vector<Finding> layers(std::string path, std::string text) { return check_layers({std::move(path), std::move(text)}); }
std::vector<Finding> determinism(std::string path, std::string text) {
  return check_determinism({std::move(path), std::move(text)});
}

TEST(Tree, HasArrowsThatOnlyGoDown) {
  const std::vector<SourceFile> files = house();
  ASSERT_GT(files.size(), 50U);
  for (const SourceFile& file : files) expect_none(check_layers(file));
}

TEST(Tree, CallsNothingThatDiffersFromRunToRun) {
  for (const SourceFile& file : house()) expect_none(check_determinism(file));
}

TEST(Tree, WalksNothingWhoseOrderIsAnAccident) { expect_none(check_orders(house())); }

TEST(Tree, IsBuiltTheSameOnEveryMachine) {
  std::vector<SourceFile> files = tree({"core", "host", "sim", "real", "cli", "docker", "cmake", "tests"}, {".txt", ".cmake"});
  for (const char* name : {"CMakeLists.txt", "CMakePresets.json"}) {
    std::ostringstream text;
    text << std::ifstream(fs::path(TANDEM_SOURCE_DIR) / name, std::ios::binary).rdbuf();
    files.push_back({name, text.str()});
  }
  for (const SourceFile& file : files) expect_none(check_build_options(file));
  const auto module = std::find_if(files.begin(), files.end(), [](const SourceFile& file) { return file.path == "cmake/TandemModule.cmake"; });
  ASSERT_NE(module, files.end());
  EXPECT_NE(module->text.find("-ffp-contract=off"), std::string::npos) << "contraction changes sums (hardening D8)";
}

TEST(Tree, HasNothingMarkedUnfinished) {
  const auto files = tree({"core", "host", "sim", "real", "cli", "docker", "tests", "scenarios", "docs", "cmake", "schema"},
                          {".hpp", ".cpp", ".md", ".txt", ".cmake", ".fbs", ".def", ".yaml", ".py", ".sh"});
  for (const SourceFile& file : files) expect_none(check_finished(file));
}

TEST(Tree, KeepsJsonOutOfOtherRoomsHeaders) { expect_none(check_json_headers(house())); }

TEST(LayerRule, FindsAnArrowThatGoesUp) {
  const auto findings = layers("core/base/time.cpp", "#include <string>\n#include \"core/cluster/objects.hpp\"\n");
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].line, 2U);
  EXPECT_EQ(findings[0].what, "core/base may not use core/cluster");
}

TEST(LayerRule, FindsSimAndRealKnowingEachOther) {
  EXPECT_EQ(layers("sim/model/cpu.cpp", "#include \"real/docker/engine.hpp\"\n").size(), 1U);
  EXPECT_EQ(layers("real/docker/world.cpp", "#include \"sim/model/cpu.hpp\"\n").size(), 1U);
  EXPECT_EQ(layers("host/files.cpp", "#include \"cli/command.hpp\"\n").size(), 1U);
}

TEST(LayerRule, FindsSimGridOutsideTheEngine) {
  EXPECT_EQ(layers("sim/model/cpu.cpp", "#include <simgrid/s4u.hpp>\n").size(), 1U);
  EXPECT_EQ(layers("sim/engine/network.hpp", "#include <simgrid/s4u.hpp>\n").size(), 1U);
  EXPECT_EQ(layers("sim/engine/network.cpp", "#include <simgrid/s4u.hpp>\n").size(), 0U);
}

TEST(LayerRule, HoldsTheRequestStreamToTheBase) {
  EXPECT_EQ(layers("core/traffic/stream.hpp", "#include \"core/record/events.hpp\"\n").size(), 1U);
  EXPECT_EQ(layers("core/traffic/driver.hpp", "#include \"core/record/events.hpp\"\n").size(), 0U);
}

TEST(LayerRule, WantsARuleForEveryRoom) { EXPECT_EQ(layers("core/novelty/thing.cpp", "").size(), 1U); }

TEST(LayerRule, LeavesArrowsThatGoDownAndCommentsAlone) {
  const char* text =
      "#include \"core/base/time.hpp\"\n// #include \"core/world/world.hpp\"\n#include \"core/cluster/objects.hpp\"\n";
  expect_none(layers("core/control/x.cpp", text));
}

TEST(DeterminismRule, FindsEveryBannedCall) {
  const char* snippets[] = {
      "auto t = std::chrono::steady_clock::now();",
      "auto t = time(nullptr);",
      "clock_gettime(CLOCK_REALTIME, &ts);",
      "const char* home = getenv(\"HOME\");",
      "int r = rand();",
      "std::random_device d;",
      "std::hash<std::string> h;",
      "std::this_thread::yield();",
      "for (auto& e : fs::directory_iterator(p)) {}",
      "printf(\"%p\", pointer);",
      "setlocale(LC_ALL, \"\");",
      "double d = std::stod(text);",
      "std::regex r(\"a*\");",
      "std::mt19937 g;",
      "std::normal_distribution<double> n;",
      "std::shuffle(a, b, g);",
      "long double x = 1;",
      "double y = std::log(x);",
      "double y = std::exp(x);",
      "auto t = std::time(nullptr);",
      "auto* t = localtime(&seconds);",
      "auto f = std::async(work);",
      "std::thread t(work);",
      "std::locale l;",
  };
  for (const char* snippet : snippets) {
    EXPECT_GE(determinism("core/control/x.cpp", snippet).size(), 1U) << snippet;
    EXPECT_GE(determinism("sim/model/x.cpp", snippet).size(), 1U) << snippet;
    EXPECT_EQ(determinism("host/x.cpp", snippet).size(), 0U) << snippet;
  }
}

TEST(DeterminismRule, LeavesHarmlessLookAlikesAlone) {
  const char* snippets[] = {
      "auto t = event->time();", "const int operand = 1;",
      "// never std::hash here", "/* time(nullptr) */ int x;",
      "auto s = \"getenv\";",    "int log = 1;",
      "std::log_level level;",   "const auto big = 1'000'000; int rand_max;",
      "auto s = std::sqrt(x);",  "std::string stodgy;",
      "auto r = R\"(rand())\";",
  };
  for (const char* snippet : snippets) expect_none(determinism("core/control/x.cpp", snippet));
}

TEST(DeterminismRule, AcceptsALineThatGivesItsReason) {
  expect_none(determinism("core/x/y.cpp", "std::hash<int> h;  // lint-allow: look-up only, never iterated\n"));
  EXPECT_EQ(determinism("core/x/y.cpp", "// lint-allow: elsewhere\nstd::hash<int> h;\n").size(), 1U);
}

std::size_t orders(std::string text) { return check_orders({{"core/x/y.cpp", std::move(text)}}).size(); }

TEST(OrderRule, FindsLoopsOverAccidents) {
  EXPECT_EQ(orders("std::unordered_map<int, int> m;\nfor (const auto& [a, b] : m) use(a);\n"), 1U);
  EXPECT_EQ(orders("std::unordered_set<std::pair<int, int>, Hash> seen_;\nauto first = *seen_.begin();\n"), 1U);
  EXPECT_EQ(orders("std::set<const Pod*> pods;\nfor (const Pod* pod : pods) use(pod);\n"), 1U);
  EXPECT_EQ(orders("std::map<Pod*, int> pods = {};\nfor (auto& entry : this->pods) use(entry);\n"), 1U);
  const SourceFile header{"sim/x/y.hpp", "std::unordered_map<int, int> late_;\n"};
  const SourceFile user{"sim/x/y.cpp", "for (auto& e : late_) use(e);\n"};
  const SourceFile elsewhere{"sim/z/y.cpp", "for (auto& e : late_) use(e);\n"};
  EXPECT_EQ(check_orders({header, user, elsewhere}).size(), 1U);
}

TEST(OrderRule, LeavesLookUpsAndOrderedKeysAlone) {
  EXPECT_EQ(orders("std::unordered_map<int, int> m;\nif (m.find(3) != m.end()) use(m.at(3));\n"), 0U);
  EXPECT_EQ(orders("std::map<std::string, Pod*> m;\nfor (auto& e : m) use(e);\n"), 0U);
  EXPECT_EQ(orders("std::set<const Slot*, ByKey> s;\nfor (auto& e : s) use(e);\n"), 0U);
  EXPECT_EQ(orders("std::unordered_set<int> s;\nfor (int i = first(s); i < 3; ++i) use(s);\n"), 0U);
  EXPECT_EQ(orders("std::unordered_set<int> s;\nfor (int i : s) total += i;  // lint-allow: a sum of integers has no order\n"), 0U);
}

TEST(BuildRule, FindsOptionsThatDependOnTheMachine) {
  EXPECT_EQ(check_build_options({"CMakeLists.txt", "add_compile_options(-O3 -march=native)\n"}).size(), 1U);
  EXPECT_EQ(check_build_options({"CMakeLists.txt", "add_compile_options(-O3)\n"}).size(), 0U);
}

TEST(FinishedRule, FindsMarkersAsWholeWords) {
  for (const std::string marker : {"TO"
                                   "DO",
                                   "FIX"
                                   "ME",
                                   "X"
                                   "XX"}) {
    EXPECT_EQ(check_finished({"docs/x.md", "line\n" + marker + ": later\n"}).size(), 1U) << marker;
    EXPECT_EQ(check_finished({"docs/x.md", "mas" + marker + "n\n"}).size(), 0U) << marker;
  }
}

TEST(JsonRule, FindsAHeaderThatSpreadsTheLibrary) {
  const SourceFile heavy{"core/cluster/heavy.hpp", "#include <nlohmann/json.hpp>\n"};
  const SourceFile light{"core/cluster/light.hpp", "#include <nlohmann/json_fwd.hpp>\n"};
  const SourceFile near_user{"core/cluster/user.hpp", "#include \"core/cluster/heavy.hpp\"\n"};
  const SourceFile far_user{"core/control/user.hpp",
                            "#include \"core/cluster/heavy.hpp\"\n#include \"core/cluster/light.hpp\"\n"};
  EXPECT_EQ(check_json_headers({heavy, light, near_user}).size(), 0U);
  EXPECT_EQ(check_json_headers({heavy, light, far_user}).size(), 1U);
}

}  // namespace
}  // namespace tandem::lint
