// Every writer, with every one of its system calls failing in turn, and killed before every one of them (hardening F2–F4): a
// file is the old one or the new one, a journal and a recording are readable up to their last whole piece, and whoever was
// told "written" can rely on it.

#include <gtest/gtest.h>

#include <functional>

#include "core/judge/export_junit.hpp"
#include "core/record/export.hpp"
#include "host/files.hpp"
#include "real/engine/journal.hpp"
#include "tests/support/failing_syscalls.hpp"
#include "tests/support/recording_builder.hpp"

namespace tandem {
namespace {

using testing::SyscallFailure;
using testing::SyscallOutcome;

constexpr int kWritten = 0;
constexpr int kRefused = 7;
constexpr int kKilled = 128 + 9;

constexpr SyscallFailure kFailures[] = {SyscallFailure::InputOutput, SyscallFailure::DiskFull, SyscallFailure::Interrupted, SyscallFailure::ShortWrite,
                                        SyscallFailure::Kill};

class FailingWriters : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!testing::can_fail_syscalls()) GTEST_SKIP() << "system calls cannot be replaced here (needs x86-64 and ptrace)";
  }

  /// A folder for every attempt, prepared afresh.
  std::string fresh() {
    std::string folder = scratch_.path() + "/" + std::to_string(++attempts_);
    EXPECT_TRUE(host::ensure_directory(folder));
    return folder;
  }

  using Prepare = std::function<void(const std::string& folder)>;
  using Work = std::function<int(const std::string& folder)>;
  using Check = std::function<void(const std::string& folder, const SyscallOutcome& outcome)>;

  /// Every failure at every call. `work` returns kWritten or kRefused.
  void fail_everywhere(const Prepare& prepare, const Work& work, const Check& check) {
    const std::string folder = fresh();
    prepare(folder);
    const SyscallOutcome undisturbed = testing::run_with_failure(folder, 0, SyscallFailure::Kill, [&] { return work(folder); });
    ASSERT_EQ(undisturbed.exit_code, kWritten);
    ASSERT_GT(undisturbed.calls, 2);
    check(folder, undisturbed);
    for (const SyscallFailure failure : kFailures) {
      for (int number = 1; number <= undisturbed.calls; ++number) {
        const std::string here = fresh();
        prepare(here);
        const SyscallOutcome outcome = testing::run_with_failure(here, number, failure, [&] { return work(here); });
        SCOPED_TRACE("call " + std::to_string(number) + " (" + outcome.call + "), failure " + std::to_string(static_cast<int>(failure)));
        ASSERT_TRUE(outcome.injected);
        ASSERT_EQ(outcome.exit_code == kKilled, failure == SyscallFailure::Kill);
        ASSERT_TRUE(outcome.exit_code == kWritten || outcome.exit_code == kRefused || outcome.exit_code == kKilled) << outcome.exit_code;
        if (failure == SyscallFailure::ShortWrite || (failure == SyscallFailure::Interrupted && outcome.call == "write")) {
          EXPECT_EQ(outcome.exit_code, kWritten) << "a short or interrupted write is continued";
        }
        check(here, outcome);
        ++checked_;
      }
    }
  }

  host::ScratchDirectory scratch_ = std::move(*host::ScratchDirectory::create("failing-writers"));
  int attempts_ = 0;
  int checked_ = 0;
};

int exit_code_of(const Status& status) { return status ? kWritten : kRefused; }

/// Nothing but `name` is left, except a temporary that a killed writer could not remove.
void expect_only(const std::string& folder, const std::string& name, bool killed) {
  for (const std::string& found : host::list_directory(folder)) {
    EXPECT_TRUE(found == name || (killed && found.starts_with(name + "."))) << found;
  }
}

