#include "core/control/kubelet/kubelet.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "core/base/check.hpp"

namespace tandem::control {

using cluster::Pod;
using kubelet::PodWorker;

namespace {

/// A moment of the node's own in a period: nodes do not tick together.
SimDuration phase_of(const KubeletOptions& options, std::string_view purpose, SimDuration period) {
  const CounterStream phases(options.seed, std::string(purpose) + "/" + options.node_name);
  return from_seconds(phases.uniform(0) * to_seconds(period));
}

/// Whether more than the pod's status differs (podsDifferSemantically).
bool worth_a_sync(const cluster::Change<Pod>& change) {
  if (change.previous == nullptr) return true;
  const Pod& before = *change.previous;
  const Pod& after = *change.object;
  return !(before.spec == after.spec && before.meta.labels == after.meta.labels &&
           before.meta.annotations == after.meta.annotations &&
           before.meta.deletion_timestamp == after.meta.deletion_timestamp &&
           before.meta.deletion_grace_period_seconds == after.meta.deletion_grace_period_seconds);
}

std::vector<kubelet::EvictionThreshold> thresholds_of(const KubeletOptions& options) {
  auto thresholds = kubelet::eviction_thresholds(options.eviction);
  CHECK(thresholds.has_value(), "whoever makes a kubelet has checked its eviction thresholds");
  return *std::move(thresholds);
}

}  // namespace

Kubelet::Kubelet(Clock& clock, cluster::ApiServer& server, NodeRuntime& runtime, KubeletOptions options,
                 std::function<void(const std::string&)> container_runs)
    : options_(std::move(options)),
      server_(server),
      addresses_(options_.pod_range),
      retry_jitter_(options_.seed, "kubelet-retry/" + options_.node_name),
      resync_jitter_(options_.seed, "kubelet-resync/" + options_.node_name),
      statuses_(clock, server_),
      images_(clock, runtime, {options_.node_name, options_.node_index}, event_sink()),
      probes_({clock, [this](const std::string& uid) { return statuses_.find(uid); },
               [&runtime](const ProbeRequest& request, std::function<void(ProbeOutcome)> done) {
                 runtime.probe(request, std::move(done));
               },
               event_sink(), options_.node_index},
              {.seed = options_.seed, .node_name = options_.node_name},
              [this](const kubelet::ProbeUpdate& update) {
                if (PodWorker* worker = find(update.pod_uid)) worker->probe_updated(update);
              }),
      relist_(clock, {options_.pleg_period, phase_of(options_, "pleg-phase", options_.pleg_period), options_.node_index},
              [this](std::uint32_t number) { visit(number); }),
      parts_{clock,          runtime,
             options_,       addresses_,
             statuses_,      probes_,
             images_,        restarts_,
             relist_,        retry_jitter_,
             resync_jitter_, phase_of(options_, "sync-loop-phase", options_.sync_loop_period),
             event_sink(),   std::move(container_runs)},
      evictions_(for_evictions(), thresholds_of(options_),
                 CounterStream(options_.seed, "eviction-phase/" + options_.node_name).uniform(0)) {}

Kubelet::~Kubelet() = default;

kubelet::ImagePuller::EventSink Kubelet::event_sink() {
  return [this](const Pod& pod, const char* type, const char* reason, std::string message) {
    server_.event(pod, type, reason, std::move(message));
  };
}

kubelet::EvictionManager::Parts Kubelet::for_evictions() {
  return {parts_.clock,
          parts_.runtime,
          options_,
          server_,
          [this] {
            std::vector<PodWorker*> active;
            for (const auto& [number, worker] : by_number_) {
              if (!worker->termination_requested()) active.push_back(worker);
            }
            return active;
          },
          [this](const std::string& uid) {
            const PodWorker* worker = find(uid);
            return worker == nullptr || worker->finished();
          }};
}

PodWorker* Kubelet::find(const std::string& uid) {
  const auto found = workers_.find(uid);
  return found == workers_.end() ? nullptr : found->second.get();
}

std::size_t Kubelet::pod_count() const {
  return static_cast<std::size_t>(
      std::count_if(workers_.begin(), workers_.end(), [](const auto& entry) { return !entry.second->finished(); }));
}

void Kubelet::pod_changed(const cluster::Change<Pod>& change) {
  if (server_.connected())
    deliver(change);
  else
    missed_.push_back(change);
}

void Kubelet::set_connected(bool connected) {
  server_.set_connected(connected);
  if (!connected) return;
  // The reflector resumes its watch at the version that it saw last.
  for (const cluster::Change<Pod>& change : std::exchange(missed_, {})) deliver(change);
}

void Kubelet::deliver(const cluster::Change<Pod>& change) {
  const cluster::Ptr<Pod>& pod = change.object;
  PodWorker* worker = find(pod->meta.uid);
  if (change.type == cluster::ChangeType::Deleted) {
    if (worker != nullptr && !worker->object_removed(pod)) forget(pod->meta.uid);
  } else if (worker != nullptr) {
    worker->updated(pod, worth_a_sync(change));
  } else if (!cluster::is_terminal(pod->status.phase)) {
    add(pod);
  }
}

void Kubelet::add(const cluster::Ptr<Pod>& pod) {
  const std::uint32_t number = pods_seen_++;
  auto made = std::make_unique<PodWorker>(parts_, pod, number, [this](const std::string& uid) { forget(uid); });
  PodWorker& worker = *made;
  workers_.emplace(pod->meta.uid, std::move(made));
  by_number_.emplace(number, &worker);
  // A pod that is on its way out already needs no admission.
  std::optional<kubelet::EndedByKubelet> refusal;
  if (!cluster::is_terminating(pod->meta)) refusal = evictions_.refusal(*pod);
  if (refusal)
    worker.rejected(*std::move(refusal));
  else
    worker.admitted();
}

void Kubelet::forget(const std::string& uid) {
  const auto found = workers_.find(uid);
  if (found == workers_.end()) return;
  by_number_.erase(found->second->record().number);
  workers_.erase(found);
  statuses_.forget(uid);
}

void Kubelet::visit(std::uint32_t pod_number) {
  const auto found = by_number_.find(pod_number);
  if (found != by_number_.end()) found->second->relisted();
}

void Kubelet::container_exited(const ContainerExited& exit) {
  // A node has a hundred pods: asking them is cheaper than remembering whose each container is.
  for (const auto& [number, worker] : by_number_) {
    if (worker->container_exited(exit)) return;
  }
}

}  // namespace tandem::control
