#pragma once
// A program that outlives us: in a session of its own, with a socket to us as its standard input and output.

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/base/time.hpp"

namespace tandem::host {

/// The near end of a companion. It reads end-of-file once this object or this process is gone, however that happened.
class Companion {
 public:
  /// Starts `command`; command[0] is a path, not searched for. SIGINT, SIGTERM and SIGHUP are blocked until it decides about
  /// them, so that nothing can end it before. Its standard error is /dev/null: a terminal or pipe of ours must not stay open
  /// because of it. Errors: ProcessFailed.
  static Result<Companion> start(std::vector<std::string> command);
  ~Companion();
  Companion(Companion&& other) noexcept;
  Companion& operator=(Companion&& other) noexcept;

  [[nodiscard]] pid_t pid() const { return pid_; }
  /// Writes the line and a line feed. Errors: ProcessFailed (it has gone).
  Status send_line(std::string_view line);
  /// The next line without its line feed. Errors: ProcessFailed (it ended, was silent for `timeout`, or talks without end).
  Result<std::string> receive_line(SimDuration timeout);
  /// Waits for its end; false if it is still there after `timeout`.
  bool wait(SimDuration timeout);

 private:
  Companion(pid_t pid, int socket) : pid_(pid), socket_(socket) {}
  pid_t pid_ = -1;
  int socket_ = -1;
  std::string received_;
};

}  // namespace tandem::host
