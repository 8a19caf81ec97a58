#include "core/balance/nginx_least_conn.hpp"

namespace tandem::balance {

std::size_t NginxLeastConn::choose(const RequestTraits& /*request*/, TriedPeers& tried, Range range, std::int64_t now_s) {
  // conns/weight is compared crosswise: exact, and as nginx does it.
  std::size_t best = kNone;
  bool tied = false;
  for (std::size_t i = range.first; i < range.last; ++i) {
    if (!eligible(i, tried, now_s)) continue;
    if (best == kNone) {
      best = i;
      continue;
    }
    const std::int64_t ours = peers_[i].conns * peers_[best].weight;
    const std::int64_t least = peers_[best].conns * peers_[i].weight;
    if (ours < least) {
      best = i;
      tied = false;
    } else if (ours == least) {
      tied = true;
    }
  }
  if (!tied) return best;

  const std::int64_t conns = peers_[best].conns;
  const std::int64_t weight = peers_[best].weight;
  std::int64_t total = 0;
  for (std::size_t i = best; i < range.last; ++i) {
    NginxPeer& peer = peers_[i];
    if (peer.conns * weight != conns * peer.weight || !eligible(i, tried, now_s)) continue;
    peer.current_weight += peer.effective_weight;
    total += peer.effective_weight;
    if (peer.effective_weight < peer.weight) ++peer.effective_weight;
    if (peer.current_weight > peers_[best].current_weight) best = i;
  }
  peers_[best].current_weight -= total;
  return best;
}

}  // namespace tandem::balance
