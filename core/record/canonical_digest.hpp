#pragma once
// Internal: the digest of a recording, over canonical column bytes (design §1). Fed chunk by chunk by writer and reader alike.
//
// Definition. Every column has a SHA-256 over its values in order of writing: fixed-width values as little-endian bytes (doubles by
// their IEEE 754 bits), strings as u32 length and bytes, lists as u32 count and elements, payloads as u32 length and bytes. The
// digest is the SHA-256 over one line "<table>.<column> <hex>\n" per non-empty column, sorted by name, then the lines given to
// add_fact(), in order. Chunk sizes, string numbers and FlatBuffers' layout do not enter.

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/digest.hpp"
#include "core/record/columns.hpp"

namespace tandem::record::detail {

class CanonicalDigest {
 public:
  /// `strings` is the chunk's string table.
  template <template <class> class Column>
  void add(const ChunkTables<Column>& tables, std::span<const std::string_view> strings);
  /// A line about the run as a whole: seed, sources, totals, end.
  void add_fact(const std::string& line) { facts_ += line + "\n"; }
  [[nodiscard]] std::string hex() const;

 private:
  struct Feeder;
  std::map<std::string, Sha256, std::less<>> columns_;
  std::string facts_;
};

extern template void CanonicalDigest::add(const ChunkTables<Owned>&, std::span<const std::string_view>);
extern template void CanonicalDigest::add(const ChunkTables<View>&, std::span<const std::string_view>);

}  // namespace tandem::record::detail
