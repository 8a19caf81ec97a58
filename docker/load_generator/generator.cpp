#include "docker/load_generator/generator.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>

#include "core/base/text.hpp"
#include "docker/protocol/workload_config.hpp"

namespace tandem::load_generator {

namespace {

constexpr SimDuration kFlushPeriod = milliseconds(100);

record::RequestOutcome outcome_of(int error) {
  switch (error) {
    case ECONNREFUSED:
      return record::RequestOutcome::Refused;
    case EHOSTUNREACH:
    case ENETUNREACH:
      return record::RequestOutcome::NoRoute;
    case ETIMEDOUT:
      return record::RequestOutcome::Timeout;
    default:
      return record::RequestOutcome::Reset;
  }
}

std::string request_head(const container::PlannedSource& source) {
  std::string head = source.method + " " + source.target + " HTTP/1.1\r\nHost: " + source.host + "\r\nUser-Agent: tandem\r\n";
  head += source.keep_alive ? "" : "Connection: close\r\n";
  head += std::string(container::kDemandFactorHeader) + ": ";
  return head;
}

}  // namespace

Generator::Generator(container::TrafficPlan plan, int control) : plan_(std::move(plan)), control_(control) {
  // Default slack would let the kernel wake us 50 microseconds late to save power.
  prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
  poller_ = epoll_create1(EPOLL_CLOEXEC);
  timer_ = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
  for (const int file : {timer_, control_}) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = file;
    epoll_ctl(poller_, EPOLL_CTL_ADD, file, &event);
  }
  std::uint32_t instances = 0;
  for (const auto& balancer : plan_.balancers) {
    first_instance_.push_back(instances);
    instances += static_cast<std::uint32_t>(balancer.size());
  }
  idle_.resize(instances);
  for (const container::PlannedSource& planned : plan_.sources) {
    Source source{traffic::RequestStream(planned.plan, plan_.seed), {}, request_head(planned)};
    const auto number = static_cast<std::uint32_t>(sources_.size());
    if (source.stream.next(source.next)) due_.push({source.next.intended, number});
    sources_.push_back(std::move(source));
  }
}

Generator::~Generator() {
  for (const auto& [socket, request] : request_of_) close(socket);
  for (const auto& [socket, instance] : idle_instance_) close(socket);
  close(timer_);
  close(poller_);
}

SimTime Generator::now() const {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return {std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec - plan_.zero_monotonic_ns};
}

bool Generator::run() {
  epoll_event events[256];
  next_flush_ = now() + kFlushPeriod;
  while (!host_gone_ && (!due_.empty() || !requests_.empty())) {
    arm_timer();
    const int ready = epoll_wait(poller_, events, 256, -1);
    // New requests first: their deadlines are absolute, an answer can wait the microseconds it takes.
    start_due_requests();
    for (int i = 0; i < ready; ++i) {
      const int file = events[i].data.fd;
      if (file == control_) {
        host_gone_ = true;  // the host says nothing after the plan: only its end makes the socket readable
      } else if (file == timer_) {
        std::uint64_t expirations = 0;
        [[maybe_unused]] const ssize_t size = read(timer_, &expirations, sizeof expirations);
      } else {
        on_socket(file, events[i].events);
      }
    }
    expire_requests();
    flush(false);
  }
  if (!host_gone_) finish();
  return !host_gone_;
}

void Generator::arm_timer() {
  SimTime wake = next_flush_;
  if (!due_.empty()) wake = std::min(wake, due_.top().intended);
  if (!deadlines_.empty()) wake = std::min(wake, deadlines_.top().at);
  const std::int64_t at = std::max<std::int64_t>(1, wake.ns + plan_.zero_monotonic_ns);
  itimerspec setting{};
  setting.it_value.tv_sec = at / 1'000'000'000;
  setting.it_value.tv_nsec = at % 1'000'000'000;
  timerfd_settime(timer_, TFD_TIMER_ABSTIME, &setting, nullptr);
}

void Generator::start_due_requests() {
  while (!due_.empty() && due_.top().intended <= now()) {
    const std::uint32_t source = due_.top().source;
    due_.pop();
    start_request(source);
    if (sources_[source].stream.next(sources_[source].next)) due_.push({sources_[source].next.intended, source});
  }
}

