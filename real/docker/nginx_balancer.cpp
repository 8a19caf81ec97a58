#include "real/docker/nginx_balancer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "core/base/text.hpp"
#include "host/files.hpp"
#include "host/wall_clock.hpp"
#include "real/docker/nginx_config.hpp"
#include "real/docker/tar.hpp"
#include "real/docker/workload_spec.hpp"

namespace tandem::docker {

namespace {

constexpr std::int64_t kPollNs = 5'000'000;
constexpr std::int64_t kPatienceNs = 15'000'000'000;
constexpr std::size_t kProcFileMax = 64 << 10;

/// What nginx's master needs: its port below 1024, workers of another user, signals to them.
const std::vector<std::string> kCapabilities = {"CHOWN", "DAC_OVERRIDE", "KILL", "NET_BIND_SERVICE", "SETGID", "SETUID"};

/// Worker processes of a master that still take new connections. Nothing if /proc does not show them.
std::vector<std::int64_t> accepting_workers(std::int64_t master) {
  std::vector<std::int64_t> workers;
  if (master <= 0) return workers;
  const auto children = host::read_file(fmt::format("/proc/{0}/task/{0}/children", master), kProcFileMax);
  for (const std::string& text : split(children.value_or(""), ' ')) {
    std::int64_t pid = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), pid);
    if (error != std::errc()) continue;
    // nginx renames a worker just before it closes its listening sockets: "nginx: worker process is shutting down".
    const std::string title = host::read_file(fmt::format("/proc/{}/cmdline", pid), kProcFileMax).value_or("");
    if (title.find("worker process") != std::string::npos && title.find("shutting down") == std::string::npos) workers.push_back(pid);
  }
  return workers;
}

std::string config_archive(const std::string& config) {
  TarWriter writer;
  writer.add_file("nginx.conf", config);
  return writer.take();
}

}  // namespace

NginxBalancer::NginxBalancer(Parts parts) : parts_(std::move(parts)), http_(parts_.loop) {}
NginxBalancer::~NginxBalancer() { *alive_ = false; }

void NginxBalancer::later(std::int64_t delay_ns, std::function<void()> action) {
  parts_.loop.delay(delay_ns, [alive = alive_, action = std::move(action)] {
    if (*alive) action();
  });
}

// ---------------------------------------------------------------- start

void NginxBalancer::start(const std::string& service, const balance::BalancerSpec& spec, std::function<void(Status)> done) {
  if (spec.product != "nginx") {
    later(0, [done = std::move(done), product = spec.product] {
      done(fail(make_error(ErrorCode::ValueNotAllowed, "the Docker world has no balancer of this product").with_found(product).with_allowed("nginx")));
    });
    return;
  }
  Service& made = services_[service];
  made.spec = spec;
  made.instances.resize(static_cast<std::size_t>(spec.instances));
  made.busy = true;
  made.left = made.instances.size();
  made.callbacks.push_back(std::move(done));
  for (std::size_t index = 0; index < made.instances.size(); ++index) {
    made.instances[index].address = parts_.next_address();
    create_instance(service, index);
  }
}

void NginxBalancer::create_instance(const std::string& service, std::size_t index) {
  const Service& made = services_.at(service);
  ContainerSpec spec;
  spec.image = parts_.image;
  spec.entrypoint = with_lifetime({"nginx", "-g", "daemon off;"});
  spec.network = parts_.network;
  spec.ip = made.instances[index].address;
  spec.cgroup_parent = parts_.cgroup_parent;
  // A connection per request to every pod: let ports come back after a second.
  spec.sysctls = {{"net.ipv4.tcp_tw_reuse", "1"}, {"net.ipv4.ip_local_port_range", "1024 65000"}};
  spec.capabilities = kCapabilities;
  spec.labels = {{"tandem.service", service}};
  EngineClient& engine = parts_.resources.engine();
  parts_.resources.create_container(spec, "balancer", [this, &engine, service, index](const Result<std::string>& id) {
    if (!id) return give_up(service, index, id.error());
    Service& owner = services_.at(service);
    owner.instances[index].id = *id;
    const std::string archive = config_archive(nginx_config(owner.spec, {}, 0));
    engine.start<Nothing>(api::put_archive(*id, "/etc/nginx", archive), [this, &engine, service, index, id = *id](const Result<Nothing>& put) {
      if (!put) return give_up(service, index, put.error());
      engine.start<Nothing>(api::start_container(id), [this, service, index](const Result<Nothing>& started) {
        if (!started) return give_up(service, index, started.error());
        instance_started(service, index);
      });
    });
  });
}

void NginxBalancer::instance_started(const std::string& service, std::size_t index) {
  const std::string id = services_.at(service).instances[index].id;
  parts_.resources.engine().start<ContainerInfo>(api::inspect_container(id), [this, service, index](const Result<ContainerInfo>& info) {
    Instance& instance = services_.at(service).instances[index];
    if (info) instance.master_pid = info->pid;
    await_generation(service, index, 0, host::monotonic_ns() + kPatienceNs);
  });
}

// ---------------------------------------------------------------- changes

