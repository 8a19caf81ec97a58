#include "core/base/parse.hpp"

#include <gtest/gtest.h>

#include <string>

namespace tandem {
namespace {

struct DurationExample {
  const char* text;
  std::int64_t ns;
};

TEST(ParseDuration, ReadsGoNotation) {
  const DurationExample examples[] = {
      {"0", 0},
      {"0s", 0},
      {"90ms", 90'000'000},
      {"1m30s", 90'000'000'000},
      {"1.5h", 5'400'000'000'000},
      {"1h15m30.918273645s", 4'530'918'273'645},
      {".5s", 500'000'000},
      {"1.s", 1'000'000'000},
      {"10us", 10'000},
      {"10\xC2\xB5s", 10'000},
      {"1ns", 1},
      {"0.3333333333333333333h", 1'200'000'000'000 - 1},  // the vector of Go's own test, cut as Go cuts
      {"87660h", 315'576'000'000'000'000},
  };
  for (const DurationExample& example : examples) {
    const Result<SimDuration> parsed = parse_duration(example.text);
    ASSERT_TRUE(parsed.has_value()) << example.text;
    EXPECT_EQ(parsed->ns, example.ns) << example.text;
  }
}

TEST(ParseDuration, SaysWhatIsWrong) {
  const std::pair<const char*, ErrorCode> examples[] = {
      {"", ErrorCode::ValueBadDuration},
      {"s", ErrorCode::ValueBadDuration},
      {".s", ErrorCode::ValueBadDuration},
      {"+5s", ErrorCode::ValueBadDuration},
      {"5", ErrorCode::ValueUnitMissing},
      {"1m30", ErrorCode::ValueUnitMissing},
      {"5 s", ErrorCode::ValueUnitUnknown},
      {"5sec", ErrorCode::ValueUnitUnknown},
      {"3d", ErrorCode::ValueUnitUnknown},
      {"-1s", ErrorCode::ValueOutOfRange},
      {"0.1ns", ErrorCode::ValueOutOfRange},
      {"87661h", ErrorCode::ValueOutOfRange},
      {"99999999999999999999999999h", ErrorCode::ValueOutOfRange},
      {"1e3s", ErrorCode::ValueUnitUnknown},
  };
  for (const auto& [text, code] : examples) {
    const Result<SimDuration> parsed = parse_duration(text);
    ASSERT_FALSE(parsed.has_value()) << text;
    EXPECT_EQ(parsed.error().code, code) << text;
  }
}

TEST(ParseDuration, TakesLinearTimeOnLongText) {
  const std::string digits(60'000, '9');
  EXPECT_FALSE(parse_duration(digits + "h").has_value());
  std::string many;
  for (int i = 0; i < 20'000; ++i) many += "1s";
  EXPECT_EQ(parse_duration(many)->ns, 20'000'000'000'000);
}

TEST(ParseRate, ReadsEventsPerUnitOfTime) {
  EXPECT_EQ(parse_rate("200/s").value(), 200.0);
  EXPECT_EQ(parse_rate("0.5/s").value(), 0.5);
  EXPECT_DOUBLE_EQ(parse_rate("120/m").value(), 2.0);
  EXPECT_DOUBLE_EQ(parse_rate("3600/h").value(), 1.0);
  EXPECT_EQ(parse_rate("200").error().code, ErrorCode::ValueUnitMissing);
  EXPECT_EQ(parse_rate("200/d").error().code, ErrorCode::ValueUnitUnknown);
  EXPECT_EQ(parse_rate("-1/s").error().code, ErrorCode::ValueOutOfRange);
  EXPECT_EQ(parse_rate("inf/s").error().code, ErrorCode::ValueNotANumber);
  EXPECT_EQ(parse_rate("").error().code, ErrorCode::ValueNotANumber);
}

TEST(ParseBytes, ReadsKubernetesQuantities) {
  EXPECT_EQ(parse_bytes("120Mi").value(), 125'829'120);
  EXPECT_EQ(parse_bytes("1G").value(), 1'000'000'000);
  EXPECT_EQ(parse_bytes("0").value(), 0);
  EXPECT_EQ(parse_bytes("1.5Ki").value(), 1536);
  EXPECT_EQ(parse_bytes("10MB").error().code, ErrorCode::ValueBadQuantity);
  EXPECT_NE(parse_bytes("10MB").error().hint.find("leave out the B"), std::string::npos);
  EXPECT_EQ(parse_bytes("120m").error().code, ErrorCode::ValueUnitUnknown);
  EXPECT_EQ(parse_bytes("-1Mi").error().code, ErrorCode::ValueOutOfRange);
  EXPECT_EQ(parse_bytes("1e30").error().code, ErrorCode::ValueOutOfRange);
}

TEST(ParseBandwidth, ReadsBitsAndBytes) {
  EXPECT_EQ(parse_bandwidth("100Mbit/s").value(), 12.5e6);
  EXPECT_EQ(parse_bandwidth("1Gbit/s").value(), 125e6);
  EXPECT_EQ(parse_bandwidth("30MB/s").value(), 30e6);
  EXPECT_EQ(parse_bandwidth("1MiB/s").value(), 1048576.0);
  EXPECT_EQ(parse_bandwidth("100").error().code, ErrorCode::ValueUnitMissing);
  EXPECT_EQ(parse_bandwidth("100Mbps").error().code, ErrorCode::ValueUnitUnknown);
}

TEST(ParseInt, ReadsOnlyPlainDecimals) {
  EXPECT_EQ(parse_int("0").value(), 0);
  EXPECT_EQ(parse_int("-42").value(), -42);
  EXPECT_EQ(parse_int("9223372036854775807").value(), 9'223'372'036'854'775'807);
  for (const char* text : {"", "-", "+1", "010", "0x1f", "1.0", "1e3", " 1", "1 ", "1_000"}) {
    ASSERT_FALSE(parse_int(text).has_value()) << text;
    EXPECT_EQ(parse_int(text).error().code, ErrorCode::ValueNotANumber) << text;
  }
  EXPECT_EQ(parse_int("9223372036854775808").error().code, ErrorCode::ValueOutOfRange);
}

TEST(ParseNumber, ReadsFiniteDecimals) {
  EXPECT_EQ(parse_number("0.25").value(), 0.25);
  EXPECT_EQ(parse_number("1e3").value(), 1000.0);
  EXPECT_EQ(parse_number("-0.1").value(), -0.1);
  EXPECT_EQ(parse_number("1E-3").value(), 0.001);
  for (const char* text : {"", "nan", "inf", ".5", "5.", "0x1p3", "1,5", "1e", "--1", "010", "1 ", "infinity"}) {
    ASSERT_FALSE(parse_number(text).has_value()) << text;
    EXPECT_EQ(parse_number(text).error().code, ErrorCode::ValueNotANumber) << text;
  }
  EXPECT_EQ(parse_number("1e999").error().code, ErrorCode::ValueOutOfRange);
}

}  // namespace
}  // namespace tandem
