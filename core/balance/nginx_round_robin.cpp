#include "core/balance/nginx_round_robin.hpp"

namespace tandem::balance {

std::size_t NginxRoundRobin::choose(const RequestTraits& /*request*/, TriedPeers& tried, Range range, std::int64_t now_s) {
  return choose_round_robin(tried, range, now_s);
}

}  // namespace tandem::balance
