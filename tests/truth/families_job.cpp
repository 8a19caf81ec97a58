// Recorded timelines of the job controller (controllers/f11_job): our sync in a small world of pods that run a given time and
// end as the case says, with client-go's queue deciding when it runs.

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/fake_clock.hpp"
#include "core/control/job/job_sync.hpp"
#include "core/control/work_queue.hpp"
#include "tests/truth/runner.hpp"

namespace tandem::truth {
namespace {

using nlohmann::json;
using namespace tandem::control;

/// How long a deleted running pod takes to stop in the recordings.
constexpr SimDuration kStopping = seconds(2);

cluster::JobSpec spec_of(const json& recorded) {
  cluster::JobSpec spec;
  spec.backoff_limit = recorded.at("backoffLimit").get<std::int32_t>();
  spec.completion_mode = recorded.at("completionMode");
  spec.parallelism = recorded.at("parallelism").get<std::int32_t>();
  if (recorded.contains("completions")) spec.completions = recorded.at("completions").get<std::int32_t>();
  if (recorded.contains("activeDeadlineSeconds")) spec.active_deadline_seconds = recorded.at("activeDeadlineSeconds").get<std::int64_t>();
  if (recorded.contains("backoffLimitPerIndex")) spec.backoff_limit_per_index = recorded.at("backoffLimitPerIndex").get<std::int32_t>();
  if (recorded.contains("maxFailedIndexes")) spec.max_failed_indexes = recorded.at("maxFailedIndexes").get<std::int32_t>();
  spec.pod_replacement_policy = recorded.value("podReplacementPolicy", "");
  spec.suspend = recorded.value("suspend", false);
  const std::string failure = recorded.value("podFailurePolicy", "");
  const std::map<std::string, std::string> actions = {{"fail42", "FailJob"}, {"count42", "Count"}, {"ignore42", "Ignore"}, {"failindex42", "FailIndex"}};
  if (!failure.empty()) {
    cluster::PodFailureRule rule{.action = actions.at(failure)};
    rule.on_exit_codes = cluster::PodFailureRule::ExitCodes{.op = "In", .values = {42}};
    spec.pod_failure_policy = {std::move(rule)};
  }
  const std::string success = recorded.value("successPolicy", "");
  if (success.starts_with("count")) spec.success_policy = std::vector<cluster::SuccessRule>{{.succeeded_count = std::stoi(success.substr(5))}};
  if (success.starts_with("index")) spec.success_policy = std::vector<cluster::SuccessRule>{{.succeeded_indexes = success.substr(5)}};
  spec.pod_template = cluster::PodTemplate{.spec = cluster::PodSpec{.containers = {{.name = "c"}}, .restart_policy = recorded.at("restartPolicy")}};
  return spec;
}

class JobWorld final : public JobActions {
 public:
  explicit JobWorld(const json& recorded)
      : outcomes_(recorded.at("outcomes")), run_(seconds(recorded.at("runSeconds").get<std::int64_t>())), queue_(clock_, 1) {
    job_.meta = {.name = "j", .namespace_ = "default", .uid = "j"};
    job_.spec = spec_of(recorded.at("spec"));
    log_status();
    queue_.add(kKey);
    for (const json& action : recorded.value("actions", json::array())) {
      clock_.at(kTimeZero + seconds(action.at("at").get<std::int64_t>()), EventClass::Api, 1, [this, action] { act(action); });
    }
  }

  std::vector<std::string> run(SimTime until) {
    work();
    while (clock_.next() <= until) {
      const SimTime time = clock_.next();
      clock_.run_until(time);
      work();
    }
    return log_;
  }

  // ------------------------------------------------------------ JobActions

