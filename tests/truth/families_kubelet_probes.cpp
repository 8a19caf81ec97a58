// Probe workers of the kubelet: one alone, and all of a container with the kubelet's reactions.

#include <algorithm>
#include <map>
#include <utility>

#include "core/base/fake_clock.hpp"
#include "core/control/kubelet/probe_manager.hpp"
#include "tests/truth/kubelet_recording.hpp"
#include "tests/truth/runner.hpp"

namespace tandem::truth {
namespace {

using nlohmann::json;
using namespace control::kubelet;
using control::ProbeOutcome;
using control::ProbeResult;

constexpr std::array<std::pair<const char*, ProbeKind>, kProbeKinds> kKinds = {
    {{"startup", ProbeKind::Startup}, {"readiness", ProbeKind::Readiness}, {"liveness", ProbeKind::Liveness}}};

const char* lower_name(ProbeKind kind) {
  return std::find_if(kKinds.begin(), kKinds.end(), [&](const auto& entry) { return entry.second == kind; })->first;
}

/// Its command says which kind it is.
cluster::Probe probe_from(const json& recorded, const std::string& kind) {
  cluster::Probe probe;
  probe.action = cluster::ExecAction{{kind}};
  probe.initial_delay_seconds = recorded["initialDelaySeconds"];
  probe.period_seconds = recorded["periodSeconds"];
  probe.timeout_seconds = recorded["timeoutSeconds"];
  probe.success_threshold = recorded["successThreshold"];
  probe.failure_threshold = recorded["failureThreshold"];
  return probe;
}

std::optional<cluster::Probe>& slot_of(cluster::Container& container, ProbeKind kind) {
  switch (kind) {
    case ProbeKind::Startup: return container.startup_probe;
    case ProbeKind::Readiness: return container.readiness_probe;
    case ProbeKind::Liveness: break;
  }
  return container.liveness_probe;
}

cluster::Ptr<cluster::Pod> pod_of(cluster::Container container) {
  cluster::Pod pod;
  pod.meta.uid = "u1";
  container.name = "app";
  cluster::PodSpec spec;
  spec.containers.push_back(std::move(container));
  pod.spec = std::move(spec);
  return std::make_shared<const cluster::Pod>(std::move(pod));
}

std::string container_id(int number) { return "c" + std::to_string(number); }

cluster::ContainerStatus running_status(int number, SimTime started) {
  cluster::ContainerStatus status;
  status.name = "app";
  status.container_id = container_id(number);
  status.state = cluster::ContainerStateRunning{started};
  return status;
}

/// What happened, as the recordings write it: the order inside one instant does not count.
class Log {
 public:
  template <class... Values>
  void add(SimTime at, const Values&... values) {
    entries_.push_back(json::array({seconds_json(at), values...}));
  }
  [[nodiscard]] json sorted() const { return sorted(entries_); }
  static json sorted(const json& entries) {
    std::vector<std::pair<double, std::string>> keyed;
    for (json entry : entries) {
      const double at = entry[0].get<double>();
      entry.erase(0);
      keyed.emplace_back(at, entry.dump());
    }
    std::sort(keyed.begin(), keyed.end());
    return keyed;
  }

 private:
  json entries_ = json::array();
};

/// The first entry that only one of two sorted logs has.
std::string first_difference(const json& ours, const json& recorded) {
  for (std::size_t i = 0; i < std::max(ours.size(), recorded.size()); ++i) {
    const std::string mine = i < ours.size() ? ours[i].dump() : "the end";
    const std::string theirs = i < recorded.size() ? recorded[i].dump() : "the end";
    if (mine != theirs) return "entry " + std::to_string(i) + " is " + mine + ", recorded " + theirs;
  }
  return "nothing";
}

// ---------------------------------------------------------------- probe_worker

/// One worker whose attempts end as written.
class WorkerReplay {
 public:
  explicit WorkerReplay(const json& test_case) : test_case_(test_case), outcomes_(test_case["outcomes"].get<std::string>()) {
    kind_ = std::find_if(kKinds.begin(), kKinds.end(), [&](const auto& entry) { return entry.first == test_case["type"]; })->second;
    cluster::Container container;
    slot_of(container, kind_) = probe_from(test_case["probe"], test_case["type"]);
    ProbeParts parts{
        clock_, [this](const std::string&) { return &status_; },
        [this](const control::ProbeRequest& request, std::function<void(ProbeOutcome)> done) { attempt(request, std::move(done)); },
        [](const cluster::Pod&, const char*, const char*, const std::string&) {}};
    manager_ = std::make_unique<ProbeManager>(std::move(parts), ProbeManager::Options{}, [this](const ProbeUpdate& update) {
      log_.add(clock_.now(), "result", std::string(name_of(update.verdict)), update.container_id);
      if (update.kind == ProbeKind::Startup) apply_update(status_, update);
    });
    replace_at(moment_of(test_case["start"]));
    for (const json& at : test_case.value("newContainerAt", json::array())) replace_at(moment_of(at));
    manager_->add_pod(pod_of(std::move(container)));
  }

