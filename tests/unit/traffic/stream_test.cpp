#include "core/traffic/stream.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace tandem::traffic {
namespace {

using namespace literals;

SourcePlan plan_of(ArrivalProcessKind kind, double rate, SimDuration from, SimDuration until, std::string name = "users") {
  return {std::move(name), kind, rate, kTimeZero + from, kTimeZero + until};
}

std::vector<PlannedRequest> all_of(const SourcePlan& plan, std::uint64_t seed) {
  RequestStream stream(plan, seed);
  std::vector<PlannedRequest> requests;
  for (PlannedRequest request; stream.next(request);) requests.push_back(request);
  return requests;
}

bool same(const std::vector<PlannedRequest>& a, const std::vector<PlannedRequest>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const PlannedRequest& x, const PlannedRequest& y) {
    return x.index == y.index && x.intended == y.intended && x.demand_factor == y.demand_factor;
  });
}

TEST(ConstantArrivals, ComeAtFromPlusIndexOverRateRoundedToNanoseconds) {
  const auto requests = all_of(plan_of(ArrivalProcessKind::Constant, 3.0, 1_s, 3_s), 1);
  ASSERT_EQ(requests.size(), 6U);
  const std::int64_t expected[] = {1'000'000'000, 1'333'333'333, 1'666'666'667, 2'000'000'000, 2'333'333'333, 2'666'666'667};
  for (std::size_t i = 0; i < 6; ++i) {
    EXPECT_EQ(requests[i].intended.ns, expected[i]);
    EXPECT_EQ(requests[i].index, i);
  }
}

TEST(ConstantArrivals, DoNotDriftOverAMillionRequests) {
  const auto requests = all_of(plan_of(ArrivalProcessKind::Constant, 999.0, 0_s, 1001_s), 1);
  EXPECT_EQ(requests.size(), 999'999U);
  EXPECT_EQ(requests[999 * 1000].intended, SimTime{} + 1000_s);
}

TEST(Arrivals, BeginAtFromAndEndBeforeUntil) {
  for (const auto kind : {ArrivalProcessKind::Constant, ArrivalProcessKind::Poisson}) {
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
      const auto requests = all_of(plan_of(kind, 1000.0, 2_s, 3_s), seed);
      ASSERT_FALSE(requests.empty());
      EXPECT_GE(requests.front().intended, SimTime{} + 2_s);
      EXPECT_LT(requests.back().intended, SimTime{} + 3_s);
    }
  }
  // A request due exactly at the end is not sent, one due exactly at the start is.
  EXPECT_EQ(all_of(plan_of(ArrivalProcessKind::Constant, 10.0, 0_s, 1_s), 1).size(), 10U);
  EXPECT_EQ(all_of(plan_of(ArrivalProcessKind::Constant, 10.0, 1_s, 1_s), 1).size(), 0U);
  EXPECT_EQ(all_of(plan_of(ArrivalProcessKind::Poisson, 10.0, 1_s, 1_s), 1).size(), 0U);
}

TEST(Arrivals, StayEndedOnceEnded) {
  RequestStream stream(plan_of(ArrivalProcessKind::Poisson, 100.0, 0_s, 1_s), 3);
  PlannedRequest request;
  while (stream.next(request)) {}
  EXPECT_FALSE(stream.next(request));
  EXPECT_FALSE(stream.next(request));
}

TEST(Arrivals, AtATinyRateEndWithoutOverflow) {
  EXPECT_EQ(all_of(plan_of(ArrivalProcessKind::Constant, 1e-300, 0_s, 3600_s), 1).size(), 1U);  // the one at zero
  EXPECT_EQ(all_of(plan_of(ArrivalProcessKind::Poisson, 1e-300, 0_s, 3600_s), 1).size(), 0U);
}

TEST(Arrivals, NeedARateAboveZero) {
  EXPECT_DEATH(RequestStream(plan_of(ArrivalProcessKind::Poisson, 0.0, 0_s, 1_s), 1), "rate above 0");
}

TEST(PoissonArrivals, CountIsPoissonDistributed) {
  // Over many seeds the counts in one second at 200/s have mean and variance 200.
  constexpr int kRuns = 1000;
  double sum = 0, squares = 0;
  for (std::uint64_t seed = 0; seed < kRuns; ++seed) {
    const auto count = static_cast<double>(all_of(plan_of(ArrivalProcessKind::Poisson, 200.0, 0_s, 1_s), seed).size());
    sum += count;
    squares += count * count;
  }
  const double mean = sum / kRuns;
  const double variance = squares / kRuns - mean * mean;
  EXPECT_NEAR(mean, 200.0, 4 * std::sqrt(200.0 / kRuns));
  // Variance of a sample variance of a Poisson: (m + 3 m^2 - m^2) / n = (m + 2 m^2) / n.
  EXPECT_NEAR(variance, 200.0, 4 * std::sqrt((200.0 + 2 * 200.0 * 200.0) / kRuns));
}

/// Kolmogorov-Smirnov distance of `sample` from the exponential distribution of mean 1, times sqrt(n).
double exponential_distance(std::vector<double> sample) {
  std::sort(sample.begin(), sample.end());
  const auto n = static_cast<double>(sample.size());
  double distance = 0;
  for (std::size_t i = 0; i < sample.size(); ++i) {
    const double exact = 1.0 - std::exp(-sample[i]);
    const auto rank = static_cast<double>(i);
    distance = std::max({distance, exact - rank / n, (rank + 1) / n - exact});
  }
  return distance * std::sqrt(n);
}