TEST_F(FailingWriters, AReplacedFileIsTheOldOrTheNewOne) {
  const std::string before(3000, 'o');
  const std::string after(200'000, 'n');
  fail_everywhere([&](const std::string& folder) { ASSERT_TRUE(host::replace_file(folder + "/file", before)); },
                  [&](const std::string& folder) { return exit_code_of(host::replace_file(folder + "/file", after)); },
                  [&](const std::string& folder, const SyscallOutcome& outcome) {
                    const std::string content = *host::read_file(folder + "/file", 1 << 20);
                    EXPECT_TRUE(content == after || (content == before && outcome.exit_code != kWritten));
                    expect_only(folder, "file", outcome.exit_code == kKilled);
                  });
  EXPECT_GT(checked_, 30);
}

TEST_F(FailingWriters, AnAppendFileKeepsWhatWasSyncedAndNothingFollowsAFailure) {
  fail_everywhere([](const std::string&) {},
                  [](const std::string& folder) {
                    auto file = host::AppendFile::open(folder + "/log");
                    if (!file) return kRefused;
                    bool failed = false;
                    for (const char* line : {"one\n", "two\n", "three\n"}) {
                      const bool written = file->append(line, true).has_value();
                      if (written && failed) return 1;  // after a failure nothing may be taken
                      failed = failed || !written;
                    }
                    return failed ? kRefused : kWritten;
                  },
                  [](const std::string& folder, const SyscallOutcome& outcome) {
                    const std::string content = host::read_file(folder + "/log", 1000).value_or("");
                    EXPECT_TRUE(std::string("one\ntwo\nthree\n").starts_with(content)) << content;
                    EXPECT_TRUE(outcome.exit_code != kWritten || content == "one\ntwo\nthree\n") << content;
                  });
}

TEST_F(FailingWriters, AJournalNamesEverythingThatWasAnnounced) {
  const real::RunIdentity identity = *real::RunIdentity::create(seconds(5));
  // What has been announced is written down outside the counted folder, as the engine would remember it.
  const std::string announced = scratch_.path() + "/announced";
  fail_everywhere([&](const std::string&) { host::remove_file(announced); },
                  [&](const std::string& folder) {
                    setenv("TANDEM_STATE", folder.c_str(), 1);
                    auto journal = real::Journal::create(identity, "engine");
                    if (!journal) return kRefused;
                    for (const char* name : {"a", "b"}) {
                      if (!journal->append({real::JournalKind::Intent, "container", name, {}})) return kRefused;
                      if (!host::replace_file(announced, name)) return 1;
                      static_cast<void>(journal->append({real::JournalKind::Done, "container", name, "id"}));
                    }
                    return kWritten;
                  },
                  [&](const std::string& folder, const SyscallOutcome&) {
                    const std::string last = host::read_file(announced, 10).value_or("");
                    const auto content = real::read_journal(folder + "/runs/" + identity.run_id + ".journal");
                    if (!content) {
                      EXPECT_EQ(last, "") << to_string(content.error());
                      EXPECT_EQ(content.error().place.line, 0U) << "torn, never damaged";
                      return;
                    }
                    const auto& entries = content->entries;
                    const bool named = std::any_of(entries.begin(), entries.end(), [&](const real::JournalEntry& entry) { return entry.name == last; });
                    EXPECT_TRUE(last.empty() || named) << last;
                  });
}

/// Writes a small recording in several chunks. → exit code
int write_recording(const std::string& folder, std::uint64_t seed, bool overwrite) {
  record::WriterOptions options;
  options.seed = seed;
  options.chunk_events = 8;
  auto writer = record::Writer::create(folder, options, overwrite);
  if (!writer) return kRefused;
  for (int i = 0; i < 40; ++i) (*writer)->mark({testing::at_ms(i), "run", "mark", "number " + std::to_string(i)});
  return (*writer)->finish(testing::at_ms(50), {{"mode", "sim"}}) ? kWritten : kRefused;
}

/// One recording, whole or cut, of the seed that its manifest says; or none.
void expect_one_recording(const std::string& folder, int exit_code) {
  const auto recording = record::Recording::open(folder);
  if (!recording) {
    EXPECT_NE(exit_code, kWritten);
    EXPECT_EQ(recording.error().code, ErrorCode::RecordNotFound) << to_string(recording.error());
    return;
  }
  EXPECT_TRUE(exit_code != kWritten || recording->complete());
  const auto& marks = recording->marks();
  for (std::size_t i = 0; i < marks.size(); ++i) EXPECT_EQ(marks[i].text, "number " + std::to_string(i));
  const std::string digest = recording->manifest_text("/digest");
  EXPECT_TRUE(digest.empty() || digest == recording->digest());
  EXPECT_TRUE(!recording->complete() || marks.size() == 40U);
}

TEST_F(FailingWriters, ARecordingIsWholeOrSaysThatItIsNot) {
  fail_everywhere([](const std::string&) {}, [](const std::string& folder) { return write_recording(folder + "/run", 1, false); },
                  [](const std::string& folder, const SyscallOutcome& outcome) { expect_one_recording(folder + "/run", outcome.exit_code); });
  EXPECT_GT(checked_, 50);
}

TEST_F(FailingWriters, AnOverwrittenRecordingIsTheOldOrTheNewOne) {
  fail_everywhere([](const std::string& folder) { ASSERT_EQ(write_recording(folder + "/run", 1, false), kWritten); },
                  [](const std::string& folder) { return write_recording(folder + "/run", 2, true); },
                  [](const std::string& folder, const SyscallOutcome& outcome) {
                    expect_one_recording(folder + "/run", outcome.exit_code);
                    const auto recording = record::Recording::open(folder + "/run");
                    EXPECT_TRUE(!recording || outcome.exit_code != kWritten || recording->seed() == 2U);
                  });
}

TEST_F(FailingWriters, ExportsAreTheOldOrTheNewOnes) {
  testing::RecordingBuilder builder;
  builder.action(10, "an action");
  const record::Recording recording = builder.finish(100);
  std::string jsonl;
  record::export_jsonl(recording, [&](std::string_view piece) { jsonl += piece; });
  const std::string junit = judge::junit_xml({}, recording);
  for (const std::string& text : {jsonl, junit}) {
    fail_everywhere([](const std::string& folder) { ASSERT_TRUE(host::replace_file(folder + "/export", "old")); },
                    [&](const std::string& folder) { return exit_code_of(host::replace_file(folder + "/export", text)); },
                    [&](const std::string& folder, const SyscallOutcome& outcome) {
                      const std::string content = *host::read_file(folder + "/export", 1 << 20);
                      EXPECT_TRUE(content == text || (content == "old" && outcome.exit_code != kWritten));
                    });
  }
}

// The harness itself: a writer that overwrites in place is caught.
TEST_F(FailingWriters, ACarelessWriterIsCaught) {
  const std::string folder = fresh();
  const auto careless = [&] {
    std::FILE* const file = std::fopen((folder + "/file").c_str(), "w");
    if (file == nullptr) return kRefused;
    const std::string text(100'000, 'n');
    const bool written = std::fwrite(text.data(), 1, text.size(), file) == text.size();
    return std::fclose(file) == 0 && written ? kWritten : kRefused;
  };
  bool mixed = false;
  const int calls = testing::run_with_failure(folder, 0, SyscallFailure::Kill, careless).calls;
  for (int number = 1; number <= calls; ++number) {
    ASSERT_TRUE(host::replace_file(folder + "/file", "old"));
    testing::run_with_failure(folder, number, SyscallFailure::Kill, careless);
    const std::string content = *host::read_file(folder + "/file", 1 << 20);
    mixed = mixed || (content != "old" && content.size() != 100'000);
  }
  EXPECT_TRUE(mixed);
}

}  // namespace
}  // namespace tandem
