// Volume sources that pods and PersistentVolumes share, one small rule each.

#include <fmt/format.h>

#include <map>

#include "core/cluster/api/rules.hpp"

namespace tandem::cluster::api {

namespace {

/// Where a source is used.
struct SourceContext {
  bool persistent;
  std::string_view volume_name;
};

using SourceRule = void (*)(FieldErrors& errors, const View& source, const FieldPath& path, const SourceContext& context);

/// Required for each field that is "" (or an empty list).
void need(FieldErrors& errors, const View& source, const FieldPath& path, std::initializer_list<const char*> fields) {
  for (const char* field : fields) {
    if (source[field].text().empty() && source[field].empty()) errors.required(path / field);
  }
}

void host_path(FieldErrors& errors, const View& source, const FieldPath& path, const SourceContext&) {
  if (source["path"].text().empty()) return errors.required(path / "path");
  check_no_backsteps(errors, source["path"].text(), path / "path");
  if (source.has("type")) {
    check_one_of(errors, source["type"], {"", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"}, path / "type");
  }
}

void git_repo(FieldErrors& errors, const View& source, const FieldPath& path, const SourceContext&) {
  need(errors, source, path, {"repository"});
  check_local_path(errors, source["directory"].text(), path / "directory");
}

void partitioned(FieldErrors& errors, const View& source, const FieldPath& path, const char* field) {
  need(errors, source, path, {field});
  const std::int64_t partition = source["partition"].number();
  if (partition < 0 || partition > 255) errors.invalid(path / "partition", partition, range_message(1, 255));
}

void google_disk(FieldErrors& errors, const View& source, const FieldPath&, const SourceContext& context) {
  // Kubernetes calls the field persistentDisk in these paths.
  partitioned(errors, source, FieldPath(context.volume_name) / "persistentDisk", "pdName");
}

void amazon_disk(FieldErrors& errors, const View& source, const FieldPath& path, const SourceContext&) { partitioned(errors, source, path, "volumeID"); }

void nfs(FieldErrors& errors, const View& source, const FieldPath& path, const SourceContext&) {
  need(errors, source, path, {"server", "path"});
  if (!source["path"].text().starts_with('/')) errors.invalid(path / "path", source["path"].text(), "must be an absolute path");
}

bool is_iqn(const std::string& name) {
  // iqn.YYYY-MM.reverse.domain[:suffix]
  if (name.size() < 13 || name.substr(0, 4) != "iqn." || name[8] != '-' || name[11] != '.') return false;
  for (const std::size_t i : {4U, 5U, 6U, 7U, 9U, 10U}) {
    if (name[i] < '0' || name[i] > '9') return false;
  }
  const std::size_t colon = name.find(':', 12);
  const std::string domain = name.substr(12, colon == std::string::npos ? std::string::npos : colon - 12);
  return !domain.empty() && (colon == std::string::npos || name.substr(colon + 1).find_first_of(",;*&$| \t") == std::string::npos);
}

void iscsi_name(FieldErrors& errors, const std::string& name, const FieldPath& path, bool long_form) {
  const std::string start = name.substr(0, 3);
  if (start != "iqn" && start != "eui" && start != "naa") {
    return errors.invalid(path, name, long_form ? "must be valid format starting with iqn, eui, or naa" : "must be valid format");
  }
  const bool valid = start == "iqn" ? is_iqn(name) : start == "eui" ? name.size() == 20 : name.size() == 36;
  if (!valid) errors.invalid(path, name, "must be valid format");
}

void iscsi(FieldErrors& errors, const View& source, const FieldPath& path, const SourceContext& context) {
  constexpr std::string_view kTooLong =
      "Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.";
  need(errors, source, path, {"targetPortal"});
  const std::string portal = source["targetPortal"].text();
  const bool too_long = source.has("initiatorName") && context.volume_name.size() + 1 + portal.size() > 64;
  if (too_long && context.persistent) errors.invalid(path / "targetportal", portal, kTooLong);
  need(errors, source, path, {"iqn"});
  if (const std::string iqn = source["iqn"].text(); !iqn.empty()) iscsi_name(errors, iqn, path / "iqn", !context.persistent);
  if (const std::int64_t lun = source["lun"].number(); lun < 0 || lun > 255) errors.invalid(path / "lun", lun, range_message(0, 255));
  if ((source["chapAuthDiscovery"].flag() || source["chapAuthSession"].flag()) && !source.has("secretRef")) errors.required(path / "secretRef");
  if (context.persistent && source.has("secretRef")) need(errors, source["secretRef"], path / "secretRef", {"name"});
  if (source.has("initiatorName")) iscsi_name(errors, source["initiatorName"].text(), path / "initiatorname", !context.persistent);
}

void glusterfs(FieldErrors& errors, const View& source, const FieldPath& path, const SourceContext& context) {
  need(errors, source, path, {"endpoints", "path"});
  if (!context.persistent || !source.has("endpointsNamespace")) return;
  const std::string name = source["endpointsNamespace"].text();
  if (name.empty()) {
    errors.invalid(path / "endpointsNamespace", name, "if the endpointnamespace is set, it must be a valid namespace name");
  } else {
    errors.invalid_each(path / "endpointsNamespace", name, dns1123_label_errors(name));
  }
}

void flocker(FieldErrors& errors, const View& source, const FieldPath& path, const SourceContext&) {
  const std::string name = source["datasetName"].text();
  const std::string uuid = source["datasetUUID"].text();
  if (name.empty() && uuid.empty()) errors.required(path, "one of datasetName and datasetUUID is required");
  if (!name.empty() && !uuid.empty()) errors.invalid(path, "resource", "datasetName and datasetUUID can not be specified simultaneously");
  if (name.find('/') != std::string::npos) errors.invalid(path / "datasetName", name, "must not contain '/'");
}

void cinder(FieldErrors& errors, const View& source, const FieldPath& path, const SourceContext& context) {
  need(errors, source, path, {"volumeID"});
  if (!source.has("secretRef")) return;
  need(errors, source["secretRef"], path / "secretRef", {"name"});
  if (context.persistent) need(errors, source["secretRef"], path / "secretRef", {"namespace"});
}

void quobyte(FieldErrors& errors, const View& source, const FieldPath& path, const SourceContext&) {
  constexpr std::string_view kPairs = "must be a host:port pair or multiple pairs separated by commas";
  const std::string registry = source["registry"].text();
  if (registry.empty()) {
    errors.required(path / "registry", kPairs);
  } else if (source["tenant"].text().size() >= 65) {
    errors.required(path / "tenant", "must be a UUID and may not exceed a length of 64 characters");
  } else {
    for (const std::string& pair : split_text(registry, ',')) {
      if (pair.find(':') == std::string::npos) errors.invalid(path / "registry", registry, kPairs);
    }
  }
  need(errors, source, path, {"volume"});
}

void fibre_channel(FieldErrors& errors, const View& source, const FieldPath& path, const SourceContext&) {
  const bool names = !source["targetWWNs"].empty();
  const bool ids = !source["wwids"].empty();
  if (!names && !ids) errors.required(path / "targetWWNs", "must specify either targetWWNs or wwids, but not both");
  if (names && ids) errors.invalid(path / "targetWWNs", source["targetWWNs"], "targetWWNs and wwids can not be specified simultaneously");
  if (!names) return;
  const View lun = source["lun"];
  if (!lun.present()) {
    errors.required(path / "lun", "lun is required if targetWWNs is specified");
  } else if (lun.number() < 0 || lun.number() > 255) {
    errors.invalid(path / "lun", lun.number(), range_message(0, 255));
  }
}

void flex_volume(FieldErrors& errors, const View& source, const FieldPath& path, const SourceContext&) {
  need(errors, source, path, {"driver"});
  for (const auto& [key, value] : source["options"].entries()) {
    const std::string name_space = fmt::format(".{}", lower(key.substr(0, key.find('/'))));
    if (name_space.ends_with(".kubernetes.io") || name_space.ends_with(".k8s.io")) {
      errors.invalid((path / "options").key(key), key, "kubernetes.io and k8s.io namespaces are reserved");
    }
  }
}

void azure_file(FieldErrors& errors, const View& source, const FieldPath& path, const SourceContext& context) {
  need(errors, source, path, {"secretName", "shareName"});
  if (context.persistent && source.has("secretNamespace")) need(errors, source, path, {"secretNamespace"});
}

void azure_disk(FieldErrors& errors, const View& source, const FieldPath& path, const SourceContext&) {
  need(errors, source, path, {"diskName", "diskURI"});
  if (source.has("cachingMode")) check_one_of(errors, source["cachingMode"], {"None", "ReadOnly", "ReadWrite"}, path / "cachingMode");
  if (!source.has("kind")) return;
  check_one_of(errors, source["kind"], {"Dedicated", "Managed", "Shared"}, path / "kind");
  const std::string uri = source["diskURI"].text();
  const bool managed = source["kind"].text() == "Managed";
  if (managed && !uri.starts_with("/subscriptions/")) {
    errors.not_supported(path / "diskURI", uri, {"/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}"});
  }
  if (!managed && !uri.starts_with("https://")) {
    errors.not_supported(path / "diskURI", uri, {"https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd"});
  }
}

void storage_os(FieldErrors& errors, const View& source, const FieldPath& path, const SourceContext& context) {
  const std::string name = source["volumeName"].text();
  need(errors, source, path, {"volumeName"});
  if (!name.empty()) errors.invalid_each(path / "volumeName", name, dns1123_label_errors(name));
  if (const std::string name_space = source["volumeNamespace"].text(); !name_space.empty()) {
    errors.invalid_each(path / "volumeNamespace", name_space, dns1123_label_errors(name_space));
  }
  if (!source.has("secretRef")) return;
  need(errors, source["secretRef"], path / "secretRef", {"name"});
  if (context.persistent) need(errors, source["secretRef"], path / "secretRef", {"namespace"});
}

void csi(FieldErrors& errors, const View& source, const FieldPath& path, const SourceContext& context) {
  check_csi_driver_name(errors, source["driver"].text(), path / "driver");
  if (!context.persistent) {
    if (!source.has("nodePublishSecretRef")) return;
    const std::string name = source.at("nodePublishSecretRef", "name").text();
    if (name.empty()) return errors.required(path / "nodePublishSecretRef" / "name");
    return errors.invalid_each(path / "name", name, dns1123_subdomain_errors(name));
  }
  need(errors, source, path, {"volumeHandle"});
  for (const char* field : {"controllerPublishSecretRef", "controllerExpandSecretRef", "nodePublishSecretRef", "nodeExpandSecretRef"}) {
    if (!source.has(field)) continue;
    need(errors, source[field], path / field, {"name"});
    if (const std::string name = source[field]["name"].text(); !name.empty()) errors.invalid_each(path / field / "name", name, dns1123_subdomain_errors(name));
    need(errors, source[field], path / field, {"namespace"});
    if (const std::string name = source[field]["namespace"].text(); !name.empty()) errors.invalid_each(path / field / "namespace", name, dns1123_label_errors(name));
  }
}

const std::map<std::string_view, SourceRule>& rules() {
  static const std::map<std::string_view, SourceRule> kRules = {
      {"hostPath", host_path},
      {"gitRepo", git_repo},
      {"gcePersistentDisk", google_disk},
      {"awsElasticBlockStore", amazon_disk},
      {"nfs", nfs},
      {"iscsi", iscsi},
      {"glusterfs", glusterfs},
      {"flocker", flocker},
      {"rbd", [](FieldErrors& errors, const View& source, const FieldPath& path, const SourceContext&) { need(errors, source, path, {"monitors", "image"}); }},
      {"cinder", cinder},
      {"cephfs", [](FieldErrors& errors, const View& source, const FieldPath& path, const SourceContext&) { need(errors, source, path, {"monitors"}); }},
      {"quobyte", quobyte},
      {"fc", fibre_channel},
      {"flexVolume", flex_volume},
      {"azureFile", azure_file},
      {"vsphereVolume", [](FieldErrors& errors, const View& source, const FieldPath& path, const SourceContext&) { need(errors, source, path, {"volumePath"}); }},
      {"photonPersistentDisk", [](FieldErrors& errors, const View& source, const FieldPath& path, const SourceContext&) { need(errors, source, path, {"pdID"}); }},
      {"portworxVolume", [](FieldErrors& errors, const View& source, const FieldPath& path, const SourceContext&) { need(errors, source, path, {"volumeID"}); }},
      {"azureDisk", azure_disk},
      {"storageos", storage_os},
      {"scaleIO", [](FieldErrors& errors, const View& source, const FieldPath& path, const SourceContext&) { need(errors, source, path, {"gateway", "system", "volumeName"}); }},
      {"csi", csi},
  };
  return kRules;
}

}  // namespace

void check_volume_source(FieldErrors& errors, std::string_view source, const View& value, const FieldPath& path, bool persistent, std::string_view volume_name) {
  const auto rule = rules().find(source);
  if (rule == rules().end()) return;
  if (source == "gcePersistentDisk") {
    const std::string& text = path.text();
    return rule->second(errors, value, path, {persistent, std::string_view(text).substr(0, text.rfind('.'))});
  }
  rule->second(errors, value, path, {persistent, volume_name});
}

void check_csi_driver_name(FieldErrors& errors, const std::string& name, const FieldPath& path) {
  if (name.empty()) errors.required(path);
  if (name.size() > 63) errors.too_long(path, 63);
  errors.invalid_each(path, name, dns1123_subdomain_errors(lower(name)));
}

}  // namespace tandem::cluster::api
