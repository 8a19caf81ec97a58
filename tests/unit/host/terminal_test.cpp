// Progress off a terminal: plain lines, one per tenth, no escape sequences.

#include "host/terminal.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

namespace tandem::host {
namespace {

std::string written(std::FILE* file) {
  std::string text;
  std::rewind(file);
  for (int c = 0; (c = std::fgetc(file)) != EOF;) text += static_cast<char>(c);
  return text;
}

TEST(Terminal, OffATerminalThereIsOneLinePerTenthAndNoEscape) {
  std::FILE* const file = std::tmpfile();
  {
    ProgressLine progress(file);
    for (int i = 0; i <= 100; ++i) progress.update("building", i / 100.0, "detail");
    progress.update("waiting", -1);
    progress.update("waiting", -1);
  }
  const std::string text = written(file);
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 12);
  EXPECT_NE(text.find("building 10 % (detail)\n"), std::string::npos);
  EXPECT_NE(text.find("building 100 %"), std::string::npos);
  EXPECT_NE(text.find("waiting\n"), std::string::npos);
  std::fclose(file);
}

TEST(Terminal, QuietSaysNothing) {
  std::FILE* const file = std::tmpfile();
  {
    ProgressLine progress(file, /*quiet=*/true);
    progress.update("building", 0.5);
  }
  EXPECT_EQ(written(file), "");
  std::fclose(file);
}

TEST(Terminal, StepNamesAreEscaped) {
  std::FILE* const file = std::tmpfile();
  {
    ProgressLine progress(file);
    progress.update("evil \x1b[31m name", 0);
  }
  EXPECT_EQ(written(file).find('\x1b'), std::string::npos);
  std::fclose(file);
}

TEST(Terminal, AFileHasNoColour) {
  std::FILE* const file = std::tmpfile();
  EXPECT_FALSE(wants_colour(file));
  EXPECT_FALSE(is_interactive(file));
  EXPECT_EQ(columns(file), 80);
  std::fclose(file);
}

}  // namespace
}  // namespace tandem::host
