// A pod's volumes: names, one source each, and the sources that pods have and PersistentVolumes do not.

#include <fmt/format.h>

#include <set>

#include "core/cluster/api/resources.hpp"
#include "core/cluster/api/rules.hpp"

namespace tandem::cluster::api {

namespace {

constexpr std::string_view kModeRule = "must be a number between 0 and 0777 (octal), both inclusive";

void check_mode(FieldErrors& errors, const View& mode, const FieldPath& path) {
  if (mode.present() && (mode.number() > 0777 || mode.number() < 0)) errors.invalid(path, mode.number(), kModeRule);
}

void check_key_to_path(FieldErrors& errors, const View& item, const FieldPath& path) {
  if (item["key"].text().empty()) errors.required(path / "key");
  if (item["path"].text().empty()) errors.required(path / "path");
  check_non_reserved_path(errors, item["path"].text(), path / "path");
  check_mode(errors, item["mode"], path / "mode");
}

/// A Secret or a ConfigMap; `name_field`: the two spell it differently.
void check_keyed_source(FieldErrors& errors, const View& source, const char* name_field, const FieldPath& path) {
  if (source[name_field].text().empty()) errors.required(path / name_field);
  check_mode(errors, source["defaultMode"], path / "defaultMode");
  std::size_t i = 0;
  for (const View& item : source["items"].items()) check_key_to_path(errors, item, (path / "items").index(i++));
}

void check_downward_file(FieldErrors& errors, const View& file, const FieldPath& path) {
  static const std::vector<std::string> kFields = {"metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid"};
  if (file["path"].text().empty()) errors.required(path / "path");
  check_non_reserved_path(errors, file["path"].text(), path / "path");
  if (file.has("fieldRef")) {
    check_object_field_selector(errors, file["fieldRef"], kFields, path / "fieldRef");
    if (file.has("resourceFieldRef")) errors.invalid(path, "resource", "fieldRef and resourceFieldRef can not be specified simultaneously");
  } else if (file.has("resourceFieldRef")) {
    check_resource_field_selector(errors, file["resourceFieldRef"], true, path / "resourceFieldRef");
  } else {
    errors.required(path, "one of fieldRef and resourceFieldRef is required");
  }
  check_mode(errors, file["mode"], path / "mode");
}

/// One entry of a projected volume; `paths`: what the entries before it have placed.
class ProjectionRules {
 public:
  ProjectionRules(FieldErrors& errors, const FieldPath& path, const PodOptions& options) : errors_(errors), path_(path), options_(options) {}

  void check(const View& source, const FieldPath& at) {
    int sources = 0;
    for (const char* kind : {"secret", "configMap"}) {
      if (!source.has(kind)) continue;
      ++sources;
      keyed(source[kind], at / kind);
    }
    if (source.has("downwardAPI")) {
      ++sources;
      for (const View& file : source["downwardAPI"]["items"].items()) {
        check_downward_file(errors_, file, at / "downwardAPI");
        place(file["path"].text(), file["path"].text());
      }
    }
    if (source.has("serviceAccountToken")) {
      ++sources;
      token(source["serviceAccountToken"], at / "serviceAccountToken");
    }
    if (sources > 1) errors_.forbidden(at, "may not specify more than 1 volume type per source");
  }

 private:
  void keyed(const View& source, const FieldPath& at) {
    if (source["name"].text().empty()) errors_.required(at / "name");
    std::size_t i = 0;
    for (const View& item : source["items"].items()) {
      check_key_to_path(errors_, item, (at / "items").index(i++));
      place(item["path"].text(), source["name"].text());
    }
  }

  void token(const View& token, const FieldPath& at) {
    const std::int64_t seconds = token["expirationSeconds"].number();
    if (seconds < 600) errors_.invalid(at / "expirationSeconds", seconds, "may not specify a duration less than 10 minutes");
    if (seconds > (std::int64_t{1} << 32)) errors_.invalid(at / "expirationSeconds", seconds, "may not specify a duration larger than 2^32 seconds");
    const std::string path = token["path"].text();
    if (path.empty()) return errors_.required(path_ / "path");
    if (!options_.allow_non_local_token_path) check_non_reserved_path(errors_, path, path_ / "path");
  }

  void place(const std::string& path, const std::string& named) {
    if (!path.empty() && !paths_.insert(path).second) errors_.invalid(path_, named, "conflicting duplicate paths");
  }

