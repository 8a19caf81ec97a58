#pragma once
// nodeSelector and required node affinity together (kubernetes-semantics §1.5).

#include "core/cluster/objects.hpp"

namespace tandem::control::scheduler {

/// Whether the pod restricts its nodes at all.
bool selects_nodes(const cluster::PodSpec& spec);

/// nodeSelector and (any of the required terms). No restriction selects every node; a required list without terms none.
/// Source: component-helpers scheduling/corev1/nodeaffinity RequiredNodeAffinity.
bool selects(const cluster::PodSpec& spec, const cluster::Node& node);

}  // namespace tandem::control::scheduler
