// Recorded answers of Kubernetes' replica set controller alone: which pods are deleted, and creation in slow-start batches
// (controllers/f07_*).

#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/base/fake_clock.hpp"
#include "core/control/controller_runtime.hpp"
#include "core/control/replica_set_controller.hpp"
#include "core/control/replica_set_ranking.hpp"
#include "tests/truth/runner.hpp"

namespace tandem::truth {
namespace {

using namespace cluster;
using namespace control;
using nlohmann::json;

constexpr SimTime kNow{seconds(10'000'000).ns};

// ---------------------------------------------------------------- which pods are deleted

SimTime ago(const json& seconds_ago) { return SimTime{kNow.ns - from_seconds(seconds_ago.get<double>()).ns}; }

PodPhase phase_named(const std::string& name) {
  for (const PodPhase phase :
       {PodPhase::Pending, PodPhase::Running, PodPhase::Succeeded, PodPhase::Failed, PodPhase::Unknown}) {
    if (name_of(phase) == name) return phase;
  }
  throw std::runtime_error("unknown phase " + name);
}

void add_restarts(const json& counts, const std::string& prefix, std::vector<ContainerStatus>& statuses) {
  for (std::size_t i = 0; i < counts.size(); ++i) {
    ContainerStatus status;
    status.name = prefix + std::to_string(i);
    status.restart_count = counts[i];
    statuses.push_back(std::move(status));
  }
}

Ptr<Pod> pod_from_json(const json& entry) {
  Pod pod;
  pod.meta.name = entry.at("name");
  pod.meta.uid = entry.at("uid");
  pod.meta.creation_timestamp = ago(entry.at("age"));
  pod.node_name = entry.at("node");
  pod.status.phase = phase_named(entry.at("phase"));
  if (entry.value("terminating", false)) pod.meta.deletion_timestamp = kNow;
  if (!entry.at("readyFor").is_null()) {
    Condition ready;
    ready.type = "Ready";
    ready.status = ConditionStatus::True;
    ready.last_transition_time = ago(entry.at("readyFor"));
    pod.status.conditions.push_back(std::move(ready));
  }
  if (entry.contains("cost") && !entry.at("cost").is_null()) {
    const json& cost = entry.at("cost");
    pod.meta.annotations =
        Labels{{std::string(kPodDeletionCostAnnotation), cost.is_string() ? cost.get<std::string>() : cost.dump()}};
  }
  add_restarts(entry.value("restarts", json::array()), "c", pod.status.container_statuses);
  const json sidecars = entry.value("sidecar", json::array());
  add_restarts(sidecars, "s", pod.status.init_container_statuses);
  PodSpec spec;
  for (const ContainerStatus& status : pod.status.init_container_statuses) {
    Container& sidecar = spec.init_containers.emplace_back();
    sidecar.name = status.name;
    sidecar.restart_policy = "Always";
  }
  pod.spec = std::move(spec);
  return std::make_shared<const Pod>(std::move(pod));
}

/// All of `always`, the rest only from `sometimes`.
bool acceptable(const std::set<std::string>& chosen, const json& victims) {
  std::size_t certain = 0;
  for (const json& name : victims.at("always")) {
    if (!chosen.contains(name)) return false;
    ++certain;
  }
  const json others = victims.value("sometimes", json::array());
  const auto allowed = [&](const std::string& name) {
    return std::find(others.begin(), others.end(), name) != others.end() ||
           std::find(victims.at("always").begin(), victims.at("always").end(), name) != victims.at("always").end();
  };
  return certain <= chosen.size() && std::all_of(chosen.begin(), chosen.end(), allowed);
}

std::optional<std::string> check_deletion(const json& test_case) {
  std::vector<Ptr<Pod>> all;
  std::vector<Ptr<Pod>> own;
  for (const json& entry : test_case.at("pods")) {
    all.push_back(pod_from_json(entry));
    if (entry.at("rs") == "a" && is_active(*all.back())) own.push_back(all.back());
  }
  for (const json& victims : test_case.at("victims")) {
    const std::size_t count = victims.at("k");
    std::set<std::string> chosen;
    for (const auto& pod : choose_pods_to_delete(own, active_pods_per_node(all), count, kNow)) chosen.insert(pod->meta.name);
    if (chosen.size() != std::min(count, own.size()) || !acceptable(chosen, victims)) {
      return fmt::format("k={}: deletes {}, recorded {}", count, json(chosen).dump(), victims.dump());
    }
  }
  return std::nullopt;
}

// ---------------------------------------------------------------- slow start

/// Lets `quota` creations succeed (negative: all) until it is lifted.
class QuotaPodControl final : public PodControl {
 public:
  QuotaPodControl(ApiClient& client, int& quota) : direct_(client), quota_(quota) {}
  void create(Pod pod, Answer answer) override {
    if (quota_ == 0) return answer(fail(ErrorCode::ApiInvalid, "pods is forbidden: exceeded quota"));
    if (quota_ > 0) --quota_;
    direct_.create(std::move(pod), std::move(answer));
  }
  void remove(const ObjectKey& pod, Answer answer) override { direct_.remove(pod, std::move(answer)); }

