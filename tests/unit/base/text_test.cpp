#include "core/base/text.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace tandem {
namespace {

TEST(NearestName, FindsTheLikelyMeantWord) {
  const std::vector<std::string_view> names{"replicas", "selector", "template", "strategy", "maxSurge"};
  EXPECT_EQ(nearest_name("replica", names), "replicas");
  EXPECT_EQ(nearest_name("relpicas", names), "replicas");  // neighbours swapped
  EXPECT_EQ(nearest_name("maxsurge", names), "maxSurge");
  EXPECT_EQ(nearest_name("Selectors", names), "selector");
  EXPECT_EQ(nearest_name("nothingLikeIt", names), "");
  EXPECT_EQ(nearest_name("x", names), "");
  EXPECT_EQ(nearest_name("anything", {}), "");
}

TEST(NearestName, PrefersTheEarlierOfEqualCandidates) {
  EXPECT_EQ(nearest_name("bat", std::vector<std::string_view>{"cat", "hat"}), "cat");
  EXPECT_EQ(nearest_name("bat", std::vector<std::string_view>{"hat", "cat"}), "hat");
}

TEST(EscapeForTerminal, LeavesPrintableTextAlone) {
  EXPECT_EQ(escape_for_terminal("plain text, Grüße, 日本"), "plain text, Grüße, 日本");
}

TEST(EscapeForTerminal, EscapesWhatMovesTheCursorOrReordersText) {
  EXPECT_EQ(escape_for_terminal("a\x1b[2Jb\r\n\t"), "a\\x1B[2Jb\\x0D\\x0A\\x09");
  EXPECT_EQ(escape_for_terminal("\xE2\x80\xAE"), "\\xE2\\x80\\xAE");  // right-to-left override
  EXPECT_EQ(escape_for_terminal("\xC2\x9B"), "\\xC2\\x9B");           // C1 control sequence introducer
  EXPECT_EQ(escape_for_terminal("\x7f"), "\\x7F");
  EXPECT_EQ(escape_for_terminal(std::string_view("a\0b", 3)), "a\\x00b");
}

TEST(EscapeForTerminal, EscapesInvalidUtf8ByteByByte) {
  EXPECT_EQ(escape_for_terminal("\xff\xfe"), "\\xFF\\xFE");
  EXPECT_EQ(escape_for_terminal("\xC3"), "\\xC3");
  EXPECT_EQ(escape_for_terminal("\xC3("), "\\xC3(");
}

TEST(EscapeForTerminal, CutsAtTheLimitWithoutSplittingACharacter) {
  EXPECT_EQ(escape_for_terminal("abcdef", 6), "abcdef");
  EXPECT_EQ(escape_for_terminal("abcdefg", 6), "abcdef...");
  EXPECT_EQ(escape_for_terminal("ab\xC3\xBC", 3), "ab...");
  EXPECT_EQ(escape_for_terminal("ab\x01", 5), "ab...");
}

TEST(Utf8, IsJudgedByRfc3629) {
  EXPECT_TRUE(is_valid_utf8(""));
  EXPECT_TRUE(is_valid_utf8("Grüße \xF0\x9F\x9A\xB2"));
  EXPECT_TRUE(is_valid_utf8("\xEF\xBF\xBF"));
  EXPECT_FALSE(is_valid_utf8("\xC0\x80"));          // overlong
  EXPECT_FALSE(is_valid_utf8("\xE0\x80\x80"));      // overlong
  EXPECT_FALSE(is_valid_utf8("\xED\xA0\x80"));      // surrogate
  EXPECT_FALSE(is_valid_utf8("\xF4\x90\x80\x80"));  // beyond U+10FFFF
  EXPECT_FALSE(is_valid_utf8("\x80"));              // lone continuation
  EXPECT_FALSE(is_valid_utf8("\xE2\x82"));          // cut
}

TEST(DnsNames, FollowRfc1123AsKubernetesReadsIt) {
  EXPECT_TRUE(is_dns_label("web-1"));
  EXPECT_TRUE(is_dns_label("1"));
  EXPECT_TRUE(is_dns_label(std::string(63, 'a')));
  for (const std::string& bad : {std::string(), std::string("Web"), std::string("-a"), std::string("a-"), std::string("a.b"),
                                 std::string("a_b"), std::string(64, 'a')}) {
    EXPECT_FALSE(is_dns_label(bad)) << bad;
  }
  EXPECT_TRUE(is_dns_subdomain("web.example-1.com"));
  EXPECT_TRUE(is_dns_subdomain("web"));
  for (const std::string& bad : {std::string(), std::string("a..b"), std::string(".a"), std::string("a."), std::string("A.b"),
                                 std::string("a.-b"), std::string(254, 'a')}) {
    EXPECT_FALSE(is_dns_subdomain(bad)) << bad;
  }
}

TEST(Split, KeepsEmptyParts) {
  EXPECT_EQ(split("a,b,,c", ','), (std::vector<std::string>{"a", "b", "", "c"}));
  EXPECT_EQ(split("", ','), (std::vector<std::string>{""}));
  EXPECT_EQ(split(",", ','), (std::vector<std::string>{"", ""}));
}

TEST(Trim, TakesBlanksOffBothEnds) {
  EXPECT_EQ(trim(" \t a b\r\n"), "a b");
  EXPECT_EQ(trim(" \n "), "");
}

TEST(FormatDouble, IsTheShortestThatReadsBack) {
  EXPECT_EQ(format_double(0.1), "0.1");
  EXPECT_EQ(format_double(1e21), "1e+21");
  EXPECT_EQ(format_double(1.0 / 3.0), "0.3333333333333333");
  EXPECT_EQ(format_double(std::numeric_limits<double>::infinity()), "inf");
  EXPECT_EQ(format_double(-std::numeric_limits<double>::infinity()), "-inf");
  EXPECT_EQ(format_double(std::numeric_limits<double>::quiet_NaN()), "nan");
}

TEST(FormatFixed, RoundsToItsDecimals) {
  EXPECT_EQ(format_fixed(3.14159, 2), "3.14");
  EXPECT_EQ(format_fixed(2.0, 3), "2.000");
  EXPECT_EQ(format_fixed(-0.001, 2), "0.00");
  EXPECT_EQ(format_fixed(-0.01, 2), "-0.01");
  EXPECT_EQ(format_fixed(12.5, 0), "12");  // halves go to the even neighbour
  EXPECT_EQ(format_fixed(std::numeric_limits<double>::max(), 1).size(), 311U);
}

}  // namespace
}  // namespace tandem
