// Recorded answers of the stateful set controller, quiesce-then-step (controllers/f12_statefulset).

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/fake_clock.hpp"
#include "core/control/stateful_set/stateful_set_sync.hpp"
#include "core/control/work_queue.hpp"
#include "tests/truth/runner.hpp"

namespace tandem::truth {
namespace {

using nlohmann::json;
using namespace tandem::control;

class StatefulSetWorld final : public StatefulSetActions {
 public:
  explicit StatefulSetWorld(const json& p) : queue_(clock_, 1) {
    set_.meta = {.name = "s", .namespace_ = "default", .uid = "s", .generation = 1};
    set_.spec.replicas = p.at("replicas").get<std::int32_t>();
    set_.spec.pod_management_policy = p.at("policy");
    set_.spec.update_strategy = p.at("strategy");
    if (p.contains("partition")) set_.spec.partition = p.at("partition").get<std::int32_t>();
    set_.spec.min_ready_seconds = p.value("minReadySeconds", 0);
    set_.spec.start_ordinal = p.value("startOrdinal", 0);
    set_.spec.revision_history_limit = p.value("revisionHistoryLimit", 10);
    set_image("v1");
  }

  /// Brings the first version up: an ordered set one pod a step, a parallel one in one step; ten seconds apart.
  void set_up() {
    step({{"t", 10}, {"do", {"create"}}});
    std::int64_t t = 10;
    json all = {"ready"};
    for (std::int32_t i = 0; i < set_.spec.replicas; ++i) all.push_back(set_.spec.start_ordinal + i);
    if (set_.spec.pod_management_policy == "Parallel") {
      step({{"t", t += 10}, {"do", all}});
    } else {
      for (std::size_t i = 1; i < all.size(); ++i) step({{"t", t += 10}, {"do", {"ready", all[i]}}});
    }
  }

  json step(const json& recorded) {
    const SimTime time = kTimeZero + seconds(recorded.at("t").get<std::int64_t>());
    log_ = json::array();
    while (clock_.next() <= time) {
      clock_.run_until(clock_.next());
      work();
    }
    clock_.run_until(time);
    act(recorded.at("do"));
    work();
    json ours = {{"t", recorded.at("t")}, {"do", recorded.at("do")}};
    if (!log_.empty()) ours["log"] = log_;
    ours["pods"] = json::array();
    for (const auto& [ordinal, pod] : pods_) ours["pods"].push_back(fmt::format("{}:r{}:{}", ordinal, revision_of(*pod), state_of(*pod)));
    const cluster::StatefulSetStatus& status = set_.status;
    ours["st"] = {status.replicas, status.ready_replicas, status.available_replicas, status.current_replicas, status.updated_replicas};
    ours["rev"] = {number_of(status.current_revision), number_of(status.update_revision)};
    return ours;
  }

  // ------------------------------------------------------------ StatefulSetActions

  bool create_pod(const cluster::Pod& pod) override {
    const std::int32_t ordinal = ordinal_of(set_, pod);
    if (pods_.contains(ordinal)) return false;
    cluster::Pod created = pod;
    created.status.phase = cluster::PodPhase::Pending;
    created.meta.creation_timestamp = clock_.now();
    pods_[ordinal] = std::make_shared<const cluster::Pod>(std::move(created));
    log_.push_back({"create", ordinal, revision_of(pod)});
    queue_.add(kKey);
    return true;
  }
  bool delete_pod(const StatefulPod& pod) override {
    remove(ordinal_of(set_, *pod));
    return true;
  }
  cluster::ControllerRevision create_revision(cluster::ControllerRevision revision) override {
    revision.meta.name = fmt::format("s-{}", revision.revision);
    revisions_.push_back(revision);
    return revision;
  }
  cluster::ControllerRevision renumber_revision(const cluster::ControllerRevision& revision, std::int64_t number) override {
    const auto found = std::find_if(revisions_.begin(), revisions_.end(), [&](const auto& one) { return one.meta.name == revision.meta.name; });
    found->revision = number;
    return *found;
  }
  void delete_revision(const cluster::ControllerRevision& revision) override {
    std::erase_if(revisions_, [&](const auto& one) { return one.meta.name == revision.meta.name; });
  }
  void write_status(const cluster::StatefulSetStatus& status) override {
    set_.status = status;
    queue_.add(kKey);
  }

 private:
  static inline const cluster::ObjectKey kKey{"default", "s"};

  /// Revisions are numbered by creation: their names say so.
  static int number_of(const std::string& name) { return name.empty() ? 0 : std::stoi(name.substr(2)); }
  static int revision_of(const cluster::Pod& pod) { return number_of(pod.meta.labels->at(std::string(kControllerRevisionLabel))); }
  static std::string state_of(const cluster::Pod& pod) {
    const bool running = pod.status.phase == cluster::PodPhase::Running;
    const char state = pod.status.phase == cluster::PodPhase::Failed ? 'F' : !running ? 'P' : cluster::is_ready(pod) ? 'R' : 'N';
    return fmt::format("{}{}", state, cluster::is_terminating(pod.meta) ? "T" : "");
  }

