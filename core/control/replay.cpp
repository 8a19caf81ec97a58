#include "core/control/replay.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <memory>
#include <utility>

#include "core/base/fake_clock.hpp"
#include "core/control/controller_runtime.hpp"
#include "core/control/deployment_controller.hpp"
#include "core/control/deployment_revision.hpp"
#include "core/control/replica_set_controller.hpp"

namespace tandem::control {

using namespace cluster;

namespace {

/// Plays the part of scheduler and nodes: pods meet the fates that the recording holds for them.
class Replayer {
 public:
  explicit Replayer(const ReplayInput& input)
      : input_(input),
        server_(clock_, input.profile, input.seed),
        informers_(server_, input.profile.watch_delay),
        deployments_(clock_, server_, informers_.shared()),
        replica_sets_(clock_, server_, informers_.shared()) {
    for (const ReplayPod& pod : input.pods) pods_.emplace(pod.id, &pod);
    for (const ReplayPod& pod : input.pods) {
      if (pod.deleted_at) deletion_order_[pod.id.replica_set].push_back(pod.id);
    }
    for (auto& [replica_set, order] : deletion_order_) {
      std::sort(order.begin(), order.end(), [this](const ReplayPodId& a, const ReplayPodId& b) {
        const SimTime first = *pods_.at(a)->deleted_at;
        const SimTime second = *pods_.at(b)->deleted_at;
        return first != second ? first < second : a < b;
      });
    }
  }

  Result<ReplayResult> run() {
    TANDEM_TRY(check_actions());
    offset_ = kTimeZero - std::min(first_moment(), kTimeZero);
    subscriptions_.push_back(
        server_.on_commit<ReplicaSet>([this](const Change<ReplicaSet>& change) { on_replica_set(change); }));
    subscriptions_.push_back(server_.watch<Pod>(SimDuration{}, [this](const Change<Pod>& change) { on_pod(change); }));
    for (const ReplayAction& action : input_.actions) {
      clock_.at(action.at + offset_, EventClass::Timeline, 0, [this, &action] { act(action); });
    }
    for (const auto& [id, pod] : pods_) arm_fate(*pod);
    clock_.run_until(last_moment() + offset_ + input_.settle);
    if (error_) return fail(*error_);
    return std::move(result_);
  }

 private:
  // ---- time

  [[nodiscard]] Status check_actions() const {
    const auto& actions = input_.actions;
    if (actions.empty() || !std::holds_alternative<CreateDeployment>(actions.front().what)) {
      return fail(ErrorCode::ValueConflict, "a replay begins with the creation of the Deployment");
    }
    const auto later = [](const ReplayAction& a, const ReplayAction& b) { return a.at < b.at; };
    if (!std::is_sorted(actions.begin(), actions.end(), later)) {
      return fail(ErrorCode::ValueConflict, "the actions of a replay are not in order of time");
    }
    return {};
  }

  template <class Visit>
  void for_each_moment(Visit visit) const {
    for (const auto& action : input_.actions) visit(action.at);
    for (const auto& pod : input_.pods) {
      for (const auto& change : pod.readiness) visit(change.at);
      for (const auto& moment : {pod.bound_at, pod.failed_at, pod.deleted_at, pod.gone_at}) {
        if (moment) visit(*moment);
      }
    }
  }
  [[nodiscard]] SimTime first_moment() const {
    SimTime first = kTimeZero;
    for_each_moment([&](SimTime moment) { first = std::min(first, moment); });
    return first;
  }
  [[nodiscard]] SimTime last_moment() const {
    SimTime last = kTimeZero;
    for_each_moment([&](SimTime moment) { last = std::max(last, moment); });
    return last;
  }

  // ---- actions

