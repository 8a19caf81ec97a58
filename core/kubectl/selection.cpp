#include "core/kubectl/selection.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "core/base/text.hpp"
#include "core/cluster/selector.hpp"
#include "core/kubectl/formatting.hpp"
#include "core/kubectl/json_reading.hpp"

namespace tandem::kubectl {

namespace {

cluster::Labels labels_of(const json& object) {
  cluster::Labels labels;
  if (const json& stored = at(object, "/metadata/labels"); stored.is_object()) {
    for (const auto& [key, value] : stored.items()) labels.emplace(key, string_of(value));
  }
  return labels;
}

Error unknown_resource(const std::string& word) {
  const std::vector<std::string> known = resource_words();
  const std::vector<std::string_view> views(known.begin(), known.end());
  const std::string nearest = nearest_name(word, views);
  return make_error(ErrorCode::UsageNotFound, fmt::format("the server doesn't have a resource type \"{}\"", word.substr(0, word.find('.'))))
      .with_hint(nearest.empty() ? "" : "did you mean " + nearest + "?");
}

Status usage(const char* message) { return fail(ErrorCode::UsageBadArgument, message); }

void add_kind(Selection& selection, std::string_view kind) {
  if (std::find(selection.kinds.begin(), selection.kinds.end(), kind) == selection.kinds.end()) selection.kinds.emplace_back(kind);
}

/// A word of the kind list; "all" stands for the kinds of that category.
Status add_kinds(Selection& selection, const std::string& word) {
  if (word == "all") {
    for (const std::string& kind : selection.kinds_in_all) add_kind(selection, kind);
    for (const Resource& resource : resources()) {
      if (resource.in_all && selection.kinds_in_all.empty()) add_kind(selection, resource.kind);
    }
    return {};
  }
  const Resource* resource = find_resource(word);
  if (resource == nullptr) return fail(unknown_resource(word));
  add_kind(selection, resource->kind);
  return {};
}

/// "pod/web-1".
Status add_named(Selection& selection, const std::string& word) {
  const std::vector<std::string> parts = split(word, '/');
  if (parts.size() != 2) return usage("arguments in resource/name form may not have more than one slash");
  if (parts[0].empty() || parts[1].empty() || parts[0].find(',') != std::string::npos) {
    return usage("arguments in resource/name form must have a single resource and name");
  }
  const Resource* resource = find_resource(parts[0]);
  if (resource == nullptr) return fail(unknown_resource(parts[0]));
  add_kind(selection, resource->kind);
  selection.named.push_back({std::string(resource->kind), parts[1]});
  return {};
}

Status check_names(const Selection& selection) {
  if (selection.named.empty()) return {};
  if (!selection.selector.empty()) return usage("name cannot be provided when a selector is specified");
  const bool any_namespaced =
      std::any_of(selection.kinds.begin(), selection.kinds.end(), [](const std::string& kind) { return resource_of_kind(kind)->is_namespaced; });
  if (selection.all_namespaces && any_namespaced) return usage("a resource cannot be retrieved by name across all namespaces");
  return {};
}

using Requirements = std::vector<cluster::SelectorRequirement>;

Result<Requirements> requirements_of(const Selection& selection) {
  if (selection.selector.empty()) return Requirements{};
  return cluster::parse_selector(selection.selector);
}

bool is_of(const json& object, const Resource& resource, const Selection& selection, const Requirements& requirements) {
  if (text_at(object, "/kind") != resource.kind) return false;
  const bool here = selection.all_namespaces || !resource.is_namespaced || text_at(object, "/metadata/namespace") == selection.namespace_;
  return here && cluster::matches(requirements, labels_of(object));
}

/// The API server's word on a selector that it cannot read, as kubectl completes it.
std::string bad_selector_text(const Resource& resource, const std::string& selector, const Error& error) {
  return fmt::format("Error from server (BadRequest): Unable to find \"{}/{}, Resource={}\" that match label selector {}, field selector \"\": {}", resource.group,
                     resource.version, resource.plural, json(selector).dump(), error.what);
}

Group everything_of(const std::string& kind, const Selection& selection, const Requirements& requirements, const std::vector<json>& objects) {
  Group group{resource_of_kind(kind), {}};
  for (const json& object : objects) {
    if (is_of(object, *group.resource, selection, requirements)) group.objects.push_back(object);
  }
  std::stable_sort(group.objects.begin(), group.objects.end(), [](const json& a, const json& b) {
    return std::make_tuple(text_at(a, "/metadata/namespace"), text_at(a, "/metadata/name")) <
           std::make_tuple(text_at(b, "/metadata/namespace"), text_at(b, "/metadata/name"));
  });
  return group;
}

}  // namespace

Status parse_resources(const std::vector<std::string>& words, Selection& selection) {
  if (words.empty()) return usage("which kind of object? for example: pods");
  const auto with_slash = std::count_if(words.begin(), words.end(), [](const std::string& word) { return word.find('/') != std::string::npos; });
  if (with_slash > 0) {
    if (static_cast<std::size_t>(with_slash) != words.size()) {
      return usage(
          "there is no need to specify a resource type as a separate argument when passing arguments in resource/name form "
          "(e.g. 'kubectl get resource/<resource_name>' instead of 'kubectl get resource resource/<resource_name>'");
    }
    for (const std::string& word : words) TANDEM_TRY(add_named(selection, word));
    return {};
  }
  const std::vector<std::string> kinds = split(words.front(), ',');
  const std::vector<std::string> names(words.begin() + 1, words.end());
  for (const std::string& kind : kinds) {
    if (names.empty()) TANDEM_TRY(add_kinds(selection, kind));
    for (const std::string& name : names) TANDEM_TRY(add_named(selection, kind + "/" + name));
  }
  return {};
}

Result<Selected> select(const Selection& selection, const std::vector<json>& objects) {
  if (const Status checked = check_names(selection); !checked) return tl::unexpected(checked.error());
  const Result<Requirements> requirements = requirements_of(selection);
  Selected selected;
  if (!requirements) {
    for (const std::string& kind : selection.kinds) selected.errors.push_back(bad_selector_text(*resource_of_kind(kind), selection.selector, requirements.error()));
    return selected;
  }
  if (selection.named.empty()) {
    for (const std::string& kind : selection.kinds) selected.groups.push_back(everything_of(kind, selection, *requirements, objects));
    return selected;
  }
  for (const ObjectName& wanted : selection.named) {
    const Resource* resource = resource_of_kind(wanted.kind);
    const json* found = find_object(objects, *resource, selection.namespace_, wanted.name);
    if (found == nullptr) {
      selected.errors.push_back(not_found_text(*resource, wanted.name));
      continue;
    }
    if (selected.groups.empty() || selected.groups.back().resource != resource) selected.groups.push_back({resource, {}});
    selected.groups.back().objects.push_back(*found);
  }
  return selected;
}

Result<std::function<bool(const json& object)>> matcher_of(const Selection& selection) {
  if (const Status checked = check_names(selection); !checked) return tl::unexpected(checked.error());
  Result<Requirements> requirements = requirements_of(selection);
  if (!requirements) return tl::unexpected(requirements.error());
  return [selection, requirements = std::move(*requirements)](const json& object) {
    const auto is_kind = [&](const std::string& kind) { return is_of(object, *resource_of_kind(kind), selection, requirements); };
    if (std::none_of(selection.kinds.begin(), selection.kinds.end(), is_kind)) return false;
    const auto is_wanted = [&](const ObjectName& wanted) { return wanted.kind == text_at(object, "/kind") && wanted.name == text_at(object, "/metadata/name"); };
    return selection.named.empty() || std::any_of(selection.named.begin(), selection.named.end(), is_wanted);
  };
}

std::string not_found_text(const Resource& resource, std::string_view name) {
  return fmt::format("Error from server (NotFound): {} \"{}\" not found", resource.plural_with_group(), name);
}

const json* find_object(const std::vector<json>& objects, const Resource& resource, std::string_view name_space, std::string_view name) {
  const auto found = std::find_if(objects.begin(), objects.end(), [&](const json& object) {
    return text_at(object, "/kind") == resource.kind && text_at(object, "/metadata/name") == name &&
           (!resource.is_namespaced || text_at(object, "/metadata/namespace") == name_space);
  });
  return found == objects.end() ? nullptr : &*found;
}

bool label_selector_matches(const json& label_selector, const json& object) {
  if (!label_selector.is_object()) return false;
  const cluster::Labels labels = labels_of(object);
  if (const json& wanted = at(label_selector, "/matchLabels"); wanted.is_object()) {
    for (const auto& [key, value] : wanted.items()) {
      const auto found = labels.find(key);
      if (found == labels.end() || found->second != string_of(value)) return false;
    }
  }
  for (const json& expression : list_at(label_selector, "/matchExpressions")) {
    const auto found = labels.find(text_at(expression, "/key"));
    const bool present = found != labels.end();
    const std::vector<std::string> values = texts_of(at(expression, "/values"));
    const bool listed = present && std::find(values.begin(), values.end(), std::string(found->second)) != values.end();
    const std::string operation = text_at(expression, "/operator");
    const bool holds = operation == "In" ? listed : operation == "NotIn" ? !listed : operation == "Exists" ? present : !present;
    if (!holds) return false;
  }
  return true;
}

const json& controller_of(const json& object) {
  static const json kNone;
  const json& owners = list_at(object, "/metadata/ownerReferences");
  const auto found = std::find_if(owners.begin(), owners.end(), [](const json& owner) { return flag_at(owner, "/controller"); });
  return found == owners.end() ? kNone : *found;
}

}  // namespace tandem::kubectl
