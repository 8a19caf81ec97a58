#include "core/judge/host_load.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/base/text.hpp"

namespace tandem::judge {

namespace {

constexpr std::size_t kProgramsQuoted = 3;

std::string percent(double share) { return format_fixed(share * 100, 1) + "%"; }

double mean(const std::vector<HostLoadSample>& samples, double HostLoadSample::* figure) {
  double sum = 0;
  double length = 0;
  for (const HostLoadSample& sample : samples) {
    sum += sample.*figure * static_cast<double>(sample.length.ns);
    length += static_cast<double>(sample.length.ns);
  }
  return length > 0 ? sum / length : 0;
}

/// Largest mean over consecutive samples that together are at least `window` long; over all of them if they are shorter.
double worst_window(const std::vector<HostLoadSample>& samples, SimDuration window) {
  double worst = 0;
  bool found = false;
  for (std::size_t first = 0; first < samples.size(); ++first) {
    double sum = 0;
    SimDuration length;
    for (std::size_t i = first; i < samples.size() && length < window; ++i) {
      sum += samples[i].foreign_cpu_share * static_cast<double>(samples[i].length.ns);
      length += samples[i].length;
    }
    if (length < window) break;
    found = true;
    worst = std::max(worst, sum / static_cast<double>(length.ns));
  }
  return found ? worst : mean(samples, &HostLoadSample::foreign_cpu_share);
}

std::string largest_programs(const std::map<std::string, SimDuration>& programs) {
  std::vector<std::pair<SimDuration, std::string>> sorted;
  for (const auto& [name, used] : programs) sorted.emplace_back(used, name);
  std::sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.first != b.first ? a.first > b.first : a.second < b.second; });
  if (sorted.size() > kProgramsQuoted) sorted.resize(kProgramsQuoted);
  std::string text;
  for (const auto& [used, name] : sorted) {
    text += fmt::format("{}{} {} s", text.empty() ? ": " : ", ", escape_for_terminal(name), format_fixed(static_cast<double>(used.ns) * 1e-9, 1));
  }
  return text;
}

}  // namespace

HostLoadVerdict judge_host_load(const std::vector<HostLoadSample>& samples, const std::map<std::string, SimDuration>& programs,
                                const HostLoadLimits& limits) {
  HostLoadVerdict verdict;
  if (samples.empty()) return verdict;
  verdict.foreign_cpu_mean = mean(samples, &HostLoadSample::foreign_cpu_share);
  verdict.foreign_cpu_worst = worst_window(samples, limits.window);
  verdict.memory_stalled_mean = mean(samples, &HostLoadSample::memory_stalled_share);
  verdict.io_stalled_mean = mean(samples, &HostLoadSample::io_stalled_share);
  for (const HostLoadSample& sample : samples) verdict.memory_available_least = std::min(verdict.memory_available_least, sample.memory_available_share);

  const std::string who = largest_programs(programs);
  if (verdict.foreign_cpu_mean > limits.foreign_cpu_mean) {
    verdict.reasons.push_back(fmt::format("other programs used {} of the machine's CPU time (limit {}){}", percent(verdict.foreign_cpu_mean),
                                          percent(limits.foreign_cpu_mean), who));
  } else if (verdict.foreign_cpu_worst > limits.foreign_cpu_worst) {
    verdict.reasons.push_back(fmt::format("other programs used {} of the machine's CPU time for {} (limit {}){}", percent(verdict.foreign_cpu_worst),
                                          to_string(limits.window), percent(limits.foreign_cpu_worst), who));
  }
  if (verdict.memory_available_least < limits.memory_available) {
    verdict.reasons.push_back(fmt::format("only {} of the machine's memory was available (at least {} is needed)",
                                          percent(verdict.memory_available_least), percent(limits.memory_available)));
  }
  if (verdict.memory_stalled_mean > limits.memory_stalled_mean) {
    verdict.reasons.push_back(fmt::format("programs waited for memory {} of the time (limit {})", percent(verdict.memory_stalled_mean),
                                          percent(limits.memory_stalled_mean)));
  }
  if (verdict.io_stalled_mean > limits.io_stalled_mean) {
    verdict.reasons.push_back(fmt::format("programs waited for a disk {} of the time (limit {})", percent(verdict.io_stalled_mean),
                                          percent(limits.io_stalled_mean)));
  }
  return verdict;
}

std::vector<std::string> not_gradable_reasons(const record::Recording& recording) {
  std::vector<std::string> reasons;
  for (const record::Mark& mark : recording.marks()) {
    if (mark.kind == kHostMarkKind && mark.subject == kOverloadedSubject) reasons.push_back(mark.text);
  }
  return reasons;
}

}  // namespace tandem::judge