  void act(const ReplayAction& action) {
    std::visit([this](const auto& what) { act(what); }, action.what);
  }
  void act(const CreateDeployment& what) {
    deployment_ = key_of(what.deployment.meta);
    keep_error(server_.create(what.deployment));
  }
  void act(const EditDeployment& what) { keep_error(server_.patch<Deployment>(deployment_, what.edit)); }
  void act(const UndoDeployment& what) { keep_error(undo(server_, deployment_, what.to_revision)); }
  void act(const DeletePod& what) {
    if (const auto pod = living(what.id)) keep_error(server_.remove<Pod>(key_of(pod->meta)));
  }
  template <class T>
  void keep_error(const Result<T>& answer) {
    if (!answer && !error_) error_ = answer.error();
  }

  // ---- fates

  void arm_fate(const ReplayPod& pod) {
    const auto arm = [&](SimTime moment) {
      clock_.at(moment + offset_, EventClass::Runtime, 0, [this, id = pod.id] { apply_fate(id); });
    };
    for (const auto& change : pod.readiness) arm(change.at);
    for (const auto& moment : {pod.bound_at, pod.failed_at, pod.gone_at}) {
      if (moment) arm(*moment);
    }
  }

  /// The live object that has this pod's fate; null when it does not exist yet, or no more.
  [[nodiscard]] Ptr<Pod> living(const ReplayPodId& fate) const {
    const auto found = keys_.find(fate);
    return found == keys_.end() ? nullptr : server_.get<Pod>(found->second);
  }

  /// Brings the object that has this fate to the state the recording shows by now.
  void apply_fate(const ReplayPodId& id) {
    const auto pod = living(id);
    const auto recorded = pods_.find(id);
    if (!pod || recorded == pods_.end()) return;
    const ReplayPod& fate = *recorded->second;
    const auto reached = [&](const std::optional<SimTime>& moment) { return moment && *moment + offset_ <= clock_.now(); };
    if (is_terminating(pod->meta)) {
      if (reached(fate.gone_at))
        (void)server_.remove<Pod>(key_of(pod->meta), {.grace_period_seconds = 0, .uid = pod->meta.uid});
      return;
    }
    bool ready = false;
    bool bound = reached(fate.bound_at) || !pod->node_name.empty();
    for (const auto& change : fate.readiness) {
      if (change.at + offset_ <= clock_.now()) {
        ready = change.ready;
        bound = true;
      }
    }
    set_state(*pod, fate, bound, ready, reached(fate.failed_at));
  }

  void set_state(const Pod& pod, const ReplayPod& fate, bool bound, bool ready, bool failed) {
    if (bound && pod.node_name.empty()) {
      const std::string node = fate.node_name.empty() ? "node-of-" + pod.meta.name : fate.node_name;
      keep_error(server_.bind(key_of(pod.meta), pod.meta.uid, node));
    }
    (void)server_.patch<Pod>(key_of(pod.meta), [&](Pod& edited) {
      if (bound) edited.status.phase = failed ? PodPhase::Failed : PodPhase::Running;
      if (is_ready(edited) == ready) return;
      std::erase_if(edited.status.conditions, [](const Condition& c) { return c.type == "Ready"; });
      Condition condition;
      condition.type = "Ready";
      condition.status = ready ? ConditionStatus::True : ConditionStatus::False;
      condition.last_transition_time = clock_.now();
      edited.status.conditions.push_back(std::move(condition));
    });
  }

  // ---- what the controllers do

  void on_replica_set(const Change<ReplicaSet>& change) {
    const ReplicaSet& object = *change.object;
    if (change.type == ChangeType::Added) {
      const int next = static_cast<int>(replica_set_numbers_.size()) + 1;
      replica_set_numbers_.emplace(object.meta.uid, next);
    }
    const std::int32_t from = change.type == ChangeType::Added ? -1 : change.previous->spec.replicas;
    const std::int32_t to = change.type == ChangeType::Deleted ? -1 : object.spec.replicas;
    if (from != to)
      result_.sizes.push_back({replica_set_numbers_.at(object.meta.uid), from, to, SimTime{clock_.now().ns - offset_.ns}});
  }

