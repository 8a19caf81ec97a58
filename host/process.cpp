#include "host/process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "core/base/text.hpp"
#include "host/pipe.hpp"
#include "host/wall_clock.hpp"

extern char** environ;

namespace tandem::host {

namespace {

constexpr std::int64_t kKillAfterNs = 2'000'000'000;

std::vector<char*> pointers(std::vector<std::string>& strings) {
  std::vector<char*> result;
  result.reserve(strings.size() + 1);
  for (std::string& text : strings) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

std::vector<std::string> merged_environment(const std::vector<std::string>& added) {
  std::vector<std::string> result;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const std::string_view name = text.substr(0, text.find('=') + 1);
    const bool replaced = std::any_of(added.begin(), added.end(), [&](const std::string& item) { return item.starts_with(name); });
    if (!replaced) result.emplace_back(text);
  }
  result.insert(result.end(), added.begin(), added.end());
  return result;
}

/// The child and the three pipes to it while it runs.
class Child {
 public:
  Status start(const ProcessOptions& options);
  void converse(const ProcessOptions& options, ProcessResult& result);
  void wait(ProcessResult& result);

 private:
  void read_stream(Descriptor& stream, std::string& kept, std::size_t limit, const std::function<void(std::string_view)>& on_line);
  void write_input(std::string_view& input);

  pid_t pid_ = -1;
  Pipe input_, output_, errors_;
  std::string line_;
};

Status Child::start(const ProcessOptions& options) {
  if (options.command.empty()) return fail(ErrorCode::ProcessFailed, "no program was named");
  if (!input_.open() || !output_.open() || !errors_.open()) {
    return fail(ErrorCode::ProcessFailed, std::string("cannot make a pipe: ") + std::strerror(errno));
  }
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, input_.read_end.get(), 0);
  posix_spawn_file_actions_adddup2(&actions, output_.write_end.get(), 1);
  posix_spawn_file_actions_adddup2(&actions, errors_.write_end.get(), 2);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  // A group of its own, so that its children can be ended with it and our Ctrl-C does not reach it behind our back.
  posix_spawnattr_setpgroup(&attributes, 0);
  sigset_t none, defaults;
  sigemptyset(&none);
  sigemptyset(&defaults);
  for (const int signal : {SIGPIPE, SIGINT, SIGTERM}) sigaddset(&defaults, signal);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &defaults);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  std::vector<std::string> command = options.command;
  std::vector<std::string> environment = merged_environment(options.environment);
  const int error = posix_spawnp(&pid_, command[0].c_str(), &actions, &attributes, pointers(command).data(), pointers(environment).data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return fail(ErrorCode::ProcessFailed, "cannot start " + command[0] + ": " + std::strerror(error));
  input_.read_end.reset();
  output_.write_end.reset();
  errors_.write_end.reset();
  for (const int file : {input_.write_end.get(), output_.read_end.get(), errors_.read_end.get()}) {
    ::fcntl(file, F_SETFL, ::fcntl(file, F_GETFL) | O_NONBLOCK);
  }
  return {};
}

void Child::read_stream(Descriptor& stream, std::string& kept, std::size_t limit,
                        const std::function<void(std::string_view)>& on_line) {
  char buffer[16 << 10];
  const ssize_t size = ::read(stream.get(), buffer, sizeof buffer);
  if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (size <= 0) {
    stream.reset();
    return;
  }
  const std::string_view bytes(buffer, static_cast<std::size_t>(size));
  kept += bytes.substr(0, limit - std::min(limit, kept.size()));
  if (!on_line) return;
  line_ += bytes;
  for (std::size_t end = 0; (end = line_.find('\n')) != std::string::npos; line_.erase(0, end + 1)) {
    on_line(std::string_view(line_).substr(0, end));
  }
}

void Child::write_input(std::string_view& input) {
  const ssize_t written = input.empty() ? 0 : ::write(input_.write_end.get(), input.data(), input.size());
  if (written > 0) input.remove_prefix(static_cast<std::size_t>(written));
  const bool broken = written < 0 && errno != EAGAIN && errno != EINTR;
  if (input.empty() || broken) input_.write_end.reset();
}

void Child::converse(const ProcessOptions& options, ProcessResult& result) {
  std::string_view input = options.input;
  const std::int64_t end = monotonic_ns() + options.timeout.ns;
  std::int64_t kill_at = 0;
  while (output_.read_end.get() >= 0 || errors_.read_end.get() >= 0) {
    pollfd entries[3] = {{output_.read_end.get(), POLLIN, 0}, {errors_.read_end.get(), POLLIN, 0}, {input_.write_end.get(), POLLOUT, 0}};
    ::poll(entries, 3, 100);
    if (entries[0].revents != 0) read_stream(output_.read_end, result.output, options.output_limit, options.on_output_line);
    if (entries[1].revents != 0) read_stream(errors_.read_end, result.errors, options.output_limit, {});
    if (entries[2].revents != 0) write_input(input);
    const std::int64_t now = monotonic_ns();
    if (kill_at == 0 && (now >= end || (options.cancelled && options.cancelled()))) {
      result.timed_out = now >= end;
      ::kill(-pid_, SIGTERM);
      kill_at = now + kKillAfterNs;
    } else if (kill_at != 0 && now >= kill_at) {
      ::kill(-pid_, SIGKILL);
      return;
    }
  }
}

void Child::wait(ProcessResult& result) {
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  result.exit_code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

std::string last_lines(std::string_view text) {
  constexpr std::size_t kKept = 1000;
  text = trim(text);
  return std::string(text.size() > kKept ? text.substr(text.size() - kKept) : text);
}

}  // namespace

Result<ProcessResult> run_process(const ProcessOptions& options) {
  // A child that does not read its input must not kill us.
  ::signal(SIGPIPE, SIG_IGN);
  Child child;
  TANDEM_TRY(child.start(options));
  ProcessResult result;
  child.converse(options, result);
  child.wait(result);
  return result;
}

Result<ProcessResult> run_checked(const ProcessOptions& options) {
  Result<ProcessResult> result = run_process(options);
  if (!result) return result;
  if (options.cancelled && options.cancelled()) return fail(ErrorCode::Interrupted, options.command[0] + " was interrupted");
  if (result->timed_out) return fail(ErrorCode::ProcessFailed, options.command[0] + " took longer than " + to_string(options.timeout));
  if (result->exit_code == 0) return result;
  Error error = make_error(ErrorCode::ProcessFailed, options.command[0] + " ended with exit code " + std::to_string(result->exit_code));
  error.found = last_lines(result->errors.empty() ? result->output : result->errors);
  return fail(std::move(error));
}

std::string find_program(const std::string& name) {
  const char* const path = std::getenv("PATH");
  std::string folders = path == nullptr ? "" : path;
  folders += ":/usr/sbin:/sbin:/usr/bin:/bin";
  for (const std::string& folder : split(folders, ':')) {
    std::string candidate = folder + "/" + name;
    if (!folder.empty() && ::access(candidate.c_str(), X_OK) == 0) return candidate;
  }
  return {};
}

}  // namespace tandem::host
