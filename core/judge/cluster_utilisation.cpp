#include "core/judge/cluster_utilisation.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <set>

namespace tandem::judge {

namespace {

constexpr std::string_view kControlPlaneLabel = "node-role.kubernetes.io/control-plane";
constexpr std::string_view kPods = "pods";

bool is_worker(const NodeLife& life) { return !life.labels.contains(std::string(kControlPlaneLabel)); }

std::int64_t amount_of(std::string_view name, const Quantity& quantity) { return name == "cpu" ? quantity.milli_value() : quantity.value(); }

}  // namespace

ClusterUtilisation::ClusterUtilisation(const RunHistory& history) {
  read_nodes(history);
  for (const PodClass& pod_class : history.pod_classes) {
    class_requests_.push_back(amounts_of(pod_class.requests));
    class_pods_.push_back(pod_class.pods);
  }
  askers_.resize(resources_.size(), 0);
  for (std::size_t c = 0; c < class_requests_.size(); ++c) {
    for (std::size_t r = 0; r < resources_.size(); ++r) {
      if (class_requests_[c][r] > 0) askers_[r] += class_pods_[c];
    }
  }
  allocatable_.resize(resources_.size(), 0);
  requested_.resize(resources_.size(), 0);
  fragments_.resize(resources_.size(), 0);
  read_pods(history);
  std::stable_sort(changes_.begin(), changes_.end(), [](const Change& a, const Change& b) { return a.at < b.at; });
  for (const Change& change : changes_) {
    if (moments_.empty() || moments_.back() != change.at.time) moments_.push_back(change.at.time);
  }
}

void ClusterUtilisation::read_nodes(const RunHistory& history) {
  const bool any_worker = std::any_of(history.nodes.begin(), history.nodes.end(), is_worker);
  std::set<std::string> others;
  for (const NodeLife& life : history.nodes) {
    for (const auto& [name, amount] : life.allocatable) {
      if (name != "cpu" && name != "memory" && name != kPods) others.insert(name);
    }
  }
  resources_ = {"cpu", "memory"};
  resources_.insert(resources_.end(), others.begin(), others.end());
  for (const NodeLife& life : history.nodes) {
    if (any_worker && !is_worker(life)) continue;
    Node node;
    node.name = life.name;
    node.allocatable = amounts_of(life.allocatable);
    node.requested.resize(resources_.size(), 0);
    const auto allowed = life.allocatable.find(kPods);
    node.pods_allowed = allowed == life.allocatable.end() ? 0 : allowed->second.value();
    bool exists = false;
    for (const NodeState& state : life.states) {
      if (state.exists != exists) changes_.push_back({state.at, nodes_.size(), state.exists ? Change::What::NodeAppears : Change::What::NodeGoes, 0});
      exists = state.exists;
    }
    nodes_.push_back(std::move(node));
  }
}

/// A pod names its node; of several lives of that name the one that is there when the pod comes is meant.
void ClusterUtilisation::read_pods(const RunHistory& history) {
  std::map<std::string, std::vector<std::pair<Instant, std::size_t>>> by_name;  // since when which node
  for (const Change& change : changes_) {
    if (change.what == Change::What::NodeAppears) by_name[nodes_[change.node].name].emplace_back(change.at, change.node);
  }
  for (const PodLife& life : history.pods) {
    bool holds = false;
    std::size_t node = 0;
    for (const PodState& state : life.states) {
      if (state.holds_node() == holds) continue;
      if (!holds) {
        const auto lives = by_name.find(state.node);
        if (lives == by_name.end()) continue;
        node = lives->second.front().second;
        for (const auto& [since, number] : lives->second) {
          if (since <= state.at) node = number;
        }
      }
      holds = !holds;
      changes_.push_back({state.at, node, holds ? Change::What::PodTakes : Change::What::PodLeaves, life.pod_class});
    }
  }
}

std::size_t ClusterUtilisation::resource(std::string_view name) const {
  return static_cast<std::size_t>(std::find(resources_.begin(), resources_.end(), name) - resources_.begin());
}

void ClusterUtilisation::advance(SimTime time) {
  changed_.clear();
  for (; next_ < changes_.size() && changes_[next_].at.time <= time; ++next_) {
    apply(changes_[next_]);
    changed_.push_back(changes_[next_].node);
  }
  std::sort(changed_.begin(), changed_.end());
  changed_.erase(std::unique(changed_.begin(), changed_.end()), changed_.end());
}

void ClusterUtilisation::apply(const Change& change) {
  Node& node = nodes_[change.node];
  count(node, -1);
  const int sign = change.what == Change::What::PodTakes ? 1 : change.what == Change::What::PodLeaves ? -1 : 0;
  if (change.what == Change::What::NodeAppears) node.exists = true;
  if (change.what == Change::What::NodeGoes) node.exists = false;
  if (sign != 0) {
    for (std::size_t r = 0; r < resources_.size(); ++r) node.requested[r] += sign * class_requests_[change.pod_class][r];
    node.pods += sign;
  }
  count(node, 1);
}

void ClusterUtilisation::count(const Node& node, int sign) {
  if (!node.exists) return;
  node_count_ += sign;
  in_use_ += node.pods > 0 ? sign : 0;
  pods_ += sign * node.pods;
  for (std::size_t r = 0; r < resources_.size(); ++r) {
    allocatable_[r] += sign * node.allocatable[r];
    requested_[r] += sign * node.requested[r];
  }
  for (std::size_t c = 0; c < class_requests_.size(); ++c) {
    if (fits(class_requests_[c], node)) continue;
    for (std::size_t r = 0; r < resources_.size(); ++r) {
      if (class_requests_[c][r] == 0) continue;
      const std::int64_t free = std::max<std::int64_t>(0, node.allocatable[r] - node.requested[r]);
      fragments_[r] += static_cast<Int128>(sign) * static_cast<Int128>(class_pods_[c]) * free;
    }
  }
}

bool ClusterUtilisation::fits(const Amounts& requests, const Node& node) const {
  if (node.pods >= node.pods_allowed) return false;
  for (std::size_t r = 0; r < resources_.size(); ++r) {
    if (requests[r] > 0 && requests[r] > node.allocatable[r] - node.requested[r]) return false;
  }
  return true;
}

double ClusterUtilisation::utilisation(std::size_t resource) const {
  return allocatable_[resource] == 0 ? 0 : static_cast<double>(requested_[resource]) / static_cast<double>(allocatable_[resource]);
}

double ClusterUtilisation::utilisation(std::size_t resource, const Node& node) const {
  if (!node.exists || node.allocatable[resource] == 0) return 0;
  return static_cast<double>(node.requested[resource]) / static_cast<double>(node.allocatable[resource]);
}

double ClusterUtilisation::fragmentation(std::size_t resource) const {
  const std::int64_t free = allocatable_[resource] - requested_[resource];
  if (free <= 0 || askers_[resource] == 0) return 0;
  return static_cast<double>(fragments_[resource]) / static_cast<double>(askers_[resource]) / static_cast<double>(free);
}

std::int64_t ClusterUtilisation::room_for(std::size_t pod_class) const {
  std::int64_t room = 0;
  for (const Node& node : nodes_) {
    if (!node.exists) continue;
    std::int64_t here = std::max<std::int64_t>(0, node.pods_allowed - node.pods);
    for (std::size_t r = 0; r < resources_.size(); ++r) {
      const std::int64_t request = class_requests_[pod_class][r];
      if (request > 0) here = std::min(here, std::max<std::int64_t>(0, (node.allocatable[r] - node.requested[r]) / request));
    }
    room += here;
  }
  return room;
}

ClusterUtilisation::Amounts ClusterUtilisation::amounts_of(const cluster::ResourceList& list) const {
  Amounts amounts(resources_.size(), 0);
  for (std::size_t r = 0; r < resources_.size(); ++r) {
    const auto found = list.find(resources_[r]);
    if (found != list.end()) amounts[r] = amount_of(resources_[r], found->second);
  }
  return amounts;
}

ClusterFigures figures_over_run(const RunHistory& history) {
  ClusterUtilisation cluster(history);
  ClusterFigures figures;
  figures.resources = cluster.resources();
  figures.utilisation.resize(figures.resources.size());
  figures.fragmentation.resize(figures.resources.size());
  const auto add = [&](SimTime time) {
    cluster.advance(time);
    figures.pods.add(time, static_cast<double>(cluster.pods()));
    figures.nodes_in_use.add(time, static_cast<double>(cluster.nodes_in_use()));
    for (std::size_t r = 0; r < figures.resources.size(); ++r) {
      figures.utilisation[r].add(time, cluster.utilisation(r));
      figures.fragmentation[r].add(time, cluster.fragmentation(r));
    }
  };
  add(kTimeZero);
  for (const SimTime moment : cluster.moments()) {
    if (moment > kTimeZero && moment < history.ended_at) add(moment);
  }
  return figures;
}

}  // namespace tandem::judge
