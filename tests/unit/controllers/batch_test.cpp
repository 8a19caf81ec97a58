// Worked examples of kubernetes-semantics §7 for Jobs and CronJobs, and their notations.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/control/cron_job/cron_schedule.hpp"
#include "core/control/job/index_set.hpp"
#include "core/control/job/job_pods.hpp"

namespace tandem::control {
namespace {

TEST(Section7, ExampleA) {
  // Waits after the first six failures of an always-failing Job.
  SimDuration total;
  std::vector<std::int64_t> waits;
  for (std::int32_t failures = 1; failures <= 6; ++failures) {
    const SimDuration wait = remaining_backoff(failures, kTimeZero, kTimeZero);
    waits.push_back(wait.ns / seconds(1).ns);
    total += wait;
  }
  EXPECT_EQ(waits, (std::vector<std::int64_t>{10, 20, 40, 80, 160, 320}));
  EXPECT_EQ(total, seconds(630));
  EXPECT_EQ(remaining_backoff(9, kTimeZero, kTimeZero), seconds(600));
}

TEST(Section7, ExampleB) { EXPECT_EQ(remaining_backoff(3, kTimeZero, kTimeZero + seconds(1)), seconds(39)); }

TEST(Section7, ExampleE) {
  // 2026-01-01T12:05:00Z.
  constexpr std::int64_t kNoon = 1767268800;
  const auto schedule = CronSchedule::parse("*/5 * * * *", "");
  ASSERT_TRUE(schedule);
  EXPECT_EQ(schedule->next(kNoon + 1), kNoon + 300);
  EXPECT_EQ((kNoon + 300) / 60, 29454485);
}

TEST(IndexSet, Notation) {
  EXPECT_EQ(format_indexes({0, 1, 2, 5, 7, 8}), "0-2,5,7,8");
  EXPECT_EQ(parse_indexes("0-2,5,7,8", 8), (IndexSet{0, 1, 2, 5, 7}));
  EXPECT_TRUE(parse_indexes("x", 8).empty());
}

TEST(CronSchedule, AClockChangeRepeatsAndSkips) {
  const auto schedule = CronSchedule::parse("30 2 * * *", "Europe/Berlin");
  ASSERT_TRUE(schedule);
  // 2024-03-31: 02:30 does not exist; the next one is a day later.
  EXPECT_EQ(format_in_zone(*schedule->next(1711839600), "Europe/Berlin"), "2024-04-01T02:30:00+02:00");
  // 2024-10-27: 02:30 comes twice.
  const auto first = schedule->next(1729980000);
  EXPECT_EQ(format_in_zone(*first, "Europe/Berlin"), "2024-10-27T02:30:00+02:00");
  EXPECT_EQ(format_in_zone(*schedule->next(*first), "Europe/Berlin"), "2024-10-27T02:30:00+01:00");
}

TEST(CronSchedule, BothDaysRestrictedMeansEither) {
  // Noon on the 13th or on any Friday; 2026-01-02 is a Friday.
  const auto schedule = CronSchedule::parse("0 12 13 * fri", "");
  ASSERT_TRUE(schedule);
  const auto first = schedule->next(1767225600);
  EXPECT_EQ(format_in_zone(*first, ""), "2026-01-02T12:00:00Z");
}

TEST(CronSchedule, TimesAsText) {
  EXPECT_EQ(format_rfc1123(1709251500), "Fri, 01 Mar 2024 00:05:00 +0000");
  EXPECT_EQ(format_in_zone(1709251500, "Asia/Kolkata"), "2024-03-01T05:35:00+05:30");
}

TEST(CronSchedule, Errors) {
  EXPECT_EQ(CronSchedule::parse("bad", "").error(), "expected exactly 5 fields, found 1: [bad]");
  EXPECT_FALSE(CronSchedule::parse("* * * * 7", ""));
  EXPECT_FALSE(CronSchedule::parse("*/0 * * * *", ""));
  EXPECT_FALSE(CronSchedule::parse("30 0 30 2 *", "")->next(1767225600));
  EXPECT_FALSE(is_time_zone("Europe/Nowhere"));
}

}  // namespace
}  // namespace tandem::control
