// Namespaces with their quotas and limits, service accounts, storage classes and ingress classes.

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "core/kubectl/describe_parts.hpp"
#include "core/kubectl/formatting.hpp"
#include "core/kubectl/json_reading.hpp"

namespace tandem::kubectl {

namespace {

/// Objects of a kind in a namespace, by name.
std::vector<const json*> objects_in(const std::string& name_space, std::string_view kind, const DescribeContext& context) {
  std::vector<const json*> found;
  for (const json& object : context.objects) {
    if (text_at(object, "/kind") == kind && text_at(object, "/metadata/namespace") == name_space) found.push_back(&object);
  }
  std::stable_sort(found.begin(), found.end(), [](const json* a, const json* b) { return text_at(*a, "/metadata/name") < text_at(*b, "/metadata/name"); });
  return found;
}

/// What kubectl explains about the scope of a quota; empty for those it does not.
std::string_view scope_help(const std::string& scope) {
  if (scope == "Terminating") {
    return "Matches all pods that have an active deadline. These pods have a limited lifespan on a node before being actively terminated by the system.";
  }
  if (scope == "NotTerminating") {
    return "Matches all pods that do not have an active deadline. These pods usually include long running pods whose container command is not expected to terminate.";
  }
  if (scope == "BestEffort") return "Matches all pods that do not have resource requirements set. These pods have a best effort quality of service.";
  if (scope == "NotBestEffort") {
    return "Matches all pods that have at least one resource requirement set. These pods have a burstable or guaranteed quality of service.";
  }
  return {};
}

void describe_quotas(Description& text, const std::vector<const json*>& quotas) {
  if (quotas.empty()) return text.line(0, "No resource quota.");
  text.line(0, "Resource Quotas");
  for (const json* quota : quotas) {
    text.field(1, "Name", text_at(*quota, "/metadata/name"));
    std::vector<std::string> scopes = texts_of(at(*quota, "/spec/scopes"));
    std::sort(scopes.begin(), scopes.end());
    if (!scopes.empty()) text.field(1, "Scopes", joined(scopes, ", "));
    for (const std::string& scope : scopes) {
      if (!scope_help(scope).empty()) text.line(1, fmt::format("* {}", scope_help(scope)));
    }
    text.line(1, "Resource\tUsed\tHard");
    text.line(1, "--------\t---\t---");
    const json& hard = at(*quota, "/status/hard");
    const json& used = at(*quota, "/status/used");
    if (!hard.is_object()) continue;
    for (const auto& [resource, amount] : hard.items()) {
      text.line(1, fmt::format("{}\t{}\t{}", resource, used.is_object() && used.contains(resource) ? quantity_text(used.at(resource)) : "0", quantity_text(amount)));
    }
  }
}

void describe_limits(Description& text, const std::vector<const json*>& ranges) {
  static constexpr const char* kLists[] = {"/min", "/max", "/defaultRequest", "/default", "/maxLimitRequestRatio"};
  if (ranges.empty()) return text.line(0, "No LimitRange resource.");
  text.line(0, "Resource Limits");
  text.line(0, " Type\tResource\tMin\tMax\tDefault Request\tDefault Limit\tMax Limit/Request Ratio");
  text.line(0, " ----\t--------\t---\t---\t---------------\t-------------\t-----------------------");
  for (const json* range : ranges) {
    for (const json& item : list_at(*range, "/spec/limits")) {
      // kubectl takes the resources in the order of a hash table, we in that of their names.
      std::set<std::string> resources;
      for (const char* list : kLists) {
        const json& amounts = at(item, list);
        if (!amounts.is_object()) continue;
        for (const auto& [resource, amount] : amounts.items()) resources.insert(resource);
      }
      for (const std::string& resource : resources) {
        std::string line = fmt::format(" {}\t{}", text_at(item, "/type"), resource);
        for (const char* list : kLists) {
          const json& amounts = at(item, list);
          line += "\t" + (amounts.is_object() && amounts.contains(resource) ? quantity_text(amounts.at(resource)) : std::string("-"));
        }
        text.line(0, line);
      }
    }
  }
}

std::vector<std::string> names_of(const json& references) {
  std::vector<std::string> names;
  for (const json& reference : references) names.push_back(text_at(reference, "/name"));
  return names;
}

}  // namespace

void describe_namespace(Description& text, const json& name_space, const DescribeContext& context) {
  const std::string name = text_at(name_space, "/metadata/name");
  text.field(0, "Name", name);
  describe_labels_and_annotations(text, name_space);
  text.field(0, "Status", text_at(name_space, "/status/phase"));
  if (const json& conditions = list_at(name_space, "/status/conditions"); !conditions.empty()) {
    text.line(0, "Conditions:");
    text.line(1, "Type\tStatus\tLastTransitionTime\tReason\tMessage");
    text.line(1, "----\t------\t------------------\t------\t-------");
    for (const json& condition : conditions) {
      text.line(1, fmt::format("{}\t{}\t{}\t{}\t{}", text_at(condition, "/type"), text_at(condition, "/status"), rfc1123_text(at(condition, "/lastTransitionTime")),
                               text_at(condition, "/reason"), text_at(condition, "/message")));
    }
  }
  text.line(0, "");
  describe_quotas(text, objects_in(name, "ResourceQuota", context));
  text.line(0, "");
  describe_limits(text, objects_in(name, "LimitRange", context));
}

void describe_service_account(Description& text, const json& account, const DescribeContext& context) {
  const std::string name = text_at(account, "/metadata/name");
  std::set<std::string> existing;
  std::vector<std::string> tokens;
  for (const json* secret : objects_in(text_at(account, "/metadata/namespace"), "Secret", context)) {
    existing.insert(text_at(*secret, "/metadata/name"));
    const json& annotations = at(*secret, "/metadata/annotations");
    const bool is_token = text_at(*secret, "/type") == "kubernetes.io/service-account-token" && annotations.is_object() &&
                          annotations.value("kubernetes.io/service-account.name", "") == name &&
                          annotations.value("kubernetes.io/service-account.uid", "") == text_at(account, "/metadata/uid");
    if (is_token) tokens.push_back(text_at(*secret, "/metadata/name"));
  }
  describe_name(text, account);
  describe_labels_and_annotations(text, account);
  const std::pair<std::string, std::vector<std::string>> lists[] = {{"Image pull secrets:", names_of(list_at(account, "/imagePullSecrets"))},
                                                                    {"Mountable secrets: ", names_of(list_at(account, "/secrets"))},
                                                                    {"Tokens:            ", tokens}};
  for (const auto& [title, names] : lists) {
    if (names.empty()) text.line(0, title + "\t<none>");
    std::string start = title;
    for (const std::string& secret : names) {
      text.line(0, fmt::format("{}\t{}{}", start, secret, existing.contains(secret) ? "" : " (not found)"));
      start.assign(title.size(), ' ');
    }
  }
  describe_events_of(text, account, context);
}

void describe_storage_class(Description& text, const json& storage_class, const DescribeContext& context) {
  const json& annotations = at(storage_class, "/metadata/annotations");
  bool is_default = false;
  for (const char* key : {"storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class"}) {
    is_default = is_default || (annotations.is_object() && annotations.value(key, "") == "true");
  }
  text.field(0, "Name", text_at(storage_class, "/metadata/name"));
  text.field(0, "IsDefaultClass", is_default ? "Yes" : "No");
  text.field(0, "Annotations", labels_text(annotations));
  text.field(0, "Provisioner", text_at(storage_class, "/provisioner"));
  text.field(0, "Parameters", labels_text(at(storage_class, "/parameters")));
  const json& expansion = at(storage_class, "/allowVolumeExpansion");
  text.field(0, "AllowVolumeExpansion", expansion.is_boolean() ? boolean_text(expansion.get<bool>()) : "<unset>");
  const json& options = list_at(storage_class, "/mountOptions");
  text.line(0, options.empty() ? "MountOptions:\t<none>" : "MountOptions:");
  for (const std::string& option : texts_of(options)) text.line(1, option);
  if (const std::string policy = text_at(storage_class, "/reclaimPolicy"); !policy.empty()) text.field(0, "ReclaimPolicy", policy);
  if (const std::string mode = text_at(storage_class, "/volumeBindingMode"); !mode.empty()) text.field(0, "VolumeBindingMode", mode);
  if (const json& topologies = list_at(storage_class, "/allowedTopologies"); !topologies.empty()) {
    text.field(0, "AllowedTopologies", "");
    std::size_t index = 0;
    for (const json& term : topologies) {
      std::vector<std::string> expressions;
      for (const json& expression : list_at(term, "/matchLabelExpressions")) {
        const std::string values = joined(texts_of(at(expression, "/values")), ", ");
        expressions.push_back(fmt::format("{} in{}", text_at(expression, "/key"), values.empty() ? "" : fmt::format(" [{}]", values)));
      }
      text.list(fmt::format("Term {}", index++), expressions, "  ");
    }
  }
  describe_events_of(text, storage_class, context);
}

void describe_ingress_class(Description& text, const json& ingress_class, const DescribeContext& context) {
  text.field(0, "Name", text_at(ingress_class, "/metadata/name"));
  describe_labels_and_annotations(text, ingress_class);
  text.field(0, "Controller", text_at(ingress_class, "/spec/controller"));
  if (const json& parameters = at(ingress_class, "/spec/parameters"); parameters.is_object()) {
    text.line(0, "Parameters:");
    if (const json& group = at(parameters, "/apiGroup"); group.is_string()) text.field(1, "APIGroup", group.get<std::string>());
    text.field(1, "Kind", text_at(parameters, "/kind"));
    text.field(1, "Name", text_at(parameters, "/name"));
  }
  describe_events_of(text, ingress_class, context);
}

}  // namespace tandem::kubectl
