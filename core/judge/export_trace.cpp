#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "core/base/check.hpp"
#include "core/judge/export_run.hpp"
#include "core/judge/rollouts.hpp"
#include "core/judge/run_history.hpp"
#include "core/record/export_text.hpp"

namespace tandem::judge {

using nlohmann::json;
using record::Recording;

namespace {

/// A moment in microseconds with its nanoseconds as fraction.
double micros(std::int64_t ns) { return static_cast<double>(ns) / 1000; }

class TraceWriter {
 public:
  explicit TraceWriter(const record::TextSink& out) : text_(out) { text_ << R"({"displayTimeUnit":"ms","otherData":{},"traceEvents":[)"; }
  ~TraceWriter() { text_ << "\n]}\n"; }
  TraceWriter(const TraceWriter&) = delete;
  TraceWriter& operator=(const TraceWriter&) = delete;

  void event(const json& fields) {
    text_ << (first_ ? "\n" : ",\n") << record::detail::dump(fields);
    first_ = false;
  }
  void name_process(int pid, const std::string& name, int sort_index) {
    event({{"ph", "M"}, {"name", "process_name"}, {"pid", pid}, {"tid", 0}, {"args", {{"name", name}}}});
    event({{"ph", "M"}, {"name", "process_sort_index"}, {"pid", pid}, {"tid", 0}, {"args", {{"sort_index", sort_index}}}});
  }
  void name_thread(int pid, int tid, const std::string& name) {
    event({{"ph", "M"}, {"name", "thread_name"}, {"pid", pid}, {"tid", tid}, {"args", {{"name", name}}}});
  }

 private:
  record::detail::BufferedText text_;
  bool first_ = true;
};

struct TracedRun {
  std::string label;  ///< begins the names of its processes
  const Recording* recording = nullptr;
  const RunHistory* history = nullptr;
};

/// One run's part of the trace. Its processes are numbered from `base`.
class RunTrace {
 public:
  RunTrace(TracedRun run, int base, TraceWriter& trace) : run_(std::move(run)), next_pid_(base), trace_(trace) {}

  int write() {
    control_plane();
    pods();
    requests();
    samples();
    return next_pid_;
  }

 private:
  int process(const std::string& name) {
    const auto [place, is_new] = pids_.try_emplace(name, next_pid_);
    if (is_new) {
      trace_.name_process(next_pid_, run_.label + ": " + name, next_pid_);
      ++next_pid_;
    }
    return place->second;
  }

  void counter(int pid, SimTime time, const std::string& name, const std::string& series, double value) {
    trace_.event({{"ph", "C"}, {"name", name}, {"pid", pid}, {"tid", 0}, {"ts", micros(time.ns)}, {"args", {{series, value}}}});
  }

  void control_plane() {
    const int pid = process("control plane");
    trace_.name_thread(pid, 1, "marks");
    trace_.name_thread(pid, 2, "scheduler");
    for (const record::Mark& mark : run_.recording->marks()) {
      trace_.event({{"ph", "i"}, {"s", "p"}, {"name", mark.text.empty() ? mark.subject : mark.text}, {"cat", mark.kind}, {"pid", pid}, {"tid", 1},
                    {"ts", micros(mark.time.ns)}, {"args", {{"subject", mark.subject}}}});
    }
    for (const record::SchedulingDecision& decision : run_.recording->decisions()) {
      trace_.event({{"ph", "i"}, {"s", "t"}, {"name", decision.node.empty() ? "unschedulable " + decision.pod : decision.pod + " -> " + decision.node},
                    {"cat", "scheduling"}, {"pid", pid}, {"tid", 2}, {"ts", micros(decision.time.ns)},
                    {"args", {{"attempt", decision.attempt}, {"feasible", decision.feasible}, {"evaluated", decision.evaluated}, {"message", decision.message}}}});
    }
    for (const DeploymentLife& deployment : run_.history->deployments) {
      for (const DeploymentState& state : deployment.states) counter(pid, state.at.time, "available " + deployment.name, "available", state.exists ? state.available : 0);
      for (const SizeChange& change : size_changes(deployment, *run_.history)) {
        counter(pid, change.at.time, fmt::format("size {}#{}", deployment.name, change.replica_set), "replicas", std::max(change.to, 0));
      }
    }
  }

