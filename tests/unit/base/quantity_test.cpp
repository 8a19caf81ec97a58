// The recorded answers of Kubernetes are in tests/truth (family api/quantities); here are the readable examples.

#include "core/base/quantity.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace tandem {
namespace {

struct Example {
  const char* text;
  std::int64_t value, milli;
  const char* canonical;
};

// kubernetes-semantics §9, verified there against apimachinery.
constexpr Example kExamples[] = {
    {"100m", 1, 100, "100m"},
    {"0.1", 1, 100, "100m"},
    {"0.5m", 1, 1, "500u"},
    {"1.5", 2, 1500, "1500m"},
    {"1.0001", 2, 1001, "1000100u"},
    {"1e3", 1000, 1'000'000, "1e3"},
    {"1k", 1000, 1'000'000, "1k"},
    {"1000", 1000, 1'000'000, "1k"},
    {"1Ki", 1024, 1'024'000, "1Ki"},
    {"1.5Gi", 1'610'612'736, 1'610'612'736'000, "1536Mi"},
    {"129M", 129'000'000, 129'000'000'000, "129M"},
    {"123Mi", 128'974'848, 128'974'848'000, "123Mi"},
    {"0.1Gi", 107'374'183, 107'374'182'400, "107374182400m"},
    {"1024Ki", 1'048'576, 1'048'576'000, "1Mi"},
    {"1.5k", 1500, 1'500'000, "1500"},
    {"-1.5", -2, -1500, "-1500m"},
    {"+1", 1, 1000, "+1"},
    {"5.", 5, 5000, "5."},
    {"007", 7, 7000, "007"},
    {".", 0, 0, "0"},
    {"1e-10", 1, 1, "1e-9"},
};

TEST(Quantity, ReadsAndPrintsAsKubernetesDoes) {
  for (const Example& example : kExamples) {
    const Result<Quantity> quantity = Quantity::parse(example.text);
    ASSERT_TRUE(quantity.has_value()) << example.text;
    EXPECT_EQ(quantity->value(), example.value) << example.text;
    EXPECT_EQ(quantity->milli_value(), example.milli) << example.text;
    EXPECT_EQ(quantity->text(), example.canonical) << example.text;
  }
}

TEST(Quantity, CapsBinaryValuesAtTheLargestInteger) {
  EXPECT_EQ(Quantity::parse("9Ei")->value(), std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(Quantity::parse("9Ei")->text(), "9223372036854775807");
}

TEST(Quantity, KeepsDecimalValuesBeyondAHundredDigitsExact) {
  const Quantity huge = *Quantity::parse("1e100");
  EXPECT_EQ(huge.text(), "10e99");  // exponents are multiples of 3
  EXPECT_EQ(huge - huge, Quantity());
  EXPECT_GT(huge, *Quantity::parse("9Ei"));
  EXPECT_LT(*Quantity::parse("-1e100"), *Quantity::parse("-9Ei"));
  EXPECT_EQ((huge + *Quantity::parse("1m")) - huge, *Quantity::parse("1m"));
}

TEST(Quantity, RefusesWhatKubernetesRefuses) {
  for (const char* text : {"", " ", "1K", "64MB", "1Gi ", "1.2.3", "1e", "0x10", "NaN", "1 Gi", "Mi1", "1e3Mi", "--1"}) {
    const Result<Quantity> quantity = Quantity::parse(text);
    ASSERT_FALSE(quantity.has_value()) << text;
    EXPECT_EQ(quantity.error().code, ErrorCode::ValueBadQuantity);
    EXPECT_FALSE(quantity.error().hint.empty());
  }
}

TEST(Quantity, RefusesExponentsThatWouldEatTheMemory) {
  EXPECT_FALSE(Quantity::parse("1e2000000000").has_value());
  EXPECT_FALSE(Quantity::parse("1e99999999999999999999").has_value());
  EXPECT_FALSE(Quantity::parse("1e-1001").has_value());
}

TEST(Quantity, PrintsSumsWithTheLeftSuffixUnlessThatIsZero) {
  EXPECT_EQ((*Quantity::parse("1Ki") + *Quantity::parse("1k")).text(), "2024");
  EXPECT_EQ((*Quantity::parse("1Gi") + *Quantity::parse("1Gi")).text(), "2Gi");
  EXPECT_EQ((Quantity() + *Quantity::parse("1Mi")).text(), "1Mi");
  EXPECT_EQ((*Quantity::parse("250m") - *Quantity::parse("1")).text(), "-750m");
}

TEST(Quantity, ComparesByValueNotByText) {
  EXPECT_EQ(*Quantity::parse("1000m"), *Quantity::parse("1"));
  EXPECT_EQ(*Quantity::parse("1024Mi"), *Quantity::parse("1Gi"));
  EXPECT_LT(*Quantity::parse("1G"), *Quantity::parse("1Gi"));
}

TEST(Quantity, IsMadeFromNumbers) {
  EXPECT_EQ(Quantity::of_value(1500).text(), "1500");
  EXPECT_EQ(Quantity::of_milli(1500).text(), "1500m");
  EXPECT_EQ(Quantity::of_milli(-2000).text(), "-2");
  EXPECT_EQ(Quantity::of_value(std::numeric_limits<std::int64_t>::min()).value(), std::numeric_limits<std::int64_t>::min());
}

}  // namespace
}  // namespace tandem
