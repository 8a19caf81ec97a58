#include "real/docker/node_runtime.hpp"

#include <algorithm>
#include <utility>

#include "core/control/kubelet/container_command.hpp"
#include "core/control/kubelet/cpu_units.hpp"
#include "core/control/kubelet/image_reference.hpp"
#include "core/control/kubelet/probe_outcome.hpp"
#include "host/wall_clock.hpp"
#include "real/docker/workload_spec.hpp"

namespace tandem::docker {

using namespace control::kubelet;

namespace {

constexpr std::int64_t kReconcilePeriodNs = 1'000'000'000;
/// An engine that restarts is back sooner; what it lost meanwhile shows in the containers.
constexpr std::int64_t kEngineLostNs = 10'000'000'000;
constexpr std::int64_t kKilled = 137;
/// What the engine may take to run a command, beside the command itself.
constexpr SimDuration kExecSlack = seconds(60);
/// Threads and processes of one container; the workload uses its workers and two more.
constexpr std::int64_t kPidsMax = 2048;

const scenario::NodeSpec* find_node(const scenario::Scenario& scenario, const std::string& name) {
  const auto& nodes = scenario.cluster.nodes;
  const auto found = std::find_if(nodes.begin(), nodes.end(), [&](const scenario::NodeSpec& node) { return node.name == name; });
  return found == nodes.end() ? nullptr : &*found;
}

}  // namespace

DockerNodeRuntime::DockerNodeRuntime(Parts parts) : parts_(std::move(parts)), probes_(parts_.loop), last_answer_ns_(host::monotonic_ns()) {
  reconcile_timer_ = parts_.loop.delay(kReconcilePeriodNs, [this] { reconcile(); });
}

DockerNodeRuntime::~DockerNodeRuntime() {
  parts_.loop.cancel_delay(reconcile_timer_);
  for (auto& [id, container] : containers_) {
    parts_.resources.engine().cancel(container.wait_ticket);
    if (container.kill_timer != 0) parts_.loop.cancel_delay(container.kill_timer);
  }
}

// ---------------------------------------------------------------- sandboxes

ContainerSpec DockerNodeRuntime::sandbox_spec(const control::PodIdentity& pod) const {
  ContainerSpec spec;
  spec.image = parts_.workload_image;
  spec.command = {"pause"};
  spec.hostname = pod.name.substr(0, 63);
  spec.network = parts_.network;
  spec.ip = pod.ip;
  spec.cgroup_parent = parts_.slices.parent_of(pod.node_name);
  spec.cpu_shares = 2;  // as the kubelet gives the pause container
  spec.labels = {{"tandem.pod", pod.namespace_ + "/" + pod.name}, {"tandem.node", pod.node_name}};
  return spec;
}

void DockerNodeRuntime::create_sandbox(const control::PodIdentity& pod, std::function<void(Status)> done) {
  const auto [entry, added] = sandboxes_.try_emplace(pod.uid);
  if (!added && entry->second.running) {
    parts_.loop.delay(0, [done = std::move(done)] { done({}); });
    return;
  }
  entry->second.pod = pod;
  parts_.resources.create_container(sandbox_spec(pod), "sandbox",
                                    [this, uid = pod.uid, asked = parts_.loop.now(), done = std::move(done)](const Result<std::string>& id) {
    if (!id) sandbox_failed(uid, id.error(), done);
    else start_sandbox(uid, *id, asked, done);
  });
}

void DockerNodeRuntime::start_sandbox(const std::string& uid, const std::string& id, SimTime asked, std::function<void(Status)> done) {
  const auto found = sandboxes_.find(uid);
  if (found == sandboxes_.end()) return;  // removed meanwhile; the end of the run deletes the container
  found->second.id = id;
  EngineClient& engine = parts_.resources.engine();
  engine.start<Nothing>(api::start_container(id), [this, uid, id, asked, done = std::move(done)](const Result<Nothing>& started) {
    if (!started) {
      sandbox_failed(uid, started.error(), done);
      return;
    }
    // The process id is what faults enter the network namespace by.
    parts_.resources.engine().start<ContainerInfo>(api::inspect_container(id), [this, uid, asked, done](const Result<ContainerInfo>& info) {
      const auto sandbox = sandboxes_.find(uid);
      if (sandbox == sandboxes_.end()) return;
      sandbox->second.running = true;
      note_time("sandbox.create_ms", sandbox->second.pod, asked);
      if (info) sandbox->second.pid = info->pid;
      if (sandbox_listener_) sandbox_listener_({sandbox->second.pod, sandbox->second.pid});
      done({});
    });
  });
}

void DockerNodeRuntime::sandbox_failed(const std::string& uid, const Error& error, const std::function<void(Status)>& done) {
  const auto found = sandboxes_.find(uid);
  if (found != sandboxes_.end() && !found->second.id.empty()) {
    parts_.resources.remove_container(found->second.id, [](const Status&) {
      // What cannot be removed now is removed at the end of the run.
    });
  }
  sandboxes_.erase(uid);
  done(tl::unexpected(error));
}

void DockerNodeRuntime::remove_sandbox(const control::PodIdentity& pod, std::function<void(Status)> done) {
  const auto found = sandboxes_.find(pod.uid);
  if (found == sandboxes_.end()) {
    parts_.loop.delay(0, [done = std::move(done)] { done({}); });
    return;
  }
  std::vector<std::string> ids = found->second.containers;
  if (!found->second.id.empty()) ids.push_back(found->second.id);
  sandboxes_.erase(found);
  struct Removal {
    std::size_t left = 0;
    Status status;
    std::function<void(Status)> done;
  };
  auto removal = std::make_shared<Removal>(Removal{ids.size(), {}, std::move(done)});
  if (ids.empty()) parts_.loop.delay(0, [removal] { removal->done({}); });
  for (const std::string& id : ids) {
    parts_.resources.remove_container(id, [removal](Status removed) {
      if (!removed) removal->status = std::move(removed);
      if (--removal->left == 0) removal->done(removal->status);
    });
  }
}

// ---------------------------------------------------------------- images

bool DockerNodeRuntime::image_present(const std::string& /*node_name*/, const std::string& image) const {
  const auto found = parts_.scenario.images.find(image);
  return found != parts_.scenario.images.end() && found->second.pullable;
}

void DockerNodeRuntime::pull_image(const std::string& /*node_name*/, const std::string& image,
                                   std::function<void(Result<control::ImagePulled>)> done) {
  parts_.loop.delay(0, [this, image, done = std::move(done)] {
    const auto found = parts_.scenario.images.find(image);
    if (found == parts_.scenario.images.end()) {
      done(fail(ErrorCode::EngineNotFound, "the scenario describes no image " + image));
    } else if (!found->second.pullable) {
      done(fail(ErrorCode::EngineRefused, not_found_text(image)));
    } else {
      done(control::ImagePulled{true, found->second.size_bytes});
    }
  });
}

// ---------------------------------------------------------------- containers

ContainerSpec DockerNodeRuntime::container_spec(const control::ContainerRequest& request, const Sandbox& sandbox) const {
  const scenario::NodeSpec* node = find_node(parts_.scenario, request.pod.node_name);
  ContainerSpec spec;
  spec.image = parts_.workload_image;
  spec.command = {"serve"};
  for (const auto& [name, value] : request.env) spec.environment.push_back(name + "=" + value);
  const std::string config = write_workload_config(workload_config(parts_.scenario.images.at(request.image), request, parts_.cpu_speed));
  for (std::string& part : container::split_for_environment(container::kWorkloadConfigVariable, config)) spec.environment.push_back(std::move(part));
  spec.network = "container:" + sandbox.id;
  spec.cgroup_parent = parts_.slices.parent_of(request.pod.node_name);
  spec.cpu_shares = cpu_shares(request.cpu_request_milli);
  spec.cpu_quota_us = cpu_quota_us(request.cpu_limit_milli, parts_.slices.active() && node != nullptr ? node->cpu_milli : 0);
  spec.memory_bytes = request.memory_limit_bytes;
  spec.oom_score_adj = request.oom_score_adj;
  spec.pids_limit = kPidsMax;
  spec.capabilities = {"NET_BIND_SERVICE"};
  spec.labels = {{"tandem.pod", request.pod.namespace_ + "/" + request.pod.name},
                 {"tandem.node", request.pod.node_name},
                 {"tandem.container", request.container_name}};
  return spec;
}

void DockerNodeRuntime::start_container(const control::ContainerRequest& request,
                                        std::function<void(Result<control::ContainerStarted>)> done) {
  const auto sandbox = sandboxes_.find(request.pod.uid);
  if (sandbox == sandboxes_.end() || !sandbox->second.running || !image_present({}, request.image)) {
    const bool no_image = sandbox != sandboxes_.end() && sandbox->second.running;
    parts_.loop.delay(0, [done = std::move(done), no_image, image = request.image] {
      done(no_image ? fail(ErrorCode::EngineNotFound, "the scenario describes no image " + image)
                    : fail(ErrorCode::EngineRefused, "the pod has no sandbox"));
    });
    return;
  }
  parts_.resources.create_container(container_spec(request, sandbox->second), "pod",
                                    [this, request, asked = parts_.loop.now(), done = std::move(done)](const Result<std::string>& id) {
    if (id) start_created(request, *id, asked, done);
    else done(tl::unexpected(id.error()));
  });
}

void DockerNodeRuntime::start_created(const control::ContainerRequest& request, const std::string& id, SimTime asked,
                                      const std::function<void(Result<control::ContainerStarted>)>& done) {
  note_time("container.create_ms", request.pod, asked);
  if (const auto owner = sandboxes_.find(request.pod.uid); owner != sandboxes_.end()) owner->second.containers.push_back(id);
  parts_.resources.engine().start<Nothing>(api::start_container(id), [this, request, id, created = parts_.loop.now(), done](const Result<Nothing>& started) {
    if (!started) {
      done(tl::unexpected(started.error()));
      return;
    }
    note_time("container.start_ms", request.pod, created);
    Container& container = containers_[id];
    container.pod = request.pod;
    container.name = request.container_name;
    done(control::ContainerStarted{id, parts_.loop.now()});
    // Only now: its end must not be reported before its start.
    if (containers_.count(id) > 0) watch_for_exit(id);
  });
}

void DockerNodeRuntime::note_time(const char* step, const control::PodIdentity& pod, SimTime since) const {
  if (timing_listener_) timing_listener_(step, pod, parts_.loop.now() - since);
}

void DockerNodeRuntime::watch_for_exit(const std::string& id) {
  containers_.at(id).wait_ticket = parts_.resources.engine().start<std::int64_t>(api::wait_container(id), [this, id](const Result<std::int64_t>& code) {
    const auto found = containers_.find(id);
    if (found == containers_.end()) return;
    found->second.wait_ticket = 0;
    // A broken wait says nothing about the container; reconcile() finds out.
    if (code) exit_seen(id, *code);
  });
}

void DockerNodeRuntime::exit_seen(const std::string& id, std::int64_t exit_code) {
  if (exit_code != kKilled) {
    report_exit(id, exit_code, false);
    return;
  }
  parts_.resources.engine().start<ContainerInfo>(api::inspect_container(id), [this, id, exit_code](const Result<ContainerInfo>& info) {
    report_exit(id, exit_code, info && info->oom_killed);
  });
}

void DockerNodeRuntime::report_exit(const std::string& id, std::int64_t exit_code, bool oom_killed) {
  auto node = containers_.extract(id);
  if (node.empty()) return;
  Container& container = node.mapped();
  if (container.kill_timer != 0) parts_.loop.cancel_delay(container.kill_timer);
  if (container.wait_ticket != 0) parts_.resources.engine().cancel(container.wait_ticket);
  if (container.told_to_stop) note_time("container.stop_ms", container.pod, *container.told_to_stop);
  if (exit_listener_) exit_listener_({id, static_cast<std::int32_t>(exit_code), oom_killed, parts_.loop.now()});
}

void DockerNodeRuntime::signal(const std::string& id, const std::string& name) {
  parts_.resources.engine().start<Nothing>(api::kill_container(id, name), [](const Result<Nothing>&) {
    // Whatever came of it shows in the container's end.
  });
}

void DockerNodeRuntime::stop_container(const std::string& container_id, SimDuration grace) {
  const auto found = containers_.find(container_id);
  if (found == containers_.end()) return;
  if (grace.ns <= 0) {
    signal(container_id, "SIGKILL");
    return;
  }
  signal(container_id, "SIGTERM");
  if (!found->second.told_to_stop) found->second.told_to_stop = parts_.loop.now();
  // A later call can only bring it forward.
  const SimTime now = parts_.loop.now();
  found->second.kill_at = std::min(found->second.kill_at, now + grace);
  if (found->second.kill_timer != 0) parts_.loop.cancel_delay(found->second.kill_timer);
  found->second.kill_timer = parts_.loop.delay((found->second.kill_at - now).ns, [this, container_id] {
    const auto late = containers_.find(container_id);
    if (late == containers_.end()) return;
    late->second.kill_timer = 0;
    signal(container_id, "SIGKILL");
  });
}

void DockerNodeRuntime::reconcile() {
  auto list = api::list_containers(parts_.resources.label());
  list.timeout = seconds(5);
  parts_.resources.engine().start<std::vector<ContainerInfo>>(
      list, [this](const Result<std::vector<ContainerInfo>>& listed) {
        reconcile_timer_ = parts_.loop.delay(kReconcilePeriodNs, [this] { reconcile(); });
        if (!listed) {
          const bool lost = host::monotonic_ns() - last_answer_ns_ > kEngineLostNs;
          if (lost && !failure_) failure_ = make_error(ErrorCode::EngineUnavailable, "the engine was lost during the run").caused_by(listed.error());
          return;
        }
        last_answer_ns_ = host::monotonic_ns();
        std::vector<std::string> lost;
        for (auto& [id, container] : containers_) {
          const bool running = std::any_of(listed->begin(), listed->end(), [&, wanted = std::string_view(id)](const ContainerInfo& item) {
            return item.id == wanted && item.running;
          });
          container.missed = running ? 0 : container.missed + 1;
          // The wait's own answer may be on its way: believe the list the second time only.
          if (container.missed >= 2) lost.push_back(id);
        }
        for (const std::string& id : lost) {
          parts_.resources.engine().start<ContainerInfo>(api::inspect_container(id), [this, id](const Result<ContainerInfo>& info) {
            if (info && info->running) return;
            report_exit(id, info ? info->exit_code : kKilled, info && info->oom_killed);
          });
        }
      });
}

// ---------------------------------------------------------------- questions

void DockerNodeRuntime::probe(const control::ProbeRequest& request, std::function<void(control::ProbeOutcome)> done) {
  if (std::holds_alternative<cluster::ExecAction>(request.probe.action)) probe_by_exec(request, std::move(done));
  else probes_.probe(request, std::move(done));
}

void DockerNodeRuntime::probe_by_exec(const control::ProbeRequest& request, std::function<void(control::ProbeOutcome)> done) {
  // Whichever comes first: the engine cannot end what it has begun in a container.
  struct Race {
    std::function<void(control::ProbeOutcome)> done;
    std::uint64_t timer = 0;
  };
  auto race = std::make_shared<Race>(Race{std::move(done), 0});
  const std::vector<std::string>& command = std::get<cluster::ExecAction>(request.probe.action).command;
  const SimDuration timeout = timeout_of(request.probe);
  race->timer = parts_.loop.delay(timeout.ns, [race, command, timeout] {
    race->timer = 0;
    std::exchange(race->done, nullptr)(exec_probe_timeout(command, timeout));
  });
  exec(request.container_id, command, [this, race](const Result<int>& code) {
    if (!race->done) return;
    parts_.loop.cancel_delay(race->timer);
    std::exchange(race->done, nullptr)(exec_probe_outcome(code));
  });
}

void DockerNodeRuntime::exec(const std::string& container_id, const std::vector<std::string>& command, std::function<void(Result<int>)> done) {
  EngineClient& engine = parts_.resources.engine();
  // The image holds nothing but the workload, which knows what the command would do.
  std::vector<std::string> played = {std::string(container::kWorkloadProgram), std::string(container::kRunCommand)};
  played.insert(played.end(), command.begin(), command.end());
  const SimDuration limit = effect_of(command).takes + kExecSlack;
  engine.start<std::string>(api::create_exec(container_id, played), [&engine, limit, done = std::move(done)](const Result<std::string>& exec_id) {
    if (!exec_id) {
      done(tl::unexpected(exec_id.error()));
      return;
    }
    engine.start<Nothing>(api::start_exec(*exec_id, limit), [&engine, exec_id = *exec_id, done](const Result<Nothing>& ended) {
      if (!ended) {
        done(tl::unexpected(ended.error()));
        return;
      }
      engine.start<std::int64_t>(api::exec_exit_code(exec_id), [done](const Result<std::int64_t>& code) {
        if (!code) done(tl::unexpected(code.error()));
        else done(static_cast<int>(*code));
      });
    });
  });
}

void DockerNodeRuntime::stats(const std::string& container_id, std::function<void(Result<control::ContainerStats>)> done) {
  parts_.resources.engine().start<StatsInfo>(api::container_stats(container_id), [done = std::move(done)](const Result<StatsInfo>& stats) {
    if (!stats) done(tl::unexpected(stats.error()));
    else done(control::ContainerStats{stats->cpu_used, stats->throttled, stats->memory_bytes});
  });
}

std::vector<DockerNodeRuntime::SandboxView> DockerNodeRuntime::sandboxes() const {
  std::vector<SandboxView> views;
  for (const auto& [uid, sandbox] : sandboxes_) {
    if (sandbox.running) views.push_back({sandbox.pod, sandbox.pid});
  }
  return views;
}

std::vector<DockerNodeRuntime::ContainerView> DockerNodeRuntime::containers() const {
  std::vector<ContainerView> views;
  for (const auto& [id, container] : containers_) views.push_back({id, container.pod, container.name});
  std::sort(views.begin(), views.end(), [](const ContainerView& a, const ContainerView& b) {
    return std::tie(a.pod.uid, a.container_name, a.id) < std::tie(b.pod.uid, b.container_name, b.id);
  });
  return views;
}

}  // namespace tandem::docker
