#include "core/control/kubelet/kubelets.hpp"

#include <utility>

#include "core/base/check.hpp"

namespace tandem::control {

Kubelets::Kubelets(Clock& clock, cluster::ApiServer& server, NodeRuntime& runtime, std::vector<KubeletOptions> nodes)
    : runtime_(runtime) {
  for (KubeletOptions& options : nodes) {
    const std::string name = options.node_name;
    const auto place = by_node_.emplace(name, nullptr).first;
    place->second = std::make_unique<Kubelet>(
        clock, server, runtime, std::move(options),
        [this, place](const std::string& container_id) { by_container_[container_id] = place->second.get(); });
  }
  runtime_.set_exit_listener([this](const ContainerExited& exit) {
    const auto known = by_container_.find(exit.container_id);
    if (known == by_container_.end()) return;
    Kubelet& kubelet = *known->second;
    by_container_.erase(known);
    kubelet.container_exited(exit);
  });
  watch_ = server.watch<cluster::Pod>(server.profile().node_watch_delay, [this](const cluster::Change<cluster::Pod>& change) {
    const auto found = by_node_.find(change.object->node_name);
    if (found != by_node_.end()) found->second->pod_changed(change);
  });
}

Kubelets::~Kubelets() { runtime_.set_exit_listener(nullptr); }

void Kubelets::set_connected(std::string_view node_name, bool connected) {
  const auto found = by_node_.find(node_name);
  CHECK(found != by_node_.end(), "no kubelet on " + std::string(node_name));
  found->second->set_connected(connected);
}

std::size_t Kubelets::pod_count() const {
  std::size_t count = 0;
  for (const auto& [name, kubelet] : by_node_) count += kubelet->pod_count();
  return count;
}

}  // namespace tandem::control
