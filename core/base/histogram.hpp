#pragma once
// Log-linear histogram of non-negative int64 values (HdrHistogram's layout, 3 significant digits):
// relative error of a reported value is at most 10^-3. Merging is exact.

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "core/base/int128.hpp"

namespace tandem {

class Histogram {
 public:
  void record(std::int64_t value, std::uint64_t count = 1);  ///< negative values count as 0
  void merge(const Histogram& other);

  [[nodiscard]] std::uint64_t count() const { return count_; }
  [[nodiscard]] std::int64_t min() const { return count_ == 0 ? 0 : min_; }  ///< exact
  [[nodiscard]] std::int64_t max() const { return count_ == 0 ? 0 : max_; }  ///< exact
  [[nodiscard]] double mean() const;                                         ///< exact (from the exact sum)
  /// Nearest rank: the highest value equivalent to sorted[ceil(q*N)-1], never above max(). q in [0,1]; 0 when empty.
  [[nodiscard]] std::int64_t quantile(double q) const;

  /// Bucket index → count, for writers; index_of/lowest_of/highest_of describe the layout.
  [[nodiscard]] const std::vector<std::uint64_t>& buckets() const { return buckets_; }
  static std::size_t index_of(std::int64_t value);
  static std::int64_t lowest_of(std::size_t index);
  static std::int64_t highest_of(std::size_t index);

  /// Exact sum of all values: with buckets(), min() and max() the whole state, for writers.
  [[nodiscard]] Int128 sum() const { return sum_; }
  /// The histogram with this state, for readers. `count` follows from the buckets.
  static Histogram restored(std::vector<std::uint64_t> buckets, std::int64_t min, std::int64_t max, Int128 sum) {
    Histogram histogram;
    histogram.buckets_ = std::move(buckets);
    for (const std::uint64_t count : histogram.buckets_) histogram.count_ += count;
    histogram.min_ = min;
    histogram.max_ = max;
    histogram.sum_ = sum;
    return histogram;
  }

  friend bool operator==(const Histogram&, const Histogram&) = default;

 private:
  std::vector<std::uint64_t> buckets_;
  std::uint64_t count_ = 0;
  std::int64_t min_ = 0;
  std::int64_t max_ = 0;
  Int128 sum_ = 0;
};

}  // namespace tandem
