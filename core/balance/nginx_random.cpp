#include "core/balance/nginx_random.hpp"

namespace tandem::balance {

std::size_t NginxRandom::choose(const RequestTraits& /*request*/, TriedPeers& tried, Range range, std::int64_t now_s) {
  if (range.first != 0 || range.size() < 2) return choose_round_robin(tried, range, now_s);
  std::size_t first = kNone;
  while (tried.rejections <= kMaxRejections) {
    const std::size_t drawn = at_weight(static_cast<std::int64_t>(random_.below(static_cast<std::uint64_t>(total_weight()))));
    if (drawn == first || !eligible(drawn, tried, now_s)) {
      ++tried.rejections;
      continue;
    }
    if (draws_ == Draws::One) return drawn;
    if (first == kNone) {
      first = drawn;
      continue;
    }
    const bool first_is_freer = peers_[drawn].conns * peers_[first].weight > peers_[first].conns * peers_[drawn].weight;
    return first_is_freer ? first : drawn;
  }
  return choose_round_robin(tried, range, now_s);
}

}  // namespace tandem::balance
