#pragma once
// A scheduler in a cluster where everything happens at once, recorded: nodes come, go, are cordoned and relabelled; pods of many
// priorities are created, evicted, deleted while they are being placed, and bound by others under the scheduler's nose.

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/base/fake_clock.hpp"
#include "core/base/random.hpp"
#include "core/control/scheduler/scheduler.hpp"
#include "tests/support/recording_builder.hpp"

namespace tandem::judge::testing {

using tandem::testing::RecordingBuilder;

class BusyScheduler {
 public:
  BusyScheduler(cluster::DeliveryProfile delivery, control::SchedulerOptions options, std::uint64_t seed = 42)
      : builder_("sim", {}, seed), api_(clock_, std::move(delivery), seed), random_(seed, "busy-scheduler") {
    config_.profiles = options.profiles;
    record<cluster::Node>();
    record<cluster::Pod>();
    record<cluster::Service>();
    record<cluster::ReplicaSet>();
    record<cluster::Event>();
    record<cluster::Unstructured>();
    options.seed = seed;
    options.on_decision = [this](const record::SchedulingDecision& decision) { builder_.writer().decision(decision); };
    options.on_note = [this](const record::SchedulerNote& note) {
      ++notes[static_cast<std::size_t>(note.kind)];
      builder_.writer().scheduler_note(note);
    };
    scheduler_.emplace(clock_, api_, std::move(options));
    kubelets_ = api_.on_commit<cluster::Pod>([this](const cluster::Change<cluster::Pod>& change) { run_pod(change); });
  }

  [[nodiscard]] const scenario::SchedulerConfig& config() const { return config_; }
  cluster::ApiServer& api() { return api_; }
  void run_until(SimTime time) { clock_.run_until(time); }
  void at(SimTime time, std::function<void()> action) { clock_.at(time, EventClass::Api, 1, std::move(action)); }

  /// `steps` random actions, one every few milliseconds; the run ends half a minute after the last.
  record::Recording live(int steps) {
    act_for(steps);
    return finish();
  }
  /// The same without the recording's end.
  record::Recording live_and_die(int steps) {
    act_for(steps);
    scheduler_.reset();
    return builder_.abandon();
  }
  void act_for(int steps) {
    for (int i = 0; i < 8; ++i) add_node();
    add_workloads();
    for (int i = 0; i < steps; ++i) at(kTimeZero + milliseconds(i * 7), [this] { act(); });
    run_until(kTimeZero + milliseconds(steps * 7) + seconds(30));
  }
  record::Recording finish() {
    scheduler_.reset();
    return builder_.finish(clock_.now().ns / 1'000'000 + 1);
  }

  std::array<int, record::kSchedulerNoteKindCount> notes{};  ///< how many of each kind

  static cluster::Node node(const std::string& name, std::int64_t cpu_milli = 2000) {
    cluster::Node made;
    made.meta.name = name;
    made.meta.labels = cluster::Labels{{"kubernetes.io/hostname", name}};
    made.status.allocatable.insert_or_assign("cpu", Quantity::of_milli(cpu_milli));
    made.status.allocatable.insert_or_assign("memory", Quantity::of_value(std::int64_t{4} << 30));
    made.status.allocatable.insert_or_assign("pods", Quantity::of_value(20));
    return made;
  }
  static cluster::Pod pod(const std::string& name, std::int64_t cpu_milli, std::int32_t priority = 0) {
    cluster::Pod made;
    made.meta.name = name;
    made.meta.namespace_ = "default";
    cluster::PodSpec spec;
    cluster::Container container;
    container.name = "app";
    container.image = "app:1";
    container.resources.requests.insert_or_assign("cpu", Quantity::of_milli(cpu_milli));
    spec.containers.push_back(std::move(container));
    spec.priority = priority;
    made.spec = std::move(spec);
    return made;
  }

 private:
  template <class T>
  void record() {
    subscriptions_.push_back(api_.on_commit<T>([this](const cluster::Change<T>& change) {
      builder_.writer().object_changed(change.committed_at, change.type, *change.object);
    }));
  }
  bool one_in(std::uint64_t n) { return random_.below(n) == 0; }

  /// What kubelets do: pods start, and end some time after they were asked to.
  void run_pod(const cluster::Change<cluster::Pod>& change) {
    const cluster::ObjectKey key = cluster::key_of(change.object->meta);
    const std::string uid = change.object->meta.uid;
    if (change.type != cluster::ChangeType::Modified) return;
    if (cluster::is_terminating(change.object->meta) && !cluster::is_terminating(change.previous->meta)) {
      clock_.after(milliseconds(50), EventClass::Runtime, 0, [this, key, uid] { (void)api_.remove<cluster::Pod>(key, {.grace_period_seconds = 0, .uid = uid}); });
    }
    if (change.previous->node_name.empty() && !change.object->node_name.empty()) {
      clock_.after(milliseconds(30), EventClass::Runtime, 0, [this, key] {
        if (api_.get<cluster::Pod>(key) == nullptr) return;
        (void)api_.patch<cluster::Pod>(key, [this](cluster::Pod& edited) {
          edited.status.phase = cluster::PodPhase::Running;
          edited.status.start_time = clock_.now();
        });
      });
    }
  }

