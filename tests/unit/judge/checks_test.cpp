#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/judge/checks.hpp"
#include "core/judge/export_junit.hpp"
#include "core/judge/steps.hpp"
#include "core/judge/summary.hpp"
#include "tests/unit/judge/small_rollout.hpp"

namespace tandem::judge {
namespace {

using namespace testing;
using ::testing::HasSubstr;

scenario::CheckSpec check(std::string kind, std::string expression) {
  scenario::CheckSpec spec;
  spec.name = kind + " " + expression;
  spec.kind = std::move(kind);
  spec.expression = std::move(expression);
  spec.points = 2;
  return spec;
}

/// The small rollout with 100 requests, one every 250 ms from 0: latency 1 ms, 2 ms, … 100 ms, every tenth a 404.
class Checks : public ::testing::Test {
 protected:
  Checks() {
    SmallRollout(builder_).record();
    for (std::uint64_t i = 0; i < 100; ++i) {
      builder_.request(request(i, static_cast<std::int64_t>(i) * 250, 1'000 * static_cast<std::int64_t>(i + 1), i % 10 == 9 ? 404 : 200));
    }
    recording_.emplace(builder_.finish(60'000));
    history_ = RunHistory::of(*recording_);
  }
  CheckResult evaluate(const scenario::CheckSpec& spec) const { return evaluate_checks({spec}, *recording_, history_).results[0]; }
  CheckResult metric(const std::string& name, const std::string& threshold, const std::string& from = "", const std::string& until = "") const {
    scenario::CheckSpec spec = check("metric", name);
    spec.threshold = threshold;
    spec.from = from;
    spec.until = until;
    return evaluate(spec);
  }

  RecordingBuilder builder_{"sim", {{"users", {200}, 0}}};
  std::optional<record::Recording> recording_;
  RunHistory history_;
};

TEST_F(Checks, AlwaysHoldsFromTheMomentItsConditionOpens) {
  scenario::CheckSpec spec = check("always", "deployment/web.available >= 1");
  spec.from = "deployment/web.available == 2";
  const CheckResult result = evaluate(spec);
  EXPECT_EQ(result.verdict, Verdict::Passed);
  EXPECT_EQ(result.points, 2);
  EXPECT_THAT(result.seen, HasSubstr("from 1.000s until 60.000s"));
}

TEST_F(Checks, AlwaysNamesItsFirstViolationAndItsTotal) {
  scenario::CheckSpec spec = check("always", "deployment/web.available >= 2");
  spec.from = "deployment/web.available == 2";
  const CheckResult result = evaluate(spec);
  EXPECT_EQ(result.verdict, Verdict::Failed);
  EXPECT_EQ(result.points, 0);
  EXPECT_EQ(result.first_violation, at_ms(20'180));
  EXPECT_EQ(result.seen, "at 20.180s: deployment/web.available = 1; in all for 1.85s");
  EXPECT_THAT(result.hint, HasSubstr("--at 20.18s"));
}

TEST_F(Checks, AlwaysWithoutFromCountsFromTimeZero) {
  EXPECT_EQ(evaluate(check("always", "deployment/web.available >= 1")).first_violation, at_ms(0));
}

TEST_F(Checks, AlwaysEndsBeforeTheMomentOfUntil) {
  scenario::CheckSpec spec = check("always", "deployment/web.available == 2");
  spec.from = "1s";
  spec.until = "20.18s";
  EXPECT_EQ(evaluate(spec).verdict, Verdict::Passed);
  spec.until = "20.181s";
  EXPECT_EQ(evaluate(spec).verdict, Verdict::Failed);
  spec.until = "deployment/web.available < 2";
  EXPECT_EQ(evaluate(spec).verdict, Verdict::Passed);
}

TEST_F(Checks, NeverIsBrokenByASingleInstant) {
  scenario::CheckSpec spec = check("never", "pods(app=web).terminating >= 1");
  EXPECT_EQ(evaluate(spec).first_violation, at_ms(20'170));
  spec.until = "20s";
  EXPECT_EQ(evaluate(spec).verdict, Verdict::Passed);
}

TEST_F(Checks, EventuallyCountsItsTimeFromTheWindow) {
  scenario::CheckSpec spec = check("eventually", "deployment/web.updated == 2 and deployment/web.available == 2");
  spec.from = "20.18s";
  spec.within = milliseconds(1'900);
  CheckResult result = evaluate(spec);
  EXPECT_EQ(result.verdict, Verdict::Passed) << result.seen;
  EXPECT_EQ(result.seen, "it held at 22.080s, after 1.9s");
  spec.within = milliseconds(1'820);
  result = evaluate(spec);
  EXPECT_EQ(result.verdict, Verdict::Failed);
  EXPECT_EQ(result.first_violation, at_ms(22'000));
}

TEST_F(Checks, SharesAreOfWhatTheObjectAsksFor) {
  scenario::CheckSpec spec = check("always", "deployment/web.available >= 50%");
  spec.from = "1s";
  EXPECT_EQ(evaluate(spec).verdict, Verdict::Passed);
  spec.expression = "deployment/web.available > 50%";
  EXPECT_EQ(evaluate(spec).first_violation, at_ms(20'180));
}

TEST_F(Checks, CountPodsBySelectorIncludingTerminatingOnes) {
  scenario::CheckSpec spec = check("eventually", "pods(app=web).count == 3");
  EXPECT_EQ(evaluate(spec).seen, "it held at 20.200s, after 20.2s");
  spec.expression = "pods(app=web).count == 4";
  EXPECT_EQ(evaluate(spec).verdict, Verdict::Failed);
  spec.expression = "pods(app=other).count == 0";
  EXPECT_EQ(evaluate(spec).verdict, Verdict::Passed);
}

TEST_F(Checks, WhatCannotBeEvaluatedIsAnErrorNotAPass) {
  const auto is_error = [&](scenario::CheckSpec spec, const std::string& seen) {
    const CheckResult result = evaluate(spec);
    EXPECT_EQ(result.verdict, Verdict::Error) << spec.expression;
    EXPECT_EQ(result.points, 0);
    EXPECT_THAT(result.seen + " " + result.hint, HasSubstr(seen));
  };
  is_error(check("never", "deployment/wb.available > 5"), "did you mean web?");
  is_error(check("always", "this is no condition"), "");
  is_error(check("sometimes", "deployment/web.available > 5"), "unknown kind");
  scenario::CheckSpec spec = check("always", "deployment/web.available >= 0");
  spec.from = "deployment/web.available == 7";
  is_error(spec, "its start never came");
  spec.from = "60s";
  is_error(spec, "window is empty");
  spec.from = "";
  spec.until = "61s";
  is_error(spec, "the run ended at 60.000s");
  spec = check("eventually", "deployment/web.available == 7");
  spec.within = seconds(70);
  is_error(spec, "the run ended at 60.000s");
  spec = check("metric", "http_req_duration{traffic:usr}");
  spec.threshold = "p(95)<1";
  is_error(spec, "no traffic source usr");
  spec = check("metric", "http_req_duration{status:500}");
  spec.threshold = "p(95)<1";
  is_error(spec, "no request matches");
}

TEST_F(Checks, MetricsAgreeWithHandArithmetic) {
  // Latencies are 1 … 100 ms; nearest rank.
  EXPECT_EQ(metric("http_req_duration", "p(95)<95.001").verdict, Verdict::Passed);
  EXPECT_EQ(metric("http_req_duration", "p(95)<95").verdict, Verdict::Failed);
  EXPECT_EQ(metric("http_req_duration", "p(95)<95").seen, "95 ms over 100");
  EXPECT_EQ(metric("http_req_duration", "avg<=50.5").verdict, Verdict::Passed);
  EXPECT_EQ(metric("http_req_duration", "med==50").verdict, Verdict::Passed);
  EXPECT_EQ(metric("http_req_duration", "max==100").verdict, Verdict::Passed);
  EXPECT_EQ(metric("http_req_duration{status:404}", "min==10").verdict, Verdict::Passed);
  EXPECT_EQ(metric("http_req_failed{traffic:users}", "rate<=0.1").verdict, Verdict::Passed);
  EXPECT_EQ(metric("http_req_failed", "rate<10%").verdict, Verdict::Failed);
  EXPECT_EQ(metric("http_req_failed", "rate<10%").seen, "10.000% of 100");
  EXPECT_EQ(metric("http_reqs", "count==100").verdict, Verdict::Passed);
  EXPECT_EQ(metric("http_reqs{status:200}", "count==90").verdict, Verdict::Passed);
  // Requests 4 … 7 are intended at 1.0, 1.25, 1.5 and 1.75 s.
  EXPECT_EQ(metric("http_reqs", "count==4", "1s", "2s").verdict, Verdict::Passed);
  EXPECT_EQ(metric("http_reqs", "rate==4", "1s", "2s").verdict, Verdict::Passed);
  EXPECT_EQ(metric("http_req_duration", "avg==6.5", "1s", "2s").verdict, Verdict::Passed);
}

TEST_F(Checks, RolloutDurationIsInMilliseconds) {
  EXPECT_EQ(metric("rollout_duration{deployment:web}", "value<=2500").verdict, Verdict::Passed);
  EXPECT_EQ(metric("rollout_duration", "value<2.5s").verdict, Verdict::Failed);
  EXPECT_EQ(metric("rollout_duration", "max<3s", "", "10s").verdict, Verdict::Error) << "none began in the window";
}

TEST(ChecksOfUnfinishedRuns, DecideOnlyWhatWasSeen) {
  RecordingBuilder builder;
  SmallRollout(builder).record(21'000);
  const auto recording = builder.abandon();
  const RunHistory history = RunHistory::of(recording);
  const auto verdict = [&](scenario::CheckSpec spec) { return evaluate_checks({spec}, recording, history).results[0].verdict; };
  scenario::CheckSpec spec = check("always", "deployment/web.available >= 1");
  spec.from = "1s";
  EXPECT_EQ(verdict(spec), Verdict::Error) << "nothing is known of the rest of the run";
  spec.expression = "deployment/web.available >= 2";
  EXPECT_EQ(verdict(spec), Verdict::Failed) << "a violation was seen";
  EXPECT_EQ(verdict(check("eventually", "deployment/web.available == 2")), Verdict::Passed);
  EXPECT_EQ(verdict(check("eventually", "deployment/web.updated == 1")), Verdict::Error);
}

TEST(ChecksOfUnfinishedRuns, ARolloutThatIsNotOverHasALowerBound) {
  RecordingBuilder builder;
  SmallRollout(builder).record(21'000);
  const auto recording = builder.finish(30'000);
  const RunHistory history = RunHistory::of(recording);
  const auto verdict = [&](const char* threshold) {
    scenario::CheckSpec spec = check("metric", "rollout_duration");
    spec.threshold = threshold;
    return evaluate_checks({spec}, recording, history).results[0].verdict;
  };
  EXPECT_EQ(verdict("value<5s"), Verdict::Failed) << "it has taken 10 s already";
  EXPECT_EQ(verdict("value<20s"), Verdict::Error);
  EXPECT_EQ(verdict("value>5s"), Verdict::Passed);
}

TEST_F(Checks, ReportSumsPointsAndSetsTheExitCode) {
  scenario::CheckSpec good = check("eventually", "deployment/web.available == 2");
  scenario::CheckSpec bad = check("never", "deployment/web.available == 2");
  bad.points = 3;
  const CheckReport report = evaluate_checks({good, bad}, *recording_, history_);
  EXPECT_EQ(report.score, 2);
  EXPECT_EQ(report.max_score, 5);
  EXPECT_EQ(report.exit_code(), 1);
  EXPECT_EQ(evaluate_checks({good}, *recording_, history_).exit_code(), 0);
}

TEST_F(Checks, JUnitTellsFailuresFromErrorsAndEscapes) {
  scenario::CheckSpec good = check("eventually", "deployment/web.available == 2");
  scenario::CheckSpec bad = check("never", "deployment/web.available == 2");
  bad.name = "a \"bad\" <check> & more\x01";
  scenario::CheckSpec broken = check("never", "deployment/nothing.available == 2");
  broken.place = {"scenario.yaml", 12, 5};
  const std::string xml = junit_xml(evaluate_checks({good, bad, broken}, *recording_, history_), *recording_);
  EXPECT_THAT(xml, HasSubstr("<testsuites name=\"tandem\" tests=\"3\" failures=\"1\" errors=\"1\" skipped=\"0\" time=\"60.000\">"));
  EXPECT_THAT(xml, HasSubstr("name=\"a &quot;bad&quot; &lt;check&gt; &amp; more\xEF\xBF\xBD\""));
  EXPECT_THAT(xml, HasSubstr("<failure message="));
  EXPECT_THAT(xml, HasSubstr("file=\"scenario.yaml\" line=\"12\">\n      <error message="));
  EXPECT_THAT(xml, HasSubstr("<property name=\"seed\" value=\"42\"/>"));
  EXPECT_THAT(xml, HasSubstr("name=\"scenarios/&lt;test&gt;/scenario.yaml\""));
}

TEST_F(Checks, SummaryShowsChecksTrafficRolloutsAndAvailability) {
  scenario::CheckSpec good = check("eventually", "deployment/web.available == 2");
  scenario::CheckSpec bad = check("metric", "http_req_failed");
  bad.threshold = "rate<1%";
  const CheckReport report = evaluate_checks({good, bad}, *recording_, history_);
  const std::string text = summary_text(*recording_, history_, report, {.ascii = true});
  EXPECT_THAT(text, HasSubstr("THRESHOLDS 0 passed of 1\n   FAIL metric http_req_failed  (0/2 points)\n"));
  EXPECT_THAT(text, HasSubstr("CHECKS 1 passed of 1\n   ok   eventually"));
  EXPECT_THAT(text, HasSubstr("POINTS 2 of 4\n"));
  EXPECT_THAT(text, HasSubstr("http_req_failed{traffic:users}....: 10.00%  10 of 100\n"));
  EXPECT_THAT(text, HasSubstr("avg=50.5ms min=1.00ms"));
  EXPECT_THAT(text, HasSubstr("200: 90  404: 10\n"));
  EXPECT_THAT(text, HasSubstr("2.5s (from 20.000s to 22.500s)\n"));
  EXPECT_THAT(text, HasSubstr("old 2; new 0; old 1; new 1; old 0; new 2\n"));
  EXPECT_THAT(text, HasSubstr("1.85s in all, longest 940ms, 1.850 replica-seconds missing\n"));
  EXPECT_THAT(text, HasSubstr(recording_->digest()));

  const nlohmann::json json = summary_json(*recording_, history_, report);
  EXPECT_EQ(json["version"], "1.0.0");
  EXPECT_EQ(json["config"]["execution"], "sim");
  EXPECT_EQ(json["results"]["thresholds"]["http_req_failed rate<1%"]["ok"], false);
  std::map<std::string, nlohmann::json> metrics;
  for (const auto& metric_json : json["results"]["metrics"]) metrics[metric_json["name"]] = metric_json;
  EXPECT_EQ(metrics["http_reqs{traffic:users}"]["values"]["count"], 100);
  EXPECT_EQ(metrics["http_req_failed{traffic:users}"]["values"]["rate"], 0.1);
  EXPECT_NEAR(metrics["http_req_duration{traffic:users}"]["values"]["avg"].get<double>(), 50.5, 1e-9);
  EXPECT_EQ(metrics["rollout_duration{deployment:web,namespace:default}"]["values"]["value"], 2500);
  EXPECT_EQ(json["results"]["deployments"][0]["rollouts"][1]["sizes"], "old 2; new 0; old 1; new 1; old 0; new 2");
}

TEST(Steps, SeveralChangesInOneInstantCountByTheirLast) {
  RecordingBuilder builder;
  cluster::Deployment deployment;
  deployment.meta.name = "web";
  deployment.meta.namespace_ = "default";
  deployment.meta.uid = "d";
  for (const int available : {1, 3, 2}) {
    deployment.status.available_replicas = available;
    builder.put(5, deployment);
  }
  const auto recording = builder.finish(10);
  const RunHistory history = RunHistory::of(recording);
  scenario::ObjectField field;
  field.name = "web";
  field.field = scenario::Observed::Available;
  const auto steps = steps_of(field, history);
  ASSERT_TRUE(steps);
  EXPECT_THAT(steps->points, ::testing::ElementsAre(std::pair(at_ms(5), std::int64_t{2})));
  EXPECT_EQ(steps->at(at_ms(4)), 0);
  EXPECT_EQ(steps->at(at_ms(5)), 2);
}

TEST(Steps, ServicesCountReadyEndpointsOverTheirSlices) {
  RecordingBuilder builder;
  cluster::Service service;
  service.meta.name = "web";
  service.meta.namespace_ = "default";
  service.meta.uid = "s";
  builder.put(0, service);
  cluster::EndpointSlice a, b;
  a.meta.name = "web-a";
  b.meta.name = "web-b";
  for (auto* slice : {&a, &b}) {
    slice->meta.namespace_ = "default";
    slice->meta.uid = slice->meta.name;
    slice->meta.labels = cluster::Labels{{"kubernetes.io/service-name", "web"}};
    slice->endpoints.resize(2);
    slice->endpoints[0].ready = true;
  }
  builder.put(1, a);
  builder.put(2, b);
  a.endpoints[1].ready = true;
  builder.put(3, a);
  builder.remove(4, b);
  const auto recording = builder.finish(10);
  const RunHistory history = RunHistory::of(recording);
  scenario::ObjectField field;
  field.subject = scenario::Subject::Service;
  field.name = "web";
  field.field = scenario::Observed::Endpoints;
  const auto steps = steps_of(field, history);
  ASSERT_TRUE(steps);
  using Point = std::pair<SimTime, std::int64_t>;
  EXPECT_THAT(steps->points, ::testing::ElementsAre(Point(at_ms(1), 1), Point(at_ms(2), 2), Point(at_ms(3), 3), Point(at_ms(4), 2)));
}

}  // namespace
}  // namespace tandem::judge
