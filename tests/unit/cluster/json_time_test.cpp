#include "tests/unit/cluster/samples.hpp"

namespace tandem::cluster {
namespace {

using namespace tandem::literals;

TEST(JsonTime, ZeroIsTheFirstMomentOf2026) {
  EXPECT_EQ(format_time(kTimeZero, TimeFormat::Seconds), "2026-01-01T00:00:00Z");
  EXPECT_EQ(format_time(kTimeZero + 21_s, TimeFormat::Seconds), "2026-01-01T00:00:21Z");
  EXPECT_EQ(format_time(kTimeZero + 123456789_ns, TimeFormat::Nanoseconds), "2026-01-01T00:00:00.123456789Z");
}

TEST(JsonTime, SecondsAreCutTowardsThePast) {
  EXPECT_EQ(format_time(kTimeZero + 1999_ms, TimeFormat::Seconds), "2026-01-01T00:00:01Z");
  EXPECT_EQ(format_time(SimTime{-1}, TimeFormat::Seconds), "2025-12-31T23:59:59Z");
  EXPECT_EQ(format_time(SimTime{-1}, TimeFormat::Nanoseconds), "2025-12-31T23:59:59.999999999Z");
}

TEST(JsonTime, NanosecondsRoundTripExactly) {
  for (const std::int64_t ns : {std::int64_t{0}, std::int64_t{1}, std::int64_t{-1}, std::int64_t{999'999'999}, std::int64_t{86'399'999'999'999},
                                std::int64_t{5'097'600'000'000'000}, std::int64_t{-12'345'678'901'234'567}, std::int64_t{4'600'000'000'000'000'000}}) {
    const auto read = parse_time(format_time(SimTime{ns}, TimeFormat::Nanoseconds));
    ASSERT_TRUE(read) << ns;
    EXPECT_EQ(read->ns, ns);
  }
}

TEST(JsonTime, OffsetsAndFractionsAreUnderstood) {
  EXPECT_EQ(*parse_time("2026-01-01T02:00:00+02:00"), kTimeZero);
  EXPECT_EQ(*parse_time("2025-12-31T18:30:00-05:30"), kTimeZero);
  EXPECT_EQ(*parse_time("2026-01-01t00:00:00.5z"), kTimeZero + 500_ms);
  EXPECT_EQ(*parse_time("2026-01-01T00:00:00.1234567894Z"), kTimeZero + 123456789_ns) << "finer digits are cut";
  EXPECT_EQ(*parse_time("2028-02-29T00:00:00Z"), kTimeZero + seconds(789 * 86'400)) << "leap year";
  // date -u -d 2025-01-01T11:59:50Z +%s = 1735732790
  EXPECT_EQ(*parse_time("2025-01-01T11:59:50Z"), kTimeZero + seconds(1735732790 - kEpochUnixSeconds));
}

TEST(JsonTime, GosZeroTimeIsUnset) {
  EXPECT_EQ(*parse_time("0001-01-01T00:00:00Z"), kTimeUnset);
  EXPECT_EQ(format_time(kTimeUnset, TimeFormat::Nanoseconds), "0001-01-01T00:00:00Z");
  Pod pod = make_pod("web");
  pod.meta.creation_timestamp = kTimeUnset;
  EXPECT_FALSE(to_json(pod)["metadata"].contains("creationTimestamp"));
}

TEST(JsonTime, WhatIsNoMomentIsRefused) {
  for (const char* text : {"", "now", "2026-01-01", "2026-01-01T00:00:00", "2026-13-01T00:00:00Z", "2026-02-29T00:00:00Z",
                           "2026-01-01T24:00:00Z", "2026-01-01T00:00:60Z", "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00+2:00",
                           "2026-01-01T00:00:00Zx", "2026-01-01T00:00:00+25:00", "9999-01-01T00:00:00Z", "0000-01-01T00:00:00Z",
                           "2026-1-01T00:00:00Z", "+026-01-01T00:00:00Z"}) {
    const auto read = parse_time(text);
    ASSERT_FALSE(read) << text;
    EXPECT_EQ(read.error().code, ErrorCode::ValueType);
  }
}

}  // namespace
}  // namespace tandem::cluster
