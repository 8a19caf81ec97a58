// Completion scripts and manual pages, both made from the option tables: every verb and option is in them, and the programs
// they are for accept them.

#include <algorithm>
#include <set>

#include "tests/cli/command.hpp"

namespace tandem::cli_test {
namespace {

class Help : public CommandTest {};

/// Long options that `tandem VERB --help` lists.
std::set<std::string> options_of(const std::string& verb) {
  const std::string help = tandem({verb, "--help"}).output;
  std::set<std::string> names;
  std::istringstream words(help.substr(std::min(help.size(), help.find("Options:"))));
  for (std::string word; words >> word;) {
    for (std::size_t at = word.find("--"); at != std::string::npos; at = word.find("--", at + 2)) {
      const std::size_t end = word.find_first_not_of("abcdefghijklmnopqrstuvwxyz-", at);
      names.insert(word.substr(at, end - at));
    }
  }
  names.erase("--help");
  return names;
}

/// What bash would offer for the words typed so far, the last one unfinished.
std::set<std::string> offered(const fs::path& script, const std::vector<std::string>& words, const fs::path& folder) {
  std::vector<std::string> command{"bash", "-c",
                                   "source \"$1\"; shift; COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); _tandem; printf '%s\\n' \"${COMPREPLY[@]}\"", "bash",
                                   script.string(), "tandem"};
  command.insert(command.end(), words.begin(), words.end());
  const host::ProcessResult done = run_in(folder, command);
  EXPECT_EQ(done.errors, "");
  std::istringstream lines(done.output);
  std::set<std::string> all;
  for (std::string line; std::getline(lines, line);) all.insert(line);
  return all;
}

using Words = std::set<std::string>;

TEST_F(Help, BashCompletesVerbsOptionsChoicesAndFolders) {
  const fs::path script = folder_ / "tandem.bash";
  write_text(script, tandem({"completion", "bash"}).output);
  for (const std::string& verb : verbs()) {
    EXPECT_TRUE(offered(script, {""}, {}).contains(verb)) << verb;
    const Words options = offered(script, {verb, "--"}, {});
    for (const std::string& name : options_of(verb)) EXPECT_TRUE(options.contains(name)) << verb << " " << name;
  }
  EXPECT_EQ(offered(script, {"val"}, {}), Words{"validate"});
  EXPECT_EQ(offered(script, {"run", "--cal"}, {}), Words{"--calibration"});
  EXPECT_EQ(offered(script, {"run", "--on", ""}, {}), (Words{"docker", "sim"}));
  EXPECT_EQ(offered(script, {"export", "r", "--format", "o"}, {}), Words{"openmetrics"});
  EXPECT_TRUE(offered(script, {"run", "scenarios/rolling-update-t"}, kSource).contains("scenarios/rolling-update-ten-nodes"));
  fs::create_directories(folder_ / "runs/a");
  write_text(folder_ / "runs/a/manifest.json", "{}");
  EXPECT_TRUE(offered(script, {"verify", "runs/"}, folder_).contains("runs/a"));
}

TEST_F(Help, ZshAndFishAcceptTheirScripts) {
  for (const std::string shell : {"zsh", "fish"}) {
    const host::ProcessResult script = tandem({"completion", shell});
    ASSERT_EQ(script.exit_code, 0);
    for (const std::string& verb : verbs()) {
      EXPECT_NE(script.output.find(verb), std::string::npos) << verb;
      for (const std::string& name : options_of(verb)) {
        const std::string written = shell == "fish" ? "-l " + name.substr(2) : name + "[";
        EXPECT_NE(script.output.find(written), std::string::npos) << shell << " " << verb << " " << name;
      }
    }
    if (host::find_program(shell).empty()) continue;  // not part of a plain Debian: its grammar is checked where it is
    const fs::path file = folder_ / shell;
    write_text(file, script.output);
    const host::ProcessResult checked = run_in({}, {shell, "-n", file.string()});
    EXPECT_EQ(checked.exit_code, 0) << checked.errors;
  }
}

TEST_F(Help, AnUnknownShellIsAUsageError) {
  const host::ProcessResult done = tandem({"completion", "fsh"});
  EXPECT_EQ(done.exit_code, 2);
  EXPECT_NE(done.errors.find("fish"), std::string::npos) << done.errors;
}

TEST_F(Help, ManualPagesHoldEveryOptionAndFormatWithoutAWarning) {
  std::vector<std::string> pages = verbs();
  pages.emplace_back();  // tandem itself
  for (const std::string& verb : pages) {
    SCOPED_TRACE(verb);
    std::vector<std::string> arguments{"man"};
    if (!verb.empty()) arguments.push_back(verb);
    const std::string page = tandem(arguments).output;
    ASSERT_TRUE(page.starts_with(".TH TANDEM")) << page.substr(0, 100);
    for (const std::string& name : verb.empty() ? std::set<std::string>() : options_of(verb)) {
      std::string escaped;
      for (const char c : name) escaped += c == '-' ? "\\-" : std::string(1, c);
      EXPECT_NE(page.find("\\fB" + escaped + "\\fR"), std::string::npos) << name;
    }
    const fs::path file = folder_ / "page.1";
    write_text(file, page);
    if (!host::find_program("man").empty()) {
      const host::ProcessResult shown = run_in({}, {"man", "--warnings=all", "-E", "UTF-8", "-l", file.string()});
      EXPECT_EQ(shown.exit_code, 0);
      EXPECT_EQ(shown.errors, "");
    }
    if (!host::find_program("mandoc").empty()) {
      const host::ProcessResult checked = run_in({}, {"mandoc", "-Tlint", "-Wwarning", file.string()});
      EXPECT_EQ(checked.exit_code, 0) << checked.output;
    }
  }
}

TEST_F(Help, EveryVerbShowsExamplesFirst) {
  for (const std::string& verb : verbs()) {
    const host::ProcessResult done = tandem({verb, "--help"});
    EXPECT_EQ(done.exit_code, 0);
    EXPECT_LT(done.output.find("Examples:"), done.output.find("Options:")) << verb;
  }
}

TEST_F(Help, SlipsOfTheKeyboardAreToldWhatWasMeant) {
  const host::ProcessResult verb = tandem({"verfy", "x"});
  EXPECT_EQ(verb.exit_code, 2);
  EXPECT_NE(verb.errors.find("did you mean verify?"), std::string::npos) << verb.errors;
  const host::ProcessResult option = tandem({"run", kScenario, "--seeed", "7"});
  EXPECT_EQ(option.exit_code, 2);
  EXPECT_NE(option.errors.find("did you mean --seed?"), std::string::npos) << option.errors;
}

}  // namespace
}  // namespace tandem::cli_test
