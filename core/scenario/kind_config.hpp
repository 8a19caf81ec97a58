#pragma once
// kind's cluster configuration, as kind itself reads it: node names, roles, labels and taints, kubeadmConfigPatches included.

#include <optional>
#include <string>
#include <vector>

#include "core/scenario/diagnostics.hpp"
#include "core/scenario/scenario.hpp"
#include "core/scenario/source_folder.hpp"

namespace tandem::scenario {

struct KindNode {
  std::string name;                       ///< "kind-worker2"
  bool control_plane = false;
  cluster::Labels labels;                 ///< from labels and node-labels; not the ones every node gets
  std::vector<cluster::Taint> taints;     ///< as the node ends up with them
  std::optional<std::int64_t> max_pods;   ///< kubelet's max-pods, if set
  Place place;
};

struct KindCluster {
  std::string name = "kind";
  std::vector<KindNode> nodes;
  std::string pod_subnet = "10.244.0.0/16";
  std::string service_subnet = "10.96.0.0/16";
};

/// Reads a configuration file. What kind does with fields that have no meaning here goes to `notes`.
std::optional<KindCluster> read_kind_config(const SourceFile& file, const InputLimits& limits, Diagnostics& diagnostics,
                                            std::vector<FieldNote>& notes);

/// kind's control-plane taint: node-role.kubernetes.io/control-plane:NoSchedule.
cluster::Taint control_plane_taint();

}  // namespace tandem::scenario
