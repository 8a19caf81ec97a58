#include <fmt/format.h>

#include <algorithm>

#include "core/kubectl/describe_parts.hpp"
#include "core/kubectl/formatting.hpp"
#include "core/kubectl/json_reading.hpp"
#include "core/kubectl/pod_resources.hpp"

namespace tandem::kubectl {

namespace {

void field_if_set(Description& text, const char* title, const std::string& value) {
  if (!value.empty()) text.field(0, title, value);
}

void describe_where(Description& text, const json& pod) {
  if (const json& priority = at(pod, "/spec/priority"); priority.is_number_integer()) text.field(0, "Priority", priority.dump());
  field_if_set(text, "Priority Class Name", text_at(pod, "/spec/priorityClassName"));
  field_if_set(text, "Runtime Class Name", text_at(pod, "/spec/runtimeClassName"));
  field_if_set(text, "Service Account", text_at(pod, "/spec/serviceAccountName"));
  const std::string node = text_at(pod, "/spec/nodeName");
  text.field(0, "Node", node.empty() ? "<none>" : node + "/" + text_at(pod, "/status/hostIP"));
  if (const json& start = at(pod, "/status/startTime"); start.is_string()) text.field(0, "Start Time", rfc1123_text(start));
}

void describe_pod_status(Description& text, const json& pod, std::int64_t now) {
  const std::string phase = text_at(pod, "/status/phase");
  const json& deletion = at(pod, "/metadata/deletionTimestamp");
  if (deletion.is_string() && phase != "Failed" && phase != "Succeeded") {
    text.field(0, "Status", fmt::format("Terminating (lasts {})", time_since(deletion, now)));
    text.field(0, "Termination Grace Period", fmt::format("{}s", number_at(pod, "/metadata/deletionGracePeriodSeconds")));
  } else {
    text.field(0, "Status", phase);
  }
  field_if_set(text, "Reason", text_at(pod, "/status/reason"));
  field_if_set(text, "Message", text_at(pod, "/status/message"));
  if (const json& profile = at(pod, "/spec/securityContext/seccompProfile"); profile.is_object()) {
    text.field(0, "SeccompProfile", text_at(profile, "/type"));
    if (text_at(profile, "/type") == "Localhost") text.field(0, "LocalhostProfile", text_at(profile, "/localhostProfile"));
  }
}

void describe_addresses(Description& text, const json& pod) {
  text.field(0, "IP", text_at(pod, "/status/podIP"));
  const json& addresses = list_at(pod, "/status/podIPs");
  if (addresses.empty()) return text.field(0, "IPs", "<none>");
  text.line(0, "IPs:");
  for (const json& address : addresses) text.field(1, "IP", text_at(address, "/ip"));
}

void describe_conditions(Description& text, const json& pod) {
  const json& conditions = list_at(pod, "/status/conditions");
  if (const json& gates = list_at(pod, "/spec/readinessGates"); !gates.empty()) {
    text.line(0, "Readiness Gates:");
    text.line(1, "Type\tStatus");
    for (const json& gate : gates) {
      const std::string type = text_at(gate, "/conditionType");
      const auto found = std::find_if(conditions.begin(), conditions.end(), [&](const json& condition) { return text_at(condition, "/type") == type; });
      text.line(1, fmt::format("{} \t{} ", type, found == conditions.end() ? "<none>" : text_at(*found, "/status")));
    }
  }
  if (conditions.empty()) return;
  text.line(0, "Conditions:");
  text.line(1, "Type\tStatus");
  for (const json& condition : conditions) text.line(1, fmt::format("{} \t{} ", text_at(condition, "/type"), text_at(condition, "/status")));
}

/// Events name the pod by uid; those of a mirror pod by the uid of the file it came from.
EventsOf pod_events(const json& pod) {
  EventsOf wanted = events_of(pod);
  wanted.kind.clear();
  const json& annotations = at(pod, "/metadata/annotations");
  if (annotations.is_object() && annotations.contains("kubernetes.io/config.mirror")) wanted.uid = string_of(annotations.at("kubernetes.io/config.mirror"));
  return wanted;
}

}  // namespace

void describe_pod(Description& text, const json& pod, const DescribeContext& context) {
  describe_name(text, pod);
  describe_where(text, pod);
  describe_labels_and_annotations(text, pod);
  describe_pod_status(text, pod, context.now_unix_seconds);
  describe_addresses(text, pod);
  describe_controller(text, pod);
  field_if_set(text, "NominatedNodeName", text_at(pod, "/status/nominatedNodeName"));
  if (const json& resources = at(pod, "/spec/resources"); resources.is_object()) {
    text.line(0, "Resources:");
    describe_resources(text, resources, 1);
  }
  if (const json& first = list_at(pod, "/spec/initContainers"); !first.empty()) {
    describe_containers(text, "Init Containers", first, list_at(pod, "/status/initContainerStatuses"), pod, "");
  }
  describe_containers(text, "Containers", list_at(pod, "/spec/containers"), list_at(pod, "/status/containerStatuses"), pod, "");
  if (const json& debug = list_at(pod, "/spec/ephemeralContainers"); !debug.empty()) {
    describe_containers(text, "Ephemeral Containers", debug, list_at(pod, "/status/ephemeralContainerStatuses"), pod, "");
  }
  describe_conditions(text, pod);
  describe_volumes(text, list_at(pod, "/spec/volumes"), "");
  text.field(0, "QoS Class", quality_of_service(pod));
  text.labels("Node-Selectors", at(pod, "/spec/nodeSelector"));
  describe_tolerations(text, "Tolerations", list_at(pod, "/spec/tolerations"));
  describe_topology_constraints(text, list_at(pod, "/spec/topologySpreadConstraints"), "");
  if (context.show_events) describe_events(text, find_events(pod_events(pod), context), context);
}

}  // namespace tandem::kubectl
