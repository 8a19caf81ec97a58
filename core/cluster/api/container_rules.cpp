// Containers of every kind (validateContainers, validateInitContainers, validateEphemeralContainers).

#include <fmt/format.h>

#include <set>

#include "core/cluster/api/rules.hpp"

namespace tandem::cluster::api {

namespace {

void check_ports(FieldErrors& errors, const View& ports, const FieldPath& path) {
  std::set<std::string> names;
  std::size_t i = 0;
  for (const View& port : ports.items()) {
    const FieldPath at = path.index(i++);
    if (const std::string name = port["name"].text(); !name.empty()) {
      const Messages messages = port_name_errors(name);
      errors.invalid_each(at / "name", name, messages);
      if (messages.empty() && !names.insert(name).second) errors.duplicate(at / "name", name);
    }
    if (const std::int64_t number = port["containerPort"].number(); number == 0) {
      errors.required(at / "containerPort");
    } else {
      errors.invalid_each(at / "containerPort", number, port_number_errors(number));
    }
    if (const std::int64_t number = port["hostPort"].number(); number != 0) errors.invalid_each(at / "hostPort", number, port_number_errors(number));
    check_one_of(errors, port["protocol"], port_protocols(), at / "protocol");
  }
}

void check_host_port_conflicts(FieldErrors& errors, const std::vector<View>& containers, const FieldPath& path) {
  std::set<std::string> used;
  for (std::size_t i = 0; i < containers.size(); ++i) {
    std::size_t j = 0;
    for (const View& port : containers[i]["ports"].items()) {
      const FieldPath at = (path.index(i) / "ports").index(j++);
      if (port["hostPort"].number() == 0) continue;
      const std::string key = fmt::format("{}/{}/{}", port["protocol"].text(), port["hostIP"].text(), port["hostPort"].number());
      if (!used.insert(key).second) errors.duplicate(at / "hostPort", key);
    }
  }
}

void check_mount_extras(FieldErrors& errors, const View& mount, const View& container, const FieldPath& path) {
  if (const View propagation = mount["mountPropagation"]; propagation.present()) {
    check_one_of(errors, propagation, {"Bidirectional", "HostToContainer", "None"}, path / "mountPropagation");
    if (propagation.text() == "Bidirectional" && !container.at("securityContext", "privileged").flag()) {
      errors.forbidden(path / "mountPropagation", "Bidirectional mount propagation is available only to privileged containers");
    }
  }
  const View recursive = mount["recursiveReadOnly"];
  if (!recursive.present() || recursive.text() == "Disabled") return;
  const FieldPath at = path / "recursiveReadOnly";
  if (recursive.text() != "Enabled" && recursive.text() != "IfPossible") return errors.not_supported(at, recursive.text(), {"Disabled", "Enabled", "IfPossible"});
  if (!mount["readOnly"].flag()) errors.forbidden(at, "may only be specified when readOnly is true");
  const View propagation = mount["mountPropagation"];
  if (propagation.present() && propagation.text() != "None") errors.forbidden(at, "may only be specified when mountPropagation is None or not specified");
}

/// name → path of mounts or devices; a later entry of the same name replaces an earlier one.
std::map<std::string, std::string> paths_by_name(const View& list, const char* field) {
  std::map<std::string, std::string> paths;
  for (const View& one : list.items()) paths[one["name"].text()] = one[field].text();
  return paths;
}

bool holds_path(const std::map<std::string, std::string>& paths, const std::string& path) {
  return std::any_of(paths.begin(), paths.end(), [&](const auto& entry) { return entry.second == path; });
}

void check_mounts(FieldErrors& errors, const View& container, const VolumeTable& volumes, const FieldPath& path) {
  const auto devices = paths_by_name(container["volumeDevices"], "devicePath");
  std::set<std::string> points;
  std::size_t i = 0;
  for (const View& mount : container["volumeMounts"].items()) {
    const FieldPath at = path.index(i++);
    const std::string name = mount["name"].text();
    const std::string point = mount["mountPath"].text();
    const std::string sub_path = mount["subPath"].text();
    const std::string expression = mount["subPathExpr"].text();
    if (name.empty()) errors.required(at / "name");
    if (!volumes.contains(name)) errors.not_found(at / "name", name);
    if (point.empty()) errors.required(at / "mountPath");
    if (!points.insert(point).second) errors.invalid(at / "mountPath", point, "must be unique");
    if (devices.contains(name)) errors.invalid(at / "name", name, "must not already exist in volumeDevices");
    if (holds_path(devices, point)) errors.invalid(at / "mountPath", point, "must not already exist as a path in volumeDevices");
    if (!sub_path.empty()) check_local_path(errors, sub_path, path / "subPath");  // Kubernetes names the list here, not the mount
    if (!expression.empty()) {
      if (!sub_path.empty()) errors.invalid(at / "subPathExpr", expression, "subPathExpr and subPath are mutually exclusive");
      check_local_path(errors, expression, path / "subPathExpr");
    }
    check_mount_extras(errors, mount, container, path);
  }
}

void check_devices(FieldErrors& errors, const View& container, const VolumeTable& volumes, const FieldPath& path) {
  const auto mounts = paths_by_name(container["volumeMounts"], "mountPath");
  std::set<std::string> paths;
  std::set<std::string> names;
  std::size_t i = 0;
  for (const View& device : container["volumeDevices"].items()) {
    const FieldPath at = path.index(i++);
    const std::string name = device["name"].text();
    const std::string device_path = device["devicePath"].text();
    const auto volume = volumes.find(name);
    if (name.empty()) errors.required(at / "name");
    if (names.contains(name)) errors.invalid(at / "name", name, "must be unique");
    if (volume == volumes.end()) {
      errors.not_found(at / "name", name);
    } else if (!volume->second.has("persistentVolumeClaim") && !volume->second.has("ephemeral")) {
      errors.invalid(at / "name", name, "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode");
    }
    if (device_path.empty()) errors.required(at / "devicePath");
    if (paths.contains(device_path)) errors.invalid(at / "devicePath", device_path, "must be unique");
    if (contains(split_text(device_path, '/'), "..")) {
      errors.invalid(at / "devicePath", device_path, "can not contain backsteps ('..')");
    } else {
      paths.insert(device_path);
    }
    if (mounts.contains(name)) errors.invalid(at / "name", name, "must not already exist in volumeMounts");
    if (holds_path(mounts, device_path)) errors.invalid(at / "devicePath", device_path, "must not already exist as a path in volumeMounts");
    if (!name.empty()) names.insert(name);
  }
}

void check_resize_policy(FieldErrors& errors, const View& policies, const std::string& pod_restart, const FieldPath& path) {
  std::set<std::string> resources;
  std::size_t i = 0;
  for (const View& policy : policies.items()) {
    const std::string resource = policy["resourceName"].text();
    const std::string restart = policy["restartPolicy"].text();
    if (!resources.insert(resource).second) errors.duplicate(path.index(i), resource);
    ++i;
    if (resource.empty()) {
      errors.required(path);
    } else {
      check_one_of(errors, policy["resourceName"], {"cpu", "memory"}, path);
    }
    if (restart.empty()) {
      errors.required(path);
    } else {
      check_one_of(errors, policy["restartPolicy"], {"NotRequired", "RestartContainer"}, path);
    }
    if (pod_restart == "Never" && restart != "NotRequired") errors.invalid(path, restart, "must be 'NotRequired' when `restartPolicy` is 'Never'");
  }
}

void check_common(FieldErrors& errors, const View& container, const View& spec, const VolumeTable& volumes, const FieldPath& path, const PodOptions& options) {
  if (const std::string name = container["name"].text(); name.empty()) {
    errors.required(path / "name");
  } else {
    errors.invalid_each(path / "name", name, dns1123_label_errors(name));
  }
  if (container["image"].text().empty()) errors.required(path / "image");
  if (container["terminationMessagePolicy"].text().empty()) {
    errors.required(path / "terminationMessagePolicy");
  } else {
    check_one_of(errors, container["terminationMessagePolicy"], {"File", "FallbackToLogsOnError"}, path / "terminationMessagePolicy");
  }
  check_ports(errors, container["ports"], path / "ports");
  check_environment(errors, container["env"], path / "env", options);
  check_environment_sources(errors, container["envFrom"], path / "envFrom");
  check_mounts(errors, container, volumes, path / "volumeMounts");
  check_devices(errors, container, volumes, path / "volumeDevices");
  check_pull_policy(errors, container["imagePullPolicy"], path / "imagePullPolicy");
  check_resource_requirements(errors, container["resources"], spec, path / "resources", ResourceOwner::Container, options.allow_odd_huge_pages);
  check_resize_policy(errors, container["resizePolicy"], spec["restartPolicy"].text(), path / "resizePolicy");
  check_security_context(errors, container["securityContext"], !is_false(spec["hostUsers"]), path / "securityContext");
}

void check_restart_rules(FieldErrors& errors, const View& container, const FieldPath& path) {
  const View policy = container["restartPolicy"];
  const View rules = container["restartPolicyRules"];
  if (!policy.present()) {
    if (rules.empty()) return;
    errors.required(path / "restartPolicy", "must specify restartPolicy when restart rules are used");
  } else {
    check_one_of(errors, policy, {"Always", "Never", "OnFailure"}, path / "restartPolicy");
  }
}

void check_probes(FieldErrors& errors, const View& container, const View& spec, const FieldPath& path) {
  const View grace = spec["terminationGracePeriodSeconds"];
  check_probe(errors, container["livenessProbe"], ProbeUse::Liveness, grace, path / "livenessProbe");
  check_probe(errors, container["readinessProbe"], ProbeUse::Readiness, grace, path / "readinessProbe");
  check_probe(errors, container["startupProbe"], ProbeUse::Startup, grace, path / "startupProbe");
}

std::set<std::string> names_of(const View& containers) {
  std::set<std::string> names;
  for (const View& container : containers.items()) names.insert(container["name"].text());
  return names;
}

}  // namespace

const std::vector<std::string>& port_protocols() {
  static const std::vector<std::string> kProtocols = {"SCTP", "TCP", "UDP"};
  return kProtocols;
}

void check_port_number_or_name(FieldErrors& errors, const View& port, const FieldPath& path) {
  if (port.is_text()) {
    errors.invalid_each(path, port.text(), port_name_errors(port.text()));
  } else {
    errors.invalid_each(path, port.number(), port_number_errors(port.number()));
  }
}

void check_pull_policy(FieldErrors& errors, const View& policy, const FieldPath& path) {
  if (policy.text().empty()) return errors.required(path);
  check_one_of(errors, policy, {"Always", "IfNotPresent", "Never"}, path);
}

void check_containers(FieldErrors& errors, const View& spec, const VolumeTable& volumes, const FieldPath& path, const PodOptions& options) {
  if (spec["containers"].empty()) return errors.required(path);
  std::set<std::string> names;
  std::size_t i = 0;
  for (const View& container : spec["containers"].items()) {
    const FieldPath at = path.index(i++);
    check_common(errors, container, spec, volumes, at, options);
    if (!names.insert(container["name"].text()).second) errors.duplicate(at / "name", container["name"].text());
    check_lifecycle(errors, container["lifecycle"], spec["terminationGracePeriodSeconds"], at / "lifecycle");
    check_probes(errors, container, spec, at);
    if (options.allow_restart_rules) {
      check_restart_rules(errors, container, at);
    } else if (container.has("restartPolicy")) {
      errors.forbidden(at / "restartPolicy", "may not be set for non-init containers");
    }
  }
  check_host_port_conflicts(errors, spec["containers"].items(), path);
}

void check_init_containers(FieldErrors& errors, const View& spec, const VolumeTable& volumes, const FieldPath& path, const PodOptions& options) {
  std::set<std::string> names = names_of(spec["containers"]);
  std::size_t i = 0;
  for (const View& container : spec["initContainers"].items()) {
    const FieldPath at = path.index(i++);
    const std::string name = container["name"].text();
    const bool sidecar = container["restartPolicy"].text() == "Always";
    check_common(errors, container, spec, volumes, at, options);
    if (container.has("restartPolicy") && !sidecar && !options.allow_restart_rules) {
      errors.not_supported(at / "restartPolicy", container["restartPolicy"].text(), {"Always"});
    }
    if (names.contains(name)) {
      errors.duplicate(at / "name", name);
    } else if (!name.empty()) {
      names.insert(name);
    }
    check_host_port_conflicts(errors, {container}, path);
    if (sidecar) {
      check_lifecycle(errors, container["lifecycle"], spec["terminationGracePeriodSeconds"], at / "lifecycle");
      check_probes(errors, container, spec, at);
      continue;
    }
    for (const char* field : {"lifecycle", "livenessProbe", "readinessProbe", "startupProbe"}) {
      if (container.has(field)) errors.forbidden(at / field, "may not be set for init containers without restartPolicy=Always");
    }
  }
}

void check_ephemeral_containers(FieldErrors& errors, const View& spec, const VolumeTable& volumes, const FieldPath& path, const PodOptions& options) {
  std::set<std::string> others = names_of(spec["containers"]);
  others.merge(names_of(spec["initContainers"]));
  std::set<std::string> names = others;
  std::size_t i = 0;
  for (const View& container : spec["ephemeralContainers"].items()) {
    const FieldPath at = path.index(i++);
    check_common(errors, container, spec, volumes, at, options);
    const std::string image = container["image"].text();
    if (image != trimmed(image)) errors.invalid(at / "image", image, "must not have leading or trailing whitespace");
    if (!names.insert(container["name"].text()).second) errors.duplicate(at / "name", container["name"].text());
    const std::string target = container["targetContainerName"].text();
    if (!target.empty() && !others.contains(target)) errors.not_found(at / "targetContainerName", target);
    for (const char* field : {"ports", "resources", "resizePolicy", "restartPolicy", "livenessProbe", "readinessProbe", "startupProbe", "lifecycle"}) {
      const View value = container[field];
      if (value.present() && !(std::string_view(field) == "resources" && value.empty())) errors.forbidden(at / field, "cannot be set for an Ephemeral Container");
    }
    std::size_t j = 0;
    for (const View& mount : container["volumeMounts"].items()) {
      const FieldPath mount_path = (at / "volumeMounts").index(j++);
      for (const char* field : {"subPath", "subPathExpr"}) {
        if (!mount[field].text().empty()) errors.forbidden(mount_path / field, "cannot be set for an Ephemeral Container");
      }
    }
  }
}

}  // namespace tandem::cluster::api
