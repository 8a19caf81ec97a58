#include "core/balance/nginx_ip_hash.hpp"

namespace tandem::balance {
namespace {

// nginx's constants.
constexpr std::uint32_t kStart = 89;
constexpr std::uint32_t kFactor = 113;
constexpr std::uint32_t kModulus = 6271;

std::uint32_t hash_address(std::uint32_t hash, std::uint32_t address) {
  for (const int shift : {24, 16, 8}) hash = (hash * kFactor + (address >> shift & 0xff)) % kModulus;
  return hash;
}

}  // namespace

std::size_t NginxIpHash::choose(const RequestTraits& request, TriedPeers& tried, Range range, std::int64_t now_s) {
  // Backups have no place on the line; nginx refuses to combine them with ip_hash.
  if (range.first != 0 || total_weight() == 0) return choose_round_robin(tried, range, now_s);
  std::uint32_t hash = tried.hash_steps > 0 ? tried.hash : kStart;
  while (tried.rejections <= kMaxRejections) {
    hash = hash_address(hash, request.client_address);
    const std::size_t at = at_weight(hash % total_weight());
    if (eligible(at, tried, now_s)) {
      tried.hash = hash;
      ++tried.hash_steps;
      return at;
    }
    ++tried.rejections;
  }
  return choose_round_robin(tried, range, now_s);
}

}  // namespace tandem::balance