  void slice(int pid, int tid, const std::string& name, const char* category, SimTime from, SimTime until, json args = json::object()) {
    if (until < from) return;
    trace_.event({{"ph", "X"}, {"name", name}, {"cat", category}, {"pid", pid}, {"tid", tid}, {"ts", micros(from.ns)}, {"dur", micros((until - from).ns)}, {"args", std::move(args)}});
  }

  void pods() {
    int tid = 0;
    for (const PodLife& pod : run_.history->pods) {
      const int pid = process(pod.node.empty() ? "unscheduled" : "node " + pod.node);
      trace_.name_thread(pid, ++tid, pod.name);
      const SimTime end = pod.gone ? pod.gone->time : run_.history->ended_at;
      slice(pid, tid, pod.name, "pod", pod.created.time, end, {{"namespace", pod.namespace_}, {"uid", pod.uid}});
      // Phases of one pod follow each other inside its life: each ends where the next begins.
      const SimTime deleting = pod.deleting ? std::min(pod.deleting->time, end) : end;
      std::vector<std::pair<const char*, SimTime>> phases{{"Pending", pod.created.time}};
      const auto add = [&](const std::optional<Instant>& at, const char* name) {
        if (at && at->time < deleting) phases.emplace_back(name, at->time);
      };
      add(pod.bound, "ContainerCreating");
      add(pod.running, "Running, not ready");
      add(pod.ready, "Ready");
      if (pod.deleting) phases.emplace_back("Terminating", deleting);
      std::stable_sort(phases.begin(), phases.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
      for (std::size_t i = 0; i < phases.size(); ++i) {
        const SimTime until = i + 1 < phases.size() ? phases[i + 1].second : end;
        if (phases[i].second < until) slice(pid, tid, phases[i].first, "phase", phases[i].second, until);
      }
    }
  }

  void requests() {
    const record::RequestColumns& c = run_.recording->requests();
    for (std::size_t row = 0; row < c.index.size(); ++row) {
      const record::RequestRecord request = record::detail::request_at(*run_.recording, row);
      const std::string& traffic = run_.recording->totals()[request.traffic].name;
      const int pid = process("traffic " + traffic);
      const std::string id = fmt::format("{}/{}/{}", run_.label, request.traffic, request.index);
      const std::string name = request.outcome == record::RequestOutcome::Ok ? std::to_string(request.status) : std::string(name_of(request.outcome));
      json begin = {{"ph", "b"}, {"cat", "request"}, {"id", id}, {"name", name}, {"pid", pid}, {"tid", 1}, {"ts", micros(request.intended.ns)}};
      begin["args"] = {{"replica", request.replica}, {"sent_us", micros((request.sent - request.intended).ns)}, {"attempts", request.attempts}, {"connection", request.connection}};
      if (request.service.ns >= 0) begin["args"].update({{"queued_us", micros(request.queued.ns)}, {"service_us", micros(request.service.ns)}, {"cpu_us", micros(request.cpu.ns)}});
      trace_.event(begin);
      trace_.event({{"ph", "e"}, {"cat", "request"}, {"id", id}, {"name", name}, {"pid", pid}, {"tid", 1}, {"ts", micros(request.end.ns)}, {"args", json::object()}});
    }
  }

  void samples() {
    for (const record::Sample& sample : run_.recording->samples()) counter(process(sample.entity), sample.time, sample.metric, sample.metric, sample.value);
  }

  TracedRun run_;
  int next_pid_;
  TraceWriter& trace_;
  std::map<std::string, int> pids_;
};

}  // namespace

void export_trace(std::span<const Recording* const> recordings, std::span<const std::string> labels, const record::TextSink& out) {
  CHECK(recordings.size() == labels.size(), "a label for each recording");
  TraceWriter trace(out);
  int base = 1;
  for (std::size_t i = 0; i < recordings.size(); ++i) {
    const RunHistory history = RunHistory::of(*recordings[i]);
    base = RunTrace({labels[i], recordings[i], &history}, base, trace).write();
  }
}

}  // namespace tandem::judge
