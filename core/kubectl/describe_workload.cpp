// Deployments, replica sets, stateful sets and daemon sets.

#include <fmt/format.h>

#include "core/kubectl/describe_parts.hpp"
#include "core/kubectl/formatting.hpp"
#include "core/kubectl/json_reading.hpp"
#include "core/kubectl/revisions.hpp"

namespace tandem::kubectl {

namespace {

/// "web-5d7f9c (3/3 replicas created)", joined; "<none>".
std::string replica_sets_text(const std::vector<const json*>& sets) {
  std::vector<std::string> texts;
  for (const json* set : sets) {
    texts.push_back(fmt::format("{} ({}/{} replicas created)", text_at(*set, "/metadata/name"), number_at(*set, "/status/replicas"), number_at(*set, "/spec/replicas", 1)));
  }
  return or_none(joined(texts, ", "));
}

void describe_creation(Description& text, const json& object) {
  text.field(0, "CreationTimestamp", rfc1123_text(at(object, "/metadata/creationTimestamp")));
}

void describe_claim_templates(Description& text, const json& claims) {
  if (claims.empty()) return text.field(0, "Volume Claims", "<none>");
  text.line(0, "Volume Claims:");
  for (const json& claim : claims) {
    text.field(1, "Name", text_at(claim, "/metadata/name"));
    text.field(1, "StorageClass", storage_class_of(claim));
    text.labels("Labels", at(claim, "/metadata/labels"), "  ");
    text.labels("Annotations", at(claim, "/metadata/annotations"), "  ");
    const json& storage = at(claim, "/spec/resources/requests/storage");
    text.field(1, "Capacity", storage.is_null() ? "<default>" : quantity_text(storage));
    text.field(1, "Access Modes", fmt::format("[{}]", joined(texts_of(at(claim, "/spec/accessModes")), " ")));
  }
}

}  // namespace

void describe_deployment(Description& text, const json& deployment, const DescribeContext& context) {
  describe_name(text, deployment);
  describe_creation(text, deployment);
  describe_labels_and_annotations(text, deployment);
  text.field(0, "Selector", selector_text(at(deployment, "/spec/selector")));
  text.field(0, "Replicas", fmt::format("{} desired | {} updated | {} total | {} available | {} unavailable", number_at(deployment, "/spec/replicas", 1),
                                        number_at(deployment, "/status/updatedReplicas"), number_at(deployment, "/status/replicas"),
                                        number_at(deployment, "/status/availableReplicas"), number_at(deployment, "/status/unavailableReplicas")));
  text.field(0, "StrategyType", text_at(deployment, "/spec/strategy/type"));
  text.field(0, "MinReadySeconds", std::to_string(number_at(deployment, "/spec/minReadySeconds")));
  if (const json& rolling = at(deployment, "/spec/strategy/rollingUpdate"); rolling.is_object()) {
    text.field(0, "RollingUpdateStrategy", fmt::format("{} max unavailable, {} max surge", int_or_string_text(at(rolling, "/maxUnavailable")),
                                                       int_or_string_text(at(rolling, "/maxSurge"))));
  }
  describe_pod_template(text, at(deployment, "/spec/template"));
  describe_controller_conditions(text, list_at(deployment, "/status/conditions"));
  const DeploymentReplicaSets sets = replica_sets_of(deployment, context.objects);
  if (!sets.old.empty() || sets.current != nullptr) {
    text.field(0, "OldReplicaSets", replica_sets_text(sets.old));
    text.field(0, "NewReplicaSet", sets.current == nullptr ? "<none>" : replica_sets_text({sets.current}));
  }
  describe_events_of(text, deployment, context);
}

void describe_replica_set(Description& text, const json& set, const DescribeContext& context) {
  describe_name(text, set);
  text.field(0, "Selector", selector_text_or_none(at(set, "/spec/selector")));
  describe_labels_and_annotations(text, set);
  describe_controller(text, set);
  text.field(0, "Replicas", fmt::format("{} current / {} desired", number_at(set, "/status/replicas"), number_at(set, "/spec/replicas", 1)));
  text.field(0, "Pods Status", pod_counts(set, context));
  describe_pod_template(text, at(set, "/spec/template"));
  describe_controller_conditions(text, list_at(set, "/status/conditions"));
  describe_events_of(text, set, context);
}

void describe_stateful_set(Description& text, const json& set, const DescribeContext& context) {
  describe_name(text, set);
  describe_creation(text, set);
  text.field(0, "Selector", selector_text(at(set, "/spec/selector")));
  describe_labels_and_annotations(text, set);
  text.field(0, "Replicas", fmt::format("{} desired | {} total", number_at(set, "/spec/replicas", 1), number_at(set, "/status/replicas")));
  text.field(0, "Update Strategy", text_at(set, "/spec/updateStrategy/type"));
  if (const json& partition = at(set, "/spec/updateStrategy/rollingUpdate/partition"); partition.is_number_integer()) {
    text.field(1, "Partition", partition.dump());
    if (const json& bound = at(set, "/spec/updateStrategy/rollingUpdate/maxUnavailable"); !bound.is_null()) {
      text.field(1, "MaxUnavailable", int_or_string_text(bound));
    }
  }
  text.field(0, "Pods Status", pod_counts(set, context));
  describe_pod_template(text, at(set, "/spec/template"));
  describe_claim_templates(text, list_at(set, "/spec/volumeClaimTemplates"));
  describe_events_of(text, set, context);
}

void describe_daemon_set(Description& text, const json& set, const DescribeContext& context) {
  static constexpr std::pair<const char*, const char*> kCounts[] = {{"Desired Number of Nodes Scheduled", "/status/desiredNumberScheduled"},
                                                                    {"Current Number of Nodes Scheduled", "/status/currentNumberScheduled"},
                                                                    {"Number of Nodes Scheduled with Up-to-date Pods", "/status/updatedNumberScheduled"},
                                                                    {"Number of Nodes Scheduled with Available Pods", "/status/numberAvailable"},
                                                                    {"Number of Nodes Misscheduled", "/status/numberMisscheduled"}};
  describe_name(text, set);
  text.field(0, "Selector", selector_text(at(set, "/spec/selector")));
  text.field(0, "Node-Selector", labels_text(at(set, "/spec/template/spec/nodeSelector")));
  describe_labels_and_annotations(text, set);
  for (const auto& [title, pointer] : kCounts) text.line(0, fmt::format("{}: {}", title, number_at(set, pointer)));
  text.field(0, "Pods Status", pod_counts(set, context));
  describe_pod_template(text, at(set, "/spec/template"));
  describe_events_of(text, set, context);
}

}  // namespace tandem::kubectl
