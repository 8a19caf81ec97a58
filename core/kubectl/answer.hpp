#pragma once
// What a command of kubectl leaves behind.

#include <string>

namespace tandem::kubectl {

struct Answer {
  std::string out;    ///< stdout
  std::string err;    ///< stderr
  int exit_code = 0;
};

/// The answer of a command that failed: the message on stderr, exit code 1.
inline Answer failed(std::string message) { return {{}, std::move(message) + "\n", 1}; }

}  // namespace tandem::kubectl
