// The load generator's answer reader, and the generator itself against a server thread on this machine.

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <ctime>
#include <map>
#include <thread>

#include "docker/load_generator/generator.hpp"
#include "docker/load_generator/http_response_reader.hpp"
#include "docker/workload/server.hpp"

namespace tandem::load_generator {
namespace {

using State = HttpResponseReader::State;

/// Feeds an answer in pieces of `piece` bytes; true if it is complete exactly at its end.
bool complete_at_end(std::string_view text, std::size_t piece, HttpResponseReader& reader) {
  for (std::size_t at = 0; at < text.size(); at += piece) {
    if (reader.state() == State::Complete) return false;
    reader.feed(text.substr(at, piece));
  }
  return reader.state() == State::Complete;
}

TEST(HttpResponseReader, ReadsEveryFramingInPiecesOfAnySize) {
  const std::vector<std::string> answers = {
      "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\na;x=y\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n",
      "HTTP/1.1 204 No Content\r\n\r\n",
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
  };
  for (const std::string& answer : answers) {
    for (std::size_t piece = 1; piece <= answer.size(); ++piece) {
      HttpResponseReader reader;
      EXPECT_TRUE(complete_at_end(answer, piece, reader)) << answer << " in pieces of " << piece;
    }
  }
}

TEST(HttpResponseReader, AnAnswerWithoutLengthEndsWithTheConnection) {
  HttpResponseReader reader;
  reader.feed("HTTP/1.0 200 OK\r\n\r\nsome text");
  EXPECT_EQ(reader.state(), State::Body);
  EXPECT_EQ(reader.end_of_stream(), State::Complete);
  EXPECT_FALSE(reader.facts().keep_alive);
}

TEST(HttpResponseReader, ACutAnswerIsMalformed) {
  const std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
  for (std::size_t cut = 0; cut < answer.size(); ++cut) {
    HttpResponseReader reader;
    reader.feed(std::string_view(answer).substr(0, cut));
    EXPECT_EQ(reader.end_of_stream(), State::Malformed) << "cut at " << cut;
  }
  HttpResponseReader other;
  EXPECT_EQ(other.feed("SSH-2.0-OpenSSH\r\n\r\n"), State::Malformed);
}

TEST(HttpResponseReader, KeepsWhatReplicaAndBalancerSay) {
  HttpResponseReader reader;
  reader.feed(
      "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nX-Tandem-Pod: web-1\r\nX-Tandem-Upstream: 10.0.0.1:80, 10.0.0.2:80\r\n"
      "Server-Timing: queue;dur=0.5, service;dur=2.000001, cpu;dur=1.5\r\nConnection: close\r\n\r\n");
  ASSERT_EQ(reader.state(), State::Complete);
  const AnswerFacts& facts = reader.facts();
  EXPECT_EQ(facts.status, 404);
  EXPECT_EQ(facts.replica, "web-1");
  EXPECT_EQ(facts.attempts, 2);
  EXPECT_EQ(facts.queued, microseconds(500));
  EXPECT_EQ(facts.service, nanoseconds(2'000'001));
  EXPECT_EQ(facts.cpu, microseconds(1500));
  EXPECT_EQ(facts.throttled, nanoseconds(-1));
  EXPECT_FALSE(facts.keep_alive);
}

TEST(HttpResponseReader, AHeadAnswerHasNoBody) {
  HttpResponseReader reader(/*head_only=*/true);
  EXPECT_EQ(reader.feed("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n"), State::Complete);
}

std::int64_t monotonic_ns() {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

struct Outcome {
  std::vector<record::RequestRecord> records;
  container::ScheduleReport report;
  bool finished = false;
};

Outcome run_generator(const container::TrafficPlan& plan) {
  int sockets[2];
  EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets), 0);
  std::thread generator([&, control = sockets[1]] {
    Generator(plan, control).run();
    close(control);
  });
  Outcome outcome;
  container::FrameReader reader({.plan = {},
                                 .ready = {},
                                 .record = [&](const record::RequestRecord& record) { outcome.records.push_back(record); },
                                 .finished =
                                     [&](const container::ScheduleReport& report) {
                                       outcome.report = report;
                                       outcome.finished = true;
                                     },
                                 .failed = {}});
  char buffer[4096];
  for (ssize_t size = 0; (size = recv(sockets[0], buffer, sizeof buffer, 0)) > 0;) {
    EXPECT_TRUE(reader.feed({buffer, static_cast<std::size_t>(size)}));
  }
  generator.join();
  close(sockets[0]);
  return outcome;
}

container::TrafficPlan plan_for(std::int32_t port, double rate, SimDuration length) {
  container::TrafficPlan plan;
  plan.seed = 7;
  plan.zero_monotonic_ns = monotonic_ns() + 20'000'000;
  plan.balancers = {{{"127.0.0.1", port}}};
  container::PlannedSource source;
  source.plan = {"users", traffic::ArrivalProcessKind::Poisson, rate, kTimeZero, kTimeZero + length};
  source.target = "/";
  source.host = "web";
  source.timeout = milliseconds(500);
  plan.sources = {source};
  return plan;
}

/// The workload server as the other side; it ends with the process (its thread is detached).
std::int32_t start_server(SimDuration wait) {
  container::WorkloadConfig config;
  config.pod = "web-1";
  config.port = 0;
  config.workers = 8;
  container::WorkloadRoute route;
  route.pattern = "/";
  route.wait = wait;
  config.routes = {route};
  auto* const server = new workload::Server(config, -1, {});
  EXPECT_TRUE(server->listen());
  const std::int32_t port = server->port();
  std::thread([server] { server->run(); }).detach();
  return port;
}

TEST(Generator, SendsExactlyTheStreamAndReportsEveryRequestOnce) {
  const container::TrafficPlan plan = plan_for(start_server({}), 400, milliseconds(500));
  const Outcome outcome = run_generator(plan);
  ASSERT_TRUE(outcome.finished);
  std::map<std::uint64_t, record::RequestRecord> by_index;
  for (const auto& record : outcome.records) EXPECT_TRUE(by_index.emplace(record.index, record).second) << "twice: " << record.index;
  // The reference is the stream itself: both worlds must see the same requests at the same intended times (design §5).
  traffic::RequestStream stream(plan.sources[0].plan, plan.seed);
  traffic::PlannedRequest planned;
  std::size_t count = 0;
  while (stream.next(planned)) {
    ++count;
    ASSERT_EQ(by_index.count(planned.index), 1U);
    const record::RequestRecord& record = by_index[planned.index];
    EXPECT_EQ(record.intended, planned.intended);
    EXPECT_GE(record.sent, record.intended);
    EXPECT_GE(record.end, record.sent);
    EXPECT_EQ(record.status, 200);
    EXPECT_EQ(record.replica, "web-1");
  }
  EXPECT_EQ(outcome.records.size(), count);
  EXPECT_EQ(outcome.report.requests, count);
  EXPECT_GT(count, 100U);
}

TEST(Generator, AConnectionPerRequestUnlessKeptAlive) {
  const std::int32_t port = start_server({});
  container::TrafficPlan plan = plan_for(port, 100, milliseconds(300));
  const Outcome fresh = run_generator(plan);
  std::map<std::uint64_t, int> uses;
  for (const auto& record : fresh.records) ++uses[record.connection];
  EXPECT_EQ(uses.size(), fresh.records.size());
  plan = plan_for(port, 100, milliseconds(300));
  plan.sources[0].keep_alive = true;
  const Outcome kept = run_generator(plan);
  uses.clear();
  for (const auto& record : kept.records) ++uses[record.connection];
  EXPECT_LT(uses.size(), kept.records.size() / 2);
  for (const auto& record : kept.records) EXPECT_EQ(record.outcome, record::RequestOutcome::Ok);
}

TEST(Generator, IsOpenLoop) {
  // Eight workers, 200 ms each: 40 requests a second fit, 200 are asked for. A closed loop would slow down; this one must
  // start every request at its time and let the late ones run into their time-out.
  const Outcome outcome = run_generator(plan_for(start_server(milliseconds(200)), 200, milliseconds(500)));
  ASSERT_TRUE(outcome.finished);
  std::map<record::RequestOutcome, int> outcomes;
  for (const auto& record : outcome.records) {
    ++outcomes[record.outcome];
    EXPECT_LT((record.sent - record.intended), milliseconds(250)) << "waited for others";
    if (record.outcome == record::RequestOutcome::Timeout) {
      EXPECT_GE(record.end - record.intended, milliseconds(500));
    }
  }
  EXPECT_GT(outcomes[record::RequestOutcome::Ok], 10);
  EXPECT_GT(outcomes[record::RequestOutcome::Timeout], 10);
}

TEST(Generator, ARefusedConnectionIsSaidToBeOne) {
  // A port that was free a moment ago and that nobody listens on.
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
  socklen_t size = sizeof address;
  ASSERT_EQ(bind(socket, reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size), 0);
  const Outcome outcome = run_generator(plan_for(ntohs(address.sin_port), 100, milliseconds(200)));
  ASSERT_FALSE(outcome.records.empty());
  for (const auto& record : outcome.records) EXPECT_EQ(record.outcome, record::RequestOutcome::Refused);
  close(socket);
}

TEST(Generator, EndsWhenItsHostGoesAway) {
  int sockets[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets), 0);
  Generator generator(plan_for(1, 1, seconds(3600)), sockets[1]);
  close(sockets[0]);
  EXPECT_FALSE(generator.run());
  close(sockets[1]);
}

}  // namespace
}  // namespace tandem::load_generator
