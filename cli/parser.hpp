#pragma once

#include <string>
#include <string_view>

namespace tandem::cli {

/// "tandem 0.1.0 (COMMIT)": what --version prints.
std::string version_line();

/// Parses the command line and runs the verb; also --help, --version, and usage errors with the nearest known word.
/// Returns the exit code.
int parse_and_run(int argc, char** argv);

}  // namespace tandem::cli
