#pragma once
// What every controller of the controller manager has in common: shared informers, a work queue, workers that take keys from
// it, retries after errors, and claiming of objects by owner reference and selector (kubernetes-semantics §2.2, §3, §10.1).

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "core/base/clock.hpp"
#include "core/base/result.hpp"
#include "core/cluster/api_server.hpp"
#include "core/cluster/selector.hpp"
#include "core/control/work_queue.hpp"

namespace tandem::control {

/// The caches that the controllers of one controller manager share.
struct SharedInformers {
  cluster::Informer<cluster::Deployment>& deployments;
  cluster::Informer<cluster::ReplicaSet>& replica_sets;
  cluster::Informer<cluster::Pod>& pods;
};

/// Owns what SharedInformers points to, with one watch delay.
struct OwnedInformers {
  OwnedInformers(cluster::ApiServer& server, SimDuration delay)
      : deployments(server, delay), replica_sets(server, delay), pods(server, delay) {}
  cluster::Informer<cluster::Deployment> deployments;
  cluster::Informer<cluster::ReplicaSet> replica_sets;
  cluster::Informer<cluster::Pod> pods;
  [[nodiscard]] SharedInformers shared() { return {deployments, replica_sets, pods}; }
};

/// An event as a controller hands it to the recorder.
struct PostEvent {
  std::string type;  ///< Normal or Warning
  std::string reason;
  std::string message;
};

/// Ends one sync: success, or the error for which the key is tried again.
using SyncDone = std::function<void(Status)>;

/// Who starts work items: the clock as soon as a key is due, or a test that calls process_next().
enum class WorkMode : std::uint8_t { Automatic, Manual };

struct RuntimeOptions {
  int workers = 5;           ///< keys processed at the same time (kubernetes-semantics §10.1)
  SimDuration sync_cost;     ///< compute time before a sync reads its caches
  int drop_after = -1;       ///< retries after which a failing key is dropped; negative: never
  std::uint32_t entity = 0;  ///< order among simultaneous controllers
  WorkMode mode = WorkMode::Automatic;

  /// Workers and sync cost of a profile.
  static RuntimeOptions from(const cluster::DeliveryProfile& profile, std::uint32_t entity, WorkMode mode);
};

/// A work queue with its workers. One work item per clock event, so that simultaneous controllers take turns.
class ControllerRuntime {
 public:
  using Sync = std::function<void(const cluster::ObjectKey&, SyncDone)>;

  ControllerRuntime(Clock& clock, RuntimeOptions options, Sync sync);
  ~ControllerRuntime();
  ControllerRuntime(const ControllerRuntime&) = delete;
  ControllerRuntime& operator=(const ControllerRuntime&) = delete;

  [[nodiscard]] WorkQueue& queue() { return queue_; }
  [[nodiscard]] const WorkQueue& queue() const { return queue_; }
  [[nodiscard]] Clock& clock() { return clock_; }
  /// Starts one due key if a worker is free; false if nothing was started. With the instant profile the whole sync has
  /// happened when this returns.
  bool process_next();
  /// Syncs that ended with an error so far.
  [[nodiscard]] std::uint64_t failed_syncs() const { return failed_syncs_; }

 private:
  void arm();
  void finish(const cluster::ObjectKey& key, const Status& status);

