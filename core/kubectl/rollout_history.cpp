#include <fmt/format.h>

#include <map>

#include "core/kubectl/describe_parts.hpp"
#include "core/kubectl/formatting.hpp"
#include "core/kubectl/json_reading.hpp"
#include "core/kubectl/revisions.hpp"
#include "core/kubectl/rollout.hpp"
#include "core/kubectl/tab_writer.hpp"

namespace tandem::kubectl {

namespace {

constexpr const char* kChangeCause = "kubernetes.io/change-cause";

/// Pod templates by revision, each with the cause of its change among its annotations.
using History = std::map<std::int64_t, json>;

std::string change_cause(const json& object) {
  const json& annotations = at(object, "/metadata/annotations");
  return annotations.is_object() && annotations.contains(kChangeCause) ? string_of(annotations.at(kChangeCause)) : std::string();
}

void add_revision(History& history, std::int64_t revision, json pod_template, const std::string& cause) {
  if (!cause.empty()) pod_template["metadata"]["annotations"][kChangeCause] = cause;
  history[revision] = std::move(pod_template);
}

History deployment_history(const json& deployment, const std::vector<json>& objects) {
  DeploymentReplicaSets sets = replica_sets_of(deployment, objects);
  if (sets.current != nullptr) sets.old.push_back(sets.current);
  History history;
  for (const json* set : sets.old) {
    const Revision revision = revision_of(*set);
    if (revision.error.empty()) add_revision(history, revision.number, at(*set, "/spec/template"), change_cause(*set));
  }
  return history;
}

/// Of stateful sets and daemon sets: the controller revisions that the object controls. Their data is a patch with the whole template.
History revisions_history(const json& owner, const std::vector<json>& objects) {
  History history;
  for (const json& object : objects) {
    if (text_at(object, "/kind") != "ControllerRevision" || text_at(object, "/metadata/namespace") != text_at(owner, "/metadata/namespace")) continue;
    const json& controller = controller_of(object);
    const bool owned = controller.is_object() && text_at(controller, "/uid") == text_at(owner, "/metadata/uid");
    if (!owned || !label_selector_matches(at(owner, "/spec/selector"), object)) continue;
    json pod_template = at(object, "/data/spec/template");
    if (pod_template.is_object()) pod_template.erase("$patch");
    // The cause is the revision's own; the template has it only where its annotations have it.
    history[number_at(object, "/revision")] = json{{"template", std::move(pod_template)}, {"cause", change_cause(object)}};
  }
  return history;
}

std::string table_text(const std::map<std::int64_t, std::string>& causes) {
  TabWriter writer = TabWriter::for_descriptions();
  writer.write("REVISION\tCHANGE-CAUSE\n");
  for (const auto& [revision, cause] : causes) writer.write(fmt::format("{}\t{}\n", revision, or_none(cause)));
  return writer.flush();
}

/// What stands below the first line; or an error.
struct Told {
  std::string text;
  std::string error;
};

Told history_of(const json& object, std::int64_t revision, const std::vector<json>& objects) {
  const bool is_deployment = text_at(object, "/kind") == "Deployment";
  History templates;
  std::map<std::int64_t, std::string> causes;
  if (is_deployment) {
    templates = deployment_history(object, objects);
    for (const auto& [number, pod_template] : templates) causes[number] = change_cause(pod_template);
  } else {
    for (const auto& [number, entry] : revisions_history(object, objects)) {
      templates[number] = entry.at("template");
      causes[number] = entry.at("cause").get<std::string>();
    }
  }
  if (templates.empty()) return {"No rollout history found.", {}};
  if (revision == 0) return {table_text(causes), {}};
  const auto found = templates.find(revision);
  if (found == templates.end()) return {{}, "unable to find the specified revision"};
  Description text;
  describe_pod_template(text, found->second);
  return {text.raw(), {}};
}

bool has_history(const Resource& resource) { return resource.kind == "Deployment" || resource.kind == "StatefulSet" || resource.kind == "DaemonSet"; }

}  // namespace

Result<Answer> rollout_history(const Selection& selection, std::int64_t revision, const std::vector<json>& objects) {
  const Result<Selected> selected = select(selection, objects);
  if (!selected) return tl::unexpected(selected.error());
  Answer answer;
  std::vector<std::string> errors;
  for (const Group& group : selected->groups) {
    for (const json& object : group.objects) {
      const std::string name = fmt::format("{}/{}", group.resource->singular_with_group(), text_at(object, "/metadata/name"));
      if (!has_history(*group.resource)) {
        const std::string kind = group.resource->group.empty() ? std::string(group.resource->kind) : fmt::format("{}.{}", group.resource->kind, group.resource->group);
        errors.push_back(fmt::format("no history viewer has been implemented for \"{}\"", kind));
        continue;
      }
      Told told = history_of(object, revision, objects);
      if (!told.error.empty()) errors.push_back(std::move(told.error));
      else answer.out += fmt::format("{} {}\n{}\n", name, revision > 0 ? fmt::format("with revision #{}", revision) : "", told.text);
    }
  }
  // kubectl puts "error:" in front of a single error of its own only.
  const bool single = errors.size() + selected->errors.size() == 1;
  for (const std::string& error : errors) answer.err += (single ? "error: " : "") + error + "\n";
  for (const std::string& error : selected->errors) answer.err += error + "\n";
  answer.exit_code = answer.err.empty() ? 0 : 1;
  return answer;
}

}  // namespace tandem::kubectl
