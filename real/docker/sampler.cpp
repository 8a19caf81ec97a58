#include "real/docker/sampler.hpp"

#include <utility>

namespace tandem::docker {

namespace {
constexpr SimDuration kPeriod = seconds(1);
}  // namespace

Sampler::Sampler(Clock& clock, const scenario::Scenario& scenario, const NodeSlices& slices, const DockerNodeRuntime& nodes,
                 std::function<void(const record::Sample&)> sink)
    : clock_(clock), scenario_(scenario), slices_(slices), nodes_(nodes), sink_(std::move(sink)) {
  if (slices_.active()) timer_ = clock_.after(kPeriod, EventClass::Observer, 0, [this] { sample(); });
}

Sampler::~Sampler() { clock_.cancel(timer_); }

void Sampler::emit(const std::string& entity, const char* metric, double value) {
  sink_(record::Sample{clock_.now(), entity, metric, value});
}

void Sampler::sample() {
  timer_ = clock_.after(kPeriod, EventClass::Observer, 0, [this] { sample(); });
  const SimTime round = clock_.now();
  // The first look at an entity only sets its zero.
  const auto look = [&](const std::string& entity, const std::string& group, bool container) {
    const auto usage = NodeSlices::cpu_usage(group);
    if (!usage) return;
    const SimTime now = clock_.now();
    const auto [entry, added] = last_.try_emplace(entity);
    const Last before = std::exchange(entry->second, Last{*usage, now});
    const auto elapsed = static_cast<double>((now - before.seen).ns);
    if (added || elapsed <= 0 || usage->used < before.usage.used) return;
    emit(entity, "cpu.used_cores", static_cast<double>((usage->used - before.usage.used).ns) / elapsed);
    if (container) emit(entity, "cpu.throttled_share", static_cast<double>((usage->throttled - before.usage.throttled).ns) / elapsed);
  };
  for (const scenario::NodeSpec& node : scenario_.cluster.nodes) look("node/" + node.name, slices_.parent_of(node.name), false);
  for (const DockerNodeRuntime::ContainerView& view : nodes_.containers()) {
    look("container/" + view.pod.name + "/" + view.container_name, slices_.parent_of(view.pod.node_name) + "/" + view.id, true);
  }
  std::erase_if(last_, [&](const auto& entry) { return entry.second.seen < round; });
}

}  // namespace tandem::docker
