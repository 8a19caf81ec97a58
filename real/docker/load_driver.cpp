#include "real/docker/load_driver.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <map>
#include <thread>
#include <utility>

#include "host/wall_clock.hpp"

namespace tandem::docker {

namespace {

constexpr std::int64_t kConnectPatienceNs = 10'000'000'000;
constexpr std::int64_t kReportPatienceNs = 10'000'000'000;

bool send_all(int socket, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    } else if (errno == EAGAIN) {
      pollfd entry{socket, POLLOUT, 0};
      if (::poll(&entry, 1, 1000) <= 0) return false;
    } else if (errno != EINTR) {
      return false;
    }
  }
  return true;
}

}  // namespace

container::TrafficPlan traffic_plan(const scenario::Scenario& scenario, std::int64_t zero_monotonic_ns,
                                    const std::function<std::vector<container::TargetAddress>(const std::string&)>& targets) {
  container::TrafficPlan plan;
  plan.seed = scenario.seed;
  plan.zero_monotonic_ns = zero_monotonic_ns;
  std::map<std::string, std::int32_t> balancers;
  for (const scenario::TrafficSpec& traffic : scenario.traffic) {
    const std::string service = traffic.namespace_ + "/" + traffic.service;
    const auto [balancer, added] = balancers.try_emplace(service, static_cast<std::int32_t>(plan.balancers.size()));
    if (added) plan.balancers.push_back(targets(service));
    container::PlannedSource source;
    source.plan.name = traffic.name;
    source.plan.kind = traffic.arrivals == scenario::ArrivalKind::Constant ? traffic::ArrivalProcessKind::Constant : traffic::ArrivalProcessKind::Poisson;
    source.plan.rate = traffic.rate;
    source.plan.from = kTimeZero + traffic.from;
    source.plan.until = kTimeZero + std::min(traffic.until, scenario.horizon);
    source.method = traffic.method;
    source.target = traffic.route;
    source.host = traffic.service;
    source.timeout = traffic.timeout;
    source.keep_alive = traffic.keep_alive;
    source.balancer = balancer->second;
    plan.sources.push_back(std::move(source));
  }
  return plan;
}

DockerTrafficDriver::DockerTrafficDriver(Parts parts)
    : parts_(std::move(parts)),
      reader_({.plan = {},
               .ready = [this] { ready_ = true; },
               .record =
                   [this](const record::RequestRecord& record) {
                     ++records_;
                     if (record_) record_(record);
                   },
               .finished = [this](const container::ScheduleReport& report) { report_ = report; },
               .failed = [this](std::string_view message) {
                 fail_with(make_error(ErrorCode::EngineRefused, "the load generator refused its plan").with_found(std::string(message)));
               }}) {}

DockerTrafficDriver::~DockerTrafficDriver() { close_control(); }

void DockerTrafficDriver::close_control() {
  if (control_ < 0) return;
  parts_.loop.unwatch(control_);
  ::close(std::exchange(control_, -1));
}

void DockerTrafficDriver::fail_with(Error error) {
  if (!failure_) failure_ = std::move(error);
  close_control();
}

