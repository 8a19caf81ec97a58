#include "core/control/kubelet/pod_sync.hpp"

#include <algorithm>
#include <utility>

#include "core/control/kubelet/container_request.hpp"
#include "core/control/kubelet/lifecycle_hooks.hpp"

namespace tandem::control::kubelet {

using cluster::Container;

PodSync::PodSync(const KubeletParts& parts, PodRecord& record, PodActions actions, std::function<void(bool)> done)
    : parts_(parts), record_(record), pod_(record.pod), actions_(std::move(actions)), done_(std::move(done)) {
  for (const std::size_t index : actions_.init_containers_to_start) starts_.push_back({index, true});
  for (const std::size_t index : actions_.containers_to_start) starts_.push_back({index, false});
}

const Container& PodSync::spec_of(Start what) const {
  return what.init ? pod_->spec->init_containers[what.index] : pod_->spec->containers[what.index];
}

void PodSync::begin() {
  if (!actions_.kill_pod) return kill_next();
  if (actions_.create_sandbox && !record_.runtime.seen().sandboxes.empty()) {
    event("Normal", "SandboxChanged", "Pod sandbox changed, it will be killed and re-created.");
  }
  kill_pod();
}

void PodSync::finish(bool failed) {
  const std::function<void(bool)> done = std::move(done_);
  done(failed);
}

// ---------------------------------------------------------------- kills

void PodSync::kill_pod() {
  const std::vector<ContainerKills::Target> targets = record_.running();
  if (targets.empty()) return stop_sandbox();
  record_.kills = std::make_unique<ContainerKills>(parts_.for_kills(record_.entity), pod_, record_.identity(), targets,
                                                   ContainerKills::Options{}, [this] { stop_sandbox(); });
}

void PodSync::kill_next() {
  while (killed_ < actions_.containers_to_kill.size()) {
    const ContainerToKill& next = actions_.containers_to_kill[killed_++];
    const std::vector<ContainerKills::Target> target = record_.running(next.container_id);
    if (target.empty()) continue;  // it has ended since
    ContainerKills::Options options;
    options.message = next.message;
    options.reason = next.reason.value_or(KillReason::Unknown);
    options.in_order = false;
    record_.kills = std::make_unique<ContainerKills>(parts_.for_kills(record_.entity), pod_, record_.identity(), target,
                                                     std::move(options), [this] { kill_next(); });
    return;
  }
  start_next();
}

// ---------------------------------------------------------------- sandbox

void PodSync::stop_sandbox() {
  const auto& sandboxes = record_.runtime.now().sandboxes;
  if (std::none_of(sandboxes.begin(), sandboxes.end(), [](const RuntimeSandbox& sandbox) { return sandbox.ready; }))
    return sandbox_stopped();
  parts_.runtime.remove_sandbox(record_.identity(), [this, alive = alive_](const Status& status) {
    if (!*alive) return;
    if (!status) event("Warning", "FailedKillPod", "error killing pod: " + status.error().what);
    parts_.addresses.release(std::exchange(record_.ip, {}));
    record_.runtime.sandboxes_stopped();
    parts_.relist.request(record_.number);
    sandbox_stopped();
  });
}

void PodSync::sandbox_stopped() {
  if (!actions_.create_sandbox) return finish(false);
  if (!record_.runtime.now().containers.empty()) record_.runtime.forget_init_containers(*pod_->spec);
  create_sandbox();
}

void PodSync::create_sandbox() {
  if (record_.ip.empty()) {
    const Result<std::string> address = parts_.addresses.acquire();
    if (!address) return sandbox_created(tl::unexpected(address.error()));
    record_.ip = *address;
  }
  parts_.runtime.create_sandbox(record_.identity(), [this, alive = alive_](const Status& status) {
    if (*alive) sandbox_created(status);
  });
}

void PodSync::sandbox_created(const Status& status) {
  if (!status) {
    event("Warning", "FailedCreatePodSandBox", "Failed to create pod sandbox: " + status.error().what);
    return finish(true);
  }
  record_.runtime.sandbox_created(actions_.attempt, record_.ip);
  parts_.relist.request(record_.number);
  start_next();
}

// ---------------------------------------------------------------- starts

void PodSync::start_next() {
  if (started_ == starts_.size()) return finish(failed_);
  start(starts_[started_++]);
}

void PodSync::start(Start what) {
  const Container& container = spec_of(what);
  const auto& known = record_.runtime.seen().containers;
  const auto ended = std::find_if(known.begin(), known.end(), [&](const RuntimeContainer& candidate) {
    return candidate.name == container.name && candidate.state == RuntimeState::Exited;
  });
  const std::optional<SimTime> last_end = ended == known.end() ? std::nullopt : std::optional(ended->finished_at);
  if (auto refusal = parts_.restarts.try_start(*pod_, container, last_end, parts_.clock.now())) {
    event("Warning", "BackOff", back_off_event(*pod_, container));
    return start_failed(what, {"CrashLoopBackOff", std::move(refusal->message)});
  }
  parts_.images.ensure_image_exists(pod_, container.image, image_pull_policy_of(container),
                                    [this, alive = alive_, what](const ImagePuller::Outcome& outcome) {
                                      if (!*alive) return;
                                      if (outcome.reason.empty()) return make(what);
                                      event("Warning", "Failed", "Error: " + outcome.reason);
                                      start_failed(what, {outcome.reason, outcome.message});
                                    });
}

void PodSync::make(Start what) {
  const Container& container = spec_of(what);
  const RuntimeContainer* newest = record_.runtime.seen().find(container.name);
  const std::int32_t restart_count = newest == nullptr ? 0 : newest->restart_count + 1;
  ContainerRequest request = container_request(*pod_, container, restart_count,
                                               {record_.identity(), parts_.options.host_ip, parts_.options.memory_capacity});
  parts_.runtime.start_container(request, [this, alive = alive_, what, request](const Result<ContainerStarted>& result) {
    if (*alive) made(what, request, result);
  });
}

void PodSync::made(Start what, const ContainerRequest& request, const Result<ContainerStarted>& result) {
  if (!result) {
    event("Warning", "Failed", "Error: " + result.error().what);
    return start_failed(what, {"RunContainerError", result.error().what});
  }
  record_.runtime.container_started(request, *result);
  parts_.container_runs(result->container_id);
  parts_.relist.request(record_.number);
  event("Normal", "Created", "Created container: " + request.container_name);
  event("Normal", "Started", "Started container " + request.container_name);
  run_post_start(what, result->container_id);
}

void PodSync::run_post_start(Start what, const std::string& container_id) {
  const Container& container = spec_of(what);
  if (!container.lifecycle || !container.lifecycle->post_start) {
    record_.start_failures.erase(container.name);
    return start_next();
  }
  run_hook(parts_.clock, record_.entity, parts_.runtime, *container.lifecycle->post_start, container, record_.identity(),
           container_id, [this, alive = alive_, what, container_id](const Status& status) {
             if (!*alive) return;
             if (!status) return post_start_failed(what, container_id, status.error().what);
             record_.start_failures.erase(spec_of(what).name);
             start_next();
           });
}

void PodSync::post_start_failed(Start what, const std::string& container_id, const std::string& message) {
  event("Warning", "FailedPostStartHook", "PostStartHook failed");
  const auto failed = [this, what, message] { start_failed(what, {"PostStartHookError", message}); };
  const std::vector<ContainerKills::Target> target = record_.running(container_id);
  if (target.empty()) return failed();
  ContainerKills::Options options;
  options.message = "FailedPostStartHook";
  options.reason = KillReason::FailedPostStartHook;
  options.in_order = false;
  record_.kills = std::make_unique<ContainerKills>(parts_.for_kills(record_.entity), pod_, record_.identity(), target,
                                                   std::move(options), failed);
}

void PodSync::start_failed(Start what, StartFailure failure) {
  failed_ = true;
  const Container& container = spec_of(what);
  record_.start_failures.insert_or_assign(container.name, std::move(failure));
  // Without this init container nothing after it may start; a sidecar or a regular container holds nobody up.
  if (what.init && !cluster::is_sidecar(container)) return finish(true);
  start_next();
}

}  // namespace tandem::control::kubelet
