#include "core/control/kubelet/restart_back_off.hpp"

#include <fmt/format.h>

#include "core/control/kubelet/go_duration.hpp"

namespace tandem::control::kubelet {

namespace {

/// What identifies a container to the back-off: another image or other resources start anew (kuberuntime helpers.go GetBackoffKey).
std::string key_of_container(const cluster::Pod& pod, const cluster::Container& container) {
  std::string key = fmt::format("{}/{}/{}", pod.meta.uid, container.name, container.image);
  for (const cluster::ResourceList* list : {&container.resources.requests, &container.resources.limits}) {
    key += '/';
    for (const auto& [name, amount] : *list) key += fmt::format("{}={},", name, amount.text());
  }
  return key;
}

}  // namespace

std::string pod_text(const cluster::Pod& pod) { return fmt::format("{}_{}({})", pod.meta.name, pod.meta.namespace_, pod.meta.uid); }

std::string back_off_event(const cluster::Pod& pod, const cluster::Container& container) {
  return fmt::format("Back-off restarting failed container {} in pod {}", container.name, pod_text(pod));
}

std::optional<RestartBackOff::Refusal> RestartBackOff::try_start(const cluster::Pod& pod, const cluster::Container& container,
                                                                 std::optional<SimTime> last_end, SimTime now) {
  if (!last_end) return std::nullopt;
  const std::string key = key_of_container(pod, container);
  if (back_off_.in_back_off_since(key, *last_end, now)) {
    const SimDuration delay = back_off_.get(key, now);
    return Refusal{fmt::format("back-off {} restarting failed container={} pod={}", go_duration(delay), container.name, pod_text(pod)),
                   *last_end + delay};
  }
  back_off_.next(key, *last_end, now);
  return std::nullopt;
}

}  // namespace tandem::control::kubelet
