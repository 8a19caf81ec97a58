#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/judge/compare.hpp"
#include "core/judge/table.hpp"
#include "tests/unit/judge/small_rollout.hpp"

namespace tandem::judge {
namespace {

using namespace testing;
using ::testing::HasSubstr;

/// The small rollout with 400 requests: latencies 2.0, 2.1, … ms in turn, plus `more` µs.
record::Recording run(RecordingBuilder& builder, const std::string& salt, std::int64_t slower_start, std::int64_t more) {
  SmallRollout(builder, salt, slower_start).record();
  for (std::uint64_t i = 0; i < 400; ++i) {
    builder.request(request(i, 100 * static_cast<std::int64_t>(i), 2'000 + 100 * static_cast<std::int64_t>(i % 11) + more, i < 200 ? 404 : 200));
  }
  return builder.finish(60'000);
}

const Figure& figure(const Comparison& comparison, const std::string& name) {
  for (const Figure& one : comparison.figures) {
    if (one.name == name) return one;
  }
  ADD_FAILURE() << "no figure " << name;
  return comparison.figures.front();
}

TEST(Compare, ReportsFiguresWithErrorsIntervalsAndEvidence) {
  RecordingBuilder sim("sim"), docker("docker");
  const auto a = run(sim, "x", 0, 0);
  const auto b = run(docker, "other", 200, 500);
  const Comparison comparison = compare(a, b);
  EXPECT_EQ(comparison.world_a, "sim");
  EXPECT_EQ(comparison.world_b, "docker");

  // 400 = 36 * 11 + 4: the four extra ones have 0 … 3 tenths.
  const double mean = 2.0 + (36 * 5.5 + 0.6) / 400;
  const Figure& response = figure(comparison, "users: mean response time");
  EXPECT_NEAR(response.a, mean, 1e-9);
  EXPECT_NEAR(response.b, mean + 0.5, 1e-9);
  EXPECT_NEAR(*response.relative(), -0.5 / (mean + 0.5), 1e-9);
  EXPECT_EQ(response.evidence, Evidence::Independent);
  ASSERT_TRUE(response.interval_difference);
  EXPECT_LT(response.interval_difference->high, -0.4);
  EXPECT_GT(response.interval_difference->low, -0.6);
  EXPECT_NEAR(figure(comparison, "users: p50 response time").a, 2.5, 1e-9);
  EXPECT_NEAR(figure(comparison, "users: p99 response time").b, 3.5, 1e-9);

  EXPECT_EQ(figure(comparison, "users: requests").evidence, Evidence::SharedInput);
  EXPECT_EQ(figure(comparison, "users: status 404").a, 50);
  EXPECT_EQ(figure(comparison, "users: failed").a, 0);
  EXPECT_EQ(figure(comparison, "web: rollout 1").a, 2.5);
  EXPECT_EQ(figure(comparison, "web: rollout 1").b, 2.7);
  EXPECT_EQ(figure(comparison, "web: first start").relative(), 0);
  // The slower start lengthens both shortages by 200 ms.
  EXPECT_NEAR(figure(comparison, "web: missing replica-seconds").b, 1.85 + 0.4, 1e-9);
  EXPECT_EQ(figure(comparison, "web: fewest available").evidence, Evidence::SharedCode);
  EXPECT_EQ(figure(comparison, "pods on the same node").a, 100);
  EXPECT_FALSE(figure(comparison, "pods on the same node").graded);
}

TEST(Compare, NeverAlignsByRandomNames) {
  RecordingBuilder one("sim"), two("docker");
  const auto a = run(one, "aaa", 0, 0);
  const auto b = run(two, "zzz", 0, 0);
  const Comparison comparison = compare(a, b);
  EXPECT_FALSE(comparison.order.first) << comparison.order.first->a->what;
  EXPECT_EQ(comparison.order.share(), 0);
  ASSERT_EQ(comparison.sizes.size(), 2u);
  EXPECT_TRUE(comparison.sizes[1].same);
  EXPECT_EQ(comparison.grade.letter, "A");
  EXPECT_EQ(comparison.grade.mean_error, 0);
  EXPECT_EQ(comparison.distances[0].ks, 0);
}

TEST(Compare, FindsTheFirstDivergenceInLogicalOrder) {
  RecordingBuilder one("sim"), two("docker");
  const auto a = run(one, "x", 0, 0);
  const auto b = run(two, "y", 200, 0);
  EXPECT_FALSE(compare(a, b).order.first) << "other times, same order";

  // Half a second slower, web#2.2 is Ready only at 23,060, after web#1.1 was gone at 23,000.
  RecordingBuilder slower("docker");
  const auto late = run(slower, "w", 500, 0);
  const OrderDifference swapped = compare(a, late).order;
  ASSERT_TRUE(swapped.first);
  EXPECT_EQ(swapped.first->a->what, "web#2 pod ready");
  EXPECT_EQ(swapped.first->a->at.time, at_ms(22'060));
  EXPECT_EQ(swapped.first->b->what, "web#1 pod gone");
  EXPECT_EQ(swapped.first->b->at.time, at_ms(23'000));
  EXPECT_EQ(swapped.in_common_order, swapped.events_a - 1);

  // A run that never finishes the second step has fewer events.
  RecordingBuilder three("docker");
  SmallRollout(three, "z").record(21'125);
  const auto c = three.finish(60'000);
  const OrderDifference order = compare(a, c).order;
  ASSERT_TRUE(order.first);
  ASSERT_TRUE(order.first->a);
  EXPECT_EQ(order.first->a->what, "web#1 size 0");
  EXPECT_EQ(order.first->a->at.time, at_ms(21'130));
  EXPECT_FALSE(order.first->b);
  EXPECT_EQ(order.in_common_order, order.events_b);
  EXPECT_EQ(order.first->number, order.events_b);
}

TEST(Compare, TwoSimulationsGetNoGrade) {
  RecordingBuilder one("sim"), two("sim");
  const auto a = run(one, "x", 0, 0);
  const auto b = run(two, "y", 100, 0);
  const Comparison comparison = compare(a, b);
  EXPECT_EQ(comparison.grade.letter, "");
  EXPECT_EQ(figure(comparison, "users: mean response time").evidence, Evidence::SharedCode);
  EXPECT_THAT(to_text(comparison), HasSubstr("Quality grade: none"));
}

TEST(Compare, AForeignControlPlaneMakesDecisionsIndependent) {
  RecordingBuilder one("sim"), two("kind");
  const auto a = run(one, "x", 0, 0);
  const auto b = run(two, "y", 0, 0);
  const Comparison comparison = compare(a, b);
  EXPECT_EQ(figure(comparison, "pods on the same node").evidence, Evidence::Independent);
  EXPECT_EQ(comparison.sizes[1].evidence, Evidence::Independent);
}

TEST(Compare, GradeIsTheMeanErrorOfIndependentFigures) {
  RecordingBuilder sim("sim"), docker("docker");
  const auto a = run(sim, "x", 0, 0);
  const auto b = run(docker, "y", 200, 500);
  const Comparison comparison = compare(a, b);
  double sum = 0;
  std::size_t count = 0;
  for (const Figure& one : comparison.figures) {
    if (one.evidence != Evidence::Independent || !one.graded) continue;
    sum += one.error();
    ++count;
  }
  // failed, four response times, first start, rollout, missing replica-seconds.
  EXPECT_EQ(count, 8u);
  EXPECT_EQ(comparison.grade.figures, count);
  EXPECT_NEAR(comparison.grade.mean_error, sum / 8, 1e-12);
  EXPECT_EQ(comparison.grade.letter, comparison.grade.mean_error <= 0.1 ? "B" : "C");
}

TEST(Compare, ErrorsAreCappedAndSharesCountAsDifferences) {
  Figure figure;
  figure.unit = "ms";
  figure.a = 5;
  EXPECT_FALSE(figure.relative());
  EXPECT_EQ(figure.error(), 1);
  figure.b = 1;
  EXPECT_EQ(*figure.relative(), 4);
  EXPECT_EQ(figure.error(), 1);
  figure.unit = "%";
  EXPECT_DOUBLE_EQ(figure.error(), 0.04);
}

TEST(Compare, TextAndJsonShowTheSameComparison) {
  RecordingBuilder sim("sim"), docker("docker");
  const auto a = run(sim, "x", 0, 0);
  const auto b = run(docker, "y", 200, 500);
  const Comparison comparison = compare(a, b);
  const std::string text = to_text(comparison);
  EXPECT_THAT(text, HasSubstr("FIGURE"));
  EXPECT_THAT(text, HasSubstr("web: rollout 1"));
  EXPECT_THAT(text, HasSubstr("What carries the difference: mean response time, traffic users\n"));
  EXPECT_THAT(text, HasSubstr("CPU service"));
  EXPECT_THAT(text, HasSubstr("First divergence: none\n"));
  EXPECT_THAT(text, HasSubstr("block bootstrap"));
  const nlohmann::json json = to_json(comparison);
  EXPECT_EQ(json["version"], 1);
  EXPECT_EQ(json["figures"].size(), comparison.figures.size());
  EXPECT_EQ(json["order"]["first_divergence"], nullptr);
  EXPECT_EQ(json["attribution"].size(), 3u);
  EXPECT_EQ(json["grade"]["letter"], comparison.grade.letter);
}

TEST(Compare, SaysWhatOnlyOneSideHas) {
  RecordingBuilder one("sim", {{"users", {}, 0}, {"robots", {}, 0}}), two("docker");
  const auto a = run(one, "x", 0, 0);
  const auto b = two.finish(60'000);
  const Comparison comparison = compare(a, b);
  EXPECT_THAT(comparison.notes, ::testing::Contains("traffic robots exists only in sim"));
  EXPECT_THAT(comparison.notes, ::testing::Contains("deployment web exists only in sim"));
  EXPECT_THAT(comparison.notes, ::testing::Contains(HasSubstr("no latencies")));
}

TEST(Table, PadsLikeKubectl) {
  Table table({"NAME", "READY", "AGE"});
  table.add({"web", "1/1", "5s"});
  table.add({"a-longer-name", "0/1", ""});
  EXPECT_EQ(table.text(), "NAME            READY   AGE\nweb             1/1     5s\na-longer-name   0/1     \n");
}

}  // namespace
}  // namespace tandem::judge