  json run() {
    clock_.run_until(moment_of(test_case_["end"]));
    return log_.sorted();
  }

 private:
  void replace_at(SimTime at) {
    clock_.at(at, EventClass::Hardware, 0, [this] {
      ++containers_;
      log_.add(clock_.now(), "container", containers_);
      status_.container_statuses = {running_status(containers_, clock_.now())};
      status_.container_statuses.front().started = kind_ != ProbeKind::Startup;
    });
  }

  void attempt(const control::ProbeRequest& request, std::function<void(ProbeOutcome)> done) {
    const char letter = outcomes_[std::min(attempts_++, outcomes_.size() - 1)];
    log_.add(clock_.now(), "probe", std::string(1, letter));
    SimDuration takes;
    ProbeResult result = ProbeResult::Success;
    switch (letter) {
      case 'F': result = ProbeResult::Failure; break;
      case 'W': result = ProbeResult::Warning; break;
      case 'U': result = ProbeResult::Unknown; break;
      case 'E': result = ProbeResult::Error; break;
      case 'T':
        result = ProbeResult::Failure;
        takes = seconds(request.probe.timeout_seconds);
        break;
      case 'L': takes = seconds(request.probe.timeout_seconds) - milliseconds(100); break;
      default: break;
    }
    clock_.after(takes, EventClass::Runtime, 0, [done = std::move(done), result] { done({result, {}}); });
  }

  const json& test_case_;
  std::string outcomes_;
  ProbeKind kind_ = ProbeKind::Readiness;
  FakeClock clock_;
  cluster::PodStatus status_;
  Log log_;
  int containers_ = 0;
  std::size_t attempts_ = 0;
  std::unique_ptr<ProbeManager> manager_;
};

std::optional<std::string> check_worker(const json& test_case) {
  const json ours = WorkerReplay(test_case).run();
  const json recorded = Log::sorted(test_case["log"]);
  if (ours == recorded) return std::nullopt;
  return first_difference(ours, recorded);
}

// ---------------------------------------------------------------- probe_loop

/// The recordings' driver: a relist every second, a sync after a changed relist and after probe results with at least one relist
/// between two syncs; a sync that finds a failed liveness or startup probe stops the container and starts the next.
class LoopReplay {
 public:
  explicit LoopReplay(const json& test_case) : test_case_(test_case), app_(test_case["app"]) {
    cluster::Container container;
    for (const auto& [name, kind] : kKinds) {
      const std::string key = std::string(name) + "Probe";
      if (test_case.contains(key)) slot_of(container, kind) = probe_from(test_case[key], name);
    }
    pod_ = pod_of(std::move(container));
    ProbeParts parts{
        clock_, [this](const std::string&) { return &stored_; },
        [this](const control::ProbeRequest& request, std::function<void(ProbeOutcome)> done) { attempt(request, std::move(done)); },
        [](const cluster::Pod&, const char*, const char*, const std::string&) {}};
    manager_ = std::make_unique<ProbeManager>(std::move(parts), ProbeManager::Options{},
                                              [this](const ProbeUpdate& update) { updated(update); });
  }

  json run() {
    clock_.at(kTimeZero, EventClass::Control, kDriver, [this] { first_sync(); });
    relist_at(moment_of(test_case_["relistPhase"]));
    // Each of the recorded logs may end at another moment: at its second exit.
    SimTime end = moment_of(test_case_["end"]);
    for (const json& other : test_case_.value("alt", json::array())) end = std::max(end, moment_of(other["end"]));
    while (!over_ && clock_.next() <= end && clock_.step()) {
    }
    return log_.sorted();
  }

 private:
  static constexpr std::uint32_t kDriver = 1;
  static constexpr int kExitsRecorded = 2;

  void first_sync() {
    manager_->add_pod(pod_);
    busy_ = true;
    clock_.after(duration_of(test_case_["pullSeconds"]), EventClass::Control, kDriver, [this] {
      start_container();
      end_sync();
    });
  }

  void start_container() {
    ++container_;
    started_ = clock_.now();
    log_.add(clock_.now(), "container", "start", container_);
  }

  void relist_at(SimTime at) {
    clock_.at(at, EventClass::Control, kDriver, [this] {
      relisted_ = true;
      if (std::exchange(seen_, container_) != container_) sync_wanted_ = true;
      seen_started_ = started_;
      sync_if_due();
      relist_at(clock_.now() + seconds(1));
    });
  }

