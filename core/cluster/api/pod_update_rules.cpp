// What may change in a pod once it exists.

#include <fmt/format.h>

#include <limits>
#include <map>

#include "core/cluster/api/rules.hpp"
#include "core/cluster/api/types.hpp"

namespace tandem::cluster::api {

namespace {

constexpr const char* kRequired = "requiredDuringSchedulingIgnoredDuringExecution";

/// False if containers were added or removed: then nothing else is looked at.
bool check_container_list(FieldErrors& errors, const View& containers, const View& old, const FieldPath& path) {
  if (containers.size() != old.size()) {
    errors.forbidden(path, "pod updates may not add or remove containers");
    return false;
  }
  std::size_t i = 0;
  for (const View& container : containers.items()) {
    const FieldPath at = path.index(i++) / "image";
    const std::string image = container["image"].text();
    if (image.empty()) errors.required(at);
    if (image != trimmed(image)) errors.invalid(at, image, "must not have leading or trailing whitespace");
  }
  return true;
}

/// False if the deadline ends the check: Kubernetes looks at nothing else then.
bool check_deadline(FieldErrors& errors, const View& deadline, const View& old) {
  constexpr std::int64_t kMaxInt32 = std::numeric_limits<std::int32_t>::max();
  const FieldPath path("spec.activeDeadlineSeconds");
  if (!deadline.present()) {
    if (old.present()) errors.invalid(path, deadline, "must not update from a positive integer to nil value");
    return true;
  }
  const std::int64_t seconds = deadline.number();
  if (seconds < 0 || seconds > kMaxInt32) {
    errors.invalid(path, seconds, range_message(0, kMaxInt32));
    return false;
  }
  if (!old.present() || old.number() >= seconds) return true;
  errors.invalid(path, seconds, "must be less than or equal to previous value");
  return false;
}

void check_added_tolerations(FieldErrors& errors, const View& tolerations, const View& old) {
  const FieldPath path("spec.tolerations");
  for (const View& before : old.items()) {
    bool found = false;
    for (const View& now : tolerations.items()) {
      Json copy = before.json();
      copy.erase("tolerationSeconds");
      Json other = now.json();
      other.erase("tolerationSeconds");
      found = found || semantically_equal(copy, other);
    }
    if (!found) return errors.forbidden(path, "existing toleration can not be modified except its tolerationSeconds");
  }
  check_tolerations(errors, tolerations, path);
}

void check_deleted_gates(FieldErrors& errors, const View& gates, const View& old) {
  std::map<std::string, std::size_t> added;
  std::size_t i = 0;
  for (const View& gate : gates.items()) added[gate["name"].text()] = i++;
  for (const View& gate : old.items()) added.erase(gate["name"].text());
  for (const auto& [name, index] : added) {
    errors.forbidden(FieldPath("spec.schedulingGates").index(index) / "name", fmt::format("only deletion is allowed, but found new scheduling gate '{}'", name));
  }
}

bool only_adds(const View& requirements, const View& old) {
  if (old.empty()) return true;
  if (requirements.size() < old.size()) return false;
  for (std::size_t i = 0; i < old.size(); ++i) {
    if (!(requirements[i] == old[i])) return false;
  }
  return true;
}

void check_node_affinity_change(FieldErrors& errors, const View& affinity, const View& old) {
  const FieldPath path = FieldPath("spec.affinity.nodeAffinity") / kRequired / "nodeSelectorTerms";
  if (!old.has(kRequired)) return;
  const View before = old.at(kRequired, "nodeSelectorTerms");
  const View now = affinity.at(kRequired, "nodeSelectorTerms");
  if (!before.empty() && before.size() != now.size()) {
    return errors.invalid(path, now, "no additions/deletions to non-empty NodeSelectorTerms list are allowed");
  }
  for (std::size_t i = 0; i < before.size(); ++i) {
    const View term = before[i];
    const bool was_empty = term["matchExpressions"].empty() && term["matchFields"].empty();
    const bool grew = !now[i]["matchExpressions"].empty() || !now[i]["matchFields"].empty();
    if ((was_empty && grew) || !only_adds(now[i]["matchExpressions"], term["matchExpressions"]) || !only_adds(now[i]["matchFields"], term["matchFields"])) {
      errors.invalid(path.index(i), now[i], "only additions are allowed (no mutations or deletions)");
    }
  }
}

void take(Json& to, const View& from, const char* field) {
  if (from.has(field)) {
    to[field] = from[field].json();
  } else if (to.is_object()) {
    to.erase(field);
  }
}

/// While a pod waits at a scheduling gate, its node selector and node affinity may be narrowed.
void allow_narrowing(FieldErrors& errors, Json& spec, const View& old) {
  const View now(spec);
  if (!(now["nodeSelector"] == old["nodeSelector"])) {
    for (const auto& [key, value] : old["nodeSelector"].entries()) {
      const View kept = now["nodeSelector"][key];
      if (!kept.present() || kept.text() != value.text()) {
        errors.invalid("spec.nodeSelector", now["nodeSelector"], "only additions to spec.nodeSelector are allowed (no mutations or deletions)");
      }
    }
    take(spec, old, "nodeSelector");
  }
  const Json copy = spec;
  if (View(copy).at("affinity", "nodeAffinity") == old.at("affinity", "nodeAffinity")) return;
  check_node_affinity_change(errors, View(copy).at("affinity", "nodeAffinity"), old.at("affinity", "nodeAffinity"));
  if (!spec.contains("affinity")) spec["affinity"] = Json::object();
  take(spec["affinity"], old["affinity"], "nodeAffinity");
}

void check_annotation_changes(FieldErrors& errors, const View& annotations, const View& old) {
  constexpr std::string_view kAppArmor = "container.apparmor.security.beta.kubernetes.io/";
  constexpr std::string_view kMirror = "kubernetes.io/config.mirror";
  const FieldPath path("metadata.annotations");
  for (const auto& [key, value] : old.entries()) {
    if (annotations.has(key) && annotations[key].text() == value.text()) continue;
    if (key.starts_with(kAppArmor)) errors.forbidden(path.key(key), "may not remove or update AppArmor annotations");
    if (key == kMirror) errors.forbidden(path.key(key), "may not remove or update mirror pod annotation");
  }
  for (const auto& [key, value] : annotations.entries()) {
    if (old.has(key)) continue;
    if (key.starts_with(kAppArmor)) errors.forbidden(path.key(key), "may not add AppArmor annotations");
    if (key == kMirror) errors.forbidden(path.key(key), "may not add mirror pod annotation");
  }
}

}  // namespace

void check_pod_unchanged(FieldErrors& errors, const View& spec, const View& old) {
  if (!check_container_list(errors, spec["containers"], old["containers"], "spec.containers")) return;
  if (!check_container_list(errors, spec["initContainers"], old["initContainers"], "spec.initContainers")) return;
  if (!check_deadline(errors, spec["activeDeadlineSeconds"], old["activeDeadlineSeconds"])) return;
  check_added_tolerations(errors, spec["tolerations"], old["tolerations"]);
  check_deleted_gates(errors, spec["schedulingGates"], old["schedulingGates"]);
  if (equal_structs(spec.json(), old.json(), struct_type("core/v1.PodSpec"))) return;
  Json rest = spec.json();
  for (const char* kind : {"containers", "initContainers"}) {
    for (std::size_t i = 0; i < spec[kind].size(); ++i) take(rest[kind][i], old[kind][i], "image");
  }
  for (const char* field : {"activeDeadlineSeconds", "schedulingGates", "tolerations"}) take(rest, old, field);
  if (old["terminationGracePeriodSeconds"].number() < 0 && spec["terminationGracePeriodSeconds"].number() == 1) take(rest, old, "terminationGracePeriodSeconds");
  if (!old["schedulingGates"].empty()) allow_narrowing(errors, rest, old);
  if (!equal_structs(rest, old.json(), struct_type("core/v1.PodSpec"))) {
    errors.forbidden("spec",
                     "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,"
                     "`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was "
                     "previously negative)");
  }
}

void check_pod_annotation_update(FieldErrors& errors, const View& pod, const View& old, const PodOptions& options) {
  check_annotation_changes(errors, pod.at("metadata", "annotations"), old.at("metadata", "annotations"));
  check_pod_annotations(errors, pod.at("metadata", "annotations"), pod["spec"], "metadata.annotations", options);
}

}  // namespace tandem::cluster::api
