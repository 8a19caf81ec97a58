#include "core/judge/scheduling_replay.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <limits>
#include <map>
#include <optional>
#include <span>

#include "core/base/check.hpp"
#include "core/control/scheduler/cluster_watch.hpp"
#include "core/control/scheduler/remembering_policy.hpp"

namespace tandem::judge {

using namespace control::scheduler;
using cluster::Change;
using cluster::ChangeType;
using cluster::Pod;
using cluster::Ptr;
using record::SchedulerNote;
using record::SchedulingDecision;

namespace {

std::string path_of(const cluster::ObjectMeta& meta) { return meta.namespace_ + "/" + meta.name; }

/// One profile as it worked in the run.
struct ProfileAtWork {
  const scenario::SchedulerProfile* profile = nullptr;
  std::shared_ptr<RecordedPolicy> policy = std::make_shared<RecordedPolicy>();
  std::unique_ptr<SchedulingAlgorithm> algorithm;
  std::string last_chosen;
};

class Cycle final : public ReplayedCycle {
 public:
  ProfileAtWork* at_work = nullptr;

  Decision evaluate(Detail detail) override {
    at_work->policy->set(inputs->policy, inputs->policy_answer);
    at_work->algorithm->search_from(inputs->search_start);
    at_work->algorithm->set_last_chosen(last_chosen);
    return at_work->algorithm->schedule_one(*pod, detail);
  }
};

/// The scheduler's picture of the cluster, moved through the run.
class Replay {
 public:
  Replay(const record::Recording& recording, const std::function<bool(std::size_t)>& wanted,
         const std::function<void(ReplayedCycle&)>& visit)
      : decisions_(recording.decisions()),
        notes_(recording.scheduler_notes()),
        wanted_(wanted),
        visit_(visit),
        watch_(snapshot_, {.on_event = [](const ClusterEvent&) {},
                           .on_pending_pod = [](const Ptr<Pod>&) {},
                           .on_pod_left = [](const Ptr<Pod>&) {}}) {
    while (last_wanted_ > 0 && !wanted_(last_wanted_ - 1)) --last_wanted_;
  }

  Status configure(const scenario::SchedulerConfig& config, std::uint64_t seed) {
    for (const scenario::SchedulerProfile& profile : config.profiles) {
      ProfileAtWork& made = profiles_[profile.scheduler_name];
      auto plugins = control::scheduler::configure(profile, made.policy);
      if (!plugins) return fail(plugins.error().front());
      made.profile = &profile;
      made.algorithm = std::make_unique<SchedulingAlgorithm>(snapshot_, std::move(*plugins), profile.percentage_of_nodes_to_score, seed);
    }
    return {};
  }

  [[nodiscard]] bool over() const { return next_ >= last_wanted_ || error_.has_value(); }
  [[nodiscard]] Status status() const {
    if (error_) return fail(*error_);
    if (next_ < last_wanted_) return fail(ErrorCode::RecordDamaged, "the recording ends before what its decisions were made from");
    return {};
  }

  /// The next change of a kind that the scheduler watches.
  void feed(const record::ObjectChange& change, const cluster::AnyObject& object) {
    proceed();
    if (over()) return;
    std::visit([&](const auto& typed) { take(change, typed); }, object);
  }
  /// Everything that happened before the scheduler saw another change.
  void proceed() {
    while (!over() && (in_cycle_ ? proceed_inside() : proceed_outside())) {
    }
  }

 private:
  [[nodiscard]] bool note_is_next(std::uint32_t before_step) const {
    return next_note_ < notes_.size() && notes_[next_note_].step < before_step;
  }
  [[nodiscard]] bool apply_note_if_due() {
    const SchedulerNote& note = notes_[next_note_];
    if (note.seen > watch_.seen()) return false;
    ++next_note_;
    apply(note);
    return true;
  }

  bool proceed_outside() {
    const SchedulingDecision& decision = decisions_[next_];
    if (!decision.inputs) return refuse(without_inputs());
    if (note_is_next(decision.inputs->step)) return apply_note_if_due();
    if (decision.inputs->seen > watch_.seen()) return false;
    return begin(decision);
  }
  bool proceed_inside() {
    const SchedulingDecision& decision = decisions_[next_];
    if (note_is_next(decision.inputs->step + 1)) return apply_note_if_due();
    if (decision.inputs->seen + decision.inputs->seen_during > watch_.seen()) return false;
    in_cycle_ = false;
    ++next_;
    if (decision.node.empty()) return true;
    snapshot_.assume(*cycle_.pod, decision.node);
    cycle_.at_work->last_chosen = decision.node;
    return true;
  }

