#include "docker/protocol/lifetime.hpp"

#include <unistd.h>

#include <charconv>
#include <csignal>
#include <cstdlib>
#include <string>
#include <system_error>

namespace tandem::container {

namespace {

extern "C" void lifetime_is_over(int /*signal*/) { _exit(kLifetimeOverExitCode); }

}  // namespace

void end_after_lifetime() {
  const char* const value = std::getenv(std::string(kLifetimeVariable).c_str());
  const std::string_view text = value == nullptr ? std::string_view() : std::string_view(value);
  unsigned seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc() || end != text.data() + text.size() || seconds == 0) return;
  // A handler is needed: the kernel does not let a signal's default action end process 1 of a container.
  std::signal(SIGALRM, lifetime_is_over);
  alarm(seconds);
}

}  // namespace tandem::container
