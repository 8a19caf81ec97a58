// docs/json.md: every verb has --json, and what it prints is one document that carries its version.

#include <map>

#include "tests/cli/command.hpp"

namespace tandem::cli_test {
namespace {

using nlohmann::json;

class Json : public CommandTest {};

json parsed(const std::string& verb, const host::ProcessResult& done) {
  const json document = json::parse(done.output, nullptr, false);
  EXPECT_TRUE(document.is_object()) << verb << " printed: " << done.output.substr(0, 500) << done.errors;
  if (document.is_object()) {
    EXPECT_EQ(document.value("version", json()), json(1)) << verb;
  }
  return document;
}

TEST_F(Json, EveryVerbPrintsOneDocumentWithItsVersion) {
  const std::string run = record("run").string();
  const std::string exported = (folder_ / "events.jsonl").string();
  const std::map<std::string, std::vector<std::string>> arguments = {
      {"run", {kScenario, "-o", (folder_ / "again").string()}},
      {"compare", {run, run, "--replay"}},
      {"get", {"pods", run}},
      {"describe", {run, "deployment/web"}},
      {"explain", {run}},
      {"rollout", {"status", "deployment/web", run}},
      {"top", {"nodes", run}},
      {"check", {run}},
      {"validate", {kScenario}},
      {"export", {run, "-o", exported}},
      {"utilisation", {run}},
      {"calibrate", {}},
      {"clean", {}},
      {"schema", {"calibration"}},
      {"doctor", {}},
      {"demo", {kScenario, "--no-docker", "-o", (folder_ / "demo").string()}},
      {"verify", {run}},
      {"completion", {"bash"}},
      {"man", {"run"}},
  };
  for (const std::string& verb : verbs()) {
    ASSERT_TRUE(arguments.contains(verb)) << "say here how " << verb << " is asked for JSON, and in docs/json.md what it answers";
    EXPECT_NE(read_text(kSource / "docs/json.md").find("`" + verb + "`"), std::string::npos) << "docs/json.md does not tell of " << verb;
    std::vector<std::string> words{verb, "--json"};
    words.insert(words.end(), arguments.at(verb).begin(), arguments.at(verb).end());
    const host::ProcessResult done = tandem(words);
    const json document = parsed(verb, done);
    // These two need an engine; without one they say so, in JSON too.
    const bool needs_engine = verb == "calibrate" || verb == "clean";
    EXPECT_EQ(done.exit_code, needs_engine ? 4 : 0) << verb << ": " << done.errors;
    EXPECT_EQ(document.contains("errors") && !document["errors"].empty(), needs_engine) << verb;
  }
}

TEST_F(Json, SaysWhatItIsFor) {
  const fs::path run = record("run");
  const json shown = parsed("get", tandem({"get", "pods", run.string(), "--json"}));
  ASSERT_EQ(shown["items"].size(), 4U);
  EXPECT_EQ(shown["items"][0]["kind"], "Pod");
  EXPECT_EQ(parsed("get", tandem({"get", "deployment/web", run.string(), "--json"}))["items"].size(), 1U);
  const json described = parsed("describe", tandem({"describe", run.string(), "deployment/web", "--json"}));
  ASSERT_EQ(described["objects"].size(), 1U);
  EXPECT_FALSE(described["objects"][0]["events"].empty());
  EXPECT_EQ(parsed("schema", tandem({"schema", "--json"}))["schema"]["title"], "Tandem scenario");
  EXPECT_EQ(parsed("compare", tandem({"compare", run.string(), run.string(), "--replay", "--json"}))["replay"].size(), 2U);
}

TEST_F(Json, ErrorsComeWithCodeAndPlace) {
  fs::copy(kSource / "tests/bad/base", folder_ / "bad", fs::copy_options::recursive);
  write_text(folder_ / "bad/scenario.yaml", read_text(kSource / "tests/bad/unknown-field/scenario.yaml"));
  const host::ProcessResult done = tandem({"validate", (folder_ / "bad").string(), "--json"});
  EXPECT_EQ(done.exit_code, 3);
  const json document = parsed("validate", done);
  ASSERT_EQ(document["errors"].size(), 1U);
  EXPECT_EQ(document["errors"][0]["code"], "ValueUnknownField");
  EXPECT_EQ(document["errors"][0]["place"]["line"], 7);
}

}  // namespace
}  // namespace tandem::cli_test
