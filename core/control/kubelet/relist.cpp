#include "core/control/kubelet/relist.hpp"

#include <algorithm>
#include <utility>

namespace tandem::control::kubelet {

Relist::Relist(Clock& clock, Options options, std::function<void(std::uint32_t)> visit)
    : clock_(clock), options_(options), visit_(std::move(visit)) {}

Relist::~Relist() { clock_.cancel(timer_); }

SimTime Relist::last_tick(SimTime now) const {
  const std::int64_t since_phase = now.ns - options_.phase.ns;
  // Before the first tick there is the one a period earlier: the kubelet is older than the run.
  const std::int64_t ticks = since_phase < 0 ? -1 : since_phase / options_.period.ns;
  const SimTime tick{options_.phase.ns + ticks * options_.period.ns};
  // One that is due has not happened yet: in real time it can be late, and at its own moment others may come first.
  return timer_ && due_at_ <= tick ? due_at_ - options_.period : tick;
}

void Relist::request(std::uint32_t pod_number) {
  due_.push_back(pod_number);
  if (timer_) return;
  due_at_ = last_tick(clock_.now()) + options_.period;
  timer_ = clock_.at(due_at_, EventClass::Control, options_.entity, [this] { tick(); });
}

void Relist::tick() {
  timer_ = {};
  std::vector<std::uint32_t> due = std::exchange(due_, {});
  std::sort(due.begin(), due.end());
  due.erase(std::unique(due.begin(), due.end()), due.end());
  for (const std::uint32_t pod_number : due) visit_(pod_number);
}

}  // namespace tandem::control::kubelet
