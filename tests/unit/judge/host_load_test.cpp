// When a run on a busy machine does not count.

#include "core/judge/host_load.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/judge/run_history.hpp"
#include "core/judge/summary.hpp"
#include "tests/support/recording_builder.hpp"

namespace tandem::judge {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

HostLoadSample second_with(double foreign) { return {seconds(1), foreign, 0.5, 0, 0}; }

TEST(HostLoad, AQuietMachineCounts) {
  const HostLoadVerdict verdict = judge_host_load(std::vector<HostLoadSample>(60, second_with(0.02)), {});
  EXPECT_TRUE(verdict.gradable());
  EXPECT_DOUBLE_EQ(verdict.foreign_cpu_mean, 0.02);
}

TEST(HostLoad, WithoutSamplesNothingIsHeldAgainstTheMachine) { EXPECT_TRUE(judge_host_load({}, {}).gradable()); }

TEST(HostLoad, ALastingForeignLoadDoesNotCountAndNamesWhoItWas) {
  const HostLoadLimits limits;
  const auto verdict = judge_host_load(std::vector<HostLoadSample>(60, second_with(limits.foreign_cpu_mean + 0.01)),
                                       {{"cc1plus", seconds(30)}, {"ld", seconds(2)}, {"bash", milliseconds(10)}, {"make", seconds(1)}});
  ASSERT_EQ(verdict.reasons.size(), 1U);
  EXPECT_THAT(verdict.reasons[0], HasSubstr("cc1plus 30.0 s, ld 2.0 s, make 1.0 s"));
  EXPECT_THAT(verdict.reasons[0], Not(HasSubstr("bash")));
}

TEST(HostLoad, TheLimitItselfCounts) {
  const HostLoadLimits limits;
  EXPECT_TRUE(judge_host_load(std::vector<HostLoadSample>(8, second_with(limits.foreign_cpu_mean)), {}).gradable());
}

TEST(HostLoad, AShortBurstDoesNotCountThoughTheMeanIsLow) {
  std::vector<HostLoadSample> samples(60, second_with(0));
  for (std::size_t i = 20; i < 25; ++i) samples[i] = second_with(0.9);
  const HostLoadVerdict verdict = judge_host_load(samples, {});
  EXPECT_LT(verdict.foreign_cpu_mean, HostLoadLimits{}.foreign_cpu_mean);
  EXPECT_NEAR(verdict.foreign_cpu_worst, 0.9, 1e-9);
  EXPECT_FALSE(verdict.gradable());
  // One busy second is within what a run averages out.
  for (std::size_t i = 21; i < 25; ++i) samples[i] = second_with(0);
  EXPECT_TRUE(judge_host_load(samples, {}).gradable());
}

TEST(HostLoad, LongerIntervalsWeighMore) {
  std::vector<HostLoadSample> samples = {second_with(0), second_with(0)};
  samples[1].length = seconds(9);
  samples[1].foreign_cpu_share = 0.2;
  EXPECT_NEAR(judge_host_load(samples, {}).foreign_cpu_mean, 0.18, 1e-9);
}

TEST(HostLoad, MemoryAndDisks) {
  HostLoadSample sample = second_with(0);
  sample.memory_available_share = 0.01;
  EXPECT_THAT(judge_host_load({sample}, {}).reasons.at(0), HasSubstr("memory"));
  sample = second_with(0);
  sample.memory_stalled_share = 0.5;
  EXPECT_THAT(judge_host_load({sample}, {}).reasons.at(0), HasSubstr("waited for memory"));
  sample = second_with(0);
  sample.io_stalled_share = 0.9;
  EXPECT_THAT(judge_host_load({sample}, {}).reasons.at(0), HasSubstr("waited for a disk"));
}

TEST(HostLoad, ARecordingThatSaysSoIsNotGradableAndSaysWhy) {
  ::tandem::testing::RecordingBuilder quiet("docker");
  const record::Recording counted = quiet.finish(1000);
  EXPECT_THAT(not_gradable_reasons(counted), IsEmpty());
  EXPECT_THAT(summary_text(counted, RunHistory::of(counted), {}), Not(HasSubstr("NOT GRADABLE")));

  ::tandem::testing::RecordingBuilder busy("docker");
  busy.writer().mark({::tandem::testing::at_ms(900), std::string(kHostMarkKind), std::string(kOverloadedSubject), "other programs\x1b[2J"});
  const record::Recording withheld = busy.finish(1000);
  CheckReport checks;
  CheckResult passed;
  passed.verdict = Verdict::Passed;
  passed.points = passed.max_points = checks.score = checks.max_score = 3;
  checks.results.push_back(passed);
  const std::string text = summary_text(withheld, RunHistory::of(withheld), checks);
  EXPECT_THAT(text, HasSubstr("CHECKS 1 passed of 1")) << "checks are still printed";
  EXPECT_THAT(text, HasSubstr("POINTS 3 of 3, withheld"));
  EXPECT_THAT(text, HasSubstr("NOT GRADABLE"));
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
  EXPECT_FALSE(summary_json(withheld, RunHistory::of(withheld), checks)["metadata"]["gradable"].get<bool>());
}

}  // namespace
}  // namespace tandem::judge
