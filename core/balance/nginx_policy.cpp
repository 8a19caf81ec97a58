#include "core/balance/nginx_policy.hpp"

#include <algorithm>

#include "core/base/check.hpp"

namespace tandem::balance {
namespace {

constexpr std::int64_t kNsPerSecond = 1'000'000'000;

}  // namespace

void NginxPolicy::set_peers(std::span<const Peer> peers) {
  peers_.clear();
  configured_.clear();
  place_.assign(peers.size(), 0);
  total_weight_ = 0;
  tries_ = 0;
  ++generation_;
  for (const bool backup : {false, true}) {
    for (std::size_t i = 0; i < peers.size(); ++i) {
      const Peer& peer = peers[i];
      if (peer.backup != backup) continue;
      CHECK(peer.weight >= 1, "a peer's weight is at least 1");
      NginxPeer state;
      state.weight = state.effective_weight = peer.weight;
      state.down = peer.down;
      state.max_conns = peer.max_conns;
      state.max_fails = peer.max_fails;
      state.fail_timeout_s = peer.fail_timeout.ns / kNsPerSecond;
      // A worker's peers begin with checked = 0 on a clock of the epoch: no window is open at the start.
      state.checked_s = state.accessed_s = -1 - state.fail_timeout_s;
      update_limited(state);
      place_[i] = static_cast<std::uint32_t>(peers_.size());
      configured_.push_back(static_cast<std::uint32_t>(i));
      peers_.push_back(state);
      if (!backup) total_weight_ += peer.weight;
      if (!peer.down) ++tries_;
    }
    if (!backup) primaries_ = peers_.size();
  }
  if (single()) tries_ = 1;
  std::vector<Peer> primaries;
  for (std::size_t i = 0; i < primaries_; ++i) primaries.push_back(peers[configured_[i]]);
  on_peers(primaries);
}

bool NginxPolicy::unlimited(const NginxPeer& peer, std::int64_t now_s) {
  if (peer.down) return false;
  if (peer.max_fails > 0 && peer.fails >= peer.max_fails && now_s - peer.checked_s <= peer.fail_timeout_s) return false;
  return peer.max_conns == 0 || peer.conns < peer.max_conns;
}

void NginxPolicy::update_limited(NginxPeer& peer) {
  peer.limited = peer.down || peer.max_conns > 0 || (peer.max_fails > 0 && peer.fails >= peer.max_fails);
}

std::size_t NginxPolicy::choose_round_robin(const TriedPeers& tried, Range range, std::int64_t now_s) {
  std::size_t best = kNone;
  std::int64_t total = 0;
  for (std::size_t i = range.first; i < range.last; ++i) {
    if (!eligible(i, tried, now_s)) continue;
    NginxPeer& peer = peers_[i];
    peer.current_weight += peer.effective_weight;
    total += peer.effective_weight;
    if (peer.effective_weight < peer.weight) ++peer.effective_weight;
    if (best == kNone || peer.current_weight > peers_[best].current_weight) best = i;
  }
  if (best != kNone) peers_[best].current_weight -= total;
  return best;
}

std::size_t NginxPolicy::at_weight(std::int64_t offset) const {
  std::size_t i = 0;
  while (offset >= peers_[i].weight) offset -= peers_[i++].weight;
  return i;
}

std::size_t NginxPolicy::choose_any(const RequestTraits& request, TriedPeers& tried, std::int64_t now_s) {
  if (single()) {
    // A lone server is asked whatever its record, and again on a retry.
    const NginxPeer& only = peers_.front();
    return only.down || (only.max_conns > 0 && only.conns >= only.max_conns) ? kNone : 0;
  }
  if (!tried.on_backups) {
    const std::size_t chosen = choose(request, tried, primary_range(), now_s);
    if (chosen != kNone || primaries_ == peers_.size()) return chosen;
    tried.on_backups = true;  // for the rest of this request, as nginx does
  }
  return choose(request, tried, {primaries_, peers_.size()}, now_s);
}

std::optional<PeerRef> NginxPolicy::pick(const RequestTraits& request, TriedPeers& tried, SimTime now) {
  if (tried.generation != generation_) {
    tried.clear();
    tried.generation = generation_;
  }
  const std::int64_t now_s = now.ns / kNsPerSecond;
  const std::size_t chosen = choose_any(request, tried, now_s);
  if (chosen == kNone) return std::nullopt;
  NginxPeer& peer = peers_[chosen];
  if (now_s - peer.checked_s > peer.fail_timeout_s) peer.checked_s = now_s;
  tried.add(chosen);
  return PeerRef{configured_[chosen], generation_};
}

void NginxPolicy::on_start(PeerRef peer) {
  if (peer.generation == generation_) ++peers_[place_[peer.index]].conns;
}

void NginxPolicy::on_finish(PeerRef ref, Outcome outcome, SimTime now) {
  if (ref.generation != generation_) return;  // an old worker's request
  NginxPeer& peer = peers_[place_[ref.index]];
  CHECK(peer.conns > 0, "an attempt ended that never began");
  --peer.conns;
  if (single()) return;
  const std::int64_t now_s = now.ns / kNsPerSecond;
  if (outcome == Outcome::Ok) {
    if (peer.accessed_s < peer.checked_s) peer.fails = 0;
  } else {
    ++peer.fails;
    peer.accessed_s = peer.checked_s = now_s;
    if (peer.max_fails > 0) {
      peer.effective_weight = std::max<std::int64_t>(peer.effective_weight - peer.weight / peer.max_fails, 0);
    }
  }
  update_limited(peer);
}

int NginxPolicy::in_flight(std::size_t peer) const { return static_cast<int>(peers_[place_.at(peer)].conns); }

}  // namespace tandem::balance
