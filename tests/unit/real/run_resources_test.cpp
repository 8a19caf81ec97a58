// What a run creates: announced on the disk first, labelled, destroyed; and who finishes if the run cannot.

#include "real/docker/run_resources.hpp"

#include <signal.h>
#include <sys/resource.h>

#include <thread>

#include "real/engine/event_loop.hpp"
#include "tests/unit/real/engine_fixture.hpp"

namespace tandem::docker {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr SimDuration kGrace = milliseconds(300);

class Resources : public FakeEngineTest {
 protected:
  std::unique_ptr<RunResources> open() {
    auto resources = RunResources::open(with_loop_, seconds(5), kGrace);
    EXPECT_TRUE(resources) << to_string(resources.error());
    return resources ? std::move(*resources) : nullptr;
  }
  static std::vector<std::string> journals() { return host::list_directory(real::Journal::folder()); }
  /// Waits until the reaper has closed the last journal.
  static bool reaped() {
    for (int i = 0; i < 1000 && !journals().empty(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(20));
    return journals().empty();
  }

  real::EventLoop loop_;
  EngineClient with_loop_{engine_.address(), &loop_};
};

TEST_F(Resources, TheIntentIsOnTheDiskBeforeTheEngineHearsOfIt) {
  auto resources = open();
  const std::string path = real::Journal::path_of(resources->identity().run_id);
  std::vector<std::string> announced;
  engine_.set_observer([&](int, FakeEngine::Moment moment) {
    if (moment != FakeEngine::Moment::BeforeSend) return;
    const auto content = real::read_journal(path);
    if (content && !content->entries.empty()) announced.push_back(content->entries.back().name);
  });
  ASSERT_TRUE(resources->create_network({{}, "10.9.0.0/24", "10.9.0.1", {}}));
  ASSERT_TRUE(resources->create_container({}, "pod"));
  engine_.set_observer({});
  EXPECT_THAT(announced, ElementsAre(resources->identity().name_of("network", 1), resources->identity().name_of("pod", 2)));
  EXPECT_TRUE(resources->destroy());
}

TEST_F(Resources, EverythingCarriesTheLabelsOfItsOwner) {
  auto resources = open();
  ASSERT_TRUE(resources->create_network({{}, "10.9.0.0/24", "10.9.0.1", {{"extra", "1"}}}));
  ASSERT_TRUE(resources->create_container({}, "pod"));
  for (const FakeEngine::Object& object : engine_.objects()) {
    const auto identity = real::identity_from_labels(object.labels);
    ASSERT_TRUE(identity) << object.name;
    EXPECT_EQ(identity->owner, host::current_process());
    EXPECT_TRUE(is_derived_name(object.name, object.labels)) << object.name;
  }
  EXPECT_TRUE(resources->destroy());
}

TEST_F(Resources, DestroyLeavesNeitherObjectsNorJournalNorReaper) {
  add_decoys();
  auto resources = open();
  const pid_t reaper = resources->reaper_pid();
  ASSERT_TRUE(resources->create_network({{}, "10.9.0.0/24", "10.9.0.1", {}}));
  ASSERT_TRUE(resources->create_container({}, "pod"));
  const Status destroyed = resources->destroy();
  EXPECT_TRUE(destroyed) << to_string(destroyed.error());
  EXPECT_EQ(engine_.names(), decoys_);
  EXPECT_THAT(journals(), IsEmpty());
  EXPECT_NE(::kill(reaper, 0), 0);
}

TEST_F(Resources, ATakenNameIsAnErrorAndNeverReused) {
  auto resources = open();
  engine_.add("container", resources->identity().name_of("pod", 1), {});
  const auto id = resources->create_container({}, "pod");
  ASSERT_FALSE(id);
  EXPECT_EQ(id.error().code, ErrorCode::EngineNameTaken);
  EXPECT_TRUE(resources->destroy());
  EXPECT_EQ(engine_.names().size(), 1U) << "what is not ours stays, whatever it is called";
}

TEST_F(Resources, ACreateWithoutAnAnswerIsWaitedFor) {
  auto resources = open();
  engine_.delay_creates(std::chrono::milliseconds(150));
  engine_.inject({.path = "/containers/create", .perform = true, .answer = {.cut_after = 0}});
  EXPECT_FALSE(resources->create_container({}, "pod"));
  EXPECT_TRUE(resources->destroy());
  EXPECT_THAT(engine_.names(), IsEmpty()) << "it appeared after the connection had been cut";
}

TEST_F(Resources, AsynchronousCreatesAndRemovals) {
  auto resources = open();
  std::optional<Status> removed;
  resources->create_container({}, "pod", [&](const Result<std::string>& id) {
    ASSERT_TRUE(id);
    resources->remove_container(*id, [&](const Status& status) { removed = status; });
  });
  EXPECT_FALSE(resources->idle());
  EXPECT_TRUE(loop_.run_while([&] { return !removed; }, 5'000'000'000));
  EXPECT_TRUE(resources->idle());
  EXPECT_THAT(engine_.names(), IsEmpty());
  EXPECT_TRUE(resources->destroy());
}

TEST_F(Resources, WithoutAReaperNothingIsCreated) {
  engine_.inject({.path = "/version", .times = -1, .answer = {.status = 500}});
  auto resources = RunResources::open(with_loop_, seconds(5), kGrace);
  ASSERT_FALSE(resources);
  EXPECT_EQ(resources.error().code, ErrorCode::ProcessFailed);
  EXPECT_THAT(to_string(resources.error()), HasSubstr("NACK"));
  EXPECT_THAT(journals(), IsEmpty());
  EXPECT_EQ(engine_.count("create"), 0U);
}

TEST_F(Resources, WhatTheRunCannotDeleteTheReaperDoes) {
  with_loop_.set_patience(milliseconds(50));
  auto resources = open();
  ASSERT_TRUE(resources->create_container({}, "pod"));
  engine_.stop();
  const Status destroyed = resources->destroy();
  ASSERT_FALSE(destroyed);
  EXPECT_FALSE(destroyed.error().hint.empty());
  EXPECT_EQ(journals().size(), 1U);
  resources.reset();
  engine_.start();
  EXPECT_TRUE(reaped());
  EXPECT_THAT(engine_.names(), IsEmpty());
}

TEST_F(Resources, AnUnwritableJournalEndsTheRun) {
  auto resources = open();
  ASSERT_TRUE(resources->create_container({}, "pod"));
  EXPECT_FALSE(resources->failure());
  // As on a full disk, no line fits any more.
  const rlimit none{0, RLIM_INFINITY};
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  ::signal(SIGXFSZ, SIG_IGN);
  setrlimit(RLIMIT_FSIZE, &none);
  const auto refused = resources->create_container({}, "pod");
  setrlimit(RLIMIT_FSIZE, &before);
  ASSERT_FALSE(refused);
  ASSERT_TRUE(resources->failure());
  EXPECT_EQ(resources->failure()->code, ErrorCode::FileWriteFailed);
  EXPECT_EQ(engine_.objects().size(), 1U) << "what cannot be announced is not created";
  EXPECT_TRUE(resources->destroy());
  EXPECT_THAT(engine_.names(), IsEmpty());
}

}  // namespace
}  // namespace tandem::docker
