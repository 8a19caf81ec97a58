#include "core/kubectl/get.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "core/base/text.hpp"
#include "core/cluster/selector.hpp"
#include "core/kubectl/json_reading.hpp"

namespace tandem::kubectl {

namespace {

Result<std::vector<cluster::SelectorRequirement>> requirements_of(const std::string& selector) {
  if (selector.empty()) return std::vector<cluster::SelectorRequirement>{};
  return cluster::parse_selector(selector);
}

bool selected(const json& object, const std::vector<cluster::SelectorRequirement>& requirements) {
  cluster::Labels labels;
  if (const json& stored = at(object, "/metadata/labels"); stored.is_object()) {
    for (const auto& [key, value] : stored.items()) labels.emplace(key, value.get<std::string>());
  }
  return std::all_of(requirements.begin(), requirements.end(), [&](const auto& requirement) { return cluster::matches(requirement, labels); });
}

std::vector<json> objects_of_kind(const GetRequest& request, const std::string& kind, const std::vector<json>& objects,
                                  const std::vector<cluster::SelectorRequirement>& requirements) {
  std::vector<json> found;
  for (const json& object : objects) {
    if (text_at(object, "/kind") != kind) continue;
    const bool here = request.options.all_namespaces || is_cluster_scoped_kind(kind) || text_at(object, "/metadata/namespace") == request.namespace_;
    if (here && selected(object, requirements)) found.push_back(object);
  }
  std::stable_sort(found.begin(), found.end(), [](const json& a, const json& b) {
    return std::make_tuple(text_at(a, "/metadata/namespace"), text_at(a, "/metadata/name")) <
           std::make_tuple(text_at(b, "/metadata/namespace"), text_at(b, "/metadata/name"));
  });
  return found;
}

std::string names_text(const std::vector<json>& objects, const std::string& kind) {
  std::string text;
  for (const json& object : objects) text += resource_of_kind(kind, true) + "/" + text_at(object, "/metadata/name") + "\n";
  return text;
}

/// What `-o json` and `-o yaml` print: the object asked for by name, or a List.
json document_of(const std::vector<json>& objects, bool single) {
  if (single) return objects.front();
  return {{"apiVersion", "v1"}, {"items", objects}, {"kind", "List"}, {"metadata", {{"resourceVersion", ""}}}};
}

bool plain_yaml_scalar(const std::string& text) {
  if (text.empty() || text.front() == ' ' || text.back() == ' ') return false;
  static constexpr std::string_view kReserved[] = {"true", "false", "null", "~", "yes", "no", "on", "off", "y", "n", "True", "False", "Null", "Yes", "No"};
  if (std::find(std::begin(kReserved), std::end(kReserved), text) != std::end(kReserved)) return false;
  if (text.find_first_not_of("0123456789.+-eE_:") == std::string::npos) return false;
  const auto safe = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || std::string_view("._-/ ()=").find(c) != std::string_view::npos; };
  const auto good_colon = [&](std::size_t i) { return text[i] == ':' && i + 1 < text.size() && text[i + 1] != ' '; };
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!safe(text[i]) && !good_colon(i)) return false;
  }
  return text.front() != '-' && text.front() != '.' && text.front() != '=' && !(text.front() >= '0' && text.front() <= '9');
}

void append_yaml(std::string& text, const json& value, std::size_t indent, bool after_key) {
  const std::string blanks(indent, ' ');
  if (value.is_object() && !value.empty()) {
    bool first = !after_key;
    if (after_key) text += "\n";
    for (const auto& [key, inner] : value.items()) {
      text += (first ? "" : blanks) + (plain_yaml_scalar(key) ? key : json(key).dump()) + ":";
      first = false;
      append_yaml(text, inner, inner.is_array() ? indent : indent + 2, true);
    }
  } else if (value.is_array() && !value.empty()) {
    if (after_key) text += "\n";
    for (const json& inner : value) {
      text += blanks + "- ";
      append_yaml(text, inner, indent + 2, false);
    }
  } else {
    text += after_key ? " " : "";
    if (value.is_string() && plain_yaml_scalar(value.get_ref<const std::string&>())) text += value.get<std::string>();
    else text += value.dump();
    text += "\n";
  }
}

}  // namespace

