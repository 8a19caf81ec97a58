#pragma once
// What faults in Chaos Mesh's words mean, the same in every world of ours: which are known, and which pods they choose.

#include <cstdint>
#include <string>
#include <vector>

#include "core/cluster/api_server.hpp"
#include "core/scenario/scenario.hpp"

namespace tandem::world {

/// Empty for NetworkChaos `partition` of a node and PodChaos `pod-kill` and `container-kill` with known parameters; else
/// why not. A world may refuse more.
std::string chaos_refusal(const scenario::Fault& fault);

/// The active pods that a PodChaos chooses, by the seed, the fault's number and the names of the pods that match.
/// Requires: chaos_refusal() is empty.
std::vector<cluster::Ptr<cluster::Pod>> chaos_pods(const scenario::Fault& fault, std::uint32_t fault_id, cluster::ApiServer& server,
                                                   std::uint64_t seed);

/// The container of `pod` that container-kill means: parameter `containerName`, default the first.
std::string chaos_container(const scenario::Fault& fault, const cluster::Pod& pod);

}  // namespace tandem::world
