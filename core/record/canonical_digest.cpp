#include "core/record/canonical_digest.hpp"

#include <bit>

namespace tandem::record::detail {

// Columns are hashed in place; a big-endian machine would need a copying path here and in the chunk codec.
static_assert(std::endian::native == std::endian::little);

namespace {

void append_u32(std::string& out, std::size_t value) {
  for (int shift = 0; shift < 32; shift += 8) out += static_cast<char>((value >> shift) & 0xFF);
}

}  // namespace

struct CanonicalDigest::Feeder {
  CanonicalDigest& digest;
  std::string_view table;
  std::span<const std::string_view> strings;
  std::string scratch;

  Sha256& column(std::string_view name) {
    std::string key = std::string(table) + "." + std::string(name);
    return digest.columns_.try_emplace(std::move(key)).first->second;
  }
  void append_string(std::uint32_t number) {
    append_u32(scratch, strings[number].size());
    scratch += strings[number];
  }
  void flush(std::string_view name) {
    column(name).update(std::string_view(scratch));
    scratch.clear();
  }

  template <class Values>
  void numbers(std::string_view name, const Values& values) {
    column(name).update(std::as_bytes(std::span(values)));
  }
  template <class Values>
  void layout(const Values&) {}
  template <class Values>
  void text(std::string_view name, const Values& values) {
    for (const std::uint32_t number : values) append_string(number);
    flush(name);
  }
  template <class Values, class Ends>
  void text_list(std::string_view name, const Values& values, const Ends& ends) {
    std::uint32_t begin = 0;
    for (const std::uint32_t end : ends) {
      append_u32(scratch, end - begin);
      for (; begin < end; ++begin) append_string(values[begin]);
    }
    flush(name);
  }
  template <class Values, class Ends>
  void bytes_list(std::string_view name, const Values& values, const Ends& ends) {
    std::uint32_t begin = 0;
    for (const std::uint32_t end : ends) {
      append_u32(scratch, end - begin);
      scratch.append(reinterpret_cast<const char*>(values.data()) + begin, end - begin);
      begin = end;
    }
    flush(name);
  }
};

template <template <class> class Column>
void CanonicalDigest::add(const ChunkTables<Column>& tables, std::span<const std::string_view> strings) {
  for_each_table(tables, [&](const auto& table) {
    if (table.rows() == 0) return;
    Feeder feeder{*this, table.name, strings, {}};
    visit_columns(table, feeder);
  });
}

template void CanonicalDigest::add(const ChunkTables<Owned>&, std::span<const std::string_view>);
template void CanonicalDigest::add(const ChunkTables<View>&, std::span<const std::string_view>);

std::string CanonicalDigest::hex() const {
  Sha256 all;
  for (const auto& [name, column] : columns_) all.update(name + " " + column.hex() + "\n");
  all.update(facts_);
  return all.hex();
}

}  // namespace tandem::record::detail