TEST(PoissonArrivals, GapsAndDemandsAreExponential) {
  constexpr double kRate = 500.0;
  const auto requests = all_of(plan_of(ArrivalProcessKind::Poisson, kRate, 5_s, 105_s), 42);
  std::vector<double> gaps, demands;
  SimTime last = SimTime{} + 5_s;
  for (const PlannedRequest& request : requests) {
    gaps.push_back(to_seconds(request.intended - last) * kRate);
    demands.push_back(request.demand_factor);
    last = request.intended;
  }
  // Kolmogorov's distribution: 1.95 is exceeded once in a thousand.
  EXPECT_LT(exponential_distance(gaps), 1.95);
  EXPECT_LT(exponential_distance(demands), 1.95);
  // The test would notice a uniform spacing: the canary of this very function.
  std::vector<double> uniform;
  for (std::size_t i = 0; i < gaps.size(); ++i)
    uniform.push_back(2.0 * static_cast<double>(i) / static_cast<double>(gaps.size()));
  EXPECT_GT(exponential_distance(uniform), 10.0);
}

TEST(PoissonArrivals, GapsAndDemandsAreUncorrelated) {
  const auto requests = all_of(plan_of(ArrivalProcessKind::Poisson, 1000.0, 0_s, 50_s), 7);
  double sum = 0;
  SimTime last = kTimeZero;
  for (const PlannedRequest& request : requests) {
    sum += (to_seconds(request.intended - last) * 1000.0 - 1.0) * (request.demand_factor - 1.0);
    last = request.intended;
  }
  // Each product has mean 0 and variance 1 if the two are independent.
  const auto n = static_cast<double>(requests.size());
  EXPECT_LT(std::fabs(sum / n), 4 / std::sqrt(n));
}

TEST(Sources, GiveTheSameSequenceForTheSameSeedAndNameOnly) {
  const SourcePlan plan = plan_of(ArrivalProcessKind::Poisson, 300.0, 0_s, 10_s);
  SourcePlan renamed = plan;
  renamed.name = "robots";
  const auto requests = all_of(plan, 42);
  EXPECT_TRUE(same(requests, all_of(plan, 42)));
  EXPECT_FALSE(same(requests, all_of(plan, 43)));
  EXPECT_FALSE(same(requests, all_of(renamed, 42)));
}

TEST(Sources, DoNotShiftEachOther) {
  // Interleaving another source, as a scenario with two does, leaves every draw of the first where it was.
  const SourcePlan plan = plan_of(ArrivalProcessKind::Poisson, 300.0, 0_s, 10_s);
  const auto alone = all_of(plan, 42);
  RequestStream first(plan, 42);
  RequestStream second(plan_of(ArrivalProcessKind::Poisson, 900.0, 0_s, 10_s, "robots"), 42);
  std::vector<PlannedRequest> together;
  PlannedRequest other;
  for (PlannedRequest request; first.next(request);) {
    together.push_back(request);
    second.next(other);
    second.next(other);
  }
  EXPECT_TRUE(same(alone, together));
}

TEST(Sources, AreIndependentOfEachOther) {
  // Counts per 10 ms of two sources of one scenario: their correlation vanishes.
  constexpr int kCells = 5000;
  std::vector<double> a(kCells), b(kCells);
  const auto fill = [](std::vector<double>& cells, const char* name) {
    for (const PlannedRequest& request : all_of(plan_of(ArrivalProcessKind::Poisson, 400.0, 0_s, 50_s, name), 42)) {
      cells[static_cast<std::size_t>(request.intended.ns / 10'000'000)] += 1;
    }
  };
  fill(a, "users");
  fill(b, "robots");
  double sum = 0;
  for (int i = 0; i < kCells; ++i) sum += (a[static_cast<std::size_t>(i)] - 4.0) * (b[static_cast<std::size_t>(i)] - 4.0);
  EXPECT_LT(std::fabs(sum / (4.0 * kCells)), 4 / std::sqrt(kCells));
}

TEST(Sources, HaveGoldenFirstRequests) {
  // The load generator and the simulator must agree for ever: a change here is a change of model version. The times
  // were computed by a second program (Philox and FNV written anew, the platform's logarithm).
  const auto requests = all_of(plan_of(ArrivalProcessKind::Poisson, 200.0, 5_s, 55_s), 42);
  ASSERT_EQ(requests.size(), 9940U);
  EXPECT_EQ(requests[0].intended.ns, 5'005'874'187);
  EXPECT_EQ(requests[1].intended.ns, 5'011'477'994);
  EXPECT_EQ(requests[2].intended.ns, 5'012'746'797);
  EXPECT_EQ(requests[9939].intended.ns, 54'997'106'147);
  EXPECT_DOUBLE_EQ(requests[0].demand_factor, 0x1.196d282993db1p-3);
  EXPECT_DOUBLE_EQ(requests[9939].demand_factor, 0x1.fa755ced791cap-6);
}

}  // namespace
}  // namespace tandem::traffic
