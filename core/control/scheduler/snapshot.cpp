#include "core/control/scheduler/snapshot.hpp"

#include <algorithm>

#include "core/base/check.hpp"
#include "core/base/random.hpp"

namespace tandem::control::scheduler {
namespace {

/// More pod-count columns than this and the one unused longest goes.
constexpr std::size_t kPodCountColumns = 256;

std::string pod_key(std::string_view namespace_name, std::string_view name) {
  std::string key;
  key.reserve(namespace_name.size() + 1 + name.size());
  key.append(namespace_name).append(1, '/').append(name);
  return key;
}

/// A text that differs for different selectors; blanks cannot occur in label keys and values.
std::string selector_key(const std::string& namespace_name, const cluster::LabelSelector& selector) {
  std::string key = namespace_name;
  for (const auto& [label, value] : selector.match_labels) key.append(" =").append(label).append(" ").append(value);
  for (const auto& requirement : selector.match_expressions) {
    key.append(" ?").append(requirement.key).append(" ").append(1, static_cast<char>('0' + static_cast<int>(requirement.op)));
    for (const std::string& value : requirement.values) key.append(" ").append(value);
  }
  return key;
}

}  // namespace

std::size_t Snapshot::PodNameHash::operator()(const PodName& pod) const {
  return stable_hash(pod.name, stable_hash(pod.namespace_));
}
std::size_t Snapshot::PodNameHash::operator()(const std::string& key) const {
  const std::size_t slash = key.find('/');
  return (*this)(PodName{std::string_view(key).substr(0, slash), std::string_view(key).substr(slash + 1)});
}
bool Snapshot::PodNameEqual::operator()(const std::string& key, const PodName& pod) const {
  const std::size_t length = pod.namespace_.size();
  return key.size() == length + 1 + pod.name.size() && key[length] == '/' && key.compare(length + 1, std::string::npos, pod.name) == 0 &&
         key.compare(0, length, pod.namespace_) == 0;
}

bool same_for_scheduling(const cluster::Node& a, const cluster::Node& b) {
  return a.meta.labels == b.meta.labels && a.spec.unschedulable == b.spec.unschedulable && a.spec.taints == b.spec.taints &&
         a.status.allocatable == b.status.allocatable && a.status.images == b.status.images;
}

// ---------------------------------------------------------------- nodes

NodeInfo& Snapshot::slot_for(const std::string& name) {
  const auto found = index_by_name_.find(name);
  if (found != index_by_name_.end()) return *nodes_[found->second];
  NodeIndex index = 0;
  if (free_slots_.empty()) {
    index = static_cast<NodeIndex>(nodes_.size());
    nodes_.push_back(std::make_unique<NodeInfo>());
  } else {
    index = free_slots_.back();
    free_slots_.pop_back();
  }
  NodeInfo& info = *nodes_[index];
  info = NodeInfo{};
  info.index = index;
  info.name = name;
  index_by_name_.emplace(name, index);
  for (auto& [key, column] : topologies_) column.update(info);
  touch(info);
  return info;
}

void Snapshot::release_if_empty(NodeInfo& info) {
  if (info.node || !info.pods.empty() || !info.nominated.empty()) return;
  index_by_name_.erase(info.name);
  free_slots_.push_back(info.index);
}

void Snapshot::set_node(cluster::Ptr<cluster::Node> node) {
  NodeInfo& info = slot_for(node->meta.name);
  const cluster::Ptr<cluster::Node> previous = info.node;
  if (previous && same_for_scheduling(*previous, *node)) {  // a heartbeat
    info.node = std::move(node);
    return;
  }
  const bool labels_changed = !previous || !(previous->meta.labels == node->meta.labels);
  const bool images_changed = !previous || !(previous->status.images == node->status.images);
  info.node = std::move(node);
  info.allocatable = allocatable_of(info.node->status.allocatable);
  info.allowed_pods = allowed_pods(info.node->status.allocatable);
  if (!previous) {
    tree_.add(info.index, info.labels());
  } else if (labels_changed) {
    tree_.relabel(info.index, info.labels());
  }
  if (labels_changed) {
    for (auto& [key, column] : topologies_) column.update(info);
  }
  if (images_changed) set_images(info, info.node->status.images);
  touch(info);
}

void Snapshot::remove_node(const std::string& name) {
  const auto found = index_by_name_.find(name);
  if (found == index_by_name_.end() || !nodes_[found->second]->node) return;
  NodeInfo& info = *nodes_[found->second];
  tree_.remove(info.index);
  set_images(info, {});
  info.node = nullptr;
  for (auto& [key, column] : topologies_) column.update(info);
  touch(info);
  release_if_empty(info);
}

const NodeInfo* Snapshot::find_node(const std::string& name) const {
  const auto found = index_by_name_.find(name);
  if (found == index_by_name_.end() || !nodes_[found->second]->node) return nullptr;
  return nodes_[found->second].get();
}

void Snapshot::set_images(NodeInfo& info, const std::vector<cluster::ContainerImage>& images) {
  ++images_version_;
  for (const ImageId id : info.images) --images_[id].nodes;
  info.images.clear();
  for (const cluster::ContainerImage& image : images) {
    for (const std::string& name : image.names) {
      const auto [place, inserted] = image_ids_.try_emplace(name, static_cast<ImageId>(images_.size()));
      if (inserted) images_.push_back({});
      ImageState& state = images_[place->second];
      if (state.nodes == 0) state.size_bytes = image.size_bytes;
      const auto position = std::lower_bound(info.images.begin(), info.images.end(), place->second);
      if (position != info.images.end() && *position == place->second) continue;
      info.images.insert(position, place->second);
      ++state.nodes;
    }
  }
}

const ImageId* Snapshot::find_image(std::string_view normalized_name) const {
  const auto found = image_ids_.find(normalized_name);
  return found == image_ids_.end() ? nullptr : &found->second;
}

std::string normalized_image_name(const std::string& name) {
  const auto last = [&](char c) {
    const auto at = name.rfind(c);
    return at == std::string::npos ? std::ptrdiff_t{-1} : static_cast<std::ptrdiff_t>(at);
  };
  return last(':') <= last('/') ? name + ":latest" : name;
}

// ---------------------------------------------------------------- pods

void Snapshot::set_pod(cluster::Ptr<cluster::Pod> pod) {
  CHECK(!pod->node_name.empty(), "only a pod with a node occupies one");
  const auto known = node_by_pod_.find(PodName{pod->meta.namespace_, pod->meta.name});
  if (known != node_by_pod_.end()) {
    NodeInfo& info = *nodes_[known->second];
    const std::size_t position = info.position_of(cluster::key_of(pod->meta));
    const PodOnNode& entry = info.pods[position];
    if (info.name == pod->node_name && entry.pod_class->covers(*pod)) {  // confirmed, or only its status changed: the sums stay
      count(info.index, entry, -1);
      info.replace_pod(position, std::move(pod));
      count(info.index, info.pods.back(), +1);
      info.revision = ++last_revision_;
      if (!info.pods.back().pod_class->host_ports.empty()) touch(info);  // it may have taken a port back that another freed
      return;
    }
    take_off(info, position);
    node_by_pod_.erase(known);
    release_if_empty(info);
  }
  NodeInfo& info = slot_for(pod->node_name);
  PodOnNode entry{std::move(pod), nullptr};
  entry.pod_class = class_of(*entry.pod);
  if (entry.pod_class->has_affinity) ++pods_with_affinity_;
  if (!entry.pod_class->required_anti_affinity.empty()) ++pods_with_required_anti_affinity_;
  count(info.index, entry, +1);
  info.add_pod(std::move(entry));
  const cluster::ObjectMeta& meta = info.pods.back().pod->meta;
  node_by_pod_.emplace(pod_key(meta.namespace_, meta.name), info.index);
  touch(info);
}

void Snapshot::assume(const cluster::Pod& pod, const std::string& node_name) {
  auto assumed = std::make_shared<cluster::Pod>(pod);
  assumed->node_name = node_name;
  set_pod(std::move(assumed));
}

void Snapshot::remove_pod(const cluster::ObjectKey& pod) {
  const auto known = node_by_pod_.find(PodName{pod.namespace_, pod.name});
  if (known == node_by_pod_.end()) return;
  NodeInfo& info = *nodes_[known->second];
  node_by_pod_.erase(known);
  take_off(info, info.position_of(pod));
  release_if_empty(info);
}

void Snapshot::take_off(NodeInfo& info, std::size_t position) {
  const PodOnNode entry = info.pods[position];
  info.remove_pod(position);
  if (entry.pod_class->has_affinity) --pods_with_affinity_;
  if (!entry.pod_class->required_anti_affinity.empty()) --pods_with_required_anti_affinity_;
  count(info.index, entry, -1);
  touch(info);
}

void Snapshot::count(NodeIndex node, const PodOnNode& pod, std::int32_t sign) {
  for (auto& [key, cached] : counts_) cached.column.apply(node, pod, sign);
}

const PodOnNode* Snapshot::find_pod(const cluster::ObjectKey& pod) const {
  const auto known = node_by_pod_.find(PodName{pod.namespace_, pod.name});
  if (known == node_by_pod_.end()) return nullptr;
  const NodeInfo& info = *nodes_[known->second];
  return &info.pods[info.position_of(pod)];
}

void Snapshot::nominate(cluster::Ptr<cluster::Pod> pod, const std::string& node_name) {
  withdraw_nomination(pod->meta.uid);
  NodeInfo& info = slot_for(node_name);
  nominations_.emplace(pod->meta.uid, node_name);
  PodClassPtr pod_class = class_of(*pod);
  info.nominated.push_back({std::move(pod), std::move(pod_class)});
}

void Snapshot::withdraw_nomination(const std::string& pod_uid) {
  const auto known = nominations_.find(pod_uid);
  if (known == nominations_.end()) return;
  NodeInfo& info = slot_for(known->second);
  std::erase_if(info.nominated, [&](const PodOnNode& entry) { return entry.pod->meta.uid == pod_uid; });
  nominations_.erase(known);
  release_if_empty(info);
}

const std::string* Snapshot::nominated_node(const std::string& pod_uid) const {
  const auto known = nominations_.find(pod_uid);
  return known == nominations_.end() ? nullptr : &known->second;
}

PodClassPtr Snapshot::class_of(const cluster::Pod& pod) const {
  auto& candidates = classes_[&*pod.spec];
  for (const auto& candidate : candidates) {
    if (PodClassPtr known = candidate.lock(); known && known->covers(pod)) return known;
  }
  PodClassPtr made = make_pod_class(pod, next_class_id_++);
  std::erase_if(candidates, [](const auto& candidate) { return candidate.expired(); });
  candidates.push_back(made);
  if (classes_.size() > 2 * classes_at_last_purge_ + 1024) {
    std::erase_if(classes_, [](const auto& entry) {
      return std::all_of(entry.second.begin(), entry.second.end(), [](const auto& candidate) { return candidate.expired(); });
    });
    classes_at_last_purge_ = classes_.size();
  }
  return made;
}

// ---------------------------------------------------------------- columns

const TopologyColumn& Snapshot::topology(const std::string& key) const {
  auto found = topologies_.find(key);
  if (found == topologies_.end()) {
    found = topologies_.emplace(key, TopologyColumn(key)).first;
    for (const auto& info : nodes_) found->second.update(*info);
  }
  return found->second;
}

const PodCountColumn& Snapshot::matching_pods(const std::string& namespace_name, const cluster::LabelSelector& selector) const {
  const std::string key = selector_key(namespace_name, selector);
  auto found = counts_.find(key);
  if (found == counts_.end()) {
    if (counts_.size() >= kPodCountColumns) {
      counts_.erase(std::min_element(counts_.begin(), counts_.end(), [](const auto& a, const auto& b) {
        return a.second.last_used < b.second.last_used;  // uses are numbered: no two are equal
      }));
    }
    found = counts_.emplace(key, CachedCounts{PodCountColumn(namespace_name, selector), 0}).first;
    for (const auto& info : nodes_) {
      for (const PodOnNode& pod : info->pods) found->second.column.apply(info->index, pod, +1);
    }
  }
  found->second.last_used = ++uses_of_counts_;
  return found->second.column;
}

// ---------------------------------------------------------------- services, owners, namespaces

void Snapshot::set_disruption_budget(DisruptionBudget budget) {
  ++budgets_version_;
  const cluster::ObjectKey key{budget.namespace_, budget.name};
  budgets_.insert_or_assign(key, std::move(budget));
}
void Snapshot::remove_disruption_budget(const cluster::ObjectKey& budget) {
  ++budgets_version_;
  budgets_.erase(budget);
}

void Snapshot::set_service(cluster::Ptr<cluster::Service> service) {
  const cluster::ObjectKey key = cluster::key_of(service->meta);
  services_[key] = std::move(service);
}
void Snapshot::remove_service(const cluster::ObjectKey& service) { services_.erase(service); }

std::vector<const cluster::Service*> Snapshot::services(const std::string& namespace_name) const {
  std::vector<const cluster::Service*> found;
  for (auto place = services_.lower_bound({namespace_name, ""});
       place != services_.end() && place->first.namespace_ == namespace_name; ++place) {
    found.push_back(place->second.get());
  }
  return found;
}

void Snapshot::set_owner_selector(const std::string& kind, const cluster::ObjectKey& owner, cluster::LabelSelector selector) {
  owners_[{kind, owner}] = std::move(selector);
}
void Snapshot::remove_owner(const std::string& kind, const cluster::ObjectKey& owner) { owners_.erase({kind, owner}); }

const cluster::LabelSelector* Snapshot::owner_selector(const std::string& kind, const cluster::ObjectKey& owner) const {
  const auto found = owners_.find({kind, owner});
  return found == owners_.end() ? nullptr : &found->second;
}

void Snapshot::set_namespace(const std::string& name, Shared<cluster::Labels> labels) {
  namespaces_.insert_or_assign(name, std::move(labels));
}
void Snapshot::remove_namespace(const std::string& name) { namespaces_.erase(name); }

}  // namespace tandem::control::scheduler
