// The client of the engine against every kind of answer (hardening E1, E2).

#include <optional>

#include "real/engine/event_loop.hpp"
#include "tests/unit/real/engine_fixture.hpp"

namespace tandem::docker {
namespace {

class Client : public FakeEngineTest {};

TEST_F(Client, KnowsVersionAndProperties) {
  const auto info = client_.connect();
  ASSERT_TRUE(info) << to_string(info.error());
  EXPECT_EQ(info->version, "20.10.24");
  EXPECT_EQ(info->api_version, "1.41");
  EXPECT_EQ(info->cpus, 2);
}

TEST_F(Client, RefusesAnEngineThatIgnoresLabelFilters) {
  for (const char* version : {"1.12", "1.40", "1.9", "", "x", "1."}) {
    engine_.set_api_version(version);
    const auto info = client_.connect();
    ASSERT_FALSE(info) << version;
    EXPECT_EQ(info.error().code, ErrorCode::EngineTooOld) << version;
  }
  engine_.set_api_version("1.100");
  EXPECT_TRUE(client_.connect());
  EXPECT_EQ(engine_.count("DELETE"), 0U);
}

TEST_F(Client, NobodyThere) {
  engine_.stop();
  EXPECT_EQ(client_.connect().error().code, ErrorCode::EngineUnavailable);
  EXPECT_EQ(client_.run(api::list_containers("x")).error().code, ErrorCode::EngineUnavailable);
}

TEST_F(Client, ANameThatIsTakenIsSaidWithTheEnginesWords) {
  ContainerSpec spec;
  spec.name = "one";
  ASSERT_TRUE(client_.run(api::create_container(spec)));
  const auto again = client_.run(api::create_container(spec));
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, ErrorCode::EngineNameTaken);
  EXPECT_THAT(again.error().found, ::testing::HasSubstr("already in use"));
}

TEST_F(Client, DeletingWhatHasGoneIsFineAndLookingAtItIsNot) {
  EXPECT_TRUE(client_.run(api::remove_container("gone")));
  EXPECT_TRUE(client_.run(api::remove_network("gone")));
  EXPECT_TRUE(client_.run(api::remove_volume("gone")));
  EXPECT_EQ(client_.run(api::inspect_container("gone")).error().code, ErrorCode::EngineNotFound);
}

TEST_F(Client, RepeatsServerErrorsOfIdempotentCallsOnly) {
  engine_.inject({.method = "GET", .path = "/containers/json", .times = 3, .answer = {.status = 500, .body = R"({"message":"busy"})"}});
  EXPECT_TRUE(client_.run(api::list_containers("x")));
  EXPECT_EQ(engine_.count("/containers/json"), 4U);

  engine_.inject({.method = "POST", .path = "/containers/create", .answer = {.status = 500, .body = R"({"message":"no space left"})"}});
  const auto created = client_.run(api::create_container({}));
  ASSERT_FALSE(created);
  EXPECT_EQ(created.error().code, ErrorCode::EngineRefused);
  EXPECT_EQ(created.error().found, "no space left");
  EXPECT_EQ(engine_.count("/containers/create"), 1U);
}

TEST_F(Client, GivesUpOnALastingServerError) {
  engine_.inject({.path = "/containers/json", .times = -1, .answer = {.status = 500, .body = R"({"message":"broken"})"}});
  const auto listed = client_.run(api::list_containers("x"));
  ASSERT_FALSE(listed);
  EXPECT_EQ(listed.error().code, ErrorCode::EngineRefused);
  EXPECT_GT(engine_.count("/containers/json"), 2U);
}

TEST_F(Client, RepeatsWhatTheEngineIsBusyWith) {
  const std::string id = engine_.add("container", "one", {});
  engine_.inject({.method = "DELETE", .times = 2, .answer = {.status = 409, .body = R"({"message":"removal of container one is already in progress"})"}});
  EXPECT_TRUE(client_.run(api::remove_container(id)));
  EXPECT_TRUE(engine_.objects().empty());
}

TEST_F(Client, AnAnswerThatIsCutIsRepeatedIfThatIsSafe) {
  for (const int bytes : {0, 5, 20, 60, 110}) {
    engine_.inject({.path = "/containers/json", .keep_answer = true, .answer = {.cut_after = bytes}});
    const auto listed = client_.run(api::list_containers("x"));
    EXPECT_TRUE(listed) << bytes << ": " << to_string(listed.error());
  }
  engine_.inject({.path = "/containers/create", .keep_answer = true, .answer = {.cut_after = 10}});
  EXPECT_EQ(client_.run(api::create_container({})).error().code, ErrorCode::EngineRefused);
  EXPECT_EQ(engine_.objects().size(), 1U) << "it was created all the same: only a look at the engine says so";
}

TEST_F(Client, AnAnswerByteByByteIsWhole) {
  engine_.inject({.path = "/containers/json", .keep_answer = true, .answer = {.dripping = true}});
  EXPECT_TRUE(client_.run(api::list_containers("x")));
}

TEST_F(Client, MalformedListsAreErrorsAndNeverEmpty) {
  for (const char* body : {"", "{", "null", "{}", "[1", "\"x\"", "{\"message\":\"x\"}", "12"}) {
    engine_.inject({.method = "GET", .times = 3, .answer = {.body = body}});
    EXPECT_FALSE(client_.run(api::list_containers("x"))) << body;
    EXPECT_FALSE(client_.run(api::list_networks("x"))) << body;
    EXPECT_FALSE(client_.run(api::list_volumes("x"))) << body;
  }
  engine_.inject({.path = "/containers/create", .answer = {.status = 201, .body = "{}"}});
  EXPECT_FALSE(client_.run(api::create_container({}))) << "an id is needed";
}

TEST_F(Client, NestingBeyondTheLimitIsRefused) {
  const std::string deep = std::string(100'000, '[') + std::string(100'000, ']');
  engine_.inject({.path = "/containers/json", .answer = {.body = deep}});
  EXPECT_FALSE(client_.run(api::list_containers("x")));
}

TEST_F(Client, ABodyBeyondTheLimitIsRefused) {
  engine_.inject({.path = "/containers/json", .times = -1, .answer = {.body = "[" + std::string(17 << 20, ' ') + "]"}});
  const auto listed = client_.run(api::list_containers("x"));
  ASSERT_FALSE(listed);
  EXPECT_EQ(listed.error().code, ErrorCode::EngineRefused);
}

TEST_F(Client, AnEngineThatDoesNotAnswerRunsIntoTheTimeOut) {
  engine_.inject({.path = "/containers/json", .keep_answer = true, .answer = {.delay_ms = 2000}});
  auto call = api::list_containers("x");
  call.timeout = milliseconds(100);
  EXPECT_EQ(client_.run(call).error().code, ErrorCode::EngineTimeout);
}

TEST_F(Client, CtrlCDoesNotCutACreateCall) {
  client_.set_cancelled([] { return true; });
  EXPECT_TRUE(client_.run(api::create_container({})));
  EXPECT_EQ(engine_.objects().size(), 1U);
}

// ---------------------------------------------------------------- on the event loop

class AsyncClient : public FakeEngineTest {
 protected:
  template <class T>
  Result<T> await(const Call<T>& call) {
    std::optional<Result<T>> result;
    asynchronous_.start<T>(call, [&](Result<T> answer) { result = std::move(answer); });
    EXPECT_FALSE(result) << "never inside start()";
    EXPECT_TRUE(loop_.run_while([&] { return !result; }, 10'000'000'000));
    return std::move(*result);
  }

  real::EventLoop loop_;
  EngineClient asynchronous_{engine_.address(), &loop_};
};

TEST_F(AsyncClient, RepeatsAsTheBlockingOneDoes) {
  asynchronous_.set_patience(milliseconds(150));
  engine_.inject({.path = "/containers/json", .times = 2, .answer = {.status = 503}});
  EXPECT_TRUE(await(api::list_containers("x")));
  engine_.inject({.path = "/containers/json", .keep_answer = true, .answer = {.cut_after = 30}});
  EXPECT_TRUE(await(api::list_containers("x")));
  engine_.inject({.path = "/containers/json", .times = -1, .answer = {.status = 503}});
  EXPECT_EQ(await(api::list_containers("x")).error().code, ErrorCode::EngineRefused);
}

TEST_F(AsyncClient, ManyAtOnceAllAnswer) {
  int answers = 0;
  for (int i = 0; i < 40; ++i) {
    asynchronous_.start<std::string>(api::create_container({}), [&](const Result<std::string>&) { ++answers; });
  }
  EXPECT_TRUE(loop_.run_while([&] { return answers < 40; }, 20'000'000'000));
}

TEST_F(AsyncClient, ACancelledCallNeverCallsBack) {
  engine_.inject({.path = "/containers/json", .times = -1, .answer = {.status = 503, .delay_ms = 20}});
  const auto ticket = asynchronous_.start<std::vector<ContainerInfo>>(api::list_containers("x"), [](const auto&) { ADD_FAILURE(); });
  bool waiting = true;
  loop_.delay(100'000'000, [&] { waiting = false; });
  loop_.run_while([&] { return waiting; }, 1'000'000'000);
  asynchronous_.cancel(ticket);
  waiting = true;
  loop_.delay(100'000'000, [&] { waiting = false; });
  loop_.run_while([&] { return waiting; }, 1'000'000'000);
}

TEST_F(AsyncClient, TheEngineGoesAwayAndComesBack) {
  EXPECT_TRUE(await(api::list_containers("x")));
  engine_.stop();
  EXPECT_EQ(await(api::list_containers("x")).error().code, ErrorCode::EngineUnavailable);
  engine_.start();
  EXPECT_TRUE(await(api::list_containers("x")));
}

}  // namespace
}  // namespace tandem::docker
