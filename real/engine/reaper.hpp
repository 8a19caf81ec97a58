#pragma once
// The reaper, seen from the run: a process of its own that cleans up when this one has died (hardening C2). What it does is in
// real/docker/reaper_process.hpp.
//
// The two talk in lines over a socket. The run sends its order; the reaper answers "ACK <filter>" if it understood all of it,
// or "NACK <reason>". After that the run says nothing until "done": everything is deleted, the reaper ends without action.
// End-of-file instead means that the run has died.

#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "core/base/time.hpp"
#include "host/companion.hpp"
#include "real/engine/run_identity.hpp"

namespace tandem::real {

/// What the reaper is to delete, and where.
struct ReaperOrder {
  std::string filter;         ///< the label that its objects carry: "tandem.run=<run id>"
  std::string engine_socket;  ///< path of the engine's unix socket; empty for TCP
  std::string engine_url;
  std::string journal;        ///< absolute path of the run's journal
  SimDuration grace;          ///< between two empty lists (C4)
  SimDuration patience;       ///< how long it keeps trying while the engine does not answer
  friend bool operator==(const ReaperOrder&, const ReaperOrder&) = default;

  /// The run id in `filter`; empty if it is not exactly a filter for one run.
  [[nodiscard]] std::string run_id() const;
};

/// One line of JSON without line feed.
std::string write_order(const ReaperOrder& order);
/// Errors: SyntaxError, ValueMissing, ValueUnknownField, ValueType, ValueNotAllowed (a filter that is not one run's).
Result<ReaperOrder> read_order(std::string_view line);

class Reaper {
 public:
  /// Starts this very program once more as `tandem reaper` and returns when it has acknowledged the order.
  /// Errors: ProcessFailed with the reaper's reason; then nothing may be created.
  static Result<Reaper> start(const ReaperOrder& order);

  /// Everything is deleted: the reaper ends without action.
  void dismiss();
  [[nodiscard]] pid_t pid() const { return companion_.pid(); }

 private:
  explicit Reaper(host::Companion companion) : companion_(std::move(companion)) {}
  host::Companion companion_;
};

}  // namespace tandem::real
