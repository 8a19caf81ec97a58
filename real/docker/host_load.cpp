#include "real/docker/host_load.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace tandem::docker {

namespace {

constexpr SimDuration kPeriod = seconds(1);
constexpr const char* kEntity = "host";

/// The engine's programs: dockerd and docker-proxy, containerd and its shims, runc under its several titles.
bool is_engine_program(std::string_view name) {
  constexpr std::array<std::string_view, 4> kBeginnings = {"dockerd", "docker-", "containerd", "runc"};
  return std::any_of(kBeginnings.begin(), kBeginnings.end(), [&](std::string_view beginning) { return name.starts_with(beginning); });
}

}  // namespace

host::ProcessClassifier run_classifier(std::string run_id, bool slices) {
  return [run_id = std::move(run_id), slices, self = std::int64_t{getpid()}](const host::ProcessFacts& process, const host::ProcessFacts* parent,
                                                                             host::ProcessClass parent_class) {
    using host::ProcessClass;
    if (process.pid == self || parent_class == ProcessClass::Own) return ProcessClass::Own;
    if (slices && process.cgroup.find(run_id) != std::string::npos) return ProcessClass::Own;
    if (is_engine_program(process.name)) return ProcessClass::Engine;
    if (parent == nullptr || parent_class != ProcessClass::Engine) return ProcessClass::Foreign;
    // A child of the engine in the engine's own group works for it (iptables, …); in another group it is a container.
    if (process.cgroup == parent->cgroup) return ProcessClass::Engine;
    return slices ? ProcessClass::Foreign : ProcessClass::Own;
  };
}

HostLoadGuard::HostLoadGuard(Clock& clock, host::ProcessClassifier classify, std::function<void(const record::Sample&)> sink)
    : clock_(clock), sink_(std::move(sink)), watch_(std::move(classify), kPeriod) {
  timer_ = clock_.after(kPeriod, EventClass::Observer, 0, [this] { look(); });
}

HostLoadGuard::~HostLoadGuard() { clock_.cancel(timer_); }

void HostLoadGuard::look() {
  timer_ = clock_.after(kPeriod, EventClass::Observer, 0, [this] { look(); });
  for (const host::LoadInterval& interval : watch_.take()) {
    samples_.push_back({interval.length, interval.foreign_cpu_share, interval.memory_available_share, interval.memory_stalled_share,
                        interval.io_stalled_share});
    for (const auto& [name, used] : interval.foreign_cpu) programs_[name] += used;
    sink_({clock_.now(), kEntity, "cpu.foreign_share", interval.foreign_cpu_share});
    sink_({clock_.now(), kEntity, "memory.available_share", interval.memory_available_share});
    sink_({clock_.now(), kEntity, "io.stalled_share", interval.io_stalled_share});
  }
}

}  // namespace tandem::docker
