#include "host/policy_process.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <vector>

#include "core/base/text.hpp"
#include "host/pipe.hpp"
#include "host/wall_clock.hpp"

namespace tandem::host {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kAnswerLimit = 64 << 10;     ///< bytes of one answer
constexpr std::size_t kAnswersLimit = 16 << 20;    ///< bytes of all answers
constexpr rlim_t kMemoryLimit = 256 << 20;
constexpr rlim_t kFileLimit = 16 << 20;
constexpr const char* kErrorsFile = "stderr.txt";  ///< what the process says on its standard error

/// A folder of its own, gone in the end.
class WorkFolder {
 public:
  WorkFolder() = default;
  ~WorkFolder() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }
  WorkFolder(const WorkFolder&) = delete;
  WorkFolder& operator=(const WorkFolder&) = delete;

  Status make(const std::map<std::string, std::string>& files) {
    std::string pattern = (fs::temp_directory_path() / "tandem-policy-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) {
      return fail(ErrorCode::FileWriteFailed, std::string("cannot make a folder for the policy: ") + std::strerror(errno));
    }
    path_ = pattern;
    for (const auto& [name, text] : files) {  // the loader let only names below the scenario's folder through
      std::error_code error;
      fs::create_directories((path_ / name).parent_path(), error);
      std::ofstream file(path_ / name, std::ios::binary);
      file << text;
      if (!file.flush()) return fail(ErrorCode::FileWriteFailed, "cannot write the policy's file " + name);
    }
    return {};
  }
  [[nodiscard]] const fs::path& path() const { return path_; }
  /// The end of what the process said on its standard error.
  [[nodiscard]] std::string complaint() const {
    std::ifstream file(path_ / kErrorsFile, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    constexpr std::size_t kKept = 1000;
    return escape_for_terminal(trim(text.size() > kKept ? text.substr(text.size() - kKept) : text));
  }

 private:
  fs::path path_;
};

class PolicyProcess final : public control::scheduler::ExternalPolicy {
 public:
  explicit PolicyProcess(SimDuration timeout) : timeout_(timeout) {}
  ~PolicyProcess() override { end(); }

  Status start(const scenario::ExternalPolicyArgs& args);
  Result<std::string> ask(const std::string& line) override;

 private:
  tl::unexpected<Error> broken(const std::string& what);
  bool write_some(std::string_view& rest);
  bool read_some();
  void end();

  SimDuration timeout_;
  WorkFolder folder_;
  Pipe input_, output_;
  pid_t pid_ = -1;
  std::string received_;       ///< after the last whole line
  std::size_t received_bytes_ = 0;
  std::string verdict_;        ///< why it is not asked any more
};

void limit(pid_t pid, __rlimit_resource resource, rlim_t amount) {
  const rlimit value{amount, amount};
  ::prlimit(pid, resource, &value, nullptr);
}

Status PolicyProcess::start(const scenario::ExternalPolicyArgs& args) {
  ::signal(SIGPIPE, SIG_IGN);  // a policy that ends must not end us
  TANDEM_TRY(folder_.make(args.files));
  if (!input_.open() || !output_.open()) return fail(ErrorCode::ProcessFailed, std::string("cannot make a pipe: ") + std::strerror(errno));
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, input_.read_end.get(), 0);
  posix_spawn_file_actions_adddup2(&actions, output_.write_end.get(), 1);
  posix_spawn_file_actions_addchdir_np(&actions, folder_.path().c_str());
  posix_spawn_file_actions_addopen(&actions, 2, kErrorsFile, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setpgroup(&attributes, 0);
  sigset_t defaults;
  sigemptyset(&defaults);
  for (const int signal : {SIGPIPE, SIGINT, SIGTERM}) sigaddset(&defaults, signal);
  posix_spawnattr_setsigdefault(&attributes, &defaults);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF);
  std::vector<std::string> command = args.command;
  std::vector<char*> words;
  for (std::string& word : command) words.push_back(word.data());
  words.push_back(nullptr);
  std::string path = "PATH=/usr/local/bin:/usr/bin:/bin";
  char* const environment[] = {path.data(), nullptr};
  const int error = posix_spawnp(&pid_, words[0], &actions, &attributes, words.data(), environment);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) {
    pid_ = -1;
    return fail(make_error(ErrorCode::ProcessFailed, "cannot start the scheduling policy")
                    .with_found(args.command[0] + ": " + std::strerror(error))
                    .with_hint("the command is searched in PATH, and in the folder of its files if it begins with ./"));
  }
  limit(pid_, RLIMIT_AS, kMemoryLimit);
  limit(pid_, RLIMIT_FSIZE, kFileLimit);
  limit(pid_, RLIMIT_CORE, 0);
  input_.read_end.reset();
  output_.write_end.reset();
  for (const int file : {input_.write_end.get(), output_.read_end.get()}) ::fcntl(file, F_SETFL, ::fcntl(file, F_GETFL) | O_NONBLOCK);
  return {};
}