  std::int32_t create_pods(std::vector<cluster::Pod> pods) override {
    for (cluster::Pod& pod : pods) {
      const int number = ++created_;
      pod.meta.name = fmt::format("p{:05}", number);
      pod.meta.uid = pod.meta.name;
      pod.meta.creation_timestamp = clock_.now();
      pod.node_name = "n";
      pod.status.phase = cluster::PodPhase::Running;
      pod.status.start_time = clock_.now();
      pod.status.conditions = {{.type = "Ready", .status = cluster::ConditionStatus::True, .last_transition_time = clock_.now()}};
      pod.status.container_statuses = {{.name = "c", .state = cluster::ContainerStateRunning{clock_.now()}}};
      const auto index = completion_index(pod);
      add(index ? fmt::format("create {} {}", number, *index) : fmt::format("create {}", number));
      pods_[number] = std::make_shared<const cluster::Pod>(std::move(pod));
      arm(number);
      pod_event();
    }
    return static_cast<std::int32_t>(pods.size());
  }
  void delete_pod(const JobPod& pod) override { remove(number_of(*pod)); }
  void remove_finalizer(const JobPod& pod) override {
    const int number = number_of(*pod);
    edit(number, [](cluster::Pod& edited) { edited.meta.finalizers.clear(); });
    vanish(number);
    pod_event();
  }
  void write_status(const cluster::Job& job) override {
    const auto before = job_.status;
    job_.status = job.status;
    for (const cluster::Condition& condition : job_.status.conditions) {
      const cluster::Condition* old = cluster::find_condition(before.conditions, condition.type);
      if (old == nullptr || old->status != condition.status) {
        add(fmt::format("condition {} {} {}", condition.type, cluster::name_of(condition.status), condition.reason));
      }
    }
    log_status();
    pod_event();
  }
  void event(const cluster::Job&, ControllerEvent event) override {
    std::string text = event.message;
    if (const auto at = text.find("default/p"); at != std::string::npos) {
      text.replace(at, 14, fmt::format("<pod {}>", std::stoi(text.substr(at + 9, 5))));
    }
    add(fmt::format("event {} {}", event.reason, text));
  }
  void sync_after(SimDuration delay) override { queue_.add_after(kKey, delay); }

 private:
  static inline const cluster::ObjectKey kKey{"default", "j"};

  void pod_event() { queue_.add_after(kKey, kJobBatchPeriod); }

  void work() {
    while (const auto key = queue_.get()) {
      JobView view;
      view.job = job_;
      for (const auto& [number, pod] : pods_) view.pods.push_back(pod);
      sync_job(std::move(view), backoff_, clock_.now(), *this);
      queue_.done(*key);
    }
  }

  static int number_of(const cluster::Pod& pod) { return std::stoi(pod.meta.name.substr(1)); }

  template <class Edit>
  void edit(int number, Edit&& change) {
    cluster::Pod pod = *pods_.at(number);
    change(pod);
    pods_.at(number) = std::make_shared<const cluster::Pod>(std::move(pod));
  }

  void arm(int number) {
    clock_.at(clock_.now() + run_, EventClass::Runtime, static_cast<std::uint32_t>(number), [this, number] { finish(number); });
  }

  void end(cluster::Pod& pod, std::int32_t exit_code) {
    pod.status.phase = exit_code == 0 ? cluster::PodPhase::Succeeded : cluster::PodPhase::Failed;
    pod.status.conditions = {{.type = "Ready", .status = cluster::ConditionStatus::False, .last_transition_time = clock_.now()}};
    pod.status.container_statuses[0].state = cluster::ContainerStateTerminated{.exit_code = exit_code, .finished_at = clock_.now()};
  }

  void finish(int number) {
    const auto found = pods_.find(number);
    if (found == pods_.end() || !cluster::is_active(*found->second)) return;
    const char outcome = outcomes_[std::min(outcomes_.size(), static_cast<std::size_t>(number)) - 1];
    if (outcome == 'F' && job_.spec.pod_template->spec->restart_policy == "OnFailure") {
      edit(number, [&](cluster::Pod& pod) { ++pod.status.container_statuses[0].restart_count; });
      add(fmt::format("restart {} {}", number, found->second->status.container_statuses[0].restart_count));
      arm(number);
    } else {
      edit(number, [&](cluster::Pod& pod) { end(pod, outcome == 'S' ? 0 : outcome == 'F' ? 1 : 42); });
      add(fmt::format("finish {} {}", number, outcome));
    }
    pod_event();
  }

  void remove(int number) {
    add("delete");
    if (cluster::is_terminal(pods_.at(number)->status.phase)) {
      edit(number, [&](cluster::Pod& pod) { pod.meta.deletion_timestamp = clock_.now(); });
      vanish(number);
    } else {
      edit(number, [&](cluster::Pod& pod) {
        // The recordings' API marks the moment of the deletion, so that back-off counts from 30 s before it.
        pod.meta.deletion_timestamp = clock_.now();
        pod.meta.deletion_grace_period_seconds = 30;
      });
      clock_.at(clock_.now() + kStopping, EventClass::Runtime, static_cast<std::uint32_t>(number), [this, number] {
        edit(number, [&](cluster::Pod& pod) { end(pod, 137); });
        add("terminated");
        vanish(number);
        pod_event();
      });
    }
    pod_event();
  }

