#pragma once
// Counter-based random streams (Philox 4x32-10 through Random123; Salmon et al., SC'11). A stream is named by
// (root seed, purpose, entity), so adding an entity never shifts the draws of another (hardening D5, D6).

#include <cstdint>
#include <string_view>

namespace tandem {

/// 64-bit FNV-1a followed by a splitmix64 finaliser; the documented hash behind stream names and sampling (D7).
/// Test vectors in tests/unit/base/random_test.cpp.
std::uint64_t stable_hash(std::string_view bytes, std::uint64_t seed = 0);

/// Random-access draws: value i of a stream does not depend on whether others were taken.
class CounterStream {
 public:
  CounterStream() = default;
  CounterStream(std::uint64_t root_seed, std::string_view purpose, std::uint64_t entity = 0);

  /// Draw `index`, sub-draw `lane` (0 or 1): 64 uniform bits.
  [[nodiscard]] std::uint64_t bits(std::uint64_t index, unsigned lane = 0) const;
  /// Uniform in [0, 1) from 53 bits.
  [[nodiscard]] double uniform(std::uint64_t index, unsigned lane = 0) const;
  /// Exponential with the given mean: -mean * log(1 - u) with our own log.
  [[nodiscard]] double exponential(std::uint64_t index, double mean, unsigned lane = 0) const;

 private:
  std::uint64_t key_ = 0;
  std::uint64_t entity_ = 0;
};

/// Sequential draws from a CounterStream, for callers whose number of draws is not indexed by anything.
class RandomStream {
 public:
  RandomStream() = default;
  RandomStream(std::uint64_t root_seed, std::string_view purpose, std::uint64_t entity = 0)
      : stream_(root_seed, purpose, entity) {}

  std::uint64_t bits() { return stream_.bits(next_++); }
  double uniform() { return stream_.uniform(next_++); }
  double exponential(double mean) { return stream_.exponential(next_++, mean); }
  /// Uniform integer in [0, bound) by rejection. Requires bound > 0.
  std::uint64_t below(std::uint64_t bound);

 private:
  CounterStream stream_;
  std::uint64_t next_ = 0;
};

}  // namespace tandem
