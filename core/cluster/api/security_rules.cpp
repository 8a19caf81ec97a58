// Security contexts of pods and containers, operating systems.

#include <fmt/format.h>

#include <limits>
#include <set>

#include "core/cluster/api/decode.hpp"
#include "core/cluster/api/rules.hpp"

namespace tandem::cluster::api {

namespace {

constexpr std::int64_t kMaxInt32 = std::numeric_limits<std::int32_t>::max();

void check_id(FieldErrors& errors, const View& id, const FieldPath& path) {
  if (id.present() && (id.number() < 0 || id.number() > kMaxInt32)) errors.invalid(path, id.number(), range_message(0, kMaxInt32));
}

const std::vector<std::string>& profile_types() {
  static const std::vector<std::string> kTypes = {"Localhost", "RuntimeDefault", "Unconfined"};
  return kTypes;
}

void check_seccomp(FieldErrors& errors, const View& profile, const FieldPath& path) {
  if (!profile.present()) return;
  const std::string type = profile["type"].text();
  if (type.empty()) {
    errors.required(path / "type", "type is required when seccompProfile is set");
  } else {
    check_one_of(errors, profile["type"], profile_types(), path / "type");
  }
  const View local = profile["localhostProfile"];
  if (type == "Localhost") {
    if (!local.present()) return errors.required(path / "localhostProfile", "must be set when seccomp type is Localhost");
    return check_local_path(errors, local.text(), path / "localhostProfile");
  }
  if (local.present()) {
    errors.invalid(path / "localhostProfile", BadValue::raw(go_dump(profile, struct_type("core/v1.SeccompProfile"))), "can only be set when seccomp type is Localhost");
  }
}

void check_app_armor(FieldErrors& errors, const View& profile, const FieldPath& path) {
  if (!profile.present()) return;
  const std::string type = profile["type"].text();
  const View local = profile["localhostProfile"];
  const FieldPath at = path / "localhostProfile";
  if (type == "Localhost") {
    constexpr std::size_t kMaxPath = 4095;  // PATH_MAX - 1
    const std::string text = local.text();
    if (!local.present()) return errors.required(at, "must be set when AppArmor type is Localhost");
    if (trimmed(text) != text) {
      errors.invalid(at, text, "must not be padded with whitespace");
    } else if (text.empty()) {
      errors.required(at, "must be set when AppArmor type is Localhost");
    }
    if (text.size() > kMaxPath) errors.too_long(at, kMaxPath);
  } else if (type == "RuntimeDefault" || type == "Unconfined") {
    if (local.present()) errors.invalid(at, local.text(), "can only be set when AppArmor type is Localhost");
  } else if (type.empty()) {
    errors.required(path / "type", "type is required when appArmorProfile is set");
  } else {
    errors.not_supported(path / "type", type, profile_types());
  }
}

void check_windows_user(FieldErrors& errors, const std::string& user_name, const FieldPath& path) {
  constexpr std::string_view kForbidden = "\"/\\:;|=,+*?<>@[]";
  const auto refuse = [&](std::string_view why) { errors.invalid(path, user_name, why); };
  if (user_name.empty()) return refuse("runAsUserName cannot be an empty string");
  if (std::any_of(user_name.begin(), user_name.end(), [](char c) { return (c >= 0 && c < 0x20) || c == 0x7f; })) {
    return refuse("runAsUserName cannot contain control characters");
  }
  const std::vector<std::string> parts = split_text(user_name, '\\');
  if (parts.size() > 2) return refuse("runAsUserName cannot contain more than one backslash");
  const std::string& user = parts.back();
  if (parts.size() == 2) {
    const std::string& domain = parts[0];
    if (domain.size() >= 256) refuse("runAsUserName's Domain length must be under 256 characters");
    const bool net_bios = !domain.empty() && domain.size() <= 15 && domain[0] != '.' && domain.find_first_of("\\/:*?\"<>|") == std::string::npos;
    if (!net_bios && !dns1123_subdomain_errors(lower(domain)).empty()) refuse("runAsUserName's Domain doesn't match the NetBios nor the DNS format");
  }
  if (user.empty()) refuse("runAsUserName's User cannot be empty");
  if (user.size() > 104) refuse("runAsUserName's User length must not be longer than 104 characters");
  if (!user.empty() && user.find_first_not_of(". ") == std::string::npos) refuse("runAsUserName's User cannot contain only periods or spaces");
  if (user.find_first_of(kForbidden) != std::string::npos) refuse("runAsUserName's User cannot contain the following characters: \"/\\:;|=,+*?<>@[]");
}

void check_windows_options(FieldErrors& errors, const View& options, const FieldPath& path) {
  constexpr std::size_t kMaxSpec = 64 * 1024;
  if (options.has("gmsaCredentialSpecName")) {
    const std::string name = options["gmsaCredentialSpecName"].text();
    errors.invalid_each(path / "gmsaCredentialSpecName", name, dns1123_subdomain_errors(name));
  }
  if (options.has("gmsaCredentialSpec")) {
    const std::string spec = options["gmsaCredentialSpec"].text();
    if (spec.empty()) errors.invalid(path / "gmsaCredentialSpec", spec, "gmsaCredentialSpec cannot be an empty string");
    if (spec.size() > kMaxSpec) errors.invalid(path / "gmsaCredentialSpec", spec, "gmsaCredentialSpec size must be under 64 KiB");
  }
  if (options.has("runAsUserName")) check_windows_user(errors, options["runAsUserName"].text(), path / "runAsUserName");
}

bool is_sysctl_name(const std::string& name) {
  if (name.size() > 253) return false;
  std::string dotted = name;
  std::replace(dotted.begin(), dotted.end(), '/', '.');
  const auto is_small = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  for (const std::string& part : split_text(dotted, '.')) {
    if (part.empty() || !is_small(part.front()) || !is_small(part.back())) return false;
    if (!std::all_of(part.begin(), part.end(), [&](char c) { return is_small(c) || c == '-' || c == '_'; })) return false;
  }
  return true;
}

void check_sysctls(FieldErrors& errors, const View& spec, const FieldPath& path, const PodOptions& options) {
  std::set<std::string> names;
  std::size_t i = 0;
  for (const View& sysctl : spec.at("securityContext", "sysctls").items()) {
    const FieldPath at = path.index(i++) / "name";
    const std::string name = sysctl["name"].text();
    if (name.empty()) {
      errors.required(at);
    } else if (!is_sysctl_name(name)) {
      errors.invalid(at, name,
                     "must have at most 253 characters and match regex ^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$");
    } else if (names.contains(name)) {
      errors.duplicate(at, name);
    }
    if (!options.allow_host_sysctls && sysctl_conflicts_with_host(spec, name)) {
      const bool network = name.starts_with("net.") || name.starts_with("net/");
      errors.invalid(at, name, network ? "may not be specified when 'hostNetwork' is true" : "may not be specified when 'hostIPC' is true");
    }
    names.insert(name);
  }
}

/// An old annotation and the newer field have to say the same; `prefix`: of local profiles.
void check_profile_match(FieldErrors& errors, const View& annotation, const View& profile, std::string_view words, const FieldPath& path, bool seccomp) {
  if (!annotation.present() || !profile.present()) return;
  const std::string text = annotation.text();
  const std::string type = profile["type"].text();
  const std::string mismatch = fmt::format("{} type in annotation and field must match", words);
  const bool is_default = text == "runtime/default" || (seccomp && text == "docker/default");
  if (type == "Unconfined" && text != "unconfined") errors.forbidden(path / "type", mismatch);
  if (type == "RuntimeDefault" && !is_default) errors.forbidden(path / "type", mismatch);
  if (type != "Localhost") return;
  constexpr std::string_view kLocal = "localhost/";
  if (!text.starts_with(kLocal)) return errors.forbidden(path / "type", mismatch);
  const View local = profile["localhostProfile"];
  if (!local.present() || text.substr(kLocal.size()) != local.text()) {
    errors.forbidden(path / "localhostProfile", fmt::format("{} profile in annotation and field must match", words));
  }
}

}  // namespace

bool sysctl_conflicts_with_host(const View& spec, const std::string& name) {
  std::string dotted = name;
  std::replace(dotted.begin(), dotted.end(), '/', '.');
  static const std::set<std::string> kIpc = {"kernel.sem"};
  const bool ipc = kIpc.contains(dotted) || dotted.starts_with("kernel.shm") || dotted.starts_with("kernel.msg") || dotted.starts_with("fs.mqueue.");
  return (spec["hostNetwork"].flag() && dotted.starts_with("net.")) || (spec["hostIPC"].flag() && ipc);
}

void check_security_context(FieldErrors& errors, const View& context, bool host_users, const FieldPath& path) {
  if (!context.present()) return;
  check_id(errors, context["runAsUser"], path / "runAsUser");
  check_id(errors, context["runAsGroup"], path / "runAsGroup");
  if (const View mount = context["procMount"]; mount.present()) {
    check_one_of(errors, mount, {"Default", "Unmasked"}, path / "procMount");
    if (host_users && mount.text() == "Unmasked") errors.invalid(path / "procMount", mount.text(), "`hostUsers` must be false to use `Unmasked`");
  }
  check_seccomp(errors, context["seccompProfile"], path / "seccompProfile");
  if (is_false(context["allowPrivilegeEscalation"])) {
    const BadValue dump = BadValue::raw(go_dump(context, struct_type("core/v1.SecurityContext")));
    if (context["privileged"].flag()) errors.invalid(path, dump, "cannot set `allowPrivilegeEscalation` to false and `privileged` to true");
    for (const std::string& capability : context.at("capabilities", "add").texts()) {
      if (capability == "CAP_SYS_ADMIN") errors.invalid(path, dump, "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN");
    }
  }
  check_windows_options(errors, context["windowsOptions"], path / "windowsOptions");
  check_app_armor(errors, context["appArmorProfile"], path / "appArmorProfile");
}

void check_pod_security_context(FieldErrors& errors, const View& spec, const FieldPath& path, const PodOptions& options) {
  const View context = spec["securityContext"];
  check_id(errors, context["fsGroup"], path / "fsGroup");
  check_id(errors, context["runAsUser"], path / "runAsUser");
  check_id(errors, context["runAsGroup"], path / "runAsGroup");
  std::size_t i = 0;
  for (const View& group : context["supplementalGroups"].items()) check_id(errors, group, (path / "supplementalGroups").index(i++));
  if (spec["shareProcessNamespace"].flag() && spec["hostPID"].flag()) {
    errors.invalid(path / "shareProcessNamespace", true, "ShareProcessNamespace and HostPID cannot both be enabled");
  }
  check_sysctls(errors, spec, path / "sysctls", options);
  if (context.has("fsGroupChangePolicy")) check_one_of(errors, context["fsGroupChangePolicy"], {"Always", "OnRootMismatch"}, path / "fsGroupChangePolicy");
  check_seccomp(errors, context["seccompProfile"], path / "seccompProfile");
  check_windows_options(errors, context["windowsOptions"], path / "windowsOptions");
  check_app_armor(errors, context["appArmorProfile"], path / "appArmorProfile");
  if (context.has("supplementalGroupsPolicy")) check_one_of(errors, context["supplementalGroupsPolicy"], {"Merge", "Strict"}, path / "supplementalGroupsPolicy");
  if (context.has("seLinuxChangePolicy")) {
    using Names = std::vector<std::string>;
    const Names allowed = options.allow_any_selinux_change_policy ? Names{"MountOption", "Recursive"} : Names{"Recursive"};
    check_one_of(errors, context["seLinuxChangePolicy"], allowed, path / "seLinuxChangePolicy");
  }
}

void check_seccomp_annotations(FieldErrors& errors, const View& annotations, const FieldPath& path) {
  constexpr std::string_view kPod = "seccomp.security.alpha.kubernetes.io/pod";
  constexpr std::string_view kContainer = "container.seccomp.security.alpha.kubernetes.io/";
  constexpr std::string_view kLocal = "localhost/";
  for (const auto& [key, value] : annotations.entries()) {
    if (key != kPod && !key.starts_with(kContainer)) continue;
    const std::string profile = value.text();
    if (profile == "runtime/default" || profile == "docker/default" || profile == "unconfined") continue;
    if (profile.starts_with(kLocal)) {
      check_local_path(errors, std::string_view(profile).substr(kLocal.size()), path / key);
    } else {
      errors.invalid(path / key, profile, "must be a valid seccomp profile");
    }
  }
}

void check_annotation_fields_match(FieldErrors& errors, const View& annotations, const View& spec, const FieldPath& path) {
  const FieldPath pod_profile = path / "securityContext" / "seccompProfile";
  check_profile_match(errors, annotations["seccomp.security.alpha.kubernetes.io/pod"], spec.at("securityContext", "seccompProfile"), "seccomp", pod_profile, true);
  for (const auto& [container, at] : containers_of(spec, path)) {
    const View annotation = annotations[fmt::format("container.seccomp.security.alpha.kubernetes.io/{}", container["name"].text())];
    check_profile_match(errors, annotation, container.at("securityContext", "seccompProfile"), "seccomp", at / "securityContext" / "seccompProfile", true);
  }
  if (spec.at("os", "name").text() == "windows") return;
  for (const auto& [container, at] : containers_of(spec, path)) {
    const View own = container.at("securityContext", "appArmorProfile");
    const View profile = own.present() ? own : spec.at("securityContext", "appArmorProfile");
    const View annotation = annotations[fmt::format("container.apparmor.security.beta.kubernetes.io/{}", container["name"].text())];
    check_profile_match(errors, annotation, profile, "apparmor", at / "securityContext" / "appArmorProfile", false);
  }
}

void check_operating_system(FieldErrors& errors, const View& spec, const FieldPath& path) {
  if (!spec.has("os")) return;
  const std::string name = spec["os"]["name"].text();
  const View context = spec["securityContext"];
  if (name.empty()) return errors.required(path / "os" / "name");
  if (name == "linux") {
    constexpr std::string_view kLinux = "windows options cannot be set for a linux pod";
    if (context.has("windowsOptions")) errors.forbidden(path / "securityContext" / "windowsOptions", kLinux);
    for (const auto& [container, at] : containers_of(spec, path)) {
      if (container.at("securityContext", "windowsOptions").present()) errors.forbidden(at / "securityContext" / "windowsOptions", kLinux);
    }
    return;
  }
  if (name != "windows") return errors.not_supported(path / "os", name, {"linux", "windows"});
  constexpr std::string_view kWindows = "cannot be set for a windows pod";
  const auto forbid = [&](const View& from, const char* field, const FieldPath& at) {
    const View value = from[field];
    if (value.present() && !(value.json().is_boolean() && !value.flag() && at.text() == path.text()) && !(value.json().is_array() && value.empty())) {
      errors.forbidden(at / field, kWindows);
    }
  };
  const FieldPath context_path = path / "securityContext";
  forbid(context, "appArmorProfile", context_path);
  forbid(context, "seLinuxOptions", context_path);
  if (spec.has("hostUsers")) errors.forbidden(path / "hostUsers", kWindows);
  forbid(spec, "hostPID", path);
  forbid(spec, "hostIPC", path);
  for (const char* field : {"seccompProfile", "fsGroup", "fsGroupChangePolicy", "sysctls"}) forbid(context, field, context_path);
  if (spec.has("shareProcessNamespace")) errors.forbidden(path / "shareProcessNamespace", kWindows);
  for (const char* field : {"runAsUser", "runAsGroup", "supplementalGroups", "supplementalGroupsPolicy", "seLinuxChangePolicy"}) forbid(context, field, context_path);
  for (const auto& [container, at] : containers_of(spec, path)) {
    for (const char* field : {"appArmorProfile", "seLinuxOptions", "seccompProfile", "capabilities", "readOnlyRootFilesystem", "privileged",
                              "allowPrivilegeEscalation", "procMount", "runAsUser", "runAsGroup"}) {
      if (container["securityContext"].has(field)) errors.forbidden(at / "securityContext" / field, kWindows);
    }
  }
}

void check_windows_host_process(FieldErrors& errors, const View& spec, const FieldPath& path) {
  const View of_pod = spec.at("securityContext", "windowsOptions", "hostProcess");
  std::size_t all = 0;
  std::size_t on_host = 0;
  for (const auto& [container, at] : containers_of(spec, path)) {
    ++all;
    const View own = container.at("securityContext", "windowsOptions", "hostProcess");
    if (of_pod.present() && own.present() && of_pod.flag() != own.flag()) {
      errors.invalid(at / "securityContext" / "windowsOptions" / "hostProcess", own.flag(),
                     fmt::format("pod hostProcess value must be identical if both are specified, was {}", of_pod.flag()));
    }
    if (own.present() ? own.flag() : of_pod.flag()) ++on_host;
  }
  if (on_host == 0) return;
  if (on_host != all) errors.invalid(path, "", "If pod contains any hostProcess containers then all containers must be HostProcess containers");
  if (!spec["hostNetwork"].flag()) errors.invalid(path / "hostNetwork", false, "hostNetwork must be true if pod contains any hostProcess containers");
}

}  // namespace tandem::cluster::api
