#include "real/docker/reaper_process.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>
#include <thread>

#include "core/base/text.hpp"
#include "host/files.hpp"
#include "host/wall_clock.hpp"
#include "real/docker/cleaner.hpp"
#include "real/engine/journal.hpp"
#include "real/engine/reaper.hpp"

namespace tandem::docker {

namespace {

constexpr int kExitNotUnderstood = 2;
constexpr int kExitLeak = 4;
constexpr std::size_t kLineMax = 64 << 10;
/// Between two tries while the engine is down.
constexpr std::chrono::milliseconds kRetryPause{500};

/// Lets go of everything that belongs to where we were started: signals, open files, the working directory.
void detach() {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGPIPE}) std::signal(signal, SIG_IGN);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  ::close_range(STDERR_FILENO + 1, ~0U, 0);
  ::setenv("TANDEM_STATE", std::filesystem::absolute(host::state_directory()).c_str(), 1);
  [[maybe_unused]] const int moved = ::chdir("/");
}

/// Nothing at end-of-file, which is the run's death.
std::optional<std::string> read_line() {
  std::string line;
  for (char byte = 0; line.size() < kLineMax;) {
    const ssize_t size = ::read(STDIN_FILENO, &byte, 1);
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return std::nullopt;
    if (byte == '\n') return line;
    line += byte;
  }
  return std::nullopt;
}

void answer(const std::string& text) {
  const std::string line = text + "\n";
  // A run that has died meanwhile does not hear it; its death is noticed when reading.
  [[maybe_unused]] const ssize_t sent = ::send(STDOUT_FILENO, line.data(), line.size(), MSG_NOSIGNAL);
}

EngineAddress address_of(const real::ReaperOrder& order) { return {order.engine_socket, order.engine_url}; }

/// Everything that the order means is known and can be done.
Status understand(const real::ReaperOrder& order) {
  const auto journal = real::read_journal(order.journal);
  if (!journal) return tl::unexpected(journal.error());
  if (journal->identity.run_id != order.run_id()) return fail(ErrorCode::ValueConflict, "the journal is that of another run");
  if (real::Journal::path_of(order.run_id()) != order.journal) return fail(ErrorCode::ValueConflict, "the journal is not where journals are");
  EngineClient engine(address_of(order), nullptr);
  // Older engines ignore label filters: connect() refuses them (E1).
  if (const auto info = engine.connect(); !info) return tl::unexpected(info.error());
  return {};
}

/// True if the run said that it has cleaned up itself.
bool was_dismissed() {
  while (const auto line = read_line()) {
    if (*line == "done") return true;
  }
  return false;
}

int reap(const real::ReaperOrder& order) {
  const std::int64_t end = host::monotonic_ns() + order.patience.ns;
  CleanOptions options;
  options.run_id = order.run_id();
  options.include_alive = true;  // a run that gave up cleaning may live on
  options.grace = order.grace;
  options.journals = JournalRule::All;
  for (;;) {
    EngineClient engine(address_of(order), nullptr);
    const auto report = clean(engine, options);
    if (report && report->survivors.empty()) return 0;
    if (host::monotonic_ns() >= end) return kExitLeak;  // the journal stays: the next start tries again and says what is left
    std::this_thread::sleep_for(kRetryPause);
  }
}

}  // namespace

int run_reaper() {
  detach();
  const auto line = read_line();
  if (!line) return kExitNotUnderstood;
  const auto order = real::read_order(*line);
  const Status understood = order ? understand(*order) : Status(tl::unexpected(order.error()));
  if (!understood) {
    answer("NACK " + escape_for_terminal(understood.error().what + (understood.error().found.empty() ? "" : ": " + understood.error().found)));
    return kExitNotUnderstood;
  }
  answer("ACK " + order->filter);
  return was_dismissed() ? 0 : reap(*order);
}

}  // namespace tandem::docker
