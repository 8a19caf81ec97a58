// Random nodes and pods: every field that a filter reads, with values that meet and miss each other often.

#include "tests/unit/control_scheduler/random_cluster.hpp"
#include "tests/unit/control_scheduler/support.hpp"

namespace tandem::control {

using cluster::SelectorOperator;
using scheduler::testing::in;
using scheduler::testing::quantity;

cluster::Node RandomCluster::random_node(const std::string& name) {
  cluster::Node node;
  node.meta.name = name;
  cluster::Labels labels{{"kubernetes.io/hostname", name}};
  if (!one_in(6)) labels["zone"] = any_of<std::string>({"a", "b", "c"});
  if (one_in(2)) labels["disk"] = any_of<std::string>({"ssd", "hdd"});
  if (one_in(3)) labels["rank"] = any_of<std::string>({"1", "5", "9", "x"});
  node.meta.labels = std::move(labels);
  node.spec.unschedulable = one_in(8);
  if (one_in(4)) node.spec.taints.push_back({"dedicated", any_of<std::string>({"db", "web"}), "NoSchedule", {}, {}});
  if (one_in(8)) node.spec.taints.push_back({"broken", "", "NoExecute", {}, {}});
  for (const char* key : {"spot", "old", "slow"}) {
    if (one_in(4)) node.spec.taints.push_back({key, "", "PreferNoSchedule", {}, {}});
  }
  auto& size = node.status.allocatable;
  size = {{"cpu", quantity(any_of<std::string>({"500m", "1", "2", "4"}))},
          {"memory", quantity(any_of<std::string>({"512Mi", "1Gi", "2Gi", "4Gi"}))},
          {"ephemeral-storage", quantity("10Gi")},
          {"pods", quantity(any_of<std::string>({"2", "4", "110"}))}};
  if (one_in(2)) size.insert_or_assign("example.com/gpu", quantity(any_of<std::string>({"1", "2"})));
  if (one_in(3)) node.status.images.push_back({{"registry.example/app:1"}, 400LL * 1024 * 1024});
  return node;
}

void RandomCluster::add_requests(cluster::PodSpec& spec) {
  const auto random_requests = [&](cluster::ResourceRequirements& resources) {
    const std::string cpu = any_of<std::string>({"", "0", "100m", "250m", "500m", "1"});
    const std::string memory = any_of<std::string>({"", "0", "64Mi", "200Mi", "512Mi", "1Gi"});
    auto& written = one_in(5) ? resources.limits : resources.requests;
    if (!cpu.empty()) written.insert_or_assign("cpu", quantity(cpu));
    if (!memory.empty()) written.insert_or_assign("memory", quantity(memory));
    if (one_in(10)) resources.requests.insert_or_assign("ephemeral-storage", quantity("4Gi"));
    if (!one_in(8)) return;
    resources.requests.insert_or_assign("example.com/gpu", quantity("1"));
    resources.limits.insert_or_assign("example.com/gpu", quantity("1"));
  };
  const std::size_t containers = 1 + below(2);
  for (std::size_t i = 0; i < containers; ++i) {
    cluster::Container container;
    container.name = "app" + std::to_string(i);
    container.image = "registry.example/app:1";
    random_requests(container.resources);
    spec.containers.push_back(std::move(container));
  }
  for (std::size_t i = 0; one_in(3) && i < 3; ++i) {
    cluster::Container container;
    container.name = "init" + std::to_string(i);
    container.image = "registry.example/init:1";
    if (one_in(2)) container.restart_policy = "Always";
    random_requests(container.resources);
    spec.init_containers.push_back(std::move(container));
  }
  if (one_in(8)) spec.overhead = {{"cpu", quantity("50m")}, {"memory", quantity("32Mi")}};
}

void RandomCluster::add_node_choice(cluster::PodSpec& spec) {
  if (one_in(6)) spec.node_selector = {{"disk", any_of<std::string>({"ssd", "hdd"})}};
  if (one_in(5)) {
    auto& required = spec.affinity.node_affinity.emplace().required.emplace();
    const std::size_t terms = 1 + below(2);
    for (std::size_t i = 0; i < terms; ++i) {
      cluster::NodeSelectorTerm term;
      switch (below(6)) {
        case 0: term.match_expressions = {in("zone", {"a", "b"})}; break;
        case 1: term.match_expressions = {{"zone", SelectorOperator::NotIn, {"a"}}}; break;
        case 2: term.match_expressions = {{"disk", SelectorOperator::Exists, {}}, in("zone", {"a", "c"})}; break;
        case 3: term.match_expressions = {{"disk", SelectorOperator::DoesNotExist, {}}}; break;
        case 4: term.match_expressions = {{"rank", one_in(2) ? SelectorOperator::Gt : SelectorOperator::Lt, {"4"}}}; break;
        default: term.match_fields = {{"metadata.name", SelectorOperator::In, {"n" + std::to_string(below(4))}}}; break;
      }
      required.push_back(std::move(term));
    }
  }
  if (one_in(4)) {
    if (!spec.affinity.node_affinity) spec.affinity.node_affinity.emplace();
    spec.affinity.node_affinity->preferred = {{10, {{in("zone", {"b"})}, {}}}, {3, {{in("disk", {"ssd"})}, {}}}};
  }
  const auto tolerate = [&](const char* key, const char* op, const char* value, const char* effect) {
    spec.tolerations.push_back({key, op, value, effect, {}, {}});
  };
  if (one_in(4)) tolerate("dedicated", "Equal", one_in(2) ? "db" : "web", one_in(2) ? "NoSchedule" : "");
  if (one_in(6)) tolerate("broken", "Exists", "", "");
  if (one_in(8)) tolerate("node.kubernetes.io/unschedulable", "Exists", "", "NoSchedule");
  if (one_in(12)) tolerate("", "Exists", "", "");
}

void RandomCluster::add_ports(cluster::PodSpec& spec) {
  if (!one_in(5)) return;
  const int port = one_in(2) ? 80 : 8080;
  spec.host_network = one_in(6);
  spec.containers[0].ports.push_back({"", port, port, any_of<std::string>({"", "", "127.0.0.1", "10.0.0.1"}), one_in(4) ? "UDP" : "TCP", {}});
}

void RandomCluster::add_spreading(cluster::PodSpec& spec) {
  for (std::size_t i = 0; one_in(2) && i < 2; ++i) {
    cluster::TopologySpreadConstraint constraint;
    constraint.max_skew = static_cast<std::int32_t>(1 + below(2));
    constraint.topology_key = one_in(2) ? "zone" : "kubernetes.io/hostname";
    constraint.when_unsatisfiable = one_in(4) ? "ScheduleAnyway" : "DoNotSchedule";
    if (!one_in(8)) constraint.label_selector = cluster::LabelSelector{{{"app", any_of<std::string>({"x", "y"})}}, {}};
    if (one_in(4) && constraint.when_unsatisfiable == "DoNotSchedule") constraint.min_domains = static_cast<std::int32_t>(1 + below(3));
    if (one_in(3)) constraint.node_affinity_policy = "Ignore";
    if (one_in(3)) constraint.node_taints_policy = "Honor";
    if (one_in(4)) constraint.match_label_keys = {"version"};
    const bool again = std::any_of(spec.topology_spread_constraints.begin(), spec.topology_spread_constraints.end(),
                                   [&](const auto& other) { return other.topology_key == constraint.topology_key; });
    if (!again) spec.topology_spread_constraints.push_back(std::move(constraint));
  }
}

cluster::PodAffinityTerm RandomCluster::random_term() {
  cluster::PodAffinityTerm term;
  term.topology_key = one_in(2) ? "zone" : "kubernetes.io/hostname";
  if (!one_in(12)) term.label_selector = cluster::LabelSelector{{{"app", any_of<std::string>({"x", "y"})}}, {}};
  if (one_in(6)) term.namespaces = {"other"};
  if (one_in(6)) term.namespace_selector = one_in(2) ? cluster::LabelSelector{} : cluster::LabelSelector{{{"team", "red"}}, {}};
  if (one_in(6)) term.match_label_keys = {"version"};
  if (one_in(8)) term.mismatch_label_keys = {"version"};
  return term;
}

void RandomCluster::add_affinity(cluster::PodSpec& spec) {
  if (one_in(3)) {
    auto& affinity = spec.affinity.pod_affinity.emplace();
    if (!one_in(3)) affinity.required.push_back(random_term());
    if (one_in(3)) affinity.preferred.push_back({5, random_term()});
  }
  if (one_in(3)) {
    auto& affinity = spec.affinity.pod_anti_affinity.emplace();
    if (!one_in(3)) affinity.required.push_back(random_term());
    if (one_in(3)) affinity.preferred.push_back({5, random_term()});
  }
}

cluster::Pod RandomCluster::random_template() {
  cluster::Pod pod;
  pod.meta.namespace_ = one_in(5) ? "other" : "default";
  cluster::Labels labels;
  if (!one_in(4)) labels["app"] = any_of<std::string>({"x", "y"});
  if (one_in(2)) labels["version"] = any_of<std::string>({"1", "2"});
  pod.meta.labels = std::move(labels);
  cluster::PodSpec spec;
  add_requests(spec);
  add_node_choice(spec);
  add_ports(spec);
  if (kind_.spreading) add_spreading(spec);
  if (kind_.affinity) add_affinity(spec);
  if (one_in(2)) spec.priority = any_of<std::int32_t>({0, 10, 100, -5});
  if (one_in(8)) spec.preemption_policy = "Never";
  if (one_in(10)) spec.scheduling_gates = {"example.com/wait"};
  pod.spec = std::move(spec);
  return pod;
}

}  // namespace tandem::control
