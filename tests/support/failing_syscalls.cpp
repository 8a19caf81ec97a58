#include "tests/support/failing_syscalls.hpp"

#include <sys/wait.h>
#include <unistd.h>

#ifdef __x86_64__
#include <fcntl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <map>
#include <set>
#endif

namespace tandem::testing {

#ifdef __x86_64__

namespace {

/// What a call takes: a path in this argument, or a descriptor in the first.
struct Call {
  const char* name;
  int path_argument;  ///< -1: a descriptor
  bool opens = false;
};

const std::map<long, Call>& calls() {
  static const std::map<long, Call> table = {
      {SYS_open, {"open", 0, true}},          {SYS_openat, {"openat", 1, true}},    {SYS_creat, {"creat", 0, true}},
      {SYS_write, {"write", -1}},             {SYS_pwrite64, {"pwrite", -1}},       {SYS_writev, {"writev", -1}},
      {SYS_fsync, {"fsync", -1}},             {SYS_fdatasync, {"fdatasync", -1}},   {SYS_close, {"close", -1}},
      {SYS_ftruncate, {"ftruncate", -1}},     {SYS_fchmod, {"fchmod", -1}},         {SYS_rename, {"rename", 0}},
      {SYS_renameat, {"renameat", 1}},        {SYS_renameat2, {"renameat2", 1}},    {SYS_unlink, {"unlink", 0}},
      {SYS_unlinkat, {"unlinkat", 1}},        {SYS_mkdir, {"mkdir", 0}},            {SYS_mkdirat, {"mkdirat", 1}},
  };
  return table;
}

unsigned long long argument(const user_regs_struct& registers, int index) {
  switch (index) {
    case 0: return registers.rdi;
    case 1: return registers.rsi;
    default: return registers.rdx;
  }
}

std::string read_text(pid_t child, unsigned long long address) {
  std::string text;
  for (; text.size() < 4096; address += sizeof(long)) {
    errno = 0;
    const long word = ptrace(PTRACE_PEEKDATA, child, address, nullptr);
    if (word == -1 && errno != 0) break;
    char bytes[sizeof word];
    std::memcpy(bytes, &word, sizeof word);
    const std::size_t length = strnlen(bytes, sizeof bytes);
    text.append(bytes, length);
    if (length < sizeof bytes) break;
  }
  return text;
}

class Tracer {
 public:
  Tracer(pid_t child, std::string folder, int number, SyscallFailure failure)
      : child_(child), folder_(std::move(folder)), number_(number), failure_(failure) {}

  SyscallOutcome follow() {
    int status = 0;
    waitpid(child_, &status, 0);  // the stop that the child asked for
    ptrace(PTRACE_SETOPTIONS, child_, nullptr, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL);
    for (bool entering = true; resume(status); ) {
      if (!WIFSTOPPED(status) || WSTOPSIG(status) != (SIGTRAP | 0x80)) continue;
      user_regs_struct registers{};
      ptrace(PTRACE_GETREGS, child_, nullptr, &registers);
      if (entering) enter(registers);
      else leave(registers);
      entering = !entering;
    }
    outcome_.exit_code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    return outcome_;
  }

 private:
  /// Lets the child run up to its next stop; false once it has ended.
  bool resume(int& status) {
    const int signal = WIFSTOPPED(status) && WSTOPSIG(status) != (SIGTRAP | 0x80) && WSTOPSIG(status) != SIGSTOP ? WSTOPSIG(status) : 0;
    ptrace(PTRACE_SYSCALL, child_, nullptr, signal);
    return waitpid(child_, &status, 0) == child_ && !WIFEXITED(status) && !WIFSIGNALED(status);
  }

  void enter(user_regs_struct& registers) {
    opening_ = false;
    error_ = 0;
    const auto found = calls().find(static_cast<long>(registers.orig_rax));
    if (found == calls().end()) return;
    const Call& call = found->second;
    const int descriptor = static_cast<int>(registers.rdi);
    const bool ours = call.path_argument >= 0 ? read_text(child_, argument(registers, call.path_argument)).starts_with(folder_) : ours_.count(descriptor) > 0;
    if (!ours) return;
    opening_ = call.opens;
    if (found->first == SYS_close) ours_.erase(descriptor);
    if (++outcome_.calls == number_) inject(registers, call);
  }

  void inject(user_regs_struct& registers, const Call& call) {
    outcome_.injected = true;
    outcome_.call = call.name;
    if (failure_ == SyscallFailure::Kill) {
      kill(child_, SIGKILL);
      return;
    }
    if (failure_ == SyscallFailure::ShortWrite) {
      if (std::strcmp(call.name, "write") == 0) registers.rdx = (registers.rdx + 1) / 2;
    } else {
      error_ = failure_ == SyscallFailure::InputOutput ? EIO : failure_ == SyscallFailure::DiskFull ? ENOSPC : EINTR;
      registers.orig_rax = static_cast<unsigned long long>(-1);  // no call at all
    }
    ptrace(PTRACE_SETREGS, child_, nullptr, &registers);
  }

  void leave(user_regs_struct& registers) {
    if (error_ != 0) {
      registers.rax = static_cast<unsigned long long>(-error_);
      ptrace(PTRACE_SETREGS, child_, nullptr, &registers);
    }
    const auto result = static_cast<long long>(registers.rax);
    if (opening_ && result >= 0) ours_.insert(static_cast<int>(result));
  }

  pid_t child_;
  std::string folder_;
  int number_;
  SyscallFailure failure_;
  SyscallOutcome outcome_;
  std::set<int> ours_;    ///< descriptors of files below the folder
  bool opening_ = false;  ///< the call that was entered opens one
  int error_ = 0;         ///< what the call that was entered ends with instead
};

}  // namespace

bool can_fail_syscalls() {
  const pid_t child = fork();
  if (child == 0) _exit(ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) == 0 ? 0 : 1);
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

SyscallOutcome run_with_failure(const std::string& folder, int number, SyscallFailure failure, const std::function<int()>& work) {
  const pid_t child = fork();
  if (child == 0) {
    ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
    raise(SIGSTOP);
    _exit(work());
  }
  return Tracer(child, folder, number, failure).follow();
}

#else

bool can_fail_syscalls() { return false; }
SyscallOutcome run_with_failure(const std::string&, int, SyscallFailure, const std::function<int()>&) { return {}; }

#endif

}  // namespace tandem::testing
