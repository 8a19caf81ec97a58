#pragma once
// The seam to a policy in a process of its own: one line of JSON out, one line in. host/policy_process.hpp implements it.

#include <memory>
#include <string>

#include "core/base/result.hpp"

namespace tandem::control::scheduler {

class ExternalPolicy {
 public:
  virtual ~ExternalPolicy() = default;
  /// Sends one line (without its end) and waits for the answer. Errors: the process ended, did not answer in time, or said too
  /// much; then it answers nothing any more.
  virtual Result<std::string> ask(const std::string& line) = 0;
};
using ExternalPolicyPtr = std::shared_ptr<ExternalPolicy>;

}  // namespace tandem::control::scheduler
