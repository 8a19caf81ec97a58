// The tandem command: the table of verbs; every verb lives in a file of its own.

#include <fmt/format.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <exception>

#include "cli/command.hpp"
#include "cli/parser.hpp"

namespace tandem::cli {

std::span<const Command> commands() {
  static const std::array all = {run_command(),    compare_command(),  get_command(),       describe_command(),  explain_command(), rollout_command(), top_command(),
                                 check_command(),  validate_command(), export_command(),   utilisation_command(), calibrate_command(),
                                 clean_command(),  schema_command(),  doctor_command(),    verify_command(),    completion_command(), man_command(),    demo_command(),
                                 reaper_command()};
  return all;
}

}  // namespace tandem::cli

int main(int argc, char** argv) {
  // A closed pipe (`tandem get ... | head`) ends the command quietly, as for every filter.
  std::signal(SIGPIPE, SIG_DFL);
  try {
    return tandem::cli::parse_and_run(argc, argv);
  } catch (const std::exception& unexpected) {
    fmt::print(stderr, "tandem: a defect of Tandem itself: {}\n", unexpected.what());
    return tandem::cli::kExitInternal;
  }
}
