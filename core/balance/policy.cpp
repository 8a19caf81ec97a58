#include "core/balance/policy.hpp"

namespace tandem::balance {

void TriedPeers::add(std::size_t peer) {
  none_ = false;
  if (peer < 64) {
    low_ |= std::uint64_t{1} << peer;
    return;
  }
  const std::size_t word = peer / 64 - 1;
  if (word >= high_.size()) high_.resize(word + 1);
  high_[word] |= std::uint64_t{1} << (peer % 64);
}

}  // namespace tandem::balance
