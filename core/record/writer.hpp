#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "core/base/result.hpp"
#include "core/record/sink.hpp"

namespace tandem::record {

/// What the writer must know of a traffic source to count failures exactly.
struct TrafficSource {
  std::string name;
  std::vector<int> expect_status;  ///< empty: 200…399
  /// How many requests the source will make (rate × duration); 0 = unknown. Sets the sampling level from the first request on,
  /// so that stored_requests_max also bounds the file.
  std::uint64_t expected_requests = 0;
};

struct WriterOptions {
  std::uint64_t seed = 1;
  /// sim, docker, …: for readers of a recording whose manifest was never written. Not part of the digest.
  std::string world;
  std::vector<TrafficSource> traffic;
  /// About this many requests are read back per source at most; beyond it every 2^k-th request by stable_hash(index) is kept
  /// (deterministic), k growing with the requests seen. Totals and histograms stay exact. What was stored before k grew stays
  /// in the file (at most 1 + k/2 times this number) and is thinned by the reader.
  std::uint64_t stored_requests_max = 200'000;
  std::uint32_t chunk_events = 16'384;     ///< events per chunk before it is written
  SimDuration chunk_span = seconds(5);     ///< run time per chunk before it is written: what a crash can lose
};

/// Appends chunk by chunk to FOLDER/events.tdr; a killed writer leaves a file readable up to its last whole chunk.
/// Memory is bounded by one chunk, a few hundred bytes per live object, and a histogram per traffic source.
class Writer final : public Sink {
 public:
  /// Creates the folder; refuses one that already holds a recording unless `overwrite`.
  static Result<std::unique_ptr<Writer>> create(const std::string& folder, WriterOptions options, bool overwrite = false);
  ~Writer() override;

  void object_changed(SimTime time, cluster::ChangeType type, const cluster::AnyObject& object) override;
  void request(const RequestRecord& record) override;
  void decision(const SchedulingDecision& decision) override;
  void scheduler_note(const SchedulerNote& note) override;
  void mark(const Mark& mark) override;
  void sample(const Sample& sample) override;

  /// First write error, if any (the run goes on; finish() reports it).
  [[nodiscard]] Status status() const;
  /// Writes the last chunk and manifest.json (the given members plus digest, ended_at_ns, totals, complete). Returns the digest.
  /// Errors: the first write error. Nothing may be recorded afterwards. A writer destroyed without finish() leaves an
  /// incomplete recording.
  Result<std::string> finish(SimTime ended_at, nlohmann::json manifest);

 private:
  struct State;
  explicit Writer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace tandem::record
