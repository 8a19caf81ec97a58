#include "core/control/scheduler/resource_shares.hpp"

namespace tandem::control::scheduler {

std::int64_t amount_of(const Resources& resources, std::string_view name) {
  if (name == "cpu") return resources.milli_cpu;
  if (name == "memory") return resources.memory;
  if (name == "ephemeral-storage") return resources.ephemeral_storage;
  return resources.scalar(name);
}

ResourceUse use_of(std::string_view resource, const Resources& request, const NodeInfo& node, const Resources& used) {
  const std::int64_t asked = amount_of(request, resource);
  if (asked == 0 && is_scalar_resource(resource)) return {};
  return {amount_of(used, resource) + asked, amount_of(node.allocatable, resource)};
}

}  // namespace tandem::control::scheduler
