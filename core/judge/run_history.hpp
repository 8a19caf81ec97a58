#pragma once
// What the objects of a run did over time, in the few facts that checks, summaries and comparisons ask for. One pass over the
// recording's changes; everything else reads this.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/shared.hpp"
#include "core/cluster/objects.hpp"
#include "core/record/recording.hpp"

namespace tandem::judge {

/// A moment with the number of the object change that made it: a total order also inside one instant.
struct Instant {
  SimTime time;
  std::size_t change = 0;
  friend auto operator<=>(const Instant&, const Instant&) = default;
};

struct PodState {
  Instant at;
  bool exists = true;
  bool terminating = false;
  bool ready = false;
  cluster::PodPhase phase = cluster::PodPhase::None;
  bool unschedulable = false;        ///< PodScheduled is False with reason Unschedulable
  bool nominated = false;            ///< status.nominatedNodeName is set and the pod is on no node
  std::int64_t restarts = 0;
  std::string node;
  Shared<cluster::Labels> labels;

  /// On a node and not ended: what the scheduler counts there, terminating or not.
  [[nodiscard]] bool holds_node() const { return exists && !node.empty() && !cluster::is_terminal(phase); }
};

/// One pod from creation to the end of its object. Milestones are commit times of the changes that first show them.
struct PodLife {
  std::string namespace_;
  std::string name;
  std::string uid;
  std::string owner_uid;             ///< controller
  std::uint32_t ordinal = 0;         ///< from 1: order of creation among its owner's pods
  std::size_t pod_class = 0;         ///< into RunHistory::pod_classes
  Instant created;
  std::optional<Instant> bound;
  std::optional<Instant> running;    ///< first seen in phase Running
  std::optional<Instant> ready;      ///< first Ready
  std::optional<Instant> deleting;   ///< deletionTimestamp set, or gone without
  std::optional<Instant> gone;
  std::string node;
  std::vector<PodState> states;
};

struct ReplicaSetState {
  Instant at;
  bool exists = true;
  std::int32_t desired = 0;
  std::int32_t replicas = 0;
  std::int32_t ready = 0;
  std::int32_t available = 0;
};

struct ReplicaSetLife {
  std::string namespace_;
  std::string name;
  std::string uid;
  std::string owner_uid;
  std::uint32_t ordinal = 0;         ///< from 1: order of creation among its Deployment's ReplicaSets
  Shared<cluster::PodTemplate> pod_template;
  std::vector<ReplicaSetState> states;
};

struct DeploymentState {
  Instant at;
  bool exists = true;
  std::int64_t generation = 0;
  std::int64_t observed_generation = 0;
  std::int32_t desired = 0;
  std::int32_t replicas = 0;
  std::int32_t updated = 0;
  std::int32_t ready = 0;
  std::int32_t available = 0;
  std::int32_t unavailable = 0;
  std::int32_t min_available = 0;    ///< desired minus maxUnavailable (kubernetes-semantics §2.1); 0 with Recreate
  bool recreate = false;
  Shared<cluster::PodTemplate> pod_template;

  /// Every replica updated and available, none left over, and the controller has seen the latest specification.
  [[nodiscard]] bool complete() const {
    return exists && observed_generation >= generation && updated == desired && replicas == desired && available == desired;
  }
};

struct DeploymentLife {
  std::string namespace_;
  std::string name;
  std::string uid;
  std::vector<DeploymentState> states;
};

struct SliceState {
  Instant at;
  bool exists = true;
  std::vector<std::string> ready_pods;  ///< pod names (addresses where there is no pod), in slice order
};
struct SliceLife {
  std::string namespace_;
  std::string name;
  std::string service;
  std::vector<SliceState> states;
};

struct NodeState {
  Instant at;
  bool exists = true;
  bool ready = false;
  bool unschedulable = false;
};
struct NodeLife {
  std::string name;
  cluster::Labels labels;            ///< as it was registered; nothing in a run changes them
  cluster::ResourceList allocatable; ///< likewise
  std::vector<NodeState> states;
};

struct ServiceLife {
  std::string namespace_;
  std::string name;
};

/// Pods that ask for the same.
struct PodClass {
  cluster::ResourceList requests;    ///< effective ones: what the pod takes of its node (kubernetes-semantics §1.4)
  std::uint64_t pods = 0;            ///< created during the run
};

/// Every vector is in order of first appearance.
struct RunHistory {
  std::vector<DeploymentLife> deployments;
  std::vector<ReplicaSetLife> replica_sets;
  std::vector<PodLife> pods;
  std::vector<ServiceLife> services;
  std::vector<SliceLife> slices;
  std::vector<NodeLife> nodes;
  std::vector<PodClass> pod_classes;
  std::vector<record::Mark> marks;
  SimTime ended_at;
  bool complete = true;              ///< the recording has its end

  static RunHistory of(const record::Recording& recording);

  [[nodiscard]] const DeploymentLife* deployment(std::string_view namespace_, std::string_view name) const;
  [[nodiscard]] std::vector<const ReplicaSetLife*> replica_sets_of(const DeploymentLife& deployment) const;
  [[nodiscard]] std::vector<const PodLife*> pods_of(const ReplicaSetLife& replica_set) const;
};

}  // namespace tandem::judge
