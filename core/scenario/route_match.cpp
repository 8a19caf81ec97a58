#include "core/scenario/route_match.hpp"

namespace tandem::scenario {

bool matches_route(std::string_view pattern, std::string_view target) {
  const std::string_view path = target.substr(0, target.find('?'));
  if (pattern.ends_with('*')) return path.starts_with(pattern.substr(0, pattern.size() - 1));
  return path == pattern;
}

const RouteSpec* find_route(const std::vector<RouteSpec>& routes, std::string_view target) {
  const RouteSpec* best = nullptr;
  const auto literal = [](const RouteSpec& route) { return route.pattern.size() - (route.pattern.ends_with('*') ? 1 : 0); };
  for (const RouteSpec& route : routes) {
    if (!matches_route(route.pattern, target)) continue;
    const bool better = best == nullptr || literal(route) > literal(*best) || (literal(route) == literal(*best) && !route.pattern.ends_with('*'));
    if (better) best = &route;
  }
  return best;
}

}  // namespace tandem::scenario
