#include "host/load_watch.hpp"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "core/base/parse.hpp"
#include "core/base/text.hpp"
#include "host/files.hpp"
#include "host/wall_clock.hpp"

namespace tandem::host {

namespace {

constexpr std::size_t kFileMax = 1 << 20;

double number_in(std::string_view text) { return static_cast<double>(parse_int(trim(text)).value_or(0)); }

/// The words of a line, whatever stands between them.
std::vector<std::string> words_of(std::string_view line) {
  std::vector<std::string> words = split(line, ' ');
  std::erase_if(words, [](const std::string& word) { return word.empty(); });
  return words;
}

/// Counters since boot of which an interval is the difference.
struct Counters {
  std::int64_t now_ns = 0;
  StolenTime stolen;
  double io_pressure = 0;
  double memory_pressure = 0;

  static Counters read() { return {monotonic_ns(), read_stolen(), read_pressure("io"), read_pressure("memory")}; }
};

double share(double before, double after, double of) { return of <= 0 ? 0 : std::clamp((after - before) / of, 0.0, 1.0); }

LoadInterval interval_between(const Counters& before, const Counters& after, std::map<std::string, SimDuration> foreign) {
  LoadInterval interval;
  interval.end_ns = after.now_ns;
  interval.length.ns = after.now_ns - before.now_ns;
  const double seconds = static_cast<double>(interval.length.ns) * 1e-9;
  const double cpu_seconds = seconds * static_cast<double>(std::max<long>(1, sysconf(_SC_NPROCESSORS_ONLN)));
  const double stolen = after.stolen.stolen - before.stolen.stolen;
  if (stolen > 0) foreign["(hypervisor)"].ns += static_cast<std::int64_t>(stolen * 1e9);
  double used = 0;
  for (const auto& [name, time] : foreign) used += static_cast<double>(time.ns) * 1e-9;
  interval.foreign_cpu_share = share(0, used, cpu_seconds);
  interval.memory_available_share = read_memory_available();
  // Without pressure stall information, CPUs that idle because of a disk are the nearest thing to it.
  interval.io_stalled_share = after.io_pressure >= 0 ? share(before.io_pressure, after.io_pressure, seconds)
                                                     : share(before.stolen.io_wait, after.stolen.io_wait, cpu_seconds);
  if (after.memory_pressure >= 0) interval.memory_stalled_share = share(before.memory_pressure, after.memory_pressure, seconds);
  interval.foreign_cpu = std::move(foreign);
  return interval;
}

}  // namespace

StolenTime read_stolen(const std::string& proc) {
  const std::string stat = read_file(proc + "/stat", kFileMax).value_or("");
  const std::vector<std::string> fields = words_of(std::string_view(stat).substr(0, stat.find('\n')));
  constexpr std::size_t kIoWait = 5;  // "cpu", user, nice, system, idle, iowait, irq, softirq, steal
  constexpr std::size_t kSteal = 8;
  if (fields.size() <= kSteal) return {};
  const auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
  return {number_in(fields[kSteal]) / ticks, number_in(fields[kIoWait]) / ticks};
}

double read_memory_available(const std::string& proc) {
  double total = 0;
  double available = 0;
  for (const std::string& line : split(read_file(proc + "/meminfo", kFileMax).value_or(""), '\n')) {
    const std::vector<std::string> words = words_of(line);
    if (words.size() < 2) continue;
    if (words[0] == "MemTotal:") total = number_in(words[1]);
    if (words[0] == "MemAvailable:") available = number_in(words[1]);
  }
  return total > 0 && available > 0 ? available / total : 1;
}

double read_pressure(const std::string& resource, const std::string& proc) {
  const auto text = read_file(proc + "/pressure/" + resource, kFileMax);
  if (!text) return -1;
  for (const std::string& line : split(*text, '\n')) {
    const std::size_t total = line.find("total=");
    if (line.starts_with("some ") && total != std::string::npos) return number_in(std::string_view(line).substr(total + 6)) * 1e-6;
  }
  return -1;
}

LoadWatch::LoadWatch(ProcessClassifier classify, SimDuration period) : classify_(std::move(classify)), period_(period), thread_([this] { watch(); }) {}

LoadWatch::~LoadWatch() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  stop_.notify_all();
  thread_.join();
}

std::vector<LoadInterval> LoadWatch::take() {
  const std::lock_guard lock(mutex_);
  return std::exchange(intervals_, {});
}

void LoadWatch::watch() {
  // Ctrl-C is for the thread that drives the run.
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
  ProcessLoad processes(classify_);
  processes.advance();
  Counters before = Counters::read();
  std::unique_lock lock(mutex_);
  while (!stop_.wait_for(lock, std::chrono::nanoseconds(period_.ns), [this] { return stopping_; })) {
    lock.unlock();
    auto foreign = processes.advance();
    const Counters now = Counters::read();
    LoadInterval interval = interval_between(std::exchange(before, now), now, std::move(foreign));
    lock.lock();
    intervals_.push_back(std::move(interval));
  }
}

}  // namespace tandem::host
