#pragma once

#include <string_view>
#include <vector>

#include "core/scenario/scenario.hpp"

namespace tandem::sim {

/// Whether a pattern ("/healthz", "/chat/*") means the path (without query).
bool matches_pattern(std::string_view pattern, std::string_view path);

/// The route that answers `path` (without query), or nullptr: a pattern ending in '*' matches every path that begins with
/// what precedes it, any other pattern matches exactly; the longest literal part wins, at equal length the exact pattern,
/// then the earlier one. The same rule as the real workload's (docker/protocol/workload_config.hpp).
const scenario::RouteSpec* match_route(const std::vector<scenario::RouteSpec>& routes, std::string_view path);

/// "/chat/x?a=b" → "/chat/x".
std::string_view without_query(std::string_view target);

}  // namespace tandem::sim
