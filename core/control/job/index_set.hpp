#pragma once
// Sets of completion indexes in the notation of status.completedIndexes: "0-2,5".
// Source: pkg/controller/job/indexed_job_utils.go (v1.34).

#include <cstdint>
#include <set>
#include <string>
#include <string_view>

namespace tandem::control {

using IndexSet = std::set<std::int32_t>;

/// Reads "0-2,5"; what is unreadable, or not below `completions`, is left out.
IndexSet parse_indexes(std::string_view text, std::int32_t completions);
/// Neighbours are joined: three or more in a row, or two, as "first-last" ("0,1" for exactly two).
std::string format_indexes(const IndexSet& indexes);

}  // namespace tandem::control
