// Random damage to a good scenario: whatever comes out is either a scenario or at least one error with a place, never a crash.

#include <gtest/gtest.h>

#include <array>

#include "core/base/random.hpp"
#include "scenario_test_support.hpp"

namespace tandem::scenario::test {
namespace {

constexpr std::array<std::string_view, 36> kTokens{"[",   "]",    "{",     "}",     "&a ",  "*a",   "<<: ",  "- ",         "|\n",  ">",     "\"",       "'",
                                                   "!!str ", "? ", ": ",    ",",     "#",    "%",    "@",     "`",          "~",    "null",  "010",      "1e400",
                                                   "-",   "\n",   "  ",    "\t",    "\xff", "\xe2\x80\xae", "yes", "---\n", "...\n", "0x10", "[[[[[[[[", "{{"};

/// One random change: a token put in, a few bytes taken out, a byte replaced, a piece repeated, the rest of a line dropped.
void damage(std::string& text, RandomStream& random) {
  const auto below = [&](std::size_t bound) { return static_cast<std::size_t>(random.below(bound)); };
  const std::size_t at = below(text.size() + 1);
  switch (below(5)) {
    case 0: text.insert(at, kTokens[below(kTokens.size())]); break;
    case 1: text.erase(at, below(10)); break;
    case 2:
      if (at < text.size()) text[at] = static_cast<char>(below(256));
      break;
    case 3: {
      const std::string piece = text.substr(below(text.size() + 1), below(60));
      text.insert(at, piece);
      break;
    }
    default:
      if (const std::size_t end = text.find('\n', at); end != std::string::npos) text.erase(at, end - at);
  }
}

TEST(MutatedInputs, AreAcceptedOrRefusedWithAPlaceAndNeverCrash) {
  constexpr std::array<std::string_view, 3> kFiles{"scenario.yaml", "kind.yaml", "web.yaml"};
  RandomStream random(20260101, "mutated inputs");
  std::size_t accepted = 0;
  std::size_t refused = 0;
  for (int round = 0; round < 400; ++round) {
    BaseScenario scenario;
    for (std::size_t changes = 1 + static_cast<std::size_t>(random.below(3)); changes > 0; --changes) {
      const std::string file(kFiles[static_cast<std::size_t>(random.below(kFiles.size()))]);
      std::string text = read_text(scenario.path() / file);
      damage(text, random);
      scenario.file(file, text);
    }
    const Loaded loaded = scenario.load();
    const std::string report = render(loaded);
    if (loaded.scenario) {
      ++accepted;
      EXPECT_FALSE(resolved_json(*loaded.scenario).empty());
      continue;
    }
    ++refused;
    ASSERT_FALSE(loaded.errors.empty()) << "round " << round;
    for (const Error& error : loaded.errors) {
      EXPECT_FALSE(error.place.file.empty()) << "round " << round << "\n" << report;
      EXPECT_NE(error.code, ErrorCode::Internal) << "round " << round << "\n" << report;
    }
  }
  // Damage inside comments and texts is harmless, most other damage is not: both ways are taken.
  EXPECT_GT(accepted, 10U);
  EXPECT_GT(refused, 100U);
}

}  // namespace
}  // namespace tandem::scenario::test
