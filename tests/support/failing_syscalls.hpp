#pragma once
// Lets the Nth system call fail that changes a file (hardening F4). The calls are counted and replaced from outside, by
// ptrace, so that those inside the C library count as well and the code under test needs no seam.

#include <functional>
#include <string>

namespace tandem::testing {

enum class SyscallFailure {
  InputOutput,  ///< EIO
  DiskFull,     ///< ENOSPC
  Interrupted,  ///< EINTR
  ShortWrite,   ///< half of the bytes are written; calls other than writes are left alone
  Kill,         ///< SIGKILL instead of the call
};

struct SyscallOutcome {
  int calls = 0;           ///< counted ones
  bool injected = false;   ///< the Nth was reached
  std::string call;        ///< its name
  int exit_code = 0;       ///< of the work; 128 + signal if it was killed
};

/// True where this works: x86-64 Linux that allows ptrace.
bool can_fail_syscalls();

/// Runs `work` in a forked child. Of the calls open, write, fsync, close, rename, unlink, truncate, chmod and mkdir (with
/// their relatives) on anything below `folder`, the `number`-th (from 1; 0: none) fails. Requires one thread.
SyscallOutcome run_with_failure(const std::string& folder, int number, SyscallFailure failure, const std::function<int()>& work);

}  // namespace tandem::testing
