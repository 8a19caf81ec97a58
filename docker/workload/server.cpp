#include "docker/workload/server.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "core/base/text.hpp"
#include "docker/workload/body_template.hpp"

namespace tandem::workload {

namespace {

constexpr SimDuration kIdleMax = seconds(75);       // what web servers commonly allow
constexpr SimDuration kSweepPeriod = seconds(5);
constexpr int kSendTimeoutMs = 10'000;

Status system_failure(const std::string& what) {
  return fail(ErrorCode::ProcessFailed, what + ": " + std::strerror(errno));
}

void watch(int poller, int file, std::uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.fd = file;
  epoll_ctl(poller, EPOLL_CTL_ADD, file, &event);
}

/// Sends everything or gives up when the client stops taking it.
bool send_all(int socket, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
      continue;
    }
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && errno != EAGAIN) return false;
    pollfd entry{socket, POLLOUT, 0};
    if (poll(&entry, 1, kSendTimeoutMs) <= 0) return false;
  }
  return true;
}

std::string milliseconds_text(SimDuration duration) { return format_fixed(to_milliseconds(duration), 6); }

std::string timing_text(const JobTimes& times) {
  std::string text = "queue;dur=" + milliseconds_text(times.queued) + ", service;dur=" + milliseconds_text(times.service) +
                     ", cpu;dur=" + milliseconds_text(times.cpu);
  if (times.throttled) text += ", throttled;dur=" + milliseconds_text(*times.throttled);
  return text;
}

constexpr int kNotFound = 404;

/// `status` is that of requests without a route: not found, or failing.
HttpResponse answer(const container::WorkloadConfig& config, const container::WorkloadRoute* route, int status, const HttpRequest& request,
                    std::string_view rest) {
  HttpResponse response;
  response.head_only = request.method == "HEAD";
  response.content_type = "text/plain; charset=utf-8";
  if (route == nullptr) {
    response.status = status;
    response.body = status == kNotFound ? "404 page not found\n" : "failing\n";
    return response;
  }
  response.status = route->status;
  response.content_type = route->content_type;
  const RequestFacts facts{percent_decode(rest, false), parse_query(request.query)};
  response.body = render_body(route->body, is_json_type(route->content_type), config, facts);
  const auto size = static_cast<std::size_t>(route->response_bytes);
  if (response.body.size() < size) response.body.resize(size, ' ');
  return response;
}

}  // namespace

Server::Server(container::WorkloadConfig config, int signals, SimDuration begin)
    : config_(std::move(config)), signals_(signals), begin_(begin), port_(config_.port) {
  poller_ = epoll_create1(EPOLL_CLOEXEC);
  wakeup_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  watch(poller_, wakeup_, EPOLLIN);
  if (signals_ >= 0) watch(poller_, signals_, EPOLLIN);
  executor_ = std::make_unique<Executor>(config_.workers, config_.shared);
}

Server::~Server() {
  executor_.reset();
  for (const auto& [socket, connection] : connections_) close(socket);
  if (listener_ >= 0) close(listener_);
  close(wakeup_);
  close(poller_);
}

Status Server::listen() {
  if (!config_.listens) return {};
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (listener_ < 0) return system_failure("cannot make a socket");
  const int on = 1;
  setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_ANY);
  address.sin_port = htons(static_cast<std::uint16_t>(port_));
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  socklen_t size = sizeof address;
  if (bind(listener_, generic, size) != 0 || ::listen(listener_, SOMAXCONN) != 0 || getsockname(listener_, generic, &size) != 0) {
    const Status failure = system_failure("cannot listen on port " + std::to_string(port_));
    close(listener_);
    listener_ = -1;
    return failure;
  }
  port_ = ntohs(address.sin_port);
  watch(poller_, listener_, EPOLLIN);
  return {};
}