  FieldErrors& errors_;
  const FieldPath& path_;
  const PodOptions& options_;
  std::set<std::string> paths_;
};

void check_projected(FieldErrors& errors, const View& projected, const FieldPath& path, const PodOptions& options) {
  check_mode(errors, projected["defaultMode"], path / "defaultMode");
  ProjectionRules rules(errors, path, options);
  std::size_t i = 0;
  for (const View& source : projected["sources"].items()) rules.check(source, (path / "sources").index(i++));
}

void check_ephemeral(FieldErrors& errors, const View& source, const std::string& name, const View& pod_meta, const FieldPath& volume_path) {
  const FieldPath path = volume_path / "ephemeral" / "volumeClaimTemplate";
  const View claim = source["volumeClaimTemplate"];
  if (!claim.present()) {
    errors.required(path);
  } else {
    check_annotations(errors, claim.at("metadata", "annotations"), path / "metadata" / "annotations");
    check_labels(errors, claim.at("metadata", "labels"), path / "metadata" / "labels");
    for (const auto& [field, value] : claim["metadata"].entries()) {
      if (field != "annotations" && field != "labels" && !value.json().empty()) errors.forbidden(path / "metadata" / field, "cannot be set");
    }
    check_claim_spec(errors, claim["spec"], path / "spec");
  }
  const std::string pod_name = pod_meta["name"].text();
  if (pod_name.empty() || name.empty()) return;
  const std::string claim_name = fmt::format("{}-{}", pod_name, name);
  for (const std::string& message : dns1123_subdomain_errors(claim_name)) {
    errors.invalid(volume_path / "name", name, fmt::format("PVC name {}: {}", go_quote(claim_name), message));
  }
}

/// Sources in the order in which Kubernetes looks at them.
constexpr const char* kSources[] = {"hostPath", "gitRepo", "gcePersistentDisk", "awsElasticBlockStore", "secret", "nfs", "iscsi", "glusterfs", "flocker",
                                    "persistentVolumeClaim", "rbd", "cinder", "cephfs", "quobyte", "downwardAPI", "fc", "flexVolume", "configMap", "azureFile",
                                    "vsphereVolume", "photonPersistentDisk", "portworxVolume", "azureDisk", "storageos", "projected", "scaleIO", "csi",
                                    "ephemeral", "image"};

void check_source(FieldErrors& errors, const View& volume, const View& pod_meta, const FieldPath& path, const PodOptions& options) {
  bool found = volume.has("emptyDir");
  if (found && quantity_of(volume.at("emptyDir", "sizeLimit")).sign() < 0) {
    errors.forbidden(path / "emptyDir" / "sizeLimit", "SizeLimit field must be a valid resource quantity");
  }
  for (const std::string_view kind : kSources) {
    if (!volume.has(kind)) continue;
    const View source = volume[kind];
    if (found) {
      // Two of the names in Kubernetes' sentences are not those of the fields.
      errors.forbidden(path / (kind == "cephfs" ? "cephFS" : kind == "downwardAPI" ? "downwarAPI" : kind), "may not specify more than 1 volume type");
      continue;
    }
    found = true;
    const FieldPath at = path / kind;
    if (kind == "secret") check_keyed_source(errors, source, "secretName", at);
    if (kind == "configMap") check_keyed_source(errors, source, "name", at);
    if (kind == "persistentVolumeClaim" && source["claimName"].text().empty()) errors.required(at / "claimName");
    if (kind == "downwardAPI") {
      check_mode(errors, source["defaultMode"], at / "defaultMode");
      for (const View& file : source["items"].items()) check_downward_file(errors, file, at);
    }
    if (kind == "projected") check_projected(errors, source, at, options);
    if (kind == "ephemeral") check_ephemeral(errors, source, volume["name"].text(), pod_meta, path);
    if (kind == "image") {
      if (options.is_pod && source["reference"].text().empty()) errors.required(at / "reference");
      check_pull_policy(errors, source["pullPolicy"], at / "pullPolicy");
    }
    check_volume_source(errors, kind, source, at, false, volume["name"].text());
  }
  if (!found) errors.required(path, "must specify a volume type");
}

}  // namespace

VolumeTable check_volumes(FieldErrors& errors, const View& volumes, const View& pod_meta, const FieldPath& path, const PodOptions& options) {
  VolumeTable table;
  std::set<std::string> created_claims;
  const std::string pod_name = pod_meta["name"].text();
  for (const View& volume : volumes.items()) {
    if (!pod_name.empty() && volume.has("ephemeral")) created_claims.insert(fmt::format("{}-{}", pod_name, volume["name"].text()));
  }
  std::size_t i = 0;
  for (const View& volume : volumes.items()) {
    const FieldPath at = path.index(i++);
    const std::string name = volume["name"].text();
    FieldErrors own;
    check_source(own, volume, pod_meta, at, options);
    if (name.empty()) {
      own.required(at / "name");
    } else {
      own.invalid_each(at / "name", name, dns1123_label_errors(name));
    }
    if (table.contains(name)) own.duplicate(at / "name", name);
    if (own.empty()) table.emplace(name, volume);
    errors.add(own);
    const std::string claim = volume.at("persistentVolumeClaim", "claimName").text();
    if (volume.has("persistentVolumeClaim") && created_claims.contains(claim)) {
      errors.invalid(at / "persistentVolumeClaim" / "claimName", claim, "must not reference a PVC that gets created for an ephemeral volume");
    }
  }
  return table;
}

void check_no_backsteps(FieldErrors& errors, std::string_view text, const FieldPath& path) {
  if (contains(split_text(text, '/'), "..")) errors.invalid(path, text, "must not contain '..'");
}

void check_local_path(FieldErrors& errors, std::string_view text, const FieldPath& path) {
  if (text.starts_with('/')) errors.invalid(path, text, "must be a relative path");
  check_no_backsteps(errors, text, path);
}

void check_non_reserved_path(FieldErrors& errors, std::string_view text, const FieldPath& path) {
  check_local_path(errors, text, path);
  if (text.starts_with("..") && !text.starts_with("../")) errors.invalid(path, text, "must not start with '..'");
}

}  // namespace tandem::cluster::api
