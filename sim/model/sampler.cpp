#include "sim/model/sampler.hpp"

#include <utility>

namespace tandem::sim {

namespace {
constexpr SimDuration kPeriod = seconds(1);
}  // namespace

Sampler::Sampler(Engine& engine, const Cpu& cpu, const SimNodeRuntime& runtime, std::vector<Node> nodes,
                 std::function<void(const record::Sample&)> sink)
    : engine_(engine),
      cpu_(cpu),
      runtime_(runtime),
      nodes_(std::move(nodes)),
      sink_(std::move(sink)),
      node_used_ns_(nodes_.size(), 0.0),
      last_(engine.now()) {
  timer_ = engine_.schedule(engine_.now() + kPeriod, EventClass::Observer, 0, *this, 0, 0);
}

Sampler::~Sampler() { engine_.cancel(timer_); }

void Sampler::emit(const std::string& entity, const char* metric, double value) {
  record::Sample sample;
  sample.time = engine_.now();
  sample.entity = entity;
  sample.metric = metric;
  sample.value = value;
  sink_(sample);
}

void Sampler::fire(std::uint32_t /*kind*/, std::uint64_t /*payload*/) {
  const SimTime now = engine_.now();
  timer_ = engine_.schedule(now + kPeriod, EventClass::Observer, 0, *this, 0, 0);
  const double elapsed = static_cast<double>((now - std::exchange(last_, now)).ns);
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    const double used = cpu_.used_ns(nodes_[i].slice);
    emit("node/" + nodes_[i].name, "cpu.used_cores", (used - std::exchange(node_used_ns_[i], used)) / elapsed);
  }
  runtime_.for_each_running([&](const SimNodeRuntime::ContainerView& view) {
    const std::string entity = "container/" + view.pod + "/" + view.container;
    const Last current{cpu_.used_ns(view.group), cpu_.throttled_ns(view.group), now};
    Last& before = containers_[entity];
    // A restarted container counts from zero again.
    if (current.used_ns < before.used_ns) before = {};
    emit(entity, "cpu.used_cores", (current.used_ns - before.used_ns) / elapsed);
    emit(entity, "cpu.throttled_share", static_cast<double>(current.throttled_ns - before.throttled_ns) / elapsed);
    before = current;
  });
  std::erase_if(containers_, [&](const auto& entry) { return entry.second.seen < now; });
}

}  // namespace tandem::sim
