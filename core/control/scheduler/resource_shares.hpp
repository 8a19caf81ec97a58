#pragma once
// How much of one resource of a node would be in use: what the resource scores are made of.

#include <cstdint>
#include <string_view>

#include "core/control/scheduler/node_info.hpp"

namespace tandem::control::scheduler {

/// The amount of a resource by its Kubernetes name; cpu in thousandths.
std::int64_t amount_of(const Resources& resources, std::string_view name);

struct ResourceUse {
  std::int64_t requested = 0;  ///< with the pod on the node
  std::int64_t capacity = 0;   ///< 0: the resource takes no part in the score
};

/// `used` is what the node already holds. A scalar resource that the pod does not ask for takes no part.
/// Source: plugins/noderesources calculateResourceAllocatableRequest.
ResourceUse use_of(std::string_view resource, const Resources& request, const NodeInfo& node, const Resources& used);

}  // namespace tandem::control::scheduler