  bool begin(const SchedulingDecision& decision) {
    const auto pod = pods_.find(decision.pod);
    if (pod == pods_.end()) return refuse(not_there("the pod " + decision.pod));
    const std::string& name = pod->second->spec->scheduler_name;
    const auto profile = profiles_.find(name.empty() ? "default-scheduler" : name);
    if (profile == profiles_.end()) return refuse(not_there("the scheduler profile " + name));
    in_cycle_ = true;
    cycle_.number = next_;
    cycle_.recorded = &decision;
    cycle_.inputs = &*decision.inputs;
    cycle_.pod = pod->second;
    cycle_.snapshot = &snapshot_;
    cycle_.profile = profile->second.profile;
    cycle_.at_work = &profile->second;
    cycle_.last_chosen = profile->second.last_chosen;
    if (wanted_(next_)) visit_(cycle_);
    return true;
  }

  void apply(const SchedulerNote& note) {
    if (note.kind == SchedulerNote::Kind::Discarded) {
      profiles_[note.subject].last_chosen = note.node;
      return;
    }
    const auto known = by_uid_.find(note.subject);
    if (known == by_uid_.end()) return;  // gone already
    switch (note.kind) {
      case SchedulerNote::Kind::Forgotten: return snapshot_.remove_pod(cluster::key_of(known->second->meta));
      case SchedulerNote::Kind::Nominated: return snapshot_.nominate(known->second, note.node);
      case SchedulerNote::Kind::NominationEnded: return snapshot_.withdraw_nomination(note.subject);
      case SchedulerNote::Kind::Discarded: return;
    }
  }

  template <class T>
  Change<T> change_of(const record::ObjectChange& change, Ptr<T> object, std::map<std::string, Ptr<T>>& latest) {
    Ptr<T>& known = latest[path_of(object->meta)];
    // Only a forged recording changes what it never added.
    const ChangeType type = change.type == ChangeType::Modified && known == nullptr ? ChangeType::Added : change.type;
    Change<T> made{type, change.time, type == ChangeType::Added ? nullptr : known, object};
    known = std::move(object);
    if (change.type == ChangeType::Deleted) latest.erase(path_of(made.object->meta));
    return made;
  }

  void take(const record::ObjectChange& change, const cluster::Node& node) {
    watch_.node_changed(change_of(change, std::make_shared<const cluster::Node>(node), nodes_));
  }
  void take(const record::ObjectChange& change, const Pod& recorded) {
    auto pod = std::make_shared<Pod>(recorded);
    share_spec(*pod);
    const Change<Pod> typed = change_of<Pod>(change, pod, pods_);
    if (change.type != ChangeType::Deleted) by_uid_[pod->meta.uid] = pod;
    watch_.pod_changed(typed);
  }
  void take(const record::ObjectChange& change, const cluster::Service& service) {
    watch_.service_changed(change_of(change, std::make_shared<const cluster::Service>(service), services_));
  }
  void take(const record::ObjectChange& change, const cluster::ReplicaSet& set) {
    watch_.replica_set_changed(change_of(change, std::make_shared<const cluster::ReplicaSet>(set), replica_sets_));
  }
  void take(const record::ObjectChange& change, const cluster::Unstructured& object) {
    watch_.other_changed({change.type, change.time, nullptr, std::make_shared<const cluster::Unstructured>(object)});
  }
  template <class Other>
  void take(const record::ObjectChange&, const Other&) {}

  /// Pods of one owner share their specification in a run; read back, each change has its own. Shared again, they are one class.
  void share_spec(Pod& pod) {
    const cluster::OwnerReference* owner = cluster::controller_of(pod.meta);
    Shared<cluster::PodSpec>& known = specs_[owner != nullptr ? owner->uid : pod.meta.uid];
    if (known == pod.spec) {
      pod.spec = known;
    } else {
      known = pod.spec;
    }
  }

  bool refuse(Error error) {
    error_ = std::move(error);
    return false;
  }
  static Error without_inputs() {
    return make_error(ErrorCode::RecordVersion, "this recording does not say what its scheduling decisions were made from: it was written by an older Tandem")
        .with_hint("run the scenario again with this Tandem, then explain that run");
  }
  static Error not_there(const std::string& what) {
    return make_error(ErrorCode::RecordDamaged, "a scheduling decision is about something that the recording does not hold").with_found(what);
  }

