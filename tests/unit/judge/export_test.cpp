#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/judge/export_run.hpp"
#include "tests/unit/judge/small_rollout.hpp"

namespace tandem::judge {
namespace {

using namespace testing;
using nlohmann::json;
using ::testing::HasSubstr;

class Exports : public ::testing::Test {
 protected:
  Exports() {
    SmallRollout(builder_).record();
    for (std::uint64_t i = 0; i < 10; ++i) builder_.request(request(i, 300 * static_cast<std::int64_t>(i), 1'000 * static_cast<std::int64_t>(i + 1), i == 9 ? 500 : 200));
    builder_.writer().sample({at_ms(500), "node/kind-worker", "cpu.used_cores", 0.25});
    builder_.writer().decision({at_ms(20), "default/web-x1-x1", 1, 3, "kind-worker", {"kind-worker"}, 2, 3, ""});
    recording_.emplace(builder_.finish(60'000));
  }
  template <class Export>
  static std::string text_of(Export&& run) {
    std::string text;
    run([&](std::string_view piece) { text += piece; });
    return text;
  }
  RecordingBuilder builder_;
  std::optional<record::Recording> recording_;
};

TEST_F(Exports, TraceIsWhatPerfettoAccepts) {
  const record::Recording* runs[] = {&*recording_, &*recording_};
  const std::string labels[] = {"sim", "docker"};
  const json trace = json::parse(text_of([&](const record::TextSink& out) { export_trace(runs, labels, out); }));
  EXPECT_EQ(trace["displayTimeUnit"], "ms");
  std::map<int, std::string> processes;
  std::map<std::pair<int, int>, std::vector<std::pair<double, double>>> slices;
  std::map<std::string, int> open;
  std::map<std::string, int> phases;
  for (const json& event : trace["traceEvents"]) {
    const std::string phase = event["ph"];
    ++phases[phase];
    ASSERT_TRUE(event.contains("pid") && event.contains("tid") && event.contains("name"));
    if (phase == "M") {
      if (event["name"] == "process_name") processes[event["pid"]] = event["args"]["name"];
      continue;
    }
    ASSERT_TRUE(event["ts"].is_number());
    EXPECT_TRUE(processes.contains(event["pid"])) << "a process is named before it is used";
    if (phase == "X") slices[{event["pid"], event["tid"]}].emplace_back(event["ts"], event["ts"].get<double>() + event["dur"].get<double>());
    if (phase == "b") ++open[event["id"]];
    if (phase == "e") --open[event["id"]];
    if (phase == "i") {
      EXPECT_THAT("gpt", HasSubstr(event["s"].get<std::string>()));
    }
    if (phase == "C") {
      EXPECT_EQ(event["args"].size(), 1u);
    }
  }
  EXPECT_EQ(phases["b"], 20);
  EXPECT_EQ(phases["e"], 20);
  for (const auto& [id, balance] : open) EXPECT_EQ(balance, 0) << id;
  EXPECT_EQ(open.size(), 20u) << "the two runs share no request id";
  // Slices of one thread nest or are disjoint.
  for (const auto& [thread, all] : slices) {
    for (const auto& a : all) {
      for (const auto& b : all) {
        const bool disjoint = a.second <= b.first || b.second <= a.first;
        const bool nested = (a.first <= b.first && b.second <= a.second) || (b.first <= a.first && a.second <= b.second);
        EXPECT_TRUE(disjoint || nested);
      }
    }
  }
  std::vector<std::string> names;
  for (const auto& [pid, name] : processes) names.push_back(name);
  EXPECT_THAT(names, ::testing::UnorderedElementsAre("sim: control plane", "sim: node kind-worker", "sim: node kind-worker2", "sim: traffic users", "sim: node/kind-worker",
                                                     "docker: control plane", "docker: node kind-worker", "docker: node kind-worker2", "docker: traffic users",
                                                     "docker: node/kind-worker"));
}

TEST_F(Exports, SeriesAreLongAndOrderedByTime) {
  const std::string text = text_of([&](const record::TextSink& out) { export_series_csv(*recording_, out); });
  EXPECT_TRUE(text.starts_with("t_s,entity,metric,value\n"));
  EXPECT_THAT(text, HasSubstr("\n0.5,node/kind-worker,cpu.used_cores,0.25\n"));
  EXPECT_THAT(text, HasSubstr("\n20.18,deployment/web,available,1\n"));
  EXPECT_THAT(text, HasSubstr("\n21.15,replicaset/web#2,desired,2\n"));
  // Requests 0 … 3 are intended in second 0: 1, 2, 3 and 4 ms.
  EXPECT_THAT(text, HasSubstr("\n0,traffic/users,http_reqs,4\n"));
  EXPECT_THAT(text, HasSubstr("\n0,traffic/users,http_req_duration_avg_ms,2.5\n"));
  EXPECT_THAT(text, HasSubstr("\n2,traffic/users,http_req_failed,1\n"));
}

TEST_F(Exports, OpenMetricsEndsWithEofAndHasCumulativeBuckets) {
  const std::string text = text_of([&](const record::TextSink& out) { export_openmetrics(*recording_, out); });
  EXPECT_TRUE(text.ends_with("\n# EOF\n"));
  EXPECT_THAT(text, HasSubstr("# TYPE tandem_http_requests counter\n"));
  EXPECT_THAT(text, HasSubstr("tandem_http_requests_total{traffic=\"users\"} 10\n"));
  EXPECT_THAT(text, HasSubstr("tandem_http_requests_failed_total{traffic=\"users\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("tandem_http_responses_total{traffic=\"users\",code=\"500\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("# UNIT tandem_http_request_duration_seconds seconds\n"));
  EXPECT_THAT(text, HasSubstr("_bucket{traffic=\"users\",le=\"0.0025\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("_bucket{traffic=\"users\",le=\"0.025\"} 10\n"));
  EXPECT_THAT(text, HasSubstr("_bucket{traffic=\"users\",le=\"+Inf\"} 10\n"));
  EXPECT_THAT(text, HasSubstr("_sum{traffic=\"users\"} 0.055\n"));
  EXPECT_THAT(text, HasSubstr("tandem_deployment_replicas_available{namespace=\"default\",deployment=\"web\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("tandem_run_duration_seconds 60\n"));
}

}  // namespace
}  // namespace tandem::judge
