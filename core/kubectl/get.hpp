#pragma once
// `kubectl get` over a set of objects: tables, messages and exit codes.

#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "core/base/result.hpp"
#include "core/kubectl/answer.hpp"
#include "core/kubectl/selection.hpp"
#include "core/kubectl/table.hpp"

namespace tandem::kubectl {

struct GetRequest : Selection {
  std::string output;                    ///< "", "wide", "name", "json", "yaml"
  GetOptions options;
};

/// `objects`: everything there is, as Kubernetes JSON. Printed sorted by namespace and name.
/// Errors: those of select(); UsageBadArgument (an output format that is not known).
Result<Answer> get(const GetRequest& request, const std::vector<nlohmann::json>& objects);

}  // namespace tandem::kubectl
