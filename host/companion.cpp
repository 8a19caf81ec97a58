#include "host/companion.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>
#include <utility>

#include "host/wall_clock.hpp"

extern char** environ;

namespace tandem::host {

namespace {

constexpr std::size_t kLineMax = 64 << 10;

tl::unexpected<Error> system_failure(const std::string& what, int error) {
  return fail(ErrorCode::ProcessFailed, what + ": " + std::strerror(error));
}

/// Attributes and file actions of posix_spawn, freed at the end.
class SpawnPlan {
 public:
  explicit SpawnPlan(int far_end) {
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, far_end, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, far_end, STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawnattr_init(&attributes);
    sigset_t blocked, defaults;
    sigemptyset(&blocked);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&blocked, signal);
    defaults = blocked;
    sigaddset(&defaults, SIGPIPE);
    posix_spawnattr_setsigmask(&attributes, &blocked);
    posix_spawnattr_setsigdefault(&attributes, &defaults);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  ~SpawnPlan() {
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
  }
  SpawnPlan(const SpawnPlan&) = delete;
  SpawnPlan& operator=(const SpawnPlan&) = delete;

  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
};

}  // namespace

Result<Companion> Companion::start(std::vector<std::string> command) {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return system_failure("cannot make a socket", errno);
  std::vector<char*> arguments;
  for (std::string& text : command) arguments.push_back(text.data());
  arguments.push_back(nullptr);
  const SpawnPlan plan(ends[1]);
  pid_t pid = -1;
  const int error = posix_spawn(&pid, command.at(0).c_str(), &plan.actions, &plan.attributes, arguments.data(), environ);
  ::close(ends[1]);
  if (error != 0) {
    ::close(ends[0]);
    return system_failure("cannot start " + command[0], error);
  }
  return Companion(pid, ends[0]);
}

Companion::~Companion() {
  if (socket_ >= 0) ::close(socket_);
}
Companion::Companion(Companion&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), socket_(std::exchange(other.socket_, -1)), received_(std::move(other.received_)) {}
Companion& Companion::operator=(Companion&& other) noexcept {
  std::swap(pid_, other.pid_);
  std::swap(socket_, other.socket_);
  std::swap(received_, other.received_);
  return *this;
}

Status Companion::send_line(std::string_view line) {
  std::string text(line);
  text += '\n';
  std::string_view rest = text;
  while (!rest.empty()) {
    const ssize_t sent = ::send(socket_, rest.data(), rest.size(), MSG_NOSIGNAL);
    if (sent > 0) rest.remove_prefix(static_cast<std::size_t>(sent));
    else if (errno != EINTR) return system_failure("cannot write to process " + std::to_string(pid_), errno);
  }
  return {};
}

Result<std::string> Companion::receive_line(SimDuration timeout) {
  const std::int64_t end = monotonic_ns() + timeout.ns;
  for (;;) {
    if (const std::size_t length = received_.find('\n'); length != std::string::npos) {
      std::string line = received_.substr(0, length);
      received_.erase(0, length + 1);
      return line;
    }
    const std::int64_t left = end - monotonic_ns();
    if (left <= 0 || received_.size() > kLineMax) {
      return fail(ErrorCode::ProcessFailed, "process " + std::to_string(pid_) + " did not answer within " + to_string(timeout));
    }
    pollfd entry{socket_, POLLIN, 0};
    if (::poll(&entry, 1, static_cast<int>(std::min<std::int64_t>(left / 1'000'000 + 1, 1000))) <= 0) continue;
    char buffer[4096];
    const ssize_t size = ::recv(socket_, buffer, sizeof buffer, 0);
    if (size > 0) received_.append(buffer, static_cast<std::size_t>(size));
    else if (size == 0 || errno != EINTR) return fail(ErrorCode::ProcessFailed, "process " + std::to_string(pid_) + " ended without an answer");
  }
}

bool Companion::wait(SimDuration timeout) {
  const std::int64_t end = monotonic_ns() + timeout.ns;
  for (;;) {
    const pid_t ended = ::waitpid(pid_, nullptr, WNOHANG);
    // ECHILD: somebody else has collected it, so it has ended as well.
    if (ended == pid_ || (ended < 0 && errno == ECHILD)) return true;
    if (monotonic_ns() >= end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

}  // namespace tandem::host
