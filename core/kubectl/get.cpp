#include "core/kubectl/get.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/kubectl/documents.hpp"
#include "core/kubectl/json_reading.hpp"

namespace tandem::kubectl {

namespace {

std::string names_text(const std::vector<Group>& groups) {
  std::string text;
  for (const Group& group : groups) {
    for (const json& object : group.objects) text += group.resource->singular_with_group() + "/" + text_at(object, "/metadata/name") + "\n";
  }
  return text;
}

/// One table a group, an empty line between two; a group without objects prints nothing.
std::string tables_text(const std::vector<Group>& groups, GetOptions options) {
  options.with_kind = options.with_kind || std::any_of(groups.begin(), groups.end(), [&](const Group& group) { return group.resource != groups.front().resource; });
  std::string text;
  for (const Group& group : groups) {
    const std::string table = to_text(get_table(group.objects, options), options.with_headers);
    if (!text.empty() && !table.empty() && options.with_headers) text += "\n";
    text += table;
  }
  return text;
}

/// What `-o json` and `-o yaml` print: the one object asked for by name, or a List.
json document_of(const Selection& selection, const std::vector<Group>& groups) {
  json items = json::array();
  for (const Group& group : groups) {
    for (const json& object : group.objects) items.push_back(without_managed_fields(object));
  }
  if (selection.named.size() == 1 && items.size() == 1) return items.front();
  return {{"apiVersion", "v1"}, {"items", std::move(items)}, {"kind", "List"}, {"metadata", {{"resourceVersion", ""}}}};
}

std::string nothing_found(const Selection& selection, const std::vector<Group>& groups) {
  const bool all_namespaced = std::all_of(groups.begin(), groups.end(), [](const Group& group) { return group.resource->is_namespaced; });
  return selection.all_namespaces || !all_namespaced ? "No resources found\n" : "No resources found in " + selection.namespace_ + " namespace.\n";
}

}  // namespace

Result<Answer> get(const GetRequest& request, const std::vector<json>& objects) {
  static constexpr std::string_view kOutputs[] = {"", "wide", "name", "json", "yaml"};
  if (std::find(std::begin(kOutputs), std::end(kOutputs), request.output) == std::end(kOutputs)) {
    return fail(make_error(ErrorCode::UsageBadArgument, "an unknown output format").with_found(request.output).with_allowed("wide, name, json, yaml"));
  }
  const Result<Selected> selected = select(request, objects);
  if (!selected) return tl::unexpected(selected.error());

  Answer answer;
  answer.exit_code = selected->errors.empty() ? 0 : 1;
  for (const std::string& error : selected->errors) answer.err += error + "\n";
  const bool nothing_there = std::all_of(selected->groups.begin(), selected->groups.end(), [](const Group& group) { return group.objects.empty(); });
  if (request.output == "name") {
    answer.out = names_text(selected->groups);
  } else if (request.output == "json" || request.output == "yaml") {
    // One object asked for by name that is not there leaves no document either.
    if (nothing_there && request.named.size() == 1) return answer;
    const json document = document_of(request, selected->groups);
    answer.out = request.output == "json" ? to_json_text(document) : to_yaml_text(document);
  } else {
    GetOptions options = request.options;
    options.wide = options.wide || request.output == "wide";
    options.all_namespaces = options.all_namespaces || request.all_namespaces;
    answer.out = tables_text(selected->groups, options);
    if (answer.out.empty() && answer.exit_code == 0) answer.err = nothing_found(request, selected->groups);
  }
  return answer;
}

}  // namespace tandem::kubectl
