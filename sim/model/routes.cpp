#include "sim/model/routes.hpp"

namespace tandem::sim {

bool matches_pattern(std::string_view pattern, std::string_view path) {
  return pattern.ends_with('*') ? path.starts_with(pattern.substr(0, pattern.size() - 1)) : path == pattern;
}

const scenario::RouteSpec* match_route(const std::vector<scenario::RouteSpec>& routes, std::string_view path) {
  const scenario::RouteSpec* best = nullptr;
  std::size_t best_rank = 0;
  for (const scenario::RouteSpec& route : routes) {
    if (!matches_pattern(route.pattern, path)) continue;
    const bool open = route.pattern.ends_with('*');
    const std::size_t rank = 2 * (route.pattern.size() - (open ? 1 : 0)) + (open ? 0 : 1);
    if (best != nullptr && rank <= best_rank) continue;
    best = &route;
    best_rank = rank;
  }
  return best;
}

std::string_view without_query(std::string_view target) { return target.substr(0, target.find('?')); }

}  // namespace tandem::sim
