#include "core/scenario/check_expression.hpp"

#include <fmt/format.h>

#include <array>
#include <span>

#include "core/base/check.hpp"
#include "core/base/parse.hpp"
#include "core/base/text.hpp"
#include "core/scenario/check_field.hpp"

namespace tandem::scenario {
namespace {

constexpr std::size_t kNestingLimit = 64;

constexpr std::array<std::string_view, 6> kComparisonNames{"==", "!=", "<", "<=", ">", ">="};

bool is_boolean(const Expression& expression) {
  switch (expression.kind) {
    case Expression::Kind::Integer:
    case Expression::Kind::Percent: return false;
    case Expression::Kind::Field: return is_yes_or_no(expression.field);
    default: return true;
  }
}

bool has_whole(const Expression& expression) { return expression.kind == Expression::Kind::Field && has_whole(expression.field); }

/// Recursive descent over the grammar of docs/check-language.md, one function a rule.
class ConditionParser {
 public:
  explicit ConditionParser(std::string_view text) : cursor_{text} {}

  Result<Expression> parse() {
    if (cursor_.text.size() > kConditionBytesMax) return bad_check(0, "the condition is too long", "", fmt::format("at most {} bytes", kConditionBytesMax));
    cursor_.skip_blanks();
    if (cursor_.at_end()) return bad_check(0, "an empty condition", "", "a condition such as deployment/web.available >= 3");
    auto condition = disjunction();
    if (!condition) return condition;
    cursor_.skip_blanks();
    if (!cursor_.at_end()) {
      return bad_check(cursor_.at, "the condition goes on after its end", escape_for_terminal(cursor_.text.substr(cursor_.at), 40), "and, or, or the end",
                       hint_at(cursor_.at));
    }
    return condition;
  }

 private:
  [[nodiscard]] std::string hint_at(std::size_t at) const {
    const std::string_view rest = cursor_.text.substr(at);
    if (rest.starts_with("&&")) return "write and";
    if (rest.starts_with("||")) return "write or";
    if (rest.starts_with("!=")) return {};
    if (rest.starts_with('!')) return "write not";
    if (rest.starts_with('=') && !rest.starts_with("==")) return "write == to compare";
    return {};
  }

  bool take_keyword(std::string_view keyword) {
    cursor_.skip_blanks();
    if (cursor_.peek_word() != keyword) return false;
    cursor_.at += keyword.size();
    return true;
  }

  Result<Expression> disjunction() { return chain("or", Expression::Kind::Or, &ConditionParser::conjunction); }
  Result<Expression> conjunction() { return chain("and", Expression::Kind::And, &ConditionParser::negation); }

  Result<Expression> chain(std::string_view keyword, Expression::Kind kind, Result<Expression> (ConditionParser::*part)()) {
    auto first = (this->*part)();
    if (!first) return first;
    Expression whole;
    whole.kind = kind;
    whole.offset = first->offset;
    whole.operands.push_back(std::move(*first));
    while (take_keyword(keyword)) {
      auto next = (this->*part)();
      if (!next) return next;
      whole.operands.push_back(std::move(*next));
    }
    if (whole.operands.size() == 1) return std::move(whole.operands.front());
    return whole;
  }

  Result<Expression> negation() {
    cursor_.skip_blanks();
    const std::size_t offset = cursor_.at;
    if (!take_keyword("not")) return primary();
    if (++nesting_ > kNestingLimit) return bad_check(offset, "the condition is nested too deeply", "", "at most 64 levels");
    auto operand = negation();
    --nesting_;
    if (!operand) return operand;
    Expression whole;
    whole.kind = Expression::Kind::Not;
    whole.offset = offset;
    whole.operands.push_back(std::move(*operand));
    return whole;
  }

  Result<Expression> primary() {
    cursor_.skip_blanks();
    if (cursor_.current() != '(') return comparison();
    const std::size_t offset = cursor_.at++;
    if (++nesting_ > kNestingLimit) return bad_check(offset, "the condition is nested too deeply", "", "at most 64 levels");
    auto inside = disjunction();
    --nesting_;
    if (!inside) return inside;
    cursor_.skip_blanks();
    if (cursor_.current() != ')') return bad_check(cursor_.at, "a bracket is not closed", cursor_.rest_for_message(), ")", hint_at(cursor_.at));
    ++cursor_.at;
    return inside;
  }

  Result<Expression> comparison() {
    auto left = operand();
    if (!left) return left;
    cursor_.skip_blanks();
    const std::size_t operator_at = cursor_.at;
    const auto comparison = take_operator();
    if (!comparison) {
      if (is_boolean(*left)) return left;
      return bad_check(operator_at, "a number alone is no condition", cursor_.rest_for_message(), "==, !=, <, <=, > or >=", hint_at(operator_at));
    }
    auto right = operand();
    if (!right) return right;
    Expression whole;
    whole.kind = Expression::Kind::Compare;
    whole.comparison = *comparison;
    whole.offset = left->offset;
    whole.operands.push_back(std::move(*left));
    whole.operands.push_back(std::move(*right));
    return checked_comparison(std::move(whole), operator_at);
  }

