#include "core/scenario/kind_config.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "core/base/parse.hpp"
#include "core/scenario/fields.hpp"
#include "core/scenario/kubeadm_patch.hpp"
#include "core/scenario/notations.hpp"
#include "core/scenario/scalars.hpp"

namespace tandem::scenario {
namespace {

using enum FieldType;
using enum FieldShape;

const FieldTable& kind_node_table() {
  static const FieldTable table{
      .title = "a kind node",
      .description = "A node of a kind cluster.",
      .fields = {{.name = "role", .type = Choice, .default_text = "control-plane", .allowed = {"control-plane", "worker"}},
                 {.name = "image"},
                 {.name = "labels", .shape = Map},
                 {.name = "extraMounts", .type = Anything},
                 {.name = "extraPortMappings", .type = Anything},
                 {.name = "gpus"},
                 {.name = "kubeadmConfigPatches", .shape = List},
                 {.name = "kubeadmConfigPatchesJSON6902", .type = Anything}}};
  return table;
}

const FieldTable& kind_networking_table() {
  static const FieldTable table{
      .title = "kind's networking",
      .description = "Networking of a kind cluster.",
      .fields = {{.name = "ipFamily", .type = Choice, .allowed = {"ipv4", "ipv6", "dual"}},
                 {.name = "apiServerAddress"},
                 {.name = "apiServerPort", .type = Integer, .minimum = -1, .maximum = 65535},
                 {.name = "podSubnet", .type = Cidr, .default_text = "10.244.0.0/16"},
                 {.name = "serviceSubnet", .type = Cidr, .default_text = "10.96.0.0/16"},
                 {.name = "disableDefaultCNI", .type = Boolean},
                 {.name = "kubeProxyMode", .type = Choice, .allowed = {"iptables", "ipvs", "nftables", "none"}},
                 {.name = "dnsSearch", .type = Anything}}};
  return table;
}

const FieldTable& kind_cluster_table() {
  static const FieldTable table{
      .title = "a kind configuration",
      .description = "Configuration of a kind cluster.",
      .fields = {{.name = "kind", .type = Choice, .required = true, .allowed = {"Cluster"}, .example = "Cluster"},
                 {.name = "apiVersion", .type = Choice, .required = true, .allowed = {"kind.x-k8s.io/v1alpha4"}, .example = "kind.x-k8s.io/v1alpha4"},
                 {.name = "name", .type = Name, .default_text = "kind"},
                 {.name = "nodes", .type = Object, .shape = List, .table = kind_node_table},
                 {.name = "networking", .type = Object, .table = kind_networking_table},
                 {.name = "featureGates", .type = Anything},
                 {.name = "runtimeConfig", .type = Anything},
                 {.name = "kubeadmConfigPatches", .shape = List},
                 {.name = "kubeadmConfigPatchesJSON6902", .type = Anything},
                 {.name = "containerdConfigPatches", .type = Anything},
                 {.name = "containerdConfigPatchesJSON6902", .type = Anything}}};
  return table;
}

/// kind's decoder takes a field without a value as absent.
void drop_nulls(Node& node) {
  std::erase_if(node.members, [](const Member& member) {
    return member.value.kind == NodeKind::Scalar && resolve(member.value, Dialect::Foreign).type == ScalarType::Null;
  });
  for (Member& member : node.members) drop_nulls(member.value);
  for (Node& item : node.items) drop_nulls(item);
}

/// A field of the kind file that means nothing, or something else, here.
struct Treatments {
  std::string_view field;
  Treatment treatment;
  std::string_view how;
};
constexpr Treatments kNodeTreatments[] = {
    {"image", Treatment::Ignored, "the simulation has no node image; --on kind uses it"},
    {"extraMounts", Treatment::Ignored, "nodes have no host folders; --on kind uses them"},
    {"extraPortMappings", Treatment::Ignored, "clients reach Services through the balancer, not through node ports"},
    {"gpus", Treatment::Ignored, "GPUs are not modelled; give the node extended resources in the scenario"},
    {"kubeadmConfigPatchesJSON6902", Treatment::Ignored, "JSON patches are not read; write a merge patch"},
};
constexpr Treatments kClusterTreatments[] = {
    {"featureGates", Treatment::Ignored, "the control plane follows the defaults of one Kubernetes version"},
    {"runtimeConfig", Treatment::Ignored, "the control plane follows the defaults of one Kubernetes version"},
    {"kubeadmConfigPatchesJSON6902", Treatment::Ignored, "JSON patches are not read; write a merge patch"},
    {"containerdConfigPatches", Treatment::Ignored, "containerd's configuration does not reach the model"},
    {"containerdConfigPatchesJSON6902", Treatment::Ignored, "containerd's configuration does not reach the model"},
};
constexpr Treatments kNetworkingTreatments[] = {
    {"apiServerAddress", Treatment::Ignored, "nothing outside talks to the API server"},
    {"apiServerPort", Treatment::Ignored, "nothing outside talks to the API server"},
    {"disableDefaultCNI", Treatment::Ignored, "the pod network is always there"},
    {"kubeProxyMode", Treatment::Ignored, "Services are reached through the scenario's balancer"},
    {"dnsSearch", Treatment::Ignored, "names are not resolved by DNS"},
};

class KindReader {
 public:
  KindReader(const InputLimits& limits, Diagnostics& diagnostics, std::vector<FieldNote>& notes)
      : limits_(limits), diagnostics_(diagnostics), notes_(notes) {}