  /// A deleted pod that stopped goes when no finalizer holds it.
  void vanish(int number) {
    const cluster::Pod& pod = *pods_.at(number);
    if (cluster::is_terminating(pod.meta) && cluster::is_terminal(pod.status.phase) && pod.meta.finalizers.empty()) pods_.erase(number);
  }

  void act(const json& action) {
    const std::string what = action.at("do");
    const auto n = action.at("n").get<std::int32_t>();
    add(fmt::format("action {} {}", what, n));
    if (what == "delete-pod") {
      const auto running = std::find_if(pods_.begin(), pods_.end(), [](const auto& entry) { return cluster::is_active(*entry.second); });
      if (running != pods_.end()) remove(running->first);
      return;
    }
    if (what == "parallelism") {
      if (job_.spec.parallelism == n) return;
      job_.spec.parallelism = n;
    } else {
      job_.spec.suspend = what == "suspend";
    }
    queue_.add(kKey);
  }

  void log_status() {
    const cluster::JobStatus& status = job_.status;
    if (!status.uncounted_succeeded.empty() || !status.uncounted_failed.empty()) return;
    std::string text = fmt::format("status {} {} {} {} {}", status.active, status.succeeded, status.failed, status.terminating.value_or(-1), status.ready.value_or(-1));
    const std::string failed = status.failed_indexes.value_or("");
    if (!status.completed_indexes.empty() || !failed.empty()) text += fmt::format(" \"{}\"", status.completed_indexes);
    if (!failed.empty() || (status.failed_indexes && !status.completed_indexes.empty())) text += fmt::format(" \"{}\"", failed);
    if (text == last_status_) return;
    last_status_ = text;
    add(text);
  }

  void add(const std::string& text) { log_.push_back(fmt::format("{} {}", clock_.now().ns / 1'000'000'000, text)); }

  FakeClock clock_;
  std::string outcomes_;
  SimDuration run_;
  WorkQueue queue_;
  cluster::Job job_;
  JobBackoff backoff_;
  std::map<int, JobPod> pods_;
  int created_ = 0;
  std::string last_status_;
  std::vector<std::string> log_;
};

/// The recorded log in the form of ours: pods of deletions only counted.
std::vector<std::string> recorded_log(const json& log) {
  std::vector<std::string> lines;
  for (const json& entry : log) {
    const std::string time = entry.at(0).dump();
    const std::string kind = entry.at(1);
    if (kind == "delete") {
      for (std::size_t i = 0; i < entry.at(2).size(); ++i) lines.push_back(time + " delete");
      continue;
    }
    std::string line = time + " " + kind;
    for (std::size_t i = 2; i < entry.size() && kind != "terminated"; ++i) {
      const bool quoted = !entry.at(i).is_string() || kind == "status";
      line += " " + (quoted ? entry.at(i).dump() : entry.at(i).get<std::string>());
    }
    lines.push_back(std::move(line));
  }
  return lines;
}

/// Entries of one time in any order.
std::vector<std::string> by_time(std::vector<std::string> lines) {
  const auto time = [](const std::string& line) { return std::stol(line); };
  std::sort(lines.begin(), lines.end(), [&](const std::string& a, const std::string& b) { return std::pair(time(a), a) < std::pair(time(b), b); });
  return lines;
}

std::optional<std::string> check_job(const json& recorded) {
  const std::vector<std::string> expected = by_time(recorded_log(recorded.at("log")));
  JobWorld world(recorded);
  const std::vector<std::string> ours = by_time(world.run(kTimeZero + seconds(recorded.at("log").back().at(0).get<std::int64_t>())));
  const auto [mine, theirs] = std::mismatch(ours.begin(), ours.end(), expected.begin(), expected.end());
  if (mine == ours.end() && theirs == expected.end()) return std::nullopt;
  return fmt::format("expected '{}', got '{}'", theirs == expected.end() ? "the end" : *theirs, mine == ours.end() ? "the end" : *mine);
}

}  // namespace

std::vector<Family> job_families() {
  return {{"controllers/f11_job", [](const json& file, Tally& tally) { for_each_case(file, tally, check_job); }}};
}

}  // namespace tandem::truth
