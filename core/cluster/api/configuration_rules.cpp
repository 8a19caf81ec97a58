// ConfigMaps, Secrets, Namespaces, ServiceAccounts.

#include "core/cluster/api/go_json.hpp"
#include "core/cluster/api/rules.hpp"
#include "core/cluster/api/wire_scalars.hpp"

namespace tandem::cluster::api {

namespace {

constexpr std::int64_t kMaxBytes = 1024 * 1024;  // MaxSecretSize

void check_frozen(FieldErrors& errors, const View& object, const View& old, std::initializer_list<const char*> fields) {
  if (!old["immutable"].flag()) return;
  constexpr std::string_view kFrozen = "field is immutable when `immutable` is set";
  if (!object["immutable"].flag()) errors.forbidden("immutable", kFrozen);
  for (const char* field : fields) {
    if (object[field].json() != old[field].json()) errors.forbidden(field, kFrozen);
  }
}

void check_json_data(FieldErrors& errors, const View& data, const char* key) {
  const FieldPath path = FieldPath("data").key(key);
  if (!data.has(key)) return errors.required(path);
  if (const auto error = go_json_map_error(base64_decoded(data[key].text()))) errors.invalid(path, "<secret contents redacted>", *error);
}

}  // namespace

void check_config_map(FieldErrors& errors, const View& object, const View& old) {
  if (old.present()) {
    check_object_meta_update(errors, object["metadata"], old["metadata"], true);
    check_frozen(errors, object, old, {"data", "binaryData"});
  }
  check_object_meta(errors, object["metadata"], true, name_is_subdomain);
  std::int64_t bytes = 0;
  for (const auto& [key, value] : object["data"].entries()) {
    const FieldPath path = FieldPath("data").key(key);
    errors.invalid_each(path, key, config_key_errors(key));
    if (object["binaryData"].has(key)) errors.invalid(path, key, "duplicate of key present in binaryData");
    bytes += static_cast<std::int64_t>(value.text().size());
  }
  for (const auto& [key, value] : object["binaryData"].entries()) {
    errors.invalid_each(FieldPath("binaryData").key(key), key, config_key_errors(key));
    bytes += static_cast<std::int64_t>(base64_decoded(value.text()).size());
  }
  if (bytes > kMaxBytes) errors.too_long("", kMaxBytes);
}

void check_secret(FieldErrors& errors, const View& object, const View& old) {
  const View data = object["data"];
  const std::string type = object["type"].text();
  if (old.present()) {
    check_object_meta_update(errors, object["metadata"], old["metadata"], true);
    if (type != old["type"].text()) errors.invalid("type", type, kImmutable);
    check_frozen(errors, object, old, {"data"});
  }
  check_object_meta(errors, object["metadata"], true, name_is_subdomain);
  std::int64_t bytes = 0;
  for (const auto& [key, value] : data.entries()) {
    errors.invalid_each(FieldPath("data").key(key), key, config_key_errors(key));
    bytes += static_cast<std::int64_t>(base64_decoded(value.text()).size());
  }
  if (bytes > kMaxBytes) errors.too_long("data", kMaxBytes);
  const auto need = [&](const char* key) { errors.required(FieldPath("data").key(key)); };
  if (type == "kubernetes.io/service-account-token") {
    constexpr const char* kAccount = "kubernetes.io/service-account.name";
    if (object.at("metadata", "annotations")[kAccount].text().empty()) errors.required(FieldPath("metadata.annotations").key(kAccount));
  } else if (type == "kubernetes.io/dockercfg") {
    check_json_data(errors, data, ".dockercfg");
  } else if (type == "kubernetes.io/dockerconfigjson") {
    check_json_data(errors, data, ".dockerconfigjson");
  } else if (type == "kubernetes.io/basic-auth") {
    if (!data.has("username") && !data.has("password")) {
      need("username");
      need("password");
    }
  } else if (type == "kubernetes.io/ssh-auth") {
    if (data["ssh-privatekey"].text().empty()) need("ssh-privatekey");
  } else if (type == "kubernetes.io/tls") {
    for (const char* key : {"tls.crt", "tls.key"}) {
      if (!data.has(key)) need(key);
    }
  }
}

void check_namespace(FieldErrors& errors, const View& object, const View& old) {
  check_object_meta(errors, object["metadata"], false, name_is_dns1123_label);
  for (const std::string& finalizer : object.at("spec", "finalizers").texts()) {
    errors.invalid_each("spec.finalizers", finalizer, qualified_name_errors(finalizer));
    check_kube_finalizer(errors, finalizer, "spec.finalizers");
  }
  if (old.present()) check_object_meta_update(errors, object["metadata"], old["metadata"], true);
}

void check_service_account(FieldErrors& errors, const View& object, const View& old) {
  if (old.present()) check_object_meta_update(errors, object["metadata"], old["metadata"], true);
  check_object_meta(errors, object["metadata"], true, name_is_subdomain);
}

}  // namespace tandem::cluster::api
