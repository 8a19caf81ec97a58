#include "core/cluster/objects.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace tandem::cluster {

bool operator==(const JsonRest& a, const JsonRest& b) {
  if (a.fields == b.fields) return true;
  const bool a_empty = !a.fields || a.fields->empty();
  const bool b_empty = !b.fields || b.fields->empty();
  return a_empty || b_empty ? a_empty == b_empty : *a.fields == *b.fields;
}

const OwnerReference* controller_of(const ObjectMeta& meta) {
  const auto found = std::find_if(meta.owner_references.begin(), meta.owner_references.end(),
                                  [](const OwnerReference& owner) { return owner.controller; });
  return found == meta.owner_references.end() ? nullptr : &*found;
}

const Condition* find_condition(const std::vector<Condition>& conditions, std::string_view type) {
  const auto found = std::find_if(conditions.begin(), conditions.end(),
                                  [type](const Condition& condition) { return condition.type == type; });
  return found == conditions.end() ? nullptr : &*found;
}

std::string_view name_of(Kind kind) {
  switch (kind) {
    case Kind::Node: return "Node";
    case Kind::Pod: return "Pod";
    case Kind::ReplicaSet: return "ReplicaSet";
    case Kind::Deployment: return "Deployment";
    case Kind::Service: return "Service";
    case Kind::EndpointSlice: return "EndpointSlice";
    case Kind::Event: return "Event";
    case Kind::Unstructured: return "Unstructured";
  }
  return "Unstructured";
}

std::string_view name_of(PodPhase phase) {
  switch (phase) {
    case PodPhase::None: return "";
    case PodPhase::Pending: return "Pending";
    case PodPhase::Running: return "Running";
    case PodPhase::Succeeded: return "Succeeded";
    case PodPhase::Failed: return "Failed";
    case PodPhase::Unknown: return "Unknown";
  }
  return "";
}

std::string_view name_of(ConditionStatus status) {
  switch (status) {
    case ConditionStatus::True: return "True";
    case ConditionStatus::False: return "False";
    case ConditionStatus::Unknown: return "Unknown";
  }
  return "Unknown";
}

bool is_ready(const Pod& pod) {
  const Condition* ready = find_condition(pod.status.conditions, "Ready");
  return ready != nullptr && ready->status == ConditionStatus::True;
}

bool is_available(const Pod& pod, std::int32_t min_ready_seconds, SimTime now) {
  const Condition* ready = find_condition(pod.status.conditions, "Ready");
  if (ready == nullptr || ready->status != ConditionStatus::True) return false;
  if (min_ready_seconds == 0) return true;
  // pkg/api/v1/pod IsPodAvailable: a condition without a time is never old enough.
  return ready->last_transition_time != kTimeUnset && ready->last_transition_time + seconds(min_ready_seconds) <= now;
}

namespace {

/// Sums of cpu and memory over containers; resources that nobody asks for have no entry.
class ResourceSums {
 public:
  /// Adds what is above zero; whether both cpu and memory were.
  bool add(const ResourceList& list) {
    int found = 0;
    for (const std::string_view resource : {std::string_view("cpu"), std::string_view("memory")}) {
      const auto quantity = list.find(resource);
      if (quantity == list.end() || quantity->second.sign() <= 0) continue;
      Quantity& sum = sums_[std::string(resource)];
      sum = sum + quantity->second;
      ++found;
    }
    return found == 2;
  }
  [[nodiscard]] bool empty() const { return sums_.empty(); }
  friend bool operator==(const ResourceSums&, const ResourceSums&) = default;

 private:
  ResourceList sums_;
};

}  // namespace

std::string_view qos_class_of(const PodSpec& spec) {
  // pkg/apis/core/v1/helper/qos ComputePodQOS: only cpu and memory count; pod-level resources replace the containers'.
  ResourceSums requests;
  ResourceSums limits;
  bool all_limited = true;
  const auto add = [&](const ResourceRequirements& resources) {
    (void)requests.add(resources.requests);
    all_limited = limits.add(resources.limits) && all_limited;
  };
  if (spec.resources && (!spec.resources->requests.empty() || !spec.resources->limits.empty())) {
    add(*spec.resources);
  } else {
    for (const Container& container : spec.containers) add(container.resources);
    for (const Container& container : spec.init_containers) add(container.resources);
  }
  if (requests.empty() && limits.empty()) return "BestEffort";
  return all_limited && requests == limits ? "Guaranteed" : "Burstable";
}

}  // namespace tandem::cluster
