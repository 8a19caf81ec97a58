// Ticks of the relist: which has happened, what it visits, and that none happens for nothing.

#include "core/control/kubelet/relist.hpp"

#include <gtest/gtest.h>

#include "core/base/fake_clock.hpp"

namespace tandem::control::kubelet {
namespace {

TEST(Relist, VisitsEachRequestedPodOnceAtTheNextTickInOrder) {
  FakeClock clock;
  std::vector<std::pair<SimTime, std::uint32_t>> visits;
  Relist relist(clock, {seconds(1), milliseconds(300), 0}, [&](std::uint32_t number) { visits.emplace_back(clock.now(), number); });
  for (const std::uint32_t number : {7u, 3u, 7u}) relist.request(number);
  clock.run_until(kTimeZero + seconds(5));
  const SimTime tick = kTimeZero + milliseconds(300);
  EXPECT_EQ(visits, (std::vector<std::pair<SimTime, std::uint32_t>>{{tick, 3}, {tick, 7}}));
  relist.request(1);
  clock.run_until(kTimeZero + seconds(9));
  EXPECT_EQ(visits.back(), std::make_pair(kTimeZero + milliseconds(5300), 1u));
}

TEST(Relist, ATickThatIsDueHasNotHappenedYet) {
  FakeClock clock;
  const SimTime tick = kTimeZero + milliseconds(1300);
  SimTime seen_before = kTimeNever;
  SimTime seen_inside = kTimeNever;
  std::unique_ptr<Relist> relist;
  relist = std::make_unique<Relist>(clock, Relist::Options{seconds(1), milliseconds(300), 0},
                                    [&](std::uint32_t) { seen_inside = relist->last_tick(clock.now()); });
  clock.run_until(kTimeZero + seconds(1));
  // Comes at the moment of the tick, but before it.
  clock.at(tick, EventClass::Runtime, 0, [&] { seen_before = relist->last_tick(clock.now()); });
  relist->request(1);
  clock.run_until(kTimeZero + seconds(2));
  EXPECT_EQ(seen_before, tick - seconds(1));
  EXPECT_EQ(seen_inside, tick);
  EXPECT_EQ(relist->last_tick(clock.now()), tick);
}

}  // namespace
}  // namespace tandem::control::kubelet
