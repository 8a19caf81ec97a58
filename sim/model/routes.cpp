#include "sim/model/routes.hpp"

namespace tandem::sim {

const scenario::RouteSpec* match_route(const std::vector<scenario::RouteSpec>& routes, std::string_view path) {
  const scenario::RouteSpec* best = nullptr;
  std::size_t best_rank = 0;
  for (const scenario::RouteSpec& route : routes) {
    const std::string_view pattern = route.pattern;
    const bool open = pattern.ends_with('*');
    const std::string_view literal = open ? pattern.substr(0, pattern.size() - 1) : pattern;
    if (open ? !path.starts_with(literal) : path != literal) continue;
    const std::size_t rank = 2 * literal.size() + (open ? 0 : 1);
    if (best != nullptr && rank <= best_rank) continue;
    best = &route;
    best_rank = rank;
  }
  return best;
}

std::string_view without_query(std::string_view target) { return target.substr(0, target.find('?')); }

}  // namespace tandem::sim
