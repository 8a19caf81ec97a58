#pragma once

#include "core/balance/nginx_policy.hpp"

namespace tandem::balance {

/// nginx's `least_conn` (ngx_http_upstream_least_conn_module.c): least requests in flight per configured weight; a tie
/// is settled by one round robin step among the tied peers only. data-plane-semantics §1.1.
class NginxLeastConn final : public NginxPolicy {
  std::size_t choose(const RequestTraits& request, TriedPeers& tried, Range range, std::int64_t now_s) override;
};

}  // namespace tandem::balance
