#pragma once
// What all methods of nginx 1.22 share (ngx_http_upstream_round_robin.c): the peers' state, passive health on a clock of whole
// seconds, the smooth weighted round robin step, and the accounting when an attempt ends. data-plane-semantics §1.1.

#include <vector>

#include "core/balance/policy.hpp"

namespace tandem::balance {

/// State of one server in one worker process.
struct NginxPeer {
  std::int64_t conns = 0;
  std::int64_t weight = 1;
  std::int64_t effective_weight = 1;
  std::int64_t current_weight = 0;
  bool limited = false;  ///< something below might rule it out: look closer
  bool down = false;
  int max_conns = 0;
  int fails = 0;
  int max_fails = 1;
  std::int64_t fail_timeout_s = 10;
  std::int64_t checked_s = 0;   ///< when it last failed or began a new window
  std::int64_t accessed_s = 0;  ///< when it last failed
};

class NginxPolicy : public BalancePolicy {
 public:
  void set_peers(std::span<const Peer> peers) final;
  std::optional<PeerRef> pick(const RequestTraits& request, TriedPeers& tried, SimTime now) final;
  void on_start(PeerRef peer) final;
  void on_finish(PeerRef peer, Outcome outcome, SimTime now) final;
  [[nodiscard]] int tries() const final { return tries_; }
  [[nodiscard]] int in_flight(std::size_t peer) const final;

 protected:
  /// A stretch of the peer array: the primary peers or the backups, each in configuration order.
  struct Range {
    std::size_t first = 0;
    std::size_t last = 0;  ///< one past the end
    [[nodiscard]] std::size_t size() const { return last - first; }
  };
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);
  /// Peers that ip_hash and random may find unusable for one request before they leave it to round robin.
  static constexpr int kMaxRejections = 20;

  /// The method proper: a peer of the range (its place in the array) or kNone. Called again for the backups.
  virtual std::size_t choose(const RequestTraits& request, TriedPeers& tried, Range range, std::int64_t now_s) = 0;
  /// New primary peers, for methods that prepare tables.
  virtual void on_peers(std::span<const Peer> /*primaries*/) {}

  /// nginx's eligibility test, in its order.
  [[nodiscard]] bool eligible(std::size_t at, const TriedPeers& tried, std::int64_t now_s) const {
    const NginxPeer& peer = peers_[at];
    if (!tried.none() && tried.contains(at)) return false;
    return !peer.limited || unlimited(peer, now_s);
  }

  /// The default method: smooth weighted round robin over the eligible peers.
  std::size_t choose_round_robin(const TriedPeers& tried, Range range, std::int64_t now_s);

  /// Exactly one primary peer and no backup: nginx then skips health and methods altogether.
  [[nodiscard]] bool single() const { return primaries_ == 1 && peers_.size() == 1; }
  [[nodiscard]] Range primary_range() const { return {0, primaries_}; }
  /// Sum of the configured weights of the primary peers, those that are down included.
  [[nodiscard]] std::int64_t total_weight() const { return total_weight_; }
  /// The primary peer at `offset` of the line of all weights, 0 ≤ offset < total_weight().
  [[nodiscard]] std::size_t at_weight(std::int64_t offset) const;

  std::vector<NginxPeer> peers_;  ///< primary peers, then backups

 private:
  static bool unlimited(const NginxPeer& peer, std::int64_t now_s);
  static void update_limited(NginxPeer& peer);
  std::size_t choose_any(const RequestTraits& request, TriedPeers& tried, std::int64_t now_s);

  std::size_t primaries_ = 0;
  std::int64_t total_weight_ = 0;
  int tries_ = 0;
  std::uint32_t generation_ = 0;
  std::vector<std::uint32_t> configured_;  ///< place in the array → place in set_peers' list
  std::vector<std::uint32_t> place_;       ///< the inverse
};

}  // namespace tandem::balance
