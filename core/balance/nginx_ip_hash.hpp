#pragma once

#include "core/balance/nginx_policy.hpp"

namespace tandem::balance {

/// nginx's `ip_hash` (ngx_http_upstream_ip_hash_module.c): the first three octets of the client's IPv4 address choose a
/// place on the line of all weights, down peers included, so that marking a peer down moves no other client.
class NginxIpHash final : public NginxPolicy {
  std::size_t choose(const RequestTraits& request, TriedPeers& tried, Range range, std::int64_t now_s) override;
};

}  // namespace tandem::balance
