#include "core/balance/nginx_consistent_hash.hpp"

#include <algorithm>
#include <array>
#include <boost/crc.hpp>

namespace tandem::balance {
namespace {

constexpr std::int64_t kPointsPerWeight = 160;

/// Host and port of a server's text; no port if what follows the last colon is not all digits.
struct HostPort {
  std::string_view host, port;
};

HostPort split_text(std::string_view text) {
  const std::size_t colon = text.find_last_not_of("0123456789");
  if (colon == std::string_view::npos || text[colon] != ':') return {text, {}};
  return {text.substr(0, colon), text.substr(colon + 1)};
}

}  // namespace

void NginxConsistentHash::on_peers(std::span<const Peer> primaries) {
  ring_.clear();
  namesake_.clear();
  for (std::uint32_t i = 0; i < primaries.size(); ++i) {
    const auto same = [&](const Peer& other) { return other.name == primaries[i].name; };
    const auto first = std::find_if(primaries.begin(), primaries.end(), same);
    namesake_.push_back(static_cast<std::uint32_t>(first - primaries.begin()));

    const HostPort text = split_text(primaries[i].name);
    boost::crc_32_type base;
    base.process_bytes(text.host.data(), text.host.size());
    base.process_byte(0);
    base.process_bytes(text.port.data(), text.port.size());
    std::uint32_t point = 0;
    for (std::int64_t n = 0; n < kPointsPerWeight * primaries[i].weight; ++n) {
      // Each point's hash goes on into the next one's, as four little-endian bytes.
      boost::crc_32_type crc = base;
      for (const int shift : {0, 8, 16, 24}) crc.process_byte(static_cast<unsigned char>(point >> shift & 0xff));
      point = crc.checksum();
      ring_.push_back({point, namesake_.back()});
    }
  }
  // Of equal hashes the first declared stays.
  std::stable_sort(ring_.begin(), ring_.end(), [](const Point& a, const Point& b) { return a.hash < b.hash; });
  const auto same_hash = [](const Point& a, const Point& b) { return a.hash == b.hash; };
  ring_.erase(std::unique(ring_.begin(), ring_.end(), same_hash), ring_.end());
}

std::size_t NginxConsistentHash::choose_among_namesakes(std::uint32_t peer, const TriedPeers& tried, std::int64_t now_s) {
  std::size_t best = kNone;
  std::int64_t total = 0;
  for (std::size_t i = peer; i < namesake_.size(); ++i) {
    if (namesake_[i] != peer || !eligible(i, tried, now_s)) continue;
    NginxPeer& candidate = peers_[i];
    candidate.current_weight += candidate.effective_weight;
    total += candidate.effective_weight;
    if (candidate.effective_weight < candidate.weight) ++candidate.effective_weight;
    if (best == kNone || candidate.current_weight > peers_[best].current_weight) best = i;
  }
  if (best != kNone) peers_[best].current_weight -= total;
  return best;
}

std::size_t NginxConsistentHash::choose(const RequestTraits& request, TriedPeers& tried, Range range, std::int64_t now_s) {
  if (range.first != 0 || ring_.empty() || request.uri.empty()) return choose_round_robin(tried, range, now_s);
  if (tried.hash_steps == 0) {
    boost::crc_32_type crc;
    crc.process_bytes(request.uri.data(), request.uri.size());
    const auto at = std::lower_bound(ring_.begin(), ring_.end(), static_cast<std::uint32_t>(crc.checksum()),
                                     [](const Point& point, std::uint32_t hash) { return point.hash < hash; });
    tried.hash = static_cast<std::uint32_t>(at - ring_.begin());
    tried.hash_steps = 1;
  }
  while (tried.rejections <= kMaxRejections) {
    const std::size_t chosen = choose_among_namesakes(ring_[tried.hash % ring_.size()].peer, tried, now_s);
    if (chosen != kNone) return chosen;
    ++tried.hash;
    ++tried.rejections;
  }
  return choose_round_robin(tried, range, now_s);
}

}  // namespace tandem::balance
