#pragma once

#include <string_view>
#include <vector>

#include "core/scenario/scenario.hpp"

namespace tandem::scenario {

/// True if a pattern ("/", "/chat/*") matches the path of a request target (a query behind '?' is not looked at).
bool matches_route(std::string_view pattern, std::string_view target);

/// The route that answers a request target: the longest literal prefix wins, an exact pattern before a '*' of the same
/// length. nullptr: 404.
const RouteSpec* find_route(const std::vector<RouteSpec>& routes, std::string_view target);

}  // namespace tandem::scenario
