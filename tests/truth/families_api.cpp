// Answers of the Kubernetes API code: resource quantities.

#include <cmath>

#include "core/base/parse.hpp"
#include "core/base/quantity.hpp"
#include "tests/truth/runner.hpp"

namespace tandem::truth {
namespace {

using nlohmann::json;

/// Past this magnitude the recorded int64 values are overflow accidents (the truth folder's own rule).
constexpr double kComparable = 9.2e18;

std::optional<std::string> differs(std::string_view what, const std::string& ours, const std::string& recorded) {
  if (ours == recorded) return std::nullopt;
  return std::string(what) + " is " + ours + ", recorded " + recorded;
}

std::optional<std::string> differs(std::string_view what, std::int64_t ours, const json& recorded) {
  return differs(what, std::to_string(ours), recorded.is_string() ? recorded.get<std::string>() : recorded.dump());
}

Quantity parsed(const json& text) {
  Result<Quantity> quantity = Quantity::parse(text.get<std::string>());
  if (!quantity) throw std::runtime_error(to_string(quantity.error()));
  return *std::move(quantity);
}

int compare(const Quantity& a, const Quantity& b) { return a < b ? -1 : a > b ? 1 : 0; }

std::optional<std::string> check_pair(const json& test_case) {
  const Quantity a = parsed(test_case["a"]);
  const Quantity b = parsed(test_case["b"]);
  if (auto d = differs("cmp", compare(a, b), test_case["cmp"])) return d;
  if (auto d = differs("sum", (a + b).text(), test_case["sum"])) return d;
  return differs("diff", (a - b).text(), test_case["diff"]);
}

std::optional<std::string> check_values(const Quantity& quantity, const json& test_case) {
  const auto magnitude = [&](const char* key) {
    return std::fabs(parse_number(test_case[key].get<std::string>()).value_or(kComparable));
  };
  if (magnitude("value") >= kComparable || magnitude("milli") >= kComparable) return std::nullopt;
  if (auto d = differs("value", quantity.value(), test_case["value"])) return d;
  return differs("milli", quantity.milli_value(), test_case["milli"]);
}

std::optional<std::string> check_single(const json& test_case) {
  const Result<Quantity> result = Quantity::parse(test_case["in"].get<std::string>());
  if (test_case.contains("error")) {
    if (!result) return std::nullopt;
    return "accepted as " + result->text() + ", recorded error: " + test_case["error"].get<std::string>();
  }
  if (!result) return to_string(result.error());
  const Quantity& quantity = *result;
  if (auto d = differs("canonical", quantity.text(), test_case["canonical"])) return d;
  if (auto d = check_values(quantity, test_case)) return d;
  if (auto d = differs("sign", quantity.sign(), test_case["sign"])) return d;
  if (auto d = differs("format", std::string(to_string(quantity.format())), test_case["format"])) return d;
  if (auto d = differs("cmp1500m", compare(quantity, Quantity::of_milli(1500)), test_case["cmp1500m"])) return d;
  if (auto d = differs("plus1500m", (quantity + parsed("1500m")).text(), test_case["plus1500m"])) return d;
  if (auto d = differs("minus1Ki", (quantity - parsed("1Ki")).text(), test_case["minus1Ki"])) return d;
  if (auto d = differs("roundUp0", quantity.rounded_up().text(), test_case["roundUp0"])) return d;
  const double recorded = test_case["float"].get<double>();
  if (std::fabs(quantity.approximate() - recorded) > 1e-12 * std::fabs(recorded)) return "float is off by more than 1e-12";
  return std::nullopt;
}

void check_quantities(const json& file, Tally& tally) {
  for_each_case(file, tally, [](const json& c) { return c.contains("a") ? check_pair(c) : check_single(c); });
}

}  // namespace

std::vector<Family> api_families() { return {{"api/quantities", check_quantities}}; }

}  // namespace tandem::truth
