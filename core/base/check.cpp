#include "core/base/check.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <utility>

namespace tandem {
namespace {

// Read only by a failing CHECK on its way to abort(): no result can depend on it.
thread_local CheckScope* innermost_scope = nullptr;

}  // namespace

CheckScope::CheckScope(std::uint64_t seed, std::function<SimTime()> now)
    : seed_(seed), now_(std::move(now)), outer_(innermost_scope) {
  innermost_scope = this;
}

CheckScope::~CheckScope() { innermost_scope = outer_; }

void check_failed(const char* condition, const char* file, int line, const std::string& message) {
  std::string text = fmt::format("{}:{}: CHECK failed: {}\n  {}\n", file, line, condition, message);
  // Taken away first: if reading the time fails a CHECK of its own, that one must not come back here for ever.
  if (const CheckScope* scope = std::exchange(innermost_scope, nullptr)) {
    text += fmt::format("  seed {}", scope->seed_);
    if (scope->now_) text += fmt::format(", simulated time {}", to_string(scope->now_()));
    text += '\n';
  }
  text += "  This is a defect of Tandem itself; please report it with the scenario and the seed.\n";
  std::fputs(text.c_str(), stderr);
  std::fflush(stderr);
  std::abort();
}

}  // namespace tandem