void Generator::start_request(std::uint32_t source_number) {
  const Source& source = sources_[source_number];
  const container::PlannedSource& planned = plan_.sources[source_number];
  const std::uint64_t number = ++last_request_;
  Request request;
  request.record.traffic = source_number;
  request.record.index = source.next.index;
  request.record.intended = source.next.intended;
  request.record.sent = now();
  lag_.record((request.record.sent - source.next.intended).ns);
  request.text = source.head + format_double(source.next.demand_factor) + "\r\n\r\n";
  request.reader = HttpResponseReader(planned.method == "HEAD");
  const auto balancer = static_cast<std::size_t>(planned.balancer);
  // Instances are dealt to in turn by the request's number, as the model does.
  const std::uint64_t turn = source.next.index % plan_.balancers[balancer].size();
  request.instance = first_instance_[balancer] + static_cast<std::uint32_t>(turn);
  Request& placed = requests_.emplace(number, std::move(request)).first->second;
  if (requests_.size() > static_cast<std::size_t>(plan_.in_flight_max)) {
    ++over_in_flight_max_;
    complete(number, placed, record::RequestOutcome::Refused);
    return;
  }
  deadlines_.push({source.next.intended + planned.timeout, number});
  open_socket(number, placed, !planned.keep_alive);
}

void Generator::open_socket(std::uint64_t number, Request& request, bool fresh) {
  std::vector<IdleConnection>& idle = idle_[request.instance];
  if (!fresh && !idle.empty()) {
    request.socket = idle.back().socket;
    request.record.connection = idle.back().number;
    request.connected = request.reused = true;
    idle.pop_back();
    idle_instance_.erase(request.socket);
    request_of_[request.socket] = number;
    progress(number, request);
    return;
  }
  const auto balancer = static_cast<std::size_t>(plan_.sources[request.record.traffic].balancer);
  const container::TargetAddress& target = plan_.balancers[balancer][request.instance - first_instance_[balancer]];
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(target.port));
  inet_pton(AF_INET, target.address.c_str(), &address.sin_addr);
  request.socket = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  request.record.connection = ++last_connection_;
  request.connected = request.reused = false;
  if (request.socket < 0 ||
      (connect(request.socket, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 && errno != EINPROGRESS)) {
    on_broken(number, request, errno);
    return;
  }
  request_of_[request.socket] = number;
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLET;  // one registration serves connecting, sending and receiving
  event.data.fd = request.socket;
  epoll_ctl(poller_, EPOLL_CTL_ADD, request.socket, &event);
}

void Generator::on_socket(int socket, std::uint32_t events) {
  const auto found = request_of_.find(socket);
  if (found == request_of_.end()) {
    // An idle kept-alive connection: any news means that the server closes it.
    if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) drop_idle(socket);
    return;
  }
  const std::uint64_t number = found->second;
  Request& request = requests_.at(number);
  if (!request.connected) {
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) {
      on_broken(number, request, error);
      return;
    }
    if ((events & EPOLLOUT) == 0) return;
    request.connected = true;
  }
  progress(number, request);
}

bool Generator::send_rest(Request& request) {
  while (request.written < request.text.size()) {
    const ssize_t sent = send(request.socket, request.text.data() + request.written, request.text.size() - request.written, MSG_NOSIGNAL);
    if (sent > 0) {
      if (request.written == 0) request.record.sent = now();
      request.written += static_cast<std::size_t>(sent);
    } else if (errno != EINTR) {
      return errno == EAGAIN;
    }
  }
  return true;
}

void Generator::progress(std::uint64_t number, Request& request) {
  if (!send_rest(request)) {
    on_broken(number, request, errno);
    return;
  }
  char buffer[16 << 10];
  while (request.written == request.text.size()) {
    const ssize_t size = recv(request.socket, buffer, sizeof buffer, 0);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0 && errno == EAGAIN) return;
    if (size < 0) {
      on_broken(number, request, errno);
      return;
    }
    const auto state = size == 0 ? request.reader.end_of_stream()
                                 : request.reader.feed(std::string_view(buffer, static_cast<std::size_t>(size)));
    if (state == HttpResponseReader::State::Complete) {
      complete(number, request, record::RequestOutcome::Ok);
      return;
    }
    if (state == HttpResponseReader::State::Malformed) {
      on_broken(number, request, ECONNRESET);
      return;
    }
  }
}

