// What a recording keeps of scheduling decisions: what they were made from, and notes of the scheduler.

#include <gtest/gtest.h>

#include "tests/support/temporary_folder.hpp"
#include "tests/unit/record/samples.hpp"

namespace tandem::record {
namespace {

using tandem::testing::TemporaryFolder;

SchedulingDecision decision(int number) {
  SchedulingDecision made{SimTime{number * 1'000}, "default/web-" + std::to_string(number), 1, number, "n1", {"n1", "n2"}, 2, 4, ""};
  // One in three comes from a scheduler that is not ours.
  if (number % 3 == 0) return made;
  DecisionInputs& inputs = made.inputs.emplace();
  inputs.begun = SimTime{number * 1'000 - 500};
  inputs.seen = static_cast<std::uint64_t>(number) * 7;
  inputs.seen_during = 3;
  inputs.step = static_cast<std::uint32_t>(2 * number + 1);
  inputs.search_start = 5;
  inputs.tie_count = 2;
  inputs.tie_sum = tie_term(0) + tie_term(1);
  inputs.nomination = number % 2 == 0 ? Nomination::Nominate : Nomination::Withdraw;
  inputs.nominated_node = number % 2 == 0 ? "n3" : "";
  inputs.policy = PolicyAnswer::Answered;
  inputs.policy_answer = R"({"scores": {"n1": 100}})";
  return made;
}
SchedulerNote note(int number) {
  return {SimTime{number * 1'000 + 1}, static_cast<SchedulerNote::Kind>(number % kSchedulerNoteKindCount), "uid-" + std::to_string(number), "n1",
          static_cast<std::uint64_t>(number), static_cast<std::uint32_t>(number)};
}

std::string write(const std::string& folder, std::uint32_t chunk_events) {
  WriterOptions options;
  options.chunk_events = chunk_events;
  auto writer = Writer::create(folder, options);
  for (int i = 0; i < 40; ++i) {
    (*writer)->decision(decision(i));
    if (i % 4 == 0) (*writer)->scheduler_note(note(i));
  }
  return *(*writer)->finish(SimTime{1'000'000}, {});
}

TEST(Decisions, ComeBackWithWhatTheyWereMadeFrom) {
  TemporaryFolder folder;
  for (const std::uint32_t chunk_events : {1U, 7U, 1000U}) {
    const std::string path = folder / ("run-" + std::to_string(chunk_events));
    const std::string digest = write(path, chunk_events);
    EXPECT_EQ(digest, write(folder / ("again-" + std::to_string(chunk_events)), 3)) << "where chunks end does not enter";
    const auto recording = Recording::open(path);
    ASSERT_TRUE(recording);
    EXPECT_EQ(recording->digest(), digest);
    ASSERT_EQ(recording->decisions().size(), 40U);
    for (int i = 0; i < 40; ++i) EXPECT_EQ(recording->decisions()[static_cast<std::size_t>(i)], decision(i)) << i;
    ASSERT_EQ(recording->scheduler_notes().size(), 10U);
    for (int i = 0; i < 40; i += 4) EXPECT_EQ(recording->scheduler_notes()[static_cast<std::size_t>(i / 4)], note(i)) << i;
  }
}

TEST(Decisions, InputsEnterTheDigest) {
  TemporaryFolder folder;
  const auto digest = [&](const std::string& name, std::uint32_t search_start) {
    auto writer = Writer::create(folder / name, {});
    SchedulingDecision made = decision(1);
    made.inputs->search_start = search_start;
    (*writer)->decision(made);
    return *(*writer)->finish(SimTime{1'000'000}, {});
  };
  EXPECT_NE(digest("a", 1), digest("b", 2));
}

}  // namespace
}  // namespace tandem::record