std::string to_yaml(const json& value) {
  std::string text;
  append_yaml(text, value, 0, false);
  return text;
}

Status parse_resources(const std::vector<std::string>& words, GetRequest& request) {
  const auto add_kind = [&](const std::string& word) -> Status {
    if (word == "all") {
      for (const char* kind : {"Pod", "Service", "Deployment", "ReplicaSet"}) request.kinds.emplace_back(kind);
      request.options.with_kind = true;
      return {};
    }
    const std::string kind = kind_of_resource(word);
    if (kind.empty()) {
      const std::vector<std::string> known = resource_words();
      const std::vector<std::string_view> views(known.begin(), known.end());
      const std::string nearest = nearest_name(word, views);
      return fail(make_error(ErrorCode::UsageNotFound, fmt::format("error: the server doesn't have a resource type \"{}\"", word))
                      .with_hint(nearest.empty() ? "" : "did you mean " + nearest + "?"));
    }
    if (std::find(request.kinds.begin(), request.kinds.end(), kind) == request.kinds.end()) request.kinds.push_back(kind);
    return {};
  };
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (const std::size_t slash = words[i].find('/'); slash != std::string::npos) {
      TANDEM_TRY(add_kind(words[i].substr(0, slash)));
      request.names.push_back(words[i].substr(slash + 1));
    } else if (i == 0) {
      for (const std::string& word : split(words[i], ',')) TANDEM_TRY(add_kind(word));
    } else {
      request.names.push_back(words[i]);
    }
  }
  if (request.kinds.empty()) return fail(ErrorCode::UsageBadArgument, "which kind of object? for example: pods");
  if (request.kinds.size() > 1) request.options.with_kind = true;
  if (request.kinds.size() > 1 && !request.names.empty()) {
    return fail(ErrorCode::UsageBadArgument, "names go with one kind of object only");
  }
  return {};
}

Result<GetAnswer> get(const GetRequest& request, const std::vector<json>& objects) {
  static constexpr std::string_view kOutputs[] = {"", "wide", "name", "json", "yaml"};
  if (std::find(std::begin(kOutputs), std::end(kOutputs), request.output) == std::end(kOutputs)) {
    return fail(make_error(ErrorCode::UsageBadArgument, "an unknown output format").with_found(request.output).with_allowed("wide, name, json, yaml"));
  }
  const auto requirements = requirements_of(request.selector);
  if (!requirements) return tl::unexpected(requirements.error());
  GetOptions options = request.options;
  options.wide = options.wide || request.output == "wide";

  GetAnswer answer;
  std::vector<json> printed;
  for (const std::string& kind : request.kinds) {
    std::vector<json> found = objects_of_kind(request, kind, objects, *requirements);
    if (!request.names.empty()) {
      std::vector<json> named;
      for (const std::string& name : request.names) {
        const auto match = std::find_if(found.begin(), found.end(), [&](const json& object) { return text_at(object, "/metadata/name") == name; });
        if (match != found.end()) {
          named.push_back(*match);
        } else {
          answer.err += fmt::format("Error from server (NotFound): {} \"{}\" not found\n", resource_of_kind(kind, false), name);
          answer.exit_code = 1;
        }
      }
      found = std::move(named);
    }
    if (found.empty()) continue;
    if (request.output == "name") {
      answer.out += names_text(found, kind);
    } else if (request.output.empty() || request.output == "wide") {
      if (!answer.out.empty()) answer.out += "\n";
      answer.out += to_text(get_table(found, options), options.with_headers);
    }
    printed.insert(printed.end(), found.begin(), found.end());
  }
  if (request.output == "json" || request.output == "yaml") {
    const json document = document_of(printed, request.names.size() == 1 && printed.size() == 1);
    answer.out = request.output == "json" ? document.dump(4) + "\n" : to_yaml(document);
  } else if (printed.empty() && answer.exit_code == 0 && request.output != "name") {
    const bool any_namespace = options.all_namespaces || (request.kinds.size() == 1 && is_cluster_scoped_kind(request.kinds.front()));
    answer.err = any_namespace ? "No resources found\n" : fmt::format("No resources found in {} namespace.\n", request.namespace_);
  }
  return answer;
}

}  // namespace tandem::kubectl
