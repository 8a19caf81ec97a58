// The tandem command. Parses, finds the verb, runs it; every verb lives in a file of its own.

#include <fmt/format.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <exception>
#include <map>
#include <string>
#include <vector>

#include "cli/command.hpp"
#include "core/base/text.hpp"

namespace tandem::cli {

namespace {

constexpr std::string_view kVersion = "tandem 0.1.0";

std::vector<std::string_view> names_of(const CLI::App& app) {
  std::vector<std::string_view> names;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back(name);
  }
  return names;
}

/// The word of the user that no option or verb matches, with the nearest that does.
int usage_error(const CLI::App& app, const CLI::ParseError& error, int argc, char** argv) {
  fmt::print(stderr, "tandem: {}\n", escape_for_terminal(error.what()));
  const CLI::App* verb = &app;
  for (const CLI::App* used : app.get_subcommands()) verb = used;
  const std::vector<std::string_view> known = names_of(*verb);
  for (int i = 1; i < argc; ++i) {
    std::string_view word = argv[i];
    if (!word.starts_with("--")) continue;
    word.remove_prefix(2);
    word = word.substr(0, word.find('='));
    if (std::find(known.begin(), known.end(), word) != known.end()) continue;
    const std::string nearest = nearest_name(word, known);
    if (!nearest.empty()) fmt::print(stderr, "  did you mean --{}?\n", nearest);
  }
  fmt::print(stderr, "  tandem {}{}--help shows examples and options\n", verb == &app ? "" : verb->get_name(), verb == &app ? "" : " ");
  return kExitUsage;
}

int unknown_verb(std::string_view word) {
  std::vector<std::string_view> names;
  for (const Command& command : commands()) {
    if (!command.hidden) names.push_back(command.name);
  }
  const std::string nearest = nearest_name(word, names);
  fmt::print(stderr, "tandem: there is no command '{}'\n", escape_for_terminal(word));
  if (!nearest.empty()) fmt::print(stderr, "  did you mean {}?\n", nearest);
  fmt::print(stderr, "  commands: {}\n", fmt::join(names, " "));
  return kExitUsage;
}

int run(int argc, char** argv) {
  CLI::App app{"Tandem: one scenario, simulated and for real, compared.\n\n"
               "Examples:\n"
               "  tandem run scenarios/rolling-update              simulate a scenario\n"
               "  tandem run scenarios/rolling-update --on docker  the same file on a Docker engine\n"
               "  tandem compare runs/a runs/b                     how far apart they are, and why\n"
               "  tandem get pods runs/a --at 21.5s                what kubectl would have shown\n"};
  app.set_version_flag("--version", std::string(kVersion));
  app.require_subcommand(1, 1);
  app.failure_message(CLI::FailureMessage::simple);

  if (argc > 1 && argv[1][0] != '-') {
    bool known = false;
    for (const Command& command : commands()) known = known || command.name == argv[1];
    if (!known) return unknown_verb(argv[1]);
  }

  CommonOptions common;
  std::map<const CLI::App*, std::function<int()>> actions;
  for (const Command& command : commands()) {
    const std::string description = fmt::format("{}\n\nExamples:\n{}", command.summary, command.examples);
    CLI::App* verb = app.add_subcommand(std::string(command.name), description);
    verb->add_flag("--json", common.json, "print JSON (a versioned contract) instead of text");
    verb->add_flag("-q,--quiet", common.quiet, "no progress and no hints");
    verb->add_flag("-v,--verbose", common.verbose, "more detail on stderr (repeatable)");
    verb->add_flag("--no-color", common.no_color, "no colours");
    actions[verb] = command.define(*verb, common);
  }
  // The list of verbs shows one line each; the examples belong to `tandem VERB --help`.
  if (argc <= 1 || std::string_view(argv[1]) == "--help" || std::string_view(argv[1]) == "-h") {
    fmt::print("{}\nCommands:\n", app.get_description());
    for (const Command& command : commands()) {
      if (!command.hidden) fmt::print("  {:<10} {}\n", command.name, command.summary);
    }
    fmt::print("\ntandem COMMAND --help shows examples and options; --version the version.\n");
    return argc <= 1 ? kExitUsage : kExitOk;
  }

  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    for (const CLI::App* verb : app.get_subcommands()) fmt::print("{}", verb->help("", CLI::AppFormatMode::Normal));
    return kExitOk;
  } catch (const CLI::CallForVersion&) {
    fmt::print("{}\n", kVersion);
    return kExitOk;
  } catch (const CLI::ParseError& error) {
    return usage_error(app, error, argc, argv);
  }
  return actions.at(app.get_subcommands().front())();
}

}  // namespace

std::span<const Command> commands() {
  static const std::array all = {run_command(),    compare_command(), get_command(),       describe_command(),
                                 check_command(),  validate_command(), export_command(),   calibrate_command(),
                                 clean_command(),  schema_command(),  doctor_command(),    demo_command(),
                                 reaper_command()};
  return all;
}

}  // namespace tandem::cli

int main(int argc, char** argv) {
  // A closed pipe (`tandem get ... | head`) ends the command quietly, as for every filter.
  std::signal(SIGPIPE, SIG_DFL);
  try {
    return tandem::cli::run(argc, argv);
  } catch (const std::exception& unexpected) {
    fmt::print(stderr, "tandem: a defect of Tandem itself: {}\n", unexpected.what());
    return tandem::cli::kExitInternal;
  }
}
