// From the option tables of the verbs to CLI11 and back: the only file that includes it.

#include "cli/parser.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <deque>
#include <type_traits>
#include <vector>

#include "cli/command.hpp"
#include "cli/tool_version.hpp"
#include "core/base/text.hpp"

namespace tandem::cli {

namespace {

constexpr std::string_view kAbout =
    "Tandem: one scenario, simulated and for real, compared.\n\n"
    "Examples:\n"
    "  tandem run scenarios/rolling-update              simulate a scenario\n"
    "  tandem run scenarios/rolling-update --on docker  the same file on a Docker engine\n"
    "  tandem compare runs/a runs/b                     how far apart they are, and why\n"
    "  tandem get pods runs/a --at 21.5s                what kubectl would have shown\n";

std::string joined_names(const Option& option) {
  std::string names;
  for (const std::string& name : option.names) names += (names.empty() ? "" : ",") + name;
  return names;
}

void add_to(CLI::App& app, const Option& option) {
  const std::string names = joined_names(option);
  CLI::Option* added = std::visit(
      [&](auto* target) -> CLI::Option* {
        using Target = std::remove_pointer_t<decltype(target)>;
        if constexpr (std::is_same_v<Target, bool> || std::is_same_v<Target, int>) return app.add_flag(names, *target, option.help);
        else return app.add_option(names, *target, option.help);
      },
      option.target);
  if (option.is_flag()) return;
  added->type_name(option.value_word());
  if (option.is_required) added->required();
  if (option.separator != '\0') added->delimiter(option.separator);
  // `--set a=1 SCENARIO`: an option takes one value each time it is written, only operands take all that follow.
  if (option.is_repeatable() && !option.is_operand()) added->allow_extra_args(false)->take_all();
}

/// The word of the user that no option matches, with the nearest that does.
int usage_error(const CLI::App& app, const DefinedCommand* verb, const CLI::ParseError& error, int argc, char** argv) {
  fmt::print(stderr, "tandem: {}\n", escape_for_terminal(error.what()));
  std::vector<std::string_view> known{"help", "version"};
  if (verb != nullptr) {
    for (const Option& option : verb->table.options()) {
      for (const std::string& name : option.names) {
        if (name.starts_with("--")) known.push_back(std::string_view(name).substr(2));
      }
    }
  }
  for (int i = 1; i < argc; ++i) {
    std::string_view word = argv[i];
    if (!word.starts_with("--")) continue;
    word.remove_prefix(2);
    word = word.substr(0, word.find('='));
    if (std::find(known.begin(), known.end(), word) != known.end()) continue;
    const std::string nearest = nearest_name(word, known);
    if (!nearest.empty()) fmt::print(stderr, "  did you mean --{}?\n", nearest);
  }
  const std::string name = app.get_subcommands().empty() ? std::string() : app.get_subcommands().front()->get_name() + " ";
  fmt::print(stderr, "  tandem {}--help shows examples and options\n", name);
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

void print_overview() {
  fmt::print("{}\nCommands:\n", kAbout);
  for (const Command& command : commands()) {
    if (!command.hidden) fmt::print("  {:<10} {}\n", command.name, command.summary);
  }
  fmt::print("\ntandem COMMAND --help shows examples and options; --version the version.\n");
}

}  // namespace

std::string version_line() {
  const ToolVersion tool = tool_version();
  return fmt::format("tandem {} ({})", tool.version, tool.commit);
}

DefinedCommand define(const Command& command, CommonOptions& common) {
  DefinedCommand defined{&command, {}, {}};
  defined.action = command.define(defined.table, common);
  defined.table.add_flag("--json", common.json, "print JSON (a versioned contract) instead of text");
  defined.table.add_flag("-q,--quiet", common.quiet, "no progress and no hints");
  defined.table.add_flag("-v,--verbose", common.verbose, "more detail on stderr (repeatable)");
  defined.table.add_flag("--no-color", common.no_color, "no colours");
  return defined;
}

int parse_and_run(int argc, char** argv) {
  // The list of verbs shows one line each; the examples belong to `tandem VERB --help`.
  const std::string_view first = argc > 1 ? std::string_view(argv[1]) : std::string_view();
  if (argc <= 1 || first == "--help" || first == "-h") {
    print_overview();
    return argc <= 1 ? kExitUsage : kExitOk;
  }
  CLI::App app;
  app.set_version_flag("--version", version_line());
  app.require_subcommand(1, 1);

  CommonOptions common;
  common.command.assign(argv, argv + argc);
  std::optional<DefinedCommand> verb;
  if (!first.starts_with('-')) {
    const auto commands_ = commands();
    const auto named = std::find_if(commands_.begin(), commands_.end(), [&](const Command& command) { return command.name == first; });
    if (named == commands_.end()) return unknown_verb(first);
    verb = define(*named, common);
    CLI::App* sub = app.add_subcommand(std::string(named->name), fmt::format("{}\n\nExamples:\n{}", named->summary, named->examples));
    for (const Option& option : verb->table.options()) add_to(*sub, option);
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    for (const CLI::App* sub : app.get_subcommands()) fmt::print("{}", sub->help("tandem", CLI::AppFormatMode::Normal));
    return kExitOk;
  } catch (const CLI::CallForVersion&) {
    fmt::print("{}\n", version_line());
    return kExitOk;
  } catch (const CLI::ParseError& error) {
    return usage_error(app, verb ? &*verb : nullptr, error, argc, argv);
  }
  return verb->action();
}

}  // namespace tandem::cli