  void work() {
    while (const auto key = queue_.get()) {
      StatefulSetView view;
      view.set = set_;
      for (const auto& [ordinal, pod] : pods_) view.pods.push_back(pod);
      view.revisions = revisions_;
      if (const auto again = sync_stateful_set(std::move(view), clock_.now(), *this)) queue_.add_after(kKey, *again);
      queue_.done(*key);
    }
  }

  void set_image(std::string version) {
    cluster::Container container{.name = "c"};
    container.image = std::move(version);
    set_.spec.pod_template = cluster::PodTemplate{.spec = cluster::PodSpec{.containers = {std::move(container)}}};
  }

  void remove(std::int32_t ordinal) {
    const auto found = pods_.find(ordinal);
    if (found == pods_.end() || cluster::is_terminating(found->second->meta)) return;
    log_.push_back({"delete", ordinal, revision_of(*found->second), state_of(*found->second)});
    if (found->second->node_name.empty() || cluster::is_terminal(found->second->status.phase)) {
      pods_.erase(found);
    } else {
      edit(ordinal, [&](cluster::Pod& pod) { pod.meta.deletion_timestamp = clock_.now() + seconds(30); });
    }
    queue_.add(kKey);
  }

  template <class Edit>
  void edit(std::int32_t ordinal, Edit&& change) {
    const auto found = pods_.find(ordinal);
    if (found == pods_.end()) return;
    cluster::Pod pod = *found->second;
    change(pod);
    found->second = std::make_shared<const cluster::Pod>(std::move(pod));
    queue_.add(kKey);
  }

  void set_ready(std::int32_t ordinal, bool ready) {
    edit(ordinal, [&](cluster::Pod& pod) {
      pod.node_name = std::string("n");
      pod.status.phase = cluster::PodPhase::Running;
      pod.status.conditions = {{.type = "Ready", .status = ready ? cluster::ConditionStatus::True : cluster::ConditionStatus::False,
                                .last_transition_time = clock_.now()}};
    });
  }

  void act(const json& action) {
    const std::string verb = action.at(0);
    queue_.add(kKey);
    if (verb == "delete-all") {
      std::vector<std::int32_t> ordinals;
      for (const auto& [ordinal, pod] : pods_) ordinals.push_back(ordinal);
      for (const std::int32_t ordinal : ordinals) remove(ordinal);
    } else if (verb == "image") {
      ++set_.meta.generation;
      set_image(action.at(1).get<std::string>());
    } else if (verb == "scale") {
      ++set_.meta.generation;
      set_.spec.replicas = action.at(1).get<std::int32_t>();
    } else if (verb == "partition") {
      ++set_.meta.generation;
      set_.spec.partition = action.at(1).get<std::int32_t>();
    }
    if (verb == "image" || verb == "scale" || verb == "partition") return;
    for (std::size_t i = 1; i < action.size(); ++i) {
      const auto ordinal = action.at(i).get<std::int32_t>();
      if (verb == "ready") set_ready(ordinal, true);
      if (verb == "unready") set_ready(ordinal, false);
      if (verb == "delete-pod") remove(ordinal);
      if (verb == "fail-pod") edit(ordinal, [](cluster::Pod& pod) { pod.status.phase = cluster::PodPhase::Failed; });
      if (verb == "gone") pods_.erase(ordinal);
    }
  }

  FakeClock clock_;
  WorkQueue queue_;
  cluster::StatefulSet set_;
  std::map<std::int32_t, StatefulPod> pods_;
  std::vector<cluster::ControllerRevision> revisions_;
  json log_ = json::array();
};

std::optional<std::string> check_stateful_set(const json& recorded) {
  StatefulSetWorld world(recorded.at("p"));
  if (recorded.at("steps").at(0).at("do").at(0) != "create") world.set_up();
  const bool ordered = recorded.at("p").at("policy") == "OrderedReady";
  for (json expected : recorded.at("steps")) {
    json ours = world.step(expected);
    // The order inside a step of a parallel set is arbitrary.
    for (json* step : {&ours, &expected}) {
      if (!ordered && step->contains("log")) std::sort((*step)["log"].begin(), (*step)["log"].end());
    }
    if (ours != expected) return fmt::format("expected {}, got {}", expected.dump(), ours.dump());
  }
  return std::nullopt;
}

}  // namespace

std::vector<Family> stateful_set_families() {
  return {{"controllers/f12_statefulset", [](const json& file, Tally& tally) { for_each_case(file, tally, check_stateful_set); }}};
}

}  // namespace tandem::truth