  void add_node() {
    cluster::Node made = node("n" + std::to_string(++nodes_), random_.below(2) == 0 ? 2000 : 3000);
    made.meta.labels.edit([&](cluster::Labels& labels) { labels["topology.kubernetes.io/zone"] = one_in(2) ? "a" : "b"; });
    if (one_in(4)) made.spec.taints.push_back({"soft", "", "PreferNoSchedule", {}});
    if (one_in(6)) made.spec.taints.push_back({"hard", "yes", "NoSchedule", {}});
    if (one_in(2)) made.status.images.push_back({{"app:1"}, std::int64_t{400} << 20});
    EXPECT_TRUE(api_.create(made));
  }
  void add_workloads() {
    cluster::Service service;
    service.meta.name = "web";
    service.meta.namespace_ = "default";
    service.spec.selector = cluster::Labels{{"app", "web"}};
    EXPECT_TRUE(api_.create(service));
    cluster::Unstructured budget;
    budget.api_version = "policy/v1";
    budget.kind = "PodDisruptionBudget";
    budget.meta.name = "db";
    budget.meta.namespace_ = "default";
    budget.rest.fields = std::make_shared<const nlohmann::json>(
        nlohmann::json::parse(R"({"spec": {"selector": {"matchLabels": {"app": "db"}}}, "status": {"disruptionsAllowed": 0}})"));
    EXPECT_TRUE(api_.create(budget));
  }
  void add_pod() {
    static constexpr std::int32_t kPriorities[] = {0, 0, 0, 10, 100, 1000};
    cluster::Pod made = pod("p" + std::to_string(++pods_), 100 + static_cast<std::int64_t>(random_.below(8)) * 100, kPriorities[random_.below(6)]);
    made.meta.labels = cluster::Labels{{"app", one_in(3) ? "web" : one_in(2) ? "db" : "batch"}};
    made.spec.edit([&](cluster::PodSpec& spec) {
      spec.scheduler_name = config_.profiles[random_.below(config_.profiles.size())].scheduler_name;
      if (one_in(6)) {
        cluster::TopologySpreadConstraint spread;
        spread.topology_key = "topology.kubernetes.io/zone";
        spread.when_unsatisfiable = one_in(2) ? "DoNotSchedule" : "ScheduleAnyway";
        spread.label_selector = cluster::LabelSelector{*made.meta.labels, {}};
        spec.topology_spread_constraints = {spread};
      }
      if (one_in(8)) {
        cluster::PodAffinityTerm apart;
        apart.topology_key = "kubernetes.io/hostname";
        apart.label_selector = cluster::LabelSelector{{{"app", "db"}}, {}};
        spec.affinity.pod_anti_affinity.emplace();
        spec.affinity.pod_anti_affinity->required = {apart};
      }
      if (one_in(10)) spec.containers[0].ports.push_back({"", 8080, 8080, "", "TCP"});
      if (one_in(15)) spec.preemption_policy = "Never";
    });
    EXPECT_TRUE(api_.create(made));
    const cluster::ObjectKey key{"default", made.meta.name};
    if (one_in(12)) {  // gone again at once, perhaps in the middle of its cycle or binding
      clock_.after(microseconds(500 * static_cast<std::int64_t>(random_.below(24))), EventClass::Api, 2, [this, key] { (void)api_.remove<cluster::Pod>(key, {}); });
    }
    if (one_in(25)) {  // somebody else places it
      const std::string node = "n" + std::to_string(1 + random_.below(static_cast<std::uint64_t>(nodes_)));
      clock_.after(microseconds(500 * static_cast<std::int64_t>(random_.below(24))), EventClass::Api, 2, [this, key, node] {
        if (const auto pod = api_.get<cluster::Pod>(key)) (void)api_.bind(key, pod->meta.uid, node);
      });
    }
  }
  template <class T>
  cluster::Ptr<T> any() {
    const auto all = api_.list<T>();
    return all.empty() ? nullptr : all[random_.below(all.size())];
  }
  void act() {
    switch (random_.below(20)) {
      case 0: case 1: case 6: case 7: case 8: case 9:
        if (const auto pod = any<cluster::Pod>()) (void)api_.remove<cluster::Pod>(cluster::key_of(pod->meta), {});
        return;
      case 2:
        if (const auto node = any<cluster::Node>()) (void)api_.patch<cluster::Node>(cluster::key_of(node->meta), [](cluster::Node& edited) { edited.spec.unschedulable = !edited.spec.unschedulable; });
        return;
      case 3:
        if (const auto node = any<cluster::Node>()) {
          (void)api_.patch<cluster::Node>(cluster::key_of(node->meta), [&](cluster::Node& edited) {
            edited.meta.labels.edit([&](cluster::Labels& labels) { labels["topology.kubernetes.io/zone"] = one_in(2) ? "a" : "c"; });
          });
        }
        return;
      case 4:
        if (one_in(3)) return add_node();
        if (const auto node = any<cluster::Node>(); node != nullptr && one_in(4) && api_.list<cluster::Node>().size() > 3) (void)api_.remove<cluster::Node>(cluster::key_of(node->meta), {});
        return;
      case 5:
        if (const auto pod = any<cluster::Pod>()) (void)api_.patch<cluster::Pod>(cluster::key_of(pod->meta), [](cluster::Pod& edited) { edited.meta.labels = cluster::Labels{{"app", "web"}}; });
        return;
      default: return add_pod();
    }
  }

  FakeClock clock_;
  RecordingBuilder builder_;
  cluster::ApiServer api_;
  RandomStream random_;
  scenario::SchedulerConfig config_;
  std::vector<cluster::Subscription> subscriptions_;
  std::optional<control::Scheduler> scheduler_;
  cluster::Subscription kubelets_;
  int nodes_ = 0;
  int pods_ = 0;
};

}  // namespace tandem::judge::testing
