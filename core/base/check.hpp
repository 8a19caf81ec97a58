#pragma once
// CHECK: an invariant that holds unless Tandem itself has a defect. On in release builds; prints the
// simulated time and the seed of the run in progress, then aborts (the launcher reports exit code 5).

#include <cstdint>
#include <functional>
#include <string>

#include "core/base/time.hpp"

namespace tandem {

/// Prints place, condition, message, and the time and seed of the innermost CheckScope on stderr, then aborts.
[[noreturn]] void check_failed(const char* condition, const char* file, int line, const std::string& message);

/// Names the run whose time and seed a failing CHECK prints. Diagnostic only: nothing reads it otherwise.
/// Nested scopes restore the outer one. Per thread.
class CheckScope {
 public:
  CheckScope(std::uint64_t seed, std::function<SimTime()> now);
  ~CheckScope();
  CheckScope(const CheckScope&) = delete;
  CheckScope& operator=(const CheckScope&) = delete;

 private:
  friend void check_failed(const char*, const char*, int, const std::string&);
  std::uint64_t seed_;
  std::function<SimTime()> now_;
  CheckScope* outer_;
};

}  // namespace tandem

#define CHECK(condition, message)                                                      \
  do {                                                                                 \
    if (!(condition)) ::tandem::check_failed(#condition, __FILE__, __LINE__, (message)); \
  } while (false)
