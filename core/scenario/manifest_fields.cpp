// Field names are those of the Kubernetes 1.34 API reference; every field is listed, so that a misspelt one is found.

#include "core/scenario/manifest_fields.hpp"

#include <array>

namespace tandem::scenario {
namespace {

constexpr Treatment kHonoured = Treatment::Honoured;
constexpr Treatment kApproximated = Treatment::Approximated;
constexpr Treatment kIgnored = Treatment::Ignored;

using Fields = std::span<const ManifestField>;

constexpr std::string_view kImageDecides = "a container behaves as its image is described under images";
constexpr std::string_view kNoStorage = "storage is not modelled";
constexpr std::string_view kNoSecurity = "users, capabilities and other security settings do not change timing";
constexpr std::string_view kNoNames = "names are not resolved by DNS";
constexpr std::string_view kCommands = "commands are modelled: sleep, true, false and sh -c with these; every other one succeeds at once";
constexpr std::string_view kWrittenByRun = "written by the run";

Fields metadata_fields() {
  static constexpr ManifestField kFields[] = {
      {"name"},
      {"namespace"},
      {"labels"},
      {"annotations"},
      {"finalizers"},
      {"generateName", kIgnored, "objects of a manifest need a name"},
      {"ownerReferences", kIgnored, "owners are set by the controllers"},
      {"creationTimestamp", kIgnored, kWrittenByRun},
      {"deletionTimestamp", kIgnored, kWrittenByRun},
      {"deletionGracePeriodSeconds", kIgnored, kWrittenByRun},
      {"generation", kIgnored, kWrittenByRun},
      {"managedFields", kIgnored, "field ownership is not tracked"},
      {"resourceVersion", kIgnored, kWrittenByRun},
      {"selfLink", kIgnored, kWrittenByRun},
      {"uid", kIgnored, kWrittenByRun},
  };
  return kFields;
}

Fields resource_fields() {
  static constexpr ManifestField kFields[] = {{"requests"}, {"limits"}, {"claims", kIgnored, "dynamic resource allocation is not modelled"}};
  return kFields;
}

Fields http_get_fields() {
  static constexpr ManifestField kFields[] = {
      {"path"}, {"port"},
      {"scheme", kApproximated, "HTTPS is probed as HTTP"},
      {"host", kApproximated, "probes go to the pod's own address"},
      {"httpHeaders", kIgnored, "the answer does not depend on headers"},
  };
  return kFields;
}

Fields tcp_socket_fields() {
  static constexpr ManifestField kFields[] = {{"port"}, {"host", kApproximated, "probes go to the pod's own address"}};
  return kFields;
}

Fields readiness_fields() {
  static constexpr ManifestField kFields[] = {
      {"httpGet", kHonoured, {}, http_get_fields},
      {"tcpSocket", kHonoured, {}, tcp_socket_fields},
      {"exec", kApproximated, kCommands},
      {"grpc", kApproximated, "fails: containers here speak HTTP/1.1"},
      {"initialDelaySeconds"}, {"periodSeconds"}, {"timeoutSeconds"}, {"successThreshold"}, {"failureThreshold"},
      {"terminationGracePeriodSeconds", kIgnored, "readiness probes do not stop containers"},
  };
  return kFields;
}

/// Of liveness and startup probes.
Fields killing_probe_fields() {
  static constexpr ManifestField kFields[] = {
      {"httpGet", kHonoured, {}, http_get_fields},
      {"tcpSocket", kHonoured, {}, tcp_socket_fields},
      {"exec", kApproximated, kCommands},
      {"grpc", kApproximated, "fails: containers here speak HTTP/1.1"},
      {"initialDelaySeconds"}, {"periodSeconds"}, {"timeoutSeconds"}, {"successThreshold"}, {"failureThreshold"},
      {"terminationGracePeriodSeconds"},
  };
  return kFields;
}

Fields hook_fields() {
  static constexpr ManifestField kFields[] = {
      {"exec", kApproximated, kCommands},
      {"httpGet", kHonoured, {}, http_get_fields},
      {"sleep"},
      {"tcpSocket", kHonoured},  // fails, as in Kubernetes
  };
  return kFields;
}

Fields lifecycle_fields() {
  static constexpr ManifestField kFields[] = {
      {"postStart", kHonoured, {}, hook_fields},
      {"preStop", kHonoured, {}, hook_fields},
      {"stopSignal", kIgnored, "containers get SIGTERM"},
  };
  return kFields;
}

Fields env_fields() {
  static constexpr ManifestField kFields[] = {
      {"name"},
      {"value", kApproximated, "handed to real containers; the model's behaviour does not depend on it"},
      {"valueFrom", kApproximated, "fieldRef is resolved and handed to real containers; other sources are left empty"},
  };
  return kFields;
}

Fields container_port_fields() {
  static constexpr ManifestField kFields[] = {
      {"name"}, {"containerPort"}, {"protocol"},
      {"hostPort", kIgnored, "host ports are not opened"},
      {"hostIP", kIgnored, "host ports are not opened"},
  };
  return kFields;
}

Fields container_fields() {
  static constexpr ManifestField kFields[] = {
      {"name"}, {"image"}, {"imagePullPolicy"},
      {"ports", kHonoured, {}, container_port_fields},
      {"env", kApproximated, {}, env_fields},
      {"envFrom", kIgnored, "config maps and secrets are not modelled"},
      {"resources", kHonoured, {}, resource_fields},
      {"resizePolicy", kIgnored, "resources of a running container do not change"},
      {"readinessProbe", kHonoured, {}, readiness_fields},
      {"livenessProbe", kHonoured, {}, killing_probe_fields},
      {"startupProbe", kHonoured, {}, killing_probe_fields},
      {"lifecycle", kHonoured, {}, lifecycle_fields},
      {"command", kIgnored, kImageDecides},
      {"args", kIgnored, kImageDecides},
      {"workingDir", kIgnored, kImageDecides},
      {"restartPolicy", kApproximated, "Always makes an init container a sidecar; elsewhere the pod's restart policy counts (gate ContainerRestartRules is off)"},
      {"restartPolicyRules", kIgnored, "the gate ContainerRestartRules is off, as by default"},
      {"securityContext", kIgnored, kNoSecurity},
      {"stdin", kIgnored, "nobody is attached"},
      {"stdinOnce", kIgnored, "nobody is attached"},
      {"tty", kIgnored, "nobody is attached"},
      {"terminationMessagePath", kIgnored, "termination messages are not read"},
      {"terminationMessagePolicy", kIgnored, "termination messages are not read"},
      {"volumeMounts", kIgnored, kNoStorage},
      {"volumeDevices", kIgnored, kNoStorage},
  };
  return kFields;
}

Fields affinity_fields() {
  static constexpr ManifestField kFields[] = {
      {"nodeAffinity"},
      {"podAffinity"},
      {"podAntiAffinity"},
  };
  return kFields;
}

Fields pod_spec_fields() {
  static constexpr ManifestField kFields[] = {
      {"containers", kHonoured, {}, container_fields},
      {"restartPolicy"},
      {"terminationGracePeriodSeconds"},
      {"nodeSelector"},
      {"nodeName"},
      {"affinity", kHonoured, {}, affinity_fields},
      {"tolerations"},
      {"overhead"},
      {"schedulerName"},
      {"schedulingGates"},
      {"readinessGates"},
      {"priority"},
      {"priorityClassName"},
      {"preemptionPolicy"},
      {"topologySpreadConstraints"},
      {"resources", kApproximated, "the scheduler counts the pod level; what limits a container is its own"},
      {"resourceClaims", kIgnored, "dynamic resource allocation is not modelled"},
      {"initContainers", kHonoured, {}, container_fields},
      {"ephemeralContainers", kIgnored, "debugging containers are not run"},
      {"activeDeadlineSeconds"},
      {"hostNetwork", kIgnored, "every pod has an address of its own"},
      {"hostPID", kIgnored, kNoSecurity},
      {"hostIPC", kIgnored, kNoSecurity},
      {"hostUsers", kIgnored, kNoSecurity},
      {"shareProcessNamespace", kIgnored, kNoSecurity},
      {"securityContext", kIgnored, kNoSecurity},
      {"runtimeClassName", kIgnored, "there is one container runtime"},
      {"os", kIgnored, "nodes run Linux"},
      {"serviceAccount", kIgnored, "access control is not modelled"},
      {"serviceAccountName", kIgnored, "access control is not modelled"},
      {"automountServiceAccountToken", kIgnored, "access control is not modelled"},
      {"imagePullSecrets", kIgnored, "the registry asks for no password"},
      {"enableServiceLinks", kIgnored, "no variables are made for Services"},
      {"dnsConfig", kIgnored, kNoNames},
      {"dnsPolicy", kIgnored, kNoNames},
      {"hostAliases", kIgnored, kNoNames},
      {"hostname", kIgnored, kNoNames},
      {"hostnameOverride", kIgnored, kNoNames},
      {"setHostnameAsFQDN", kIgnored, kNoNames},
      {"subdomain", kIgnored, kNoNames},
      {"volumes", kIgnored, kNoStorage},
      {"workloadRef", kIgnored, "gang scheduling is not modelled"},
  };
  return kFields;
}

Fields template_metadata_fields() {
  static constexpr ManifestField kFields[] = {
      {"labels"}, {"annotations"}, {"finalizers"},
      {"name", kIgnored, "pods are named by their controller"},
      {"namespace", kIgnored, "pods live in their controller's namespace"},
      {"generateName", kIgnored, "pods are named by their controller"},
      {"creationTimestamp", kIgnored, kWrittenByRun},
      {"ownerReferences", kIgnored, "owners are set by the controllers"},
  };
  return kFields;
}

Fields template_fields() {
  static constexpr ManifestField kFields[] = {{"metadata", kHonoured, {}, template_metadata_fields}, {"spec", kHonoured, {}, pod_spec_fields}};
  return kFields;
}

Fields selector_fields() {
  static constexpr ManifestField kFields[] = {{"matchLabels"}, {"matchExpressions"}};
  return kFields;
}

Fields rolling_update_fields() {
  static constexpr ManifestField kFields[] = {{"maxSurge"}, {"maxUnavailable"}};
  return kFields;
}

Fields strategy_fields() {
  static constexpr ManifestField kFields[] = {{"type"}, {"rollingUpdate", kHonoured, {}, rolling_update_fields}};
  return kFields;
}

Fields deployment_spec_fields() {
  static constexpr ManifestField kFields[] = {
      {"replicas"}, {"minReadySeconds"}, {"progressDeadlineSeconds"}, {"revisionHistoryLimit"}, {"paused"},
      {"selector", kHonoured, {}, selector_fields},
      {"strategy", kHonoured, {}, strategy_fields},
      {"template", kHonoured, {}, template_fields},
  };
  return kFields;
}

Fields replica_set_spec_fields() {
  static constexpr ManifestField kFields[] = {
      {"replicas"}, {"minReadySeconds"},
      {"selector", kHonoured, {}, selector_fields},
      {"template", kHonoured, {}, template_fields},
  };
  return kFields;
}

Fields service_port_fields() {
  static constexpr ManifestField kFields[] = {
      {"name"}, {"protocol"}, {"port"}, {"targetPort"},
      {"appProtocol", kIgnored, "requests are HTTP/1.1"},
      {"nodePort", kIgnored, "clients reach Services through the balancer, not through node ports"},
  };
  return kFields;
}

Fields service_spec_fields() {
  static constexpr ManifestField kFields[] = {
      {"selector"},
      {"ports", kHonoured, {}, service_port_fields},
      {"clusterIP"},
      {"publishNotReadyAddresses"},
      {"type", kApproximated, "clients reach every Service through the scenario's balancer"},
      {"clusterIPs", kApproximated, "one IPv4 address"},
      {"ipFamilies", kApproximated, "one IPv4 address"},
      {"ipFamilyPolicy", kApproximated, "one IPv4 address"},
      {"allocateLoadBalancerNodePorts", kIgnored, "node ports are not opened"},
      {"externalIPs", kIgnored, "clients reach Services through the balancer"},
      {"externalName", kIgnored, kNoNames},
      {"externalTrafficPolicy", kIgnored, "the balancer sees every endpoint"},
      {"internalTrafficPolicy", kIgnored, "the balancer sees every endpoint"},
      {"trafficDistribution", kIgnored, "the balancer sees every endpoint"},
      {"healthCheckNodePort", kIgnored, "node ports are not opened"},
      {"loadBalancerClass", kIgnored, "clients reach Services through the balancer"},
      {"loadBalancerIP", kIgnored, "clients reach Services through the balancer"},
      {"loadBalancerSourceRanges", kIgnored, "clients reach Services through the balancer"},
      {"sessionAffinity", kIgnored, "the balancer's policy decides"},
      {"sessionAffinityConfig", kIgnored, "the balancer's policy decides"},
  };
  return kFields;
}

/// apiVersion, kind, metadata, spec and status around one kind's spec.
template <Fields (*kSpec)()>
Fields object_fields() {
  static constexpr ManifestField kFields[] = {
      {"apiVersion"}, {"kind"},
      {"metadata", kHonoured, {}, metadata_fields},
      {"spec", kHonoured, {}, kSpec},
      {"status", kIgnored, kWrittenByRun},
  };
  return kFields;
}

Fields endpoint_slice_fields() {
  static constexpr ManifestField kFields[] = {
      {"apiVersion"}, {"kind"}, {"metadata", kHonoured, {}, metadata_fields},
      {"addressType", kApproximated, "addresses are IPv4"}, {"endpoints"}, {"ports"},
  };
  return kFields;
}

}  // namespace

Fields manifest_fields(cluster::Kind kind) {
  switch (kind) {
    case cluster::Kind::Deployment: return object_fields<deployment_spec_fields>();
    case cluster::Kind::ReplicaSet: return object_fields<replica_set_spec_fields>();
    case cluster::Kind::Pod: return object_fields<pod_spec_fields>();
    case cluster::Kind::Service: return object_fields<service_spec_fields>();
    case cluster::Kind::EndpointSlice: return endpoint_slice_fields();
    case cluster::Kind::Node:
    case cluster::Kind::Event:
    case cluster::Kind::Unstructured: return {};
  }
  return {};
}

KindNote note_on(std::string_view kind) {
  struct Reason {
    std::string_view kind;
    std::string_view why;
  };
  if (kind == "PriorityClass") return {kHonoured, {}};
  if (kind == "PodDisruptionBudget") {
    return {kApproximated, "preemption spares what it protects; no controller fills in status.disruptionsAllowed, so that it counts as written"};
  }
  static constexpr Reason kReasons[] = {
      {"Namespace", "namespaces exist as soon as an object names them; their labels serve namespaceSelectors"},
      {"Ingress", "clients reach Services through the scenario's balancer"},
      {"IngressClass", "clients reach Services through the scenario's balancer"},
      {"ConfigMap", "a container behaves as its image is described under images"},
      {"Secret", "a container behaves as its image is described under images"},
      {"PersistentVolume", kNoStorage},
      {"PersistentVolumeClaim", kNoStorage},
      {"StorageClass", kNoStorage},
      {"ServiceAccount", "access control is not modelled"},
      {"Role", "access control is not modelled"},
      {"RoleBinding", "access control is not modelled"},
      {"ClusterRole", "access control is not modelled"},
      {"ClusterRoleBinding", "access control is not modelled"},
      {"NetworkPolicy", "the pod network lets everything pass"},
      {"Job", "no controller runs Jobs yet"},
      {"CronJob", "no controller runs CronJobs yet"},
      {"StatefulSet", "no controller runs StatefulSets yet"},
      {"DaemonSet", "no controller runs DaemonSets yet"},
      {"ReplicationController", "no controller runs ReplicationControllers; use a Deployment"},
      {"HorizontalPodAutoscaler", "no controller runs autoscalers yet"},
      {"Endpoints", "endpoints come from the Service's selector"},
      {"CustomResourceDefinition", "kinds of other vendors have no controller here"},
  };
  for (const Reason& reason : kReasons) {
    if (reason.kind == kind) return {kIgnored, reason.why};
  }
  return {kIgnored, "a kind that no controller here knows"};
}

}  // namespace tandem::scenario
