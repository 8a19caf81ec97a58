#include "sim/engine/event_queue.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <tuple>
#include <vector>

#include "core/base/random.hpp"
#include "sim/engine/engine.hpp"

namespace tandem::sim {
namespace {

using namespace tandem::literals;

/// Notes what fires.
struct Log final : EventHandler {
  void fire(std::uint32_t kind, std::uint64_t payload) override { fired.emplace_back(kind, payload); }
  std::vector<std::pair<std::uint32_t, std::uint64_t>> fired;
};

TEST(EventQueue, FiresInTheOrderTimeClassEntitySequence) {
  EventQueue queue;
  Log log;
  queue.push(SimTime{5}, EventClass::Traffic, 0, log, 0, 6);
  queue.push(SimTime{5}, EventClass::Hardware, 9, log, 0, 2);
  queue.push(SimTime{5}, EventClass::Hardware, 3, log, 0, 1);
  queue.push(SimTime{5}, EventClass::Api, 1, log, 0, 4);
  queue.push(SimTime{5}, EventClass::Api, 1, log, 0, 5);
  queue.push(SimTime{5}, EventClass::Network, 0xffffffffU, log, 0, 3);
  queue.push(SimTime{4}, EventClass::Observer, 7, log, 0, 0);
  while (queue.next_time() != kTimeNever) queue.pop().fire();
  for (std::uint64_t i = 0; i < 7; ++i) EXPECT_EQ(log.fired.at(i).second, i);
}

TEST(EventQueue, AgreesWithASortOnRandomPushesAndCancellations) {
  RandomStream random(7, "event queue test");
  EventQueue queue;
  Log log;
  using Key = std::tuple<std::int64_t, int, std::uint32_t, std::uint64_t>;
  std::vector<std::pair<Key, TimerHandle>> armed;
  for (std::uint64_t i = 0; i < 20'000; ++i) {
    const auto time = static_cast<std::int64_t>(random.below(500));
    const auto event_class = static_cast<int>(random.below(8));
    const auto entity = static_cast<std::uint32_t>(random.below(5));
    armed.emplace_back(Key{time, event_class, entity, i},
                       queue.push(SimTime{time}, static_cast<EventClass>(event_class), entity, log, 0, i));
  }
  std::vector<Key> expected;
  for (const auto& [key, handle] : armed) {
    if (random.below(3) != 0) {
      EXPECT_TRUE(queue.cancel(handle));
      EXPECT_FALSE(queue.cancel(handle));
    } else {
      expected.push_back(key);
    }
  }
  EXPECT_EQ(queue.live(), expected.size());
  std::sort(expected.begin(), expected.end());
  for (const Key& key : expected) {
    ASSERT_EQ(queue.next_time().ns, std::get<0>(key));
    queue.pop().fire();
    ASSERT_EQ(log.fired.back().second, std::get<3>(key));
  }
  EXPECT_EQ(queue.next_time(), kTimeNever);
  EXPECT_EQ(queue.live(), 0U);
}

TEST(EventQueue, NeverReusesAHandle) {
  EventQueue queue;
  Log log;
  const TimerHandle first = queue.push(SimTime{1}, EventClass::Runtime, 0, log, 0, 0);
  queue.pop().fire();
  const TimerHandle second = queue.push(SimTime{1}, EventClass::Runtime, 0, log, 0, 0);
  EXPECT_NE(first, second);
  EXPECT_FALSE(queue.cancel(first));
  EXPECT_TRUE(queue.cancel(second));
  EXPECT_FALSE(queue.cancel(TimerHandle{}));
}

TEST(Engine, StandsAtTheLimitAndFiresWhatIsDueThere) {
  Engine engine;
  std::vector<std::int64_t> fired;
  engine.at(kTimeZero + 2_ms, EventClass::Control, 0, [&] { fired.push_back(engine.now().ns); });
  engine.at(kTimeZero + 3_ms, EventClass::Control, 0, [&] { fired.push_back(engine.now().ns); });
  engine.run_until(kTimeZero + 2_ms);
  EXPECT_EQ(fired, (std::vector<std::int64_t>{2'000'000}));
  EXPECT_EQ(engine.now(), kTimeZero + 2_ms);
  engine.run_until(kTimeZero + 10_ms);
  EXPECT_EQ(fired.size(), 2U);
  EXPECT_EQ(engine.now(), kTimeZero + 10_ms);
  EXPECT_EQ(engine.events_fired(), 2U);
}

TEST(Engine, TreatsThePastAsNow) {
  Engine engine;
  engine.run_until(kTimeZero + 5_s);
  SimTime fired{-1};
  engine.at(kTimeZero + 1_s, EventClass::Control, 0, [&] { fired = engine.now(); });
  engine.run_until(kTimeZero + 6_s);
  EXPECT_EQ(fired, kTimeZero + 5_s);
}

TEST(Engine, CallbacksMayArmAndCancelOthers) {
  Engine engine;
  int fired = 0;
  TimerHandle doomed;
  engine.at(kTimeZero + 1_s, EventClass::Control, 0, [&] {
    EXPECT_TRUE(engine.cancel(doomed));
    for (int i = 0; i < 100; ++i) engine.after(1_ms, EventClass::Control, 0, [&] { ++fired; });
  });
  doomed = engine.at(kTimeZero + 1_s, EventClass::Control, 1, [&] { fired += 1000; });
  engine.run_until(kTimeZero + 2_s);
  EXPECT_EQ(fired, 100);
}

}  // namespace
}  // namespace tandem::sim
