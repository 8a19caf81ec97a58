// Files by the rules of hardening §3: replaced whole or not at all, journals appended, limits while reading.

#include "host/files.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

namespace tandem::host {
namespace {

class Files : public ::testing::Test {
 protected:
  ScratchDirectory scratch_ = std::move(*ScratchDirectory::create("files-test"));
  std::string path(const std::string& name) const { return scratch_.path() + "/" + name; }
};

TEST_F(Files, ReplacedFileHasTheNewContentAndNoTemporaryStaysBehind) {
  ASSERT_TRUE(replace_file(path("a"), "old"));
  ASSERT_TRUE(replace_file(path("a"), "new"));
  EXPECT_EQ(read_file(path("a"), 100).value(), "new");
  EXPECT_EQ(list_directory(scratch_.path()), std::vector<std::string>{"a"});
}

TEST_F(Files, FailedReplacementLeavesTheOldContentAndNoTemporary) {
  ASSERT_TRUE(replace_file(path("a"), "old"));
  // A file size limit makes the write fail half-way, in a child so that the limit does not outlive the test.
  const pid_t child = fork();
  if (child == 0) {
    signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{1000, 1000};
    setrlimit(RLIMIT_FSIZE, &limit);
    const Status replaced = replace_file(path("a"), std::string(5000, 'x'));
    _exit(!replaced && replaced.error().code == ErrorCode::FileWriteFailed ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 0);
  EXPECT_EQ(read_file(path("a"), 100).value(), "old");
  EXPECT_EQ(list_directory(scratch_.path()), std::vector<std::string>{"a"});
}

TEST_F(Files, ReadingStopsAtTheLimit) {
  ASSERT_TRUE(replace_file(path("a"), std::string(1001, 'x')));
  const auto read = read_file(path("a"), 1000);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, ErrorCode::FileTooLarge);
  EXPECT_EQ(read_file(path("none"), 10).error().code, ErrorCode::FileNotFound);
}

TEST_F(Files, AppendFileContinuesAndCutsWhatItIsToldToCut) {
  {
    auto file = AppendFile::open(path("log"));
    ASSERT_TRUE(file);
    ASSERT_TRUE(file->append("one\n", true));
    ASSERT_TRUE(file->append("torn", false));
  }
  auto again = AppendFile::open(path("log"), 4);
  ASSERT_TRUE(again);
  ASSERT_TRUE(again->append("two\n", true));
  EXPECT_EQ(read_file(path("log"), 100).value(), "one\ntwo\n");
}

TEST_F(Files, AfterAFailedWriteAnAppendFileTakesNoMore) {
  const pid_t child = fork();
  if (child == 0) {
    signal(SIGXFSZ, SIG_IGN);
    auto file = AppendFile::open(path("log"));
    const rlimit limit{10, 10};
    setrlimit(RLIMIT_FSIZE, &limit);
    const bool first = file->append("12345678", false).has_value();
    const bool second = file->append("12345678", false).has_value();
    const rlimit none{RLIM_INFINITY, RLIM_INFINITY};
    setrlimit(RLIMIT_FSIZE, &none);
    const bool third = file->append("x", false).has_value();
    _exit(first && !second && !third ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST_F(Files, ALockIsHeldByOneAtATime) {
  auto first = FileLock::try_lock(path("lock"));
  ASSERT_TRUE(first && first->held());
  auto second = FileLock::try_lock(path("lock"));
  ASSERT_TRUE(second);
  EXPECT_FALSE(second->held());
  *first = std::move(*second);  // the holder lets go when the old value ends
  { FileLock gone = std::move(*second); }
  EXPECT_TRUE(FileLock::try_lock(path("lock"))->held());
}

TEST_F(Files, AScratchDirectoryGoesWithEverythingInIt) {
  std::string where;
  {
    auto scratch = ScratchDirectory::create("gone");
    ASSERT_TRUE(scratch);
    where = scratch->path();
    ASSERT_TRUE(ensure_directory(where + "/deep/er"));
    ASSERT_TRUE(replace_file(where + "/deep/er/file", "x"));
  }
  EXPECT_FALSE(exists(where));
}

}  // namespace
}  // namespace tandem::host
