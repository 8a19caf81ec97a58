#pragma once

#include <cstdint>
#include <vector>

#include "core/balance/nginx_policy.hpp"

namespace tandem::balance {

/// nginx's `hash KEY consistent` (ngx_http_upstream_hash_module.c), the ring of Cache::Memcached::Fast: 160 points per unit of
/// weight, placed by the server's text in the configuration; the first point at or after the key's CRC-32 serves it.
class NginxConsistentHash final : public NginxPolicy {
  std::size_t choose(const RequestTraits& request, TriedPeers& tried, Range range, std::int64_t now_s) override;
  void on_peers(std::span<const Peer> primaries) override;

  struct Point {
    std::uint32_t hash = 0;
    std::uint32_t peer = 0;  ///< the first peer with this point's text
  };
  /// One smooth weighted round robin step among the usable peers that share this peer's text.
  std::size_t choose_among_namesakes(std::uint32_t peer, const TriedPeers& tried, std::int64_t now_s);

  std::vector<Point> ring_;              ///< ascending, without equal hashes
  std::vector<std::uint32_t> namesake_;  ///< for each primary peer the first one with its text
};

}  // namespace tandem::balance
