#pragma once

#include <optional>
#include <string_view>

#include "core/scenario/scenario.hpp"
#include "sim/engine/topology.hpp"

namespace tandem::sim {

/// Vertex names in the topology of a cluster.
inline constexpr std::string_view kCoreSwitch = "core switch";
inline constexpr std::string_view kRegistryHost = "image registry";

/// Every node on its own link to one core switch, and the registry, if there is one, behind a link of its own figures.
Topology topology_of(const scenario::ClusterSpec& cluster, const std::optional<scenario::RegistrySpec>& registry);

}  // namespace tandem::sim
