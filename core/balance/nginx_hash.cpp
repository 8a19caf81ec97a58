#include "core/balance/nginx_hash.hpp"

#include <boost/crc.hpp>
#include <string>

namespace tandem::balance {
namespace {

/// Hash number `step` of a key: from the second on, the step's number stands before the key.
std::uint32_t hash_of(std::string_view key, int step) {
  boost::crc_32_type crc;
  if (step > 0) {
    const std::string prefix = std::to_string(step);
    crc.process_bytes(prefix.data(), prefix.size());
  }
  crc.process_bytes(key.data(), key.size());
  return crc.checksum() >> 16 & 0x7fff;
}

}  // namespace

std::size_t NginxHash::choose(const RequestTraits& request, TriedPeers& tried, Range range, std::int64_t now_s) {
  // nginx refuses backups together with hash; an empty key falls back to round robin.
  if (range.first != 0 || range.size() == 0 || request.uri.empty()) return choose_round_robin(tried, range, now_s);
  while (tried.rejections <= kMaxRejections) {
    tried.hash += hash_of(request.uri, tried.hash_steps++);
    const std::size_t at = at_weight(tried.hash % total_weight());
    if (eligible(at, tried, now_s)) return at;
    ++tried.rejections;
  }
  return choose_round_robin(tried, range, now_s);
}

}  // namespace tandem::balance
