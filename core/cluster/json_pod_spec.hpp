#pragma once
// JSON fields of what a pod is to be (json_io.hpp explains the notation).

#include "core/cluster/json_meta.hpp"

namespace tandem::cluster {

template <class Io>
void fields(Io& io, Field<Io, ContainerPort>& port) {
  io("name", port.name);
  io("hostPort", port.host_port);
  io.always("containerPort", port.container_port);
  io("protocol", port.protocol);
  io("hostIP", port.host_ip);
  io.rest(port.rest);
}

template <class Io>
void fields(Io& io, Field<Io, EnvVar>& variable) {
  io.always("name", variable.name);
  io("value", variable.value);
  io.nested("valueFrom", [&](auto& source) {
    source.nested("fieldRef", [&](auto& reference) { reference("fieldPath", variable.field_path); });
  });
  io.rest(variable.rest);
}

template <class Io>
void fields(Io& io, Field<Io, HttpGetAction>& action) {
  io("path", action.path);
  io.always("port", action.port);
  io("host", action.host);
  io("scheme", action.scheme);
  io.rest(action.rest);
}
template <class Io>
void fields(Io& io, Field<Io, TcpSocketAction>& action) {
  io.always("port", action.port);
  io("host", action.host);
}
template <class Io>
void fields(Io& io, Field<Io, ExecAction>& action) { io("command", action.command); }
template <class Io>
void fields(Io& io, Field<Io, SleepAction>& action) { io.always("seconds", action.seconds); }
template <class Io>
void fields(Io& io, Field<Io, GrpcAction>& action) {
  io.always("port", action.port);
  io.always("service", action.service);
}

/// Exactly one of httpGet, tcpSocket, exec, grpc.
void probe_action(JsonReader& reader, Probe& probe);
void probe_action(JsonWriter& writer, const Probe& probe);

template <class Io>
void fields(Io& io, Field<Io, Probe>& probe) {
  probe_action(io, probe);
  io("initialDelaySeconds", probe.initial_delay_seconds);
  io("timeoutSeconds", probe.timeout_seconds);
  io("periodSeconds", probe.period_seconds);
  io("successThreshold", probe.success_threshold);
  io("failureThreshold", probe.failure_threshold);
  io("terminationGracePeriodSeconds", probe.termination_grace_period_seconds);
  io.rest(probe.rest);
}

/// Exactly one of httpGet, tcpSocket, exec, sleep.
void lifecycle_action(JsonReader& reader, LifecycleHandler& handler);
void lifecycle_action(JsonWriter& writer, const LifecycleHandler& handler);

template <class Io>
void fields(Io& io, Field<Io, LifecycleHandler>& handler) { lifecycle_action(io, handler); }
template <class Io>
void fields(Io& io, Field<Io, Lifecycle>& lifecycle) {
  io("postStart", lifecycle.post_start);
  io("preStop", lifecycle.pre_stop);
  io.rest(lifecycle.rest);
}

template <class Io>
void fields(Io& io, Field<Io, ContainerRestartRule::ExitCodes>& exit_codes) {
  io.always("operator", exit_codes.op);
  io("values", exit_codes.values);
}
template <class Io>
void fields(Io& io, Field<Io, ContainerRestartRule>& rule) {
  io("action", rule.action);
  io("exitCodes", rule.exit_codes);
  io.rest(rule.rest);
}

template <class Io>
void fields(Io& io, Field<Io, Container>& container) {
  io.always("name", container.name);
  io("image", container.image);
  io("imagePullPolicy", container.image_pull_policy);
  io("command", container.command);
  io("args", container.args);
  io("env", container.env);
  io("ports", container.ports);
  io.always("resources", container.resources);
  io("readinessProbe", container.readiness_probe);
  io("livenessProbe", container.liveness_probe);
  io("startupProbe", container.startup_probe);
  io("lifecycle", container.lifecycle);
  io("restartPolicy", container.restart_policy);
  io("restartPolicyRules", container.restart_policy_rules);
  io.rest(container.rest);
}

template <class Io>
void fields(Io& io, Field<Io, NodeSelectorTerm>& term) {
  io("matchExpressions", term.match_expressions);
  io("matchFields", term.match_fields);
}
template <class Io>
void fields(Io& io, Field<Io, PreferredSchedulingTerm>& preferred) {
  io.always("weight", preferred.weight);
  io.always("preference", preferred.preference);
}
template <class Io>
void fields(Io& io, Field<Io, NodeAffinity>& affinity) {
  io.nested("requiredDuringSchedulingIgnoredDuringExecution",
            [&](auto& required) { required("nodeSelectorTerms", affinity.required); });
  io("preferredDuringSchedulingIgnoredDuringExecution", affinity.preferred);
}
template <class Io>
void fields(Io& io, Field<Io, PodAffinityTerm>& term) {
  io.optional_object("labelSelector", term.label_selector);
  io("namespaces", term.namespaces);
  io.optional_object("namespaceSelector", term.namespace_selector);
  io.always("topologyKey", term.topology_key);
  io("matchLabelKeys", term.match_label_keys);
  io("mismatchLabelKeys", term.mismatch_label_keys);
  io.rest(term.rest);
}
template <class Io>
void fields(Io& io, Field<Io, WeightedPodAffinityTerm>& weighted) {
  io.always("weight", weighted.weight);
  io.always("podAffinityTerm", weighted.term);
}
template <class Io>
void fields(Io& io, Field<Io, PodAffinity>& affinity) {
  io("requiredDuringSchedulingIgnoredDuringExecution", affinity.required);
  io("preferredDuringSchedulingIgnoredDuringExecution", affinity.preferred);
}
template <class Io>
void fields(Io& io, Field<Io, Affinity>& affinity) {
  io("nodeAffinity", affinity.node_affinity);
  io("podAffinity", affinity.pod_affinity);
  io("podAntiAffinity", affinity.pod_anti_affinity);
}

template <class Io>
void fields(Io& io, Field<Io, Toleration>& toleration) {
  io("key", toleration.key);
  io("operator", toleration.op);
  io("value", toleration.value);
  io("effect", toleration.effect);
  io("tolerationSeconds", toleration.toleration_seconds);
  io.rest(toleration.rest);
}

template <class Io>
void fields(Io& io, Field<Io, TopologySpreadConstraint>& constraint) {
  io.always("maxSkew", constraint.max_skew);
  io.always("topologyKey", constraint.topology_key);
  io.always("whenUnsatisfiable", constraint.when_unsatisfiable);
  io.optional_object("labelSelector", constraint.label_selector);
  io("minDomains", constraint.min_domains);
  io("nodeAffinityPolicy", constraint.node_affinity_policy);
  io("nodeTaintsPolicy", constraint.node_taints_policy);
  io("matchLabelKeys", constraint.match_label_keys);
  io.rest(constraint.rest);
}

/// schedulingGates and readinessGates are lists of objects with a single field; ours are lists of that field's text.
void text_list(JsonReader& reader, std::string_view key, std::string_view field, std::vector<std::string>& out);
void text_list(JsonWriter& writer, std::string_view key, std::string_view field, const std::vector<std::string>& list);

/// spec.nodeName is not here: it belongs to the pod (objects.hpp).
template <class Io>
void fields(Io& io, Field<Io, PodSpec>& spec) {
  io("initContainers", spec.init_containers);
  io.always("containers", spec.containers);
  io("restartPolicy", spec.restart_policy);
  io.always("terminationGracePeriodSeconds", spec.termination_grace_period_seconds);
  io("activeDeadlineSeconds", spec.active_deadline_seconds);
  io("nodeSelector", spec.node_selector);
  io("affinity", spec.affinity);
  io("tolerations", spec.tolerations);
  io("topologySpreadConstraints", spec.topology_spread_constraints);
  io("schedulerName", spec.scheduler_name);
  io("priorityClassName", spec.priority_class_name);
  io("priority", spec.priority);
  io("preemptionPolicy", spec.preemption_policy);
  io("hostNetwork", spec.host_network);
  io("overhead", spec.overhead);
  io("resources", spec.resources);
  text_list(io, "schedulingGates", "name", spec.scheduling_gates);
  text_list(io, "readinessGates", "conditionType", spec.readiness_gates);
  io.rest(spec.rest);
}

template <class Io>
void fields(Io& io, Field<Io, PodTemplate>& pod_template) {
  io.nested_always("metadata", [&](auto& metadata) {
    metadata("labels", pod_template.labels);
    metadata("annotations", pod_template.annotations);
  });
  io.always("spec", pod_template.spec);
  io.rest(pod_template.rest);
}

}  // namespace tandem::cluster