int Server::run() {
  next_sweep_ = monotonic_time() + kSweepPeriod;
  epoll_event events[64];
  for (;;) {
    SimDuration wake = next_sweep_;
    if (terminating_ && !stopped_accepting_) wake = std::min(wake, stop_at_);
    const std::int64_t timeout_ms = std::max<std::int64_t>(0, (wake - monotonic_time()).ns + 999'999) / 1'000'000;
    const int ready = epoll_wait(poller_, events, 64, static_cast<int>(timeout_ms));
    for (int i = 0; i < ready; ++i) {
      const int file = events[i].data.fd;
      if (file == listener_) {
        on_listener();
      } else if (file == wakeup_) {
        on_answers();
      } else if (file == signals_) {
        on_signal();
      } else if (const auto found = connections_.find(file); found != connections_.end() && !found->second->busy) {
        // An event of a busy connection is a hang-up, or stale because its number was used again within this batch.
        on_readable(*found->second);
      }
    }
    on_tick();
    if (stopped_accepting_ && connections_.empty()) return 0;
    adjust_listener();
  }
}

bool Server::full() const {
  return unanswered() >= static_cast<std::size_t>(config_.workers) + static_cast<std::size_t>(config_.backlog);
}

void Server::on_listener() {
  while (!full()) {
    const int socket = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (socket < 0) return;
    const int on = 1;
    setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    auto connection = std::make_unique<Connection>();
    connection->socket = socket;
    connection->arrived = connection->last_used = monotonic_time();
    watch(poller_, socket, EPOLLONESHOT);  // armed below, once it is known to be waiting
    Connection& accepted = *connections_.emplace(socket, std::move(connection)).first->second;
    on_readable(accepted);  // the request is often there already
  }
}

void Server::on_readable(Connection& connection) {
  if (connection.hung) return hang(connection);
  char buffer[16 << 10];
  for (;;) {
    const ssize_t size = recv(connection.socket, buffer, sizeof buffer, 0);
    if (size > 0) {
      if (connection.idle) {
        connection.idle = false;
        --idle_;
        connection.arrived = monotonic_time();
      }
      connection.received.append(buffer, static_cast<std::size_t>(size));
      if (static_cast<std::size_t>(size) < sizeof buffer) break;
      continue;
    }
    if (size < 0 && errno == EINTR) continue;
    if (size < 0 && errno == EAGAIN) break;
    close_connection(connection.socket);
    return;
  }
  advance(connection);
}

void Server::advance(Connection& connection) {
  HttpRequest request;
  int error_status = 0;
  switch (take_request(connection.received, request, error_status)) {
    case ParseState::Incomplete:
      if (request.expects_continue) send_all(connection.socket, "HTTP/1.1 100 Continue\r\n\r\n");
      arm(connection);
      return;
    case ParseState::BadRequest:
      refuse(connection, error_status);
      return;
    case ParseState::Complete:
      hand_over(connection, std::move(request));
      return;
  }
}

/// Waits for nothing but the client's going away.
void Server::hang(Connection& connection) {
  if (!connection.hung) {
    connection.hung = true;
    ++hung_;
  }
  char ignored[4 << 10];
  for (;;) {
    const ssize_t size = recv(connection.socket, ignored, sizeof ignored, 0);
    if (size > 0 || (size < 0 && errno == EINTR)) continue;
    if (size < 0 && errno == EAGAIN) return arm(connection);
    return close_connection(connection.socket);
  }
}

void Server::hand_over(Connection& connection, HttpRequest request) {
  const container::WorkloadFailure* const failure = container::find_failure(config_.failures, request.path, monotonic_time() - begin_);
  if (failure != nullptr && failure->hang) return hang(connection);
  const int status = failure == nullptr ? kNotFound : failure->status;
  container::RouteMatch match;
  const container::WorkloadRoute* route = nullptr;
  if (failure == nullptr && container::match_route(config_.routes, request.path, match)) route = &config_.routes[match.index];
  Job job;
  job.arrived = connection.arrived;
  if (route != nullptr) {
    const double factor = route->exponential ? request.demand_factor : 1.0;
    job.cpu = from_seconds(to_seconds(route->cpu) * factor / config_.cpu_speed);
    job.wait = route->wait;
  }
  connection.busy = true;
  // The connection belongs to the worker until it reports back: the epoll entry is one-shot and not armed.
  job.done = [this, socket = connection.socket, route, status, rest = std::string(match.rest),
              closing = stopped_accepting_, request = std::move(request)](const JobTimes& times) {
    HttpResponse response = answer(config_, route, status, request, rest);
    response.keep_alive = request.keep_alive && !closing;
    response.timing = timing_text(times);
    const bool sent = send_all(socket, write_response(response, config_.pod));
    {
      const std::lock_guard lock(answered_mutex_);
      answered_.push_back({socket, sent && response.keep_alive});
    }
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = write(wakeup_, &one, sizeof one);
  };
  executor_->submit(std::move(job));
}

void Server::refuse(Connection& connection, int status) {
  HttpResponse response;
  response.status = status;
  response.content_type = "text/plain; charset=utf-8";
  response.body = std::to_string(status) + " " + std::string(reason_phrase(status)) + "\n";
  send_all(connection.socket, write_response(response, config_.pod));
  close_connection(connection.socket);
}

void Server::on_answers() {
  std::uint64_t count = 0;
  [[maybe_unused]] const ssize_t size = read(wakeup_, &count, sizeof count);
  std::vector<Answered> answered;
  {
    const std::lock_guard lock(answered_mutex_);
    answered.swap(answered_);
  }
  for (const Answered& item : answered) {
    const auto found = connections_.find(item.socket);
    if (found == connections_.end()) continue;
    Connection& connection = *found->second;
    connection.busy = false;
    connection.last_used = connection.arrived = monotonic_time();
    if (!item.keep_alive || stopped_accepting_) {
      close_connection(item.socket);
    } else if (connection.received.empty()) {
      connection.idle = true;
      ++idle_;
      arm(connection);
    } else {
      advance(connection);  // a pipelined request
    }
  }
}

void Server::on_signal() {
  signalfd_siginfo info{};
  while (read(signals_, &info, sizeof info) == sizeof info) {
    if (terminating_ || config_.ignore_terminate) continue;
    terminating_ = true;
    stop_at_ = monotonic_time() + config_.drain;
  }
}

void Server::on_tick() {
  const SimDuration now = monotonic_time();
  if (terminating_ && !stopped_accepting_ && now >= stop_at_) {
    if (config_.abort_on_terminate) _exit(0);
    stop_accepting();
  }
  if (now < next_sweep_) return;
  next_sweep_ = now + kSweepPeriod;
  std::vector<int> expired;
  for (const auto& [socket, connection] : connections_) {
    if (!connection->busy && !connection->hung && now - connection->last_used > kIdleMax) expired.push_back(socket);
  }
  for (const int socket : expired) close_connection(socket);
}

void Server::stop_accepting() {
  if (listener_ >= 0) {
    on_listener();  // what the kernel has completed already counts as accepted
    close(listener_);
    listener_ = -1;
  }
  stopped_accepting_ = true;
  // Who is not being served does not hold the end up.
  std::vector<int> unserved;
  for (const auto& [socket, connection] : connections_) {
    if (connection->idle || connection->hung) unserved.push_back(socket);
  }
  for (const int socket : unserved) close_connection(socket);
}

void Server::close_connection(int socket) {
  const auto found = connections_.find(socket);
  if (found == connections_.end()) return;
  if (found->second->idle) --idle_;
  if (found->second->hung) --hung_;
  connections_.erase(found);
  close(socket);
}

void Server::arm(Connection& connection) {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLONESHOT;
  event.data.fd = connection.socket;
  epoll_ctl(poller_, EPOLL_CTL_MOD, connection.socket, &event);
}

void Server::adjust_listener() {
  if (stopped_accepting_ || !config_.listens) return;
  if (full() && listener_ >= 0) {
    close(listener_);
    listener_ = -1;
  } else if (!full() && listener_ < 0) {
    // Only a port stolen inside our own container could make this fail; the next answer tries again.
    [[maybe_unused]] const Status reopened = listen();
  }
}

}  // namespace tandem::workload
