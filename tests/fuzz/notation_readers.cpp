// Small texts: the check language, quantities, durations, selectors. What parses prints to a text that parses to the same.

#include <cmath>

#include "core/base/check.hpp"
#include "core/base/parse.hpp"
#include "core/base/quantity.hpp"
#include "core/cluster/selector.hpp"
#include "core/scenario/check_expression.hpp"
#include "core/scenario/notations.hpp"
#include "core/scenario/scalars.hpp"
#include "tests/fuzz/readers.hpp"

namespace tandem::fuzz {

namespace {

using namespace tandem::scenario;

/// Offsets are places in the text and differ between two spellings.
Expression without_offsets(Expression expression) {
  expression.offset = 0;
  for (Expression& operand : expression.operands) operand = without_offsets(std::move(operand));
  return expression;
}

void check_place(const Error& error, std::string_view text) {
  CHECK(error.place.column >= 1 && error.place.column <= text.size() + 1, "an error beside its text: " + error.what);
}

}  // namespace

/// First line: condition, moment, metric. Second line: a threshold for the metric.
void read_check(std::string_view bytes) {
  const std::size_t line_end = bytes.find('\n');
  const std::string_view first = bytes.substr(0, line_end);
  if (const auto condition = parse_condition(first)) {
    const std::string written = to_string(*condition);
    const auto again = parse_condition(written);
    // Written with blanks a condition can be longer than one may be.
    const bool readable = written.size() <= kConditionBytesMax;
    CHECK(!readable || (again && without_offsets(*again) == without_offsets(*condition)), "a condition changes when it is written and read: " + written);
    static_cast<void>(evaluate(*condition, [](const ObjectField&) -> Result<std::int64_t> { return 3; }));
    for (const ObjectField& field : fields_of(*condition)) static_cast<void>(to_string(field));
  } else {
    check_place(condition.error(), first);
  }
  static_cast<void>(parse_moment(first));
  const auto metric = parse_metric(first);
  if (!metric) return check_place(metric.error(), first);
  const auto metric_again = parse_metric(to_string(*metric));
  CHECK(metric_again && *metric_again == *metric, "a metric changes when it is written and read: " + to_string(*metric));
  if (line_end == std::string_view::npos) return;
  const std::string_view second = bytes.substr(line_end + 1);
  const auto threshold = parse_threshold(second, *metric);
  if (!threshold) return check_place(threshold.error(), second);
  const auto again = parse_threshold(to_string(*threshold), *metric);
  CHECK(again && *again == *threshold, "a threshold changes when it is written and read: " + to_string(*threshold));
}

void read_notation(std::string_view bytes) {
  if (const auto quantity = Quantity::parse(bytes)) {
    const auto again = Quantity::parse(quantity->text());
    // Kubernetes writes quantities from 10^21 on without their exponent (shared answers: 10^21 prints as "1"), and so do we.
    const bool writable = std::abs(quantity->approximate()) < 1e21;
    CHECK(!writable || (again && *again == *quantity && again->text() == quantity->text()), "a quantity changes when it is written and read: " + quantity->text());
    static_cast<void>(quantity->value());
    static_cast<void>(quantity->sign());
    static_cast<void>(quantity->milli_value());
    static_cast<void>(quantity->approximate());
    CHECK(quantity->rounded_up() >= *quantity || quantity->sign() < 0, "rounding up made less of " + quantity->text());
    CHECK((*quantity + *quantity) - *quantity == *quantity, "sums of " + quantity->text());
  }
  if (const auto duration = parse_duration(bytes)) {
    const auto again = parse_duration(to_string(*duration));
    CHECK(again && *again == *duration, "a duration changes when it is written and read: " + to_string(*duration));
  }
  static_cast<void>(parse_rate(bytes));
  static_cast<void>(parse_bytes(bytes));
  static_cast<void>(parse_bandwidth(bytes));
  static_cast<void>(parse_int(bytes));
  static_cast<void>(parse_number(bytes));
  static_cast<void>(cluster::parse_selector(bytes));
  static_cast<void>(parse_service_reference(bytes));
  static_cast<void>(check_path(bytes));
  static_cast<void>(is_image_reference(bytes));
  static_cast<void>(is_url_path(bytes));
  static_cast<void>(is_route_pattern(bytes));
  static_cast<void>(is_label_key(bytes));
  static_cast<void>(is_label_value(bytes));
  if (is_cidr(bytes)) static_cast<void>(check_room_for_nodes(bytes, 1));
  if (bytes.find('\0') == std::string_view::npos && !bytes.empty()) {
    static_cast<void>(resolve_strict(bytes));
    static_cast<void>(resolve_foreign(bytes));
  }
}

}  // namespace tandem::fuzz