  void on_pod(const Change<Pod>& change) {
    const Pod& pod = *change.object;
    if (change.type == ChangeType::Added) return born(pod);
    const auto fate = fates_.find(pod.meta.uid);
    if (fate == fates_.end()) return;
    const bool marked =
        change.type == ChangeType::Modified && is_terminating(pod.meta) && !is_terminating(change.previous->meta);
    const bool removed_at_once = change.type == ChangeType::Deleted && !is_terminating(pod.meta);
    if (marked || removed_at_once) take_recorded_fate(pod);
    if (change.type == ChangeType::Deleted) {
      keys_.erase(fates_.at(pod.meta.uid));
      fates_.erase(pod.meta.uid);
    } else if (marked) {
      apply_fate(fates_.at(pod.meta.uid));
    }
  }

  void born(const Pod& pod) {
    const auto* owner = controller_of(pod.meta);
    if (owner == nullptr || !replica_set_numbers_.contains(owner->uid)) return;
    const int number = replica_set_numbers_.at(owner->uid);
    const ReplayPodId id{number, ++result_.pods_created[number]};
    fates_.emplace(pod.meta.uid, id);
    keys_.emplace(id, key_of(pod.meta));
    apply_fate(id);
  }

  /// The n-th pod that our controller gives up takes the fate of the n-th one recorded as given up: equal pods are chosen
  /// arbitrarily, and the survivor must go on as the recorded survivor did.
  void take_recorded_fate(const Pod& pod) {
    const ReplayPodId own = fates_.at(pod.meta.uid);
    auto& order = deletion_order_[own.replica_set];
    if (order.empty()) return;
    const ReplayPodId recorded = order.front();
    order.erase(order.begin());
    const auto other = keys_.find(recorded);
    if (recorded == own || other == keys_.end()) return;
    const auto survivor = server_.get<Pod>(other->second);
    if (!survivor) return;
    std::swap(fates_.at(pod.meta.uid), fates_.at(survivor->meta.uid));
    std::swap(keys_.at(own), keys_.at(recorded));
    apply_fate(own);
  }

  const ReplayInput& input_;
  FakeClock clock_;
  ApiServer server_;
  OwnedInformers informers_;
  DeploymentController deployments_;
  ReplicaSetController replica_sets_;
  std::vector<Subscription> subscriptions_;
  ObjectKey deployment_;
  SimDuration offset_;
  std::map<ReplayPodId, const ReplayPod*> pods_;
  std::map<int, std::vector<ReplayPodId>> deletion_order_;  ///< by ReplicaSet, as recorded
  std::map<std::string, int> replica_set_numbers_;          ///< by uid
  std::map<std::string, ReplayPodId> fates_;                ///< of live pods, by uid
  std::map<ReplayPodId, ObjectKey> keys_;                   ///< the other way round
  ReplayResult result_;
  std::optional<Error> error_;
};

}  // namespace

Result<ReplayResult> replay(const ReplayInput& input) { return Replayer(input).run(); }

std::vector<SizeChange> join_directions(const std::vector<SizeChange>& sizes) {
  std::vector<SizeChange> joined;
  for (const SizeChange& change : sizes) {
    const bool grows = change.to > change.from;
    const bool shrinks = change.to < change.from && change.to >= 0;
    SizeChange* last = joined.empty() ? nullptr : &joined.back();
    const bool continues = last != nullptr && last->replica_set == change.replica_set && last->to == change.from &&
                           ((grows && last->to > last->from) || (shrinks && last->to < last->from));
    if (continues) {
      last->to = change.to;
    } else {
      joined.push_back(change);
    }
  }
  return joined;
}

std::string to_string(const std::vector<SizeChange>& sizes) {
  std::string text;
  for (const SizeChange& change : sizes) {
    text += fmt::format("{}[{},{},{}]", text.empty() ? "" : " ", change.replica_set, change.from, change.to);
  }
  return text;
}

}  // namespace tandem::control
