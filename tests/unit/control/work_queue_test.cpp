// client-go's work queue semantics: util/workqueue/{queue,delaying_queue,default_rate_limiters}_test.go name the same cases.

#include "core/control/work_queue.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "core/base/fake_clock.hpp"
#include "core/control/controller_runtime.hpp"

namespace tandem::control {
namespace {

using cluster::ObjectKey;
const ObjectKey kA{"default", "a"};
const ObjectKey kB{"default", "b"};

class WorkQueueTest : public ::testing::Test {
 protected:
  FakeClock clock;
  WorkQueue queue{clock, 0};
};

TEST_F(WorkQueueTest, HandsOutKeysInTheOrderTheyBecameDueAndEachOnce) {
  queue.add(kB);
  queue.add(kA);
  queue.add(kB);
  EXPECT_EQ(queue.get(), kB);
  EXPECT_EQ(queue.get(), kA);
  EXPECT_EQ(queue.get(), std::nullopt);
}

TEST_F(WorkQueueTest, AKeyChangedWhileBeingProcessedIsDueAgainOnlyAfterDone) {
  queue.add(kA);
  ASSERT_EQ(queue.get(), kA);
  queue.add(kA);
  queue.add(kA);
  EXPECT_EQ(queue.get(), std::nullopt) << "nobody else may work on it meanwhile";
  queue.done(kA);
  EXPECT_EQ(queue.get(), kA);
  queue.done(kA);
  EXPECT_EQ(queue.get(), std::nullopt);
}

TEST_F(WorkQueueTest, ADelayedKeyBecomesDueAtItsTime) {
  queue.add_after(kA, milliseconds(50));
  clock.run_until(SimTime{milliseconds(49).ns});
  EXPECT_EQ(queue.size(), 0U);
  clock.run_until(SimTime{milliseconds(50).ns});
  EXPECT_EQ(queue.get(), kA);
}

TEST_F(WorkQueueTest, OfSeveralDelaysTheEarliestCountsAndOnlyThat) {
  queue.add_after(kA, milliseconds(50));
  queue.add_after(kA, milliseconds(20));
  queue.add_after(kA, milliseconds(80));
  EXPECT_EQ(queue.next_delayed(), SimTime{milliseconds(20).ns});
  clock.run_until(SimTime{milliseconds(20).ns});
  ASSERT_EQ(queue.get(), kA);
  queue.done(kA);
  clock.run_until(SimTime{seconds(1).ns});
  EXPECT_EQ(queue.get(), std::nullopt);
}

TEST_F(WorkQueueTest, RetriesDoubleFromFiveMillisecondsUntilForgotten) {
  std::vector<std::int64_t> delays;
  for (int i = 0; i < 6; ++i) {
    queue.add_rate_limited(kA);
    delays.push_back((queue.next_delayed() - clock.now()).ns / 1'000'000);
    clock.run_until(queue.next_delayed());
    ASSERT_EQ(queue.get(), kA);
    queue.done(kA);
  }
  EXPECT_EQ(delays, (std::vector<std::int64_t>{5, 10, 20, 40, 80, 160}));
  EXPECT_EQ(queue.retries(kA), 6);
  queue.forget(kA);
  EXPECT_EQ(queue.retries(kA), 0);
  queue.add_rate_limited(kA);
  EXPECT_EQ(queue.next_delayed() - clock.now(), milliseconds(5));
}

TEST_F(WorkQueueTest, RetriesNeverWaitLongerThanAThousandSeconds) {
  for (int i = 0; i < 40; ++i) {
    queue.add_rate_limited(kA);
    clock.run_until(queue.next_delayed());
    ASSERT_EQ(queue.get(), kA);
    queue.done(kA);
  }
  queue.add_rate_limited(kA);
  EXPECT_EQ(queue.next_delayed() - clock.now(), seconds(1000));
}

TEST_F(WorkQueueTest, AllKeysTogetherRetryAtTenASecondAfterABurstOfAHundred) {
  for (int i = 0; i < 100; ++i) queue.add_rate_limited({"default", std::to_string(i)});
  queue.add_rate_limited(kA);
  queue.add_rate_limited(kB);
  clock.run_until(SimTime{milliseconds(5).ns});
  EXPECT_EQ(queue.size(), 100U);
  clock.run_until(SimTime{milliseconds(100).ns});
  EXPECT_EQ(queue.size(), 101U);
  clock.run_until(SimTime{milliseconds(200).ns});
  EXPECT_EQ(queue.size(), 102U);
}

TEST(ControllerRuntime, UsesItsWorkersAtTheSameTimeButNeverTwoForOneKey) {
  FakeClock clock;
  std::vector<std::pair<ObjectKey, SyncDone>> running;
  RuntimeOptions options;
  options.workers = 2;
  ControllerRuntime runtime(clock, options,
                            [&](const ObjectKey& key, SyncDone done) { running.emplace_back(key, std::move(done)); });
  for (const char* name : {"a", "b", "c"}) runtime.queue().add({"default", name});
  runtime.queue().add(kA);
  clock.run_until(kTimeZero);
  ASSERT_EQ(running.size(), 2U);
  runtime.queue().add(kA);
  clock.run_until(kTimeZero);
  EXPECT_EQ(running.size(), 2U);
  running[0].second({});
  clock.run_until(kTimeZero);
  ASSERT_EQ(running.size(), 3U);
  EXPECT_EQ(running[2].first.name, "c");
  running[1].second({});
  clock.run_until(kTimeZero);
  ASSERT_EQ(running.size(), 4U);
  EXPECT_EQ(running[3].first, kA) << "changed while it was processed";
}

TEST(ControllerRuntime, DropsAFailingKeyAfterItsRetriesAndTakesItUpAgainWhenItChanges) {
  FakeClock clock;
  int syncs = 0;
  RuntimeOptions options;
  options.drop_after = 15;
  ControllerRuntime runtime(clock, options, [&](const ObjectKey&, const SyncDone& done) {
    ++syncs;
    done(fail(ErrorCode::ApiConflict, "always"));
  });
  runtime.queue().add(kA);
  clock.run_until(SimTime{seconds(10'000).ns});
  EXPECT_EQ(syncs, 16);
  runtime.queue().add(kA);
  clock.run_until(SimTime{seconds(20'000).ns});
  EXPECT_EQ(syncs, 32);
}

TEST(ControllerRuntime, SpendsTheSyncCostBeforeItReads) {
  FakeClock clock;
  SimTime read_at;
  RuntimeOptions options;
  options.sync_cost = milliseconds(3);
  ControllerRuntime runtime(clock, options, [&](const ObjectKey&, const SyncDone& done) {
    read_at = clock.now();
    done({});
  });
  runtime.queue().add(kA);
  clock.run_until(SimTime{seconds(1).ns});
  EXPECT_EQ(read_at, SimTime{milliseconds(3).ns});
}

}  // namespace
}  // namespace tandem::control
