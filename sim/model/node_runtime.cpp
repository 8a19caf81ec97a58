#include "sim/model/node_runtime.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/base/check.hpp"
#include "core/control/kubelet/container_command.hpp"
#include "core/control/kubelet/cpu_units.hpp"
#include "core/control/kubelet/image_reference.hpp"
#include "core/control/kubelet/probe_outcome.hpp"

namespace tandem::sim {

using namespace control::kubelet;
using control::ContainerExited;
using control::ContainerRequest;
using control::ContainerStarted;
using control::ContainerStats;
using control::ImagePulled;
using control::PodIdentity;
using control::ProbeOutcome;
using control::ProbeRequest;
using control::ProbeResult;

namespace {

/// Part of creating and of starting a container that is CPU time of the container engine. Measured with Docker 20.10,
/// containerd 1.6 and runc on two cores: create 10–20 ms of about 100 ms, start 200–240 ms of about 300 ms (mostly runc and
/// the shim). The rest is disk and kernel waiting.
constexpr double kCreateCpuShare = 0.15;
constexpr double kStartCpuShare = 0.75;
constexpr std::int64_t kPeriodNs = 100'000'000;

Error missing_container(const std::string& id) {
  return make_error(ErrorCode::UsageNotFound, "no running container " + id);
}

}  // namespace

SimNodeRuntime::SimNodeRuntime(Parts parts)
    : engine_(parts.engine),
      cpu_(parts.cpu),
      network_(parts.network),
      scenario_(parts.scenario),
      cpu_speed_(parts.calibration.cpu_speed),
      nodes_(std::move(parts.nodes)),
      hosts_(std::move(parts.hosts)),
      registry_(parts.registry),
      container_create_(parts.calibration.container_create),
      container_start_(parts.calibration.container_start),
      container_stop_(parts.calibration.container_stop),
      sandbox_create_(parts.calibration.sandbox_create),
      probes_(parts.engine, parts.network, parts.calibration, parts.scenario.seed) {
  CHECK(nodes_.size() == network_.node_count() && hosts_.size() == nodes_.size(), "parts for another number of nodes");
}

SimNodeRuntime::~SimNodeRuntime() = default;

void SimNodeRuntime::later(SimDuration delay, std::uint32_t entity, std::function<void()> callback) {
  engine_.after(delay, EventClass::Runtime, entity, std::move(callback));
}

SimNodeRuntime::Container* SimNodeRuntime::find(const std::string& container_id) {
  const auto found = container_numbers_.find(container_id);
  return found == container_numbers_.end() ? nullptr : containers_.at(found->second).get();
}

SimNodeRuntime::Container* SimNodeRuntime::find_running(const std::string& container_id) {
  Container* container = find(container_id);
  return container == nullptr || container->ended || container->replica == nullptr ? nullptr : container;
}

const scenario::ImageSpec* SimNodeRuntime::image_of(const std::string& reference) const {
  const auto found = scenario_.images.find(reference);
  return found == scenario_.images.end() ? nullptr : &found->second;
}

// ---------------------------------------------------------------- sandboxes

void SimNodeRuntime::create_sandbox(const PodIdentity& pod, std::function<void(Status)> done) {
  const std::optional<std::uint32_t> node = network_.node_number(pod.node_name);
  CHECK(node.has_value(), "a pod on a node that is not in the cluster: " + pod.node_name);
  RandomStream draws(scenario_.seed, "sandbox/" + pod.namespace_ + "/" + pod.name);
  const AddressId address = network_.address(pod.ip);
  run_operation(*node, sandbox_create_(draws.exponential(1.0)), kStartCpuShare,
                [this, uid = pod.uid, address, node = *node, done = std::move(done)] {
                  if (sandboxes_.emplace(uid, address).second) network_.add(address, node);
                  done({});
                });
}

void SimNodeRuntime::remove_sandbox(const PodIdentity& pod, std::function<void(Status)> done) {
  const std::optional<std::uint32_t> node = network_.node_number(pod.node_name);
  later({}, node.value_or(0), [this, uid = pod.uid, done = std::move(done)] {
    for (auto entry = containers_.begin(); entry != containers_.end();) {
      if (entry->second->request.pod.uid != uid) {
        ++entry;
        continue;
      }
      if (entry->second->replica != nullptr && !entry->second->ended) entry->second->replica->kill();
      engine_.cancel(entry->second->kill_timer);
      container_numbers_.erase(entry->second->id);
      entry = containers_.erase(entry);
    }
    if (const auto sandbox = sandboxes_.find(uid); sandbox != sandboxes_.end()) {
      network_.remove(sandbox->second);
      sandboxes_.erase(sandbox);
    }
    done({});
  });
}

// ---------------------------------------------------------------- images

bool SimNodeRuntime::image_present(const std::string& node_name, const std::string& image) const {
  const scenario::ImageSpec* spec = image_of(image);
  if (spec == nullptr) return false;
  if (spec->preloaded) return true;
  const std::optional<std::uint32_t> node = network_.node_number(node_name);
  return node && pulled_.contains({*node, image});
}

void SimNodeRuntime::pull_image(const std::string& node_name, const std::string& image,
                                std::function<void(Result<ImagePulled>)> done) {
  const std::optional<std::uint32_t> node = network_.node_number(node_name);
  CHECK(node.has_value(), "a pull on a node that is not in the cluster: " + node_name);
  const scenario::ImageSpec* spec = image_of(image);
  const SimDuration asked = scenario_.registry ? scenario_.registry->latency * 2 : SimDuration{};
  if (spec == nullptr || !spec->pullable || (!spec->preloaded && (!registry_ || !scenario_.registry))) {
    return later(asked, *node, [image, done = std::move(done)] { done(fail(ErrorCode::EngineRefused, not_found_text(image))); });
  }
  if (image_present(node_name, image)) {
    return later(asked, *node, [spec, done = std::move(done)] { done(ImagePulled{true, spec->size_bytes}); });
  }
  // Manifests and unpacking first, then the layers through the network.
  later(scenario_.registry->overhead, *node, [this, node = *node, image, spec, done = std::move(done)] {
    engine_.transfer(*registry_, hosts_[node], spec->size_bytes, [this, node, image, spec, done] {
      pulled_.emplace(node, image);
      done(ImagePulled{false, spec->size_bytes});
    });
  });
}

// ---------------------------------------------------------------- the container engine's own work

void SimNodeRuntime::Operation::fire(std::uint32_t kind, std::uint64_t /*payload*/) {
  if (kind == kWaited) {
    runtime.cpu_.start(runtime.nodes_[node].container_engine, cpu_ns, *this, kWorked, 0);
    return;
  }
  const std::unique_ptr<Operation> self = std::move(runtime.operations_.extract(number).mapped());
  self->done();
}

void SimNodeRuntime::run_operation(std::uint32_t node, SimDuration duration, double cpu_share, std::function<void()> done) {
  const std::uint64_t number = ++last_operation_;
  auto operation = std::make_unique<Operation>(*this, number);
  operation->node = node;
  operation->cpu_ns = static_cast<double>(duration.ns) * cpu_share;
  operation->done = std::move(done);
  const SimDuration waiting = duration - nanoseconds(std::llround(operation->cpu_ns));
  engine_.schedule(engine_.now() + waiting, EventClass::Runtime, static_cast<std::uint32_t>(number), *operation, kWaited, 0);
  operations_.emplace(number, std::move(operation));
}

// ---------------------------------------------------------------- containers

void SimNodeRuntime::start_container(const ContainerRequest& request, std::function<void(Result<ContainerStarted>)> done) {
  const std::optional<std::uint32_t> node = network_.node_number(request.pod.node_name);
  CHECK(node.has_value(), "a container on a node that is not in the cluster: " + request.pod.node_name);
  const auto sandbox = sandboxes_.find(request.pod.uid);
  if (sandbox == sandboxes_.end() || image_of(request.image) == nullptr) {
    return later({}, *node, [image = request.image, done = std::move(done)] {
      done(fail(ErrorCode::EngineRefused, "cannot create a container of " + image + ": no sandbox or no such image"));
    });
  }
  auto made = std::make_unique<Container>();
  Container& container = *made;
  container.number = ++last_container_;
  container.request = request;
  container.node = *node;
  container.port = scenario::listening_port(*image_of(request.image), request.port);
  container.address = sandbox->second;
  container.draws = RandomStream(
      scenario_.seed, fmt::format("container/{}/{}/{}", request.pod.namespace_, request.pod.name, request.container_name),
      static_cast<std::uint64_t>(request.restart_count));
  const std::string identity = fmt::format("{}/{}/{}/{}", request.pod.uid, request.container_name, request.restart_count, container.number);
  for (std::uint64_t part = 0; part < 4; ++part) {
    container.id += fmt::format("{:016x}", stable_hash(identity, scenario_.seed + part));
  }
  container_numbers_.emplace(container.id, container.number);
  containers_.emplace(container.number, std::move(made));

  const SimDuration create = container_create_(container.draws.exponential(1.0));
  const SimDuration start = container_start_(container.draws.exponential(1.0));
  run_operation(*node, create, kCreateCpuShare, [this, node = *node, start, number = container.number, done = std::move(done)] {
    run_operation(node, start, kStartCpuShare, [this, number, done] {
      const auto found = containers_.find(number);
      if (found == containers_.end()) return done(fail(ErrorCode::EngineRefused, "the sandbox was removed"));
      start_process(*found->second, done);
    });
  });
}

void SimNodeRuntime::start_process(Container& container, const std::function<void(Result<ContainerStarted>)>& done) {
  const scenario::ImageSpec& image = *image_of(container.request.image);
  const SimTime now = engine_.now();
  CpuGroupOptions options;
  options.weight = static_cast<double>(cpu_shares(container.request.cpu_request_milli));
  options.quota_us = cfs_quota(container.request.cpu_limit_milli);
  options.parallel = image.workers;
  // Where a cgroup's periods begin has nothing to do with when it gets its first work.
  options.period_origin = now - nanoseconds(static_cast<std::int64_t>(container.draws.below(kPeriodNs)));
  const CpuGroupId group = cpu_.add_group(nodes_[container.node].slice, options);

  Replica::Options identity;
  identity.pod = container.request.pod.name;
  identity.pod_number = network_.pod_number(identity.pod);
  identity.cpu_speed = cpu_speed_;
  identity.entity = container.number;
  identity.listens = container.port != 0;
  identity.bind = [this, address = container.address, port = container.port](Replica& replica) { return network_.open(address, port, replica); };
  const std::int64_t times = image.exit ? image.exit->times : 0;
  identity.ends_by_itself = image.exit && (times == 0 || container.request.restart_count < times);
  container.replica = std::make_unique<Replica>(engine_, cpu_, group, image, identity, [this, number = container.number](std::int32_t code) {
    process_ended(number, code);
  });
  if (image.memory) take_memory(container, *image.memory);
  done(ContainerStarted{container.id, now});
}

void SimNodeRuntime::take_memory(const Container& container, const scenario::MemorySpec& memory) {
  std::unique_ptr<NodeMemory>& node = memories_[container.node];
  if (node == nullptr) {
    const auto& nodes = scenario_.cluster.nodes;
    const auto spec = std::find_if(nodes.begin(), nodes.end(), [&](const auto& entry) { return entry.name == container.request.pod.node_name; });
    node = std::make_unique<NodeMemory>(engine_, NodeMemory::Options{spec->memory_bytes, container.node}, [this](std::uint32_t number) {
      containers_.at(number)->oom_killed = true;
      containers_.at(number)->replica->kill();
    });
  }
  node->add(container.number, {memory, container.request.memory_limit_bytes, container.request.oom_score_adj, engine_.now()});
}

void SimNodeRuntime::process_ended(std::uint32_t number, std::int32_t exit_code) {
  Container& container = *containers_.at(number);
  container.ended = true;
  network_.close(container.address, container.port, *container.replica);
  engine_.cancel(container.kill_timer);
  if (const auto memory = memories_.find(container.node); memory != memories_.end()) memory->second->remove(number);
  end_executions(number);
  // Counters survive the process: stats() may still be asked until the exit is reported.
  container.cpu_at_end = {std::llround(cpu_.used_ns(container.replica->cpu_group()))};
  container.throttled_at_end = {cpu_.throttled_ns(container.replica->cpu_group())};
  ContainerExited report;
  report.container_id = container.id;
  report.exit_code = exit_code;
  report.oom_killed = container.oom_killed;
  report.finished_at = engine_.now();
  // The process is gone at once; that it is takes the container engine a while to notice, clean up and say.
  later(container_stop_(container.draws.exponential(1.0)), number, [this, report] {
    if (exit_listener_) exit_listener_(report);
  });
}

void SimNodeRuntime::stop_container(const std::string& container_id, SimDuration grace) {
  Container* container = find_running(container_id);
  if (container == nullptr) return;
  const std::uint32_t number = container->number;
  // A later call can only bring it forward.
  container->kill_at = std::min(container->kill_at, engine_.now() + grace);
  engine_.cancel(container->kill_timer);
  container->kill_timer = engine_.at(container->kill_at, EventClass::Runtime, number, [this, number] {
    const auto found = containers_.find(number);
    if (found == containers_.end() || found->second->ended) return;
    found->second->kill_timer = {};
    found->second->replica->kill();
  });
  container->replica->terminate();
}

bool SimNodeRuntime::kill_container(const std::string& container_id) {
  Container* container = find_running(container_id);
  if (container == nullptr) return false;
  container->replica->kill();
  return true;
}

std::optional<std::string> SimNodeRuntime::find_container(const std::string& pod_uid, const std::string& container_name) const {
  for (const auto& [number, container] : containers_) {
    const bool named = container_name.empty() || container->request.container_name == container_name;
    if (container->request.pod.uid == pod_uid && named && container->replica != nullptr && !container->ended) return container->id;
  }
  return std::nullopt;
}

void SimNodeRuntime::for_each_running(const std::function<void(const ContainerView&)>& visit) const {
  for (const auto& [number, container] : containers_) {
    if (container->replica == nullptr || container->ended) continue;
    visit({container->request.pod.name, container->request.container_name, container->replica->cpu_group()});
  }
}

// ---------------------------------------------------------------- questions

void SimNodeRuntime::probe(const ProbeRequest& request, std::function<void(ProbeOutcome)> done) {
  Container* container = find(request.container_id);
  if (container == nullptr || container->replica == nullptr) {
    return later({}, 0, [done = std::move(done)] { done({ProbeResult::Error, "container is not running"}); });
  }
  if (std::holds_alternative<cluster::ExecAction>(request.probe.action)) return probe_by_exec(request, std::move(done));
  probes_.probe(container->address, request, std::move(done));
}

void SimNodeRuntime::probe_by_exec(const ProbeRequest& request, std::function<void(ProbeOutcome)> done) {
  const std::vector<std::string>& command = std::get<cluster::ExecAction>(request.probe.action).command;
  const SimDuration timeout = timeout_of(request.probe);
  if (effect_of(command).takes <= timeout) {
    return exec(request.container_id, command, [done = std::move(done)](const Result<int>& code) { done(exec_probe_outcome(code)); });
  }
  later(timeout, 0, [command, timeout, done = std::move(done)] { done(exec_probe_timeout(command, timeout)); });
}

void SimNodeRuntime::exec(const std::string& container_id, const std::vector<std::string>& command, std::function<void(Result<int>)> done) {
  const Container* container = find_running(container_id);
  if (container == nullptr) {
    return later({}, 0, [container_id, done = std::move(done)] { done(fail(missing_container(container_id))); });
  }
  const CommandEffect effect = effect_of(command);
  const std::uint64_t number = ++last_execution_;
  Execution& execution = executions_[number];
  execution.container = container->number;
  execution.done = std::move(done);
  execution.end = engine_.after(effect.takes, EventClass::Runtime, container->number, [this, number, code = effect.exit_code] {
    const Execution ended = std::move(executions_.extract(number).mapped());
    ended.done(code);
  });
}

void SimNodeRuntime::end_executions(std::uint32_t container) {
  for (auto& [number, execution] : executions_) {
    if (execution.container != container) continue;
    engine_.cancel(execution.end);
    execution.end = engine_.after({}, EventClass::Runtime, container, [this, ended = number] {
      const Execution cut = std::move(executions_.extract(ended).mapped());
      cut.done(fail(ErrorCode::EngineRefused, "the container has ended"));
    });
  }
}

void SimNodeRuntime::http_get(const control::HookRequest& request, std::function<void(Status)> done) {
  const Container* container = find_running(request.container_id);
  if (container == nullptr) {
    return later({}, 0, [id = request.container_id, done = std::move(done)] { done(fail(missing_container(id))); });
  }
  probes_.http_get(container->address, request, std::move(done));
}

void SimNodeRuntime::stats(const std::string& container_id, std::function<void(Result<ContainerStats>)> done) {
  later({}, 0, [this, container_id, done = std::move(done)] {
    const Container* container = find(container_id);
    if (container == nullptr || container->replica == nullptr) return done(fail(missing_container(container_id)));
    ContainerStats stats;
    if (container->ended) {
      stats.cpu_used = container->cpu_at_end;
      stats.throttled = container->throttled_at_end;
    } else {
      stats.cpu_used = {std::llround(cpu_.used_ns(container->replica->cpu_group()))};
      stats.throttled = {cpu_.throttled_ns(container->replica->cpu_group())};
      if (const auto memory = memories_.find(container->node); memory != memories_.end()) {
        stats.memory_bytes = memory->second->held(container->number);
      }
    }
    done(stats);
  });
}

}  // namespace tandem::sim
