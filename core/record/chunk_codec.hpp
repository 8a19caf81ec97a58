#pragma once
// Internal: chunk contents <-> FlatBuffers (events.fbs).

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/record/columns.hpp"
#include "core/record/source_totals.hpp"

namespace tandem::record::detail {

/// First chunk only.
struct Beginning {
  std::uint64_t seed = 1;
  std::string world;
  std::uint64_t stored_requests_max = 0;
  std::vector<TrafficSource> sources;
};

template <template <class> class Column>
struct ChunkContent {
  std::int64_t first_time = 0;
  std::int64_t last_time = 0;
  std::vector<std::string_view> strings;
  ChunkTables<Column> tables;
  std::optional<Beginning> beginning;
  std::vector<SourceTotals> totals;  ///< empty: this chunk has none
  std::optional<std::int64_t> ended_at;
};

/// Encodes chunks, reusing one buffer.
class ChunkEncoder {
 public:
  ChunkEncoder();
  ~ChunkEncoder();
  /// Valid until the next call.
  std::span<const std::byte> encode(const ChunkContent<Owned>& content);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Views into `payload`, which must be aligned to 8 bytes and outlive the result. Everything a reader relies on is checked: table
/// structure, equal column lengths, string numbers, list ends, enum values. Errors: RecordDamaged.
Result<ChunkContent<View>> decode_chunk(std::span<const std::byte> payload);

}  // namespace tandem::record::detail
