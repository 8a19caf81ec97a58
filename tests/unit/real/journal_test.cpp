// The journal under cuts, damage and time (hardening F3).

#include "real/engine/journal.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

#include "host/files.hpp"

namespace tandem::real {
namespace {

class JournalFile : public ::testing::Test {
 protected:
  JournalFile() { setenv("TANDEM_STATE", scratch_.path().c_str(), 1); }

  /// A journal with one entry of each kind, and its text.
  std::string write_sample() {
    auto journal = Journal::create(identity_, "unix:///engine.sock");
    EXPECT_TRUE(journal);
    for (const JournalEntry& entry : entries_) EXPECT_TRUE(journal->append(entry));
    path_ = journal->path();
    return *host::read_file(path_, 1 << 20);
  }
  Result<JournalContent> read_text(const std::string& text) {
    EXPECT_TRUE(host::replace_file(path_, text));
    return read_journal(path_);
  }

  host::ScratchDirectory scratch_ = std::move(*host::ScratchDirectory::create("journal-test"));
  RunIdentity identity_ = *RunIdentity::create(seconds(5));
  std::vector<JournalEntry> entries_ = {{JournalKind::Phase, {}, "create", {}},
                                        {JournalKind::Intent, "container", "tandem-x-pod-1", {}},
                                        {JournalKind::Done, "container", "tandem-x-pod-1", "0123"},
                                        {JournalKind::Gone, "container", {}, "0123"}};
  std::string path_;
};

TEST_F(JournalFile, GivesBackWhatWasWritten) {
  write_sample();
  const auto content = read_journal(path_);
  ASSERT_TRUE(content) << to_string(content.error());
  EXPECT_EQ(content->entries, entries_);
  EXPECT_EQ(content->identity.run_id, identity_.run_id);
  EXPECT_EQ(content->identity.owner, identity_.owner);
  EXPECT_EQ(content->identity.deadline, identity_.deadline);
  EXPECT_EQ(content->engine, "unix:///engine.sock");
  EXPECT_FALSE(content->closed);
  EXPECT_FALSE(content->torn);
}

TEST_F(JournalFile, AClosedJournalIsGone) {
  auto journal = Journal::create(identity_, {});
  ASSERT_TRUE(journal);
  EXPECT_TRUE(host::exists(journal->path()));
  journal->close();
  EXPECT_FALSE(host::exists(journal->path()));
  EXPECT_EQ(read_journal(journal->path()).error().code, ErrorCode::FileNotFound);
}

TEST_F(JournalFile, CutAnywhereItIsReadUpToTheLastWholeLine) {
  const std::string text = write_sample();
  const std::size_t first_line = text.find('\n') + 1;
  for (std::size_t length = 0; length < text.size(); ++length) {
    const auto content = read_text(text.substr(0, length));
    if (length < first_line) {
      ASSERT_FALSE(content) << length;
      EXPECT_EQ(content.error().place.line, 0U) << "nothing had been announced";
      continue;
    }
    ASSERT_TRUE(content) << length << ": " << to_string(content.error());
    const bool at_line_end = text[length - 1] == '\n';
    EXPECT_EQ(content->torn, !at_line_end) << length;
    EXPECT_TRUE(std::equal(content->entries.begin(), content->entries.end(), entries_.begin()));
  }
}

TEST_F(JournalFile, AChangedByteIsNoticed) {
  const std::string text = write_sample();
  // Without its line feed the last line is a torn one.
  for (std::size_t i = 0; i + 1 < text.size(); ++i) {
    for (const char flip : {char{1}, char{0x20}}) {
      std::string damaged = text;
      damaged[i] = static_cast<char>(damaged[i] ^ flip);
      const auto content = read_text(damaged);
      ASSERT_FALSE(content) << i;
      EXPECT_EQ(content.error().code, ErrorCode::RecordDamaged) << i;
      EXPECT_GT(content.error().place.line, 0U) << i;
    }
  }
}

TEST_F(JournalFile, LinesOutOfOrderOrTwiceAreDamage) {
  const std::string text = write_sample();
  const std::size_t second = text.find('\n') + 1;
  const std::size_t third = text.find('\n', second) + 1;
  const std::string line = text.substr(second, third - second);
  EXPECT_FALSE(read_text(text.substr(0, third) + line + text.substr(third)));
  EXPECT_FALSE(read_text(text.substr(0, second) + text.substr(third)));
}

TEST_F(JournalFile, NotAJournal) {
  path_ = scratch_.path() + "/x";
  for (const char* text : {"", "\n", "{}\n", "[]\n{}\n", "\xff\xfe\n\n"}) EXPECT_FALSE(read_text(text)) << text;
}

}  // namespace
}  // namespace tandem::real
