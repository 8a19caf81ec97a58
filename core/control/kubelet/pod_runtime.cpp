#include "core/control/kubelet/pod_runtime.hpp"

#include <algorithm>
#include <utility>

namespace tandem::control::kubelet {

RuntimePod& PodRuntime::edit() {
  auto copy = std::make_shared<RuntimePod>(*now_);
  RuntimePod& editable = *copy;
  now_ = std::move(copy);
  return editable;
}

void PodRuntime::sandbox_created(std::uint32_t attempt, std::string ip) {
  RuntimePod& pod = edit();
  // Of the sandboxes before only the last one can matter: its number.
  pod.sandboxes.resize(std::min<std::size_t>(pod.sandboxes.size(), 1));
  pod.sandboxes.insert(pod.sandboxes.begin(), {"sandbox-" + std::to_string(attempt), attempt, true, std::move(ip)});
}

void PodRuntime::sandboxes_stopped() {
  for (RuntimeSandbox& sandbox : edit().sandboxes) sandbox.ready = false;
}

void PodRuntime::container_started(const ContainerRequest& request, const ContainerStarted& started) {
  RuntimePod& pod = edit();
  RuntimeContainer container;
  container.id = started.container_id;
  container.name = request.container_name;
  container.image = request.image;
  container.state = RuntimeState::Running;
  container.restart_count = request.restart_count;
  container.created_at = started.started_at;
  container.started_at = started.started_at;
  container.sandbox_attempt = pod.sandboxes.empty() ? 0 : pod.sandboxes.front().attempt;
  bool kept_one = false;
  std::erase_if(pod.containers, [&](const RuntimeContainer& older) {
    return older.name == request.container_name && std::exchange(kept_one, true);
  });
  pod.containers.insert(pod.containers.begin(), std::move(container));
}

bool PodRuntime::container_exited(const ContainerExited& exit) {
  const auto is_it = [&](const RuntimeContainer& container) {
    return container.id == exit.container_id && container.state == RuntimeState::Running;
  };
  if (std::none_of(now_->containers.begin(), now_->containers.end(), is_it)) return false;
  RuntimePod& pod = edit();
  RuntimeContainer& ended = *std::find_if(pod.containers.begin(), pod.containers.end(), is_it);
  ended.state = RuntimeState::Exited;
  ended.exit_code = exit.exit_code;
  ended.reason = exit.oom_killed ? "OOMKilled" : exit.exit_code == 0 ? "Completed" : "Error";
  ended.finished_at = exit.finished_at;
  return true;
}

void PodRuntime::forget_init_containers(const cluster::PodSpec& spec) {
  std::erase_if(edit().containers, [&](const RuntimeContainer& candidate) {
    return std::any_of(spec.init_containers.begin(), spec.init_containers.end(),
                       [&](const cluster::Container& container) { return container.name == candidate.name; });
  });
}

}  // namespace tandem::control::kubelet
