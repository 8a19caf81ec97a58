#include "core/kubectl/describe_parts.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/kubectl/formatting.hpp"
#include "core/kubectl/json_reading.hpp"

namespace tandem::kubectl {

namespace {

/// "dedicated=db:NoSchedule", "key:NoExecute op=Exists for 300s".
std::string toleration_text(const json& toleration) {
  const std::string key = text_at(toleration, "/key");
  const std::string value = text_at(toleration, "/value");
  const std::string effect = text_at(toleration, "/effect");
  std::string text = key;
  if (!value.empty()) text += "=" + value;
  if (!effect.empty()) text += ":" + effect;
  if (text_at(toleration, "/operator") == "Exists" && value.empty()) text += key.empty() && effect.empty() ? "op=Exists" : " op=Exists";
  if (const json& seconds = at(toleration, "/tolerationSeconds"); seconds.is_number_integer()) text += fmt::format(" for {}s", seconds.get<std::int64_t>());
  return text;
}

}  // namespace

void describe_name(Description& text, const json& object) {
  text.field(0, "Name", text_at(object, "/metadata/name"));
  text.field(0, "Namespace", text_at(object, "/metadata/namespace"));
}

void describe_labels_and_annotations(Description& text, const json& object) {
  text.labels("Labels", at(object, "/metadata/labels"));
  text.annotations("Annotations", at(object, "/metadata/annotations"));
}

void describe_controller(Description& text, const json& object) {
  const json& owner = controller_of(object);
  if (owner.is_object()) text.field(0, "Controlled By", fmt::format("{}/{}", text_at(owner, "/kind"), text_at(owner, "/name")));
}

void describe_pod_template(Description& text, const json& pod_template) {
  static const json kNone;
  text.line(0, "Pod Template:");
  text.labels("  Labels", at(pod_template, "/metadata/labels"));
  if (const json& annotations = at(pod_template, "/metadata/annotations"); annotations.is_object() && !annotations.empty()) {
    text.annotations("  Annotations", annotations);
  }
  if (const std::string account = text_at(pod_template, "/spec/serviceAccountName"); !account.empty()) text.field(1, "Service Account", account);
  if (const json& first = list_at(pod_template, "/spec/initContainers"); !first.empty()) describe_containers(text, "Init Containers", first, kNone, kNone, "  ");
  describe_containers(text, "Containers", list_at(pod_template, "/spec/containers"), kNone, kNone, "  ");
  describe_volumes(text, list_at(pod_template, "/spec/volumes"), "  ");
  describe_topology_constraints(text, list_at(pod_template, "/spec/topologySpreadConstraints"), "  ");
  if (const std::string priority = text_at(pod_template, "/spec/priorityClassName"); !priority.empty()) text.field(1, "Priority Class Name", priority);
  text.labels("  Node-Selectors", at(pod_template, "/spec/nodeSelector"));
  describe_tolerations(text, "  Tolerations", list_at(pod_template, "/spec/tolerations"));
}

void describe_tolerations(Description& text, const char* title, const json& tolerations) {
  std::vector<json> sorted(tolerations.begin(), tolerations.end());
  std::stable_sort(sorted.begin(), sorted.end(), [](const json& a, const json& b) { return text_at(a, "/key") < text_at(b, "/key"); });
  std::vector<std::string> texts;
  for (const json& toleration : sorted) texts.push_back(toleration_text(toleration));
  text.list(title, texts);
}

void describe_topology_constraints(Description& text, const json& constraints, const char* indent) {
  if (constraints.empty()) return;
  std::vector<json> sorted(constraints.begin(), constraints.end());
  std::stable_sort(sorted.begin(), sorted.end(), [](const json& a, const json& b) { return text_at(a, "/topologyKey") < text_at(b, "/topologyKey"); });
  std::vector<std::string> texts;
  for (const json& constraint : sorted) {
    std::string line = fmt::format("{}:{} when max skew {} is exceeded", text_at(constraint, "/topologyKey"), text_at(constraint, "/whenUnsatisfiable"),
                                   number_at(constraint, "/maxSkew"));
    if (const json& selector = at(constraint, "/labelSelector"); selector.is_object()) line += " for selector " + selector_text_or_none(selector);
    texts.push_back(std::move(line));
  }
  text.list("Topology Spread Constraints", texts, indent);
}

void describe_controller_conditions(Description& text, const json& conditions) {
  if (conditions.empty()) return;
  text.line(0, "Conditions:");
  text.line(1, "Type\tStatus\tReason");
  text.line(1, "----\t------\t------");
  for (const json& condition : conditions) {
    text.line(1, fmt::format("{} \t{}\t{}", text_at(condition, "/type"), text_at(condition, "/status"), text_at(condition, "/reason")));
  }
}

void describe_full_conditions(Description& text, const json& conditions, const std::string& last_seen) {
  if (conditions.empty()) return;
  const std::string key = fmt::format("/{}{}", static_cast<char>(last_seen.front() - 'A' + 'a'), last_seen.substr(1));
  text.line(0, "Conditions:");
  text.line(1, fmt::format("Type\tStatus\t{}\tLastTransitionTime\tReason\tMessage", last_seen));
  text.line(1, "----\t------\t-----------------\t------------------\t------\t-------");  // kubectl's, under either title
  for (const json& condition : conditions) {
    text.line(1, fmt::format("{} \t{} \t{} \t{} \t{} \t{}", text_at(condition, "/type"), text_at(condition, "/status"), rfc1123_text(at(condition, key.c_str())),
                             rfc1123_text(at(condition, "/lastTransitionTime")), text_at(condition, "/reason"), text_at(condition, "/message")));
  }
}

std::string pod_counts(const json& controller, const DescribeContext& context) {
  int running = 0;
  int waiting = 0;
  int succeeded = 0;
  int failed_pods = 0;
  for (const json& object : context.objects) {
    if (text_at(object, "/kind") != "Pod" || text_at(object, "/metadata/namespace") != text_at(controller, "/metadata/namespace")) continue;
    const json& owner = controller_of(object);
    if (!owner.is_object() || text_at(owner, "/uid") != text_at(controller, "/metadata/uid")) continue;
    if (!label_selector_matches(at(controller, "/spec/selector"), object)) continue;
    const std::string phase = text_at(object, "/status/phase");
    running += phase == "Running";
    waiting += phase == "Pending";
    succeeded += phase == "Succeeded";
    failed_pods += phase == "Failed";
  }
  return fmt::format("{} Running / {} Waiting / {} Succeeded / {} Failed", running, waiting, succeeded, failed_pods);
}

}  // namespace tandem::kubectl
