// The cluster: nodes of a kind configuration or written out, with defaults and overrides.

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "core/base/parse.hpp"
#include "core/base/text.hpp"
#include "core/scenario/field_types.hpp"
#include "core/scenario/notations.hpp"
#include "core/scenario/scenario_tables.hpp"
#include "core/scenario/spec_reader.hpp"

namespace tandem::scenario {
namespace {

constexpr std::string_view kZoneLabel = "topology.kubernetes.io/zone";

void apply_link(const ObjectView& link, bool with_defaults, LinkSpec& out) {
  if (with_defaults || link.has("bandwidth")) out.bandwidth = link.bandwidth("bandwidth");
  if (with_defaults || link.has("latency")) out.latency = link.duration("latency");
}

/// Fields that node, defaults and override share; `with_defaults` also takes the table's values for absent ones.
void apply_capacity(const ObjectView& view, bool with_defaults, NodeSpec& node) {
  const auto take = [&](std::string_view field) { return with_defaults || view.has(field); };
  if (take("cpu")) node.cpu_milli = view.cpu_milli("cpu");
  if (take("memory")) node.memory_bytes = view.bytes("memory");
  if (take("maxPods")) node.max_pods = view.integer("maxPods");
  for (const auto& [name, text] : view.text_map("extended")) node.extended[name] = parse_amount(text).value_or(Quantity{});
  apply_link(view.object("link"), with_defaults, node.link);
}

void apply_details(const ObjectView& view, NodeSpec& node, bool& taints_given, Diagnostics& diagnostics) {
  for (const auto& [key, value] : view.text_map("labels")) node.labels[key] = value;
  if (view.has("taints")) {
    taints_given = true;
    node.taints.clear();
    for (const ObjectView& taint : view.objects("taints")) {
      node.taints.push_back({taint.text("key"), taint.text("value"), taint.text("effect"), std::nullopt});
    }
  }
  if (!view.has("zone")) return;
  node.zone = view.text("zone");
  const cluster::Labels labels = view.text_map("labels");
  if (const auto own = labels.find(kZoneLabel); own != labels.end() && own->second != node.zone) {
    diagnostics.error(make_error(ErrorCode::ValueConflict, "the zone and its label differ", view.place("zone"))
                          .with_found(fmt::format("{} and {}", node.zone, own->second))
                          .with_allowed("one of the two"));
  }
  node.labels[std::string(kZoneLabel)] = node.zone;
}

/// The labels that kubelet and kubeadm give every node. The architecture is a constant: no run depends on the machine.
void add_standard_labels(NodeSpec& node) {
  const auto set = [&](std::string_view key, std::string_view value) { node.labels.try_emplace(std::string(key), value); };
  set("kubernetes.io/hostname", node.name);
  set("kubernetes.io/os", "linux");
  set("kubernetes.io/arch", "amd64");
  set("beta.kubernetes.io/os", "linux");
  set("beta.kubernetes.io/arch", "amd64");
  if (node.control_plane) {
    set("node-role.kubernetes.io/control-plane", "");
    set("node.kubernetes.io/exclude-from-external-load-balancers", "");
  }
  if (const auto zone = node.labels.find(kZoneLabel); zone != node.labels.end()) node.zone = zone->second;
}

/// First address and size of a checked IPv4 range.
struct AddressRange {
  std::uint64_t first = 0;
  std::uint64_t size = 0;
};
AddressRange range_of(const std::string& cidr) {
  const std::vector<std::string> halves = split(cidr, '/');
  std::uint64_t address = 0;
  for (const std::string& part : split(halves[0], '.')) address = address * 256 + static_cast<std::uint64_t>(parse_int(part).value_or(0));
  return {address, std::uint64_t{1} << (32 - parse_int(halves[1]).value_or(32))};
}

void check_subnets(const ClusterSpec& cluster, const Place& place, Diagnostics& diagnostics) {
  const AddressRange pods = range_of(cluster.pod_subnet);
  const AddressRange services = range_of(cluster.service_subnet);
  if (pods.first < services.first + services.size && services.first < pods.first + pods.size) {
    diagnostics.error(make_error(ErrorCode::ValueConflict, "the address ranges of pods and Services overlap", place)
                          .with_found(fmt::format("{} and {}", cluster.pod_subnet, cluster.service_subnet))
                          .with_allowed("two separate ranges"));
  }
  if (const Status room = check_room_for_nodes(cluster.pod_subnet, cluster.nodes.size()); !room) {
    Error error = room.error();
    error.place = place;
    diagnostics.error(std::move(error));
  }
}

class ClusterReader {
 public:
  ClusterReader(const ObjectView& view, const IsClean& is_clean, Diagnostics& diagnostics)
      : view_(view), is_clean_(is_clean), diagnostics_(diagnostics) {}

