// LimitRanges and ResourceQuotas.

#include <fmt/format.h>

#include <limits>
#include <set>

#include "core/cluster/api/decode.hpp"
#include "core/cluster/api/resources.hpp"
#include "core/cluster/api/rules.hpp"

namespace tandem::cluster::api {

namespace {

constexpr std::int64_t kMaxMilli = std::numeric_limits<std::int64_t>::max() / 1000;  // resource.MaxMilliValue

void check_limit_type(FieldErrors& errors, const std::string& type, const FieldPath& path) {
  const Messages messages = qualified_name_errors(type);
  errors.invalid_each(path, type, messages);
  const bool standard = type == "Pod" || type == "Container" || type == "PersistentVolumeClaim";
  if (messages.empty() && type.find('/') == std::string::npos && !standard) errors.invalid(path, type, "must be a standard limit type or fully qualified");
}

/// The five bounds of one resource in one entry.
struct Bounds {
  std::string name;
  std::optional<Quantity> min, max, default_limit, default_request, ratio;
};

void check_bounds(FieldErrors& errors, const Bounds& b, const FieldPath& path) {
  const FieldPath request_path = (path / "defaultRequest").key(b.name);
  const FieldPath default_path = (path / "default").key(b.name);
  const auto above = [](const std::optional<Quantity>& a, const std::optional<Quantity>& c) { return a && c && *a > *c; };
  if (above(b.min, b.max)) {
    errors.invalid((path / "min").key(b.name), b.min->text(), fmt::format("min value {} is greater than max value {}", b.min->text(), b.max->text()));
  }
  if (above(b.min, b.default_request)) {
    errors.invalid(request_path, b.default_request->text(), fmt::format("min value {} is greater than default request value {}", b.min->text(), b.default_request->text()));
  }
  if (above(b.default_request, b.max)) {
    errors.invalid(request_path, b.default_request->text(), fmt::format("default request value {} is greater than max value {}", b.default_request->text(), b.max->text()));
  }
  if (above(b.default_request, b.default_limit)) {
    errors.invalid(request_path, b.default_request->text(),
                   fmt::format("default request value {} is greater than default limit value {}", b.default_request->text(), b.default_limit->text()));
  }
  if (above(b.min, b.default_limit)) {
    errors.invalid(default_path, b.min->text(), fmt::format("min value {} is greater than default value {}", b.min->text(), b.default_limit->text()));
  }
  if (above(b.default_limit, b.max)) {
    errors.invalid(default_path, b.max->text(), fmt::format("default value {} is greater than max value {}", b.default_limit->text(), b.max->text()));
  }
  if (b.ratio) {
    const FieldPath at = (path / "maxLimitRequestRatio").key(b.name);
    if (*b.ratio < Quantity::of_value(1)) errors.invalid(at, b.ratio->text(), fmt::format("ratio {} is less than 1", b.ratio->text()));
    if (b.min && b.max) {
      const bool in_milli = b.ratio->value() < kMaxMilli && b.min->value() < kMaxMilli && b.max->value() < kMaxMilli;
      const double ratio = in_milli ? static_cast<double>(b.ratio->milli_value()) / 1000 : static_cast<double>(b.ratio->value());
      const double most = static_cast<double>(in_milli ? b.max->milli_value() : b.max->value()) / static_cast<double>(in_milli ? b.min->milli_value() : b.min->value());
      if (ratio > most) errors.invalid(at, b.ratio->text(), fmt::format("ratio {} is greater than max/min = {:f}", b.ratio->text(), most));
    }
  }
  if (!is_overcommit_allowed(b.name) && b.default_limit && b.default_request && !(*b.default_limit == *b.default_request)) {
    errors.invalid(request_path, b.default_request->text(),
                   fmt::format("default value {} must equal to defaultRequest value {} in {}", b.default_limit->text(), b.default_request->text(), b.name));
  }
}

void check_limit(FieldErrors& errors, const View& limit, const FieldPath& path) {
  const std::string type = limit["type"].text();
  std::set<std::string> names;
  const auto check_names = [&](const char* field) {
    for (const auto& [name, value] : limit[field].entries()) {
      const FieldPath at = (path / field).key(name);
      if (type == "Pod" || type == "Container") {
        check_container_resource_name(errors, name, at);
      } else {
        check_resource_name(errors, name, at);
      }
      names.insert(name);
    }
  };
  check_names("max");
  check_names("min");
  if (type == "Pod") {
    for (const char* field : {"default", "defaultRequest"}) {
      if (!limit[field].empty()) errors.forbidden(path / field, "may not be specified when `type` is 'Pod'");
    }
  } else {
    check_names("default");
    check_names("defaultRequest");
  }
  if (type == "PersistentVolumeClaim" && !limit["min"].has("storage") && !limit["max"].has("storage")) {
    errors.required(path / "limits", "either minimum or maximum storage value is required, but neither was provided");
  }
  check_names("maxLimitRequestRatio");
  const auto value_of = [&](const char* field, const std::string& name) {
    return limit[field].has(name) ? std::optional(quantity_of(limit[field][name])) : std::optional<Quantity>();
  };
  for (const std::string& name : names) {
    const bool of_pod = type == "Pod";
    check_bounds(errors,
                 {name, value_of("min", name), value_of("max", name), of_pod ? std::nullopt : value_of("default", name),
                  of_pod ? std::nullopt : value_of("defaultRequest", name), value_of("maxLimitRequestRatio", name)},
                 path);
  }
}

using Names = std::set<std::string>;

bool is_standard_scope(const std::string& scope) {
  static const Names kScopes = {"Terminating", "NotTerminating", "BestEffort", "NotBestEffort", "PriorityClass", "VolumeAttributesClass", "CrossNamespacePodAffinity"};
  return kScopes.contains(scope);
}

bool scope_fits(const std::string& scope, const std::string& resource) {
  static const Names kCompute = {"cpu", "memory", "limits.cpu", "limits.memory", "requests.cpu", "requests.memory"};
  static const Names kPodScopes = {"Terminating", "NotTerminating", "NotBestEffort", "PriorityClass", "CrossNamespacePodAffinity"};
  if (kPodScopes.contains(scope)) return resource == "pods" || kCompute.contains(resource);
  if (scope == "BestEffort") return resource == "pods";
  if (scope == "VolumeAttributesClass") return resource == "persistentvolumeclaims" || resource == "requests.storage";
  return true;
}

void check_scope_resources(FieldErrors& errors, const std::string& scope, const View& hard, const FieldPath& path, const BadValue& value) {
  for (const auto& [name, quantity] : hard.entries()) {
    if (is_standard_quota_resource(name) && !scope_fits(scope, name)) errors.invalid(path, value, "unsupported scope applied to resource");
  }
}

void check_conflicts(FieldErrors& errors, const Names& scopes, const FieldPath& path, const View& listed) {
  if (scopes.contains("BestEffort") && scopes.contains("NotBestEffort")) errors.invalid(path, listed, "conflicting scopes");
  if (scopes.contains("Terminating") && scopes.contains("NotTerminating")) errors.invalid(path, listed, "conflicting scopes");
}

void check_scope_selector(FieldErrors& errors, const View& spec, const FieldPath& path) {
  static const Names kExistOnly = {"BestEffort", "NotBestEffort", "Terminating", "NotTerminating", "CrossNamespacePodAffinity"};
  Names scopes;
  const BadValue dump = BadValue::raw(go_dump(spec["scopeSelector"], struct_type("core/v1.ScopeSelector")));
  for (const View& requirement : spec.at("scopeSelector", "matchExpressions").items()) {
    const std::string scope = requirement["scopeName"].text();
    const std::string op = requirement["operator"].text();
    if (!is_standard_scope(scope)) errors.invalid(path / "scopeName", scope, "unsupported scope");
    check_scope_resources(errors, scope, spec["hard"], path, dump);
    if (kExistOnly.contains(scope) && op != "Exists") {
      errors.invalid(path / "operator", op,
                     "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, "
                     "ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity");
    }
    const View values = requirement["values"];
    if (op == "In" || op == "NotIn") {
      if (values.empty()) errors.required(path / "values", "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector");
    } else if (op == "Exists" || op == "DoesNotExist") {
      if (!values.empty()) errors.invalid(path / "values", values, "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector");
    } else {
      errors.invalid(path / "operator", op, "not a valid selector operator");
    }
    scopes.insert(scope);
  }
  check_conflicts(errors, scopes, path, spec["scopes"]);
}

void check_quota_spec(FieldErrors& errors, const View& spec) {
  const FieldPath path("spec");
  for (const auto& [name, value] : spec["hard"].entries()) {
    const FieldPath at = (path / "hard").key(name);
    check_resource_name(errors, name, at);
    if (name.find('/') == std::string::npos && !is_standard_quota_resource(name)) errors.invalid(at, name, "must be a standard resource for quota");
    check_resource_value(errors, name, value, at);
  }
  const View scopes = spec["scopes"];
  Names names;
  for (const std::string& scope : scopes.texts()) {
    if (!is_standard_scope(scope)) errors.invalid(path / "scopes", scopes, "unsupported scope");
    check_scope_resources(errors, scope, spec["hard"], path / "scopes", scopes);
    names.insert(scope);
  }
  check_conflicts(errors, names, path / "scopes", scopes);
  if (spec.has("scopeSelector")) check_scope_selector(errors, spec, path / "scopeSelector" / "matchExpressions");
}

}  // namespace

void check_limit_range(FieldErrors& errors, const View& object, const View&) {
  check_object_meta(errors, object["metadata"], true, name_is_subdomain);
  std::set<std::string> types;
  std::size_t i = 0;
  for (const View& limit : object.at("spec", "limits").items()) {
    const FieldPath at = FieldPath("spec.limits").index(i++);
    const std::string type = limit["type"].text();
    check_limit_type(errors, type, at / "type");
    if (!types.insert(type).second) errors.duplicate(at / "type", type);
    check_limit(errors, limit, at);
  }
}

void check_resource_quota(FieldErrors& errors, const View& object, const View& old) {
  if (!old.present()) {
    check_object_meta(errors, object["metadata"], true, name_is_subdomain);
    return check_quota_spec(errors, object["spec"]);
  }
  check_object_meta_update(errors, object["metadata"], old["metadata"], true);
  check_quota_spec(errors, object["spec"]);
  const std::vector<std::string> now = object.at("spec", "scopes").texts();
  const std::vector<std::string> before = old.at("spec", "scopes").texts();
  if (std::set(now.begin(), now.end()) != std::set(before.begin(), before.end())) errors.invalid("spec.scopes", object["spec"]["scopes"], kImmutable);
}

}  // namespace tandem::cluster::api
