#include "core/cluster/api_rules.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

namespace tandem::cluster::rules {

namespace {

using Json = nlohmann::json;

/// An Unstructured object without its status; null fields compare equal to none.
Json without_status(const Unstructured& object) {
  Json fields = object.rest.fields ? *object.rest.fields : Json::object();
  fields.erase("status");
  return fields;
}

std::string plural(std::string_view kind) {
  std::string name;
  for (const char c : kind) name += static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  const bool sibilant = name.ends_with('s') || name.ends_with('x') || name.ends_with("ch") || name.ends_with("sh");
  if (name.ends_with('y') && !name.ends_with("ay") && !name.ends_with("ey")) {
    name.back() = 'i';
    return name + "es";
  }
  return name + (sibilant ? "es" : "s");
}

}  // namespace

bool counts_generations(const Unstructured& object) {
  static constexpr std::array<std::string_view, 5> kCounted = {"StatefulSet", "DaemonSet", "Job", "CronJob",
                                                               "PodDisruptionBudget"};
  return std::find(kCounted.begin(), kCounted.end(), object.kind) != kCounted.end();
}

bool same_spec(const Unstructured& a, const Unstructured& b) {
  return a.rest.fields == b.rest.fields || without_status(a) == without_status(b);
}

void copy_status(const Unstructured& from, Unstructured& to) {
  Json fields = without_status(to);
  if (from.rest.fields) {
    if (const auto status = from.rest.fields->find("status"); status != from.rest.fields->end()) fields["status"] = *status;
  }
  to.rest.fields = fields.empty() ? nullptr : std::make_shared<const Json>(std::move(fields));
}

std::string resource_name(Kind kind, std::string_view unstructured_kind) {
  switch (kind) {
    case Kind::Node: return "nodes";
    case Kind::Pod: return "pods";
    case Kind::ReplicaSet: return "replicasets.apps";
    case Kind::Deployment: return "deployments.apps";
    case Kind::Service: return "services";
    case Kind::EndpointSlice: return "endpointslices.discovery.k8s.io";
    case Kind::Event: return "events";
    case Kind::Unstructured: return unstructured_kind.empty() ? "objects" : plural(unstructured_kind);
  }
  return "objects";
}

Error not_found(Kind kind, const KeyView& key) {
  return make_error(ErrorCode::ApiNotFound, fmt::format("{} \"{}\" not found", resource_name(kind, key.kind), key.name));
}

Error already_exists(Kind kind, const KeyView& key) {
  return make_error(ErrorCode::ApiAlreadyExists,
                    fmt::format("{} \"{}\" already exists", resource_name(kind, key.kind), key.name));
}

Error conflict(Kind kind, const KeyView& key, std::string_view reason) {
  return make_error(ErrorCode::ApiConflict, fmt::format("Operation cannot be fulfilled on {} \"{}\": {}",
                                                        resource_name(kind, key.kind), key.name, reason));
}

Error version_conflict(Kind kind, const KeyView& key) {
  return conflict(kind, key,
                  "the object has been modified; please apply your changes to the latest version and try again");
}

Error precondition_conflict(Kind kind, const KeyView& key, std::string_view wanted_uid, std::string_view actual_uid) {
  return conflict(kind, key, fmt::format("Precondition failed: UID in precondition: {}, UID in object meta: {}", wanted_uid,
                                         actual_uid));
}

Error invalid(Kind kind, const KeyView& key, std::string_view field, std::string_view reason) {
  Error error = make_error(ErrorCode::ApiInvalid, fmt::format("{} \"{}\" is invalid: {}: {}", resource_name(kind, key.kind),
                                                              key.name, field, reason));
  error.path = field;
  return error;
}

}  // namespace tandem::cluster::rules
