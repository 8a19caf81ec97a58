#include "core/judge/decision_inputs.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/base/random.hpp"
#include "core/cluster/json.hpp"
#include "core/judge/explain_words.hpp"
#include "core/scenario/scheduler_json.hpp"

namespace tandem::judge {

using namespace control::scheduler;
using cluster::Pod;
using nlohmann::json;

namespace {

using LogicalName = std::function<std::string(const Pod&)>;
using Closeness = NamedInput::Closeness;

/// The Deployment controller's label. It is a hash of the template, so it differs wherever templates do, and ends up in pod names.
constexpr const char* kTemplateHash = "pod-template-hash";

cluster::Labels without_template_hash(cluster::Labels labels) {
  labels.erase(kTemplateHash);
  return labels;
}

std::string list_of(const std::vector<std::string>& texts) { return texts.empty() ? "none" : fmt::format("{}", fmt::join(texts, ", ")); }

class Collector {
 public:
  Collector(const ReplayedCycle& cycle, const LogicalName& logical_name) : cycle_(cycle), snapshot_(*cycle.snapshot), logical_name_(logical_name) {}

  std::vector<NamedInput> collect(std::uint64_t seed) {
    add_profile();
    add_nodes();
    add_pod();
    add_workloads();
    add_pods_on_nodes();
    add_chance(seed);
    add_names();
    return std::move(inputs_);
  }

 private:
  void add(std::string name, std::string value) { inputs_.push_back({std::move(name), std::move(value), closeness_, node_}); }
  [[nodiscard]] std::vector<const NodeInfo*> nodes() const {
    std::vector<const NodeInfo*> nodes;
    for (const NodeIndex index : snapshot_.order()) nodes.push_back(&snapshot_.node(index));
    return nodes;
  }

  void add_profile() {
    closeness_ = Closeness::Policy;
    const json profile = scenario::to_json(scenario::SchedulerConfig{.profiles = {*cycle_.profile}}).at("profiles").at(0);
    add("profile", cycle_.profile->scheduler_name);
    std::vector<std::string> scoring;
    std::vector<std::string> filtering;
    std::vector<std::string> after_filters;
    for (const scenario::EnabledPlugin& plugin : cycle_.profile->plugins) {
      if (plugin.weight > 0) scoring.push_back(fmt::format("{} {}", plugin.name, plugin.weight));
      if (plugin.filter) filtering.push_back(plugin.name);
      if (plugin.post_filter) after_filters.push_back(plugin.name);
    }
    add("plugins that score, with their weights", list_of(scoring));
    add("plugins that may filter", list_of(filtering));
    add("plugins that may act after the filters", list_of(after_filters));
    const json args = profile.at("args");
    for (const scenario::EnabledPlugin& plugin : cycle_.profile->plugins) {
      if (args.contains(plugin.name)) add("arguments of " + plugin.name, args.at(plugin.name).dump());
    }
    add("percentageOfNodesToScore", std::to_string(cycle_.profile->percentage_of_nodes_to_score));
    if (cycle_.inputs->policy != record::PolicyAnswer::NotAsked) add("what the policy's process said", cycle_.inputs->policy_answer);
  }

  void add_nodes() {
    closeness_ = Closeness::Nodes;
    std::vector<std::string> names;
    for (const NodeInfo* node : nodes()) names.push_back(node->name);
    std::sort(names.begin(), names.end());
    add("nodes", list_of(names));
    for (const NodeInfo* node : nodes()) {
      node_ = node->name;
      const json object = cluster::to_json(*node->node);
      const auto part = [&](std::string_view what, const char* pointer) {
        const json::json_pointer path(pointer);
        add(fmt::format("{} of node {}", what, node->name), object.contains(path) ? object.at(path).dump() : "none");
      };
      part("labels", "/metadata/labels");
      part("taints", "/spec/taints");
      part("cordon", "/spec/unschedulable");
      part("allocatable", "/status/allocatable");
      part("images", "/status/images");
    }
    node_.clear();
  }

  void add_pod() {
    closeness_ = Closeness::Pod;
    const Pod& pod = *cycle_.pod;
    const json object = cluster::to_json(pod);
    add("pod labels", json(without_template_hash(*pod.meta.labels)).dump());
    const json spec = object.value("spec", json::object());
    for (const auto& [field, value] : spec.items()) add("pod specification, " + field, value.dump());
    add("pod's nominated node", pod.status.nominated_node_name.empty() ? "none" : pod.status.nominated_node_name);
  }

  void add_workloads() {
    closeness_ = Closeness::Workloads;
    std::vector<std::string> services;
    for (const cluster::Service* service : snapshot_.services(cycle_.pod->meta.namespace_)) {
      services.push_back(fmt::format("{} {}", service->meta.name, json(*service->spec.selector).dump()));
    }
    add("services in the pod's namespace", list_of(services));
    add("selector of the pod's owner", owner_selector());
    std::vector<std::string> budgets;
    for (const auto& [key, budget] : snapshot_.disruption_budgets()) budgets.push_back(fmt::format("{}/{} allows {}", key.namespace_, key.name, budget.disruptions_allowed));
    add("disruption budgets", list_of(budgets));
    std::vector<std::string> namespaces;
    for (const auto& [name, labels] : snapshot_.namespaces()) namespaces.push_back(fmt::format("{} {}", name, json(*labels).dump()));
    add("namespaces", list_of(namespaces));
  }

