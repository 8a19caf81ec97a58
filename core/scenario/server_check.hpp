#pragma once
// What the API server itself would answer to a manifest, at the manifest's own lines.

#include <nlohmann/json_fwd.hpp>

#include "core/scenario/diagnostics.hpp"
#include "core/scenario/documents.hpp"

namespace tandem::scenario {

/// An apiVersion and kind that Kubernetes v1.34 does not have: one error. Kinds of groups outside Kubernetes pass, they are
/// custom resources.
void check_kind_exists(const nlohmann::json& manifest, const Node& document, Diagnostics& diagnostics);

/// Every refusal of the API server for the manifest (core/cluster/api). What `found` says about the same field already gets
/// the server's sentence as its cause; the others are errors of their own. All of them go to `diagnostics`.
void check_with_server_rules(const nlohmann::json& manifest, const Node& document, const Errors& found, Diagnostics& diagnostics);

}  // namespace tandem::scenario
