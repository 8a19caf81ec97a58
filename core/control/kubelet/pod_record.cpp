#include "core/control/kubelet/pod_record.hpp"

#include <optional>

namespace tandem::control::kubelet {
namespace {

std::optional<std::size_t> index_of(const std::vector<cluster::Container>& containers, const std::string& name) {
  for (std::size_t index = 0; index < containers.size(); ++index) {
    if (containers[index].name == name) return index;
  }
  return std::nullopt;
}

}  // namespace

std::vector<ContainerKills::Target> PodRecord::running() const {
  std::vector<ContainerKills::Target> targets;
  for (const RuntimeContainer& container : runtime.now().containers) {
    if (container.state != RuntimeState::Running) continue;
    if (const auto index = index_of(pod->spec->containers, container.name)) {
      targets.push_back({container.id, *index, false});
    } else if (const auto init_index = index_of(pod->spec->init_containers, container.name)) {
      targets.push_back({container.id, *init_index, true});
    }
  }
  return targets;
}

std::vector<ContainerKills::Target> PodRecord::running(const std::string& container_id) const {
  std::vector<ContainerKills::Target> targets = running();
  std::erase_if(targets, [&](const ContainerKills::Target& target) { return target.container_id != container_id; });
  return targets;
}

}  // namespace tandem::control::kubelet