void Generator::on_broken(std::uint64_t number, Request& request, int error) {
  const std::string& method = plan_.sources[request.record.traffic].method;
  // A server may close a kept-alive connection just as we use it: every HTTP client then repeats a safe request on a
  // fresh connection (RFC 9110 §9.2.2), so that is not an error of the service.
  const bool repeat = request.reused && !request.reader.began() && method != "POST" && method != "PATCH";
  if (!repeat) {
    complete(number, request, outcome_of(error));
    return;
  }
  request_of_.erase(request.socket);
  close(request.socket);
  request.written = 0;
  request.reader = HttpResponseReader(method == "HEAD");
  open_socket(number, request, /*fresh=*/true);
}

void Generator::complete(std::uint64_t number, Request& request, record::RequestOutcome outcome) {
  record::RequestRecord& record = request.record;
  record.end = now();
  record.outcome = outcome;
  const AnswerFacts& facts = request.reader.facts();
  if (outcome == record::RequestOutcome::Ok) {
    record.status = facts.status;
    record.replica = facts.replica;
    record.queued = facts.queued;
    record.service = facts.service;
    record.cpu = facts.cpu;
    record.throttled = facts.throttled;
    record.attempts = facts.attempts;
  } else {
    record.attempts = 0;
  }
  frames_.add(record);
  if (request.socket >= 0) {
    request_of_.erase(request.socket);
    if (outcome == record::RequestOutcome::Ok && facts.keep_alive && plan_.sources[record.traffic].keep_alive) {
      idle_[request.instance].push_back({request.socket, record.connection});
      idle_instance_[request.socket] = request.instance;
    } else {
      close(request.socket);
    }
  }
  requests_.erase(number);
}

void Generator::expire_requests() {
  const SimTime time = now();
  while (!deadlines_.empty() && deadlines_.top().at <= time) {
    const std::uint64_t number = deadlines_.top().request;
    deadlines_.pop();
    const auto found = requests_.find(number);
    if (found != requests_.end()) complete(number, found->second, record::RequestOutcome::Timeout);
  }
  // Deadlines of requests that have ended need no wake-up.
  while (!deadlines_.empty() && requests_.find(deadlines_.top().request) == requests_.end()) deadlines_.pop();
}

void Generator::drop_idle(int socket) {
  const auto found = idle_instance_.find(socket);
  if (found == idle_instance_.end()) return;
  std::erase_if(idle_[found->second], [&](const IdleConnection& connection) { return connection.socket == socket; });
  idle_instance_.erase(found);
  close(socket);
}

bool Generator::flush(bool everything) {
  if (everything || now() >= next_flush_) {
    outgoing_ += frames_.take();
    next_flush_ = now() + kFlushPeriod;
  }
  while (!outgoing_.empty()) {
    const ssize_t sent = send(control_, outgoing_.data(), outgoing_.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent > 0) {
      outgoing_.erase(0, static_cast<std::size_t>(sent));
    } else if (errno == EAGAIN) {
      if (!everything) return true;  // the next flush goes on
      pollfd entry{control_, POLLOUT, 0};
      poll(&entry, 1, 1000);
    } else if (errno != EINTR) {
      host_gone_ = true;
      return false;
    }
  }
  return true;
}

void Generator::finish() {
  container::ScheduleReport report;
  report.requests = last_request_;
  report.over_in_flight_max = over_in_flight_max_;
  report.lag_p50 = {lag_.quantile(0.5)};
  report.lag_p99 = {lag_.quantile(0.99)};
  report.lag_max = {lag_.max()};
  outgoing_ += frames_.take();
  outgoing_ += container::FrameWriter::finished(report);
  flush(true);
}

}  // namespace tandem::load_generator
