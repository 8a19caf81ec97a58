// Requests and limits of containers and pods.

#include <fmt/format.h>

#include "core/cluster/api/resources.hpp"
#include "core/cluster/api/rules.hpp"

namespace tandem::cluster::api {

namespace {

void check_name_for(FieldErrors& errors, std::string_view name, const FieldPath& path, ResourceOwner owner) {
  if (owner == ResourceOwner::Container) return check_container_resource_name(errors, name, path);
  FieldErrors own;
  check_resource_name(own, name, path);
  if (own.empty() && !is_pod_level_resource(name)) own.not_supported(path, name, {"cpu", "hugepages-", "memory"});
  errors.add(own);
}

void check_huge_pages(FieldErrors& errors, std::string_view name, const View& value, const FieldPath& path, bool allow_odd) {
  const Quantity quantity = quantity_of(value);
  if (!is_huge_page(name) || allow_odd || is_huge_page_multiple(name, quantity)) return;
  errors.invalid(path, quantity.text(), fmt::format("{} is not positive integer multiple of {}", quantity.text(), name));
}

void check_request_against_limit(FieldErrors& errors, const std::string& name, const View& value, const View& limits, const FieldPath& path) {
  const Quantity request = quantity_of(value);
  if (!limits.has(name)) {
    if (!is_overcommit_allowed(name)) errors.required(path / "limits", "Limit must be set for non overcommitable resources");
    return;
  }
  const Quantity limit = quantity_of(limits[name]);
  if (!(request == limit) && !is_overcommit_allowed(name)) {
    errors.invalid(path / "requests", request.text(), fmt::format("must be equal to {} limit of {}", name, limit.text()));
  } else if (request > limit) {
    errors.invalid(path / "requests", request.text(), fmt::format("must be less than or equal to {} limit of {}", name, limit.text()));
  }
}

void check_claims(FieldErrors& errors, const View& claims, const View& pod_claims, const FieldPath& path) {
  std::vector<std::string> known;
  for (const View& claim : pod_claims.items()) {
    if (const std::string name = claim["name"].text(); !name.empty() && !contains(known, name)) known.push_back(name);
  }
  std::sort(known.begin(), known.end());
  std::vector<std::string> seen;
  std::size_t i = 0;
  for (const View& claim : claims.items()) {
    const FieldPath at = path.index(i++);
    const std::string name = claim["name"].text();
    const std::string request = claim["request"].text();
    if (name.empty()) {
      errors.required(at);
      continue;
    }
    if (contains(seen, name)) {
      errors.duplicate(at, name);
    } else {
      std::string key = name;
      if (!request.empty()) {
        errors.invalid_each(at / "request", request, dns1123_label_errors(request));
        key = fmt::format("{}/{}", name, request);
      }
      if (contains(seen, key)) {
        errors.duplicate(at, key);
      } else if (request.empty()) {
        for (const std::string& other : seen) {
          if (other.starts_with(name + "/")) errors.duplicate(at, name);
        }
      }
      seen.push_back(key);
    }
    if (!contains(known, name)) {
      errors.not_found(at, name,
                       known.empty() ? std::string("must be one of the names in pod.spec.resourceClaims which is empty")
                                     : fmt::format("must be one of the names in pod.spec.resourceClaims: {}", fmt::join(known, ", ")));
    }
  }
}

}  // namespace

void check_resource_name(FieldErrors& errors, std::string_view name, const FieldPath& path) {
  const Messages messages = qualified_name_errors(name);
  errors.invalid_each(path, name, messages);
  if (messages.empty() && name.find('/') == std::string_view::npos && !is_standard_resource(name)) {
    errors.invalid(path, name, "must be a standard resource type or fully qualified");
  }
}

void check_container_resource_name(FieldErrors& errors, std::string_view name, const FieldPath& path) {
  check_resource_name(errors, name, path);
  if (name.find('/') == std::string_view::npos) {
    if (!is_standard_container_resource(name)) errors.invalid(path, name, "must be a standard resource for containers");
  } else if (!is_native_resource(name) && !is_extended_resource(name)) {
    errors.invalid(path, name, "doesn't follow extended resource name standard");
  }
}

void check_resource_value(FieldErrors& errors, std::string_view name, const View& value, const FieldPath& path) {
  const Quantity quantity = quantity_of(value);
  if (quantity.sign() < 0) errors.invalid(path, quantity.text(), kNotNegative);
  if (is_integer_resource(name) && quantity.milli_value() % 1000 != 0) errors.invalid(path, quantity.text(), "must be an integer");
}

void check_resource_requirements(FieldErrors& errors, const View& resources, const View& pod_spec, const FieldPath& path, ResourceOwner owner,
                                 bool allow_odd_huge_pages) {
  bool compute = false;
  bool huge_pages = false;
  const auto check_one = [&](const std::string& name, const View& value, const FieldPath& at) {
    check_name_for(errors, name, at, owner);
    check_resource_value(errors, name, value, at);
    compute = compute || name == "cpu" || name == "memory";
    huge_pages = huge_pages || is_huge_page(name);
  };
  for (const auto& [name, value] : resources["limits"].entries()) {
    const FieldPath at = (path / "limits").key(name);
    check_one(name, value, at);
    check_huge_pages(errors, name, value, at, allow_odd_huge_pages);
  }
  for (const auto& [name, value] : resources["requests"].entries()) {
    const FieldPath at = (path / "requests").key(name);
    check_one(name, value, at);
    check_request_against_limit(errors, name, value, resources["limits"], path);
    check_huge_pages(errors, name, value, at, allow_odd_huge_pages);
  }
  if (huge_pages && !compute) errors.forbidden(path, "HugePages require cpu or memory");
  check_claims(errors, resources["claims"], pod_spec["resourceClaims"], path / "claims");
}

void check_pod_resources(FieldErrors& errors, const View& pod_spec, const FieldPath& path, bool allow_odd_huge_pages) {
  const View resources = pod_spec["resources"];
  if (!resources.present()) return;
  const FieldPath at = path / "resources";
  if (pod_spec.at("os", "name").text() == "windows") return errors.forbidden(at, "may not be set for a windows pod");
  if (resources["claims"].present()) errors.forbidden(at / "claims", "claims may not be set for Resources at pod-level");
  check_resource_requirements(errors, resources, pod_spec, at, ResourceOwner::Pod, allow_odd_huge_pages);
  for (const auto& [name, sum] : aggregate_containers(pod_spec, ResourceSide::Requests)) {
    if (!resources["requests"].has(name)) continue;
    const Quantity own = quantity_of(resources["requests"][name]);
    if (sum > own) {
      errors.invalid((at / "requests").key(name), own.text(), fmt::format("must be greater than or equal to aggregate container requests of {}", sum.text()));
    }
  }
  for (const auto& [name, sum] : aggregate_containers(pod_spec, ResourceSide::Limits)) {
    if (!is_huge_page(name) || !resources["limits"].has(name)) continue;
    const Quantity own = quantity_of(resources["limits"][name]);
    if (sum > own) {
      errors.invalid((at / "limits").key(name), own.text(), fmt::format("must be greater than or equal to aggregate container limits of {}", sum.text()));
    }
  }
  std::size_t i = 0;
  for (const View& container : pod_spec["containers"].items()) {
    const FieldPath container_path = (at / "containers").index(i++);
    for (const auto& [name, value] : container["resources"]["limits"].entries()) {
      if (!resources["limits"].has(name)) continue;
      const Quantity own = quantity_of(value);
      const Quantity pod_limit = quantity_of(resources["limits"][name]);
      if (own > pod_limit) errors.invalid(container_path.key(name) / "limits", own.text(), fmt::format("must be less than or equal to pod limits of {}", pod_limit.text()));
    }
  }
}

}  // namespace tandem::cluster::api