  const std::vector<SchedulingDecision>& decisions_;
  const std::vector<SchedulerNote>& notes_;
  const std::function<bool(std::size_t)>& wanted_;
  const std::function<void(ReplayedCycle&)>& visit_;
  std::size_t last_wanted_ = decisions_.size();  ///< one behind it
  std::size_t next_ = 0;
  std::size_t next_note_ = 0;
  bool in_cycle_ = false;
  std::optional<Error> error_;

  Snapshot snapshot_;
  ClusterWatch watch_;
  std::map<std::string, ProfileAtWork> profiles_;
  Cycle cycle_;
  std::map<std::string, Ptr<Pod>> pods_;  ///< "namespace/name" → as last seen
  std::map<std::string, Ptr<Pod>> by_uid_;
  std::map<std::string, Ptr<cluster::Node>> nodes_;
  std::map<std::string, Ptr<cluster::Service>> services_;
  std::map<std::string, Ptr<cluster::ReplicaSet>> replica_sets_;
  std::map<std::string, Shared<cluster::PodSpec>> specs_;  ///< by uid of the owner
};

record::Nomination nomination_of(NominationChange change) { return static_cast<record::Nomination>(change); }
static_assert(static_cast<int>(record::Nomination::Keep) == static_cast<int>(NominationChange::Keep) &&
              static_cast<int>(record::Nomination::Withdraw) == static_cast<int>(NominationChange::Withdraw) &&
              static_cast<int>(record::Nomination::Nominate) == static_cast<int>(NominationChange::Nominate));

}  // namespace

Status replay_scheduling(const record::Recording& recording, const scenario::SchedulerConfig& config,
                         const std::function<bool(std::size_t)>& wanted, const std::function<void(ReplayedCycle&)>& visit) {
  Replay replay(recording, wanted, visit);
  TANDEM_TRY(replay.configure(config, recording.seed()));
  recording.for_each_change(
      [&](const record::ObjectChange& change) { return !replay.over() && watched_by_scheduler(change.kind); },
      [&](std::size_t, const record::ObjectChange& change, const cluster::AnyObject& object) { replay.feed(change, object); });
  replay.proceed();
  return replay.status();
}

std::vector<std::string> differences(const Decision& again, const ReplayedCycle& cycle) {
  const SchedulingDecision& recorded = *cycle.recorded;
  const record::DecisionInputs& inputs = *cycle.inputs;
  std::vector<std::string> found;
  const auto compare = [&](std::string_view what, const auto& now, const auto& then) {
    if (now != then) found.push_back(fmt::format("{}: \"{}\" now, \"{}\" in the recording", what, now, then));
  };
  compare("chosen node", again.node, recorded.node);
  compare("message", again.message, recorded.message);
  compare("feasible nodes", again.feasible, recorded.feasible);
  compare("nodes looked at", again.evaluated, recorded.evaluated);
  compare("number of ties", again.tie_count, inputs.tie_count);
  std::uint64_t sum = 0;
  std::vector<std::string> names;
  // The recorded decision listed so many of them only, `again` has all.
  for (const NodeIndex node : std::span(again.ties).first(listed_ties(again.tie_count))) sum += record::tie_term(cycle.snapshot->position_of(node));
  for (const NodeIndex node : again.ties) names.push_back(cycle.snapshot->node(node).name);
  if (sum != inputs.tie_sum) found.push_back(fmt::format("ties: {} now, others in the recording ({})", fmt::join(names, ", "), fmt::join(recorded.ties, ", ")));
  if (nomination_of(again.nomination) != inputs.nomination) found.emplace_back("what becomes of the pod's nomination");
  compare("nominated node", again.nominated_node, inputs.nominated_node);
  return found;
}

Result<SchedulingSelfTest> reevaluate(const record::Recording& recording, const scenario::SchedulerConfig& config, const std::function<bool(std::size_t)>& wanted) {
  SchedulingSelfTest test;
  TANDEM_TRY(replay_scheduling(
      recording, config, wanted,
      [&](ReplayedCycle& cycle) {
        ++test.decisions;
        auto what = differences(cycle.evaluate(Detail::Outcome), cycle);
        if (!what.empty()) test.mismatches.push_back({cycle.number, std::move(what)});
      }));
  return test;
}

Result<SchedulingSelfTest> reevaluate_all(const record::Recording& recording, const scenario::SchedulerConfig& config) {
  return reevaluate(recording, config, [](std::size_t) { return true; });
}

}  // namespace tandem::judge
