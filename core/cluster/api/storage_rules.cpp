// PersistentVolumes, claims and StorageClasses.

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "core/cluster/api/resources.hpp"
#include "core/cluster/api/rules.hpp"
#include "core/cluster/api/types.hpp"

namespace tandem::cluster::api {

namespace {

constexpr const char* kBetaClass = "volume.beta.kubernetes.io/storage-class";

const std::vector<std::string>& access_modes() {
  static const std::vector<std::string> kModes = {"ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"};
  return kModes;
}

void check_access_modes(FieldErrors& errors, const View& modes, const FieldPath& path) {
  bool single = false;
  bool other = false;
  for (const View& mode : modes.items()) {
    check_one_of(errors, mode, access_modes(), path);
    if (mode.text() == "ReadWriteOncePod") {
      single = true;
    } else {
      other = other || contains(access_modes(), mode.text());
    }
  }
  if (single && other) errors.forbidden(path, "may not use ReadWriteOncePod with other access modes");
}

/// Sources of a PersistentVolume in the order in which Kubernetes looks at them.
constexpr const char* kSources[] = {"hostPath", "gcePersistentDisk", "awsElasticBlockStore", "glusterfs", "flocker", "nfs", "rbd", "quobyte", "cephfs",
                                    "iscsi", "cinder", "fc", "flexVolume", "azureFile", "vsphereVolume", "photonPersistentDisk", "portworxVolume",
                                    "azureDisk", "scaleIO", "local", "storageos", "csi"};

void check_sources(FieldErrors& errors, const View& spec, const std::string& name, const FieldPath& path) {
  bool found = false;
  for (const std::string_view kind : kSources) {
    if (!spec.has(kind)) continue;
    if (found && kind != "flexVolume") {
      errors.forbidden(path / (kind == "cephfs" ? "cephFS" : kind), "may not specify more than 1 volume type");
      continue;
    }
    found = true;
    check_volume_source(errors, kind, spec[kind], path / kind, true, name);
    if (kind != "local") continue;
    const std::string local = spec["local"]["path"].text();
    if (local.empty()) errors.required(path / "local" / "path");
    check_no_backsteps(errors, local, path / "local" / "path");
    if (!spec.has("nodeAffinity")) errors.required(path / "nodeAffinity", "Local volume requires node affinity");
  }
  if (!found) errors.required(path, "must specify a volume type");
}

void check_capacity(FieldErrors& errors, const View& capacity, const FieldPath& path) {
  if (capacity.empty()) errors.required(path);
  if (!capacity.has("storage") || capacity.size() > 1) errors.not_supported(path, capacity, {"storage"});
  for (const auto& [name, value] : capacity.entries()) {
    const Quantity quantity = quantity_of(value);
    if (quantity.value() < 0) errors.invalid(path.key(name), quantity.value(), "must be a valid resource quantity");
    if (quantity.sign() <= 0) errors.invalid(path.key(name), quantity.text(), "must be greater than zero");
  }
}

void check_class_name(FieldErrors& errors, const View& name, const FieldPath& path) {
  if (!name.text().empty()) errors.invalid_each(path, name.text(), dns1123_subdomain_errors(name.text()));
}

bool is_root(const std::string& path) {
  for (const std::string& part : split_text(path, '/')) {
    if (!part.empty() && part != "." && part != "..") return false;
  }
  return path.starts_with('/');
}

void check_volume_spec(FieldErrors& errors, const View& object, const View& old) {
  const View spec = object["spec"];
  const FieldPath path("spec");
  if (spec["accessModes"].empty()) errors.required(path / "accessModes");
  check_access_modes(errors, spec["accessModes"], path / "accessModes");
  check_capacity(errors, spec["capacity"], path / "capacity");
  const View policy = spec["persistentVolumeReclaimPolicy"];
  if (!policy.text().empty()) check_one_of(errors, policy, {"Delete", "Recycle", "Retain"}, path / "persistentVolumeReclaimPolicy");
  if (spec.has("nodeAffinity")) {
    const View required = spec["nodeAffinity"]["required"];
    bool allow = false;
    for (const View& term : old.at("spec", "nodeAffinity", "required", "nodeSelectorTerms").items()) {
      for (const View& requirement : term["matchExpressions"].items()) {
        for (const std::string& value : requirement["values"].texts()) allow = allow || !label_value_errors_of(value).empty();
      }
    }
    if (required.present()) {
      check_node_selector(errors, required, path / "nodeAffinity" / "required", allow);
    } else {
      errors.required(path / "nodeAffinity" / "required", "must specify required node constraints");
    }
  }
  check_sources(errors, spec, object.at("metadata", "name").text(), path);
  if (spec.has("hostPath") && is_root(spec["hostPath"]["path"].text()) && policy.text() == "Recycle") {
    errors.forbidden(path / "persistentVolumeReclaimPolicy", "may not be 'recycle' for a hostPath mount of '/'");
  }
  check_class_name(errors, spec["storageClassName"], path / "storageClassName");
  if (spec.has("volumeMode")) check_one_of(errors, spec["volumeMode"], {"Block", "Filesystem"}, path / "volumeMode");
  if (const View attributes = spec["volumeAttributesClassName"]; attributes.present()) {
    if (attributes.text().empty()) errors.required(path / "volumeAttributesClassName", "an empty string is disallowed");
    check_class_name(errors, attributes, path / "volumeAttributesClassName");
    if (!spec.has("csi")) errors.required(path / "csi", "has to be specified when using volumeAttributesClassName");
  }
}

void check_mount_options(FieldErrors& errors, const View& object) {
  static const std::set<std::string> kWithOptions = {"gcePersistentDisk", "awsElasticBlockStore", "glusterfs", "nfs", "rbd", "quobyte", "iscsi", "cinder", "cephfs",
                                                     "azureFile", "vsphereVolume", "azureDisk", "photonPersistentDisk"};
  constexpr const char* kAnnotation = "volume.beta.kubernetes.io/mount-options";
  for (const auto& [field, value] : object["spec"].entries()) {
    if (kWithOptions.contains(field)) return;
  }
  if (object.at("metadata", "annotations").has(kAnnotation)) {
    errors.forbidden(FieldPath("metadata.annotations") / kAnnotation, "may not specify mount options for this volume type");
  }
}

Json source_of(const View& spec) {
  Json source = Json::object();
  for (const char* kind : kSources) {
    if (spec.has(kind)) source[kind] = spec[kind].json();
  }
  return source;
}

void check_data_source(FieldErrors& errors, const View& source, const FieldPath& path, bool allow_invalid_group) {
  if (source["name"].text().empty()) errors.required(path / "name");
  if (source["kind"].text().empty()) errors.required(path / "kind");
  const std::string group = source["apiGroup"].text();
  if (group.empty() && source["kind"].text() != "PersistentVolumeClaim") {
    errors.invalid(path, source["kind"].text(), "must be 'PersistentVolumeClaim' when referencing the default apiGroup");
  }
  if (!group.empty() && !allow_invalid_group) errors.invalid_each(path / "apiGroup", group, dns1123_subdomain_errors(group));
  if (const std::string name = source["namespace"].text(); !name.empty()) errors.invalid_each(path / "namespace", name, dns1123_label_errors(name));
}

void check_claim_change(FieldErrors& errors, const View& claim, const View& old) {
  const View spec = claim["spec"];
  const View before = old["spec"];
  Json now = spec.json();
  Json was = before.json();
  if (before["volumeName"].text().empty()) was["volumeName"] = spec["volumeName"].json();
  const View old_beta = old.at("metadata", "annotations")[kBetaClass];
  const View beta = claim.at("metadata", "annotations")[kBetaClass];
  const View name = spec["storageClassName"];
  const View old_name = before["storageClassName"];
  if (old_beta.present() && !old_name.present() && name.present() && name.text() == old_beta.text() && (!beta.present() || beta.text() == old_beta.text())) {
    now.erase("storageClassName");
  } else {
    if (beta.text() != old_beta.text()) errors.invalid(FieldPath("metadata.annotations") / kBetaClass, beta.text(), kImmutable);
    if (name.present() && !old_name.present() && (!old_beta.present() || name.text() == old_beta.text())) now.erase("storageClassName");
  }
  if (claim.at("status", "phase").text() == "Bound") {
    if (spec.at("resources", "requests").present()) now["resources"]["requests"]["storage"] = before.at("resources", "requests", "storage").json();
    now["volumeAttributesClassName"] = before["volumeAttributesClassName"].json();
  }
  if (!equal_structs(now, was, struct_type("core/v1.PersistentVolumeClaimSpec"))) {
    errors.forbidden("spec", "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims");
  }
  const Quantity size = quantity_of(spec.at("resources", "requests", "storage"));
  if (size < quantity_of(before.at("resources", "requests", "storage")) && size <= quantity_of(old.at("status", "capacity", "storage"))) {
    errors.forbidden("spec.resources.requests.storage", "field can not be less than status.capacity");
  }
  check_immutable(errors, spec["volumeMode"], before["volumeMode"], "volumeMode");
  const View attributes = spec["volumeAttributesClassName"];
  if (attributes == before["volumeAttributesClassName"] || !old.at("status", "currentVolumeAttributesClassName").present()) return;
  if (!attributes.present()) {
    errors.forbidden("spec.volumeAttributesClassName", "update to nil is forbidden when status.currentVolumeAttributesClassName is not nil");
  } else if (attributes.text().empty()) {
    errors.forbidden("spec.volumeAttributesClassName", "update to empty string is forbidden when status.currentVolumeAttributesClassName is not nil");
  }
}

void check_parameters(FieldErrors& errors, const View& parameters, const FieldPath& path) {
  constexpr std::int64_t kMaxCount = 512;
  constexpr std::int64_t kMaxBytes = 256 * 1024;
  std::int64_t bytes = 0;
  if (static_cast<std::int64_t>(parameters.size()) > kMaxCount) errors.too_long(path, kMaxCount);
  for (const auto& [key, value] : parameters.entries()) {
    if (key.empty()) errors.invalid(path, key, "field can not be empty.");
    bytes += static_cast<std::int64_t>(key.size() + value.text().size());
  }
  if (bytes > kMaxBytes) errors.too_long(path, kMaxBytes);
}

void check_topologies(FieldErrors& errors, const View& topologies, const FieldPath& path) {
  using Term = std::map<std::string, std::set<std::string>>;
  std::vector<Term> before(topologies.size());  // Kubernetes begins with as many empty terms, so that an empty one is always a duplicate
  std::size_t i = 0;
  for (const View& expressions : topologies.items()) {
    const FieldPath at = path.index(i++) / "matchLabelExpressions";
    Term term;
    std::size_t j = 0;
    for (const View& expression : expressions["matchLabelExpressions"].items()) {
      const FieldPath one = at.index(j++);
      const std::string key = expression["key"].text();
      if (expression["values"].empty()) errors.required(one / "values");
      std::set<std::string> values;
      std::size_t k = 0;
      for (const std::string& value : expression["values"].texts()) {
        if (!values.insert(value).second) errors.duplicate((one / "values").index(k), value);
        ++k;
      }
      check_label_name(errors, key, one / "key");
      if (term.contains(key)) errors.duplicate(one / "key", key);
      term[key] = values;
    }
    for (auto same = std::count(before.begin(), before.end(), term); same > 0; --same) errors.duplicate(at, "");
    before.push_back(std::move(term));
  }
}

}  // namespace

void check_persistent_volume(FieldErrors& errors, const View& object, const View& old) {
  check_object_meta(errors, object["metadata"], false, name_is_subdomain);
  check_volume_spec(errors, object, old);
  check_mount_options(errors, object);
  if (!old.present()) return;
  check_object_meta(errors, object["metadata"], false, name_is_subdomain);
  check_volume_spec(errors, object, old);
  Json now = source_of(object["spec"]);
  const Json was = source_of(old["spec"]);
  if (View(was)["csi"].present() && !View(was)["csi"].has("controllerExpandSecretRef") && View(now)["csi"].present()) now["csi"].erase("controllerExpandSecretRef");
  if (!semantically_equal(now, was)) errors.forbidden("spec.persistentvolumesource", "spec.persistentvolumesource is immutable after creation");
  check_immutable(errors, object["spec"]["volumeMode"], old["spec"]["volumeMode"], "volumeMode");
  if (old["spec"].has("nodeAffinity") && !(object["spec"]["nodeAffinity"] == old["spec"]["nodeAffinity"])) {
    errors.invalid("nodeAffinity", object["spec"]["nodeAffinity"], "field is immutable, except for updating from beta label to GA");
  }
  if (old["spec"].has("volumeAttributesClassName") && !object["spec"].has("volumeAttributesClassName")) {
    errors.forbidden("spec.volumeAttributesClassName", "update from non-nil value to nil is forbidden");
  }
}

void check_claim_spec(FieldErrors& errors, const View& spec, const FieldPath& path, const View& old_spec) {
  if (spec["accessModes"].empty()) errors.required(path / "accessModes", "at least 1 access mode is required");
  FieldErrors of_old;
  check_label_selector(of_old, old_spec["selector"], "");
  check_label_selector(errors, spec["selector"], path / "selector", !of_old.empty());
  check_access_modes(errors, spec["accessModes"], path / "accessModes");
  const View storage = spec.at("resources", "requests", "storage");
  const FieldPath at = (path / "resources").key("storage");
  if (!storage.present()) {
    errors.required(at);
  } else if (quantity_of(storage).sign() <= 0) {
    errors.invalid(at, quantity_of(storage).text(), "must be greater than zero");
  }
  check_class_name(errors, spec["storageClassName"], path / "storageClassName");
  if (spec.has("volumeMode")) check_one_of(errors, spec["volumeMode"], {"Block", "Filesystem"}, path / "volumeMode");
  const bool allow_group = old_spec.at("dataSource", "apiGroup").present() || old_spec.at("dataSourceRef", "apiGroup").present();
  const View source = spec["dataSource"];
  const View reference = spec["dataSourceRef"];
  if (source.present()) check_data_source(errors, source, path / "dataSource", allow_group);
  if (reference.present()) check_data_source(errors, reference, path / "dataSourceRef", allow_group);
  if (source.present() && reference.present()) {
    const bool foreign = !reference["namespace"].text().empty();
    const bool equal = source["apiGroup"] == reference["apiGroup"] && source["kind"].text() == reference["kind"].text() && source["name"].text() == reference["name"].text();
    if (foreign) errors.invalid(path, BadValue::raw("{}"), "may not be specified when dataSourceRef.namespace is specified");
    if (!foreign && !equal) errors.invalid(path, BadValue::raw("{}"), "must match dataSourceRef");
  }
  check_class_name(errors, spec["volumeAttributesClassName"], path / "volumeAttributesClassName");
}

void check_claim(FieldErrors& errors, const View& object, const View& old) {
  check_object_meta(errors, object["metadata"], true, name_is_subdomain);
  check_claim_spec(errors, object["spec"], "spec", old["spec"]);
  if (!old.present()) return;
  check_object_meta_update(errors, object["metadata"], old["metadata"], true);
  check_object_meta(errors, object["metadata"], true, name_is_subdomain);
  check_claim_spec(errors, object["spec"], "spec", old["spec"]);
  check_claim_change(errors, object, old);
}

void check_storage_class(FieldErrors& errors, const View& object, const View& old) {
  const std::string provisioner = object["provisioner"].text();
  check_object_meta(errors, object["metadata"], false, name_is_subdomain);
  if (provisioner.empty()) {
    errors.required("provisioner");
  } else {
    errors.invalid_each("provisioner", lower(provisioner), qualified_name_errors(lower(provisioner)));
  }
  check_parameters(errors, object["parameters"], "parameters");
  if (!object["reclaimPolicy"].text().empty()) check_one_of(errors, object["reclaimPolicy"], {"Delete", "Retain"}, "reclaimPolicy");
  check_one_of(errors, object["volumeBindingMode"], {"Immediate", "WaitForFirstConsumer"}, "volumeBindingMode");
  check_topologies(errors, object["allowedTopologies"], "allowedTopologies");
  if (!old.present()) return;
  check_object_meta_update(errors, object["metadata"], old["metadata"], true);
  for (const char* field : {"parameters", "provisioner", "reclaimPolicy"}) {
    if (object[field].json() != old[field].json()) errors.forbidden(field, fmt::format("updates to {} are forbidden.", field));
  }
  check_immutable(errors, object["volumeBindingMode"], old["volumeBindingMode"], "volumeBindingMode");
}

}  // namespace tandem::cluster::api
