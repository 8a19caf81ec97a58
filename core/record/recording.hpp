#pragma once
// Reading a recording back. The reader does not know which world wrote it.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "core/base/histogram.hpp"
#include "core/base/result.hpp"
#include "core/cluster/api_server.hpp"
#include "core/record/events.hpp"

namespace tandem::record {

/// One stored object change; Recording::object_after gives the object.
struct ObjectChange {
  SimTime time;
  cluster::ChangeType type = cluster::ChangeType::Added;
  cluster::Kind kind = cluster::Kind::Pod;
  std::string namespace_;
  std::string name;
  std::string uid;
  std::int64_t resource_version = 0;
};

/// Columns of all stored requests, in order of writing; every span has the same length. Durations in ns, -1 unknown.
struct RequestColumns {
  std::span<const std::uint32_t> traffic;
  std::span<const std::uint64_t> index;
  std::span<const std::int64_t> intended, sent, end, queued, service, cpu, throttled;
  std::span<const std::uint16_t> status;
  std::span<const std::uint8_t> outcome;   ///< RequestOutcome
  std::span<const std::uint8_t> attempts;
  std::span<const std::uint32_t> replica;  ///< string number, see Recording::text
  std::span<const std::uint64_t> connection;
};

/// Exact totals per traffic source, also when requests were sampled.
struct TrafficTotals {
  std::string name;
  std::uint64_t requests = 0;
  std::uint64_t failed = 0;              ///< by the source's expect rule
  std::vector<std::pair<std::uint16_t, std::uint64_t>> by_status;   ///< sorted
  std::vector<std::pair<RequestOutcome, std::uint64_t>> by_outcome; ///< sorted
  Histogram latency_ns;                  ///< from intended time, answered requests
  /// One in this many requests is stored (by index); 1 = all of them.
  std::uint64_t stored_one_in = 1;
  std::vector<int> expect_status;        ///< the source's expect rule; empty = 200…399
};

/// A recording folder: manifest.json, events.tdr, side files. Opening reads up to the last whole chunk and says so.
/// All const members may be called from several threads.
class Recording {
 public:
  /// Errors: RecordNotFound, RecordVersion, RecordDamaged (a chunk before the end was changed, or the manifest is not JSON).
  static Result<Recording> open(const std::string& folder);
  ~Recording();
  Recording(Recording&&) noexcept;
  Recording& operator=(Recording&&) noexcept;

  [[nodiscard]] const nlohmann::json& manifest() const;  ///< conventions §1.6
  /// The text at a JSON pointer ("/scenario/path"); empty if there is none.
  [[nodiscard]] std::string manifest_text(std::string_view pointer) const;
  [[nodiscard]] std::string world() const;               ///< sim, docker, …
  [[nodiscard]] bool complete() const;                   ///< false: the tail is missing (cut or crashed)
  [[nodiscard]] std::uint64_t torn_bytes() const;        ///< bytes after the last whole chunk
  [[nodiscard]] SimTime ended_at() const;                ///< of an incomplete one: the last event's time
  [[nodiscard]] std::uint64_t seed() const;
  [[nodiscard]] const std::string& folder() const;
  /// Recomputed over canonical column bytes (canonical_digest.hpp). Of an incomplete recording: over what is there.
  [[nodiscard]] std::string digest() const;

  [[nodiscard]] std::string_view text(std::uint32_t string_number) const;
  [[nodiscard]] const RequestColumns& requests() const;
  [[nodiscard]] const std::vector<TrafficTotals>& totals() const;
  [[nodiscard]] const std::vector<SchedulingDecision>& decisions() const;
  [[nodiscard]] const std::vector<SchedulerNote>& scheduler_notes() const;
  [[nodiscard]] const std::vector<Mark>& marks() const;
  [[nodiscard]] const std::vector<Sample>& samples() const;

  /// Object changes in commit order.
  [[nodiscard]] std::span<const ObjectChange> changes() const;
  /// The object right after change `i`, typed. CHECKs the index.
  [[nodiscard]] cluster::AnyObject object_after(std::size_t i) const;
  /// The same as Kubernetes JSON with nanosecond times.
  [[nodiscard]] nlohmann::json json_after(std::size_t i) const;
  /// Visits the changes that `wanted` accepts in commit order, each with the object after it. A pass over all changes costs one
  /// patch a change, where object_after() costs up to 32.
  void for_each_change(const std::function<bool(const ObjectChange&)>& wanted,
                       const std::function<void(std::size_t, const ObjectChange&, const cluster::AnyObject&)>& visit) const;
  /// Every object that exists at `time`, sorted by kind, namespace, name.
  [[nodiscard]] std::vector<cluster::AnyObject> objects_at(SimTime time) const;

 private:
  struct State;
  explicit Recording(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace tandem::record
