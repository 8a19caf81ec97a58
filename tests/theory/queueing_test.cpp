// The whole request path against exact queueing theory: Poisson arrivals through a balancer to replicas, nothing else taking
// time. Values and formulas: reference data-plane-semantics §2 (Kleinrock vol. 1; Pollaczek-Khinchine; Erlang C; exact CTMC for
// join-shortest-queue). Loads are at most 0.8. Fixed seeds; the mean of each run must lie within three standard errors of the
// exact value, the standard error taken from batch means.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "tests/unit/sim/lab.hpp"

namespace tandem::sim {
namespace {

using namespace tandem::literals;

/// One second of CPU time is the unit of theory; arrivals per second follow.
constexpr SimDuration kUnit = seconds(1);
constexpr std::uint64_t kRequests = 400'000;
constexpr std::size_t kBatches = 40;
/// What the start from empty leaves behind.
constexpr double kWarmUp = 0.05;

struct Estimate {
  double mean = 0;
  double standard_error = 0;
};

Estimate batch_means(const std::vector<double>& values) {
  const auto first = static_cast<std::size_t>(kWarmUp * static_cast<double>(values.size()));
  const std::size_t size = (values.size() - first) / kBatches;
  std::vector<double> means;
  for (std::size_t batch = 0; batch < kBatches; ++batch) {
    double sum = 0;
    for (std::size_t i = 0; i < size; ++i) sum += values[first + batch * size + i];
    means.push_back(sum / static_cast<double>(size));
  }
  Estimate estimate;
  for (const double mean : means) estimate.mean += mean / kBatches;
  double square = 0;
  for (const double mean : means) square += (mean - estimate.mean) * (mean - estimate.mean);
  estimate.standard_error = std::sqrt(square / (kBatches - 1) / kBatches);
  return estimate;
}

/// A source of the mixture: its share of the arrivals and its mean demand.
struct Class {
  double share = 1;
  double mean = 1;
  bool exponential = true;
};

struct System {
  double arrival_rate = 0;
  int workers = 1;
  scenario::Discipline discipline = scenario::Discipline::Fifo;
  std::vector<Class> classes{Class{}};
  int replicas = 1;
  std::string policy = "round_robin";
};

/// Response times in seconds, in order of arrival; of one class only, if asked.
std::vector<double> response_times(const System& system, std::uint64_t seed, int only_class = -1) {
  Lab lab;
  lab.scenario.seed = seed;
  lab.scenario.images.clear();
  scenario::ImageSpec& image = lab.image("web");
  image.workers = system.workers;
  image.backlog = 1'000'000;
  image.discipline = system.discipline;
  const double duration = static_cast<double>(kRequests) / system.arrival_rate;
  for (std::size_t i = 0; i < system.classes.size(); ++i) {
    const Class& one = system.classes[i];
    const std::string path = "/" + std::to_string(i);
    image.routes.push_back(route(path, from_seconds(one.mean * to_seconds(kUnit)), {}, one.exponential));
    scenario::TrafficSpec& traffic =
        lab.traffic("class" + std::to_string(i), system.arrival_rate * one.share, {}, from_seconds(duration));
    traffic.arrivals = scenario::ArrivalKind::Poisson;
    traffic.route = path;
    traffic.timeout = seconds(1'000'000);
  }
  std::vector<std::string> nodes;
  for (int i = 0; i < system.replicas; ++i) nodes.push_back("worker0");
  balance::BalancerSpec balancer;
  balancer.policy = system.policy;
  balancer.read_timeout = seconds(1'000'000);
  lab.records.reserve(kRequests + kRequests / 10);
  lab.serve(nodes, balancer);
  lab.run_until(from_seconds(duration + 10'000));
  std::sort(lab.records.begin(), lab.records.end(),
            [](const auto& a, const auto& b) { return std::pair(a.intended, a.traffic) < std::pair(b.intended, b.traffic); });
  std::vector<double> times;
  for (const record::RequestRecord& record : lab.records) {
    EXPECT_EQ(record.status, 200);
    if (only_class >= 0 && record.traffic != static_cast<std::uint32_t>(only_class)) continue;
    times.push_back(to_seconds(record.end - record.intended));
  }
  return times;
}

void expect_mean(const System& system, double exact, std::uint64_t seed) {
  const Estimate estimate = batch_means(response_times(system, seed));
  EXPECT_NEAR(estimate.mean, exact, 3 * estimate.standard_error) << "seed " << seed;
  // A wide error would prove nothing.
  EXPECT_LT(estimate.standard_error, 0.04 * exact);
}

System fifo(double rate, int workers) {
  System system;
  system.arrival_rate = rate;
  system.workers = workers;
  return system;
}
System shared(double rate, int workers, std::vector<Class> classes) {
  System system = fifo(rate, workers);
  system.discipline = scenario::Discipline::Shared;
  system.classes = std::move(classes);
  return system;
}
System replicated(double load, int replicas, std::string policy) {
  System system = fifo(load * replicas, 1);
  system.replicas = replicas;
  system.policy = std::move(policy);
  return system;
}

/// Hyperexponential with mean 1 and squared coefficient of variation 4, balanced means (§2.3).
const std::vector<Class> kHyperexponential{{0.887298335, 1 / 1.77459667, true}, {0.112701665, 1 / 0.225403331, true}};

TEST(QueueingTheory, MM1) {
  expect_mean(fifo(0.5, 1), 2, 1);
  expect_mean(fifo(0.8, 1), 5, 2);
}

TEST(QueueingTheory, MM1QuantilesAreExponential) {
  std::vector<double> times = response_times(fifo(0.5, 1), 3);
  std::sort(times.begin(), times.end());
  const auto quantile = [&](double q) { return times[static_cast<std::size_t>(q * static_cast<double>(times.size()))]; };
  // -ln(1-q) / (mu - lambda)
  EXPECT_NEAR(quantile(0.5), 1.38629436, 0.02);
  EXPECT_NEAR(quantile(0.9), 4.60517019, 0.06);
  EXPECT_NEAR(quantile(0.99), 9.21034037, 0.2);
}

TEST(QueueingTheory, MMc) {
  expect_mean(fifo(1.6, 2), 2.77777778, 4);
  expect_mean(fifo(3.2, 4), 1.74554059, 5);
}

TEST(QueueingTheory, MD1) {
  System system = fifo(0.8, 1);
  system.classes = {{1, 1, false}};
  expect_mean(system, 3, 6);
}

TEST(QueueingTheory, MG1WithHighVariance) {
  System system = fifo(0.5, 1);
  system.classes = kHyperexponential;
  // E[S] + rho (1 + cv²) / (2 (1 - rho)) = 1 + 0.5 * 5 / 1
  expect_mean(system, 3.5, 7);
}

TEST(QueueingTheory, ProcessorSharingIsInsensitiveToTheDemandsLaw) {
  expect_mean(shared(0.8, 1, {{1, 1, true}}), 5, 8);
  expect_mean(shared(0.8, 1, {{1, 1, false}}), 5, 9);
  expect_mean(shared(0.7, 1, kHyperexponential), 1 / 0.3, 10);
}

TEST(QueueingTheory, ProcessorSharingStretchesEveryDemandAlike) {
  // E[T | x] = x / (1 - rho) for each of the two fixed demands.
  const System system = shared(0.6, 1, {{0.5, 0.5, false}, {0.5, 1.5, false}});
  const Estimate small = batch_means(response_times(system, 11, 0));
  const Estimate large = batch_means(response_times(system, 11, 1));
  EXPECT_NEAR(small.mean, 0.5 / 0.4, 3 * small.standard_error);
  EXPECT_NEAR(large.mean, 1.5 / 0.4, 3 * large.standard_error);
}

TEST(QueueingTheory, ProcessorSharingOnSeveralCoresHasTheMeanOfMMc) {
  expect_mean(shared(3.2, 4, {{1, 1, true}}), 1.74554059, 12);
  expect_mean(shared(1.6, 2, kHyperexponential), 2.77777778, 13);
}

TEST(QueueingTheory, RoundRobinMakesErlangArrivals) {
  expect_mean(replicated(0.8, 2, "round_robin"), 3.84397977, 14);
  expect_mean(replicated(0.8, 4, "round_robin"), 3.26738361, 15);
}

TEST(QueueingTheory, LeastConnIsJoinTheShortestQueue) {
  expect_mean(replicated(0.8, 2, "least_conn"), 2.95573662, 16);
  expect_mean(replicated(0.8, 3, "least_conn"), 2.28554761, 17);
  expect_mean(replicated(0.8, 4, "least_conn"), 1.95313421, 18);
}

TEST(QueueingTheory, RandomIsASplitPoissonStream) { expect_mean(replicated(0.7, 3, "random"), 1 / 0.3, 19); }

TEST(QueueingTheory, RandomTwoIsTwoChoicesWithoutReplacement) {
  expect_mean(replicated(0.8, 3, "random two"), 2.50999979, 20);
  expect_mean(replicated(0.8, 4, "random two"), 2.33015760, 21);
}

}  // namespace
}  // namespace tandem::sim
