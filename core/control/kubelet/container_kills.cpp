#include "core/control/kubelet/container_kills.hpp"

#include <algorithm>
#include <utility>

#include "core/control/kubelet/lifecycle_hooks.hpp"

namespace tandem::control::kubelet {

namespace {

/// Whole seconds, as the kubelet takes them off a grace.
std::int64_t whole_seconds(SimDuration duration) { return duration.ns / seconds(1).ns; }

}  // namespace

ContainerKills::ContainerKills(const Parts& parts, cluster::Ptr<cluster::Pod> pod, PodIdentity identity,
                               const std::vector<Target>& targets, Options options, std::function<void()> done)
    : parts_(parts),
      pod_(std::move(pod)),
      identity_(std::move(identity)),
      options_(std::move(options)),
      done_(std::move(done)),
      left_(targets.size()) {
  for (const Target& target : targets) kills_.push_back({target, Stage::Hook, 0, {}, false, {}});
  for (std::size_t number = 0; number < kills_.size(); ++number) begin(number);
  if (left_ == 0) finish();
}

ContainerKills::~ContainerKills() {
  *alive_ = false;
  parts_.clock.cancel(finishing_);
  for (const Kill& kill : kills_) parts_.clock.cancel(kill.timer);
}

const cluster::Container& ContainerKills::container(const Kill& kill) const {
  const cluster::PodSpec& spec = *pod_->spec;
  return kill.target.init ? spec.init_containers[kill.target.index] : spec.containers[kill.target.index];
}

void ContainerKills::arm(std::size_t number, void (ContainerKills::*then)(std::size_t)) {
  Kill& kill = kills_[number];
  parts_.clock.cancel(kill.timer);
  kill.timer = parts_.clock.after(seconds(kill.grace), EventClass::Control, parts_.entity, [this, number, then] {
    kills_[number].timer = {};
    (this->*then)(number);
  });
}

void ContainerKills::begin(std::size_t number) {
  Kill& kill = kills_[number];
  const cluster::Container& spec = container(kill);
  kill.grace = options_.grace_override.value_or(container_grace_seconds(grace_sources(*pod_, spec), options_.reason));
  parts_.event(*pod_, "Normal", "Killing", options_.message.empty() ? "Stopping container " + spec.name : options_.message);
  const bool has_hook = spec.lifecycle && spec.lifecycle->pre_stop;
  if (has_hook && kill.grace > 0) start_hook(number, *spec.lifecycle->pre_stop);
  else await_turn(number);
}

void ContainerKills::start_hook(std::size_t number, const cluster::LifecycleHandler& hook) {
  Kill& kill = kills_[number];
  kill.stage = Stage::Hook;
  kill.since = parts_.clock.now();
  arm(number, &ContainerKills::hook_over);
  run_hook(parts_.clock, parts_.entity, parts_.runtime, hook, container(kill), identity_, kill.target.container_id,
           [this, number, alive = alive_](const Status& status) {
             if (!*alive) return;
             if (!status) parts_.event(*pod_, "Warning", "FailedPreStopHook", "PreStopHook failed");
             if (kills_[number].stage == Stage::Hook) hook_over(number);
           });
}

void ContainerKills::hook_over(std::size_t number) {
  Kill& kill = kills_[number];
  kill.grace -= whole_seconds(parts_.clock.now() - kill.since);
  await_turn(number);
}

void ContainerKills::await_turn(std::size_t number) {
  Kill& kill = kills_[number];
  kill.stage = Stage::Turn;
  kill.since = parts_.clock.now();
  if (kill.grace <= 0 || has_turn(kill)) return stop(number);
  arm(number, &ContainerKills::stop);
}

bool ContainerKills::has_turn(const Kill& kill) const {
  if (!options_.in_order || !kill.target.init || !cluster::is_sidecar(container(kill))) return true;
  // Before it: all regular containers and the next sidecar of the spec. Who is not among the targets does not run and holds nobody
  // up, not even for the sidecars after it.
  const std::vector<cluster::Container>& sidecars = pod_->spec->init_containers;
  std::size_t next = kill.target.index + 1;
  while (next < sidecars.size() && !cluster::is_sidecar(sidecars[next])) ++next;
  return std::all_of(kills_.begin(), kills_.end(), [&](const Kill& other) {
    const bool before = !other.target.init || other.target.index == next;
    return !before || other.stage == Stage::Ended;
  });
}

void ContainerKills::stop(std::size_t number) {
  Kill& kill = kills_[number];
  parts_.clock.cancel(std::exchange(kill.timer, {}));
  if (kill.grace > 0) kill.grace -= whole_seconds(parts_.clock.now() - kill.since);
  kill.grace = std::max(kill.grace, kMinimumGraceSeconds);
  kill.stage = Stage::Stopping;
  if (kill.exited) return end(number);
  parts_.runtime.stop_container(kill.target.container_id, seconds(kill.grace));
}

void ContainerKills::container_exited(const std::string& container_id) {
  for (std::size_t number = 0; number < kills_.size(); ++number) {
    Kill& kill = kills_[number];
    if (kill.target.container_id != container_id || kill.exited) continue;
    kill.exited = true;
    if (kill.stage == Stage::Stopping) end(number);
    return;
  }
}

void ContainerKills::end(std::size_t number) {
  kills_[number].stage = Stage::Ended;
  if (--left_ == 0) return finish();
  for (std::size_t other = 0; other < kills_.size(); ++other) {
    if (kills_[other].stage == Stage::Turn && has_turn(kills_[other])) stop(other);
  }
}

void ContainerKills::finish() {
  finishing_ = parts_.clock.after({}, EventClass::Control, parts_.entity, [this] {
    // It may destroy this object.
    const std::function<void()> done = std::move(done_);
    done();
  });
}

}  // namespace tandem::control::kubelet
