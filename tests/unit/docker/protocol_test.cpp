// What host and containers tell each other: both directions round-trip, in pieces of any size, and nonsense is refused.

#include <gtest/gtest.h>

#include "docker/protocol/traffic_plan.hpp"
#include "docker/protocol/workload_config.hpp"

namespace tandem::container {
namespace {

WorkloadConfig sample_config() {
  WorkloadConfig config;
  config.version = "1.0.1";
  config.pod = "web-x";
  config.pod_ip = "10.244.1.2";
  config.node = "worker";
  config.port = 80;
  config.startup = milliseconds(600);
  config.workers = 3;
  config.backlog = 7;
  config.shared = true;
  config.abort_on_terminate = true;
  config.drain = seconds(2);
  config.cpu_speed = 0.73;
  config.routes = {{"/", milliseconds(2), microseconds(5), true, 201, "application/json", "{\"a\":\"{pod}\"}\n\t\"ü\"", 4096}};
  config.ignore_terminate = true;
  config.exit = WorkloadExit{seconds(10), 3};
  config.memory = WorkloadMemory{20 << 20, 1 << 20, 64 << 20};
  config.failures = {{"/healthz", seconds(10), seconds(20), 503, false}, {"/*", seconds(30), WorkloadFailure::kForGood, 500, true}};
  return config;
}

TEST(WorkloadConfigText, ReadsBackEqual) {
  const WorkloadConfig config = sample_config();
  const auto read = read_workload_config(write_workload_config(config));
  ASSERT_TRUE(read) << to_string(read.error());
  EXPECT_EQ(*read, config);
}

TEST(WorkloadConfigText, ErrorsNameTheField) {
  EXPECT_EQ(read_workload_config("{").error().code, ErrorCode::SyntaxError);
  EXPECT_EQ(read_workload_config("{}").error().code, ErrorCode::ValueMissing);
  std::string text = write_workload_config(sample_config());
  text.replace(text.find("\"status\":201"), 12, "\"status\":20100");
  const auto read = read_workload_config(text);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, ErrorCode::ValueOutOfRange);
  EXPECT_EQ(read.error().path, "routes[0].status");
}

TEST(WorkloadConfigText, LongTextsAreSplitForTheEnvironmentAndLoseNothing) {
  const std::string text(250'000, 'x');
  const auto parts = split_for_environment("NAME", text);
  ASSERT_EQ(parts.size(), 3U);
  EXPECT_EQ(parts[0].substr(0, 5), "NAME=");
  EXPECT_EQ(parts[1].substr(0, 7), "NAME_1=");
  std::string joined;
  for (const std::string& part : parts) {
    EXPECT_LT(part.size(), 131'072U);
    joined += part.substr(part.find('=') + 1);
  }
  EXPECT_EQ(joined, text);
}

TEST(Routes, LongestLiteralWinsThenExactThenEarlier) {
  std::vector<WorkloadRoute> routes(5);
  routes[0].pattern = "/*";
  routes[1].pattern = "/chat/*";
  routes[2].pattern = "/chat/";
  routes[3].pattern = "/chat/*";
  routes[4].pattern = "/chat/special";
  RouteMatch match;
  ASSERT_TRUE(match_route(routes, "/chat/ann", match));
  EXPECT_EQ(match.index, 1U);
  EXPECT_EQ(match.rest, "ann");
  ASSERT_TRUE(match_route(routes, "/chat/", match));
  EXPECT_EQ(match.index, 2U);
  ASSERT_TRUE(match_route(routes, "/chat/special", match));
  EXPECT_EQ(match.index, 4U);
  ASSERT_TRUE(match_route(routes, "/x", match));
  EXPECT_EQ(match.index, 0U);
  routes.erase(routes.begin());
  EXPECT_FALSE(match_route(routes, "/x", match));
  EXPECT_FALSE(match_route({}, "/", match));
}

TrafficPlan sample_plan() {
  TrafficPlan plan;
  plan.seed = 0xffffffffffffffffULL;
  plan.zero_monotonic_ns = 123'456'789'012;
  plan.in_flight_max = 17;
  plan.balancers = {{{"10.244.255.2", 80}, {"10.244.255.3", 81}}, {{"10.0.0.1", 8080}}};
  PlannedSource source;
  source.plan = {"users", traffic::ArrivalProcessKind::Poisson, 200.5, SimTime{5}, SimTime{55}};
  source.method = "POST";
  source.target = "/a?b=c";
  source.host = "web";
  source.timeout = milliseconds(250);
  source.keep_alive = true;
  source.balancer = 1;
  plan.sources = {source};
  return plan;
}

TEST(TrafficPlanText, ReadsBackEqual) {
  const auto read = read_traffic_plan(write_traffic_plan(sample_plan()));
  ASSERT_TRUE(read) << to_string(read.error());
  EXPECT_EQ(*read, sample_plan());
}

TEST(TrafficPlanText, ASourceWithoutItsBalancerIsRefused) {
  TrafficPlan plan = sample_plan();
  plan.sources[0].balancer = 2;
  EXPECT_EQ(read_traffic_plan(write_traffic_plan(plan)).error().code, ErrorCode::ValueOutOfRange);
}

record::RequestRecord sample_record(std::uint64_t index, const std::string& replica) {
  record::RequestRecord record;
  record.traffic = 3;
  record.index = index;
  record.intended = SimTime{1'000'000'000'000};
  record.sent = SimTime{1'000'000'000'007};
  record.end = SimTime{1'000'002'000'000};
  record.queued = nanoseconds(5);
  record.service = milliseconds(2);
  record.cpu = milliseconds(1);
  record.status = 404;
  record.outcome = record::RequestOutcome::Reset;
  record.replica = replica;
  record.connection = 0xffffffffffULL;
  record.attempts = 2;
  return record;
}

TEST(Frames, RecordsArriveAsTheyWereWhateverThePieces) {
  const std::vector<record::RequestRecord> sent = {sample_record(1, "web-a"), sample_record(2, ""), sample_record(3, "web-b"), sample_record(4, "web-a")};
  FrameWriter writer;
  for (const auto& record : sent) writer.add(record);
  ScheduleReport report{4, 1, microseconds(2), microseconds(30), milliseconds(1)};
  const std::string bytes = FrameWriter::ready() + writer.take() + FrameWriter::finished(report);
  for (const std::size_t piece : {std::size_t{1}, std::size_t{3}, std::size_t{100}, bytes.size()}) {
    bool ready = false;
    std::vector<record::RequestRecord> received;
    ScheduleReport seen;
    FrameReader reader({.plan = {},
                        .ready = [&] { ready = true; },
                        .record = [&](const record::RequestRecord& record) { received.push_back(record); },
                        .finished = [&](const ScheduleReport& finished) { seen = finished; },
                        .failed = {}});
    for (std::size_t at = 0; at < bytes.size(); at += piece) ASSERT_TRUE(reader.feed(std::string_view(bytes).substr(at, piece)));
    EXPECT_TRUE(ready);
    EXPECT_EQ(received, sent);
    EXPECT_EQ(seen, report);
    EXPECT_TRUE(reader.at_frame_boundary());
  }
}

TEST(Frames, ForeignBytesAreRefusedNotTrusted) {
  for (const std::string& bytes : {std::string("HTTP/1.1 200 OK\r\n"), std::string(8, '\0'), std::string("\x02\0\0\0\x63x", 6)}) {
    FrameReader reader({});
    EXPECT_FALSE(reader.feed(bytes));
  }
  // A record that names a replica which was never introduced.
  FrameWriter writer;
  writer.add(sample_record(1, "web-a"));
  std::string bytes = writer.take();
  bytes.erase(0, 5 + 5);  // the Replica frame
  FrameReader reader({});
  EXPECT_FALSE(reader.feed(bytes));
}

TEST(FindFailure, TheFirstThatFitsPathAndAgeCounts) {
  const std::vector<WorkloadFailure> failures = {{"/a", seconds(1), seconds(3), 500, false}, {"/*", seconds(2), WorkloadFailure::kForGood, 503, false}};
  EXPECT_EQ(find_failure(failures, "/a", milliseconds(999)), nullptr);
  EXPECT_EQ(find_failure(failures, "/a", seconds(1)), &failures[0]);
  EXPECT_EQ(find_failure(failures, "/a", seconds(2)), &failures[0]);
  EXPECT_EQ(find_failure(failures, "/a", seconds(3)), &failures[1]);
  EXPECT_EQ(find_failure(failures, "/ab", seconds(1)), nullptr);
  EXPECT_EQ(find_failure(failures, "/ab", seconds(2)), &failures[1]);
}

}  // namespace
}  // namespace tandem::container