  std::optional<KindCluster> read(const Node& document) {
    const std::size_t errors_before = diagnostics_.error_count();
    validate(document, kind_cluster_table(), "", Dialect::Foreign, diagnostics_);
    if (!diagnostics_.clean_since(errors_before)) return std::nullopt;
    const ObjectView root(&document, kind_cluster_table(), "");
    KindCluster cluster;
    cluster.name = root.text("name");
    const ObjectView networking = root.object("networking");
    cluster.pod_subnet = networking.text("podSubnet");
    cluster.service_subnet = networking.text("serviceSubnet");
    note_all(root, "", kClusterTreatments);
    note_all(networking, "networking.", kNetworkingTreatments);
    if (networking.has("ipFamily") && networking.text("ipFamily") != "ipv4") {
      notes_.push_back({"kind Cluster", "networking.ipFamily", Treatment::Approximated, "addresses are IPv4", networking.place("ipFamily")});
    }
    const std::vector<ObjectView> nodes = root.objects("nodes");
    if (const Status room = check_room_for_nodes(cluster.pod_subnet, nodes.size()); !room) {
      Error error = room.error();
      error.place = root.place("nodes");
      diagnostics_.error(std::move(error));
      return std::nullopt;  // before any patch is applied to each of them
    }
    const std::vector<const Node*> patches = root.nodes("kubeadmConfigPatches");
    if (nodes.empty()) {
      const ObjectView single(nullptr, kind_node_table(), "nodes[0]");
      cluster.nodes.push_back(read_node(single, cluster.name, patches, document.place));
    }
    for (const ObjectView& node : nodes) cluster.nodes.push_back(read_node(node, cluster.name, patches, node.place()));
    finish(cluster, document);
    return cluster;
  }

 private:
  template <std::size_t N>
  void note_all(const ObjectView& view, const std::string& prefix, const Treatments (&rows)[N]) {
    for (const Treatments& row : rows) {
      if (!view.has(row.field)) continue;
      const std::string field = prefix + std::string(row.field);
      if (noted_.insert(field).second) notes_.push_back({"kind Cluster", field, row.treatment, std::string(row.how), view.place(row.field)});
    }
  }

  /// kind numbers the nodes of a role from the second one on: kind-worker, kind-worker2, kind-worker3.
  std::string next_name(const std::string& cluster, const std::string& role) {
    const int number = ++role_counts_[role];
    return number == 1 ? fmt::format("{}-{}", cluster, role) : fmt::format("{}-{}{}", cluster, role, number);
  }

  KindNode read_node(const ObjectView& view, const std::string& cluster_name, const std::vector<const Node*>& cluster_patches, const Place& place) {
    KindNode node;
    const std::string role = view.text("role");
    node.control_plane = role == "control-plane";
    node.name = next_name(cluster_name, role);
    node.place = place;
    const bool first = node.control_plane && role_counts_[role] == 1;
    note_all(view, "nodes[].", kNodeTreatments);

    NodeRegistration registration;
    labels_as_argument(view, registration);
    take_labels(registration, node);  // what is wrong is said even if a patch replaces them
    std::vector<const Node*> patches = cluster_patches;
    for (const Node* patch : view.nodes("kubeadmConfigPatches")) patches.push_back(patch);
    for (const Node* patch : patches) apply_once(*patch, first, registration);
    if (labels_replaced(view, registration)) {
      diagnostics_.warning(make_error(ErrorCode::ValueConflict, "the patch replaces the labels that the node's labels field gives it", registration.node_labels->place)
                               .with_hint("put all labels into one of the two"));
    }
    take_labels(registration, node);
    take_taints(registration, node);
    take_max_pods(registration, node);
    for (const auto& [field, field_place] : registration.other_fields) note_patch_field(field, field_place);
    return node;
  }

  /// kind hands the labels field to the kubelet as --node-labels, in order of their names.
  static void labels_as_argument(const ObjectView& view, NodeRegistration& registration) {
    std::string text;
    for (const auto& [key, value] : view.text_map("labels")) text += fmt::format("{}{}={}", text.empty() ? "" : ",", key, value);
    if (!text.empty()) registration.node_labels = Argument{text, view.place("labels"), false};
  }

  static bool labels_replaced(const ObjectView& view, const NodeRegistration& registration) {
    return view.has("labels") && registration.node_labels && !(registration.node_labels->place == view.place("labels"));
  }