  ClusterSpec read(const std::optional<KindCluster>& kind) {
    ClusterSpec cluster;
    cluster.name = kind ? kind->name : view_.text("name");
    cluster.pod_subnet = kind ? kind->pod_subnet : view_.text("podSubnet");
    cluster.service_subnet = kind ? kind->service_subnet : view_.text("serviceSubnet");
    if (kind) {
      for (const KindNode& node : kind->nodes) add_kind_node(node, cluster);
    } else {
      for (const ObjectView& node : view_.objects("nodes")) add_node(node, cluster);
    }
    add_control_plane_taints(cluster, kind.has_value());
    apply_overrides(cluster);
    for (NodeSpec& node : cluster.nodes) add_standard_labels(node);
    check_names(cluster);
    if (is_clean_(view_.path())) check_subnets(cluster, view_.place(), diagnostics_);
    return cluster;
  }

 private:
  NodeSpec default_node() const {
    NodeSpec node;
    apply_capacity(view_.object("nodeDefaults"), true, node);
    return node;
  }

  void add_kind_node(const KindNode& kind, ClusterSpec& cluster) {
    NodeSpec node = default_node();
    node.name = kind.name;
    node.control_plane = kind.control_plane;
    node.labels = kind.labels;
    node.taints = kind.taints;
    if (kind.max_pods) node.max_pods = *kind.max_pods;
    cluster.nodes.push_back(std::move(node));
    taints_given_.push_back(true);  // the kind reader has decided already
    places_.push_back(kind.place);
  }

  void add_node(const ObjectView& view, ClusterSpec& cluster) {
    NodeSpec node = default_node();
    node.name = view.text("name");
    node.control_plane = view.text("role") == "control-plane";
    bool taints_given = false;
    apply_capacity(view, false, node);
    apply_details(view, node, taints_given, diagnostics_);
    cluster.nodes.push_back(std::move(node));
    taints_given_.push_back(taints_given);
    places_.push_back(view.place("name"));
  }

  /// kubeadm's rule, and kind's exception: alone, the control plane has to run the pods.
  void add_control_plane_taints(ClusterSpec& cluster, bool from_kind) const {
    if (from_kind || cluster.nodes.size() <= 1) return;
    for (std::size_t i = 0; i < cluster.nodes.size(); ++i) {
      if (cluster.nodes[i].control_plane && !taints_given_[i]) cluster.nodes[i].taints.push_back(control_plane_taint());
    }
  }

  void apply_overrides(ClusterSpec& cluster) {
    std::vector<std::string_view> names;
    for (const NodeSpec& node : cluster.nodes) names.push_back(node.name);
    for (const auto& [name, view] : view_.object_map("overrides")) {
      const auto node = std::find_if(cluster.nodes.begin(), cluster.nodes.end(), [&, wanted = name](const NodeSpec& n) { return n.name == wanted; });
      if (node == cluster.nodes.end()) {
        const std::string nearest = nearest_name(name, names);
        Error error = make_error(ErrorCode::ScenarioUnknownReference, "an override of a node that does not exist", view.place())
                          .with_found(name)
                          .with_hint(nearest.empty() ? std::string() : fmt::format("did you mean {}?", nearest));
        error.path = view.path();
        diagnostics_.error(std::move(error));
        continue;
      }
      bool taints_given = false;
      apply_capacity(view, false, *node);
      apply_details(view, *node, taints_given, diagnostics_);
    }
  }

  void check_names(const ClusterSpec& cluster) {
    std::set<std::string> seen;
    for (std::size_t i = 0; i < cluster.nodes.size(); ++i) {
      if (cluster.nodes[i].name.empty() || seen.insert(cluster.nodes[i].name).second) continue;
      diagnostics_.error(make_error(ErrorCode::ValueDuplicateName, "two nodes have the same name", places_[i]).with_found(cluster.nodes[i].name));
    }
    if (cluster.nodes.empty() && is_clean_(view_.path())) {
      diagnostics_.error(make_error(ErrorCode::ValueMissing, "the cluster has no node", view_.place()).with_allowed("at least one node"));
    }
  }

  const ObjectView& view_;
  const IsClean& is_clean_;
  Diagnostics& diagnostics_;
  std::vector<bool> taints_given_;
  std::vector<Place> places_;
};

}  // namespace

ClusterSpec read_cluster(const ObjectView& cluster, const std::optional<KindCluster>& kind, const IsClean& is_clean, Diagnostics& diagnostics) {
  return ClusterReader(cluster, is_clean, diagnostics).read(kind);
}

}  // namespace tandem::scenario