Status DockerTrafficDriver::prepare() {
  ContainerSpec spec;
  spec.image = parts_.image;
  spec.network = parts_.network;
  spec.ip = parts_.address;
  spec.cgroup_parent = parts_.cgroup_parent;
  spec.auto_remove = true;  // nobody asks how it ended, so its own end may be the last of it (hardening C8)
  // A connection per request: ports must come back faster than the default minute.
  spec.sysctls = {{"net.ipv4.tcp_tw_reuse", "1"}, {"net.ipv4.ip_local_port_range", "1024 65000"}};
  const auto id = parts_.resources.create_container(spec, "load-generator");
  if (!id) return tl::unexpected(id.error());
  container_id_ = *id;
  if (const auto started = parts_.resources.engine().run(api::start_container(*id)); !started) return tl::unexpected(started.error());
  const std::int64_t deadline = host::monotonic_ns() + kConnectPatienceNs;
  Status connected = connect();
  while (!connected) {
    if (parts_.cancelled && parts_.cancelled()) return fail(ErrorCode::Interrupted, "interrupted");
    if (host::monotonic_ns() > deadline) return connected;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    connected = connect();
  }
  parts_.loop.watch(control_, host::Reactor::kReadable, [this](unsigned) { on_readable(); });
  parts_.loop.run_while([this] { return !ready_ && !failure_; }, kConnectPatienceNs);
  if (failure_) return tl::unexpected(*failure_);
  if (!ready_) return fail(ErrorCode::EngineTimeout, "the load generator does not answer");
  if (parts_.prioritise) {
    const auto container = parts_.resources.engine().run(api::inspect_container(container_id_));
    if (!container) return tl::unexpected(container.error());
    real_time_ = parts_.prioritise(container->pid);
  }
  return {};
}

Status DockerTrafficDriver::connect() {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(container::kControlPort);
  inet_pton(AF_INET, parts_.address.c_str(), &address.sin_addr);
  control_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (control_ < 0) return fail(ErrorCode::EngineCapability, std::string("no socket: ") + std::strerror(errno));
  int error = ::connect(control_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 ? 0 : errno;
  if (error == EINPROGRESS) {
    pollfd entry{control_, POLLOUT, 0};
    error = ETIMEDOUT;
    socklen_t size = sizeof error;
    if (::poll(&entry, 1, 1000) == 1) ::getsockopt(control_, SOL_SOCKET, SO_ERROR, &error, &size);
  }
  if (error == 0) return {};
  ::close(std::exchange(control_, -1));
  return fail(make_error(ErrorCode::EngineTimeout, "cannot reach the load generator at " + parts_.address + ": " + std::strerror(error))
                  .with_hint("containers must be reachable from this machine: the engine has to run here, not in a virtual machine or elsewhere"));
}

Status DockerTrafficDriver::start(const scenario::Scenario& scenario, std::function<void(const record::RequestRecord&)> record) {
  record_ = std::move(record);
  container::TrafficPlan plan = traffic_plan(scenario, parts_.loop.zero_monotonic_ns(), parts_.targets);
  if (plan_edit_) plan_edit_(plan);
  for (const container::PlannedSource& source : plan.sources) last_end_ = std::max(last_end_, source.plan.until + source.timeout);
  if (control_ < 0 || !send_all(control_, container::FrameWriter::plan(plan))) {
    return fail(ErrorCode::EngineRefused, "the load generator went away before the traffic began");
  }
  return {};
}

void DockerTrafficDriver::on_readable() {
  char buffer[64 << 10];
  for (int reads = 0; reads < 16 && control_ >= 0; ++reads) {
    const ssize_t size = ::recv(control_, buffer, sizeof buffer, 0);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0 && errno == EAGAIN) return;
    if (size <= 0) {
      if (report_) close_control();
      else fail_with(make_error(ErrorCode::EngineRefused, "the load generator died during the run"));
      return;
    }
    if (Status fed = reader_.feed({buffer, static_cast<std::size_t>(size)}); !fed) {
      fail_with(std::move(fed).error());
      return;
    }
  }
}

Status DockerTrafficDriver::finish() {
  if (!record_) return {};
  const bool cancellable = static_cast<bool>(parts_.cancelled);
  const std::int64_t limit = std::max<std::int64_t>(0, (last_end_ - parts_.loop.now()).ns) + kReportPatienceNs;
  const auto waiting = [&] { return !report_ && !failure_ && !(cancellable && parts_.cancelled()); };
  parts_.loop.run_while(waiting, limit);
  close_control();
  if (failure_) return tl::unexpected(*failure_);
  if (report_) return {};
  if (cancellable && parts_.cancelled()) return fail(ErrorCode::Interrupted, "interrupted while waiting for the last requests");
  return fail(ErrorCode::EngineTimeout, "the load generator did not report its end");
}

}  // namespace tandem::docker
