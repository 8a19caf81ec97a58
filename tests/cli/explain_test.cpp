// tandem explain, as people run it.

#include <gmock/gmock.h>

#include "tests/cli/command.hpp"

namespace tandem::cli_test {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

class Explain : public CommandTest {};

TEST_F(Explain, ListsDecisionsAndExplainsEachPod) {
  const std::string run = record("run").string();
  const host::ProcessResult all = tandem({"explain", run, "--json"});
  ASSERT_EQ(all.exit_code, 0) << all.errors;
  const json listed = json::parse(all.output);
  EXPECT_TRUE(listed["mismatches"].empty());
  ASSERT_FALSE(listed["decisions"].empty());
  for (const json& decision : listed["decisions"]) {
    const std::string path = decision["pod"];
    const host::ProcessResult one = tandem({"explain", run, "pod/" + path.substr(path.find('/') + 1), "--attempt", decision["attempt"].dump(), "--json"});
    ASSERT_EQ(one.exit_code, 0) << one.errors;
    const json told = json::parse(one.output);
    EXPECT_EQ(told["node"], decision["node"]);
    EXPECT_TRUE(told["mismatches"].empty());
  }
  EXPECT_THAT(tandem({"explain", run}).output, HasSubstr("each made again with the same outcome"));
}

TEST_F(Explain, TakesLogicalNamesAndNodes) {
  const std::string run = record("run").string();
  const host::ProcessResult pod = tandem({"explain", run, "pod/web#2.1"});
  EXPECT_EQ(pod.exit_code, 0) << pod.errors;
  EXPECT_THAT(pod.output, HasSubstr("(web#2.1)"));
  EXPECT_THAT(pod.output, HasSubstr("TaintToleration"));
  const host::ProcessResult node = tandem({"explain", run, "node", "kind-control-plane"});
  EXPECT_EQ(node.exit_code, 0) << node.errors;
  EXPECT_THAT(node.output, HasSubstr("untolerated taint"));
}

TEST_F(Explain, FindsWhereTwoSeedsPart) {
  const std::string a = record("a").string();
  const std::string b = record("b", {"--seed", "7"}).string();
  const host::ProcessResult same = tandem({"explain", "--diff", a, a});
  EXPECT_EQ(same.exit_code, 0) << same.errors;
  EXPECT_THAT(same.output, HasSubstr("same outcome in both runs"));
  const host::ProcessResult parted = tandem({"explain", "--diff", a, b, "--json"});
  ASSERT_EQ(parted.exit_code, 0) << parted.errors;
  const json parting = json::parse(parted.output)["parting"];
  ASSERT_TRUE(parting.is_object());
  bool seed = false;
  for (const json& input : parting["inputs"]) seed = seed || input["input"] == "seed";
  EXPECT_TRUE(seed) << parting["inputs"].dump(2);
}

TEST_F(Explain, NamesTheTolerationBetweenTheTwoAssignments) {
  std::vector<std::string> runs;
  for (const char* name : {"scheduling-assignment", "scheduling-assignment-toleration"}) {
    runs.push_back((folder_ / name).string());
    ASSERT_EQ(tandem({"run", (kSource / "scenarios" / name).string(), "-q", "-o", runs.back()}).exit_code, 0);
  }
  const auto parting = [](const std::string& a, const std::string& b) { return json::parse(tandem({"explain", "--diff", a, b, "--json"}).output)["parting"]; };
  const json one = parting(runs[0], runs[1]);
  const json other = parting(runs[1], runs[0]);
  ASSERT_TRUE(one.is_object() && other.is_object());
  EXPECT_EQ(one["inputs"][0]["input"], "pod specification, tolerations") << one["inputs"].dump(2);
  EXPECT_EQ(other["inputs"][0]["input"], "pod specification, tolerations");
  EXPECT_EQ(one["inputs"].back()["input"], "pod's name, which draws among ties");
  EXPECT_EQ(one["logicalName"], other["logicalName"]);
  EXPECT_EQ(one["sameBefore"], other["sameBefore"]);
}

TEST_F(Explain, ListsDecisionsOfANamespaceUntilATime) {
  const std::string run = record("run").string();
  const auto listed = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {"explain", run, "--json"});
    return json::parse(tandem(more).output)["decisions"];
  };
  const json all = listed({});
  const json early = listed({"--at", "10s"});
  ASSERT_FALSE(early.empty());
  EXPECT_LT(early.size(), all.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (i < early.size()) {
      EXPECT_EQ(all[i], early[i]);
    }
    EXPECT_EQ(all[i]["decidedNs"] <= 10'000'000'000, i < early.size());
  }
  EXPECT_EQ(listed({"-n", "default"}), all);
  EXPECT_TRUE(listed({"-n", "foo"}).empty());
  EXPECT_EQ(tandem({"explain", run, "-n", "foo"}).output, "No scheduling decisions about pods in namespace foo.\n");
  EXPECT_THAT(tandem({"explain", run, "--at", "10s"}).output, HasSubstr(std::to_string(early.size()) + " decisions, each made again"));
}

TEST_F(Explain, ErrorsTeach) {
  const std::string run = record("run").string();
  const auto fails = [&](std::vector<std::string> arguments, const std::string& text) {
    arguments.insert(arguments.begin(), {"explain", run});
    const host::ProcessResult done = tandem(arguments);
    EXPECT_EQ(done.exit_code, 2) << done.output;
    EXPECT_THAT(done.errors, HasSubstr(text));
  };
  fails({"node/kind-wroker"}, "did you mean node/kind-worker?");
  fails({"pod/web#2.11"}, "did you mean pod/web#2.1?");
  fails({"pod/web#2.1", "--attempt", "9"}, "1 to 1");
  fails({"web"}, "tandem explain RUN pod/web");
  fails({"deployment/web"}, "pod/NAME, node/NAME");
  fails({"--diff"}, "two recording folders");
  fails({"deploy/web"}, "its pods: pod/web#1.1, ");
  fails({"deploy/nothing"}, "lists every decision");
  fails({"--attempt", "1"}, "pod/NAME --attempt 1");
  fails({"node/kind-worker", "--attempt", "1"}, "attempts are a pod's");
  fails({"--diff", run, "--at", "20s"}, "--at does not go");
  fails({"--diff", run, "--attempt", "1"}, "--attempt does not go");
  fails({"pod/web#2.1", "--at", "1s"}, "its first was made at 20.");
}

}  // namespace
}  // namespace tandem::cli_test
