// Pods and pod templates: what belongs to the pod as a whole, and what may change later.

#include "core/cluster/api/rules.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <set>

#include "core/cluster/api/legacy_annotation_rules.hpp"
#include "core/cluster/api/resources.hpp"

namespace tandem::cluster::api {

namespace {

constexpr std::int64_t kMaxInt32 = std::numeric_limits<std::int32_t>::max();

bool is_deletion_cost(const std::string& text) {
  const bool first_is_fine = !text.empty() && (text[0] == '-' || text == "0" || (text[0] >= '1' && text[0] <= '9'));
  const std::string digits = text.starts_with('-') ? text.substr(1) : text;
  if (!first_is_fine || digits.empty() || digits.size() > 18 || digits.find_first_not_of("0123456789") != std::string::npos) return false;
  const std::int64_t magnitude = std::stoll(digits);
  return magnitude <= kMaxInt32 + (text.starts_with('-') ? 1 : 0);
}

void check_app_armor_annotations(FieldErrors& errors, const View& annotations, const View& spec, const FieldPath& path) {
  constexpr std::string_view kPrefix = "container.apparmor.security.beta.kubernetes.io/";
  const auto containers = containers_of(spec, "");
  for (const auto& [key, value] : annotations.entries()) {
    if (!key.starts_with(kPrefix)) continue;
    const std::string name = key.substr(kPrefix.size());
    const bool found = std::any_of(containers.begin(), containers.end(), [&](const auto& one) { return one.first["name"].text() == name; });
    if (!found) errors.invalid(path.key(key), name, "container not found");
    const std::string profile = value.text();
    if (!profile.empty() && profile != "runtime/default" && profile != "unconfined" && !profile.starts_with("localhost/")) {
      errors.invalid(path.key(key), profile, fmt::format("invalid AppArmor profile name: {}", go_quote(profile)));
    }
  }
}

void check_host_network(FieldErrors& errors, const View& spec, const FieldPath& path, const PodOptions& options) {
  if (!spec["hostNetwork"].flag()) return;
  std::size_t i = 0;
  for (const View& container : spec["containers"].items()) {
    const FieldPath ports = (path / "containers").index(i++) / "ports";
    std::size_t j = 0;
    for (const View& port : container["ports"].items()) {
      const std::int64_t host = port["hostPort"].number();
      const FieldPath at = ports.index(j++) / "hostPort";
      if ((options.is_pod || host != 0) && host != port["containerPort"].number()) {
        errors.invalid(at, host, "must match `containerPort` when `hostNetwork` is true");
      }
    }
  }
}

void check_required_choice(FieldErrors& errors, const View& value, const std::vector<std::string>& allowed, const FieldPath& path) {
  if (value.text().empty()) return errors.required(path);
  check_one_of(errors, value, allowed, path);
}

void check_dns(FieldErrors& errors, const View& spec, const FieldPath& path) {
  constexpr std::size_t kMaxNameservers = 3;
  constexpr std::size_t kMaxSearches = 32;
  constexpr std::size_t kMaxSearchCharacters = 2048;
  const View config = spec["dnsConfig"];
  if (spec["dnsPolicy"].text() == "None") {
    if (!config.present()) return errors.required(path, "must provide `dnsConfig` when `dnsPolicy` is None");
    if (config["nameservers"].empty()) return errors.required(path / "nameservers", "must provide at least one DNS nameserver when `dnsPolicy` is None");
  }
  if (config["nameservers"].size() > kMaxNameservers) errors.invalid(path / "nameservers", config["nameservers"], "must not have more than 3 nameservers");
  std::size_t i = 0;
  for (const std::string& server : config["nameservers"].texts()) check_ip(errors, server, (path / "nameservers").index(i++));
  const std::vector<std::string> searches = config["searches"].texts();
  if (searches.size() > kMaxSearches) errors.invalid(path / "searches", config["searches"], "must not have more than 32 search paths");
  if (fmt::format("{}", fmt::join(searches, " ")).size() > kMaxSearchCharacters) {
    errors.invalid(path / "searches", config["searches"], "must not have more than 2048 characters (including spaces) in the search list");
  }
  for (i = 0; i < searches.size(); ++i) {
    if (searches[i] == ".") continue;
    const std::string search = searches[i].ends_with('.') ? searches[i].substr(0, searches[i].size() - 1) : searches[i];
    errors.invalid_each((path / "searches").index(i), search, dns1123_subdomain_with_underscore_errors(search));
  }
  i = 0;
  for (const View& option : config["options"].items()) {
    const FieldPath at = (path / "options").index(i++);
    if (option["name"].text().empty()) errors.required(at, "must not be empty");
  }
}

void check_gates(FieldErrors& errors, const View& spec, const FieldPath& path) {
  std::size_t i = 0;
  for (const View& gate : spec["readinessGates"].items()) {
    const std::string type = gate["conditionType"].text();
    errors.invalid_each((path / "readinessGates").index(i++) / "conditionType", type, qualified_name_errors(type));
  }
  std::set<std::string> seen;
  i = 0;
  for (const View& gate : spec["schedulingGates"].items()) {
    const FieldPath at = (path / "schedulingGates").index(i++);
    const std::string name = gate["name"].text();
    errors.invalid_each(at, name, qualified_name_errors(name));
    if (!seen.insert(name).second) errors.duplicate(at, name);
  }
}

void check_claims(FieldErrors& errors, const View& spec, const FieldPath& path) {
  std::set<std::string> names;
  std::size_t i = 0;
  for (const View& claim : spec["resourceClaims"].items()) {
    const FieldPath at = path.index(i++);
    const std::string name = claim["name"].text();
    if (name.empty()) {
      errors.required(at / "name");
    } else if (names.contains(name)) {
      errors.duplicate(at / "name", name);
    } else {
      errors.invalid_each(at / "name", name, dns1123_label_errors(name));
      names.insert(name);
    }
    const bool named = claim.has("resourceClaimName");
    const bool templated = claim.has("resourceClaimTemplateName");
    if (named && templated) errors.invalid(at, claim, "at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified");
    if (!named && !templated) errors.invalid(at, claim, "must specify one of: `resourceClaimName`, `resourceClaimTemplateName`");
    for (const char* field : {"resourceClaimName", "resourceClaimTemplateName"}) {
      if (claim.has(field)) errors.invalid_each(at / field, claim[field].text(), dns1123_subdomain_errors(claim[field].text()));
    }
  }
}

void check_host_users(FieldErrors& errors, const View& spec, const FieldPath& path, const PodOptions& options) {
  if (!is_false(spec["hostUsers"])) return;
  constexpr std::string_view kWhen = "when `hostUsers` is false";
  if (spec["hostNetwork"].flag()) errors.forbidden(path / "hostNetwork", kWhen);
  if (spec["hostPID"].flag()) errors.forbidden(path / "HostPID", kWhen);
  if (spec["hostIPC"].flag()) errors.forbidden(path / "HostIPC", kWhen);
  if (options.allow_user_namespace_devices) return;
  for (const auto& [container, at] : containers_of(spec, path)) {
    if (!container["volumeDevices"].empty()) errors.forbidden(at / "volumeDevices", kWhen);
  }
}

void check_names(FieldErrors& errors, const View& spec, const FieldPath& path) {
  const auto check = [&](const char* field, Messages (*rule)(std::string_view)) {
    const std::string text = spec[field].text();
    if (!text.empty()) errors.invalid_each(path / field, text, rule(text));
  };
  check("serviceAccountName", dns1123_subdomain_errors);
  check("nodeName", dns1123_subdomain_errors);
  if (const View deadline = spec["activeDeadlineSeconds"]; deadline.present() && (deadline.number() < 1 || deadline.number() > kMaxInt32)) {
    errors.invalid(path / "activeDeadlineSeconds", deadline.number(), range_message(1, kMaxInt32));
  }
  check("hostname", dns1123_label_errors);
  check("subdomain", dns1123_label_errors);
  check_tolerations(errors, spec["tolerations"], path / "tolerations");
  std::size_t i = 0;
  for (const View& alias : spec["hostAliases"].items()) {
    const FieldPath at = (path / "hostAliases").index(i++);
    check_ip(errors, alias["ip"].text(), at / "ip");
    std::size_t j = 0;
    for (const std::string& name : alias["hostnames"].texts()) errors.invalid_each((at / "hostnames").index(j++), name, dns1123_subdomain_errors(name));
  }
  check("priorityClassName", dns1123_subdomain_errors);
  if (spec.has("runtimeClassName")) {
    errors.invalid_each(path / "runtimeClassName", spec["runtimeClassName"].text(), dns1123_subdomain_errors(spec["runtimeClassName"].text()));
  }
  if (spec.has("preemptionPolicy")) check_required_choice(errors, spec["preemptionPolicy"], {"PreemptLowerPriority", "Never"}, path / "preemptionPolicy");
}

void check_file_key_volumes(FieldErrors& errors, const View& spec, const FieldPath& path) {
  for (const auto& [container, container_path] : containers_of(spec, path)) {
    std::size_t i = 0;
    for (const View& variable : container["env"].items()) {
      const FieldPath at = (container_path / "env").index(i++) / "valueFrom" / "fileKeyRef" / "volumeName";
      const View reference = variable.at("valueFrom", "fileKeyRef");
      if (!reference.present()) continue;
      const std::string name = reference["volumeName"].text();
      View volume;
      for (const View& one : spec["volumes"].items()) {
        if (one["name"].text() == name) volume = one;
      }
      if (!volume.present()) {
        errors.not_found(at, name);
      } else if (!volume.has("emptyDir")) {
        errors.invalid(at, name, "referenced volume must be of type emptyDir");
      }
    }
  }
}

void check_overhead(FieldErrors& errors, const View& spec, const FieldPath& path, const PodOptions& options) {
  if (!spec.has("overhead")) return;
  const Json limits = {{"limits", spec["overhead"].json()}};
  check_resource_requirements(errors, View(limits), {}, path, ResourceOwner::Container, options.allow_odd_huge_pages);
}

void check_images_of_pod(FieldErrors& errors, const View& spec, const FieldPath& path) {
  for (const char* kind : {"containers", "initContainers"}) {
    std::size_t i = 0;
    for (const View& container : spec[kind].items()) {
      const std::string image = container["image"].text();
      const FieldPath at = (path / kind).index(i++) / "image";
      if (image != trimmed(image)) errors.invalid(at, image, "must not have leading or trailing whitespace");
    }
  }
}

void check_metadata_and_spec(FieldErrors& errors, const View& pod, const PodOptions& options) {
  const View spec = pod["spec"];
  check_object_meta(errors, pod["metadata"], true, name_is_subdomain);
  check_pod_annotations(errors, pod.at("metadata", "annotations"), spec, "metadata.annotations", options);
  check_pod_spec(errors, spec, pod["metadata"], "spec", options);
  if (spec["serviceAccountName"].text().empty()) {
    std::size_t i = 0;
    for (const View& volume : spec["volumes"].items()) {
      const FieldPath sources = FieldPath("spec.volumes").index(i++) / "projected" / "sources";
      std::size_t j = 0;
      for (const View& source : volume.at("projected", "sources").items()) {
        const FieldPath at = sources.index(j++) / "serviceAccountToken";
        if (source.has("serviceAccountToken")) errors.forbidden(at, "must not be specified when serviceAccountName is not set");
      }
    }
  }
  check_images_of_pod(errors, spec, "spec");
}

}  // namespace

bool is_false(const View& flag) { return flag.present() && !flag.flag(); }

std::vector<std::pair<View, FieldPath>> containers_of(const View& spec, const FieldPath& path) {
  std::vector<std::pair<View, FieldPath>> found;
  for (const char* kind : {"initContainers", "containers", "ephemeralContainers"}) {
    std::size_t i = 0;
    for (const View& container : spec[kind].items()) found.emplace_back(container, (path / kind).index(i++));
  }
  return found;
}

void check_pod_annotations(FieldErrors& errors, const View& annotations, const View& spec, const FieldPath& path, const PodOptions& options) {
  constexpr std::string_view kMirror = "kubernetes.io/config.mirror";
  constexpr std::string_view kDeletionCost = "controller.kubernetes.io/pod-deletion-cost";
  if (annotations.has(kMirror) && spec["nodeName"].text().empty()) {
    errors.invalid(path.key(kMirror), annotations[kMirror].text(), "must set spec.nodeName if mirror pod annotation is set");
  }
  check_toleration_annotation(errors, annotations, path);
  if (const View cost = annotations[kDeletionCost]; cost.present() && !options.allow_invalid_deletion_cost && !is_deletion_cost(cost.text())) {
    errors.invalid(path.key(kDeletionCost), cost.text(), "must be a 32bit integer");
  }
  check_seccomp_annotations(errors, annotations, path);
  check_app_armor_annotations(errors, annotations, spec, path);
}

void check_pod_spec(FieldErrors& errors, const View& spec, const View& pod_meta, const FieldPath& path, const PodOptions& options) {
  if (!spec["terminationGracePeriodSeconds"].present()) errors.required(path / "terminationGracePeriodSeconds");
  const VolumeTable volumes = check_volumes(errors, spec["volumes"], pod_meta, path / "volumes", options);
  check_claims(errors, spec, path / "resourceClaims");
  check_containers(errors, spec, volumes, path / "containers", options);
  check_init_containers(errors, spec, volumes, path / "initContainers", options);
  check_ephemeral_containers(errors, spec, volumes, path / "ephemeralContainers", options);
  check_pod_resources(errors, spec, path, options.allow_odd_huge_pages);
  check_host_network(errors, spec, path, options);
  check_required_choice(errors, spec["restartPolicy"], {"Always", "OnFailure", "Never"}, path / "restartPolicy");
  check_required_choice(errors, spec["dnsPolicy"], {"ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"}, path / "dnsPolicy");
  check_labels(errors, spec["nodeSelector"], path / "nodeSelector");
  check_pod_security_context(errors, spec, path / "securityContext", options);
  check_affinity(errors, spec["affinity"], path / "affinity", options);
  check_dns(errors, spec, path / "dnsConfig");
  check_gates(errors, spec, path);
  check_spread_constraints(errors, spec["topologySpreadConstraints"], path / "topologySpreadConstraints", options);
  check_windows_host_process(errors, spec, path);
  check_host_users(errors, spec, path, options);
  check_names(errors, spec, path);
  check_overhead(errors, spec, path / "overhead", options);
  check_operating_system(errors, spec, path);
  check_file_key_volumes(errors, spec, path);
}

void check_pod_template(FieldErrors& errors, const View& pod_template, const FieldPath& path, const PodOptions& options) {
  const View annotations = pod_template.at("metadata", "annotations");
  check_labels(errors, pod_template.at("metadata", "labels"), path / "labels");
  check_annotations(errors, annotations, path / "annotations");
  check_pod_annotations(errors, annotations, pod_template["spec"], path / "annotations", options);
  check_pod_spec(errors, pod_template["spec"], {}, path / "spec", options);
  check_annotation_fields_match(errors, annotations, pod_template["spec"], path / "spec");
  if (!pod_template.at("spec", "ephemeralContainers").empty()) {
    errors.forbidden(path / "spec" / "ephemeralContainers", "ephemeral containers not allowed in pod template");
  }
}

void check_pod_create(FieldErrors& errors, const View& pod) {
  PodOptions options;
  options.is_pod = true;
  const View spec = pod["spec"];
  check_metadata_and_spec(errors, pod, options);
  if (!spec["ephemeralContainers"].empty()) errors.forbidden("spec.ephemeralContainers", "cannot be set on create");
  if (!spec["nodeName"].text().empty() && !spec["schedulingGates"].empty()) {
    errors.forbidden("spec.nodeName", "cannot be set until all schedulingGates have been cleared");
  }
  check_annotation_fields_match(errors, pod.at("metadata", "annotations"), spec, "spec");
}

void check_pod_update(FieldErrors& errors, const View& pod, const View& old) {
  PodOptions options = pod_options(old["spec"], old["metadata"]);
  options.is_pod = true;
  check_object_meta_update(errors, pod["metadata"], old["metadata"], true);
  check_metadata_and_spec(errors, pod, options);
  check_pod_annotation_update(errors, pod, old, options);
  check_pod_unchanged(errors, pod["spec"], old["spec"]);
}

PodOptions pod_options(const View& old_spec, const View& old_meta) {
  PodOptions options;
  if (!old_spec.present()) return options;
  options.allow_any_selinux_change_policy = old_spec.at("securityContext", "seLinuxChangePolicy").present();
  const auto broken = [](auto check) {
    FieldErrors errors;
    check(errors);
    return !errors.empty();
  };
  for (const View& term : old_spec.at("affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms").items()) {
    for (const View& requirement : term["matchExpressions"].items()) {
      for (const std::string& value : requirement["values"].texts()) {
        options.allow_invalid_node_affinity_values = options.allow_invalid_node_affinity_values || !label_value_errors_of(value).empty();
      }
    }
  }
  for (const View& constraint : old_spec["topologySpreadConstraints"].items()) {
    options.allow_invalid_spread_selector =
        options.allow_invalid_spread_selector || broken([&](FieldErrors& errors) { check_label_selector(errors, constraint["labelSelector"], ""); });
    options.old_violates_match_label_keys =
        options.old_violates_match_label_keys ||
        broken([&](FieldErrors& errors) { check_match_label_keys(errors, constraint["matchLabelKeys"], {}, constraint["labelSelector"], ""); });
  }
  for (const auto& [container, path] : containers_of(old_spec, "")) {
    for (const char* side : {"limits", "requests"}) {
      for (const auto& [name, value] : container["resources"][side].entries()) {
        options.allow_odd_huge_pages = options.allow_odd_huge_pages || (is_huge_page(name) && !is_huge_page_multiple(name, quantity_of(value)));
      }
    }
    options.allow_user_namespace_devices = options.allow_user_namespace_devices || (is_false(old_spec["hostUsers"]) && !container["volumeDevices"].empty());
  }
  for (const View& sysctl : old_spec.at("securityContext", "sysctls").items()) {
    options.allow_host_sysctls = options.allow_host_sysctls || sysctl_conflicts_with_host(old_spec, sysctl["name"].text());
  }
  for (const View& container : old_spec["containers"].items()) options.allow_restart_rules = options.allow_restart_rules || container.has("restartPolicy");
  const View cost = old_meta.at("annotations")["controller.kubernetes.io/pod-deletion-cost"];
  options.allow_invalid_deletion_cost = cost.present() && !is_deletion_cost(cost.text());
  return options;
}

}  // namespace tandem::cluster::api