  /// Cluster-level patches meet every node: they are parsed once, and what is wrong with them is said once.
  void apply_once(const Node& patch, bool first, NodeRegistration& registration) {
    const auto [known, fresh] = patches_.try_emplace(&patch);
    Patch& parsed = known->second;
    if (fresh) {
      const std::size_t errors_before = diagnostics_.error_count();
      parsed.documents = parse_patch(patch, limits_, diagnostics_);
      parsed.broken = !diagnostics_.clean_since(errors_before);
    }
    if (parsed.broken) return;
    Diagnostics found;
    apply_patch(parsed.documents, first, registration, found);
    diagnostics_.add(found.errors());
    parsed.broken = found.error_count() > 0;
    if (!parsed.warned) {
      for (const Error& warning : found.warnings()) diagnostics_.warning(warning);
    }
    parsed.warned = true;
  }

  void take_labels(const NodeRegistration& registration, KindNode& node) {
    if (!registration.node_labels) return;
    Diagnostics found;
    node.labels = parse_node_labels(*registration.node_labels, found);
    report_once(found);
  }

  /// Errors about texts shared by several nodes come once.
  void report_once(const Diagnostics& found) {
    for (const Error& error : found.errors()) {
      if (reported_.insert(to_string(error)).second) diagnostics_.error(error);
    }
  }

  void take_taints(const NodeRegistration& registration, KindNode& node) {
    std::vector<cluster::Taint> flags;
    if (registration.register_with_taints) {
      Diagnostics found;
      flags = parse_taints(*registration.register_with_taints, found);
      report_once(found);
    }
    if (node.control_plane) {
      // kubeadm marks the control plane itself, beside what its kubelet registers with.
      node.taints = registration.taints.value_or(std::vector{control_plane_taint()});
      node.taints.insert(node.taints.end(), flags.begin(), flags.end());
    } else if (registration.register_with_taints) {
      node.taints = flags;  // an extra argument replaces the flag that kubeadm makes of nodeRegistration.taints
    } else {
      node.taints = registration.taints.value_or(std::vector<cluster::Taint>{});
    }
  }

  void take_max_pods(const NodeRegistration& registration, KindNode& node) {
    if (!registration.max_pods) return;
    const auto value = parse_int(registration.max_pods->text);
    if (value && *value >= 1 && *value <= 10000) {
      node.max_pods = *value;
      return;
    }
    Diagnostics found;
    found.error(make_error(ErrorCode::ValueOutOfRange, "not a number of pods", registration.max_pods->place)
                    .with_found(registration.max_pods->text)
                    .with_allowed("a whole number from 1 to 10000"));
    report_once(found);
  }

  void note_patch_field(const std::string& field, const Place& place) {
    const std::string name = "kubeadmConfigPatches " + field;
    if (!noted_.insert(name).second) return;
    notes_.push_back({"kind Cluster", name, Treatment::Ignored, "of kubeadm's configuration only labels, taints and max-pods reach the model", place});
  }

  void finish(KindCluster& cluster, const Node& document) {
    const auto control_planes = std::count_if(cluster.nodes.begin(), cluster.nodes.end(), [](const KindNode& n) { return n.control_plane; });
    if (control_planes == 0) {
      const Node* nodes = document.find("nodes");
      diagnostics_.error(make_error(ErrorCode::ValueMissing, "the cluster has no control plane", nodes == nullptr ? document.place : nodes->place)
                             .with_allowed("at least one node with role: control-plane"));
    }
    if (cluster.nodes.size() == 1) {
      // kind removes the taint from a cluster of one node, so that something can run at all.
      std::erase(cluster.nodes.front().taints, control_plane_taint());
    }
  }

  const InputLimits& limits_;
  Diagnostics& diagnostics_;
  std::vector<FieldNote>& notes_;
  std::map<std::string, int> role_counts_;
  struct Patch {
    std::vector<Node> documents;
    bool broken = false;
    bool warned = false;
  };
  std::map<const Node*, Patch> patches_;  // look-up only: never iterated
  std::set<std::string> noted_;
  std::set<std::string> reported_;
};

}  // namespace

cluster::Taint control_plane_taint() { return {"node-role.kubernetes.io/control-plane", "", "NoSchedule", std::nullopt}; }

std::optional<KindCluster> read_kind_config(const SourceFile& file, const InputLimits& limits, Diagnostics& diagnostics, std::vector<FieldNote>& notes) {
  const std::size_t errors_before = diagnostics.error_count();
  std::vector<Node> documents = parse_documents(file.text, foreign_options(file.name, limits), diagnostics);
  if (!diagnostics.clean_since(errors_before)) return std::nullopt;
  if (documents.size() != 1) {
    diagnostics.error(make_error(ErrorCode::SyntaxDocumentCount, "a kind configuration holds exactly one document",
                                 documents.empty() ? Place{file.name, 1, 1} : documents[1].place)
                          .with_found(fmt::format("{} documents", documents.size()))
                          .with_allowed("one document"));
    return std::nullopt;
  }
  drop_nulls(documents.front());
  auto cluster = KindReader(limits, diagnostics, notes).read(documents.front());
  if (!diagnostics.clean_since(errors_before)) return std::nullopt;
  return cluster;
}

}  // namespace tandem::scenario
