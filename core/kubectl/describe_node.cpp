#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <set>
#include <tuple>

#include "core/kubectl/describe_parts.hpp"
#include "core/kubectl/formatting.hpp"
#include "core/kubectl/json_reading.hpp"
#include "core/kubectl/pod_resources.hpp"

namespace tandem::kubectl {

namespace {

/// Sorted by effect, then key.
std::vector<std::string> taint_texts(const json& node) {
  std::vector<json> taints(list_at(node, "/spec/taints").begin(), list_at(node, "/spec/taints").end());
  const auto key_of = [](const json& taint) { return text_at(taint, "/effect") + "," + text_at(taint, "/key"); };
  std::stable_sort(taints.begin(), taints.end(), [&](const json& a, const json& b) { return key_of(a) < key_of(b); });
  std::vector<std::string> texts;
  for (const json& taint : taints) {
    const std::string key = text_at(taint, "/key");
    const std::string value = text_at(taint, "/value");
    const std::string effect = text_at(taint, "/effect");
    const std::string pair = value.empty() && !effect.empty() ? key : fmt::format("{}={}", key, value);
    texts.push_back(effect.empty() ? (value.empty() ? key : pair + ":") : fmt::format("{}:{}", pair, effect));
  }
  return texts;
}

void describe_lease(Description& text, const json& node, const DescribeContext& context) {
  const Resource& leases = *resource_of_kind("Lease");
  const std::string name = text_at(node, "/metadata/name");
  const json* lease = find_object(context.objects, leases, "kube-node-lease", name);
  if (lease == nullptr) return text.field(0, "Lease", fmt::format("Failed to get lease: {} \"{}\" not found", leases.plural_with_group(), name));
  const auto time = [&](const char* pointer) { return at(*lease, pointer).is_string() ? rfc1123_text(at(*lease, pointer)) : std::string("<unset>"); };
  const json& holder = at(*lease, "/spec/holderIdentity");
  text.line(0, "Lease:");
  text.field(1, "HolderIdentity", holder.is_string() ? holder.get<std::string>() : "<unset>");
  text.field(1, "AcquireTime", time("/spec/acquireTime"));
  text.field(1, "RenewTime", time("/spec/renewTime"));
}

void describe_amounts(Description& text, const char* title, const json& amounts) {
  if (!amounts.is_object() || amounts.empty()) return;
  text.line(0, fmt::format("{}:", title));
  for (const auto& [name, amount] : amounts.items()) text.field(1, name, quantity_text(amount));
}

void describe_system(Description& text, const json& node) {
  static constexpr std::pair<const char*, const char*> kFields[] = {{"Machine ID", "/status/nodeInfo/machineID"},
                                                                    {"System UUID", "/status/nodeInfo/systemUUID"},
                                                                    {"Boot ID", "/status/nodeInfo/bootID"},
                                                                    {"Kernel Version", "/status/nodeInfo/kernelVersion"},
                                                                    {"OS Image", "/status/nodeInfo/osImage"},
                                                                    {"Operating System", "/status/nodeInfo/operatingSystem"},
                                                                    {"Architecture", "/status/nodeInfo/architecture"},
                                                                    {"Container Runtime Version", "/status/nodeInfo/containerRuntimeVersion"},
                                                                    {"Kubelet Version", "/status/nodeInfo/kubeletVersion"},
                                                                    {"Kube-Proxy Version", "/status/nodeInfo/kubeProxyVersion"}};
  text.line(0, "System Info:");
  for (const auto& [title, pointer] : kFields) text.field(1, title, text_at(node, pointer));
  if (const std::string range = text_at(node, "/spec/podCIDR"); !range.empty()) text.field(0, "PodCIDR", range);
  if (const std::string ranges = joined(texts_of(at(node, "/spec/podCIDRs"))); !ranges.empty()) text.field(0, "PodCIDRs", ranges);
  if (const std::string provider = text_at(node, "/spec/providerID"); !provider.empty()) text.field(0, "ProviderID", provider);
}

/// Pods on the node that have not ended, by namespace and name.
std::vector<const json*> pods_on(const json& node, const DescribeContext& context) {
  std::vector<const json*> pods;
  for (const json& object : context.objects) {
    if (text_at(object, "/kind") != "Pod" || text_at(object, "/spec/nodeName") != text_at(node, "/metadata/name")) continue;
    const std::string phase = text_at(object, "/status/phase");
    if (phase != "Succeeded" && phase != "Failed") pods.push_back(&object);
  }
  std::stable_sort(pods.begin(), pods.end(), [](const json* a, const json* b) {
    return std::make_tuple(text_at(*a, "/metadata/namespace"), text_at(*a, "/metadata/name")) <
           std::make_tuple(text_at(*b, "/metadata/namespace"), text_at(*b, "/metadata/name"));
  });
  return pods;
}

Quantity amount_of(const Amounts& amounts, const std::string& name) {
  const auto found = amounts.find(name);
  return found == amounts.end() ? Quantity() : found->second;
}

/// Per cent of an amount, cut; CPU counts in thousandths.
std::int64_t percent(const std::string& resource, const Quantity& part, const Quantity& whole) {
  const bool is_cpu = resource == "cpu";
  const double share = static_cast<double>(is_cpu ? part.milli_value() : part.value()) / static_cast<double>(is_cpu ? whole.milli_value() : whole.value()) * 100;
  // What Go makes of a division by zero, on the machines that kubectl runs on.
  if (!(share > -9.2e18 && share < 9.2e18)) return std::numeric_limits<std::int64_t>::min();
  return static_cast<std::int64_t>(share);
}

std::string share_text(const std::string& resource, const Quantity& part, const Quantity& whole) {
  return fmt::format("{} ({}%)", part.text(), percent(resource, part, whole));
}

void describe_pods(Description& text, const std::vector<const json*>& pods, const Amounts& available, std::int64_t now) {
  text.field(0, "Non-terminated Pods", fmt::format("({} in total)", pods.size()));
  text.line(1, "Namespace\tName\t\tCPU Requests\tCPU Limits\tMemory Requests\tMemory Limits\tAge");
  text.line(1, "---------\t----\t\t------------\t----------\t---------------\t-------------\t---");
  for (const json* pod : pods) {
    const Amounts requests = pod_requests(*pod);
    const Amounts limits = pod_limits(*pod);
    const auto share = [&](const Amounts& amounts, const char* resource) { return share_text(resource, amount_of(amounts, resource), amount_of(available, resource)); };
    text.line(1, fmt::format("{}\t{}\t\t{}\t{}\t{}\t{}\t{}", text_at(*pod, "/metadata/namespace"), text_at(*pod, "/metadata/name"), share(requests, "cpu"),
                             share(limits, "cpu"), share(requests, "memory"), share(limits, "memory"), time_since(at(*pod, "/metadata/creationTimestamp"), now)));
  }
}

void describe_allocated(Description& text, const std::vector<const json*>& pods, const Amounts& available) {
  Amounts requests;
  Amounts limits;
  for (const json* pod : pods) {
    add(requests, pod_requests(*pod));
    add(limits, pod_limits(*pod));
  }
  text.line(0, "Allocated resources:");
  text.line(1, "(Total limits may be over 100 percent, i.e., overcommitted.)");
  text.line(1, "Resource\tRequests\tLimits");
  text.line(1, "--------\t--------\t------");
  const auto line = [&](const std::string& resource) {
    const Quantity whole = amount_of(available, resource);
    const auto share = [&](const Quantity& part) { return whole.sign() == 0 ? part.text() + " (0%)" : share_text(resource, part, whole); };
    text.line(1, fmt::format("{}\t{}\t{}", resource, share(amount_of(requests, resource)), share(amount_of(limits, resource))));
  };
  const std::set<std::string> standard = {"cpu", "memory", "ephemeral-storage"};
  for (const char* resource : {"cpu", "memory", "ephemeral-storage"}) line(resource);
  for (const auto& [resource, amount] : available) {
    if (resource.starts_with("hugepages-")) line(resource);
  }
  for (const auto& [resource, amount] : available) {
    if (resource.starts_with("hugepages-") || standard.contains(resource) || resource == "pods") continue;
    text.line(1, fmt::format("{}\t{}\t{}", resource, amount_of(requests, resource).text(), amount_of(limits, resource).text()));
  }
}

Amounts available_on(const json& node) {
  const json& allocatable = at(node, "/status/allocatable");
  const json& amounts = allocatable.is_object() && !allocatable.empty() ? allocatable : at(node, "/status/capacity");
  Amounts available;
  if (amounts.is_object()) {
    for (const auto& [name, amount] : amounts.items()) available.emplace(name, quantity_of(amount));
  }
  return available;
}

}  // namespace

void describe_node(Description& text, const json& node, const DescribeContext& context) {
  text.field(0, "Name", text_at(node, "/metadata/name"));
  text.field(0, "Roles", or_none(joined(node_roles(node))));
  describe_labels_and_annotations(text, node);
  text.field(0, "CreationTimestamp", rfc1123_text(at(node, "/metadata/creationTimestamp")));
  text.list("Taints", taint_texts(node));
  text.field(0, "Unschedulable", flag_at(node, "/spec/unschedulable") ? "true" : "false");
  describe_lease(text, node, context);
  describe_full_conditions(text, list_at(node, "/status/conditions"), "LastHeartbeatTime");
  text.line(0, "Addresses:");
  for (const json& address : list_at(node, "/status/addresses")) text.field(1, text_at(address, "/type"), text_at(address, "/address"));
  describe_amounts(text, "Capacity", at(node, "/status/capacity"));
  describe_amounts(text, "Allocatable", at(node, "/status/allocatable"));
  describe_system(text, node);
  const std::vector<const json*> pods = pods_on(node, context);
  const Amounts available = available_on(node);
  describe_pods(text, pods, available, context.now_unix_seconds);
  describe_allocated(text, pods, available);
  if (!context.show_events) return;
  // Controllers name the node by its uid, the kubelet by its name.
  EventsOf wanted = events_of(node);
  std::vector<const json*> events = find_events(wanted, context);
  wanted.uid = wanted.name;
  for (const json* event : find_events(wanted, context)) events.push_back(event);
  describe_events(text, std::move(events), context);
}

}  // namespace tandem::kubectl
