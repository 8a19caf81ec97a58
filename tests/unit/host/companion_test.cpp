// A program that outlives us: conversation by lines, end-of-file at our end, a session of its own.

#include "host/companion.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thread>

#include "host/files.hpp"

namespace tandem::host {
namespace {

TEST(Companion, TalksInLines) {
  auto echo = Companion::start({"/bin/cat"});
  ASSERT_TRUE(echo);
  ASSERT_TRUE(echo->send_line("one"));
  ASSERT_TRUE(echo->send_line("two"));
  EXPECT_EQ(echo->receive_line(seconds(10)).value(), "one");
  EXPECT_EQ(echo->receive_line(seconds(10)).value(), "two");
  EXPECT_FALSE(echo->receive_line(milliseconds(20))) << "nothing was said";
}

TEST(Companion, ReadsEndOfFileOnceWeAreGone) {
  pid_t pid = -1;
  {
    auto echo = Companion::start({"/bin/cat"});
    ASSERT_TRUE(echo);
    pid = echo->pid();
    EXPECT_FALSE(echo->wait(milliseconds(20)));
  }
  EXPECT_EQ(waitpid(pid, nullptr, 0), pid);
}

TEST(Companion, IsInASessionOfItsOwnWithSignalsBlocked) {
  auto shell = Companion::start({"/bin/sh", "-c", "read x; echo answered"});
  ASSERT_TRUE(shell);
  EXPECT_EQ(getsid(shell->pid()), shell->pid());
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) ASSERT_EQ(kill(shell->pid(), signal), 0);
  ASSERT_TRUE(shell->send_line("x"));
  EXPECT_EQ(shell->receive_line(seconds(10)).value_or("(ended)"), "answered");
  EXPECT_TRUE(shell->wait(seconds(10)));
}

TEST(Companion, WhatCannotBeStartedIsAnError) {
  EXPECT_EQ(Companion::start({"/nonexistent/program"}).error().code, ErrorCode::ProcessFailed);
}

TEST(Companion, OneThatHasEndedIsAnErrorAndDoesNotKillUs) {
  auto ended = Companion::start({"/bin/true"});
  ASSERT_TRUE(ended);
  EXPECT_TRUE(ended->wait(seconds(10)));
  EXPECT_FALSE(ended->receive_line(seconds(1)));
  EXPECT_FALSE(ended->send_line("x"));
}

TEST(Companion, EndlessTalkWithoutALineIsRefused) {
  auto talker = Companion::start({"/bin/sh", "-c", "while :; do printf xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; done"});
  ASSERT_TRUE(talker);
  EXPECT_FALSE(talker->receive_line(seconds(30)));
  kill(talker->pid(), SIGKILL);
  talker->wait(seconds(10));
}

TEST(Companion, NoDescriptorOfOursReachesIt) {
  int ends[2];
  ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
  auto echo = Companion::start({"/bin/cat"});
  ASSERT_TRUE(echo);
  ASSERT_TRUE(echo->send_line("running"));
  ASSERT_TRUE(echo->receive_line(seconds(10)));
  close(ends[1]);
  char byte = 0;
  EXPECT_EQ(read(ends[0], &byte, 1), 0) << "end-of-file: nobody else holds the other end";
  close(ends[0]);
}

}  // namespace
}  // namespace tandem::host
