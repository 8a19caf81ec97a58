// Every file of every corpus through its reader, built as everything else is: what a fuzzer once found stays found.

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "tests/fuzz/readers.hpp"

namespace tandem::fuzz {
namespace {

namespace fs = std::filesystem;

const fs::path kCorpus = fs::path(TANDEM_SOURCE_DIR) / "tests/fuzz/corpus";

std::string bytes_of(const fs::path& file) {
  std::ostringstream text;
  text << std::ifstream(file, std::ios::binary).rdbuf();
  return text.str();
}

std::vector<fs::path> files_in(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder)) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

class Corpus : public ::testing::TestWithParam<Reader> {};

TEST_P(Corpus, IsReadWithoutAnAccident) {
  const std::vector<fs::path> files = files_in(kCorpus / GetParam().name);
  ASSERT_GE(files.size(), 3U) << "a corpus too small to start a fuzzer from";
  for (const fs::path& file : files) {
    SCOPED_TRACE(file.string());
    GetParam().read(bytes_of(file));
  }
}

TEST_P(Corpus, IsReadWithoutAnAccidentAlsoCutAtAnyByte) {
  for (const fs::path& file : files_in(kCorpus / GetParam().name)) {
    const std::string bytes = bytes_of(file);
    const std::size_t step = std::max<std::size_t>(1, bytes.size() / 16);
    for (std::size_t size = 0; size < bytes.size(); size += step) GetParam().read(std::string_view(bytes).substr(0, size));
  }
}

INSTANTIATE_TEST_SUITE_P(All, Corpus, ::testing::ValuesIn(readers().begin(), readers().end()),
                         [](const auto& parameter) { return std::string(parameter.param.name); });

TEST(Corpora, EveryFolderBelongsToAReader) {
  std::set<std::string> names;
  for (const Reader& reader : readers()) names.emplace(reader.name);
  for (const fs::path& folder : files_in(kCorpus)) EXPECT_TRUE(names.contains(folder.filename().string())) << folder;
}

}  // namespace
}  // namespace tandem::fuzz
