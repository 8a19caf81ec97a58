#include "core/base/random.hpp"

#include <Random123/philox.h>

#include "core/base/check.hpp"
#include "core/base/math.hpp"

namespace tandem {
namespace {

/// The output step of splitmix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", OOPSLA'14),
/// a bijection that maps 0 to 0.
std::uint64_t splitmix_finalise(std::uint64_t z) {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

constexpr std::uint32_t low(std::uint64_t value) { return static_cast<std::uint32_t>(value); }
constexpr std::uint32_t high(std::uint64_t value) { return static_cast<std::uint32_t>(value >> 32); }

}  // namespace

std::uint64_t stable_hash(std::string_view bytes, std::uint64_t seed) {
  // Offset basis and prime of FNV-1a, 64 bits. The seed is mixed before it is folded in, so that a change of the
  // seed cannot be undone by a change of the first byte.
  std::uint64_t hash = 0xcbf29ce484222325ULL ^ splitmix_finalise(seed);
  for (const char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  return splitmix_finalise(hash);
}

CounterStream::CounterStream(std::uint64_t root_seed, std::string_view purpose, std::uint64_t entity)
    : key_(stable_hash(purpose, root_seed)), entity_(entity) {}

std::uint64_t CounterStream::bits(std::uint64_t index, unsigned lane) const {
  CHECK(lane < 2, "a draw has two lanes");
  const philox4x32_ctr_t counter{{low(index), high(index), low(entity_), high(entity_)}};
  const philox4x32_key_t key{{low(key_), high(key_)}};
  const philox4x32_ctr_t drawn = philox4x32_R(10, counter, key);
  return static_cast<std::uint64_t>(drawn.v[2 * lane + 1]) << 32 | drawn.v[2 * lane];
}

double CounterStream::uniform(std::uint64_t index, unsigned lane) const {
  return static_cast<double>(bits(index, lane) >> 11) * 0x1p-53;
}

double CounterStream::exponential(std::uint64_t index, double mean, unsigned lane) const {
  return -mean * stable_log(1.0 - uniform(index, lane));
}

std::uint64_t RandomStream::below(std::uint64_t bound) {
  CHECK(bound > 0, "a range of no values");
  // 2^64 mod bound values are refused, so that the others fall evenly on the residues.
  const std::uint64_t refused = (0 - bound) % bound;
  std::uint64_t drawn = bits();
  while (drawn < refused) drawn = bits();
  return drawn % bound;
}

}  // namespace tandem
