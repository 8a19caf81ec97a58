#include "core/base/fake_clock.hpp"

#include <gtest/gtest.h>

#include <string>

namespace tandem {
namespace {

using namespace literals;

TEST(FakeClock, FiresByTimeThenClassThenEntityThenOrderOfArming) {
  FakeClock clock;
  std::string order;
  const auto note = [&order](char name) { return [&order, name] { order += name; }; };
  clock.at(SimTime{2}, EventClass::Hardware, 0, note('f'));
  clock.at(SimTime{1}, EventClass::Observer, 0, note('e'));
  clock.at(SimTime{1}, EventClass::Api, 7, note('c'));
  clock.at(SimTime{1}, EventClass::Api, 7, note('d'));
  clock.at(SimTime{1}, EventClass::Api, 3, note('b'));
  clock.at(SimTime{1}, EventClass::Hardware, 9, note('a'));
  clock.run_until(SimTime{5});
  EXPECT_EQ(order, "abcdef");
  EXPECT_EQ(clock.now(), SimTime{5});
}

TEST(FakeClock, CancelsOnceAndOnlyWhatIsArmed) {
  FakeClock clock;
  int fired = 0;
  const TimerHandle timer = clock.after(1_s, EventClass::Control, 0, [&] { ++fired; });
  EXPECT_TRUE(clock.cancel(timer));
  EXPECT_FALSE(clock.cancel(timer));
  EXPECT_FALSE(clock.cancel(TimerHandle{}));
  clock.run_until(SimTime{} + 2_s);
  EXPECT_EQ(fired, 0);
}

TEST(FakeClock, RunsWhatIsArmedInThePastAtOnceButNotWithinTheCallback) {
  FakeClock clock;
  clock.run_until(SimTime{} + 3_s);
  std::string order;
  clock.at(kTimeZero, EventClass::Control, 0, [&] {
    clock.at(kTimeZero, EventClass::Control, 0, [&] { order += "inner"; });
    order += "outer ";
  });
  clock.run_until(clock.now());
  EXPECT_EQ(order, "outer inner");
  EXPECT_EQ(clock.now(), SimTime{} + 3_s);
}

}  // namespace
}  // namespace tandem
