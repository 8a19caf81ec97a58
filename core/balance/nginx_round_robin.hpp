#pragma once

#include "core/balance/nginx_policy.hpp"

namespace tandem::balance {

/// nginx's default method, smooth weighted round robin: each pick every usable peer gains its effective weight, the
/// largest current weight wins (the first declared among equals) and pays the sum. data-plane-semantics §1.1.
class NginxRoundRobin final : public NginxPolicy {
  std::size_t choose(const RequestTraits& request, TriedPeers& tried, Range range, std::int64_t now_s) override;
};

}  // namespace tandem::balance
