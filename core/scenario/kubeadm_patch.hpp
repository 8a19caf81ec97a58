#pragma once
// kubeadmConfigPatches: YAML inside a string of the kind configuration, merged into the kubeadm configuration of a node.

#include <optional>
#include <string>
#include <vector>

#include "core/scenario/diagnostics.hpp"
#include "core/scenario/documents.hpp"
#include "core/scenario/scenario.hpp"

namespace tandem::scenario {

/// A text with the place it came from.
struct Argument {
  std::string text;
  Place place;
  bool exact = false;  ///< the text stands at `place` as it is: parts of it have places of their own
};

/// What patches may change of a node's registration. Starts as kind generates it.
struct NodeRegistration {
  std::optional<Argument> node_labels;                      ///< kubelet's --node-labels
  std::optional<Argument> register_with_taints;             ///< kubelet's --register-with-taints
  std::optional<Argument> max_pods;                         ///< kubelet's --max-pods, or KubeletConfiguration.maxPods
  std::optional<std::vector<cluster::Taint>> taints;        ///< nodeRegistration.taints; absent = kubeadm's default
  std::vector<std::pair<std::string, Place>> other_fields;  ///< present in a patch, without meaning here
};

/// The kubeadm documents of a patch, one or several. Errors point into the kind file.
std::vector<Node> parse_patch(const Node& patch, const InputLimits& limits, Diagnostics& diagnostics);

/// Applies them to a node. `first` is the node that kubeadm init runs on: InitConfiguration counts for it, JoinConfiguration
/// for all others.
void apply_patch(const std::vector<Node>& documents, bool first, NodeRegistration& registration, Diagnostics& diagnostics);

/// "a=b, c=d" as kubelet reads --node-labels: blanks around the parts are dropped. Labels that a kubelet may not set on its
/// own node are errors, because kubelet would not start with them.
cluster::Labels parse_node_labels(const Argument& argument, Diagnostics& diagnostics);
/// "key=value:NoSchedule,other:NoExecute" as kubelet reads --register-with-taints.
std::vector<cluster::Taint> parse_taints(const Argument& argument, Diagnostics& diagnostics);

}  // namespace tandem::scenario
