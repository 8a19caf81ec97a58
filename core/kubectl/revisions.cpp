#include "core/kubectl/revisions.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <tuple>

#include "core/kubectl/formatting.hpp"
#include "core/kubectl/json_reading.hpp"
#include "core/kubectl/selection.hpp"
#include "core/kubectl/table.hpp"

namespace tandem::kubectl {

namespace {

/// Fields whose empty object is as good as none: structs and maps in Go. Elsewhere `{}` is a pointer that is set (emptyDir).
bool may_be_empty(std::string_view key) {
  static constexpr std::string_view kKeys[] = {"resources", "labels", "annotations", "nodeSelector", "limits", "requests", "metadata", "status", "overhead",
                                               "matchLabels"};
  return std::find(std::begin(kKeys), std::end(kKeys), key) != std::end(kKeys);
}

/// The value with what Go's decoder cannot tell from nothing left out, and quantities in their canonical form.
json normalized(const json& value, bool quantities) {
  if (value.is_array()) {
    json items = json::array();
    for (const json& item : value) items.push_back(normalized(item, false));
    return items;
  }
  if (!value.is_object()) return quantities ? json(quantity_text(value)) : value;
  json fields = json::object();
  for (const auto& [key, inner] : value.items()) {
    json kept = normalized(inner, key == "limits" || key == "requests" || quantities);
    const bool nothing = kept.is_null() || (kept.is_array() && kept.empty()) || (kept.is_object() && kept.empty() && may_be_empty(key));
    if (!nothing) fields[key] = std::move(kept);
  }
  return fields;
}

json without_hash(const json& pod_template) {
  json copy = pod_template;
  const json::json_pointer labels("/metadata/labels");
  if (copy.contains(labels) && copy.at(labels).is_object()) copy.at(labels).erase("pod-template-hash");
  return normalized(copy, false);
}

}  // namespace

Revision revision_of(const json& object) {
  const json& annotations = at(object, "/metadata/annotations");
  if (!annotations.is_object() || !annotations.contains("deployment.kubernetes.io/revision")) return {};
  const std::string text = string_of(annotations.at("deployment.kubernetes.io/revision"));
  const char* const first = text.data() + (text.starts_with('+') ? 1 : 0);
  const char* const last = text.data() + text.size();
  Revision revision;
  const auto [end, error] = std::from_chars(first, last, revision.number);
  if (error == std::errc::result_out_of_range) revision.error = fmt::format("strconv.ParseInt: parsing \"{}\": value out of range", text);
  else if (error != std::errc() || end != last) revision.error = fmt::format("strconv.ParseInt: parsing \"{}\": invalid syntax", text);
  return revision;
}

bool same_template(const json& a, const json& b) { return without_hash(a) == without_hash(b); }

DeploymentReplicaSets replica_sets_of(const json& deployment, const std::vector<json>& objects) {
  std::vector<const json*> owned;
  for (const json& object : objects) {
    if (text_at(object, "/kind") != "ReplicaSet" || text_at(object, "/metadata/namespace") != text_at(deployment, "/metadata/namespace")) continue;
    if (!label_selector_matches(at(deployment, "/spec/selector"), object)) continue;
    const json& owner = controller_of(object);
    if (owner.is_object() && text_at(owner, "/uid") == text_at(deployment, "/metadata/uid")) owned.push_back(&object);
  }
  std::stable_sort(owned.begin(), owned.end(), [](const json* a, const json* b) {
    return std::make_tuple(unix_seconds_of(at(*a, "/metadata/creationTimestamp")), text_at(*a, "/metadata/name")) <
           std::make_tuple(unix_seconds_of(at(*b, "/metadata/creationTimestamp")), text_at(*b, "/metadata/name"));
  });
  DeploymentReplicaSets sets;
  const json& wanted = at(deployment, "/spec/template");
  for (const json* set : owned) {
    if (sets.current == nullptr && same_template(at(*set, "/spec/template"), wanted)) sets.current = set;
    else sets.old.push_back(set);
  }
  return sets;
}

}  // namespace tandem::kubectl
