// Pods a second from the store write of the pod to the write of its binding, on one core, with everything in between: watch,
// queue, cycle, Scheduled events in the store and decision records on disk. The shapes are those of Kubernetes' scheduler_perf
// (test/integration/scheduler_perf, v1.34). Times are the thread's CPU time, so a busy machine does not count.
//
// `of_bare_loop` compares with a loop that does nothing but add up four scores of every node that the cycle looks at and keep the
// largest: what exact scores cost at least if nothing is shared. The checked shapes work every so many decisions out from scratch.

#include <benchmark/benchmark.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/base/fake_clock.hpp"
#include "core/control/scheduler/scheduler.hpp"
#include "core/record/writer.hpp"

namespace {

using namespace tandem;  // NOLINT: a benchmark program
using cluster::Labels;

constexpr char kZone[] = "topology.kubernetes.io/zone";
constexpr char kHostname[] = "kubernetes.io/hostname";

Quantity quantity(std::string_view text) { return Quantity::parse(text).value(); }

double thread_cpu_seconds() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

// ---------------------------------------------------------------- shapes

using EditSpec = std::function<void(cluster::PodSpec&)>;

/// Pods of one template share labels and specification, as those of a ReplicaSet do.
struct Template {
  std::string name;
  int pods = 0;
  Labels labels{};
  EditSpec edit = nullptr;
  const char* cpu = "100m";
  const char* memory = "500Mi";
};

struct Shape {
  std::string name;
  int nodes = 5000;
  int zones = 0;
  std::vector<Template> before;    ///< there when the clock starts
  std::vector<Template> measured;  ///< taken in turn
  int percentage = 0;
  int tainted_one_in = 0;     ///< NoSchedule
  int disliked_one_in = 0;    ///< PreferNoSchedule
  std::uint32_t check_every = 0;
  bool records_objects = false;
};

cluster::Pod make_pod(const Template& source) {
  cluster::Pod pod;
  pod.meta.namespace_ = "default";
  pod.meta.labels = source.labels;
  cluster::PodSpec spec;
  cluster::Container container;
  container.name = "pause";
  container.image = "registry.k8s.io/pause:3.10.1";
  container.ports.push_back({"", 80, 0, "", "TCP"});
  container.resources.requests = {{"cpu", quantity(source.cpu)}, {"memory", quantity(source.memory)}};
  container.resources.limits = container.resources.requests;
  spec.containers.push_back(container);
  spec.termination_grace_period_seconds = 0;  // nobody runs these pods: a victim is gone at once
  if (source.edit) source.edit(spec);
  pod.spec = std::move(spec);
  return pod;
}

cluster::Node make_node(const Shape& shape, int number) {
  cluster::Node node;
  node.meta.name = "node-" + std::to_string(number);
  Labels labels{{kHostname, node.meta.name}};
  if (shape.zones > 0) labels[kZone] = "zone-" + std::to_string(number % shape.zones);
  node.meta.labels = labels;
  node.status.allocatable = {{"cpu", quantity("4")}, {"memory", quantity("32Gi")}, {"pods", quantity("110")}};
  if (shape.tainted_one_in > 0 && number % shape.tainted_one_in == 0) node.spec.taints.push_back({"dedicated", "db", "NoSchedule", {}, {}});
  if (shape.disliked_one_in > 0 && number % shape.disliked_one_in == 1) {
    node.spec.taints.push_back({"spot", "", "PreferNoSchedule", {}, {}});
  }
  return node;
}

// ---------------------------------------------------------------- a run

class Run {
 public:
  explicit Run(const Shape& shape) : api_(clock_, cluster::DeliveryProfile::instant(), 1) {
    folder_ = (std::filesystem::temp_directory_path() / ("tandem-bench-scheduler-" + std::to_string(::getpid()))).string();
    writer_ = std::move(record::Writer::create(folder_, {}, true).value());
    if (shape.records_objects) {
      observed_.push_back(api_.on_commit<cluster::Pod>([this](const auto& change) { recorded(change); }));
      observed_.push_back(api_.on_commit<cluster::Event>([this](const auto& change) { recorded(change); }));
    }
    control::SchedulerOptions options;
    options.profiles.front().percentage_of_nodes_to_score = shape.percentage;
    options.check_every = shape.check_every;
    options.on_decision = [this](const record::SchedulingDecision& decision) {
      ++decisions_;
      writer_->decision(decision);
    };
    scheduler_ = std::make_unique<control::Scheduler>(clock_, api_, std::move(options));
    for (int i = 0; i < shape.nodes; ++i) (void)api_.create(make_node(shape, i)).value();
    clock_.run_until(clock_.now());
    create(shape.before);
  }
  ~Run() {
    (void)writer_->finish(clock_.now(), nlohmann::json::object());
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  /// Store writes, then whatever the scheduler does about them. Returns how many pods are left without a node.
  int create(const std::vector<Template>& templates) {
    std::vector<cluster::Pod> models;
    for (const Template& source : templates) models.push_back(make_pod(source));
    int most = 0;
    for (const Template& source : templates) most = std::max(most, source.pods);
    for (int i = 0; i < most; ++i) {
      for (std::size_t which = 0; which < templates.size(); ++which) {
        if (i >= templates[which].pods) continue;
        cluster::Pod pod = models[which];
        pod.meta.name = templates[which].name + "-" + std::to_string(i);
        (void)api_.create(std::move(pod)).value();
      }
    }
    clock_.run_until(clock_.now() + seconds(20));
    return unbound();
  }
  [[nodiscard]] std::uint64_t decisions() const { return decisions_; }

 private:
  template <class T>
  void recorded(const cluster::Change<T>& change) {
    writer_->object_changed(clock_.now(), change.type, *change.object);
  }
  [[nodiscard]] int unbound() const {
    int count = 0;
    for (const auto& pod : api_.list<cluster::Pod>()) count += pod->node_name.empty() ? 1 : 0;
    return count;
  }

  FakeClock clock_;
  cluster::ApiServer api_;
  std::vector<cluster::Subscription> observed_;
  std::string folder_;
  std::unique_ptr<record::Writer> writer_;
  std::unique_ptr<control::Scheduler> scheduler_;
  std::uint64_t decisions_ = 0;
};

/// Seconds a pod for the bare loop over as many nodes as a cycle looks at.
double bare_loop_seconds(std::size_t looked_at) {
  constexpr int kScores = 4;  // that take part for a plain pod
  constexpr int kPods = 2000;
  std::vector<std::int64_t> scores(looked_at * kScores, 25);
  const double began = thread_cpu_seconds();
  for (int pod = 0; pod < kPods; ++pod) {
    std::int64_t best = 0;
    for (std::size_t node = 0; node < looked_at; ++node) {
      std::int64_t total = 0;
      for (int i = 0; i < kScores; ++i) total += scores[node * kScores + static_cast<std::size_t>(i)];
      best = std::max(best, total);
    }
    benchmark::DoNotOptimize(best);
    benchmark::ClobberMemory();
  }
  return (thread_cpu_seconds() - began) / kPods;
}

void measure(benchmark::State& state, const Shape& shape) {
  const std::size_t looked_at =
      control::scheduler::feasible_nodes_to_find(static_cast<std::size_t>(shape.nodes), shape.percentage);
  int pods = 0;
  for (const Template& source : shape.measured) pods += source.pods;
  for (auto _ : state) {
    Run run(shape);
    const std::uint64_t decisions = run.decisions();
    const double began = thread_cpu_seconds();
    const int unbound = run.create(shape.measured);
    const double took = thread_cpu_seconds() - began;
    state.SetIterationTime(took);
    // Every pod of every shape has a place; a scheduler that binds few would be fast for nothing.
    if (unbound > 0) return state.SkipWithError((std::to_string(unbound) + " pods have no node").c_str());
    const double rate = pods / took;
    state.counters["pods_per_s"] = rate;
    state.counters["of_bare_loop"] = rate * bare_loop_seconds(looked_at);
    state.counters["cycles"] = static_cast<double>(run.decisions() - decisions);
  }
}

// ---------------------------------------------------------------- which shapes

cluster::PodAffinityTerm term(const char* label, const char* value, const char* topology_key) {
  cluster::PodAffinityTerm made;
  made.label_selector = cluster::LabelSelector{{{label, value}}, {}};
  made.topology_key = topology_key;
  return made;
}

EditSpec spread_over_zones(const char* when) {
  return [when](cluster::PodSpec& spec) {
    cluster::TopologySpreadConstraint constraint;
    constraint.max_skew = 5;
    constraint.topology_key = kZone;
    constraint.when_unsatisfiable = when;
    constraint.label_selector = cluster::LabelSelector{{{"color", "blue"}}, {}};
    spec.topology_spread_constraints = {constraint};
  };
}

void affinity(cluster::PodSpec& spec) { spec.affinity.pod_affinity.emplace().required = {term("color", "blue", kZone)}; }
void anti_affinity(cluster::PodSpec& spec) {
  spec.affinity.pod_anti_affinity.emplace().required = {term("color", "green", kHostname)};
}
void preferred_affinity(cluster::PodSpec& spec) {
  spec.affinity.pod_affinity.emplace().preferred = {{1, term("color", "red", kHostname)}};
}
void preferred_anti_affinity(cluster::PodSpec& spec) {
  spec.affinity.pod_anti_affinity.emplace().preferred = {{1, term("color", "yellow", kHostname)}};
}
void tolerates_some(cluster::PodSpec& spec) { spec.tolerations = {{"dedicated", "Equal", "db", "NoSchedule", {}, {}}}; }
void important(cluster::PodSpec& spec) { spec.priority = 10; }

std::vector<Shape> shapes() {
  std::vector<Shape> all;
  for (const int percentage : {100, 0}) {
    for (const int pods : {10'000, 50'000}) {
      Shape basic;
      basic.name = "SchedulingBasic/5000Nodes_" + std::to_string(pods) + "Pods/" + (percentage == 0 ? "default" : "100%");
      basic.before = {{"init", pods / 10}};
      basic.measured = {{"pod", pods}};
      basic.percentage = percentage;
      all.push_back(basic);
    }
  }
  Shape recorded = all.front();
  recorded.name = "SchedulingBasic/5000Nodes_10000Pods/100%/every_object_recorded";
  recorded.records_objects = true;
  all.push_back(recorded);
  for (const int percentage : {100, 0}) {
    const std::string suffix = percentage == 0 ? "/default" : "/100%";
    const auto add = [&](const char* name, int zones, std::vector<Template> before, std::vector<Template> measured) -> Shape& {
      Shape shape;
      shape.name = name + ("/5000Nodes" + suffix);
      shape.zones = zones;
      shape.before = std::move(before);
      shape.measured = std::move(measured);
      shape.percentage = percentage;
      return all.emplace_back(std::move(shape));
    };
    const Labels blue{{"color", "blue"}};
    const Labels green{{"color", "green"}};
    const Labels red{{"color", "red"}};
    const Labels yellow{{"color", "yellow"}};
    add("TopologySpreading", 3, {{"init", 1000}}, {{"pod", 2000, blue, spread_over_zones("DoNotSchedule")}});
    add("PreferredTopologySpreading", 3, {{"init", 1000}}, {{"pod", 2000, blue, spread_over_zones("ScheduleAnyway")}});
    add("SchedulingPodAffinity", 1, {{"init", 2000, blue, affinity}}, {{"pod", 2000, blue, affinity}});
    add("SchedulingPodAntiAffinity", 0, {{"init", 1000, green, anti_affinity}}, {{"pod", 1000, green, anti_affinity}});
    add("SchedulingPreferredPodAffinity", 0, {{"init", 2000, red, preferred_affinity}}, {{"pod", 2000, red, preferred_affinity}});
    add("SchedulingPreferredPodAntiAffinity", 0, {{"init", 2000, yellow, preferred_anti_affinity}},
        {{"pod", 2000, yellow, preferred_anti_affinity}});
    Shape& taints = add("Taints", 3, {{"init", 1000}}, {{"plain", 5000}, {"tolerant", 5000, {}, tolerates_some}});
    taints.tainted_one_in = 4;
    taints.disliked_one_in = 7;
    add("MixedSchedulingBasePod", 3,
        {{"plain", 1000}, {"near", 1000, blue, affinity}, {"apart", 1000, green, anti_affinity},
         {"likes", 1000, red, preferred_affinity}, {"dislikes", 1000, yellow, preferred_anti_affinity}},
        {{"pod", 5000}});
    add("PreemptionBasic", 0, {{"low", 20'000, {}, nullptr, "900m"}}, {{"high", 1000, {}, important, "3"}});
  }
  for (const int percentage : {100, 0}) {
    Shape checked = all.front();
    checked.name = std::string("Checked/SchedulingBasic/5000Nodes_10000Pods/") + (percentage == 0 ? "default" : "100%");
    checked.percentage = percentage;
    checked.check_every = 500;
    all.push_back(checked);
    Shape small = all.front();
    small.name = std::string("Checked/EveryDecision/300Nodes_1000Pods/") + (percentage == 0 ? "default" : "100%");
    small.nodes = 300;
    small.zones = 3;
    small.tainted_one_in = 5;
    small.disliked_one_in = 7;
    small.before = {{"init", 100}};
    small.measured = {{"plain", 600}, {"tolerant", 400, {}, tolerates_some}};
    small.percentage = percentage;
    small.check_every = 1;
    all.push_back(small);
  }
  return all;
}

}  // namespace

int main(int count, char** arguments) {
  const auto best = [](const std::vector<double>& values) { return *std::max_element(values.begin(), values.end()); };
  for (const Shape& shape : shapes()) {
    benchmark::RegisterBenchmark(shape.name.c_str(), [shape](benchmark::State& state) { measure(state, shape); })
        ->UseManualTime()
        ->Iterations(1)
        ->Unit(benchmark::kMillisecond)
        ->Repetitions(shape.check_every > 0 ? 1 : 3)
        ->ReportAggregatesOnly()
        ->ComputeStatistics("largest", best);
  }
  benchmark::Initialize(&count, arguments);
  if (benchmark::ReportUnrecognizedArguments(count, arguments)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
