// Who uses the machine, read from a process table made by hand.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fmt/format.h>

#include "host/files.hpp"
#include "host/load_watch.hpp"
#include "host/process_load.hpp"
#include "tests/support/busy_processes.hpp"

namespace tandem::host {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

class ProcessTable : public ::testing::Test {
 protected:
  struct Line {
    int pid;
    int parent;
    std::string name;
    int own = 0;       ///< hundredths of a second
    int children = 0;
    int start = 1;
    unsigned flags = 0;
    std::string cgroup = "0::/";
  };
  void set(const Line& line) {
    const std::string folder = scratch_.path() + "/" + std::to_string(line.pid);
    ASSERT_TRUE(ensure_directory(folder));
    // Half of the time in user mode, half in the kernel; fields as in proc(5).
    const std::string stat = fmt::format("{} ({}) R {} 1 1 0 -1 {} 0 0 0 0 {} {} {} {} 20 0 1 0 {} 0 0\n", line.pid, line.name, line.parent, line.flags,
                                         line.own / 2, line.own - line.own / 2, line.children / 2, line.children - line.children / 2, line.start);
    ASSERT_TRUE(replace_file(folder + "/stat", stat));
    ASSERT_TRUE(replace_file(folder + "/cgroup", line.cgroup + "\n"));
  }
  void end(int pid) {
    for (const char* name : {"/stat", "/cgroup"}) remove_file(scratch_.path() + "/" + std::to_string(pid) + name);
  }
  static SimDuration ticks(int count) { return SimDuration{std::int64_t{count} * 1'000'000'000 / sysconf(_SC_CLK_TCK)}; }

  /// Ours: whatever is called "ours" or has such a parent.
  static ProcessClass classify(const ProcessFacts& process, const ProcessFacts*, ProcessClass parent) {
    return process.name == "ours" || parent == ProcessClass::Own ? ProcessClass::Own : ProcessClass::Foreign;
  }

  ScratchDirectory scratch_ = std::move(*ScratchDirectory::create("load-test"));
  ProcessLoad load_{&ProcessTable::classify, scratch_.path()};
};

TEST_F(ProcessTable, CountsWhatForeignProcessesUsedSinceTheLastLook) {
  set({.pid = 10, .parent = 1, .name = "busy", .own = 500});
  set({.pid = 11, .parent = 1, .name = "ours", .own = 500});
  EXPECT_THAT(load_.advance(), IsEmpty()) << "the first look only sets the zero";
  set({.pid = 10, .parent = 1, .name = "busy", .own = 530});
  set({.pid = 11, .parent = 1, .name = "ours", .own = 590});
  set({.pid = 12, .parent = 11, .name = "child of ours", .own = 40});
  set({.pid = 13, .parent = 10, .name = "new", .own = 7});
  EXPECT_THAT(load_.advance(), ElementsAre(Pair("busy", ticks(30)), Pair("new", ticks(7))));
  EXPECT_THAT(load_.advance(), IsEmpty());
}

TEST_F(ProcessTable, AShortLivedProgramCountsWithItsParent) {
  set({.pid = 10, .parent = 1, .name = "make"});
  load_.advance();
  // A compiler began and ended between two looks: all that is left is make's count of children.
  set({.pid = 10, .parent = 1, .name = "make", .children = 80});
  EXPECT_THAT(load_.advance(), ElementsAre(Pair("make", ticks(80))));
}

TEST_F(ProcessTable, WhatWasSeenOfAChildDoesNotCountAgainWithItsParent) {
  set({.pid = 10, .parent = 1, .name = "make"});
  load_.advance();
  set({.pid = 11, .parent = 10, .name = "cc", .own = 60});
  EXPECT_THAT(load_.advance(), ElementsAre(Pair("cc", ticks(60))));
  end(11);
  set({.pid = 10, .parent = 1, .name = "make", .children = 75});
  EXPECT_THAT(load_.advance(), ElementsAre(Pair("make", ticks(15)))) << "only what it did after it was last seen";
}

TEST_F(ProcessTable, AReusedProcessIdIsAnotherProcess) {
  set({.pid = 10, .parent = 1, .name = "first", .own = 500});
  load_.advance();
  set({.pid = 10, .parent = 1, .name = "second", .own = 20, .start = 2});
  EXPECT_THAT(load_.advance(), ElementsAre(Pair("second", ticks(20))));
}

TEST_F(ProcessTable, KernelThreadsAndOrphansOfProcessOneAreNobodys) {
  constexpr unsigned kKernelThread = 0x00200000;
  set({.pid = 1, .parent = 0, .name = "init"});
  set({.pid = 5, .parent = 2, .name = "kworker", .flags = kKernelThread});
  load_.advance();
  set({.pid = 1, .parent = 0, .name = "init", .own = 3, .children = 900});
  set({.pid = 5, .parent = 2, .name = "kworker", .own = 70, .flags = kKernelThread});
  EXPECT_THAT(load_.advance(), ElementsAre(Pair("init", ticks(3))));
}

TEST_F(ProcessTable, AProgramThatBecomesAnotherIsLookedAtAgain) {
  set({.pid = 10, .parent = 1, .name = "ours"});
  load_.advance();
  set({.pid = 10, .parent = 1, .name = "theirs", .own = 9});
  EXPECT_THAT(load_.advance(), ElementsAre(Pair("theirs", ticks(9))));
}

TEST_F(ProcessTable, NamesMayHoldAnything) {
  set({.pid = 10, .parent = 1, .name = "a) R 1 (b c"});
  load_.advance();
  set({.pid = 10, .parent = 1, .name = "a) R 1 (b c", .own = 4});
  EXPECT_THAT(load_.advance(), ElementsAre(Pair("a) R 1 (b c", ticks(4))));
}

TEST_F(ProcessTable, GarbageIsLeftOut) {
  ASSERT_TRUE(ensure_directory(scratch_.path() + "/77"));
  ASSERT_TRUE(ensure_directory(scratch_.path() + "/self"));
  for (const char* text : {"", "77", "77 (x", "77 (x) R 1", ")("}) {
    ASSERT_TRUE(replace_file(scratch_.path() + "/77/stat", text));
    EXPECT_THAT(load_.advance(), IsEmpty());
  }
}

TEST_F(ProcessTable, MachineWideFiguresAreReadAsTheKernelWritesThem) {
  const std::string proc = scratch_.path();
  ASSERT_TRUE(ensure_directory(proc + "/pressure"));
  ASSERT_TRUE(replace_file(proc + "/pressure/io", "some avg10=1.00 avg60=0.00 avg300=0.00 total=2500000\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=9\n"));
  EXPECT_DOUBLE_EQ(read_pressure("io", proc), 2.5);
  EXPECT_LT(read_pressure("memory", proc), 0) << "not every kernel says it";
  ASSERT_TRUE(replace_file(proc + "/meminfo", "MemTotal:       1000 kB\nMemFree:          10 kB\nMemAvailable:    250 kB\n"));
  EXPECT_DOUBLE_EQ(read_memory_available(proc), 0.25);
  ASSERT_TRUE(replace_file(proc + "/stat", "cpu  1 2 3 4 500 6 7 800 0 0\ncpu0 9 9 9 9 9 9 9 9 9 9\n"));
  const auto hz = static_cast<double>(sysconf(_SC_CLK_TCK));
  EXPECT_DOUBLE_EQ(read_stolen(proc).stolen, 800 / hz);
  EXPECT_DOUBLE_EQ(read_stolen(proc).io_wait, 500 / hz);
  EXPECT_DOUBLE_EQ(read_memory_available("/nonexistent"), 1);
  EXPECT_DOUBLE_EQ(read_stolen("/nonexistent").stolen, 0);
}

TEST(LoadWatch, SeesABusyProcessOfThisMachine) {
  const ::tandem::testing::BusyProcesses busy(1);
  const pid_t child = busy.pids().front();
  std::map<std::string, SimDuration> used;
  {
    // Everything but the child is ours, whatever else this machine does.
    LoadWatch watch([child](const ProcessFacts& process, const ProcessFacts*, ProcessClass) {
      return process.pid == child ? ProcessClass::Foreign : ProcessClass::Own;
    }, milliseconds(100));
    for (int i = 0; i < 500 && used.empty(); ++i) {
      usleep(20'000);
      for (const LoadInterval& interval : watch.take()) {
        EXPECT_GE(interval.foreign_cpu_share, 0);
        EXPECT_LE(interval.foreign_cpu_share, 1);
        for (const auto& [name, time] : interval.foreign_cpu) {
          if (name != "(hypervisor)") used[name] += time;
        }
      }
    }
  }
  EXPECT_EQ(used.size(), 1U);
}

}  // namespace
}  // namespace tandem::host
