#pragma once
// LimitRange and ResourceQuota at work: the admission plug-in LimitRanger and the quota evaluators of pkg/quota/v1.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/cluster/api/resources.hpp"
#include "core/cluster/api/view.hpp"

namespace tandem::cluster::api {

/// Fills in a new pod's requests and limits from the LimitRange's container defaults and notes it in the pod's annotation.
void apply_limit_range(Json& pod, const View& limit_range);
/// What the LimitRange forbids about a pod or a claim, sorted; empty when it is allowed.
std::vector<std::string> limit_range_violations(const View& object, std::string_view kind, const View& limit_range);

/// What the object counts against a ResourceQuota, by quota resource name. `now_seconds`: since 1970; a pod past its
/// deletion grace period counts no more than as an object.
ResourceList quota_usage(const View& object, std::string_view kind, std::int64_t now_seconds);
/// Whether one scope of a quota covers the object: `requirement` has scopeName, operator and values.
bool quota_scope_matches(const View& object, std::string_view kind, const View& requirement);
/// The scopes without operator that cover the object, sorted.
std::vector<std::string> quota_scopes(const View& object, std::string_view kind);
/// "must specify cpu for: c", or nothing: compute resources that a quota limits have to be named by every container.
std::optional<std::string> quota_constraint(const View& object, std::string_view kind, const std::vector<std::string>& resources);

/// An IntOrString as text: what intstr.Parse makes of it.
Json parse_int_or_string(std::string_view text);
/// GetScaledValueFromIntOrPercent; the error's text is Kubernetes' own.
Result<std::int64_t> scaled_value(const View& int_or_percent, std::int64_t total, bool round_up);

}  // namespace tandem::cluster::api
