#include "core/control/kubelet.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/base/check.hpp"

namespace tandem::control {

using cluster::ContainerStateRunning;
using cluster::ContainerStateTerminated;
using cluster::ContainerStateWaiting;
using cluster::Pod;
using cluster::PodPhase;

namespace {

/// A failed pod sync is tried again after a uniform time in [10 s, 15 s) (§4.3).
constexpr SimDuration kSyncRetryMin = seconds(10);
constexpr double kSyncRetrySpreadSeconds = 5.0;
/// A container that ran this long after its last back-off starts the series anew (§4.3).
constexpr SimDuration kBackOffReset = seconds(600);
constexpr SimDuration kBackOffFirst = seconds(10);
constexpr SimDuration kBackOffMax = seconds(300);

std::int64_t milli_or_zero(const cluster::ResourceList& list, std::string_view name) {
  const auto found = list.find(name);
  return found == list.end() ? 0 : found->second.milli_value();
}
std::int64_t value_or_zero(const cluster::ResourceList& list, std::string_view name) {
  const auto found = list.find(name);
  return found == list.end() ? 0 : found->second.value();
}

std::int32_t resolve_port(const cluster::IntOrString& port, const cluster::Container& container) {
  if (const auto* number = std::get_if<std::int32_t>(&port.value)) return *number;
  const std::string& name = std::get<std::string>(port.value);
  for (const cluster::ContainerPort& candidate : container.ports) {
    if (candidate.name == name) return candidate.container_port;
  }
  return 0;
}

std::int32_t probe_port(const cluster::Probe& probe, const cluster::Container& container) {
  if (const auto* http = std::get_if<cluster::HttpGetAction>(&probe.action)) return resolve_port(http->port, container);
  if (const auto* tcp = std::get_if<cluster::TcpSocketAction>(&probe.action)) return resolve_port(tcp->port, container);
  return 0;
}

/// metadata.name, status.podIP and the like of the downward API.
std::string downward_value(const std::string& field_path, const Pod& pod, const PodIdentity& identity, const std::string& host_ip) {
  if (field_path == "metadata.name") return identity.name;
  if (field_path == "metadata.namespace") return identity.namespace_;
  if (field_path == "metadata.uid") return identity.uid;
  if (field_path == "spec.nodeName") return identity.node_name;
  if (field_path == "status.podIP" || field_path == "status.podIPs") return identity.ip;
  if (field_path == "status.hostIP" || field_path == "status.hostIPs") return host_ip;
  const auto keyed = [&](std::string_view prefix, const cluster::Labels& map) -> std::optional<std::string> {
    if (!field_path.starts_with(prefix) || !field_path.ends_with("']")) return std::nullopt;
    const auto found = map.find(std::string_view(field_path).substr(prefix.size(), field_path.size() - prefix.size() - 2));
    return found == map.end() ? std::string{} : found->second;
  };
  if (const auto label = keyed("metadata.labels['", *pod.meta.labels)) return *label;
  if (const auto annotation = keyed("metadata.annotations['", *pod.meta.annotations)) return *annotation;
  return {};
}

bool all_stopped(const auto& containers) {
  return std::none_of(containers.begin(), containers.end(), [](const auto& record) { return record.alive; });
}

cluster::Condition condition(std::string type, bool value, SimTime now, std::string reason = {}, std::string message = {}) {
  cluster::Condition made;
  made.type = std::move(type);
  made.status = value ? cluster::ConditionStatus::True : cluster::ConditionStatus::False;
  made.reason = std::move(reason);
  made.message = std::move(message);
  made.last_transition_time = now;
  return made;
}

}  // namespace

SimDuration restart_back_off(int step) {
  if (step <= 0) return {};
  SimDuration delay = kBackOffFirst;
  for (int doubled = 1; doubled < step && delay < kBackOffMax; ++doubled) delay = delay * 2;
  return std::min(delay, kBackOffMax);
}

std::string image_pull_policy_of(const cluster::Container& container) {
  if (!container.image_pull_policy.empty()) return container.image_pull_policy;
  if (container.image.find('@') != std::string::npos) return "IfNotPresent";
  const std::size_t slash = container.image.rfind('/');
  const std::size_t colon = container.image.find(':', slash == std::string::npos ? 0 : slash);
  return colon == std::string::npos || container.image.substr(colon + 1) == "latest" ? "Always" : "IfNotPresent";
}

Kubelet::Kubelet(Clock& clock, cluster::ApiServer& server, NodeRuntime& runtime, KubeletOptions options)
    : clock_(clock),
      runtime_(runtime),
      options_(std::move(options)),
      client_(server, "kubelet", server.profile().kubelet_limit),
      addresses_(options_.pod_range),
      retry_jitter_(options_.seed, "kubelet-retry/" + options_.node_name) {
  // Kubelets of different nodes relist at different moments of their period.
  const CounterStream phases(options_.seed, "pleg-phase/" + options_.node_name);
  pleg_phase_ = from_seconds(phases.uniform(0) * to_seconds(options_.pleg_period));
}

Kubelet::~Kubelet() {
  *alive_ = false;
  clock_.cancel(relist_timer_);
  for (auto& [uid, worker] : pods_) clock_.cancel(worker->retry);
}

Kubelet::PodWorker* Kubelet::find(const std::string& uid) {
  const auto found = pods_.find(uid);
  return found == pods_.end() ? nullptr : found->second.get();
}

std::uint32_t Kubelet::entity(const PodWorker& worker) const { return options_.node_index * 4096 + worker.number % 4096; }

// ---------------------------------------------------------------- life of a pod

void Kubelet::pod_changed(const cluster::Change<Pod>& change) {
  const cluster::Ptr<Pod>& pod = change.object;
  PodWorker* worker = find(pod->meta.uid);
  if (change.type == cluster::ChangeType::Deleted) {
    if (worker == nullptr) return;
    // Deleted without our consent (forced): what still runs is killed.
    worker->pod = pod;
    if (worker->stage != Stage::Gone) terminate(*worker);
    return;
  }
  if (worker == nullptr) {
    if (is_terminal(pod->status.phase)) return;
    admit(pod);
    worker = find(pod->meta.uid);
  }
  worker->pod = pod;
  if (is_terminating(pod->meta)) terminate(*worker);
}

void Kubelet::admit(const cluster::Ptr<Pod>& pod) {
  auto made = std::make_unique<PodWorker>();
  PodWorker& worker = *made;
  worker.pod = pod;
  worker.number = pods_seen_++;
  worker.identity = {pod->meta.uid, pod->meta.namespace_, pod->meta.name, options_.node_name, {}};
  worker.start_time = clock_.now();
  for (const cluster::Container& container : pod->spec->containers) {
    ContainerRecord record;
    record.name = container.name;
    record.state = ContainerStateWaiting{"ContainerCreating", {}};
    worker.containers.push_back(std::move(record));
  }
  pods_.emplace(pod->meta.uid, std::move(made));
  if (is_terminating(pod->meta)) return;
  post_status(worker);
  worker.retry = clock_.after(options_.volume_wait, EventClass::Control, entity(worker), [this, uid = pod->meta.uid] {
    if (PodWorker* due = find(uid)) create_sandbox(*due);
  });
}

void Kubelet::create_sandbox(PodWorker& worker) {
  if (worker.stage != Stage::Preparing) return;
  worker.retry = {};
  if (worker.identity.ip.empty()) {
    const Result<std::string> address = addresses_.acquire();
    if (!address) {
      client_.event(*worker.pod, "Warning", "FailedCreatePodSandBox", "Failed to create pod sandbox: " + address.error().what);
      retry_later(worker);
      return;
    }
    worker.identity.ip = *address;
  }
  worker.stage = Stage::SandboxCreating;
  worker.call_in_flight = true;
  runtime_.create_sandbox(worker.identity, [this, alive = alive_, uid = worker.identity.uid](const Status& status) {
    if (!*alive) return;
    PodWorker* answered = find(uid);
    if (answered == nullptr) return;
    answered->call_in_flight = false;
    answered->sandbox_ready = status.has_value();
    if (answered->stage == Stage::Terminating) {
      terminate_if_stopped(*answered);
    } else if (status) {
      answered->stage = Stage::Starting;
      answered->starting = 0;
      continue_starting(*answered);
    } else {
      client_.event(*answered->pod, "Warning", "FailedCreatePodSandBox", "Failed to create pod sandbox: " + status.error().what);
      answered->stage = Stage::Preparing;
      retry_later(*answered);
    }
  });
}

void Kubelet::retry_later(PodWorker& worker) {
  const SimDuration delay = kSyncRetryMin + from_seconds(retry_jitter_.uniform() * kSyncRetrySpreadSeconds);
  worker.retry = clock_.after(delay, EventClass::Control, entity(worker), [this, uid = worker.identity.uid] {
    PodWorker* due = find(uid);
    if (due == nullptr) return;
    due->retry = {};
    if (due->stage == Stage::Preparing) create_sandbox(*due);
    else if (due->stage == Stage::Starting) continue_starting(*due);
    else if (due->stage == Stage::Running) sync(*due);
  });
}

void Kubelet::continue_starting(PodWorker& worker) {
  while (worker.starting < worker.containers.size() && worker.containers[worker.starting].alive) ++worker.starting;
  if (worker.starting == worker.containers.size()) {
    worker.stage = Stage::Running;
    request_relist(worker);
    return;
  }
  ensure_image(worker);
}

void Kubelet::ensure_image(PodWorker& worker) {
  const cluster::Container& container = worker.pod->spec->containers[worker.starting];
  const std::string policy = image_pull_policy_of(container);
  const bool present = runtime_.image_present(options_.node_name, container.image);
  // With Always the registry is asked again, but layers that are here are not fetched: nothing to wait for in either world.
  if (present) {
    client_.event(*worker.pod, "Normal", "Pulled", fmt::format("Container image \"{}\" already present on machine", container.image));
    start_container(worker);
    return;
  }
  if (policy == "Never") {
    worker.containers[worker.starting].state = ContainerStateWaiting{
        "ErrImageNeverPull", fmt::format("Container image \"{}\" is not present with pull policy of Never", container.image)};
    client_.event(*worker.pod, "Warning", "ErrImageNeverPull",
                  fmt::format("Container image \"{}\" is not present with pull policy of Never", container.image));
    post_status(worker);
    retry_later(worker);
    return;
  }
  client_.event(*worker.pod, "Normal", "Pulling", fmt::format("Pulling image \"{}\"", container.image));
  worker.call_in_flight = true;
  pulls_.push_back(Pull{worker.identity.uid, container.image, worker.starting});
  if (pulls_.size() == 1) start_next_pull();
}

void Kubelet::start_next_pull() {
  if (pulls_.empty()) return;
  const Pull pull = pulls_.front();
  const SimTime begun = clock_.now();
  runtime_.pull_image(options_.node_name, pull.image, [this, alive = alive_, pull, begun](const Result<ImagePulled>& result) {
    if (!*alive) return;
    pulls_.pop_front();
    if (PodWorker* worker = find(pull.pod_uid); worker != nullptr && result) {
      const std::string took = to_string(SimDuration{(clock_.now() - begun).ns / 1'000'000 * 1'000'000});
      client_.event(*worker->pod, "Normal", "Pulled",
                    fmt::format("Successfully pulled image \"{}\" in {} ({} including waiting). Image size: {} bytes.", pull.image,
                                took, took, result->bytes));
    }
    pull_finished(pull, result);
    start_next_pull();
  });
}

void Kubelet::pull_finished(const Pull& pull, const Result<ImagePulled>& result) {
  PodWorker* worker = find(pull.pod_uid);
  if (worker == nullptr) return;
  worker->call_in_flight = false;
  if (worker->stage == Stage::Terminating) {
    terminate_if_stopped(*worker);
    return;
  }
  if (result) {
    start_container(*worker);
    return;
  }
  const std::string message = fmt::format("Failed to pull image \"{}\": {}", pull.image, result.error().what);
  client_.event(*worker->pod, "Warning", "Failed", message);
  client_.event(*worker->pod, "Warning", "Failed", "Error: ErrImagePull");
  worker->containers[pull.container].state = ContainerStateWaiting{"ErrImagePull", result.error().what};
  post_status(*worker);
  retry_later(*worker);
}

ContainerRequest Kubelet::request_for(const PodWorker& worker, std::size_t index) const {
  const cluster::Container& container = worker.pod->spec->containers[index];
  ContainerRequest request;
  request.pod = worker.identity;
  request.container_name = container.name;
  request.image = container.image;
  request.restart_count = worker.containers[index].restart_count;
  request.command = container.command;
  request.args = container.args;
  for (const cluster::EnvVar& variable : container.env) {
    request.env.emplace_back(variable.name, variable.field_path.empty()
                                                ? variable.value
                                                : downward_value(variable.field_path, *worker.pod, worker.identity, options_.host_ip));
  }
  if (!container.ports.empty()) request.port = container.ports.front().container_port;
  request.cpu_request_milli = milli_or_zero(container.resources.requests, "cpu");
  request.cpu_limit_milli = milli_or_zero(container.resources.limits, "cpu");
  request.memory_limit_bytes = value_or_zero(container.resources.limits, "memory");
  return request;
}

void Kubelet::start_container(PodWorker& worker) {
  const std::size_t index = worker.starting;
  worker.call_in_flight = true;
  runtime_.start_container(request_for(worker, index),
                           [this, alive = alive_, uid = worker.identity.uid, index](const Result<ContainerStarted>& result) {
                             if (!*alive) return;
                             if (PodWorker* answered = find(uid)) container_started(*answered, index, result);
                           });
}

void Kubelet::container_started(PodWorker& worker, std::size_t index, const Result<ContainerStarted>& result) {
  worker.call_in_flight = false;
  ContainerRecord& record = worker.containers[index];
  if (!result) {
    client_.event(*worker.pod, "Warning", "Failed", "Error: " + result.error().what);
    if (worker.stage == Stage::Terminating) {
      terminate_if_stopped(worker);
      return;
    }
    record.state = ContainerStateWaiting{"RunContainerError", result.error().what};
    worker.stage = Stage::Starting;
    post_status(worker);
    retry_later(worker);
    return;
  }
  record.container_id = result->container_id;
  record.alive = true;
  record.unseen = ContainerStateRunning{result->started_at};
  containers_[record.container_id] = {worker.identity.uid, index};
  client_.event(*worker.pod, "Normal", "Created", "Created container: " + record.name);
  client_.event(*worker.pod, "Normal", "Started", "Started container " + record.name);
  if (worker.stage == Stage::Terminating) {
    // It was deleted while it started: the kubelet stops what has just come up.
    runtime_.stop_container(record.container_id, seconds(worker.pod->meta.deletion_grace_period_seconds.value_or(0)));
    return;
  }
  const cluster::Container& container = worker.pod->spec->containers[index];
  if (container.readiness_probe) {
    if (!record.prober) {
      record.prober = std::make_unique<ReadinessProber>(
          clock_, runtime_, *container.readiness_probe, entity(worker),
          [this, uid = worker.identity.uid](bool) {
            if (PodWorker* changed = find(uid)) post_status(*changed);
          },
          [this, uid = worker.identity.uid](const std::string& message) {
            if (PodWorker* failed = find(uid)) client_.event(*failed->pod, "Warning", "Unhealthy", "Readiness probe failed: " + message);
          });
    }
    record.prober->start({record.container_id, worker.identity, probe_port(*container.readiness_probe, container), result->started_at});
  }
  request_relist(worker);
  if (worker.stage == Stage::Starting) {
    ++worker.starting;
    continue_starting(worker);
  }
}

bool Kubelet::container_exited(const ContainerExited& exit) {
  const auto known = containers_.find(exit.container_id);
  if (known == containers_.end()) return false;
  const auto [uid, index] = known->second;
  containers_.erase(known);
  PodWorker* worker = find(uid);
  if (worker == nullptr) return true;
  ContainerRecord& record = worker->containers[index];
  record.alive = false;
  ContainerStateTerminated ended;
  ended.exit_code = exit.exit_code;
  ended.reason = exit.oom_killed ? "OOMKilled" : exit.exit_code == 0 ? "Completed" : "Error";
  ended.finished_at = exit.finished_at;
  const cluster::ContainerState& newest = record.unseen ? *record.unseen : record.state;
  if (const auto* running = std::get_if<ContainerStateRunning>(&newest)) ended.started_at = running->started_at;
  record.unseen = ended;
  if (record.prober) record.prober->stop();
  if (worker->stage == Stage::Terminating) terminate_if_stopped(*worker);
  else request_relist(*worker);
  return true;
}

// ---------------------------------------------------------------- restarts

void Kubelet::restart_exited(PodWorker& worker) {
  if (worker.stage != Stage::Running || worker.call_in_flight) return;
  const std::string& policy = worker.pod->spec->restart_policy;
  for (std::size_t index = 0; index < worker.containers.size(); ++index) {
    ContainerRecord& record = worker.containers[index];
    if (record.alive || record.unseen) continue;
    const ContainerStateTerminated* ended = std::get_if<ContainerStateTerminated>(&record.state);
    if (ended == nullptr && record.last_state) ended = std::get_if<ContainerStateTerminated>(&*record.last_state);
    if (ended == nullptr || policy == "Never" || (policy == "OnFailure" && ended->exit_code == 0)) continue;
    const ContainerStateTerminated last = *ended;
    if (record.back_off_updated && last.finished_at - *record.back_off_updated > kBackOffReset) record.back_off_step = 0;
    if (clock_.now() < last.finished_at + restart_back_off(record.back_off_step)) {
      if (!std::holds_alternative<ContainerStateWaiting>(record.state)) {
        record.last_state = record.state;
        record.state = ContainerStateWaiting{
            "CrashLoopBackOff", fmt::format("back-off {} restarting failed container={} pod={}_{}({})",
                                            to_string(restart_back_off(record.back_off_step)), record.name, worker.identity.name,
                                            worker.identity.namespace_, worker.identity.uid)};
      }
      client_.event(*worker.pod, "Warning", "BackOff",
                    fmt::format("Back-off restarting failed container {} in pod {}_{}({})", record.name, worker.identity.name,
                                worker.identity.namespace_, worker.identity.uid));
      if (!worker.retry) retry_later(worker);
      continue;
    }
    record.last_state = last;
    ++record.back_off_step;
    record.back_off_updated = clock_.now();
    ++record.restart_count;
    worker.stage = Stage::Starting;
    worker.starting = index;
    ensure_image(worker);
    return;
  }
}

// ---------------------------------------------------------------- end of a pod

void Kubelet::terminate(PodWorker& worker) {
  if (worker.stage == Stage::Terminating || worker.stage == Stage::CleaningUp || worker.stage == Stage::Gone) return;
  worker.stage = Stage::Terminating;
  clock_.cancel(worker.retry);
  worker.retry = {};
  const SimDuration grace = seconds(worker.pod->meta.deletion_grace_period_seconds.value_or(0));
  for (ContainerRecord& record : worker.containers) {
    if (!record.alive) continue;
    client_.event(*worker.pod, "Normal", "Killing", "Stopping container " + record.name);
    runtime_.stop_container(record.container_id, grace);
  }
  // A queued pull of this pod may go on; its answer finds the pod terminating.
  terminate_if_stopped(worker);
}

void Kubelet::terminate_if_stopped(PodWorker& worker) {
  if (worker.call_in_flight || !all_stopped(worker.containers)) return;
  for (ContainerRecord& record : worker.containers) {
    if (record.unseen) record.state = *std::exchange(record.unseen, std::nullopt);
    if (record.prober) record.prober->stop();
  }
  worker.stage = Stage::CleaningUp;
  post_status(worker);
  clean_up(worker);
}

void Kubelet::clean_up(PodWorker& worker) {
  if (worker.identity.ip.empty()) {
    remove_object(worker);
    return;
  }
  runtime_.remove_sandbox(worker.identity, [this, alive = alive_, uid = worker.identity.uid](const Status& status) {
    if (!*alive) return;
    PodWorker* cleaned = find(uid);
    if (cleaned == nullptr) return;
    if (!status) client_.event(*cleaned->pod, "Warning", "FailedKillPod", "error killing pod: " + status.error().what);
    addresses_.release(cleaned->identity.ip);
    cleaned->stage = Stage::Gone;
    // Volumes and cgroups are found gone at a later relist; only then the object is deleted (§4.6).
    request_relist(*cleaned);
  });
}

void Kubelet::remove_object(PodWorker& worker) {
  worker.stage = Stage::Gone;
  const std::string uid = worker.identity.uid;
  client_.remove<Pod>(key_of(worker.pod->meta), {.grace_period_seconds = 0, .uid = uid},
                      [this, alive = alive_, uid](const Result<cluster::Ptr<Pod>>&) {
                        // Gone already (forced deletion) is as good.
                        if (*alive) forget(uid);
                      });
}

void Kubelet::forget(const std::string& uid) {
  const auto found = pods_.find(uid);
  if (found == pods_.end()) return;
  clock_.cancel(found->second->retry);
  pods_.erase(found);
}

// ---------------------------------------------------------------- observation and status

void Kubelet::request_relist(PodWorker& worker) {
  worker.sync_needed = true;
  if (relist_timer_) return;
  const std::int64_t period = options_.pleg_period.ns;
  const std::int64_t since_phase = clock_.now().ns - pleg_phase_.ns;
  const std::int64_t ticks = since_phase < 0 ? 0 : since_phase / period + 1;
  relist_timer_ = clock_.at(SimTime{pleg_phase_.ns + ticks * period}, EventClass::Control, options_.node_index, [this] {
    relist_timer_ = {};
    relist();
  });
}

void Kubelet::relist() {
  // In order of arrival, not of uid.
  std::vector<PodWorker*> due;
  for (auto& [uid, worker] : pods_) {
    if (std::exchange(worker->sync_needed, false)) due.push_back(worker.get());
  }
  std::sort(due.begin(), due.end(), [](const PodWorker* a, const PodWorker* b) { return a->number < b->number; });
  for (PodWorker* worker : due) {
    if (worker->stage == Stage::Gone) {
      remove_object(*worker);
      continue;
    }
    for (ContainerRecord& record : worker->containers) {
      if (record.unseen) record.state = *std::exchange(record.unseen, std::nullopt);
    }
    sync(*worker);
  }
}

void Kubelet::sync(PodWorker& worker) {
  if (worker.stage == Stage::Running) restart_exited(worker);
  post_status(worker);
  for (ContainerRecord& record : worker.containers) {
    // The readiness worker reads the stored status: it acts only once the running state has been observed.
    if (record.prober && std::holds_alternative<ContainerStateRunning>(record.state)) record.prober->kick();
  }
}

bool Kubelet::container_ready(const PodWorker& worker, const ContainerRecord& record) const {
  if (!std::holds_alternative<ContainerStateRunning>(record.state) || !record.alive) return false;
  if (worker.stage == Stage::CleaningUp || worker.stage == Stage::Gone) return false;
  return record.prober ? record.prober->ready() : true;
}

PodPhase Kubelet::phase_of(const PodWorker& worker) const {
  std::size_t running = 0;
  std::size_t waiting = 0;
  std::size_t succeeded = 0;
  std::size_t failed = 0;
  for (const ContainerRecord& record : worker.containers) {
    if (std::holds_alternative<ContainerStateRunning>(record.state)) {
      ++running;
    } else if (const auto* ended = std::get_if<ContainerStateTerminated>(&record.state)) {
      ++(ended->exit_code == 0 ? succeeded : failed);
    } else {
      // Waiting after an earlier end counts as stopped (being restarted), waiting for the first start as pending.
      ++(record.last_state ? failed : waiting);
    }
  }
  const bool ending = worker.stage == Stage::CleaningUp || worker.stage == Stage::Gone;
  if (ending && running == 0) return failed == 0 && waiting == 0 ? PodPhase::Succeeded : PodPhase::Failed;
  if (waiting > 0) return PodPhase::Pending;
  if (running > 0) return PodPhase::Running;
  const std::string& policy = worker.pod->spec->restart_policy;
  if (policy == "Always") return PodPhase::Running;
  if (failed == 0) return PodPhase::Succeeded;
  return policy == "Never" ? PodPhase::Failed : PodPhase::Running;
}

cluster::PodStatus Kubelet::make_status(const PodWorker& worker) const {
  const SimTime now = clock_.now();
  cluster::PodStatus status;
  status.phase = phase_of(worker);
  status.host_ip = options_.host_ip;
  if (worker.sandbox_ready) status.pod_ip = worker.identity.ip;
  status.start_time = worker.start_time;
  status.qos_class = cluster::qos_class_of(*worker.pod->spec);

  std::vector<std::string> not_ready;
  for (std::size_t index = 0; index < worker.containers.size(); ++index) {
    const ContainerRecord& record = worker.containers[index];
    cluster::ContainerStatus shown;
    shown.name = record.name;
    shown.image = worker.pod->spec->containers[index].image;
    shown.container_id = record.container_id;
    shown.state = record.state;
    shown.last_state = record.last_state;
    shown.restart_count = record.restart_count;
    shown.started = std::holds_alternative<ContainerStateRunning>(record.state);
    shown.ready = container_ready(worker, record);
    if (!shown.ready) not_ready.push_back(record.name);
    status.container_statuses.push_back(std::move(shown));
  }

  const bool finished = is_terminal(status.phase);
  const bool ready = not_ready.empty() && !finished;
  const std::string reason = ready ? "" : finished ? (status.phase == PodPhase::Succeeded ? "PodCompleted" : "PodFailed") : "ContainersNotReady";
  const std::string message =
      ready || finished ? "" : fmt::format("containers with unready status: [{}]", fmt::join(not_ready, " "));
  const bool has_sandbox = worker.sandbox_ready && worker.stage != Stage::CleaningUp && worker.stage != Stage::Gone;
  status.conditions = {condition("PodReadyToStartContainers", has_sandbox, now), condition("Initialized", true, now),
                       condition("Ready", ready, now, reason, message), condition("ContainersReady", ready, now, reason, message)};
  // A condition keeps its transition time while its value stays.
  if (worker.posted) {
    for (cluster::Condition& made : status.conditions) {
      const cluster::Condition* before = find_condition(worker.posted->conditions, made.type);
      if (before != nullptr && before->status == made.status) made.last_transition_time = before->last_transition_time;
    }
  }
  return status;
}

void Kubelet::post_status(PodWorker& worker) {
  cluster::PodStatus status = make_status(worker);
  if (worker.posted && *worker.posted == status) return;
  worker.posted = status;
  client_.patch<Pod>(
      key_of(worker.pod->meta),
      [uid = worker.identity.uid, status = std::move(status)](Pod& pod) {
        if (pod.meta.uid != uid) return;
        // PodScheduled and foreign conditions are not the kubelet's.
        std::vector<cluster::Condition> conditions = status.conditions;
        for (const cluster::Condition& other : pod.status.conditions) {
          if (find_condition(status.conditions, other.type) == nullptr) conditions.push_back(other);
        }
        cluster::PodStatus merged = status;
        merged.conditions = std::move(conditions);
        merged.nominated_node_name = pod.status.nominated_node_name;
        merged.rest = pod.status.rest;
        pod.status = std::move(merged);
      },
      [](const Result<cluster::Ptr<Pod>>&) {
        // A pod that is gone needs no status; the next change posts again.
      });
}

// ---------------------------------------------------------------- all nodes

Kubelets::Kubelets(Clock& clock, cluster::ApiServer& server, NodeRuntime& runtime, std::vector<KubeletOptions> nodes)
    : runtime_(runtime) {
  for (KubeletOptions& options : nodes) {
    const std::string name = options.node_name;
    by_node_.emplace(name, std::make_unique<Kubelet>(clock, server, runtime, std::move(options)));
  }
  runtime_.set_exit_listener([this](const ContainerExited& exit) {
    for (auto& [name, kubelet] : by_node_) {
      if (kubelet->container_exited(exit)) return;
    }
  });
  watch_ = server.watch<Pod>(server.profile().node_watch_delay, [this](const cluster::Change<Pod>& change) {
    const auto found = by_node_.find(change.object->node_name);
    if (found != by_node_.end()) found->second->pod_changed(change);
  });
}

Kubelets::~Kubelets() { runtime_.set_exit_listener(nullptr); }

std::size_t Kubelets::pod_count() const {
  std::size_t count = 0;
  for (const auto& [name, kubelet] : by_node_) count += kubelet->pod_count();
  return count;
}

}  // namespace tandem::control
