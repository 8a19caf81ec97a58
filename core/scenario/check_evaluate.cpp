// Evaluation of conditions. Whole numbers throughout: a share is compared as field * 100 against percent * whole.

#include "core/base/check.hpp"
#include "core/scenario/check_expression.hpp"

namespace tandem::scenario {
namespace {

template <class Number>
bool compare_numbers(Number left, Comparison comparison, Number right) {
  switch (comparison) {
    case Comparison::Equal: return left == right;
    case Comparison::NotEqual: return left != right;
    case Comparison::Less: return left < right;
    case Comparison::LessEqual: return left <= right;
    case Comparison::Greater: return left > right;
    case Comparison::GreaterEqual: return left >= right;
  }
  return false;
}

Result<std::int64_t> number_of(const Expression& leaf, const FieldLookup& lookup) {
  if (leaf.kind == Expression::Kind::Field) return lookup(leaf.field);
  CHECK(leaf.kind == Expression::Kind::Integer || leaf.kind == Expression::Kind::Boolean, "not a number: " + to_string(leaf));
  return leaf.integer;
}

Result<bool> evaluate_share(const Expression& field, std::int64_t percent, Comparison comparison, bool field_is_left, const FieldLookup& lookup) {
  const auto part = lookup(field.field);
  if (!part) return tl::unexpected(part.error());
  const auto whole = lookup(whole_of(field.field));
  if (!whole) return tl::unexpected(whole.error());
  const std::int64_t have = *part * 100;
  const std::int64_t share = *whole * percent;
  return field_is_left ? compare(have, comparison, share) : compare(share, comparison, have);
}

Result<bool> evaluate_comparison(const Expression& expression, const FieldLookup& lookup) {
  const Expression& left = expression.operands[0];
  const Expression& right = expression.operands[1];
  if (right.kind == Expression::Kind::Percent) return evaluate_share(left, right.integer, expression.comparison, true, lookup);
  if (left.kind == Expression::Kind::Percent) return evaluate_share(right, left.integer, expression.comparison, false, lookup);
  const auto left_number = number_of(left, lookup);
  if (!left_number) return tl::unexpected(left_number.error());
  const auto right_number = number_of(right, lookup);
  if (!right_number) return tl::unexpected(right_number.error());
  return compare(*left_number, expression.comparison, *right_number);
}

}  // namespace

bool compare(std::int64_t left, Comparison comparison, std::int64_t right) { return compare_numbers(left, comparison, right); }
bool compare(double left, Comparison comparison, double right) { return compare_numbers(left, comparison, right); }

Result<bool> evaluate(const Expression& condition, const FieldLookup& lookup) {
  switch (condition.kind) {
    case Expression::Kind::Boolean: return condition.integer != 0;
    case Expression::Kind::Field: {
      const auto value = lookup(condition.field);
      if (!value) return tl::unexpected(value.error());
      return *value != 0;
    }
    case Expression::Kind::Compare: return evaluate_comparison(condition, lookup);
    case Expression::Kind::Not: {
      const auto inside = evaluate(condition.operands[0], lookup);
      if (!inside) return inside;
      return !*inside;
    }
    case Expression::Kind::And:
    case Expression::Kind::Or: {
      const bool deciding = condition.kind == Expression::Kind::Or;
      for (const Expression& operand : condition.operands) {
        const auto value = evaluate(operand, lookup);
        if (!value || *value == deciding) return value;
      }
      return !deciding;
    }
    case Expression::Kind::Integer:
    case Expression::Kind::Percent: break;
  }
  CHECK(false, "a number where a condition is needed: " + to_string(condition));
  return false;
}

}  // namespace tandem::scenario
