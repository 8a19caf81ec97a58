#pragma once
// Pods and runtime views in a few words, for tests of the kubelet's decisions.

#include <string>
#include <utility>
#include <vector>

#include "core/cluster/objects.hpp"
#include "core/control/kubelet/pod_actions.hpp"

namespace tandem::control::kubelet {

inline cluster::Container container_named(std::string name) {
  cluster::Container container;
  container.name = std::move(name);
  container.image = "image:1";
  return container;
}
inline cluster::Container sidecar_named(std::string name) {
  cluster::Container container = container_named(std::move(name));
  container.restart_policy = "Always";
  return container;
}

inline cluster::Pod pod_of(std::vector<cluster::Container> init, std::vector<cluster::Container> regular,
                           std::string policy = "Always") {
  cluster::PodSpec spec;
  spec.init_containers = std::move(init);
  spec.containers = std::move(regular);
  spec.restart_policy = std::move(policy);
  cluster::Pod pod;
  pod.meta.name = "web-1";
  pod.meta.namespace_ = "default";
  pod.meta.uid = "u1";
  pod.spec = std::move(spec);
  return pod;
}

inline RuntimeContainer runtime_container(std::string name, RuntimeState state, std::int32_t exit_code = 0) {
  RuntimeContainer container;
  container.id = name + "-id";
  container.name = std::move(name);
  container.image = "image:1";
  container.state = state;
  container.exit_code = exit_code;
  return container;
}

/// A pod with a ready sandbox; containers newest first.
inline RuntimePod running_sandbox(std::vector<RuntimeContainer> containers = {}) {
  RuntimePod runtime;
  runtime.sandboxes = {{"s0", 0, true, "10.0.0.1"}};
  runtime.containers = std::move(containers);
  return runtime;
}

/// This verdict of this kind on one container, and none else.
inline ProbeVerdicts verdict_on(std::string container_id, ProbeKind kind, ProbeVerdict verdict) {
  return [container_id = std::move(container_id), kind, verdict](ProbeKind asked,
                                                                 const std::string& id) -> std::optional<ProbeVerdict> {
    if (asked == kind && id == container_id) return verdict;
    return std::nullopt;
  };
}
inline ProbeVerdicts no_verdicts() {
  return [](ProbeKind, const std::string&) { return std::nullopt; };
}

}  // namespace tandem::control::kubelet
