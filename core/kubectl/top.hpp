#pragma once
// `kubectl top pods|nodes` over objects of metrics.k8s.io (kinds PodMetrics and NodeMetrics).

#include <cstdint>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "core/base/result.hpp"
#include "core/kubectl/answer.hpp"

namespace tandem::kubectl {

struct TopRequest {
  bool nodes = false;                    ///< nodes instead of pods
  std::string name;                      ///< of the one object; empty: all
  std::string namespace_ = "default";
  bool all_namespaces = false;
  std::string selector;                  ///< -l
  std::string sort_by;                   ///< "", "cpu" or "memory"
  bool containers = false;               ///< a line a container
  bool sum = false;                      ///< the sum of all pods below
  bool with_headers = true;
  bool show_capacity = false;            ///< shares of a node's capacity instead of its allocatable resources
  bool metrics_api = true;               ///< false: the cluster has no metrics server
  std::int64_t now_unix_seconds = 0;
};

/// `objects`: metrics, nodes and pods. Errors: ValueBadSelector.
Result<Answer> top(const TopRequest& request, const std::vector<nlohmann::json>& objects);

}  // namespace tandem::kubectl
