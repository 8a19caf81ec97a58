// tandem verify: a recording alone in an empty folder is enough, and whatever was changed afterwards is named.

#include "core/base/digest.hpp"
#include "tests/cli/command.hpp"

namespace tandem::cli_test {
namespace {

using nlohmann::json;

class Verify : public CommandTest {
 protected:
  /// Everything that verify says about a recording, and its exit code.
  std::pair<int, std::string> verify(const fs::path& run) {
    const host::ProcessResult done = tandem({"verify", run.string(), "-q"});
    return {done.exit_code, done.output + done.errors};
  }
  void edit_manifest(const fs::path& run, const std::function<void(json&)>& change) {
    json manifest = read_json(run / "manifest.json");
    change(manifest);
    write_text(run / "manifest.json", manifest.dump(2));
  }
};

TEST_F(Verify, NeedsNothingButTheRecording) {
  const fs::path run = record("run", {"--seed", "7", "--set", "spec.horizon=61s"});
  fs::create_directories(folder_ / "empty");
  fs::rename(run, folder_ / "empty/run");
  const host::ProcessResult done = tandem({"verify", "run"}, folder_ / "empty");
  EXPECT_EQ(done.exit_code, 0) << done.output << done.errors;
  EXPECT_NE(done.output.find("the same digest\n"), std::string::npos) << done.output;
}

TEST_F(Verify, TheManifestHasTheFieldsOfTheConventions) {
  const json manifest = read_json(record("run", {"--seed", "7"}) / "manifest.json");
  for (const char* pointer : {"/schema", "/tool/name", "/tool/version", "/tool/commit", "/tool/build_type", "/tool/compiler", "/tool/libs/simgrid", "/tool/model", "/mode",
                              "/scenario/path", "/scenario/sha256_raw", "/scenario/sha256_resolved", "/overrides", "/seed/value", "/seed/role", "/seed/derivation",
                              "/inputs/0/path", "/inputs/0/sha256", "/outputs/0/path", "/outputs/0/sha256", "/outputs/0/deterministic", "/sim_time_s", "/wall_time_s",
                              "/host/os", "/host/arch", "/host/cpus", "/result/status", "/result/score", "/result/max_score", "/command/0", "/digest"}) {
    EXPECT_TRUE(manifest.contains(json::json_pointer(pointer))) << pointer;
  }
  EXPECT_EQ(manifest["seed"]["derivation"], "--seed");
  EXPECT_EQ(manifest["result"]["status"], "completed");
  EXPECT_EQ(manifest["result"]["score"], manifest["result"]["max_score"]);
}

TEST_F(Verify, NamesAnInputThatWasChanged) {
  const fs::path run = record("run");
  write_text(run / "inputs/web.yaml", read_text(run / "inputs/web.yaml") + "# a word\n");
  const auto [code, text] = verify(run);
  EXPECT_EQ(code, 1);
  EXPECT_NE(text.find("inputs/web.yaml"), std::string::npos) << text;
}

TEST_F(Verify, NamesAnInputThatIsGone) {
  const fs::path run = record("run");
  fs::remove(run / "inputs/kind.yaml");
  const auto [code, text] = verify(run);
  EXPECT_EQ(code, 1);
  EXPECT_NE(text.find("inputs/kind.yaml"), std::string::npos) << text;
}

TEST_F(Verify, NoticesAnInputChangedTogetherWithItsHash) {
  const fs::path run = record("run");
  std::string scenario = read_text(run / "inputs/scenario.yaml");
  const std::size_t rate = scenario.find("/s}");
  ASSERT_NE(rate, std::string::npos);
  scenario.replace(rate, 3, "0/s}");  // ten times the rate
  write_text(run / "inputs/scenario.yaml", scenario);
  edit_manifest(run, [&](json& manifest) { manifest["inputs"][0]["sha256"] = sha256_hex(scenario); });
  const auto [code, text] = verify(run);
  EXPECT_EQ(code, 1);
  EXPECT_NE(text.find("another scenario"), std::string::npos) << text;
  EXPECT_NE(text.find("mark 0: run scenario"), std::string::npos) << text;
}

TEST_F(Verify, NoticesARecordingThatIsNotTheOneOfTheManifest) {
  const fs::path run = record("run");
  const fs::path other = record("other", {"--seed", "99"});
  fs::copy_file(other / "events.tdr", run / "events.tdr", fs::copy_options::overwrite_existing);
  const auto [code, text] = verify(run);
  EXPECT_EQ(code, 1);
  EXPECT_NE(text.find("changed after the run"), std::string::npos) << text;
}

TEST_F(Verify, RefusesADamagedRecording) {
  const fs::path run = record("run");
  std::string events = read_text(run / "events.tdr");
  events[100] = static_cast<char>(events[100] + 1);
  write_text(run / "events.tdr", events);
  EXPECT_EQ(verify(run).first, 3);
}

TEST_F(Verify, SaysWhenAnotherVersionRecordedIt) {
  const fs::path run = record("run");
  edit_manifest(run, [](json& manifest) { manifest["tool"]["model"] = "0"; });
  const auto [code, text] = verify(run);
  EXPECT_EQ(code, 0) << text;
  EXPECT_NE(text.find("model 0"), std::string::npos) << text;
}

TEST_F(Verify, OfARealRunOnlyComputesTheDigestAgain) {
  const fs::path run = record("run");
  edit_manifest(run, [](json& manifest) { manifest["mode"] = "docker"; });
  const auto [code, text] = verify(run);
  EXPECT_EQ(code, 0) << text;
  EXPECT_NE(text.find("cannot be repeated"), std::string::npos) << text;
}

TEST_F(Verify, SurvivesAnyManifest) {
  const fs::path run = record("run");
  for (const char* manifest : {"[]", "{}", "{\"tool\": 1, \"inputs\": [1, {\"path\": 2}], \"mode\": \"sim\", \"digest\": []}", "{\"inputs\": [{\"path\": \"../../etc/passwd\", \"sha256\": \"\"}]}"}) {
    write_text(run / "manifest.json", manifest);
    const int code = verify(run).first;
    EXPECT_TRUE(code == 1 || code == 3) << manifest << ": exit " << code;
  }
}

}  // namespace
}  // namespace tandem::cli_test