 private:
  ApiPodControl direct_;
  int& quota_;
};

class SlowStartRun {
 public:
  explicit SlowStartRun(const json& test_case)
      : quota_(test_case.at("quota")),
        server_(clock_, DeliveryProfile::instant(), 1),
        informers_(server_, SimDuration{}),
        controller_(clock_, server_, informers_.shared(), WorkMode::Manual,
                    [this](ApiClient& client) { return std::make_unique<QuotaPodControl>(client, quota_); }) {
    controller_.on_creation_pass([this](const CreationPass& pass) { passes_.push_back(pass); });
    controller_.on_event([this](const ReplicaSet&, const PostEvent& event) {
      const bool names_pod = event.message.starts_with("Created pod: ");
      events_.insert(fmt::format("{} {} {}", event.type, event.reason, names_pod ? "Created pod: <name>" : event.message));
    });
    ReplicaSet replica_set;
    replica_set.meta.namespace_ = "default";
    replica_set.meta.name = "a";
    replica_set.spec.replicas = test_case.at("replicas");
    replica_set.spec.selector = LabelSelector{{{"app", "a"}}, {}};
    PodTemplate pod_template;
    pod_template.labels = Labels{{"app", "a"}};
    replica_set.spec.pod_template = std::move(pod_template);
    created_ = server_.create(std::move(replica_set)).has_value();
  }

  /// Runs until just before `lift`, then without quota for a minute.
  void run(SimTime lift) {
    run_until(lift);
    failing_ = current();
    quota_ = -1;
    run_until(lift + seconds(60));
  }

  [[nodiscard]] ReplicaSet current() const { return *server_.get<ReplicaSet>({"default", "a"}); }
  [[nodiscard]] const ReplicaSet& while_failing() const { return failing_; }
  [[nodiscard]] const std::vector<CreationPass>& passes() const { return passes_; }
  [[nodiscard]] std::size_t pods() const { return server_.list<Pod>().size(); }
  [[nodiscard]] bool created() const { return created_; }
  /// "Type Reason text" of the events handed to the recorder, pod names left out, each once, sorted.
  [[nodiscard]] const std::set<std::string>& events() const { return events_; }

 private:
  void run_until(SimTime time) {
    while (controller_.process_next()) {}
    while (clock_.next() < time) {
      clock_.run_until(clock_.next());
      while (controller_.process_next()) {}
    }
    clock_.run_until(time);
  }

  int quota_;
  FakeClock clock_;
  ApiServer server_;
  OwnedInformers informers_;
  ReplicaSetController controller_;
  std::vector<CreationPass> passes_;
  std::set<std::string> events_;
  ReplicaSet failing_;
  bool created_ = false;
};

std::string failure_condition(const ReplicaSet& replica_set) {
  const Condition* condition = find_condition(replica_set.status.conditions, "ReplicaFailure");
  return condition == nullptr ? "" : fmt::format("ReplicaFailure={}/{}", name_of(condition->status), condition->reason);
}

/// Gaps between failing passes that waited for a retry, in milliseconds: 5, 10, 20, … Immediate extra attempts are left out.
template <class Times>
std::vector<std::int64_t> retry_gaps(const Times& times_ms) {
  std::vector<std::int64_t> gaps;
  for (std::size_t i = 1; i < times_ms.size(); ++i) {
    if (times_ms[i] > times_ms[i - 1]) gaps.push_back(times_ms[i] - times_ms[i - 1]);
  }
  return gaps;
}

/// Each gap (after the first, which may come from anywhere in the series) is twice the one before.
bool doubles(const std::vector<std::int64_t>& gaps) {
  for (std::size_t i = 0; i < gaps.size(); ++i) {
    const bool power = gaps[i] % 5 == 0 && ((gaps[i] / 5) & (gaps[i] / 5 - 1)) == 0;
    if (!power || (i > 1 && gaps[i] != 2 * gaps[i - 1])) return false;
  }
  return true;
}

std::optional<std::string> check_slow_start(const json& test_case) {
  SlowStartRun run(test_case);
  if (!run.created()) return "the ReplicaSet was refused";
  run.run(kTimeZero + from_seconds(test_case.at("liftAt")));

  const json& recorded = test_case.at("syncs");
  if (run.passes().empty()) return "no pass tried to create pods";
  const CreationPass& first = run.passes().front();
  if (first.attempts != recorded.at(0).at("attempts") || first.successes != recorded.at(0).at("ok")) {
    return fmt::format("first pass {} of {}, recorded {}", first.successes, first.attempts, recorded.at(0).dump());
  }
  std::vector<std::int64_t> times;
  std::int64_t failing = 0;
  for (const CreationPass& pass : run.passes()) {
    times.push_back(pass.at.ns / 1'000'000);
    if (pass.successes < pass.attempts) ++failing;
  }
  if (!doubles(retry_gaps(times))) return fmt::format("retries at {} ms do not double", json(times).dump());
  const bool recorded_failures =
      std::any_of(recorded.begin(), recorded.end(), [](const json& s) { return s.at("ok") < s.at("attempts"); });
  if (recorded_failures != (failing > 0)) return "passes fail where the recording has none, or the other way round";

  const ReplicaSetStatus& status = run.while_failing().status;
  const json counts = {status.replicas, status.ready_replicas, status.available_replicas};
  if (counts != test_case.at("statusWhileFailing")) return fmt::format("status {} while failing", counts.dump());
  if (failure_condition(run.while_failing()) != test_case.at("condWhileFailing")) {
    return fmt::format("condition {} while failing", failure_condition(run.while_failing()));
  }
  if (failure_condition(run.current()) != test_case.at("condEnd"))
    return fmt::format("condition {} at the end", failure_condition(run.current()));
  if (run.pods() != test_case.at("finalPods")) return fmt::format("{} pods at the end", run.pods());
  if (json(run.events()) != test_case.at("events")) return fmt::format("events {}", json(run.events()).dump());
  return std::nullopt;
}

void check_deletion_rank(const json& file, Tally& tally) { for_each_case(file, tally, check_deletion); }
void check_slow_starts(const json& file, Tally& tally) { for_each_case(file, tally, check_slow_start); }

}  // namespace

std::vector<Family> replica_set_families() {
  return {{"controllers/f07_deletion_rank", check_deletion_rank}, {"controllers/f07_slow_start", check_slow_starts}};
}

}  // namespace tandem::truth
