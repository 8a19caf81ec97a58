// The workload server: templates, HTTP, disciplines, bounds, SIGTERM. Over a real socket on a free port of this machine.

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <thread>

#include "docker/workload/body_template.hpp"
#include "docker/workload/cpu_work.hpp"
#include "docker/workload/executor.hpp"
#include "docker/workload/http_message.hpp"
#include "docker/workload/server.hpp"

namespace tandem::workload {
namespace {

using container::WorkloadConfig;

TEST(BodyTemplate, FillsPlaceholdersAndLeavesBracesAlone) {
  WorkloadConfig config;
  config.pod = "web-1";
  config.pod_ip = "10.0.0.1";
  config.node = "n";
  config.version = "1.0.1";
  const RequestFacts facts{"Ann", {{"institution", "x\"y"}, {"institution", "second"}}};
  EXPECT_EQ(render_body("{pod} {podIP} {node} {version} {1} {query.institution}", false, config, facts), "web-1 10.0.0.1 n 1.0.1 Ann x\"y");
  EXPECT_EQ(render_body(R"({"message":"Hello {1} from {query.institution}!","e":{}})", true, config, facts),
            R"({"message":"Hello Ann from x\"y!","e":{}})");
  EXPECT_EQ(render_body("{unknown} {query.absent}| {", false, config, facts), "{unknown} | {");
  EXPECT_EQ(render_body("{{pod}}", false, config, facts), "{web-1}");
}

TEST(BodyTemplate, EscapesControlCharactersInJson) {
  const RequestFacts facts{std::string("a\n\x01\\\"", 5), {}};
  EXPECT_EQ(render_body("{1}", true, {}, facts), "a\\u000a\\u0001\\\\\\\"");
}

TEST(BodyTemplate, DecodesQueries) {
  const auto query = parse_query("a=1&b=x%20y+z&c&=d&%61=%zz");
  ASSERT_EQ(query.size(), 5U);
  EXPECT_EQ(query[1], (std::pair<std::string, std::string>("b", "x y z")));
  EXPECT_EQ(query[4], (std::pair<std::string, std::string>("a", "%zz")));
  EXPECT_TRUE(is_json_type("application/json; charset=utf-8"));
  EXPECT_TRUE(is_json_type("application/problem+json"));
  EXPECT_FALSE(is_json_type("text/plain"));
}

TEST(HttpMessage, TakesRequestsOneByOneFromAStreamOfBytes) {
  const std::string stream = "GET /a?x=1 HTTP/1.1\r\nHost: h\r\n\r\nPOST /b HTTP/1.0\r\nContent-Length: 3\r\nX-Tandem-Demand-Factor: 2.5\r\n\r\nabc";
  std::string buffer;
  std::vector<HttpRequest> requests;
  for (const char byte : stream) {
    buffer += byte;
    HttpRequest request;
    int status = 0;
    if (take_request(buffer, request, status) == ParseState::Complete) requests.push_back(request);
  }
  ASSERT_EQ(requests.size(), 2U);
  EXPECT_EQ(requests[0].path, "/a");
  EXPECT_EQ(requests[0].query, "x=1");
  EXPECT_TRUE(requests[0].keep_alive);
  EXPECT_EQ(requests[1].method, "POST");
  EXPECT_FALSE(requests[1].keep_alive);
  EXPECT_EQ(requests[1].demand_factor, 2.5);
  EXPECT_TRUE(buffer.empty());
}

TEST(HttpMessage, RefusesWhatItDoesNotSpeak) {
  const std::vector<std::pair<std::string, int>> cases = {
      {"GET\r\n\r\n", 400},
      {"GET / HTTP/2.0\r\n\r\n", 400},
      {"GET nowhere HTTP/1.1\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nno colon\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n", 413},
      {"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", 501},
      {"GET / HTTP/1.1\r\nX: " + std::string(20'000, 'x'), 431},
  };
  for (const auto& [text, expected] : cases) {
    std::string buffer = text;
    HttpRequest request;
    int status = 0;
    EXPECT_EQ(take_request(buffer, request, status), ParseState::BadRequest) << text.substr(0, 40);
    EXPECT_EQ(status, expected) << text.substr(0, 40);
  }
}

TEST(CpuWork, SpendsTheThreadsCpuTimeWithinAFewMicroseconds) {
  const CpuWork work;
  for (const std::int64_t us : {0, 50, 1000, 5000}) {
    const SimDuration before = thread_cpu_time();
    work.spend(microseconds(us));
    const SimDuration spent = thread_cpu_time() - before;
    EXPECT_GE(spent, microseconds(us));
    // The clock is read every 50 microseconds at most; what is over is one small chunk and a few system calls.
    EXPECT_LT(spent, microseconds(us + 60));
  }
}

struct Finished {
  int job;
  JobTimes times;
};

std::vector<Finished> run_jobs(int workers, bool shared, const std::vector<SimDuration>& demands, SimDuration wait = {}) {
  std::vector<Finished> finished;
  std::mutex mutex;
  std::atomic<std::size_t> count{0};
  Executor executor(workers, shared);
  for (std::size_t i = 0; i < demands.size(); ++i) {
    executor.submit({monotonic_time(), demands[i], wait, [&, job = static_cast<int>(i)](const JobTimes& times) {
                       const std::lock_guard lock(mutex);
                       finished.push_back({job, times});
                       ++count;
                     }});
  }
  while (count < demands.size()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  return finished;
}

TEST(Executor, FifoServesInOrderAndReportsCpuExactly) {
  const auto finished = run_jobs(1, false, {milliseconds(20), milliseconds(5), milliseconds(5)});
  ASSERT_EQ(finished.size(), 3U);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(finished[static_cast<std::size_t>(i)].job, i);
  EXPECT_GE(finished[1].times.queued, milliseconds(20));
  EXPECT_GE(finished[2].times.queued, milliseconds(25));
  EXPECT_GE(finished[0].times.cpu, milliseconds(20));
  EXPECT_LT(finished[0].times.cpu, milliseconds(21));
}

TEST(Executor, SharedLetsAShortJobOvertakeALongOne) {
  // Processor sharing on one core: the short job ends after about twice its demand, long before the long one.
  const auto finished = run_jobs(1, true, {milliseconds(100), milliseconds(10)});
  ASSERT_EQ(finished.size(), 2U);
  EXPECT_EQ(finished[0].job, 1);
  EXPECT_LT(finished[0].times.queued, milliseconds(50));
  EXPECT_GE(finished[0].times.cpu, milliseconds(10));
}

TEST(Executor, WaitsHoldAFifoWorkerButNotASharedOne) {
  const SimDuration wait = milliseconds(60);
  const std::vector<SimDuration> demands(3, SimDuration{});
  const SimDuration before_fifo = monotonic_time();
  run_jobs(1, false, demands, wait);
  EXPECT_GE(monotonic_time() - before_fifo, wait * 3);
  const auto shared = run_jobs(1, true, demands, wait);
  for (const Finished& job : shared) {
    EXPECT_GE(job.times.service, wait);
    EXPECT_LT(job.times.queued, wait) << "a waiting request kept the worker";
  }
}

/// A server on a thread, stopped by writing to what it takes for a signalfd.
class RunningServer {
 public:
  explicit RunningServer(WorkloadConfig config) : signals_(make_signals()) {
    config.port = 0;
    server_ = std::make_unique<Server>(std::move(config), signals_, monotonic_time());
    EXPECT_TRUE(server_->listen());
    port_ = server_->port();
    thread_ = std::thread([this] {
      exit_code_ = server_->run();
      ended_ = true;
    });
  }
  ~RunningServer() {
    if (!ended_) terminate();
    thread_.join();
    close(signals_);
  }
  void terminate() { kill(getpid(), SIGTERM); }
  [[nodiscard]] bool ended() const { return ended_; }
  [[nodiscard]] int exit_code() const { return exit_code_; }
  /// Waits up to two seconds.
  [[nodiscard]] bool ends_soon() const {
    for (int i = 0; i < 400 && !ended_; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    return ended_;
  }

  /// A connected socket, or minus errno.
  [[nodiscard]] int connect() const {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port_));
    inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
    timeval timeout{5, 0};
    setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
    if (::connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) return socket;
    const int error = errno;
    close(socket);
    return -error;
  }
  static void send_request(int socket, const std::string& target, const std::string& headers = "") {
    const std::string text = "GET " + target + " HTTP/1.1\r\nHost: x\r\n" + headers + "\r\n";
    ASSERT_EQ(::send(socket, text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
  }
  /// One answer of known length; empty if the connection ends without one.
  static std::string read_answer(int socket) {
    std::string text;
    char buffer[4096];
    for (;;) {
      const std::size_t head = text.find("\r\n\r\n");
      const std::size_t mark = text.find("Content-Length: ");
      if (head != std::string::npos && mark < head && text.size() >= head + 4 + std::stoul(text.substr(mark + 16))) return text;
      const ssize_t size = ::recv(socket, buffer, sizeof buffer, 0);
      if (size <= 0) return {};
      text.append(buffer, static_cast<std::size_t>(size));
    }
  }

 private:
  static int make_signals() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
    return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
  }

  int signals_;
  std::unique_ptr<Server> server_;
  std::int32_t port_ = 0;
  std::atomic<int> exit_code_{-1};
  std::atomic<bool> ended_{false};
  std::thread thread_;
};

WorkloadConfig served_config() {
  WorkloadConfig config;
  config.pod = "web-1";
  config.workers = 1;
  container::WorkloadRoute quick;
  quick.pattern = "/";
  quick.body = "hello";
  container::WorkloadRoute slow;
  slow.pattern = "/slow";
  slow.wait = milliseconds(400);
  slow.body = "at last";
  config.routes = {quick, slow};
  return config;
}

TEST(Server, AnswersNamesItselfAndKeepsConnections) {
  RunningServer server(served_config());
  const int socket = server.connect();
  ASSERT_GE(socket, 0);
  for (int i = 0; i < 3; ++i) {
    RunningServer::send_request(socket, "/");
    const std::string answer = RunningServer::read_answer(socket);
    EXPECT_NE(answer.find("HTTP/1.1 200 OK"), std::string::npos);
    EXPECT_NE(answer.find("X-Tandem-Pod: web-1"), std::string::npos);
    EXPECT_NE(answer.find("Server-Timing: queue;dur="), std::string::npos);
    EXPECT_TRUE(answer.ends_with("hello"));
  }
  RunningServer::send_request(socket, "/none");
  EXPECT_NE(RunningServer::read_answer(socket).find("404 Not Found"), std::string::npos);
  close(socket);
}

TEST(Server, ConnectionsBeyondWorkersAndBacklogAreRefusedUntilThereIsRoom) {
  WorkloadConfig config = served_config();
  config.backlog = 1;
  RunningServer server(std::move(config));
  const int first = server.connect();
  RunningServer::send_request(first, "/slow");
  const int second = server.connect();
  RunningServer::send_request(second, "/slow");
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  EXPECT_EQ(server.connect(), -ECONNREFUSED);
  EXPECT_NE(RunningServer::read_answer(first).find("at last"), std::string::npos);
  close(first);
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  const int third = server.connect();
  EXPECT_GE(third, 0);
  EXPECT_NE(RunningServer::read_answer(second).find("at last"), std::string::npos);
  close(second);
  close(third);
}

TEST(Server, FinishAnswersWhatIsInFlightAndTakesNothingNew) {
  RunningServer server(served_config());
  const int busy = server.connect();
  RunningServer::send_request(busy, "/slow");
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  server.terminate();
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  EXPECT_EQ(server.connect(), -ECONNREFUSED);
  EXPECT_NE(RunningServer::read_answer(busy).find("at last"), std::string::npos);
  EXPECT_TRUE(server.ends_soon());
  EXPECT_EQ(server.exit_code(), 0);
  close(busy);
}

TEST(Server, DrainKeepsServingForAWhileAfterTheSignal) {
  WorkloadConfig config = served_config();
  config.drain = milliseconds(300);
  RunningServer server(std::move(config));
  server.terminate();
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  const int late = server.connect();
  ASSERT_GE(late, 0);
  RunningServer::send_request(late, "/");
  EXPECT_NE(RunningServer::read_answer(late).find("hello"), std::string::npos);
  close(late);
  EXPECT_TRUE(server.ends_soon());
}

TEST(Server, PathsFailForAsLongAsTheImageSaysAndOthersGoOn) {
  WorkloadConfig config = served_config();
  config.failures.push_back({"/slow*", {}, milliseconds(300), 503, false});
  RunningServer server(std::move(config));
  const int socket = server.connect();
  RunningServer::send_request(socket, "/slow?x=1");
  const std::string failing = RunningServer::read_answer(socket);
  EXPECT_NE(failing.find("HTTP/1.1 503"), std::string::npos);
  EXPECT_TRUE(failing.ends_with("failing\n"));
  RunningServer::send_request(socket, "/");
  EXPECT_TRUE(RunningServer::read_answer(socket).ends_with("hello"));
  std::this_thread::sleep_for(std::chrono::milliseconds(350));
  RunningServer::send_request(socket, "/slow");
  EXPECT_TRUE(RunningServer::read_answer(socket).ends_with("at last"));
  close(socket);
}

TEST(Server, AHangingPathTakesNoPlaceAndDoesNotHoldTheEndUp) {
  WorkloadConfig config = served_config();
  config.backlog = 0;
  config.failures.push_back({"/slow", {}, container::WorkloadFailure::kForGood, 500, true});
  RunningServer server(std::move(config));
  std::vector<int> hanging;
  for (int i = 0; i < 3; ++i) {
    hanging.push_back(server.connect());
    ASSERT_GE(hanging.back(), 0) << "one worker and no backlog, and still there is room";
    RunningServer::send_request(hanging.back(), "/slow");
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  const int served = server.connect();
  RunningServer::send_request(served, "/");
  EXPECT_TRUE(RunningServer::read_answer(served).ends_with("hello"));
  close(served);
  close(hanging[0]);  // a client that gives up
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  server.terminate();
  EXPECT_TRUE(server.ends_soon());
  EXPECT_EQ(RunningServer::read_answer(hanging[1]), "");
  close(hanging[1]);
  close(hanging[2]);
}

TEST(Server, MayIgnoreTheSignal) {
  WorkloadConfig config = served_config();
  config.ignore_terminate = true;
  auto* const server = new RunningServer(std::move(config));  // never ends, so it is not destroyed either
  server->terminate();
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  EXPECT_FALSE(server->ended());
  const int socket = server->connect();
  RunningServer::send_request(socket, "/");
  EXPECT_TRUE(RunningServer::read_answer(socket).ends_with("hello"));
  close(socket);
}

TEST(Server, IdleConnectionsDoNotKeepItFromEnding) {
  RunningServer server(served_config());
  const int idle = server.connect();
  RunningServer::send_request(idle, "/");
  RunningServer::read_answer(idle);
  server.terminate();
  EXPECT_TRUE(server.ends_soon());
  EXPECT_EQ(RunningServer::read_answer(idle), "");
  close(idle);
}

}  // namespace
}  // namespace tandem::workload
