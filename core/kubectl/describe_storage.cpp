// Persistent volumes and their claims.

#include <fmt/format.h>

#include <algorithm>

#include "core/kubectl/describe_parts.hpp"
#include "core/kubectl/formatting.hpp"
#include "core/kubectl/json_reading.hpp"

namespace tandem::kubectl {

namespace {

void describe_phase(Description& text, const json& object, std::int64_t now) {
  const json& deletion = at(object, "/metadata/deletionTimestamp");
  text.field(0, "Status", deletion.is_string() ? fmt::format("Terminating (lasts {})", time_since(deletion, now)) : text_at(object, "/status/phase"));
}

std::string finalizers_text(const json& object) { return fmt::format("[{}]", joined(texts_of(at(object, "/metadata/finalizers")), " ")); }

void describe_node_affinity(Description& text, const json& volume) {
  const json& required = at(volume, "/spec/nodeAffinity/required");
  if (!required.is_object()) return text.field(0, "Node Affinity", "<none>");
  text.field(0, "Node Affinity", "");
  const json& terms = list_at(required, "/nodeSelectorTerms");
  text.field(1, "Required Terms", terms.empty() ? "<none>" : "");
  std::size_t index = 0;
  for (const json& term : terms) {
    text.write(2, fmt::format("Term {}:\t", index++));
    const json& expressions = list_at(term, "/matchExpressions");
    if (expressions.empty()) text.line(0, "<none>");
    bool first = true;
    for (const json& expression : expressions) {
      if (!first) text.write(2, "\t");
      first = false;
      const std::string values = joined(texts_of(at(expression, "/values")), ", ");
      text.line(0, fmt::format("{} {}{}", text_at(expression, "/key"), lower_case(text_at(expression, "/operator")), values.empty() ? "" : fmt::format(" [{}]", values)));
    }
  }
}

/// Pods of the namespace with the claim among their volumes, and those that own it; by name.
std::vector<std::string> users_of(const json& claim, const DescribeContext& context) {
  std::vector<std::string> users;
  for (const json& pod : context.objects) {
    if (text_at(pod, "/kind") != "Pod" || text_at(pod, "/metadata/namespace") != text_at(claim, "/metadata/namespace")) continue;
    const json& volumes = list_at(pod, "/spec/volumes");
    auto uses = std::count_if(volumes.begin(), volumes.end(), [&](const json& volume) {
      return at(volume, "/persistentVolumeClaim").is_object() && text_at(volume, "/persistentVolumeClaim/claimName") == text_at(claim, "/metadata/name");
    });
    const json& owners = list_at(claim, "/metadata/ownerReferences");
    const bool owns = std::any_of(owners.begin(), owners.end(), [&](const json& owner) {
      return text_at(owner, "/kind") == "Pod" && text_at(owner, "/uid") == text_at(pod, "/metadata/uid");
    });
    if (uses == 0 && owns) uses = 1;
    users.insert(users.end(), static_cast<std::size_t>(uses), text_at(pod, "/metadata/name"));
  }
  std::sort(users.begin(), users.end());
  return users;
}

}  // namespace

void describe_claim_fields(Description& text, const json& claim, bool is_whole, std::int64_t now_unix_seconds) {
  if (is_whole) describe_name(text, claim);
  text.field(0, "StorageClass", storage_class_of(claim));
  if (is_whole) describe_phase(text, claim, now_unix_seconds);
  const std::string volume = text_at(claim, "/spec/volumeName");
  text.field(0, "Volume", volume);
  describe_labels_and_annotations(text, claim);
  if (is_whole) text.field(0, "Finalizers", finalizers_text(claim));
  text.field(0, "Capacity", volume.empty() ? "" : quantity_text(at(claim, "/status/capacity/storage")));
  text.field(0, "Access Modes", volume.empty() ? "" : access_modes_text(at(claim, "/status/accessModes")));
  if (const std::string mode = text_at(claim, "/spec/volumeMode"); !mode.empty()) text.field(0, "VolumeMode", mode);
  if (const json& source = at(claim, "/spec/dataSource"); source.is_object()) {
    text.line(0, "DataSource:");
    if (const json& group = at(source, "/apiGroup"); group.is_string()) text.field(1, "APIGroup", group.get<std::string>());
    text.field(1, "Kind", text_at(source, "/kind"));
    text.field(1, "Name", text_at(source, "/name"));
  }
}

void describe_persistent_volume(Description& text, const json& volume, const DescribeContext& context) {
  text.field(0, "Name", text_at(volume, "/metadata/name"));
  describe_labels_and_annotations(text, volume);
  text.field(0, "Finalizers", finalizers_text(volume));
  text.field(0, "StorageClass", storage_class_of(volume));
  describe_phase(text, volume, context.now_unix_seconds);
  const json& claim = at(volume, "/spec/claimRef");
  text.field(0, "Claim", claim.is_object() ? fmt::format("{}/{}", text_at(claim, "/namespace"), text_at(claim, "/name")) : "");
  text.field(0, "Reclaim Policy", text_at(volume, "/spec/persistentVolumeReclaimPolicy"));
  text.field(0, "Access Modes", access_modes_text(at(volume, "/spec/accessModes")));
  if (const std::string mode = text_at(volume, "/spec/volumeMode"); !mode.empty()) text.field(0, "VolumeMode", mode);
  text.field(0, "Capacity", quantity_text(at(volume, "/spec/capacity/storage")));
  describe_node_affinity(text, volume);
  text.field(0, "Message", text_at(volume, "/status/message"));
  text.line(0, "Source:");
  describe_volume_source(text, at(volume, "/spec"), true);
  describe_events_of(text, volume, context);
}

void describe_persistent_volume_claim(Description& text, const json& claim, const DescribeContext& context) {
  describe_claim_fields(text, claim, true, context.now_unix_seconds);
  text.list("Used By", users_of(claim, context));
  describe_full_conditions(text, list_at(claim, "/status/conditions"), "LastProbeTime");
  describe_events_of(text, claim, context);
}

}  // namespace tandem::kubectl
