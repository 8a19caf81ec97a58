#include "core/scenario/manifests.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/base/text.hpp"
#include "core/cluster/json.hpp"
#include "core/scenario/document_json.hpp"
#include "core/scenario/document_path.hpp"
#include "core/scenario/field_report.hpp"
#include "core/scenario/manifest_rules.hpp"
#include "core/scenario/notations.hpp"
#include "core/scenario/server_check.hpp"

namespace tandem::scenario {
namespace {

cluster::ObjectMeta& mutable_meta(cluster::AnyObject& object) {
  return std::visit([](auto& typed) -> cluster::ObjectMeta& { return typed.meta; }, object);
}

std::string kind_of(const cluster::AnyObject& object) {
  return std::visit(
      [](const auto& typed) -> std::string {
        using T = std::decay_t<decltype(typed)>;
        if constexpr (std::is_same_v<T, cluster::Unstructured>) return typed.kind;
        return std::string(cluster::KindOf<T>::name);
      },
      object);
}

/// apiVersion's group and kind: two kinds of one name in different groups are different things.
std::string group_kind(const cluster::AnyObject& object) {
  const auto* unknown = std::get_if<cluster::Unstructured>(&object);
  if (unknown == nullptr) return kind_of(object);
  const std::size_t slash = unknown->api_version.find('/');
  return (slash == std::string::npos ? "" : unknown->api_version.substr(0, slash + 1)) + unknown->kind;
}

bool is_list(const Node& document) {
  const Node* kind = document.find("kind");
  const Node* items = document.find("items");
  return kind != nullptr && kind->kind == NodeKind::Scalar && kind->text.ends_with("List") && items != nullptr && items->kind == NodeKind::Sequence;
}

/// Kinds that a run makes itself; writing them into a manifest is a mistake.
std::string_view refusal_of(cluster::Kind kind) {
  if (kind == cluster::Kind::Node) return "nodes come from spec.cluster, not from manifests";
  if (kind == cluster::Kind::Event) return "events are written by the run";
  return {};
}

}  // namespace

const cluster::ObjectMeta& meta_of(const cluster::AnyObject& object) {
  return std::visit([](const auto& typed) -> const cluster::ObjectMeta& { return typed.meta; }, object);
}

std::string describe(const cluster::AnyObject& object) {
  const cluster::ObjectMeta& meta = meta_of(object);
  return fmt::format("{} {}{}{}", kind_of(object), meta.namespace_, meta.namespace_.empty() ? "" : "/", meta.name);
}

void ManifestSet::read(const SourceFile& file, const InputLimits& limits, Diagnostics& diagnostics, std::vector<FieldNote>& notes) {
  for (const Node& document : parse_documents(file.text, foreign_options(file.name, limits), diagnostics)) {
    if (is_list(document)) {  // as `kubectl get -o yaml` prints several objects
      for (const Node& item : document.find("items")->items) add(item, diagnostics, notes);
    } else {
      add(document, diagnostics, notes);
    }
  }
}

void ManifestSet::add(const Node& document, Diagnostics& diagnostics, std::vector<FieldNote>& notes) {
  const std::size_t errors_before = diagnostics.error_count();
  if (document.kind != NodeKind::Mapping) {
    diagnostics.error(make_error(ErrorCode::ValueType, "a manifest is a mapping", document.place)
                          .with_found(describe(document))
                          .with_allowed("a Kubernetes object with apiVersion, kind and metadata"));
    return;
  }
  const nlohmann::json json = to_json(document, Dialect::Foreign, diagnostics);
  if (diagnostics.clean_since(errors_before)) check_kind_exists(json, document, diagnostics);
  if (!diagnostics.clean_since(errors_before)) return;
  auto object = cluster::object_from_json(json);
  if (!object) {
    for (Error error : object.error()) {
      error.place = place_at(document, error.path);
      diagnostics.error(std::move(error));
    }
    return;
  }
  const auto kind = static_cast<cluster::Kind>(object->index());
  if (const std::string_view refusal = refusal_of(kind); !refusal.empty()) {
    diagnostics.error(make_error(ErrorCode::ScenarioUnsupportedKind, std::string(refusal), place_at(document, "kind"))
                          .with_found(kind_of(*object)));
    return;
  }
  cluster::ObjectMeta& meta = mutable_meta(*object);
  if (meta.namespace_.empty() && !is_cluster_scoped(kind_of(*object))) meta.namespace_ = "default";
  cluster::apply_defaults(*object);
  report_fields(*object, describe(*object), document, diagnostics, notes);
  Diagnostics of_rules;
  check_object(*object, document, of_rules);
  check_with_server_rules(json, document, of_rules.errors(), diagnostics);

  const auto [same, fresh] = by_name_.try_emplace({group_kind(*object), meta.namespace_, meta.name}, objects_.size());
  if (!fresh && !meta.name.empty()) {
    diagnostics.error(make_error(ErrorCode::ValueDuplicateName, "two objects of one kind have the same name", place_at(document, "metadata.name"))
                          .with_found(describe(*object))
                          .with_hint(fmt::format("the other one is at {}", to_string(objects_[same->second].document.place))));
    return;
  }
  objects_.push_back({std::move(*object), document});
}

const cluster::Deployment* ManifestSet::deployment(std::string_view namespace_, std::string_view name) const {
  const auto found = by_name_.find({"Deployment", std::string(namespace_), std::string(name)});
  return found == by_name_.end() ? nullptr : std::get_if<cluster::Deployment>(&objects_[found->second].object);
}

const ManifestObject* ManifestSet::service(std::string_view namespace_, std::string_view name) const {
  const auto found = by_name_.find({"Service", std::string(namespace_), std::string(name)});
  if (found == by_name_.end()) return nullptr;
  const ManifestObject& entry = objects_[found->second];
  return std::holds_alternative<cluster::Service>(entry.object) ? &entry : nullptr;
}

std::vector<PodSource> ManifestSet::pod_sources() const {
  std::vector<PodSource> sources;
  const auto add_template = [&](const ManifestObject& entry, const cluster::ObjectMeta& meta, const cluster::PodTemplate& pod_template, std::int64_t replicas) {
    sources.push_back({&*pod_template.labels, &*pod_template.spec, meta.namespace_, describe(entry.object), "spec.template.spec", replicas, &entry.document});
  };
  for (const ManifestObject& entry : objects_) {
    if (const auto* deployment = std::get_if<cluster::Deployment>(&entry.object)) {
      add_template(entry, deployment->meta, *deployment->spec.pod_template, deployment->spec.replicas);
    } else if (const auto* replica_set = std::get_if<cluster::ReplicaSet>(&entry.object)) {
      add_template(entry, replica_set->meta, *replica_set->spec.pod_template, replica_set->spec.replicas);
    } else if (const auto* pod = std::get_if<cluster::Pod>(&entry.object)) {
      sources.push_back({&*pod->meta.labels, &*pod->spec, pod->meta.namespace_, describe(entry.object), "spec", 1, &entry.document});
    }
  }
  return sources;
}

std::vector<std::string_view> ManifestSet::names(cluster::Kind kind, std::string_view namespace_) const {
  std::vector<std::string_view> names;
  for (const ManifestObject& entry : objects_) {
    if (static_cast<cluster::Kind>(entry.object.index()) != kind || meta_of(entry.object).namespace_ != namespace_) continue;
    names.push_back(meta_of(entry.object).name);
  }
  return names;
}

}  // namespace tandem::scenario