void NginxBalancer::set_backends(const std::string& service, std::vector<balance::Backend> backends, Applied applied) {
  const auto found = services_.find(service);
  if (found == services_.end()) {
    later(0, [applied = std::move(applied), service] { applied(fail(ErrorCode::EngineNotFound, "there is no balancer for " + service)); });
    return;
  }
  Service& changed = found->second;
  if (!changed.busy && changed.in_force == backends) {
    later(0, [applied = std::move(applied)] { applied({}); });
    return;
  }
  changed.wanted = std::move(backends);
  changed.wanted_callbacks.push_back(std::move(applied));
  changed.waiting = true;
  if (!changed.busy) begin_reload(service);
}

void NginxBalancer::begin_reload(const std::string& service) {
  Service& changed = services_.at(service);
  changed.busy = true;
  changed.waiting = false;
  changed.callbacks = std::exchange(changed.wanted_callbacks, {});
  changed.left = changed.instances.size();
  changed.status = {};
  ++changed.generation;
  changed.in_force = changed.wanted;
  const std::string config = nginx_config(changed.spec, changed.wanted, changed.generation);
  for (std::size_t index = 0; index < changed.instances.size(); ++index) reload_instance(service, index, config);
}

void NginxBalancer::reload_instance(const std::string& service, std::size_t index, const std::string& config) {
  EngineClient& engine = parts_.resources.engine();
  const std::string id = services_.at(service).instances[index].id;
  engine.start<Nothing>(api::put_archive(id, "/etc/nginx", config_archive(config)), [this, &engine, service, index, id](const Result<Nothing>& put) {
    if (!put) return give_up(service, index, put.error());
    Service& changed = services_.at(service);
    changed.instances[index].old_workers = accepting_workers(changed.instances[index].master_pid);
    engine.start<Nothing>(api::kill_container(id, "SIGHUP"), [this, service, index](const Result<Nothing>& told) {
      if (!told) return give_up(service, index, told.error());
      await_generation(service, index, services_.at(service).generation, host::monotonic_ns() + kPatienceNs);
    });
  });
}

void NginxBalancer::await_generation(const std::string& service, std::size_t index, std::uint64_t generation, std::int64_t deadline_ns) {
  const Instance& instance = services_.at(service).instances[index];
  host::HttpRequest request;
  request.url = fmt::format("http://{}:{}{}", instance.address, kBalancerControlPort, kGenerationPath);
  request.timeout = request.connect_timeout = seconds(1);
  request.fresh_connection = true;
  http_.send(std::move(request), [this, service, index, generation, deadline_ns](const host::HttpResult& answer) {
    if (answer && answer->status == 200 && answer->body == std::to_string(generation)) {
      await_old_workers(service, index, deadline_ns);
    } else if (host::monotonic_ns() >= deadline_ns) {
      const std::string seen = answer ? answer->body : answer.error().what;
      give_up(service, index, make_error(ErrorCode::EngineTimeout, "nginx did not take its configuration in time").with_found(seen));
    } else {
      later(kPollNs, [=, this] { await_generation(service, index, generation, deadline_ns); });
    }
  });
}

void NginxBalancer::await_old_workers(const std::string& service, std::size_t index, std::int64_t deadline_ns) {
  Instance& instance = services_.at(service).instances[index];
  const std::vector<std::int64_t> accepting = accepting_workers(instance.master_pid);
  const bool old_one = std::any_of(instance.old_workers.begin(), instance.old_workers.end(), [&](std::int64_t worker) {
    return std::find(accepting.begin(), accepting.end(), worker) != accepting.end();
  });
  if (!old_one || host::monotonic_ns() >= deadline_ns) {
    instance.old_workers.clear();
    followed(service, {});
    return;
  }
  later(kPollNs, [=, this] { await_old_workers(service, index, deadline_ns); });
}

void NginxBalancer::give_up(const std::string& service, std::size_t index, Error error) {
  const std::string& id = services_.at(service).instances[index].id;
  if (id.empty()) {
    followed(service, tl::unexpected(std::move(error)));
    return;
  }
  // What nginx itself says is the best explanation there is.
  parts_.resources.engine().start<std::string>(api::container_logs(id, 20), [this, service, error = std::move(error)](const Result<std::string>& log) mutable {
    if (log && !trim(*log).empty()) error.found += (error.found.empty() ? "" : "; ") + escape_for_terminal(trim(*log), 1000);
    followed(service, tl::unexpected(std::move(error)));
  });
}

void NginxBalancer::followed(const std::string& service, Status status) {
  Service& changed = services_.at(service);
  if (!status && changed.status) changed.status = std::move(status);
  if (--changed.left > 0) return;
  changed.busy = false;
  const std::vector<Applied> callbacks = std::exchange(changed.callbacks, {});
  const Status result = changed.status;
  if (changed.waiting) begin_reload(service);
  for (const Applied& callback : callbacks) callback(result);
}

std::vector<container::TargetAddress> NginxBalancer::addresses(const std::string& service) const {
  std::vector<container::TargetAddress> addresses;
  const auto found = services_.find(service);
  if (found == services_.end()) return addresses;
  for (const Instance& instance : found->second.instances) addresses.push_back({instance.address, kBalancerPort});
  return addresses;
}

std::vector<std::string> NginxBalancer::container_ids() const {
  std::vector<std::string> ids;
  for (const auto& [name, service] : services_) {
    for (const Instance& instance : service.instances) {
      if (!instance.id.empty()) ids.push_back(instance.id);
    }
  }
  return ids;
}

}  // namespace tandem::docker
