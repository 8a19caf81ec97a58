#pragma once
// What a pod asks for as a whole, as kubectl adds it up (kubectl pkg/util/resource, pkg/util/qos).

#include <map>
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "core/base/quantity.hpp"

namespace tandem::kubectl {

using Amounts = std::map<std::string, Quantity>;

/// Requests of all containers and sidecars, but at least those of the hungriest moment of the start; with overhead. A container
/// that was resized counts with the largest of what it asks for, has, and was granted.
Amounts pod_requests(const nlohmann::json& pod);
/// Limits likewise; overhead only where there is a limit.
Amounts pod_limits(const nlohmann::json& pod);
/// Adds each amount.
void add(Amounts& sum, const Amounts& more);

/// status.qosClass, or computed from the pod: "Guaranteed", "Burstable", "BestEffort".
std::string quality_of_service(const nlohmann::json& pod);

}  // namespace tandem::kubectl