  /// What default spreading counts besides services.
  [[nodiscard]] std::string owner_selector() const {
    const cluster::OwnerReference* owner = cluster::controller_of(cycle_.pod->meta);
    const cluster::LabelSelector* selector = owner == nullptr ? nullptr : snapshot_.owner_selector(owner->kind, {cycle_.pod->meta.namespace_, owner->name});
    if (selector == nullptr) return "none";
    std::vector<std::string> terms;
    for (const auto& [key, value] : without_template_hash(selector->match_labels)) terms.push_back(key + "=" + value);
    return fmt::format("{}{}", fmt::join(terms, ","), selector->match_expressions.empty() ? "" : " and expressions");
  }

  void add_pods_on_nodes() {
    closeness_ = Closeness::PodsThere;
    for (const NodeInfo* node : nodes()) {
      node_ = node->name;
      add("pods on " + node->name, names_of(node->pods));
      add("labels of pods on " + node->name, texts_of(node->pods, [](const PodOnNode& pod) { return json(without_template_hash(*pod.pod->meta.labels)).dump(); }));
      add("affinity of pods on " + node->name, texts_of(node->pods, [](const PodOnNode& pod) {
            return pod.pod_class->has_affinity ? cluster::to_json(*pod.pod).at("spec").value("affinity", json()).dump() : std::string();
          }));
      add("host ports taken on " + node->name, ports_of(*node));
      add("pods nominated to " + node->name, names_of(node->nominated));
      add("requested on " + node->name, fmt::format("cpu {}, memory {}", Words::cpu(node->load.requested.milli_cpu), Words::bytes(node->load.requested.memory)));
    }
    node_.clear();
  }
  [[nodiscard]] std::string names_of(const std::vector<PodOnNode>& pods) const {
    std::vector<std::string> names;
    for (const PodOnNode& pod : pods) names.push_back(logical_name_(*pod.pod) + (cluster::is_terminating(pod.pod->meta) ? " (terminating)" : ""));
    std::sort(names.begin(), names.end());
    return list_of(names);
  }

  /// What `text` says about each pod, where it says something.
  template <class Text>
  [[nodiscard]] std::string texts_of(const std::vector<PodOnNode>& pods, Text&& text) const {
    std::vector<std::string> texts;
    for (const PodOnNode& pod : pods) {
      if (const std::string about = text(pod); !about.empty()) texts.push_back(logical_name_(*pod.pod) + " " + about);
    }
    std::sort(texts.begin(), texts.end());
    return list_of(texts);
  }
  [[nodiscard]] static std::string ports_of(const NodeInfo& node) {
    std::vector<std::string> ports;
    for (const HostPort& port : node.load.used_ports) ports.push_back(fmt::format("{}:{}/{}", port.ip, port.port, port.protocol));
    std::sort(ports.begin(), ports.end());
    return list_of(ports);
  }

  void add_chance(std::uint64_t seed) {
    closeness_ = Closeness::Chance;
    add("node that the profile chose last", cycle_.last_chosen.empty() ? "none" : cycle_.last_chosen);
    std::vector<std::string> order;
    for (const NodeInfo* node : nodes()) order.push_back(node->name);
    if (!order.empty()) std::rotate(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(cycle_.inputs->search_start % order.size()), order.end());
    add("order of the search", Words::list(order, Words::kNamesShown));
    add("seed", std::to_string(seed));
  }

  void add_names() {
    closeness_ = Closeness::Names;
    std::vector<std::string> hashes{hash_of(*cycle_.pod)};
    for (const NodeInfo* node : nodes()) {
      for (const PodOnNode& pod : node->pods) hashes.push_back(hash_of(*pod.pod));
    }
    std::sort(hashes.begin(), hashes.end());
    hashes.erase(std::unique(hashes.begin(), hashes.end()), hashes.end());
    std::erase(hashes, "");
    add("label pod-template-hash, of this pod and of those on nodes", list_of(hashes));
    add("pod's name, which draws among ties", cycle_.pod->meta.namespace_ + "/" + cycle_.pod->meta.name);
  }

  static std::string hash_of(const Pod& pod) {
    const auto found = pod.meta.labels->find(kTemplateHash);
    return found == pod.meta.labels->end() ? "" : found->second;
  }

  const ReplayedCycle& cycle_;
  const Snapshot& snapshot_;
  const LogicalName& logical_name_;
  std::vector<NamedInput> inputs_;
  Closeness closeness_ = Closeness::Policy;  ///< of what is being added, with its node
  std::string node_;
};

}  // namespace

std::vector<NamedInput> inputs_of(const ReplayedCycle& cycle, std::uint64_t seed, const LogicalName& logical_name) {
  return Collector(cycle, logical_name).collect(seed);
}

}  // namespace tandem::judge
