#pragma once
// Tables as kubectl prints them: upper-case headers, cells padded to the widest plus three blanks, no borders.

#include <cstdint>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "core/kubectl/tab_writer.hpp"

namespace tandem::kubectl {

struct Table {
  std::vector<std::string> columns;
  std::vector<std::vector<std::string>> rows;
};

/// Text of the table: every cell but the last of its row is padded. An empty last cell leaves the padding before it. A cell ends
/// at its first line break, with "..." behind it. A table without rows has no headers either.
std::string to_text(const Table& table, bool with_headers = true);
/// The same into a writer that goes on afterwards, as a watch does.
void write_table(TabWriter& writer, const Table& table, bool with_headers);

/// What `kubectl get` takes besides the kind.
struct GetOptions {
  bool wide = false;
  bool all_namespaces = false;
  bool show_labels = false;
  bool with_headers = true;
  bool with_kind = false;                   ///< names get their kind in front, as when several kinds are asked for
  std::vector<std::string> label_columns;   ///< -L
  std::int64_t now_unix_seconds = 0;        ///< ages count up to here
};

/// The table of objects of one kind, given as Kubernetes JSON and printed in the given order. Kinds without a table of their
/// own get NAME and CREATED AT. Requires: all objects have the same kind.
Table get_table(const std::vector<nlohmann::json>& objects, const GetOptions& options);

/// Unix seconds of an RFC 3339 time; 0 for null, absent or not a time.
std::int64_t unix_seconds_of(const nlohmann::json& time);

}  // namespace tandem::kubectl
