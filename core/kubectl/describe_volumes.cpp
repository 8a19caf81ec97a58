// Volumes in descriptions. Most sources are a title and some of their fields; those are rows of a table.

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/kubectl/describe_parts.hpp"
#include "core/kubectl/formatting.hpp"
#include "core/kubectl/json_reading.hpp"

namespace tandem::kubectl {

namespace {

/// How Go prints the value of a field, and what stands for an absent one.
enum class Form : std::uint8_t {
  Text,       ///< empty if absent
  TextOrNone, ///< "<none>"
  TextOrUnset,///< "<unset>"
  Number,     ///< 0
  NumberOrNone,
  Flag,       ///< false
  List,       ///< [a b]
  Joined,     ///< a, b
  Map,        ///< map[a:b]
  Reference,  ///< &LocalObjectReference{Name:a,}, or nil
  NamedReference,  ///< &SecretReference{Name:a,Namespace:b,}, or nil
};

struct Field {
  const char* title;    ///< with what follows it up to the value
  const char* pointer;  ///< within the source
  Form form;
};

struct Source {
  const char* pointer;  ///< "/nfs"
  const char* title;
  std::array<Field, 11> fields;
};

constexpr Field kNoField{nullptr, nullptr, Form::Text};

constexpr Field kFsType{"FSType:\t", "/fsType", Form::Text};
constexpr Field kReadOnly{"ReadOnly:\t", "/readOnly", Form::Flag};
constexpr Field kSecretRef{"SecretRef:\t", "/secretRef", Form::Reference};
constexpr Field kNamedSecretRef{"SecretRef:\t", "/secretRef", Form::NamedReference};
constexpr Field kPath{"Path:\t", "/path", Form::Text};

constexpr Source kHostPath = {"/hostPath", "HostPath (bare host directory volume)", {kPath, {"HostPathType:\t", "/type", Form::TextOrNone}, kNoField}};
constexpr Source kGce = {"/gcePersistentDisk", "GCEPersistentDisk (a Persistent Disk resource in Google Compute Engine)",
                         {Field{"PDName:\t", "/pdName", Form::Text}, kFsType, {"Partition:\t", "/partition", Form::Number}, kReadOnly, kNoField}};
constexpr Source kAws = {"/awsElasticBlockStore", "AWSElasticBlockStore (a Persistent Disk resource in AWS)",
                         {Field{"VolumeID:\t", "/volumeID", Form::Text}, kFsType, {"Partition:\t", "/partition", Form::Number}, kReadOnly, kNoField}};
constexpr Source kGitRepo = {"/gitRepo", "GitRepo (a volume that is pulled from git when the pod is created)",
                             {Field{"Repository:\t", "/repository", Form::Text}, {"Revision:\t", "/revision", Form::Text}, kNoField}};
constexpr Source kSecret = {"/secret", "Secret (a volume populated by a Secret)",
                            {Field{"SecretName:\t", "/secretName", Form::Text}, {"Optional:\t", "/optional", Form::Flag}, kNoField}};
constexpr Source kConfigMap = {"/configMap", "ConfigMap (a volume populated by a ConfigMap)",
                               {Field{"Name:\t", "/name", Form::Text}, {"Optional:\t", "/optional", Form::Flag}, kNoField}};
constexpr Source kNfs = {"/nfs", "NFS (an NFS mount that lasts the lifetime of a pod)",
                         {Field{"Server:\t", "/server", Form::Text}, kPath, kReadOnly, kNoField}};
constexpr Source kIscsi = {"/iscsi", "ISCSI (an ISCSI Disk resource that is attached to a kubelet's host machine and then exposed to the pod)",
                           {Field{"TargetPortal:\t", "/targetPortal", Form::Text}, {"IQN:\t", "/iqn", Form::Text}, {"Lun:\t", "/lun", Form::Number},
                            {"ISCSIInterface\t", "/iscsiInterface", Form::Text}, kFsType, kReadOnly, {"Portals:\t", "/portals", Form::List},
                            {"DiscoveryCHAPAuth:\t", "/chapAuthDiscovery", Form::Flag}, {"SessionCHAPAuth:\t", "/chapAuthSession", Form::Flag}, kSecretRef,
                            {"InitiatorName:\t", "/initiatorName", Form::TextOrNone}}};
constexpr Source kGlusterfs = {"/glusterfs", "Glusterfs (a Glusterfs mount on the host that shares a pod's lifetime)",
                               {Field{"EndpointsName:\t", "/endpoints", Form::Text}, kPath, kReadOnly, kNoField}};
constexpr Source kClaim = {"/persistentVolumeClaim", "PersistentVolumeClaim (a reference to a PersistentVolumeClaim in the same namespace)",
                           {Field{"ClaimName:\t", "/claimName", Form::Text}, kReadOnly, kNoField}};
constexpr Source kRbd = {"/rbd", "RBD (a Rados Block Device mount on the host that shares a pod's lifetime)",
                         {Field{"CephMonitors:\t", "/monitors", Form::List}, {"RBDImage:\t", "/image", Form::Text}, kFsType, {"RBDPool:\t", "/pool", Form::Text},
                          {"RadosUser:\t", "/user", Form::Text}, {"Keyring:\t", "/keyring", Form::Text}, kSecretRef, kReadOnly, kNoField}};
constexpr Source kQuobyte = {"/quobyte", "Quobyte (a Quobyte mount on the host that shares a pod's lifetime)",
                             {Field{"Registry:\t", "/registry", Form::Text}, {"Volume:\t", "/volume", Form::Text}, kReadOnly, kNoField}};
constexpr Source kAzureDisk = {"/azureDisk", "AzureDisk (an Azure Data Disk mount on the host and bind mount to the pod)",
                               {Field{"DiskName:\t", "/diskName", Form::Text}, {"DiskURI:\t", "/diskURI", Form::Text}, {"Kind: \t", "/kind", Form::Text}, kFsType,
                                {"CachingMode:\t", "/cachingMode", Form::Text}, kReadOnly, kNoField}};
constexpr Source kVsphere = {"/vsphereVolume", "vSphereVolume (a Persistent Disk resource in vSphere)",
                             {Field{"VolumePath:\t", "/volumePath", Form::Text}, kFsType, {"StoragePolicyName:\t", "/storagePolicyName", Form::Text}, kNoField}};
constexpr Source kCinder = {"/cinder", "Cinder (a Persistent Disk resource in OpenStack)",
                            {Field{"VolumeID:\t", "/volumeID", Form::Text}, kFsType, kReadOnly, kSecretRef, kNoField}};
constexpr Source kPhoton = {"/photonPersistentDisk", "PhotonPersistentDisk (a Persistent Disk resource in photon platform)",
                            {Field{"PdID:\t", "/pdID", Form::Text}, kFsType, kNoField}};
constexpr Source kPortworx = {"/portworxVolume", "PortworxVolume (a Portworx Volume resource)", {Field{"VolumeID:\t", "/volumeID", Form::Text}, kNoField}};
constexpr Source kScaleIo = {"/scaleIO", "ScaleIO (a persistent volume backed by a block device in ScaleIO)",
                             {Field{"Gateway:\t", "/gateway", Form::Text}, {"System:\t", "/system", Form::Text},
                              {"Protection Domain:\t", "/protectionDomain", Form::Text}, {"Storage Pool:\t", "/storagePool", Form::Text},
                              {"Storage Mode:\t", "/storageMode", Form::Text}, {"VolumeName:\t", "/volumeName", Form::Text}, kFsType, kReadOnly, kNoField}};
constexpr Source kCephFs = {"/cephfs", "CephFS (a CephFS mount on the host that shares a pod's lifetime)",
                            {Field{"Monitors:\t", "/monitors", Form::List}, kPath, {"User:\t", "/user", Form::Text}, {"SecretFile:\t", "/secretFile", Form::Text},
                             kSecretRef, kReadOnly, kNoField}};
constexpr Source kStorageOs = {"/storageos", "StorageOS (a StorageOS Persistent Disk resource)",
                               {Field{"VolumeName:\t", "/volumeName", Form::Text}, {"VolumeNamespace:\t", "/volumeNamespace", Form::Text}, kFsType, kReadOnly, kNoField}};
constexpr Source kFc = {"/fc", "FC (a Fibre Channel disk)",
                        {Field{"TargetWWNs:\t", "/targetWWNs", Form::Joined}, {"LUN:\t", "/lun", Form::NumberOrNone}, kFsType, kReadOnly, kNoField}};
constexpr Source kAzureFile = {"/azureFile", "AzureFile (an Azure File Service mount on the host and bind mount to the pod)",
                               {Field{"SecretName:\t", "/secretName", Form::Text}, {"ShareName:\t", "/shareName", Form::Text}, kReadOnly, kNoField}};
constexpr Source kFlex = {"/flexVolume", "FlexVolume (a generic volume resource that is provisioned/attached using an exec based plugin)",
                          {Field{"Driver:\t", "/driver", Form::Text}, kFsType, kSecretRef, kReadOnly, {"Options:\t", "/options", Form::Map}, kNoField}};
constexpr Source kFlocker = {"/flocker", "Flocker (a Flocker volume mounted by the Flocker agent)",
                             {Field{"DatasetName:\t", "/datasetName", Form::Text}, {"DatasetUUID:\t", "/datasetUUID", Form::Text}, kNoField}};
constexpr Source kCsi = {"/csi", "CSI (a Container Storage Interface (CSI) volume source)",
                         {Field{"Driver:\t", "/driver", Form::Text}, kFsType, kReadOnly, kNoField}};
constexpr Source kImage = {"/image", "Image (a container image or OCI artifact)",
                           {Field{"Reference:\t", "/reference", Form::Text}, {"PullPolicy:\t", "/pullPolicy", Form::Text}, kNoField}};
constexpr Source kLocal = {"/local", "LocalVolume (a persistent volume backed by local storage on a node)", {kPath, kNoField}};

// A persistent volume names secrets with their namespace, and some sources have fields more.
constexpr Source kPersistentIscsi = [] {
  Source source = kIscsi;
  source.fields[9] = kNamedSecretRef;
  return source;
}();
constexpr Source kPersistentGlusterfs = {"/glusterfs", kGlusterfs.title,
                                         {Field{"EndpointsName:\t", "/endpoints", Form::Text}, {"EndpointsNamespace:\t", "/endpointsNamespace", Form::TextOrUnset}, kPath,
                                          kReadOnly, kNoField}};
constexpr Source kPersistentRbd = [] {
  Source source = kRbd;
  source.fields[6] = kNamedSecretRef;
  return source;
}();
constexpr Source kPersistentCinder = {"/cinder", kCinder.title, {Field{"VolumeID:\t", "/volumeID", Form::Text}, kFsType, kReadOnly, kNamedSecretRef, kNoField}};
constexpr Source kPersistentScaleIo = {"/scaleIO", kScaleIo.title,
                                       {Field{"Gateway:\t", "/gateway", Form::Text}, {"System:\t", "/system", Form::Text},
                                        {"Protection Domain:\t", "/protectionDomain", Form::Text}, {"Storage Pool:\t", "/storagePool", Form::Text},
                                        {"Storage Mode:\t", "/storageMode", Form::Text}, {"VolumeName:\t", "/volumeName", Form::Text},
                                        {"SecretName:\t", "/secretRef/name", Form::Text}, {"SecretNamespace:\t", "/secretRef/namespace", Form::Text}, kFsType, kReadOnly,
                                        kNoField}};
constexpr Source kPersistentCephFs = [] {
  Source source = kCephFs;
  source.fields[4] = kNamedSecretRef;
  return source;
}();
constexpr Source kPersistentAzureFile = {"/azureFile", kAzureFile.title,
                                         {Field{"SecretName:\t", "/secretName", Form::Text}, {"SecretNamespace:\t", "/secretNamespace", Form::Text},
                                          {"ShareName:\t", "/shareName", Form::Text}, kReadOnly, kNoField}};
constexpr Source kPersistentFlex = [] {
  Source source = kFlex;
  source.fields[2] = kNamedSecretRef;
  return source;
}();
constexpr Source kPersistentCsi = {"/csi", kCsi.title,
                                   {Field{"Driver:\t", "/driver", Form::Text}, kFsType, {"VolumeHandle:\t", "/volumeHandle", Form::Text}, kReadOnly, kNoField}};

constexpr const Source* kPodSources[] = {&kHostPath, &kGce, &kAws, &kGitRepo, &kSecret, &kConfigMap, &kNfs, &kIscsi, &kGlusterfs, &kClaim, &kRbd, &kQuobyte, &kAzureDisk,
                                         &kVsphere, &kCinder, &kPhoton, &kPortworx, &kScaleIo, &kCephFs, &kStorageOs, &kFc, &kAzureFile, &kFlex, &kFlocker, &kCsi, &kImage};
constexpr const Source* kPersistentSources[] = {&kHostPath, &kGce, &kAws, &kNfs, &kPersistentIscsi, &kPersistentGlusterfs, &kPersistentRbd, &kQuobyte, &kVsphere,
                                                &kPersistentCinder, &kAzureDisk, &kPhoton, &kPortworx, &kPersistentScaleIo, &kLocal, &kPersistentCephFs, &kStorageOs, &kFc,
                                                &kPersistentAzureFile, &kPersistentFlex, &kFlocker, &kPersistentCsi};

std::string map_text(const json& map) {
  std::vector<std::string> pairs;
  if (map.is_object()) {
    for (const auto& [key, value] : map.items()) pairs.push_back(fmt::format("{}:{}", key, string_of(value)));
  }
  return fmt::format("map[{}]", joined(pairs, " "));
}

std::string value_text(const json& value, Form form) {
  const std::string text = value.is_string() ? value.get<std::string>() : std::string();
  switch (form) {
    case Form::Text: return text;
    case Form::TextOrNone: return value.is_string() ? text : "<none>";
    case Form::TextOrUnset: return value.is_string() ? text : "<unset>";
    case Form::Number: return value.is_number_integer() ? value.dump() : "0";
    case Form::NumberOrNone: return value.is_number_integer() ? value.dump() : "<none>";
    case Form::Flag: return value.is_boolean() && value.get<bool>() ? "true" : "false";
    case Form::List: return fmt::format("[{}]", joined(texts_of(value), " "));
    case Form::Joined: return joined(texts_of(value), ", ");
    case Form::Map: return map_text(value);
    case Form::Reference: return value.is_object() ? fmt::format("&LocalObjectReference{{Name:{},}}", text_at(value, "/name")) : "nil";
    case Form::NamedReference:
      return value.is_object() ? fmt::format("&SecretReference{{Name:{},Namespace:{},}}", text_at(value, "/name"), text_at(value, "/namespace")) : "nil";
  }
  return text;
}

/// Attributes of a CSI volume, one a line and cut as annotations are.
void describe_attributes(Description& text, const json& attributes) {
  constexpr std::size_t kLineLength = 140;
  text.write(2, "VolumeAttributes:\t");
  if (!attributes.is_object() || attributes.empty()) return text.line(0, "<none>");
  bool first = true;
  for (const auto& [key, value] : attributes.items()) {
    if (!first) {
      text.write(2, "");
      text.write(2, "\t");
    }
    first = false;
    const std::string line = fmt::format("{}={}", key, string_of(value));
    text.line(2, line.size() > kLineLength ? line.substr(0, kLineLength) + "..." : line);
  }
}

void describe_empty_dir(Description& text, const json& source) {
  const Quantity limit = quantity_of(at(source, "/sizeLimit"));
  text.field(2, "Type", "EmptyDir (a temporary directory that shares a pod's lifetime)");
  text.field(2, "Medium", text_at(source, "/medium"));
  text.field(2, "SizeLimit", limit.sign() > 0 ? limit.text() : "<unset>");
}

void describe_projected(Description& text, const json& source) {
  text.field(2, "Type", "Projected (a volume that contains injected data from multiple sources)");
  for (const json& part : list_at(source, "/sources")) {
    const json& secret = at(part, "/secret");
    const json& config_map = at(part, "/configMap");
    if (secret.is_object()) {
      text.field(2, "SecretName", text_at(secret, "/name"));
      text.field(2, "Optional", flag_at(secret, "/optional") ? "true" : "false");
    } else if (at(part, "/downwardAPI").is_object()) {
      text.field(2, "DownwardAPI", "true");
    } else if (config_map.is_object()) {
      text.field(2, "ConfigMapName", text_at(config_map, "/name"));
      text.field(2, "Optional", flag_at(config_map, "/optional") ? "true" : "false");
    } else if (const json& token = at(part, "/serviceAccountToken"); token.is_object()) {
      // The API server's default is an hour.
      text.field(2, "TokenExpirationSeconds", std::to_string(number_at(token, "/expirationSeconds", 3600)));
    }
  }
}

void describe_downward_api(Description& text, const json& source) {
  text.field(2, "Type", "DownwardAPI (a volume populated by information about the pod)");
  text.line(2, "Items:");
  for (const json& item : list_at(source, "/items")) {
    const std::string path = text_at(item, "/path");
    if (const json& field = at(item, "/fieldRef"); field.is_object()) text.line(3, fmt::format("{} -> {}", text_at(field, "/fieldPath"), path));
    if (const json& resource = at(item, "/resourceFieldRef"); resource.is_object()) text.line(3, fmt::format("{} -> {}", text_at(resource, "/resource"), path));
  }
}

void describe_ephemeral(Description& text, const json& source) {
  text.field(2, "Type", "EphemeralVolume (an inline specification for a volume that gets created and deleted with the pod)");
  const json& claim = at(source, "/volumeClaimTemplate");
  if (!claim.is_object()) return;
  const Description::Nested nested(text, 2);
  describe_claim_fields(text, claim, false, 0);
}

/// Sources of a pod that are not rows of the table; true if it was one.
bool describe_special_source(Description& text, const json& volume) {
  static constexpr std::pair<const char*, void (*)(Description&, const json&)> kSpecial[] = {{"/emptyDir", describe_empty_dir},
                                                                                           {"/projected", describe_projected},
                                                                                           {"/downwardAPI", describe_downward_api},
                                                                                           {"/ephemeral", describe_ephemeral}};
  for (const auto& [pointer, describe] : kSpecial) {
    const json& source = at(volume, pointer);
    if (!source.is_object()) continue;
    describe(text, source);
    return true;
  }
  return false;
}

}  // namespace

void describe_volume_source(Description& text, const json& volume, bool is_persistent) {
  if (!is_persistent && describe_special_source(text, volume)) return;
  const auto* const first = is_persistent ? std::begin(kPersistentSources) : std::begin(kPodSources);
  const auto* const last = is_persistent ? std::end(kPersistentSources) : std::end(kPodSources);
  const auto* const found = std::find_if(first, last, [&](const Source* source) { return at(volume, source->pointer).is_object(); });
  if (found == last) return text.line(1, "<unknown>");
  const json& source = at(volume, (*found)->pointer);
  text.field(2, "Type", (*found)->title);
  for (const Field& field : (*found)->fields) {
    if (field.title == nullptr) break;
    text.line(2, field.title + value_text(at(source, field.pointer), field.form));
  }
  if (std::string_view((*found)->pointer) == "/csi") describe_attributes(text, at(source, "/volumeAttributes"));
}

void describe_volumes(Description& text, const json& volumes, const char* indent) {
  text.line(0, fmt::format("{}Volumes:{}", indent, volumes.empty() ? "\t<none>" : ""));
  for (const json& volume : volumes) {
    text.line(1, fmt::format("{}{}:", *indent == '\0' ? "" : " ", text_at(volume, "/name")));
    describe_volume_source(text, volume, false);
  }
}

}  // namespace tandem::kubectl
