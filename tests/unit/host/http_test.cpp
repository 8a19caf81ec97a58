// The HTTP client against a server that misbehaves on purpose.

#include "host/http.hpp"

#include <gtest/gtest.h>

#include "host/files.hpp"
#include "tests/unit/host/http_test_server.hpp"

namespace tandem::host {
namespace {

using testing::HttpTestServer;
using testing::ServedAnswer;
using testing::ServedRequest;

class Http : public ::testing::Test {
 protected:
  HttpRequest request(const std::string& target, const std::string& method = "GET") {
    HttpRequest made;
    made.method = method;
    made.url = "http://engine" + target;
    made.unix_socket = scratch_.path() + "/socket";
    made.timeout = seconds(5);
    return made;
  }
  std::string socket() const { return scratch_.path() + "/socket"; }

  ScratchDirectory scratch_ = std::move(*ScratchDirectory::create("http-test"));
  HttpClient client_;
};

TEST_F(Http, GivesStatusHeadersAndBody) {
  HttpTestServer server(socket(), [](const ServedRequest& asked) { return ServedAnswer{201, asked.method + asked.target + asked.body}; });
  HttpRequest post = request("/x?y=1", "POST");
  post.body = "content";
  const auto answer = client_.send(post);
  ASSERT_TRUE(answer) << answer.error().what;
  EXPECT_EQ(answer->status, 201);
  EXPECT_EQ(answer->body, "POST/x?y=1content");
  EXPECT_EQ(answer->headers.at("content-type"), "application/json");
}

TEST_F(Http, SendsFilesAndDeletes) {
  HttpTestServer server(socket(), [](const ServedRequest& asked) { return ServedAnswer{200, asked.method + ":" + asked.body}; });
  ASSERT_TRUE(replace_file(scratch_.path() + "/upload", "from a file"));
  HttpRequest put = request("/", "PUT");
  put.body_file = scratch_.path() + "/upload";
  EXPECT_EQ(client_.send(put)->body, "PUT:from a file");
  EXPECT_EQ(client_.send(request("/", "DELETE"))->body, "DELETE:");
  put.body_file = scratch_.path() + "/none";
  EXPECT_EQ(client_.send(put).error().code, ErrorCode::FileNotFound);
}

TEST_F(Http, NobodyListeningIsUnavailable) {
  EXPECT_EQ(client_.send(request("/")).error().code, ErrorCode::EngineUnavailable);
}

TEST_F(Http, ASlowAnswerIsATimeOut) {
  HttpTestServer server(socket(), [](const ServedRequest&) { return ServedAnswer{.body = "late", .delay_ms = 3000}; });
  HttpRequest slow = request("/");
  slow.timeout = milliseconds(100);
  EXPECT_EQ(client_.send(slow).error().code, ErrorCode::EngineTimeout);
}

TEST_F(Http, ACutAnswerIsAnErrorWhereverItIsCut) {
  int cut = 0;
  HttpTestServer server(socket(), [&](const ServedRequest&) { return ServedAnswer{.body = "0123456789", .cut_after = cut}; });
  for (cut = 0; cut < 90; cut += 7) {
    const auto answer = client_.send(request("/"));
    ASSERT_FALSE(answer) << "cut after " << cut << " bytes";
    EXPECT_EQ(answer.error().code, ErrorCode::EngineRefused);
  }
}

TEST_F(Http, ATooLongAnswerIsRefused) {
  HttpTestServer server(socket(), [](const ServedRequest&) { return ServedAnswer{.body = std::string(5000, 'x')}; });
  HttpRequest bounded = request("/");
  bounded.response_limit = 4999;
  EXPECT_EQ(client_.send(bounded).error().code, ErrorCode::EngineRefused);
  bounded.response_limit = 5000;
  EXPECT_TRUE(client_.send(bounded));
}

TEST_F(Http, StreamsBodiesPieceByPiece) {
  HttpTestServer server(socket(), [](const ServedRequest&) { return ServedAnswer{.body = "0123456789", .dripping = true}; });
  HttpRequest stream = request("/");
  std::string seen;
  stream.on_body = [&](std::string_view bytes) {
    seen += bytes;
    return true;
  };
  const auto answer = client_.send(stream);
  ASSERT_TRUE(answer);
  EXPECT_EQ(seen, "0123456789");
  EXPECT_EQ(answer->body, "");
}

TEST_F(Http, CanBeCancelledWhileItWaits) {
  HttpTestServer server(socket(), [](const ServedRequest&) { return ServedAnswer{.body = "late", .delay_ms = 10'000}; });
  HttpRequest slow = request("/");
  slow.timeout = seconds(30);
  EXPECT_EQ(client_.send(slow, [] { return true; }).error().code, ErrorCode::Interrupted);
}

}  // namespace
}  // namespace tandem::host
