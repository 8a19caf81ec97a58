#include "core/cluster/json.hpp"

#include <fmt/format.h>

#include <utility>

#include "core/cluster/json_node.hpp"
#include "core/cluster/json_pod.hpp"
#include "core/cluster/json_service.hpp"
#include "core/cluster/json_workload.hpp"

namespace tandem::cluster {

namespace {

/// apiVersion of the kinds that have a typed view.
template <class T>
constexpr std::string_view api_version() {
  if constexpr (std::same_as<T, ReplicaSet> || std::same_as<T, Deployment>) return "apps/v1";
  if constexpr (std::same_as<T, EndpointSlice>) return "discovery.k8s.io/v1";
  return "v1";
}

Error wrong_kind(std::string_view path, std::string found, std::string_view allowed) {
  Error error = make_error(ErrorCode::ScenarioWrongKind, fmt::format("{} must be {}", path, allowed));
  error.path = path;
  error.found = std::move(found);
  error.allowed = allowed;
  return error;
}

/// Reads apiVersion and kind. Absent ones read as empty.
std::pair<std::string, std::string> read_type(JsonReader& reader) {
  std::pair<std::string, std::string> type;
  reader("apiVersion", type.first);
  reader("kind", type.second);
  return type;
}

template <class T>
void read_object(JsonReader& reader, T& object) { fields(reader, object); }

void read_object(JsonReader& reader, Unstructured& object) {
  reader("metadata", object.meta);
  reader.rest(object.rest);
}

template <class T>
void check_type(const std::pair<std::string, std::string>& type, T&, Errors& errors) {
  const auto& [version, kind] = type;
  if (!version.empty() && version != api_version<T>()) errors.push_back(wrong_kind("apiVersion", version, api_version<T>()));
  if (!kind.empty() && kind != KindOf<T>::name) errors.push_back(wrong_kind("kind", kind, KindOf<T>::name));
}

void check_type(const std::pair<std::string, std::string>& type, Unstructured& object, Errors&) {
  object.api_version = type.first;
  object.kind = type.second;
}

void add_missing(Errors& errors, std::string_view path, std::string_view example) {
  Error error = make_error(ErrorCode::ValueMissing, fmt::format("{} is missing", path));
  error.path = path;
  error.allowed = fmt::format("for example {}", example);
  errors.push_back(std::move(error));
}

template <class T>
Checked<AnyObject> read_as(const Json& document) {
  Checked<T> read = from_json<T>(document);
  if (!read) return tl::unexpected(std::move(read).error());
  return Checked<AnyObject>(tl::in_place, std::in_place_type<T>, std::move(*read));
}

}  // namespace

template <class T>
Checked<T> from_json(const nlohmann::json& document) {
  Errors errors;
  const PathStep root;
  JsonReader reader(document, root, errors);
  T object;
  object.meta.creation_timestamp = kTimeUnset;
  check_type(read_type(reader), object, errors);
  read_object(reader, object);
  if (!errors.empty()) return tl::unexpected(std::move(errors));
  return object;
}

Checked<AnyObject> object_from_json(const nlohmann::json& document) {
  Errors errors;
  const PathStep root;
  JsonReader reader(document, root, errors);
  if (errors.empty()) {
    const auto type = read_type(reader);
    if (type.first.empty() && errors.empty()) add_missing(errors, "apiVersion", "apps/v1");
    if (type.second.empty() && errors.size() < 2) add_missing(errors, "kind", "Deployment");
    if (errors.empty()) {
      const auto is = [&](std::string_view version, Kind kind) {
        return type.first == version && type.second == name_of(kind);
      };
      if (is("v1", Kind::Node)) return read_as<Node>(document);
      if (is("v1", Kind::Pod)) return read_as<Pod>(document);
      if (is("apps/v1", Kind::ReplicaSet)) return read_as<ReplicaSet>(document);
      if (is("apps/v1", Kind::Deployment)) return read_as<Deployment>(document);
      if (is("v1", Kind::Service)) return read_as<Service>(document);
      if (is("discovery.k8s.io/v1", Kind::EndpointSlice)) return read_as<EndpointSlice>(document);
      if (is("v1", Kind::Event)) return read_as<Event>(document);
      return read_as<Unstructured>(document);
    }
  }
  return tl::unexpected(std::move(errors));
}

template <class T>
nlohmann::json to_json(const T& object, TimeFormat format) {
  JsonWriter writer(format);
  if constexpr (std::same_as<T, Unstructured>) {
    writer.put("apiVersion", object.api_version);
    writer.put("kind", object.kind);
    writer.always("metadata", object.meta);
    writer.rest(object.rest);
  } else {
    writer.put("apiVersion", api_version<T>());
    writer.put("kind", KindOf<T>::name);
    fields(writer, object);
  }
  return writer.take();
}

nlohmann::json to_json(const AnyObject& object, TimeFormat format) {
  return std::visit([format](const auto& typed) { return to_json(typed, format); }, object);
}

#define TANDEM_INSTANTIATE(T)                                  \
  template nlohmann::json to_json(const T&, TimeFormat);       \
  template Checked<T> from_json<T>(const nlohmann::json&);
TANDEM_INSTANTIATE(Node)
TANDEM_INSTANTIATE(Pod)
TANDEM_INSTANTIATE(ReplicaSet)
TANDEM_INSTANTIATE(Deployment)
TANDEM_INSTANTIATE(Service)
TANDEM_INSTANTIATE(EndpointSlice)
TANDEM_INSTANTIATE(Event)
TANDEM_INSTANTIATE(Unstructured)
#undef TANDEM_INSTANTIATE

}  // namespace tandem::cluster
