#include "core/scenario/field_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "core/base/text.hpp"
#include "core/scenario/manifest_fields.hpp"

namespace tandem::scenario {
namespace {

class Walk {
 public:
  Walk(const std::string& object, Diagnostics& diagnostics, std::vector<FieldNote>& notes)
      : object_(object), diagnostics_(diagnostics), notes_(notes) {}

  void mapping(const Node& node, std::span<const ManifestField> fields, const std::string& path) {
    for (const Member& member : node.members) {
      const auto field = std::find_if(fields.begin(), fields.end(), [&](const ManifestField& f) { return f.name == member.key; });
      const std::string below = path.empty() ? member.key : path + "." + member.key;
      if (field == fields.end()) {
        unknown(member, fields, below);
      } else {
        value(member.value, *field, below);
      }
    }
  }

 private:
  void value(const Node& node, const ManifestField& field, const std::string& path) {
    const bool descends = field.below != nullptr && node.kind != NodeKind::Scalar && !(node.items.empty() && node.members.empty());
    if (!descends) {
      const bool list = node.kind == NodeKind::Sequence && field.below == nullptr;
      return note(list ? path + "[]" : path, field, node.place);
    }
    if (node.kind == NodeKind::Mapping) return mapping(node, field.below(), path);
    for (const Node& item : node.items) {
      if (item.kind == NodeKind::Mapping) mapping(item, field.below(), path + "[]");
    }
  }

  void note(const std::string& path, const ManifestField& field, const Place& place) {
    if (path == "apiVersion" || path == "kind") return;  // they name the object, they are not about it
    if (!seen_.insert(path).second) return;
    notes_.push_back({object_, path, field.treatment, std::string(field.how), place});
  }

  void unknown(const Member& member, std::span<const ManifestField> fields, const std::string& path) {
    std::vector<std::string_view> known;
    for (const ManifestField& field : fields) known.push_back(field.name);
    const std::string nearest = nearest_name(member.key, known);
    Error error = make_error(ErrorCode::ValueUnknownField, "Kubernetes has no such field here", member.place)
                      .with_found(escape_for_terminal(member.key, 80))
                      .with_allowed("a field of this part of the object")
                      .with_hint(nearest.empty() ? "remove it, or look at its indentation" : fmt::format("did you mean {}?", nearest));
    error.path = path;
    diagnostics_.error(std::move(error));
  }

  const std::string& object_;
  Diagnostics& diagnostics_;
  std::vector<FieldNote>& notes_;
  std::set<std::string> seen_;
};

/// Kinds whose objects would run something, if there were a controller: leaving them out deserves a warning.
bool is_workload(std::string_view kind) {
  constexpr std::array<std::string_view, 6> kWorkloads{"Job",       "CronJob",               "StatefulSet",
                                                       "DaemonSet", "ReplicationController", "HorizontalPodAutoscaler"};
  return std::find(kWorkloads.begin(), kWorkloads.end(), kind) != kWorkloads.end();
}

}  // namespace

void report_fields(const cluster::AnyObject& object, const std::string& name, const Node& document, Diagnostics& diagnostics,
                   std::vector<FieldNote>& notes) {
  if (const auto* unknown = std::get_if<cluster::Unstructured>(&object)) {
    const KindNote note = note_on(unknown->kind);
    const std::string why(note.how);
    notes.push_back({name, "*", note.treatment, why, document.place});
    if (is_workload(unknown->kind)) {
      diagnostics.warning(make_error(ErrorCode::ScenarioUnsupportedKind, fmt::format("{} has no effect: {}", name, why), document.place));
    }
    return;
  }
  Walk(name, diagnostics, notes).mapping(document, manifest_fields(static_cast<cluster::Kind>(object.index())), "");
}

bool is_cluster_scoped(std::string_view kind) {
  constexpr std::array<std::string_view, 20> kKinds{
      "Namespace",          "Node",           "PersistentVolume",   "StorageClass",       "ClusterRole",
      "ClusterRoleBinding", "PriorityClass",  "IngressClass",       "RuntimeClass",       "CustomResourceDefinition",
      "APIService",         "CSIDriver",      "CSINode",            "VolumeAttachment",   "MutatingWebhookConfiguration",
      "ClusterIssuer",      "FlowSchema",     "ValidatingWebhookConfiguration", "PriorityLevelConfiguration", "CertificateSigningRequest"};
  return std::find(kKinds.begin(), kKinds.end(), kind) != kKinds.end();
}

}  // namespace tandem::scenario
