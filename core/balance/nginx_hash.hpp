#pragma once

#include "core/balance/nginx_policy.hpp"

namespace tandem::balance {

/// nginx's `hash KEY` (ngx_http_upstream_hash_module.c), compatible with Cache::Memcached: the key's CRC-32 chooses a place on
/// the line of all weights; an unusable peer there leads to another hash. Our key is the request URI.
class NginxHash final : public NginxPolicy {
  std::size_t choose(const RequestTraits& request, TriedPeers& tried, Range range, std::int64_t now_s) override;
};

}  // namespace tandem::balance
