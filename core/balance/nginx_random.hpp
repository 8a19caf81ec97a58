#pragma once

#include "core/balance/nginx_policy.hpp"
#include "core/base/random.hpp"

namespace tandem::balance {

/// nginx's `random` and `random two [least_conn]` (ngx_http_upstream_random_module.c). One: a peer drawn by weight. Two: two
/// distinct usable peers are drawn, and of them the one with fewer requests in flight per weight wins, the second on a tie.
class NginxRandom final : public NginxPolicy {
 public:
  enum class Draws : std::uint8_t { One, Two };
  NginxRandom(Draws draws, RandomStream random) : draws_(draws), random_(random) {}

 private:
  std::size_t choose(const RequestTraits& request, TriedPeers& tried, Range range, std::int64_t now_s) override;

  Draws draws_;
  RandomStream random_;
};

}  // namespace tandem::balance
