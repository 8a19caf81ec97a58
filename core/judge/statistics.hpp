#pragma once
// Statistics that a comparison needs, with their methods stated.

#include <cstdint>
#include <span>
#include <vector>

namespace tandem::judge {

/// Nearest rank: sorted[ceil(q * n) - 1]. Requires sorted, non-empty values and q in [0, 1].
std::int64_t quantile_of_sorted(std::span<const std::int64_t> sorted, double q);

/// Two-sample Kolmogorov–Smirnov distance: the largest difference of the two empirical distribution functions. Sorts its
/// arguments. 0 if either is empty.
double ks_distance(std::vector<std::int64_t> a, std::vector<std::int64_t> b);
/// The distance that equal distributions exceed with probability 0.05 (asymptotic): sqrt(-ln(0.025)/2 * (n+m)/(n*m)).
double ks_critical_distance(std::size_t n, std::size_t m);

struct Interval {
  double low = 0;
  double high = 0;
};

/// Latency figures of one sample, in ns.
struct LatencyFigures {
  double mean = 0;
  double p50 = 0;
  double p95 = 0;
  double p99 = 0;
};
inline constexpr std::size_t kLatencyFigures = 4;
/// As an array in order of declaration.
std::vector<double> as_list(const LatencyFigures& figures);

/// Block bootstrap of a time-ordered sample (Künsch 1989, non-overlapping blocks as Carlstein 1986): the sample is cut into at
/// most 50 blocks of equal length, blocks are drawn with replacement, and the figures of each redrawn sample are computed. Blocks
/// keep the correlation of neighbouring requests, which plain resampling would ignore. Deterministic: draws come from
/// RandomStream(seed, "bootstrap"). Quantiles are of a log-linear histogram (relative error at most 10^-3).
class BlockBootstrap {
 public:
  static constexpr std::size_t kBlocks = 50;
  static constexpr std::size_t kResamples = 1000;

  /// Requires a non-empty sample in order of time.
  BlockBootstrap(std::span<const std::int64_t> sample, std::uint64_t seed);

  /// Figures of every resample.
  [[nodiscard]] const std::vector<LatencyFigures>& resamples() const { return resamples_; }
  /// Percentile interval that covers `level` (0.95) of the resamples' figure number `figure`.
  [[nodiscard]] Interval interval(std::size_t figure, double level = 0.95) const;

 private:
  std::vector<LatencyFigures> resamples_;
};

/// Interval of the difference a - b of two independent bootstraps, from paired resamples.
Interval difference_interval(const BlockBootstrap& a, const BlockBootstrap& b, std::size_t figure, double level = 0.95);

/// Length of the longest common subsequence of two sequences of small numbers; O(n * m / 64) by bit-parallel rows (Hyyrö 2004).
std::size_t common_subsequence_length(std::span<const std::uint32_t> a, std::span<const std::uint32_t> b);

}  // namespace tandem::judge
