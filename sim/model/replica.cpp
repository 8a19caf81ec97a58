#include "sim/model/replica.hpp"

#include <cmath>
#include <utility>

#include "core/base/check.hpp"
#include "sim/model/routes.hpp"

namespace tandem::sim {

namespace {

constexpr std::int32_t kExitAfterKill = 137;
constexpr std::int32_t kExitAfterTerm = 143;
/// What the workload ends with when another container of its pod has the port (docker/workload/main.cpp).
constexpr std::int32_t kExitWithoutPort = 1;
/// Body of the workload's own 404, docker/workload/server.cpp.
constexpr std::int64_t kNotFoundBytes = 19;
/// Body of its answer in a failure, likewise.
constexpr std::int64_t kFailureBytes = 8;

}  // namespace

Replica::Replica(Engine& engine, Cpu& cpu, CpuGroupId group, const scenario::ImageSpec& image, Options options,
                 std::function<void(std::int32_t)> exited)
    : engine_(engine),
      cpu_(cpu),
      group_(group),
      image_(image),
      options_(std::move(options)),
      exited_(std::move(exited)),
      capacity_(static_cast<std::size_t>(image.workers) + static_cast<std::size_t>(image.backlog)),
      started_(engine.now()) {
  if (options_.ends_by_itself) {
    exit_ = engine_.schedule(started_ + image_.exit->after, EventClass::Runtime, options_.entity, *this, kExit, 0);
  }
  startup_ = engine_.schedule(engine_.now() + image_.startup, EventClass::Runtime, options_.entity, *this, kStarted, 0);
}

Replica::~Replica() {
  // The world ends, not the process: nobody is told, and clients may be gone already.
  if (running_) release_resources();
}

const scenario::FailureSpec* Replica::failure_of(std::string_view path) const {
  const SimDuration age = engine_.now() - started_;
  for (const scenario::FailureSpec& failure : image_.failures) {
    const bool now = age >= failure.from && (!failure.until || age < *failure.until);
    if (now && matches_pattern(failure.pattern, path)) return &failure;
  }
  return nullptr;
}

bool Replica::accept(ReplicaClient& client, std::uint64_t ticket, const ReplicaRequest& request) {
  if (!listening()) return false;
  const scenario::FailureSpec* failure = image_.failures.empty() ? nullptr : failure_of(request.path);
  if (failure != nullptr && failure->hang) {
    hung_.emplace_back(&client, ticket);
    return true;
  }
  std::uint32_t index = free_;
  if (index == kNone) {
    index = static_cast<std::uint32_t>(jobs_.size());
    jobs_.emplace_back();
  } else {
    free_ = jobs_[index].next;
  }
  Job& job = jobs_[index];
  job = {};
  job.client = &client;
  job.ticket = ticket;
  if (failure == nullptr) job.route = match_route(image_.routes, request.path);
  else job.status = static_cast<std::uint16_t>(failure->status);
  job.accepted = engine_.now();
  job.cpu_ns = request.overhead_ns;
  if (job.route != nullptr) {
    const double factor = job.route->exponential ? request.demand_factor : 1.0;
    job.cpu_ns += static_cast<double>(job.route->cpu.ns) * factor / options_.cpu_speed;
  }
  job.active = true;
  if (image_.discipline == scenario::Discipline::Shared || in_service_ < static_cast<std::size_t>(image_.workers)) {
    take(index);
    return true;
  }
  (queue_tail_ == kNone ? queue_head_ : jobs_[queue_tail_].next) = index;
  queue_tail_ = index;
  ++queue_size_;
  return true;
}

void Replica::take(std::uint32_t index) {
  Job& job = jobs_[index];
  job.taken = engine_.now();
  job.throttled_before = cpu_.throttled_ns(group_);
  ++in_service_;
  cpu_.start(group_, job.cpu_ns, *this, kCpuDone, index);
}

void Replica::fire(std::uint32_t kind, std::uint64_t payload) {
  const auto index = static_cast<std::uint32_t>(payload);
  switch (kind) {
    case kStarted:
      startup_ = {};
      if (!options_.listens) return;
      if (options_.bind && !options_.bind(*this)) return end(kExitWithoutPort);
      listening_ = !stopped_listening_;
      return;
    case kCpuDone:
      if (const scenario::RouteSpec* route = jobs_[index].route; route != nullptr && route->wait.ns > 0) {
        jobs_[index].waiting =
            engine_.schedule(engine_.now() + route->wait, EventClass::Hardware, options_.entity, *this, kWaitDone, index);
        return;
      }
      finish(index);
      return;
    case kWaitDone:
      finish(index);
      return;
    case kExit:
      exit_ = {};
      end(image_.exit->code);
      return;
    case kDrained:
      drain_ = {};
      if (image_.on_terminate == scenario::OnTerminate::Abort) {
        end(0);
      } else {
        stop_listening();
        exit_if_drained();
      }
      return;
    default:
      CHECK(false, "an event of unknown kind");
  }
}

void Replica::finish(std::uint32_t index) {
  const Job job = jobs_[index];
  ReplicaAnswer answer;
  answer.status = job.route == nullptr ? job.status : static_cast<std::uint16_t>(job.route->status);
  answer.bytes = job.route != nullptr ? std::max(job.route->response_bytes, static_cast<std::int64_t>(job.route->body.size()))
                 : job.status == 404  ? kNotFoundBytes
                                      : kFailureBytes;
  answer.queued = job.taken - job.accepted;
  answer.service = engine_.now() - job.taken;
  answer.cpu = {std::llround(job.cpu_ns)};
  answer.throttled = {cpu_.throttled_ns(group_) - job.throttled_before};
  release(index);
  --in_service_;
  if (queue_size_ > 0) {
    const std::uint32_t next = queue_head_;
    queue_head_ = jobs_[next].next;
    if (queue_head_ == kNone) queue_tail_ = kNone;
    --queue_size_;
    take(next);
  }
  job.client->answered(*this, job.ticket, answer);
  exit_if_drained();
}

void Replica::release(std::uint32_t index) {
  jobs_[index] = {};
  jobs_[index].next = free_;
  free_ = index;
}

void Replica::terminate() {
  if (!running_ || terminating_ || image_.on_terminate == scenario::OnTerminate::Ignore) return;
  if (startup_) return end(kExitAfterTerm);
  terminating_ = true;
  drain_ = engine_.schedule(engine_.now() + image_.drain, EventClass::Runtime, options_.entity, *this, kDrained, 0);
}

void Replica::stop_listening() {
  listening_ = false;
  stopped_listening_ = true;
}

void Replica::exit_if_drained() {
  if (running_ && terminating_ && stopped_listening_ && unanswered() == 0) end(0);
}

void Replica::kill() {
  if (running_) end(kExitAfterKill);
}

void Replica::release_resources() {
  running_ = false;
  stop_listening();
  engine_.cancel(startup_);
  engine_.cancel(drain_);
  engine_.cancel(exit_);
  cpu_.remove_group(group_);
  for (const Job& job : jobs_) engine_.cancel(job.waiting);
  in_service_ = queue_size_ = 0;
}

void Replica::end(std::int32_t exit_code) {
  release_resources();
  // By number in the pool: any fixed order will do. The clients only note it: nobody comes back into a replica that ended.
  for (std::size_t index = 0; index < jobs_.size(); ++index) {
    const Job job = jobs_[index];
    if (job.active) job.client->connection_reset(*this, job.ticket);
  }
  jobs_.clear();
  for (const auto& [client, ticket] : hung_) client->connection_reset(*this, ticket);
  hung_.clear();
  if (exited_) exited_(exit_code);
}

}  // namespace tandem::sim
