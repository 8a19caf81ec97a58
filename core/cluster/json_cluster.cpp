// The hand-written rules of metadata, node, Service and EndpointSlice JSON.

#include <fmt/format.h>

#include <algorithm>

#include "core/base/parse.hpp"
#include "core/cluster/json_node.hpp"
#include "core/cluster/json_service.hpp"

namespace tandem::cluster {

void resource_version_field(JsonReader& reader, std::int64_t& version) {
  const Json* value = reader.take("resourceVersion");
  if (value == nullptr) return;
  const PathStep step{&reader.step(), "resourceVersion"};
  std::string text;
  read_value(*value, step, reader.errors(), text);
  if (text.empty()) return;
  if (const Result<std::int64_t> number = parse_int(text)) {
    version = *number;
  } else {
    add_type_error(reader.errors(), step, *value, "text holding a whole number");
  }
}

void resource_version_field(JsonWriter& writer, std::int64_t version) {
  if (version != 0) writer.put("resourceVersion", fmt::to_string(version));
}

// ---------------------------------------------------------------- nodes

namespace {

constexpr std::string_view kInternalIp = "InternalIP";

/// The first address of that type in a JSON list of addresses, or null.
template <class List>
auto* find_internal_ip(List& addresses) {
  const auto found = std::find_if(addresses.begin(), addresses.end(), [](const Json& address) {
    return address.is_object() && address.value("type", "") == kInternalIp && address.contains("address");
  });
  return found == addresses.end() ? nullptr : &*found;
}

}  // namespace

void node_addresses(JsonReader& reader, NodeStatus& status) {
  const Json* list = reader.take("addresses");
  if (list == nullptr) return;
  const PathStep step{&reader.step(), "addresses"};
  if (!list->is_array()) {
    add_type_error(reader.errors(), step, *list, "a list");
    return;
  }
  for (std::size_t i = 0; i < list->size(); ++i) {
    const PathStep element_step{&step, {}, i};
    JsonReader element((*list)[i], element_step, reader.errors());
    std::string type;
    std::string address;
    element("type", type);
    element("address", address);
    if (type == kInternalIp && status.internal_ip.empty()) status.internal_ip = std::move(address);
  }
  if (list->size() > 1 || status.internal_ip.empty()) reader.keep("addresses", *list);
}

void node_addresses(JsonWriter& writer, const NodeStatus& status) {
  Json::array_t addresses;
  if (status.rest.fields) {
    if (const auto kept = status.rest.fields->find("addresses"); kept != status.rest.fields->end() && kept->is_array()) {
      addresses = kept->get_ref<const Json::array_t&>();
    }
  }
  if (!status.internal_ip.empty()) {
    if (Json* internal = find_internal_ip(addresses)) {
      (*internal)["address"] = status.internal_ip;
    } else {
      addresses.insert(addresses.begin(), Json::object_t{{"type", kInternalIp}, {"address", status.internal_ip}});
    }
  }
  if (!addresses.empty()) writer.put("addresses", std::move(addresses));
}

// ---------------------------------------------------------------- services

void service_status(JsonReader& reader, JsonRest& status) {
  const Json* value = reader.take("status");
  if (value == nullptr) return;
  if (!value->is_object()) {
    add_type_error(reader.errors(), PathStep{&reader.step(), "status"}, *value, "a mapping");
    return;
  }
  const bool nothing = value->empty() || *value == Json{{"loadBalancer", Json::object()}};
  if (!nothing) status.fields = std::make_shared<const Json>(*value);
}

void service_status(JsonWriter& writer, const JsonRest& status) {
  writer.put("status", status.fields ? *status.fields : Json{{"loadBalancer", Json::object()}});
}

// ---------------------------------------------------------------- endpoints

void endpoint_addresses(JsonReader& reader, Endpoint& endpoint) {
  std::vector<std::string> addresses;
  reader("addresses", addresses);
  if (addresses.empty()) return;
  endpoint.address = addresses.front();
  if (addresses.size() > 1) reader.keep("addresses", addresses);
}

void endpoint_addresses(JsonWriter& writer, const Endpoint& endpoint) {
  Json::array_t addresses;
  if (endpoint.rest.fields) {
    if (const auto kept = endpoint.rest.fields->find("addresses"); kept != endpoint.rest.fields->end() && kept->is_array()) {
      addresses = kept->get_ref<const Json::array_t&>();
    }
  }
  if (addresses.empty()) addresses.emplace_back();
  addresses.front() = endpoint.address;
  writer.put("addresses", std::move(addresses));
}

void endpoint_conditions(JsonReader& reader, Endpoint& endpoint) {
  Json absent = Json::object();
  const Json* conditions = reader.take("conditions");
  const Json none = Json::object();
  const PathStep step{&reader.step(), "conditions"};
  JsonReader inner(conditions == nullptr ? none : *conditions, step, reader.errors());
  const auto condition = [&](std::string_view key, bool& out, bool meaning_of_absent) {
    out = meaning_of_absent;
    if (const Json* value = inner.take(key)) {
      read_value(*value, PathStep{&step, key}, reader.errors(), out);
    } else {
      absent[std::string(key)] = nullptr;
    }
  };
  condition("ready", endpoint.ready, true);
  condition("serving", endpoint.serving, endpoint.ready);
  condition("terminating", endpoint.terminating, false);
  if (!absent.empty()) reader.keep("conditions", std::move(absent));
}

void endpoint_conditions(JsonWriter& writer, const Endpoint& endpoint) {
  Json::object_t conditions = {
      {"ready", endpoint.ready}, {"serving", endpoint.serving}, {"terminating", endpoint.terminating}};
  if (const Json* kept = writer.written("conditions"); kept != nullptr && kept->is_object()) {
    const auto leave_out = [&](const char* key, bool still_means_absent) {
      if (still_means_absent && kept->contains(key) && kept->at(key).is_null()) conditions.erase(key);
    };
    leave_out("ready", endpoint.ready);
    leave_out("serving", endpoint.serving == endpoint.ready);
    leave_out("terminating", !endpoint.terminating);
  }
  writer.put("conditions", std::move(conditions));
}

void endpoint_target(JsonReader& reader, Endpoint& endpoint) {
  reader.nested("targetRef", [&](JsonReader& target) {
    target("name", endpoint.pod_name);
    target("uid", endpoint.pod_uid);
    std::string kind;
    target("kind", kind);
    if (kind == "Pod") {
      target.take("namespace");
    } else if (!kind.empty()) {
      target.keep("kind", kind);
    }
  });
}

void endpoint_target(JsonWriter& writer, const Endpoint& endpoint) {
  if (endpoint.pod_name.empty()) return;
  writer.nested("targetRef", [&](JsonWriter& target) {
    target("name", endpoint.pod_name);
    target("uid", endpoint.pod_uid);
  });
}

void slice_constants(JsonReader& reader, EndpointSlice&) {
  std::string type;
  reader("addressType", type);
  if (!type.empty() && type != "IPv4") reader.keep("addressType", type);
}

void slice_constants(JsonWriter& writer, const EndpointSlice& slice) {
  const bool other_type = slice.rest.fields && slice.rest.fields->contains("addressType");
  if (!other_type) writer.put("addressType", "IPv4");
  for (Json& endpoint : *writer.written("endpoints")) {
    const auto target = endpoint.find("targetRef");
    if (target == endpoint.end() || target->contains("kind")) continue;
    (*target)["kind"] = "Pod";
    (*target)["namespace"] = slice.meta.namespace_;
  }
}

}  // namespace tandem::cluster
