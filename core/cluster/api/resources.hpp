#pragma once
// Resource names and the sums over a pod's containers (pkg/apis/core/helper, component-helpers/resource).

#include <map>
#include <string>
#include <string_view>

#include "core/base/quantity.hpp"
#include "core/cluster/api/view.hpp"

namespace tandem::cluster::api {

using ResourceList = std::map<std::string, Quantity, std::less<>>;

/// A quantity that decode() has accepted; zero where absent.
Quantity quantity_of(const View& value);
ResourceList resource_list(const View& map);
Json resource_json(const ResourceList& list);

bool is_huge_page(std::string_view name);
bool is_native_resource(std::string_view name);      ///< no domain, or one of Kubernetes' own
bool is_extended_resource(std::string_view name);
bool is_overcommit_allowed(std::string_view name);
bool is_standard_resource(std::string_view name);
bool is_standard_container_resource(std::string_view name);
bool is_standard_quota_resource(std::string_view name);
bool is_integer_resource(std::string_view name);
bool is_pod_level_resource(std::string_view name);   ///< cpu, memory, hugepages-*
/// A whole multiple of the page size in the name.
bool is_huge_page_multiple(std::string_view name, const Quantity& quantity);

enum class ResourceSide { Requests, Limits };
/// Containers and sidecars together, or the largest init container beside the sidecars before it.
ResourceList aggregate_containers(const View& pod_spec, ResourceSide side);
/// The same with the pod's own level and its overhead; `huge_pages`: the pod's level counts for them too.
ResourceList pod_resources(const View& pod_spec, ResourceSide side);
void add_resources(ResourceList& list, const ResourceList& more);
void max_resources(ResourceList& list, const ResourceList& more);
/// "Guaranteed", "Burstable" or "BestEffort".
std::string quality_of_service(const View& pod_spec);

}  // namespace tandem::cluster::api