  Clock& clock_;
  RuntimeOptions options_;
  Sync sync_;
  WorkQueue queue_;
  int busy_ = 0;
  TimerHandle armed_;
  std::map<cluster::ObjectKey, TimerHandle> starting_;  ///< keys whose sync cost is being spent
  std::uint64_t failed_syncs_ = 0;
};

/// The SimTime as the API server stores it: cut to whole seconds (metav1.Time).
[[nodiscard]] inline SimTime api_time(SimTime time) { return {time.ns - time.ns % 1'000'000'000}; }

/// The reference a controller puts on what it owns.
template <class Owner>
[[nodiscard]] cluster::OwnerReference controller_reference(const Owner& owner) {
  return {.api_version = "apps/v1",
          .kind = std::string(cluster::KindOf<Owner>::name),
          .name = owner.meta.name,
          .uid = owner.meta.uid,
          .controller = true,
          .block_owner_deletion = true};
}

/// The owner that a controller reference of kind Owner names, if the cache has it with that uid; else null.
template <class Owner>
[[nodiscard]] cluster::Ptr<Owner> resolve_controller(const cluster::Informer<Owner>& owners, const cluster::ObjectMeta& meta) {
  const cluster::OwnerReference* reference = cluster::controller_of(meta);
  if (reference == nullptr || reference->kind != cluster::KindOf<Owner>::name) return nullptr;
  auto owner = owners.get({meta.namespace_, reference->name});
  return owner && owner->meta.uid == reference->uid ? owner : nullptr;
}

/// Objects of an informer without a controller: candidates for adoption. Usually empty, so a sync need not scan the namespace.
template <class T>
class Orphans {
 public:
  void observe(const cluster::Change<T>& change) {
    const bool orphan = change.type != cluster::ChangeType::Deleted && cluster::controller_of(change.object->meta) == nullptr;
    if (orphan) {
      objects_[cluster::key_of(change.object->meta)] = change.object;
    } else if (!objects_.empty()) {
      objects_.erase(cluster::key_of(change.object->meta));
    }
  }
  [[nodiscard]] std::vector<cluster::Ptr<T>> matching(std::string_view namespace_,
                                                      const cluster::LabelSelector& selector) const {
    std::vector<cluster::Ptr<T>> found;
    for (const auto& [key, object] : objects_) {
      if (key.namespace_ == namespace_ && cluster::matches(selector, *object->meta.labels)) found.push_back(object);
    }
    return found;
  }

 private:
  std::map<cluster::ObjectKey, cluster::Ptr<T>> objects_;
};

/// Whether a modification moved the object to another controller (or to none, or from none).
template <class T>
[[nodiscard]] bool controller_changed(const cluster::Change<T>& change) {
  if (change.type != cluster::ChangeType::Modified) return false;
  const auto* before = cluster::controller_of(change.previous->meta);
  const auto* after = cluster::controller_of(change.object->meta);
  if (before == nullptr || after == nullptr) return before != after;
  return before->uid != after->uid;
}
template <class T>
[[nodiscard]] bool labels_changed(const cluster::Change<T>& change) {
  return change.type == cluster::ChangeType::Modified && !(change.previous->meta.labels == change.object->meta.labels);
}

/// What a controller does about an object it might own (ControllerRefManager of kubernetes' controller_ref_manager.go).
enum class Claim : std::uint8_t { Keep, Adopt, Release, Ignore };

template <class Owner, class T>
[[nodiscard]] Claim claim(const Owner& owner, const cluster::LabelSelector& selector, const T& object) {
  const cluster::OwnerReference* reference = cluster::controller_of(object.meta);
  const bool matching = cluster::matches(selector, *object.meta.labels);
  const bool owner_going = cluster::is_terminating(owner.meta);
  if (reference != nullptr) {
    if (reference->uid != owner.meta.uid) return Claim::Ignore;
    if (matching) return Claim::Keep;
    return owner_going ? Claim::Ignore : Claim::Release;
  }
  if (owner_going || !matching || cluster::is_terminating(object.meta)) return Claim::Ignore;
  return owner.meta.namespace_ == object.meta.namespace_ ? Claim::Adopt : Claim::Ignore;
}

/// Removes the owner's reference, or adds it when adopting.
template <class Owner>
void apply_claim(Claim what, const Owner& owner, cluster::ObjectMeta& meta) {
  if (what == Claim::Adopt && cluster::controller_of(meta) == nullptr) {
    meta.owner_references.push_back(controller_reference(owner));
  } else if (what == Claim::Release) {
    std::erase_if(meta.owner_references,
                  [&](const cluster::OwnerReference& reference) { return reference.uid == owner.meta.uid; });
  }
}

}  // namespace tandem::control
