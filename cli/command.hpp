#pragma once
// What a verb of the command line is: a name, one sentence, examples, options, and a function to run.

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "cli/option_table.hpp"
#include "core/base/result.hpp"

namespace tandem::cli {

/// Exit codes of reference/conventions §5 that are not an error's own.
inline constexpr int kExitOk = 0;
inline constexpr int kExitCheckFailed = 1;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitInternal = 5;
inline constexpr int kExitInterrupted = 130;

/// Options that every verb has.
struct CommonOptions {
  std::vector<std::string> command;  ///< the whole command line, for the manifest of a run
  bool json = false;
  bool quiet = false;
  bool no_color = false;
  int verbose = 0;
};

/// A verb. `define` adds its options to `table` and returns what runs once they are parsed; the result is the exit code.
struct Command {
  std::string_view name;
  std::string_view summary;   ///< one sentence
  std::string_view examples;  ///< one a line, each with what it does
  std::function<std::function<int()>(OptionTable& table, CommonOptions& common)> define;
  bool hidden = false;        ///< started by Tandem itself; no help shows it
};

/// All verbs, in the order of --help.
std::span<const Command> commands();

/// The whole option table of a verb: its own options, then the common ones. `common` outlives the table.
struct DefinedCommand {
  const Command* command = nullptr;
  OptionTable table;
  std::function<int()> action;
};
DefinedCommand define(const Command& command, CommonOptions& common);

// One file a verb.
Command run_command();
Command compare_command();
Command get_command();
Command describe_command();
Command explain_command();
Command rollout_command();
Command top_command();
Command check_command();
Command validate_command();
Command export_command();
Command utilisation_command();
Command calibrate_command();
Command clean_command();
Command reaper_command();
Command schema_command();
Command doctor_command();
Command verify_command();
Command completion_command();
Command man_command();
Command demo_command();

/// Prints an error to stderr (or as JSON to stdout) and returns its exit code.
int report(const Error& error, const CommonOptions& common);
/// Prints every error; the exit code is that of the first.
int report(const Errors& errors, const CommonOptions& common);

}  // namespace tandem::cli
