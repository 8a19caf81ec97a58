// The program inside every workload container.
//
//   tandem-workload              serve as the image that TANDEM_WORKLOAD describes
//   tandem-workload pause        hold a pod's network namespace until SIGTERM (the sandbox)
//   tandem-workload run COMMAND  do what a hook's or probe's command would do (core/control/kubelet/container_command.hpp)
//   tandem-workload speed [MS]   print the CPU speed relative to the reference, measured over MS of CPU time

#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/text.hpp"
#include "core/control/kubelet/container_command.hpp"
#include "docker/protocol/lifetime.hpp"
#include "docker/workload/behaviour.hpp"
#include "docker/workload/server.hpp"

namespace {

using namespace tandem;

int report(const Error& error) {
  const std::string text = to_string(error) + "\n";
  std::fputs(text.c_str(), stderr);
  return 1;
}

/// Blocks the signals that end us in every thread to come and makes them readable.
int open_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  sigprocmask(SIG_BLOCK, &set, nullptr);
  return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/// True if a signal came before `duration` was over (negative: waits for ever).
bool signal_within(int signals, SimDuration duration) {
  const SimDuration end = workload::monotonic_time() + duration;
  for (;;) {
    const std::int64_t left = (end - workload::monotonic_time()).ns;
    if (duration.ns >= 0 && left <= 0) return false;
    timespec timeout{left / 1'000'000'000, left % 1'000'000'000};
    pollfd entry{signals, POLLIN, 0};
    if (ppoll(&entry, 1, duration.ns < 0 ? nullptr : &timeout, nullptr) > 0) return true;
  }
}

/// Takes the signals that have come.
void drain(int signals) {
  signalfd_siginfo info{};
  while (read(signals, &info, sizeof info) == sizeof info) {
  }
}

int pause_until_signal() {
  signal_within(open_signals(), nanoseconds(-1));
  return 0;
}

/// 143 if told to stop before it was over.
int run_command(const std::vector<std::string>& command) {
  const control::kubelet::CommandEffect effect = control::kubelet::effect_of(command);
  return signal_within(open_signals(), effect.takes) ? 143 : effect.exit_code;
}

int print_speed(std::string_view argument) {
  std::int64_t duration_ms = 500;
  std::from_chars(argument.data(), argument.data() + argument.size(), duration_ms);
  const workload::CpuWork work(milliseconds(duration_ms));
  const std::string text = format_double(work.iterations_per_second() / workload::kReferenceIterationsPerSecond) + "\n";
  std::fputs(text.c_str(), stdout);
  return 0;
}

std::string configuration_text() {
  std::string text;
  std::string name(container::kWorkloadConfigVariable);
  for (int part = 0;; ++part) {
    const char* const value = std::getenv((part == 0 ? name : name + "_" + std::to_string(part)).c_str());
    if (value == nullptr) return text;
    text += value;
  }
}

int serve(SimDuration begin) {
  const int signals = open_signals();
  auto config = container::read_workload_config(configuration_text());
  if (!config) return report(config.error());
  workload::start_behaviour(*config, begin);
  const SimDuration listens_at = begin + config->startup;
  while (signal_within(signals, std::max(listens_at - workload::monotonic_time(), SimDuration{}))) {
    if (!config->ignore_terminate) return 143;  // told to stop while still starting up
    drain(signals);
  }
  workload::Server server(std::move(*config), signals, begin);
  if (const Status listening = server.listen(); !listening) return report(listening.error());  // the port is another container's
  return server.run();
}

}  // namespace

int main(int argc, char** argv) {
  const SimDuration begin = workload::monotonic_time();
  container::end_after_lifetime();
  const std::string_view mode = argc > 1 ? argv[1] : "serve";
  if (mode == "pause") return pause_until_signal();
  if (mode == "speed") return print_speed(argc > 2 ? argv[2] : "");
  if (mode == "serve") return serve(begin);
  if (mode == container::kRunCommand) return run_command({argv + 2, argv + argc});
  std::fputs("usage: tandem-workload [serve | pause | run COMMAND... | speed [MS]]\n", stderr);
  return 2;
}
