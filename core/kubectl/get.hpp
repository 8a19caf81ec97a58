#pragma once
// `kubectl get` over a set of objects: selection, tables, messages and exit codes.

#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "core/base/result.hpp"
#include "core/kubectl/table.hpp"

namespace tandem::kubectl {

struct GetRequest {
  std::vector<std::string> kinds;        ///< as kind_of_resource gives them, in order
  std::vector<std::string> names;        ///< of the one kind; empty: all
  std::string namespace_ = "default";
  std::string selector;                  ///< -l, text form
  std::string output;                    ///< "", "wide", "name", "json", "yaml"
  GetOptions options;
};

struct GetAnswer {
  std::string out;
  std::string err;
  int exit_code = 0;
};

/// `objects`: everything there is, as Kubernetes JSON. Printed sorted by namespace and name.
/// Errors: ValueBadSelector, UsageBadArgument (an output format that is not known).
Result<GetAnswer> get(const GetRequest& request, const std::vector<nlohmann::json>& objects);

/// "pods", "po,svc", "all", or a kind with names ("pod web-1 web-2", "pod/web-1") → kinds and names.
/// Errors: UsageNotFound (kubectl's text for an unknown resource type).
Status parse_resources(const std::vector<std::string>& words, GetRequest& request);

/// Kubernetes JSON as YAML text, keys in order.
std::string to_yaml(const nlohmann::json& value);

}  // namespace tandem::kubectl
