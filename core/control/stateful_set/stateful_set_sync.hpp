#pragma once
// One sync of the stateful set controller: creates missing ordinals, removes surplus ones, replaces outdated pods, in order.
// It writes through a seam, in the order of the real controller.
// Sources: kubernetes-semantics §7.3; pkg/controller/statefulset/{stateful_set_control,stateful_set_utils}.go (v1.34).

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/cluster/api_server.hpp"
#include "core/cluster/apps.hpp"

namespace tandem::control {

/// Label that ties a pod to the ControllerRevision it was made from.
inline constexpr std::string_view kControllerRevisionLabel = "controller-revision-hash";
inline constexpr std::string_view kPodNameLabel = "statefulset.kubernetes.io/pod-name";
inline constexpr std::string_view kPodIndexLabel = "apps.kubernetes.io/pod-index";

using StatefulPod = cluster::Ptr<cluster::Pod>;

/// How a sync acts on the world. A false answer is an error: the sync ends there and is tried again.
class StatefulSetActions {
 public:
  virtual ~StatefulSetActions() = default;
  virtual bool create_pod(const cluster::Pod& pod) = 0;
  virtual bool delete_pod(const StatefulPod& pod) = 0;
  /// Gives the revision a name and stores it.
  virtual cluster::ControllerRevision create_revision(cluster::ControllerRevision revision) = 0;
  /// An old template came back: its revision gets the newest number.
  virtual cluster::ControllerRevision renumber_revision(const cluster::ControllerRevision& revision, std::int64_t number) = 0;
  virtual void delete_revision(const cluster::ControllerRevision& revision) = 0;
  /// Called only when something differs.
  virtual void write_status(const cluster::StatefulSetStatus& status) = 0;
};

struct StatefulSetView {
  cluster::StatefulSet set;
  std::vector<StatefulPod> pods;  ///< all that the set controls
  std::vector<cluster::ControllerRevision> revisions;
  bool honour_max_unavailable = false;  ///< gate MaxUnavailableStatefulSet, off in 1.34
};

/// Answers after how long the set must be looked at again, if pods are on their way to being available.
std::optional<SimDuration> sync_stateful_set(StatefulSetView view, SimTime now, StatefulSetActions& actions);

/// Ordinal of a pod named "<set>-<n>"; negative when the name is no such.
[[nodiscard]] std::int32_t ordinal_of(const cluster::StatefulSet& set, const cluster::Pod& pod);

/// The pod of an ordinal as the set's `revision` describes it; its phase is None until the API server has it.
[[nodiscard]] cluster::Pod stateful_pod(const cluster::StatefulSet& set, const cluster::ControllerRevision& revision, std::int32_t ordinal);

}  // namespace tandem::control