  void updated(const ProbeUpdate& update) {
    log_.add(clock_.now(), "result", lower_name(update.kind), std::string(name_of(update.verdict)), update.container_id);
    if (apply_update(stored_, update)) log_status();
    if (!needs_sync(update)) return;
    sync_wanted_ = true;
    sync_if_due();
  }

  /// A pod worker of its own does it, when the updates of the same moment are stored.
  void sync_if_due() {
    if (busy_ || !sync_wanted_ || !relisted_) return;
    busy_ = true;
    clock_.after({}, EventClass::Api, kDriver, [this] { sync(); });
  }

  void sync() {
    sync_wanted_ = false;  // whatever was asked for until now is one sync
    cluster::PodStatus status;
    if (seen_ > 0) status.container_statuses = {running_status(seen_, seen_started_)};
    manager_->update_pod_status(*pod_, status);
    stored_ = std::move(status);
    log_status();
    for (const ProbeKind kind : {ProbeKind::Liveness, ProbeKind::Startup}) {
      if (manager_->verdict(kind, container_id(seen_)) == ProbeVerdict::Failure) return kill(kind);
    }
    end_sync();
  }

  void end_sync() {
    busy_ = false;
    relisted_ = false;
  }

  void kill(ProbeKind kind) {
    log_.add(clock_.now(), "container", "kill", container_, lower_name(kind));
    clock_.after(duration_of(test_case_["stopSeconds"]), EventClass::Control, kDriver, [this] {
      log_.add(clock_.now(), "container", "exit", container_);
      over_ = container_ == kExitsRecorded;
      if (over_) return;
      start_container();
      end_sync();
    });
  }

  void log_status() {
    if (stored_.container_statuses.empty()) return;
    const cluster::ContainerStatus& status = stored_.container_statuses.front();
    const std::pair shown{status.ready, status.started};
    if (shown == shown_) return;
    shown_ = shown;
    const auto text = [](const char* name, bool value) { return std::string(name) + (value ? "=true" : "=false"); };
    log_.add(clock_.now(), "status", status.container_id, text("ready", status.ready), text("started", status.started));
  }

  [[nodiscard]] bool app_says(const char* key, SimDuration age) const {
    return app_.contains(key) && age >= duration_of(app_[key]);
  }

  [[nodiscard]] bool app_answers(const std::string& kind, SimDuration age) const {
    if (kind == "startup") return app_says("startupOkAfter", age);
    if (kind == "liveness") return !app_says("livenessFailsAfter", age);
    return app_says("readyAfter", age) && !(app_says("unreadyFrom", age) && !app_says("unreadyTo", age));
  }

  void attempt(const control::ProbeRequest& request, std::function<void(ProbeOutcome)> done) {
    const std::string kind = std::get<cluster::ExecAction>(request.probe.action).command.front();
    const bool good = app_answers(kind, clock_.now() - started_);
    const bool late = !good && kind == "liveness" && app_["livenessFailure"] == "timeout";
    log_.add(clock_.now(), "probe", kind, good ? "S" : late ? "T" : "F");
    const SimDuration takes = late ? seconds(request.probe.timeout_seconds) : SimDuration{};
    clock_.after(takes, EventClass::Runtime, 0,
                 [done = std::move(done), good] { done({good ? ProbeResult::Success : ProbeResult::Failure, {}}); });
  }

  const json& test_case_;
  const json& app_;
  FakeClock clock_;
  Log log_;
  cluster::Ptr<cluster::Pod> pod_;
  cluster::PodStatus stored_;
  std::optional<std::pair<bool, bool>> shown_;  ///< ready, started
  int container_ = 0;
  SimTime started_;
  int seen_ = 0;  ///< by the last relist
  SimTime seen_started_;
  bool relisted_ = false;
  bool sync_wanted_ = false;
  bool busy_ = false;
  bool over_ = false;
  std::unique_ptr<ProbeManager> manager_;
};

std::optional<std::string> check_loop(const json& test_case) {
  const json ours = LoopReplay(test_case).run();
  const json recorded = Log::sorted(test_case["log"]);
  if (ours == recorded) return std::nullopt;
  // Where the order of simultaneous ticks matters the original has several answers.
  for (const json& other : test_case.value("alt", json::array())) {
    if (ours == Log::sorted(other["log"])) return std::nullopt;
  }
  return first_difference(ours, recorded);
}

}  // namespace

std::vector<Family> kubelet_probe_families() {
  return {
      {"kubelet/probe_worker", [](const json& file, Tally& tally) { for_each_case(file, tally, check_worker); }},
      {"kubelet/probe_loop", [](const json& file, Tally& tally) { for_each_case(file, tally, check_loop); }},
  };
}

}  // namespace tandem::truth
