// apimachinery pkg/api/validation/objectmeta.go and the core group's additions to it.

#include <fmt/format.h>

#include "core/cluster/api/resources.hpp"
#include "core/cluster/api/rules.hpp"

namespace tandem::cluster::api {

namespace {

constexpr std::int64_t kMaxAnnotationBytes = 256 * 1024;  // TotalAnnotationSizeLimitB

void check_owner(FieldErrors& errors, const View& owner, const FieldPath& path) {
  const std::string api_version = owner["apiVersion"].text();
  const std::string kind = owner["kind"].text();
  const std::size_t slash = api_version.find('/');
  const std::string version = slash == std::string::npos ? api_version : api_version.substr(slash + 1);
  if (version.empty() || split_text(api_version, '/').size() > 2) errors.invalid(path / "apiVersion", api_version, "version must not be empty");
  if (kind.empty()) errors.invalid(path / "kind", kind, "must not be empty");
  if (owner["name"].text().empty()) errors.invalid(path / "name", "", "must not be empty");
  if (owner["uid"].text().empty()) errors.invalid(path / "uid", "", "must not be empty");
  if (api_version == "v1" && kind == "Event") errors.invalid(path, owner, "/v1, Kind=Event is disallowed from being an owner");
}

/// As Go prints the list: in the order of its fields.
std::string owners_dump(const View& owners) {
  std::vector<std::string> dumps;
  for (const View& owner : owners.items()) {
    std::string text;
    for (const char* field : {"apiVersion", "kind", "name", "uid"}) text += fmt::format(R"({}"{}":{})", text.empty() ? "" : ",", field, Json(owner[field].text()).dump());
    for (const char* field : {"controller", "blockOwnerDeletion"}) {
      if (owner[field].present()) text += fmt::format(R"(,"{}":{})", field, owner[field].flag());
    }
    dumps.push_back(fmt::format("{{{}}}", text));
  }
  return fmt::format("[{}]", fmt::join(dumps, ","));
}

void check_owners(FieldErrors& errors, const View& owners, const FieldPath& path) {
  std::string first_controller;
  for (const View& owner : owners.items()) {
    check_owner(errors, owner, path);
    if (!owner["controller"].flag()) continue;
    const std::string name = fmt::format("{}/{}", owner["kind"].text(), owner["name"].text());
    if (first_controller.empty()) {
      first_controller = name;
    } else {
      errors.invalid(path, BadValue::raw(owners_dump(owners)),
                     fmt::format("Only one reference can have Controller set to true. Found \"true\" in references for {} and {}", first_controller, name));
    }
  }
}

void check_finalizers(FieldErrors& errors, const View& finalizers, const FieldPath& path) {
  bool orphan = false;
  bool foreground = false;
  for (const std::string& finalizer : finalizers.texts()) {
    errors.invalid_each(path, finalizer, qualified_name_errors(finalizer));
    orphan = orphan || finalizer == "orphan";
    foreground = foreground || finalizer == "foregroundDeletion";
  }
  if (orphan && foreground) errors.invalid(path, finalizers, "finalizer orphan and foregroundDeletion cannot be both set");
}

void check_managed_fields(FieldErrors& errors, const View& entries, const FieldPath& path) {
  std::size_t i = 0;
  for (const View& entry : entries.items()) {
    const FieldPath at = path.index(i++);
    const std::string operation = entry["operation"].text();
    if (operation != "Apply" && operation != "Update") errors.invalid(at / "operation", operation, "must be `Apply` or `Update`");
    const std::string type = entry["fieldsType"].text();
    if (!type.empty() && type != "FieldsV1") errors.invalid(at / "fieldsType", type, "must be `FieldsV1`");
    if (entry["manager"].text().size() > 128) errors.too_long(at / "manager", 128);
    if (entry["subresource"].text().size() > 256) errors.too_long(at / "subresource", 256);
  }
}

void check_name(FieldErrors& errors, const View& meta, NameRule rule, const FieldPath& path) {
  if (const std::string generate = meta["generateName"].text(); !generate.empty()) {
    errors.invalid_each(path / "generateName", generate, rule(generate, true));
  }
  const std::string name = meta["name"].text();
  if (name.empty()) {
    errors.required(path / "name", "name or generateName is required");
  } else {
    errors.invalid_each(path / "name", name, rule(name, false));
  }
}

}  // namespace

void check_label_name(FieldErrors& errors, std::string_view name, const FieldPath& path) { errors.invalid_each(path, name, qualified_name_errors(name)); }

void check_labels(FieldErrors& errors, const View& labels, const FieldPath& path) {
  for (const auto& [key, value] : labels.entries()) {
    check_label_name(errors, key, path);
    errors.invalid_each(path, value.text(), label_value_errors_of(value.text()));
  }
}

void check_annotations(FieldErrors& errors, const View& annotations, const FieldPath& path) {
  std::int64_t bytes = 0;
  for (const auto& [key, value] : annotations.entries()) {
    errors.invalid_each(path, key, qualified_name_errors(lower(key)));
    bytes += static_cast<std::int64_t>(key.size() + value.text().size());
  }
  if (bytes > kMaxAnnotationBytes) errors.too_long(path, kMaxAnnotationBytes);
}

void check_generic_meta(FieldErrors& errors, const View& meta, bool namespaced, NameRule name_rule) {
  const FieldPath path("metadata");
  check_name(errors, meta, name_rule, path);
  const std::string name_space = meta["namespace"].text();
  if (!namespaced) {
    if (!name_space.empty()) errors.forbidden(path / "namespace", "not allowed on this type");
  } else if (name_space.empty()) {
    errors.required(path / "namespace");
  } else {
    errors.invalid_each(path / "namespace", name_space, dns1123_label_errors(name_space));
  }
  check_not_negative(errors, meta["generation"], path / "generation");
  check_labels(errors, meta["labels"], path / "labels");
  check_annotations(errors, meta["annotations"], path / "annotations");
  check_owners(errors, meta["ownerReferences"], path / "ownerReferences");
  check_finalizers(errors, meta["finalizers"], path / "finalizers");
  check_managed_fields(errors, meta["managedFields"], path / "managedFields");
}

void check_kube_finalizer(FieldErrors& errors, const std::string& name, const FieldPath& path) {
  if (name.find('/') != std::string::npos || name == "kubernetes" || name == "orphan" || name == "foregroundDeletion") return;
  errors.invalid(path, name, "name is neither a standard finalizer name nor is it fully qualified");
}

void check_object_meta(FieldErrors& errors, const View& meta, bool namespaced, NameRule name_rule) {
  check_generic_meta(errors, meta, namespaced, name_rule);
  std::size_t i = 0;
  for (const std::string& finalizer : meta["finalizers"].texts()) check_kube_finalizer(errors, finalizer, FieldPath("metadata.finalizers").index(i++));
}

void check_object_meta_update(FieldErrors& errors, const View& meta, const View& old, bool own_finalizer_rule) {
  const FieldPath path("metadata");
  if (old["deletionTimestamp"].present()) {
    std::string added;
    const std::vector<std::string> before = old["finalizers"].texts();
    for (const std::string& finalizer : meta["finalizers"].texts()) {
      if (!contains(before, finalizer)) added = fmt::format("{}{}{}", added, added.empty() ? "" : ", ", go_quote(finalizer));
    }
    if (!added.empty()) {
      errors.forbidden(path / "finalizers",
                       fmt::format("no new finalizers can be added if the object is being deleted, found new finalizers []string{{{}}}", added));
    }
  }
  if (meta["resourceVersion"].text().empty()) errors.invalid(path / "resourceVersion", "", "must be specified for an update");
  if (meta["generation"].number() < old["generation"].number()) errors.invalid(path / "generation", meta["generation"].number(), "must not be decremented");
  for (const char* field : {"name", "namespace", "uid"}) {
    if (meta[field].text() != old[field].text()) errors.invalid(path / field, meta[field].text(), kImmutable);
  }
  for (const char* field : {"creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds"}) check_immutable(errors, meta[field], old[field], path / field);
  check_labels(errors, meta["labels"], path / "labels");
  check_annotations(errors, meta["annotations"], path / "annotations");
  check_owners(errors, meta["ownerReferences"], path / "ownerReferences");
  check_managed_fields(errors, meta["managedFields"], path / "managedFields");
  if (!own_finalizer_rule) return;
  std::size_t i = 0;
  for (const std::string& finalizer : meta["finalizers"].texts()) check_kube_finalizer(errors, finalizer, (path / "finalizers").index(i++));
}

void check_immutable(FieldErrors& errors, const View& value, const View& old, const FieldPath& path) {
  const bool appeared = value.present() != old.present() && (value.json().is_object() || old.json().is_object());  // pointers to structs
  if (appeared || !(value == old)) errors.invalid(path, value, kImmutable);
}

void check_not_negative(FieldErrors& errors, const View& value, const FieldPath& path) {
  if (value.number() < 0) errors.invalid(path, value.number(), kNotNegative);
}

void check_one_of(FieldErrors& errors, const View& value, const std::vector<std::string>& allowed, const FieldPath& path) {
  if (!contains(allowed, value.text())) errors.not_supported(path, value.text(), allowed);
}

}  // namespace tandem::cluster::api
