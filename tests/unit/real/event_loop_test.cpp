// The wall-clock side of the Clock seam: order, cancelling, files, posting from other threads.

#include "real/engine/event_loop.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

#include "host/wall_clock.hpp"

namespace tandem::real {
namespace {

class Loop : public ::testing::Test {
 protected:
  void run(SimDuration duration) { loop_.run_until(loop_.now() + duration); }
  EventLoop loop_;
  std::vector<int> order_;
};

TEST_F(Loop, SimultaneousTimersFollowClassEntityAndSequence) {
  const SimTime time = loop_.now() + milliseconds(20);
  loop_.at(time, EventClass::Observer, 0, [&] { order_.push_back(5); });
  loop_.at(time, EventClass::Hardware, 2, [&] { order_.push_back(3); });
  loop_.at(time, EventClass::Hardware, 2, [&] { order_.push_back(4); });
  loop_.at(time, EventClass::Hardware, 1, [&] { order_.push_back(2); });
  loop_.at(time - milliseconds(1), EventClass::Observer, 9, [&] { order_.push_back(1); });
  run(milliseconds(40));
  EXPECT_EQ(order_, (std::vector<int>{1, 2, 3, 4, 5}));
}

TEST_F(Loop, NothingRunsBeforeItsTime) {
  const SimTime time = loop_.now() + milliseconds(30);
  SimTime ran;
  loop_.at(time, EventClass::Hardware, 0, [&] { ran = loop_.now(); });
  run(milliseconds(60));
  EXPECT_GE(ran, time);
}

TEST_F(Loop, ACancelledTimerNeverRuns) {
  const TimerHandle timer = loop_.at(loop_.now() + milliseconds(5), EventClass::Hardware, 0, [&] { order_.push_back(1); });
  EXPECT_TRUE(loop_.cancel(timer));
  EXPECT_FALSE(loop_.cancel(timer));
  run(milliseconds(20));
  EXPECT_TRUE(order_.empty());
}

TEST_F(Loop, ATimerMayCancelItsNeighbour) {
  const SimTime time = loop_.now() + milliseconds(5);
  TimerHandle second;
  loop_.at(time, EventClass::Hardware, 0, [&] { loop_.cancel(second); });
  second = loop_.at(time, EventClass::Hardware, 1, [&] { order_.push_back(2); });
  run(milliseconds(20));
  EXPECT_TRUE(order_.empty());
}

TEST_F(Loop, ATimerThatRearmsItselfDoesNotStarveFiles) {
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
  std::function<void()> again = [&] { loop_.delay(0, again); };
  again();
  bool read = false;
  loop_.watch(ends[0], host::Reactor::kReadable, [&](unsigned) {
    read = true;
    loop_.unwatch(ends[0]);
  });
  ASSERT_EQ(::write(ends[1], "x", 1), 1);
  EXPECT_TRUE(loop_.run_while([&] { return !read; }, 5'000'000'000));
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST_F(Loop, APeerThatCloses) {
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
  unsigned ready = 0;
  loop_.watch(ends[0], host::Reactor::kReadable, [&](unsigned flags) {
    ready = flags;
    loop_.unwatch(ends[0]);
  });
  ::close(ends[1]);
  EXPECT_TRUE(loop_.run_while([&] { return ready == 0; }, 5'000'000'000));
  EXPECT_NE(ready & host::Reactor::kReadable, 0U);
  ::close(ends[0]);
}

TEST_F(Loop, ACallbackMayUnwatchAnother) {
  int first[2], second[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, first), 0);
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, second), 0);
  int called = 0;
  const auto drop_both = [&](unsigned) {
    ++called;
    loop_.unwatch(first[0]);
    loop_.unwatch(second[0]);
  };
  loop_.watch(first[0], host::Reactor::kReadable, drop_both);
  loop_.watch(second[0], host::Reactor::kReadable, drop_both);
  ASSERT_EQ(::write(first[1], "x", 1) + ::write(second[1], "x", 1), 2);
  run(milliseconds(30));
  EXPECT_EQ(called, 1);
  for (const int file : {first[0], first[1], second[0], second[1]}) ::close(file);
}

TEST_F(Loop, PostedFromAnotherThreadItRunsInTheLoop) {
  const auto loop_thread = std::this_thread::get_id();
  std::thread::id ran;
  std::thread other([&] { loop_.post([&] { ran = std::this_thread::get_id(); }); });
  EXPECT_TRUE(loop_.run_while([&] { return ran == std::thread::id(); }, 5'000'000'000));
  EXPECT_EQ(ran, loop_thread);
  other.join();
}

TEST_F(Loop, ZeroMovesTheClockAndNotTheDelays) {
  bool ran = false;
  loop_.delay(10'000'000, [&] { ran = true; });
  loop_.set_zero(host::monotonic_ns() - 3'000'000'000);
  EXPECT_GE(loop_.now(), kTimeZero + seconds(3));
  EXPECT_TRUE(loop_.run_while([&] { return !ran; }, 5'000'000'000));
}

TEST_F(Loop, WhileEndsAtItsLimit) {
  EXPECT_FALSE(loop_.run_while([] { return true; }, 10'000'000));
  EXPECT_TRUE(loop_.run_while([] { return false; }, 10'000'000));
}

}  // namespace
}  // namespace tandem::real
