#pragma once
// Kubernetes' Priority admission: a new pod's priorityClassName becomes spec.priority and spec.preemptionPolicy.
// Source: plugin/pkg/admission/priority.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

#include "core/base/result.hpp"
#include "core/cluster/object_index.hpp"

namespace tandem::cluster {

/// Pods that share a specification go on sharing one. A pod without a class is left as it is unless some class is the global
/// default: no priority counts as priority 0.
class PriorityAdmission {
 public:
  /// Something but a pod was stored or removed: classes are read again when next needed.
  void classes_may_have_changed() { classes_.reset(); }

  /// Errors: ApiInvalid for a class that does not exist, in Kubernetes' words.
  Status admit(Pod& pod, const ObjectIndex& unstructured);

 private:
  struct Class {
    std::int32_t value = 0;
    std::string preemption_policy;  ///< "PreemptLowerPriority" or "Never"
  };
  struct Classes {
    std::map<std::string, Class, std::less<>> by_name;
    std::optional<std::string> global_default;
  };

  const Classes& classes(const ObjectIndex& unstructured);

  std::optional<Classes> classes_;
  /// Specifications as they came in (held, so that their addresses stay theirs), and what they became.
  std::unordered_map<const PodSpec*, std::pair<Shared<PodSpec>, Shared<PodSpec>>> resolved_;
};

}  // namespace tandem::cluster
