// plugin/pkg/admission/limitranger.

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "core/cluster/api/limits.hpp"

namespace tandem::cluster::api {

namespace {

constexpr std::int64_t kMaxMilli = std::numeric_limits<std::int64_t>::max() / 1000;  // resource.MaxMilliValue

/// A request, a limit and a bound, in thousandths where all three fit.
struct Enforced {
  std::int64_t request;
  std::int64_t limit;
  std::int64_t bound;
};

Enforced enforced(const Quantity& request, const Quantity& limit, const Quantity& bound) {
  Enforced values{request.value(), limit.value(), bound.value()};
  if (values.request <= kMaxMilli && values.limit <= kMaxMilli && values.bound <= kMaxMilli) {
    values = {request.milli_value(), limit.milli_value(), bound.milli_value()};
  }
  return values;
}

struct Checked {
  const std::string& type;
  const std::string& resource;
  const Quantity& bound;
  std::optional<Quantity> request;
  std::optional<Quantity> limit;
};

using Objection = std::optional<std::string>;

Objection minimum(const Checked& c) {
  const Enforced v = enforced(c.request.value_or(Quantity()), c.limit.value_or(Quantity()), c.bound);
  const std::string start = fmt::format("minimum {} usage per {} is {}", c.resource, c.type, c.bound.text());
  if (!c.request) return start + ".  No request is specified";
  if (v.request < v.bound) return fmt::format("{}, but request is {}", start, c.request->text());
  if (c.limit && v.limit < v.bound) return fmt::format("{}, but limit is {}", start, c.limit->text());
  return std::nullopt;
}

Objection maximum(const Checked& c) {
  const Enforced v = enforced(c.request.value_or(Quantity()), c.limit.value_or(Quantity()), c.bound);
  const std::string start = fmt::format("maximum {} usage per {} is {}", c.resource, c.type, c.bound.text());
  if (!c.limit) return start + ".  No limit is specified";
  if (v.limit > v.bound) return fmt::format("{}, but limit is {}", start, c.limit->text());
  if (c.request && v.request > v.bound) return fmt::format("{}, but request is {}", start, c.request->text());
  return std::nullopt;
}

Objection maximum_request(const Checked& c) {
  const Enforced v = enforced(c.request.value_or(Quantity()), Quantity(), c.bound);
  const std::string start = fmt::format("maximum {} usage per {} is {}", c.resource, c.type, c.bound.text());
  if (!c.request) return start + ".  No request is specified";
  if (v.request > v.bound) return fmt::format("{}, but request is {}", start, c.request->text());
  return std::nullopt;
}

Objection ratio(const Checked& c) {
  const Enforced v = enforced(c.request.value_or(Quantity()), c.limit.value_or(Quantity()), c.bound);
  const std::string start = fmt::format("{} max limit to request ratio per {} is {}", c.resource, c.type, c.bound.text());
  if (!c.request || v.request == 0) return start + ", but no request is specified or request is 0";
  if (!c.limit || v.limit == 0) return start + ", but no limit is specified or limit is 0";
  const double shown = static_cast<double>(v.limit) / static_cast<double>(v.request);
  const bool in_milli = c.bound.value() <= kMaxMilli;
  const double observed = in_milli ? shown * 1000 : shown;
  const double allowed = static_cast<double>(in_milli ? c.bound.milli_value() : c.bound.value());
  if (observed > allowed) return fmt::format("{}, but provided ratio is {:f}", start, shown);
  return std::nullopt;
}

using Rule = Objection (*)(const Checked&);

void check_bounds(std::vector<std::string>& found, const View& limit, const char* field, Rule rule, const ResourceList& requests, const ResourceList& limits) {
  const std::string type = limit["type"].text();
  const auto value_in = [](const ResourceList& list, const std::string& name) {
    const auto entry = list.find(name);
    return entry == list.end() ? std::optional<Quantity>() : std::optional(entry->second);
  };
  for (const auto& [name, bound] : resource_list(limit[field])) {
    if (Objection objection = rule({type, name, bound, value_in(requests, name), value_in(limits, name)})) found.push_back(*std::move(objection));
  }
}

void check_all(std::vector<std::string>& found, const View& limit, const ResourceList& requests, const ResourceList& limits) {
  check_bounds(found, limit, "min", minimum, requests, limits);
  check_bounds(found, limit, "max", maximum, requests, limits);
  check_bounds(found, limit, "maxLimitRequestRatio", ratio, requests, limits);
}

/// Only cpu and memory count at the pod's own level here, and no overhead.
ResourceList pod_sum(const View& spec, ResourceSide side) {
  ResourceList sum = aggregate_containers(spec, side);
  for (const auto& [name, quantity] : resource_list(spec["resources"][side == ResourceSide::Requests ? "requests" : "limits"])) {
    if (name == "cpu" || name == "memory") sum[name] = quantity;
  }
  return sum;
}

std::string merge(Json& resources, const char* field, const ResourceList& defaults) {
  std::string added;
  Json& list = resources[field];
  if (list.is_null()) list = Json::object();
  for (const auto& [name, quantity] : defaults) {
    if (list.contains(name)) continue;
    list[name] = quantity.text();
    added = fmt::format("{}{}{}", added, added.empty() ? "" : ", ", name);
  }
  return added;
}

}  // namespace

void apply_limit_range(Json& pod, const View& limit_range) {
  ResourceList requests;
  ResourceList limits;
  for (const View& limit : limit_range.at("spec", "limits").items()) {
    if (limit["type"].text() != "Container") continue;
    for (const auto& [name, quantity] : resource_list(limit["defaultRequest"])) requests[name] = quantity;
    for (const auto& [name, quantity] : resource_list(limit["default"])) limits[name] = quantity;
  }
  std::vector<std::string> notes;
  for (const auto& [kind, words] : {std::pair("containers", "container"), std::pair("initContainers", "init container")}) {
    if (!pod["spec"].contains(kind)) continue;
    for (Json& container : pod["spec"][kind]) {
      const std::string name = View(container)["name"].text();
      const std::string set_limits = merge(container["resources"], "limits", limits);
      const std::string set_requests = merge(container["resources"], "requests", requests);
      if (!set_requests.empty()) notes.push_back(fmt::format("{} request for {} {}", set_requests, words, name));
      if (!set_limits.empty()) notes.push_back(fmt::format("{} limit for {} {}", set_limits, words, name));
    }
  }
  if (!notes.empty()) pod["metadata"]["annotations"]["kubernetes.io/limit-ranger"] = fmt::format("LimitRanger plugin set: {}", fmt::join(notes, "; "));
}

std::vector<std::string> limit_range_violations(const View& object, std::string_view kind, const View& limit_range) {
  std::vector<std::string> found;
  const View spec = object["spec"];
  for (const View& limit : limit_range.at("spec", "limits").items()) {
    const std::string type = limit["type"].text();
    if (kind == "PersistentVolumeClaim" && type == "PersistentVolumeClaim") {
      const ResourceList requests = resource_list(spec["resources"]["requests"]);
      check_bounds(found, limit, "min", minimum, requests, {});
      check_bounds(found, limit, "max", maximum_request, requests, {});
    }
    if (kind != "Pod") continue;
    if (type == "Container") {
      for (const char* containers : {"containers", "initContainers"}) {
        for (const View& container : spec[containers].items()) {
          check_all(found, limit, resource_list(container["resources"]["requests"]), resource_list(container["resources"]["limits"]));
        }
      }
    }
    if (type == "Pod") check_all(found, limit, pod_sum(spec, ResourceSide::Requests), pod_sum(spec, ResourceSide::Limits));
  }
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace tandem::cluster::api
