#include "core/judge/statistics.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "core/base/check.hpp"
#include "core/base/histogram.hpp"
#include "core/base/random.hpp"

namespace tandem::judge {

namespace {

/// 1-based nearest rank; the product is taken one ulp down, so that 0.07 * 100 = 7.000000000000001 stays 7.
std::size_t rank_of(double q, std::size_t n) {
  const double rank = std::ceil(std::nextafter(q, -1.0) * static_cast<double>(n));
  return rank < 1 ? 1 : std::min(n, static_cast<std::size_t>(rank));
}

Interval percentile_interval(std::vector<double> values, double level) {
  std::sort(values.begin(), values.end());
  const double tail = (1 - level) / 2;
  return {values[rank_of(tail, values.size()) - 1], values[rank_of(1 - tail, values.size()) - 1]};
}

double figure_of(const LatencyFigures& figures, std::size_t figure) {
  switch (figure) {
    case 0: return figures.mean;
    case 1: return figures.p50;
    case 2: return figures.p95;
    default: return figures.p99;
  }
}

/// The sample's blocks as counts over the buckets that occur at all.
struct Blocks {
  std::vector<std::size_t> buckets;               // histogram index of each column
  std::vector<std::vector<std::uint32_t>> counts; // per block
  std::vector<double> sums;
  std::vector<std::uint64_t> sizes;
};

Blocks blocks_of(std::span<const std::int64_t> sample) {
  Blocks blocks;
  std::map<std::size_t, std::size_t> column_of;
  for (const std::int64_t value : sample) column_of[Histogram::index_of(value)] = 0;
  for (auto& [bucket, column] : column_of) {
    column = blocks.buckets.size();
    blocks.buckets.push_back(bucket);
  }
  const std::size_t count = std::min(BlockBootstrap::kBlocks, sample.size());
  for (std::size_t block = 0; block < count; ++block) {
    const std::size_t begin = sample.size() * block / count;
    const std::size_t end = sample.size() * (block + 1) / count;
    std::vector<std::uint32_t> counts(blocks.buckets.size());
    double sum = 0;
    for (std::size_t i = begin; i < end; ++i) {
      ++counts[column_of[Histogram::index_of(sample[i])]];
      sum += static_cast<double>(sample[i]);
    }
    blocks.counts.push_back(std::move(counts));
    blocks.sums.push_back(sum);
    blocks.sizes.push_back(end - begin);
  }
  return blocks;
}

}  // namespace

std::int64_t quantile_of_sorted(std::span<const std::int64_t> sorted, double q) {
  CHECK(!sorted.empty() && q >= 0 && q <= 1, "a quantile of nothing");
  return sorted[rank_of(q, sorted.size()) - 1];
}

double ks_distance(std::vector<std::int64_t> a, std::vector<std::int64_t> b) {
  if (a.empty() || b.empty()) return 0;
  std::sort(a.begin(), a.end());
  std::sort(b.begin(), b.end());
  std::size_t i = 0, j = 0;
  double largest = 0;
  while (i < a.size() && j < b.size()) {
    const std::int64_t value = std::min(a[i], b[j]);
    while (i < a.size() && a[i] == value) ++i;
    while (j < b.size() && b[j] == value) ++j;
    const double difference = static_cast<double>(i) / static_cast<double>(a.size()) - static_cast<double>(j) / static_cast<double>(b.size());
    largest = std::max(largest, std::abs(difference));
  }
  return largest;
}

double ks_critical_distance(std::size_t n, std::size_t m) {
  if (n == 0 || m == 0) return 1;
  const double product = static_cast<double>(n) * static_cast<double>(m);
  // sqrt(-ln(0.025) / 2)
  return 1.3581015157406195 * std::sqrt(static_cast<double>(n + m) / product);
}

std::vector<double> as_list(const LatencyFigures& figures) { return {figures.mean, figures.p50, figures.p95, figures.p99}; }

BlockBootstrap::BlockBootstrap(std::span<const std::int64_t> sample, std::uint64_t seed) {
  CHECK(!sample.empty(), "a bootstrap of nothing");
  const Blocks blocks = blocks_of(sample);
  RandomStream random(seed, "bootstrap");
  std::vector<std::uint64_t> counts(blocks.buckets.size());
  resamples_.reserve(kResamples);
  for (std::size_t round = 0; round < kResamples; ++round) {
    std::fill(counts.begin(), counts.end(), 0);
    double sum = 0;
    std::uint64_t size = 0;
    for (std::size_t draw = 0; draw < blocks.sums.size(); ++draw) {
      const std::size_t block = random.below(blocks.sums.size());
      sum += blocks.sums[block];
      size += blocks.sizes[block];
      for (std::size_t column = 0; column < counts.size(); ++column) counts[column] += blocks.counts[block][column];
    }
    const auto quantile = [&](double q) {
      const std::uint64_t rank = rank_of(q, size);
      std::uint64_t seen = 0;
      for (std::size_t column = 0; column < counts.size(); ++column) {
        seen += counts[column];
        if (seen >= rank) return static_cast<double>(Histogram::highest_of(blocks.buckets[column]));
      }
      return 0.0;
    };
    resamples_.push_back({sum / static_cast<double>(size), quantile(0.5), quantile(0.95), quantile(0.99)});
  }
}

Interval BlockBootstrap::interval(std::size_t figure, double level) const {
  std::vector<double> values;
  values.reserve(resamples_.size());
  for (const LatencyFigures& figures : resamples_) values.push_back(figure_of(figures, figure));
  return percentile_interval(std::move(values), level);
}

Interval difference_interval(const BlockBootstrap& a, const BlockBootstrap& b, std::size_t figure, double level) {
  std::vector<double> values;
  for (std::size_t i = 0; i < a.resamples().size(); ++i) {
    values.push_back(figure_of(a.resamples()[i], figure) - figure_of(b.resamples()[i], figure));
  }
  return percentile_interval(std::move(values), level);
}

std::size_t common_subsequence_length(std::span<const std::uint32_t> a, std::span<const std::uint32_t> b) {
  const std::size_t words = (a.size() + 63) / 64;
  std::map<std::uint32_t, std::vector<std::uint64_t>> positions;
  for (std::size_t i = 0; i < a.size(); ++i) {
    auto& bits = positions[a[i]];
    bits.resize(words);
    bits[i / 64] |= std::uint64_t{1} << (i % 64);
  }
  // Zero bits of `row` are the matched positions of `a`; row' = (row + (row & match)) | (row & ~match), with carries across words.
  std::vector<std::uint64_t> row(words, ~std::uint64_t{0});
  for (const std::uint32_t symbol : b) {
    const auto match = positions.find(symbol);
    if (match == positions.end()) continue;
    std::uint64_t carry = 0;
    for (std::size_t w = 0; w < words; ++w) {
      const std::uint64_t matched = row[w] & match->second[w];
      const std::uint64_t partial = row[w] + matched;
      const std::uint64_t sum = partial + carry;
      carry = (partial < row[w] ? 1u : 0u) | (sum < partial ? 1u : 0u);
      row[w] = sum | (row[w] & ~match->second[w]);
    }
  }
  std::size_t length = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if ((row[i / 64] >> (i % 64) & 1) == 0) ++length;
  }
  return length;
}

}  // namespace tandem::judge