  static Result<Expression> checked_comparison(Expression whole, std::size_t operator_at) {
    const Expression& left = whole.operands[0];
    const Expression& right = whole.operands[1];
    const bool left_percent = left.kind == Expression::Kind::Percent;
    const bool right_percent = right.kind == Expression::Kind::Percent;
    if (is_boolean(left) != is_boolean(right)) {
      return bad_check(operator_at, "a number is compared with a yes or no", "", "two numbers, or two of true, false and a node's fields");
    }
    const bool ordered = whole.comparison != Comparison::Equal && whole.comparison != Comparison::NotEqual;
    if (is_boolean(left) && ordered) return bad_check(operator_at, "yes and no have no order", "", "== or !=");
    if ((left_percent && !has_whole(right)) || (right_percent && !has_whole(left))) {
      return bad_check(left_percent ? left.offset : right.offset, "a percentage of nothing", "",
                       "a percentage compared with a field of a deployment, a replicaset, pods or nodes");
    }
    return whole;
  }

  std::optional<Comparison> take_operator() {
    // Longest first, so that "<=" is not read as "<".
    constexpr std::array<Comparison, 6> kByLength{Comparison::Equal,        Comparison::NotEqual, Comparison::LessEqual,
                                                  Comparison::GreaterEqual, Comparison::Less,     Comparison::Greater};
    for (const Comparison comparison : kByLength) {
      if (cursor_.text.substr(cursor_.at).starts_with(name_of(comparison))) {
        cursor_.at += name_of(comparison).size();
        return comparison;
      }
    }
    return std::nullopt;
  }

  Result<Expression> operand() {
    cursor_.skip_blanks();
    Expression leaf;
    leaf.offset = cursor_.at;
    const std::string_view word = cursor_.peek_word();
    if (word == "true" || word == "false") {
      cursor_.at += word.size();
      leaf.kind = Expression::Kind::Boolean;
      leaf.integer = word == "true" ? 1 : 0;
      return leaf;
    }
    if (!word.empty() && word.front() >= '0' && word.front() <= '9') return number(word, std::move(leaf));
    if (word.empty() || word == "and" || word == "or" || word == "not") {
      return bad_check(cursor_.at, "a number or a field is missing here", cursor_.rest_for_message(),
                       "a number, a percentage, or a field such as deployment/web.available", hint_at(cursor_.at));
    }
    leaf.kind = Expression::Kind::Field;
    auto field = parse_field(cursor_);
    if (!field) return tl::unexpected(std::move(field).error());
    leaf.field = std::move(*field);
    return leaf;
  }

  Result<Expression> number(std::string_view word, Expression leaf) {
    const auto value = parse_int(word);
    if (!value) {
      return bad_check(cursor_.at, "not a whole number", std::string(word), "digits, with % behind them for a share");
    }
    cursor_.at += word.size();
    leaf.kind = Expression::Kind::Integer;
    leaf.integer = *value;
    if (cursor_.current() == '%') {
      ++cursor_.at;
      leaf.kind = Expression::Kind::Percent;
      // Keeps integer * whole inside int64 for any count of objects.
      if (leaf.integer > 1000) return bad_check(leaf.offset, "a percentage out of range", std::string(word), "0% to 1000%");
    }
    return leaf;
  }

  CheckCursor cursor_;
  std::size_t nesting_ = 0;
};

void collect_fields(const Expression& expression, std::vector<ObjectField>& fields) {
  if (expression.kind == Expression::Kind::Field) fields.push_back(expression.field);
  for (const Expression& operand : expression.operands) collect_fields(operand, fields);
}

}  // namespace

std::string_view name_of(Comparison comparison) { return kComparisonNames[static_cast<std::size_t>(comparison)]; }

std::string to_string(const Expression& expression) {
  switch (expression.kind) {
    case Expression::Kind::Integer: return fmt::format("{}", expression.integer);
    case Expression::Kind::Percent: return fmt::format("{}%", expression.integer);
    case Expression::Kind::Boolean: return expression.integer != 0 ? "true" : "false";
    case Expression::Kind::Field: return to_string(expression.field);
    case Expression::Kind::Not: return "(not " + to_string(expression.operands[0]) + ")";
    case Expression::Kind::Compare:
      return fmt::format("({} {} {})", to_string(expression.operands[0]), name_of(expression.comparison),
                         to_string(expression.operands[1]));
    case Expression::Kind::And:
    case Expression::Kind::Or: {
      std::string text;
      const std::string_view keyword = expression.kind == Expression::Kind::And ? " and " : " or ";
      for (const Expression& operand : expression.operands) text += (text.empty() ? "" : std::string(keyword)) + to_string(operand);
      return "(" + text + ")";
    }
  }
  return {};
}

std::vector<ObjectField> fields_of(const Expression& expression) {
  std::vector<ObjectField> fields;
  collect_fields(expression, fields);
  return fields;
}

Result<Expression> parse_condition(std::string_view text) { return ConditionParser(text).parse(); }

Result<Moment> parse_moment(std::string_view text) {
  Moment moment;
  const std::string_view trimmed = trim(text);
  if (!trimmed.empty() && trimmed.front() >= '0' && trimmed.front() <= '9') {
    const auto duration = parse_duration(trimmed);
    if (!duration) {
      return bad_check(0, "neither a time nor a condition: " + duration.error().what, escape_for_terminal(text, 60),
                       "a time such as 5s, or a condition", duration.error().hint);
    }
    moment.time = kTimeZero + *duration;
    return moment;
  }
  auto condition = parse_condition(text);
  if (!condition) return tl::unexpected(condition.error());
  moment.is_time = false;
  moment.condition = std::move(*condition);
  return moment;
}

}  // namespace tandem::scenario
