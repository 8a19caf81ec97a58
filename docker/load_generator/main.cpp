// The program inside the load generator's container: waits for the host on its control port, takes one traffic plan, sends
// it, streams a record per request back, and ends.

#include <netinet/in.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>

#include "docker/load_generator/generator.hpp"
#include "docker/protocol/lifetime.hpp"

namespace {

using namespace tandem;

/// Nobody came for this long: the host is gone, and so are we (hardening C8).
constexpr int kHostPatienceMs = 120'000;

int listen_for_host() {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_ANY);
  address.sin_port = htons(container::kControlPort);
  if (bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 || listen(listener, 1) != 0) return -1;
  pollfd entry{listener, POLLIN, 0};
  const int control = poll(&entry, 1, kHostPatienceMs) == 1 ? accept4(listener, nullptr, nullptr, SOCK_CLOEXEC) : -1;
  close(listener);
  return control;
}

void send_text(int socket, std::string_view text) {
  while (!text.empty()) {
    const ssize_t sent = send(socket, text.data(), text.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(sent));
  }
}

/// Reads frames until the plan is there; empty if the host went away or spoke another language.
std::string receive_plan(int control) {
  std::optional<std::string> plan;
  container::FrameReader::Handlers handlers;
  handlers.plan = [&](std::string_view text) { plan = text; };
  container::FrameReader reader(std::move(handlers));
  char buffer[16 << 10];
  while (!plan) {
    const ssize_t size = recv(control, buffer, sizeof buffer, 0);
    if (size <= 0 || !reader.feed({buffer, static_cast<std::size_t>(size)})) return {};
  }
  return *plan;
}

/// A request is a descriptor: takes all that the container is allowed, and returns how many requests that is.
std::int32_t raise_descriptor_limit() {
  constexpr rlim_t kOwn = 64;  // standard streams, epoll, timer, control
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 256;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  return static_cast<std::int32_t>(std::min<rlim_t>(limit.rlim_max - kOwn, 1'000'000));
}

/// struct sched_attr of sched_setattr(2), first version (SCHED_ATTR_SIZE_VER0); glibc 2.36 has no name for it.
struct SchedulingAttributes {
  std::uint32_t size = sizeof(SchedulingAttributes);
  std::uint32_t policy = 0;  ///< SCHED_OTHER
  std::uint64_t flags = 0;
  std::int32_t nice = 0;
  std::uint32_t priority = 0;
  std::uint64_t runtime_ns = 0;  ///< of SCHED_OTHER since Linux 6.12: the slice asked for
  std::uint64_t deadline_ns = 0;
  std::uint64_t period_ns = 0;
};

/// On a busy core the kernel lets a running task finish its slice (2.8 ms with two cores) before one that wakes may run,
/// however heavy that is; a task that asks for a shorter slice than the running one's goes first (EEVDF, Linux 6.12).
/// A request's deadline cannot wait for that. 0.1 ms is the shortest slice the kernel grants. Older kernels ignore the wish.
void ask_for_short_slices() {
  SchedulingAttributes attributes;
  attributes.runtime_ns = 100'000;
  syscall(SYS_sched_setattr, 0, &attributes, 0U);
}

}  // namespace

int main() {
  container::end_after_lifetime();
  ask_for_short_slices();
  const std::int32_t requests_max = raise_descriptor_limit();
  const int control = listen_for_host();
  if (control < 0) {
    std::fputs("no host came for the traffic plan\n", stderr);
    return 1;
  }
  send_text(control, container::FrameWriter::ready());
  auto plan = container::read_traffic_plan(receive_plan(control));
  if (!plan) {
    send_text(control, container::FrameWriter::failed(to_string(plan.error())));
    return 1;
  }
  plan->in_flight_max = std::min(plan->in_flight_max, requests_max);
  load_generator::Generator generator(std::move(*plan), control);
  const bool done = generator.run();
  close(control);
  return done ? 0 : 1;
}
