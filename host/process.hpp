#pragma once
// The one way to run another program: its own process group, a time-out, captured output, no shell.

#include <functional>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/base/time.hpp"

namespace tandem::host {

struct ProcessOptions {
  std::vector<std::string> command;             ///< program (searched in PATH) and arguments
  std::vector<std::string> environment;         ///< NAME=value added to ours
  std::string input;                            ///< written to its standard input
  SimDuration timeout = seconds(60);            ///< then SIGTERM to the group, SIGKILL two seconds later
  std::size_t output_limit = 1 << 20;           ///< bytes kept of each stream; the rest is read and dropped
  std::function<void(std::string_view)> on_output_line;  ///< every line of standard output as it comes; may be empty
  std::function<bool()> cancelled;              ///< asked every 100 ms; true ends it like the time-out
};

struct ProcessResult {
  int exit_code = 0;        ///< 128 + signal if it was killed
  bool timed_out = false;
  std::string output;
  std::string errors;
};

/// Errors: ProcessFailed if it cannot be started; a non-zero exit is a result.
Result<ProcessResult> run_process(const ProcessOptions& options);
/// Same, but anything except exit 0 is an error that quotes the end of its error output.
/// Errors: ProcessFailed, Interrupted (cancelled).
Result<ProcessResult> run_checked(const ProcessOptions& options);
/// Full path of a program in PATH, /usr/sbin or /sbin; empty if there is none.
std::string find_program(const std::string& name);

}  // namespace tandem::host
