#include "cli/interrupt.hpp"

#include <csignal>
#include <unistd.h>

namespace tandem::cli {

namespace {

// A signal handler reaches nothing but static lock-free atomics.
std::atomic<int> g_count{0};
std::atomic<int> g_signal{0};

extern "C" void on_signal(int signal) {
  g_signal.store(signal);
  if (g_count.fetch_add(1) >= 1) _exit(128 + signal);
}

}  // namespace

InterruptCounter::InterruptCounter() {
  g_count.store(0);
  g_signal.store(0);
  struct sigaction action {};
  action.sa_handler = on_signal;
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

InterruptCounter::~InterruptCounter() {
  std::signal(SIGINT, SIG_DFL);
  std::signal(SIGTERM, SIG_DFL);
}

const std::atomic<int>& InterruptCounter::count() const { return g_count; }

int InterruptCounter::exit_code() const { return g_count.load() == 0 ? 0 : 128 + g_signal.load(); }

}  // namespace tandem::cli
