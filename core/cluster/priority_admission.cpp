#include "core/cluster/priority_admission.hpp"

#include <fmt/format.h>

#include <limits>
#include <nlohmann/json.hpp>

namespace tandem::cluster {
namespace {

/// Classes that every cluster has (scheduling.k8s.io/v1, pkg/apis/scheduling).
constexpr std::int32_t kSystemClusterCritical = 2'000'000'000;
constexpr std::int32_t kSystemNodeCritical = 2'000'001'000;
constexpr const char* kPreemptLowerPriority = "PreemptLowerPriority";

/// Specifications remembered at a time; a run has about one a workload.
constexpr std::size_t kRemembered = 4096;

}  // namespace

const PriorityAdmission::Classes& PriorityAdmission::classes(const ObjectIndex& unstructured) {
  if (classes_) return *classes_;
  resolved_.clear();
  Classes& found = classes_.emplace();
  found.by_name["system-cluster-critical"] = {kSystemClusterCritical, kPreemptLowerPriority};
  found.by_name["system-node-critical"] = {kSystemNodeCritical, kPreemptLowerPriority};
  std::int64_t default_value = std::numeric_limits<std::int64_t>::max();
  unstructured.for_each({}, [&](const StoredObject& stored_object) {
    if (stored_object.kind != "PriorityClass") return;
    const auto& object = *static_cast<const Unstructured*>(stored_object.object.get());
    if (!object.rest.fields || !object.rest.fields->is_object()) return;
    const nlohmann::json& fields = *object.rest.fields;
    const auto value = fields.find("value");
    Class read{0, kPreemptLowerPriority};
    if (value != fields.end() && value->is_number_integer()) read.value = value->get<std::int32_t>();
    const auto policy = fields.find("preemptionPolicy");
    if (policy != fields.end() && policy->is_string()) read.preemption_policy = policy->get<std::string>();
    const auto global = fields.find("globalDefault");
    // Of several defaults the lowest counts, as in the admission plugin.
    if (global != fields.end() && *global == true && read.value < default_value) {
      found.global_default = object.meta.name;
      default_value = read.value;
    }
    found.by_name[object.meta.name] = std::move(read);
  });
  return found;
}

Status PriorityAdmission::admit(Pod& pod, const ObjectIndex& unstructured) {
  const Classes& known = classes(unstructured);
  if (pod.spec->priority || (pod.spec->priority_class_name.empty() && !known.global_default)) return {};
  const auto remembered = resolved_.find(&*pod.spec);
  if (remembered != resolved_.end()) {
    pod.spec = remembered->second.second;
    return {};
  }
  const std::string name = pod.spec->priority_class_name.empty() ? *known.global_default : pod.spec->priority_class_name;
  const auto found = known.by_name.find(name);
  if (found == known.by_name.end()) {
    return fail(make_error(ErrorCode::ApiInvalid, fmt::format("pods \"{}\" is forbidden: no PriorityClass with name {} was found",
                                                              pod.meta.name, name)));
  }
  const Shared<PodSpec> before = pod.spec;
  pod.spec.edit([&](PodSpec& spec) {
    spec.priority_class_name = name;
    spec.priority = found->second.value;
    if (spec.preemption_policy.empty()) spec.preemption_policy = found->second.preemption_policy;
  });
  if (resolved_.size() >= kRemembered) resolved_.clear();
  resolved_.emplace(&*before, std::pair{before, pod.spec});
  return {};
}

}  // namespace tandem::cluster