tl::unexpected<Error> PolicyProcess::broken(const std::string& what) {
  const std::string complaint = folder_.complaint();
  end();
  verdict_ = complaint.empty() ? what : what + "; it said: " + complaint;
  return fail(make_error(ErrorCode::ProcessFailed, verdict_));
}

/// False if the process does not listen any more.
bool PolicyProcess::write_some(std::string_view& rest) {
  const ssize_t written = ::write(input_.write_end.get(), rest.data(), rest.size());
  if (written > 0) rest.remove_prefix(static_cast<std::size_t>(written));
  return written >= 0 || errno == EAGAIN || errno == EINTR;
}

/// False if the process has closed its output.
bool PolicyProcess::read_some() {
  char buffer[16 << 10];
  const ssize_t size = ::read(output_.read_end.get(), buffer, sizeof buffer);
  if (size < 0) return errno == EAGAIN || errno == EINTR;
  received_.append(buffer, static_cast<std::size_t>(size));
  received_bytes_ += static_cast<std::size_t>(size);
  return size > 0;
}

Result<std::string> PolicyProcess::ask(const std::string& line) {
  if (!verdict_.empty()) return fail(make_error(ErrorCode::ProcessFailed, verdict_));
  const std::string sent = line + "\n";
  std::string_view rest = sent;
  const std::int64_t deadline = monotonic_ns() + timeout_.ns;
  for (;;) {
    if (const std::size_t end_of_line = received_.find('\n'); end_of_line != std::string::npos) {
      std::string answer = received_.substr(0, end_of_line);
      received_.erase(0, end_of_line + 1);
      return answer;
    }
    if (received_.size() > kAnswerLimit) return broken("the policy's answer is longer than 64 KiB");
    if (received_bytes_ > kAnswersLimit) return broken("the policy has said more than 16 MiB");
    const std::int64_t left = deadline - monotonic_ns();
    if (left <= 0) return broken("the policy did not answer within " + to_string(timeout_));
    pollfd entries[2] = {{output_.read_end.get(), POLLIN, 0}, {rest.empty() ? -1 : input_.write_end.get(), POLLOUT, 0}};
    ::poll(entries, 2, static_cast<int>(std::clamp<std::int64_t>(left / 1'000'000, 1, 1000)));
    if (entries[1].revents != 0 && !write_some(rest)) return broken("the policy does not listen any more");
    if (entries[0].revents != 0 && !read_some()) return broken("the policy has ended");
  }
}

/// The whole group, at once: it has nothing to save.
void PolicyProcess::end() {
  if (pid_ < 0) return;
  ::kill(-pid_, SIGKILL);
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
}

}  // namespace

Result<control::scheduler::ExternalPolicyPtr> start_policy(const scenario::ExternalPolicyArgs& args) {
  auto process = std::make_shared<PolicyProcess>(args.timeout);
  TANDEM_TRY(process->start(args));
  return control::scheduler::ExternalPolicyPtr(std::move(process));
}

Result<std::map<std::string, control::scheduler::ExternalPolicyPtr>> start_policies(const scenario::SchedulerConfig& config) {
  std::map<std::string, control::scheduler::ExternalPolicyPtr> policies;
  for (const scenario::SchedulerProfile& profile : config.profiles) {
    const bool asks = std::any_of(profile.plugins.begin(), profile.plugins.end(), [](const auto& plugin) { return plugin.name == "ExternalPolicy"; });
    if (!asks) continue;
    auto policy = start_policy(profile.args.external_policy);
    if (!policy) return tl::unexpected(std::move(policy).error());
    policies[profile.scheduler_name] = std::move(*policy);
  }
  return policies;
}

}  // namespace tandem::host
