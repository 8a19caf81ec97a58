#include "core/base/histogram.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

#include "core/base/check.hpp"

namespace tandem {
namespace {

/// HdrHistogram's sub-bucket count for 3 significant digits: the least power of two that is at least 2 * 10^3.
/// Values below it have a bucket each; above, every doubling of the value has half as many buckets.
constexpr std::uint64_t kHalf = 1024;
constexpr int kHalfBits = 10;

/// Of a bucket, the number of low bits that its values may differ in.
int shift_of(std::size_t index) { return index < 2 * kHalf ? 0 : static_cast<int>(index / kHalf) - 1; }

}  // namespace

std::size_t Histogram::index_of(std::int64_t value) {
  const auto v = static_cast<std::uint64_t>(std::max<std::int64_t>(value, 0));
  const int shift = std::max(static_cast<int>(std::bit_width(v)) - 1 - kHalfBits, 0);
  return static_cast<std::size_t>(static_cast<std::uint64_t>(shift) * kHalf + (v >> shift));
}

std::int64_t Histogram::lowest_of(std::size_t index) {
  const int shift = shift_of(index);
  return static_cast<std::int64_t>((index - static_cast<std::size_t>(shift) * kHalf) << shift);
}

std::int64_t Histogram::highest_of(std::size_t index) { return lowest_of(index) + ((std::int64_t{1} << shift_of(index)) - 1); }

void Histogram::record(std::int64_t value, std::uint64_t count) {
  if (count == 0) return;
  value = std::max<std::int64_t>(value, 0);
  const std::size_t index = index_of(value);
  if (index >= buckets_.size()) buckets_.resize(index + 1);
  buckets_[index] += count;
  min_ = count_ == 0 ? value : std::min(min_, value);
  max_ = count_ == 0 ? value : std::max(max_, value);
  count_ += count;
  sum_ += static_cast<Int128>(value) * static_cast<Int128>(count);
}

void Histogram::merge(const Histogram& other) {
  if (other.count_ == 0) return;
  if (other.buckets_.size() > buckets_.size()) buckets_.resize(other.buckets_.size());
  for (std::size_t i = 0; i < other.buckets_.size(); ++i) buckets_[i] += other.buckets_[i];
  min_ = count_ == 0 ? other.min_ : std::min(min_, other.min_);
  max_ = count_ == 0 ? other.max_ : std::max(max_, other.max_);
  count_ += other.count_;
  sum_ += other.sum_;
}

double Histogram::mean() const { return count_ == 0 ? 0.0 : static_cast<double>(sum_) / static_cast<double>(count_); }

std::int64_t Histogram::quantile(double q) const {
  CHECK(q >= 0 && q <= 1, "a quantile outside [0, 1]");
  if (count_ == 0) return 0;
  // HdrHistogram's remedy for products such as 0.07 * 100 = 7.000000000000001: multiply the next smaller double.
  const double wanted = std::ceil(std::nextafter(q, -1.0) * static_cast<double>(count_));
  const std::uint64_t rank = wanted < 1 ? 1 : std::min(count_, static_cast<std::uint64_t>(wanted));
  std::uint64_t seen = 0;
  for (std::size_t i = index_of(min_); i < buckets_.size(); ++i) {
    seen += buckets_[i];
    if (seen >= rank) return std::min(highest_of(i), max_);
  }
  return max_;
}

}  // namespace tandem
