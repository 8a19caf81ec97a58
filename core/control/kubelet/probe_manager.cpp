#include "core/control/kubelet/probe_manager.hpp"

#include <algorithm>
#include <utility>
#include <variant>

namespace tandem::control::kubelet {

using cluster::Container;
using cluster::ContainerStateRunning;
using cluster::ContainerStateTerminated;
using cluster::ContainerStatus;
using cluster::Pod;

namespace {

/// What one worker found is known before the next worker looks, also where both tick at the same moment.
constexpr EventClass kUpdate = EventClass::Api;

const std::optional<cluster::Probe>& probe_of(const Container& container, ProbeKind kind) {
  switch (kind) {
    case ProbeKind::Startup: return container.startup_probe;
    case ProbeKind::Readiness: return container.readiness_probe;
    case ProbeKind::Liveness: break;
  }
  return container.liveness_probe;
}

const Container* find_container(const std::vector<Container>& containers, const std::string& name) {
  const auto found = std::find_if(containers.begin(), containers.end(), [&](const Container& entry) { return entry.name == name; });
  return found == containers.end() ? nullptr : &*found;
}

}  // namespace

ProbeManager::ProbeManager(ProbeParts parts, Options options, std::function<void(const ProbeUpdate&)> updated)
    : parts_(std::move(parts)),
      options_(std::move(options)),
      draws_(options_.seed, "probe-start/" + options_.node_name),
      updated_(std::move(updated)),
      results_{ProbeResults(ProbeKind::Startup, [this](ProbeUpdate update) { note(std::move(update)); }),
               ProbeResults(ProbeKind::Readiness, [this](ProbeUpdate update) { note(std::move(update)); }),
               ProbeResults(ProbeKind::Liveness, [this](ProbeUpdate update) { note(std::move(update)); })} {}

ProbeManager::~ProbeManager() { *alive_ = false; }

// ---------------------------------------------------------------- workers

void ProbeManager::add_pod(const cluster::Ptr<Pod>& pod) {
  const cluster::PodSpec& spec = *pod->spec;
  Workers* workers = nullptr;
  const auto add = [&](const Container& container, std::size_t index, bool init) {
    for (const ProbeKind kind : {ProbeKind::Startup, ProbeKind::Readiness, ProbeKind::Liveness}) {
      if (!probe_of(container, kind)) continue;
      if (workers == nullptr) workers = &workers_[pod->meta.uid];
      if (!add_worker(*workers, {pod, index, init, kind})) return false;
    }
    return true;
  };
  for (std::size_t index = 0; index < spec.containers.size(); ++index) {
    if (!add(spec.containers[index], index, false)) return;
  }
  for (std::size_t index = 0; index < spec.init_containers.size(); ++index) {
    if (cluster::is_sidecar(spec.init_containers[index]) && !add(spec.init_containers[index], index, true)) return;
  }
}

bool ProbeManager::add_worker(Workers& workers, ProbeWorker::Target target) {
  const Pod& pod = *target.pod;
  const Container& container = target.init ? pod.spec->init_containers[target.index] : pod.spec->containers[target.index];
  const ProbeKind kind = target.kind;
  if (find(pod.meta.uid, container.name, kind) != nullptr) return false;
  const SimDuration wait = initial_wait(seconds(probe_of(container, kind)->period_seconds));
  workers.push_back(std::make_unique<ProbeWorker>(
      parts_, std::move(target), results_[static_cast<std::size_t>(kind)], wait,
      [this, uid = pod.meta.uid](const ProbeWorker& worker) { exited(uid, worker); }));
  return true;
}

SimDuration ProbeManager::initial_wait(SimDuration period) {
  if (options_.process_started == cluster::kTimeUnset || period <= parts_.clock.now() - options_.process_started) return {};
  return from_seconds(draws_.uniform() * to_seconds(period));
}

void ProbeManager::exited(const std::string& pod_uid, const ProbeWorker& worker) {
  const auto entry = workers_.find(pod_uid);
  Workers& workers = entry->second;
  std::erase_if(workers, [&](const std::unique_ptr<ProbeWorker>& candidate) { return candidate.get() == &worker; });
  if (workers.empty()) workers_.erase(entry);
}

ProbeWorker* ProbeManager::find(const std::string& pod_uid, std::string_view container_name, ProbeKind kind) const {
  const auto entry = workers_.find(pod_uid);
  if (entry == workers_.end()) return nullptr;
  for (const std::unique_ptr<ProbeWorker>& worker : entry->second) {
    if (worker->kind() == kind && worker->container_name() == container_name) return worker.get();
  }
  return nullptr;
}

void ProbeManager::stop_liveness_and_startup(const Pod& pod) {
  const auto entry = workers_.find(pod.meta.uid);
  if (entry == workers_.end()) return;
  for (const std::unique_ptr<ProbeWorker>& worker : entry->second) {
    if (worker->kind() != ProbeKind::Readiness && find_container(pod.spec->containers, worker->container_name()) != nullptr) {
      worker->stop();
    }
  }
}

void ProbeManager::remove_pod(const std::string& pod_uid) {
  const auto entry = workers_.find(pod_uid);
  if (entry == workers_.end()) return;
  for (const std::unique_ptr<ProbeWorker>& worker : entry->second) worker->stop();
}

std::size_t ProbeManager::worker_count() const {
  std::size_t count = 0;
  for (const auto& [uid, workers] : workers_) count += workers.size();
  return count;
}

// ---------------------------------------------------------------- results

bool ProbeManager::is_started(const Pod& pod, const ContainerStatus& status) const {
  if (!std::holds_alternative<ContainerStateRunning>(status.state)) return false;
  if (const auto known = verdict(ProbeKind::Startup, status.container_id)) return *known == ProbeVerdict::Success;
  return find(pod.meta.uid, status.name, ProbeKind::Startup) == nullptr;
}

void ProbeManager::update_ready(const Pod& pod, ContainerStatus& status) {
  if (verdict(ProbeKind::Readiness, status.container_id) == ProbeVerdict::Success) {
    status.ready = true;
    return;
  }
  ProbeWorker* worker = find(pod.meta.uid, status.name, ProbeKind::Readiness);
  status.ready = worker == nullptr;
  if (worker != nullptr) worker->kick();
}

void ProbeManager::update_pod_status(const Pod& pod, cluster::PodStatus& status) {
  for (ContainerStatus& container : status.container_statuses) {
    container.started = is_started(pod, container);
    if (container.started) update_ready(pod, container);
  }
  for (ContainerStatus& container : status.init_container_statuses) {
    container.started = is_started(pod, container);
    const Container* spec = find_container(pod.spec->init_containers, container.name);
    if (spec == nullptr) continue;
    if (cluster::is_sidecar(*spec)) {
      if (container.started) update_ready(pod, container);
    } else if (const auto* ended = std::get_if<ContainerStateTerminated>(&container.state)) {
      if (ended->exit_code == 0) container.ready = true;
    }
  }
}

void ProbeManager::note(ProbeUpdate update) {
  pending_.push_back(std::move(update));
  parts_.clock.after({}, kUpdate, parts_.entity, [this, alive = alive_] {
    if (*alive) deliver();
  });
}

void ProbeManager::deliver() {
  const ProbeUpdate update = std::move(pending_.front());
  pending_.pop_front();
  updated_(update);
}

bool apply_update(cluster::PodStatus& stored, const ProbeUpdate& update) {
  if (update.kind == ProbeKind::Liveness) return false;
  const bool value = update.verdict == ProbeVerdict::Success;
  for (auto* list : {&stored.container_statuses, &stored.init_container_statuses}) {
    for (ContainerStatus& container : *list) {
      if (container.container_id != update.container_id) continue;
      bool& flag = update.kind == ProbeKind::Startup ? container.started : container.ready;
      return std::exchange(flag, value) != value;
    }
  }
  return false;
}

bool needs_sync(const ProbeUpdate& update) {
  return update.kind != ProbeKind::Liveness || update.verdict == ProbeVerdict::Failure;
}

}  // namespace tandem::control::kubelet
