#include "core/scenario/check_expression.hpp"

#include <fmt/format.h>

#include <array>
#include <span>

#include "core/base/check.hpp"
#include "core/base/parse.hpp"
#include "core/base/text.hpp"
#include "core/cluster/selector.hpp"

namespace tandem::scenario {
namespace {

constexpr std::size_t kNestingLimit = 64;
constexpr std::size_t kTextLimit = 4096;

constexpr std::array<std::string_view, 5> kSubjectNames{"deployment", "replicaset", "service", "pods", "node"};
constexpr std::array<std::string_view, 13> kObservedNames{"desired",   "replicas",  "updated", "ready",   "available",
                                                          "unavailable", "endpoints", "count",   "pending", "running",
                                                          "terminating", "restarts",  "unschedulable"};
constexpr std::array<std::string_view, 6> kComparisonNames{"==", "!=", "<", "<=", ">", ">="};

/// Which questions a subject answers: the table of docs/check-language.md.
std::span<const Observed> questions_of(Subject subject) {
  using enum Observed;
  static constexpr Observed kDeployment[] = {Desired, Replicas, Updated, Ready, Available, Unavailable};
  static constexpr Observed kReplicaSet[] = {Desired, Replicas, Ready, Available};
  static constexpr Observed kService[] = {Endpoints};
  static constexpr Observed kPods[] = {Count, Pending, Running, Ready, Terminating, Restarts};
  static constexpr Observed kNode[] = {Ready, Unschedulable, Count};
  switch (subject) {
    case Subject::Deployment: return kDeployment;
    case Subject::ReplicaSet: return kReplicaSet;
    case Subject::Service: return kService;
    case Subject::Pods: return kPods;
    case Subject::Node: return kNode;
  }
  return {};
}

std::string joined(std::span<const std::string_view> words) {
  std::string text;
  for (const std::string_view word : words) text += (text.empty() ? "" : ", ") + std::string(word);
  return text;
}

tl::unexpected<Error> bad_check(std::size_t offset, std::string what, std::string found, std::string allowed, std::string hint = {}) {
  Error error = make_error(ErrorCode::ScenarioBadCheck, std::move(what), Place{"", 1, static_cast<std::uint32_t>(offset) + 1});
  error.found = std::move(found);
  error.allowed = std::move(allowed);
  error.hint = std::move(hint);
  return fail(std::move(error));
}

bool is_word_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.' || c == '/';
}

bool is_boolean(const Expression& expression) {
  switch (expression.kind) {
    case Expression::Kind::Integer:
    case Expression::Kind::Percent: return false;
    case Expression::Kind::Field: return is_yes_or_no(expression.field);
    default: return true;
  }
}

bool has_whole(const Expression& expression) {
  if (expression.kind != Expression::Kind::Field) return false;
  const Subject subject = expression.field.subject;
  return subject == Subject::Deployment || subject == Subject::ReplicaSet || subject == Subject::Pods;
}

/// Recursive descent over the grammar of docs/check-language.md, one function a rule.
class ConditionParser {
 public:
  explicit ConditionParser(std::string_view text) : text_(text) {}

  Result<Expression> parse() {
    if (text_.size() > kTextLimit) return bad_check(0, "the condition is too long", "", fmt::format("at most {} bytes", kTextLimit));
    skip_blanks();
    if (at_end()) return bad_check(0, "an empty condition", "", "a condition such as deployment/web.available >= 3");
    auto condition = disjunction();
    if (!condition) return condition;
    skip_blanks();
    if (!at_end()) {
      return bad_check(at_, "the condition goes on after its end", escape_for_terminal(text_.substr(at_), 40), "and, or, or the end",
                       hint_at(at_));
    }
    return condition;
  }

 private:
  [[nodiscard]] bool at_end() const { return at_ >= text_.size(); }
  [[nodiscard]] char current() const { return at_end() ? '\0' : text_[at_]; }
  void skip_blanks() {
    while (!at_end() && (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t')) ++at_;
  }

  [[nodiscard]] std::string hint_at(std::size_t at) const {
    const std::string_view rest = text_.substr(at);
    if (rest.starts_with("&&")) return "write and";
    if (rest.starts_with("||")) return "write or";
    if (rest.starts_with("!=")) return {};
    if (rest.starts_with('!')) return "write not";
    if (rest.starts_with('=') && !rest.starts_with("==")) return "write == to compare";
    return {};
  }

  /// The word at the present position without taking it.
  [[nodiscard]] std::string_view peek_word() const {
    std::size_t end = at_;
    while (end < text_.size() && is_word_character(text_[end])) ++end;
    return text_.substr(at_, end - at_);
  }
  bool take_keyword(std::string_view keyword) {
    skip_blanks();
    if (peek_word() != keyword) return false;
    at_ += keyword.size();
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
    skip_blanks();
    const std::size_t offset = at_;
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
    skip_blanks();
    if (current() != '(') return comparison();
    const std::size_t offset = at_++;
    if (++nesting_ > kNestingLimit) return bad_check(offset, "the condition is nested too deeply", "", "at most 64 levels");
    auto inside = disjunction();
    --nesting_;
    if (!inside) return inside;
    skip_blanks();
    if (current() != ')') return bad_check(at_, "a bracket is not closed", rest_for_message(), ")", hint_at(at_));
    ++at_;
    return inside;
  }

  Result<Expression> comparison() {
    auto left = operand();
    if (!left) return left;
    skip_blanks();
    const std::size_t operator_at = at_;
    const auto comparison = take_operator();
    if (!comparison) {
      if (is_boolean(*left)) return left;
      return bad_check(operator_at, "a number alone is no condition", rest_for_message(), "==, !=, <, <=, > or >=", hint_at(operator_at));
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
                       "a percentage compared with a field of a deployment, a replicaset or pods");
    }
    return whole;
  }

  std::optional<Comparison> take_operator() {
    // Longest first, so that "<=" is not read as "<".
    constexpr std::array<Comparison, 6> kByLength{Comparison::Equal,        Comparison::NotEqual, Comparison::LessEqual,
                                                  Comparison::GreaterEqual, Comparison::Less,     Comparison::Greater};
    for (const Comparison comparison : kByLength) {
      if (text_.substr(at_).starts_with(name_of(comparison))) {
        at_ += name_of(comparison).size();
        return comparison;
      }
    }
    return std::nullopt;
  }

  Result<Expression> operand() {
    skip_blanks();
    Expression leaf;
    leaf.offset = at_;
    const std::string_view word = peek_word();
    if (word == "true" || word == "false") {
      at_ += word.size();
      leaf.kind = Expression::Kind::Boolean;
      leaf.integer = word == "true" ? 1 : 0;
      return leaf;
    }
    if (!word.empty() && word.front() >= '0' && word.front() <= '9') return number(word, std::move(leaf));
    if (word.empty() || word == "and" || word == "or" || word == "not") {
      return bad_check(at_, "a number or a field is missing here", rest_for_message(),
                       "a number, a percentage, or a field such as deployment/web.available", hint_at(at_));
    }
    leaf.kind = Expression::Kind::Field;
    const std::string_view subject = word.substr(0, word.find_first_of("/."));
    if (subject == "pods") return pods(std::move(leaf));
    return object(word, std::move(leaf));
  }

  Result<Expression> number(std::string_view word, Expression leaf) {
    const auto value = parse_int(word);
    if (!value) {
      return bad_check(at_, "not a whole number", std::string(word), "digits, with % behind them for a share");
    }
    at_ += word.size();
    leaf.kind = Expression::Kind::Integer;
    leaf.integer = *value;
    if (current() == '%') {
      ++at_;
      leaf.kind = Expression::Kind::Percent;
      // Keeps integer * whole inside int64 for any count of objects.
      if (leaf.integer > 1000) return bad_check(leaf.offset, "a percentage out of range", std::string(word), "0% to 1000%");
    }
    return leaf;
  }

  /// kind/name.field or kind/namespace/name.field; names may hold dots, so the last dot separates the field.
  Result<Expression> object(std::string_view word, Expression leaf) {
    const std::size_t first_slash = word.find('/');
    const std::string_view kind = word.substr(0, first_slash);
    const auto subject = subject_named(kind);
    if (!subject) {
      std::string hint = nearest_name(kind, kSubjectNames);
      if (!hint.empty()) hint = "did you mean " + hint + "?";
      return bad_check(at_, "an unknown kind of object", escape_for_terminal(kind, 60), joined(kSubjectNames), std::move(hint));
    }
    const std::size_t last_dot = word.rfind('.');
    if (first_slash == std::string_view::npos || last_dot == std::string_view::npos || last_dot < first_slash) {
      return bad_check(at_, "not a field of an object", escape_for_terminal(word, 60), "such as deployment/web.available");
    }
    const std::string_view names = word.substr(first_slash + 1, last_dot - first_slash - 1);
    const std::size_t slash = names.find('/');
    leaf.field.subject = *subject;
    leaf.field.name = names.substr(slash == std::string_view::npos ? 0 : slash + 1);
    if (slash != std::string_view::npos) leaf.field.namespace_ = names.substr(0, slash);
    if (*subject == Subject::Node) {
      if (slash != std::string_view::npos) return bad_check(at_, "a node has no namespace", std::string(names), "node/NAME.field");
      leaf.field.namespace_.clear();
    }
    const bool namespace_ok = *subject == Subject::Node || is_dns_label(leaf.field.namespace_);
    if (!is_dns_subdomain(leaf.field.name) || !namespace_ok) {
      return bad_check(at_ + first_slash + 1, "not a name of an object", escape_for_terminal(names, 60),
                       "lower-case letters, digits and '-', as in deployment/web.available or deployment/shop/web.available");
    }
    at_ += last_dot + 1;
    return field_of(std::move(leaf));
  }

  /// pods(app=web).ready or pods/namespace(app=web).ready.
  Result<Expression> pods(Expression leaf) {
    const std::string_view word = peek_word();
    leaf.field.subject = Subject::Pods;
    if (word.size() > 4) {
      if (word[4] != '/' || !is_dns_label(word.substr(5))) {
        return bad_check(at_, "not a set of pods", escape_for_terminal(word, 60), "pods(app=web).ready or pods/NAMESPACE(app=web).ready");
      }
      leaf.field.namespace_ = word.substr(5);
    }
    at_ += word.size();
    if (current() != '(') return bad_check(at_, "pods need a label selector", rest_for_message(), "pods(app=web).ready");
    const std::size_t begin = ++at_;
    std::size_t depth = 1;
    while (!at_end()) {
      if (text_[at_] == '(') ++depth;
      if (text_[at_] == ')' && --depth == 0) break;
      ++at_;
    }
    if (at_end()) return bad_check(begin - 1, "a bracket is not closed", "", ")");
    const std::string_view selector = text_.substr(begin, at_ - begin);
    auto requirements = cluster::parse_selector(selector);
    if (!requirements) {
      return bad_check(begin, "not a label selector: " + requirements.error().what, escape_for_terminal(selector, 80), "as for kubectl -l: app=web,tier!=db");
    }
    leaf.field.selector.match_expressions = std::move(*requirements);
    ++at_;
    if (current() != '.') return bad_check(at_, "a field is missing behind the selector", rest_for_message(), "pods(app=web).ready");
    ++at_;
    return field_of(std::move(leaf));
  }

  Result<Expression> field_of(Expression leaf) {
    const std::string_view word = peek_word();
    std::vector<std::string_view> allowed;
    for (const Observed question : questions_of(leaf.field.subject)) {
      allowed.push_back(name_of(question));
      if (word == allowed.back()) {
        leaf.field.field = question;
        at_ += word.size();
        return leaf;
      }
    }
    std::string hint = nearest_name(word, allowed);
    if (!hint.empty()) hint = "did you mean " + hint + "?";
    return bad_check(at_, fmt::format("an unknown field of a {}", name_of(leaf.field.subject)), escape_for_terminal(word, 60), joined(allowed),
                     std::move(hint));
  }

  static std::optional<Subject> subject_named(std::string_view name) {
    for (std::size_t i = 0; i < kSubjectNames.size(); ++i) {
      if (kSubjectNames[i] == name) return static_cast<Subject>(i);
    }
    return std::nullopt;
  }

  [[nodiscard]] std::string rest_for_message() const {
    return at_end() ? std::string("the end") : escape_for_terminal(text_.substr(at_), 40);
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t nesting_ = 0;
};

std::string selector_text(const cluster::LabelSelector& selector) {
  const bool everything = selector.match_labels.empty() && selector.match_expressions.empty();
  return everything ? std::string() : cluster::format_selector(selector);
}

void collect_fields(const Expression& expression, std::vector<ObjectField>& fields) {
  if (expression.kind == Expression::Kind::Field) fields.push_back(expression.field);
  for (const Expression& operand : expression.operands) collect_fields(operand, fields);
}

}  // namespace

std::string_view name_of(Subject subject) { return kSubjectNames[static_cast<std::size_t>(subject)]; }
std::string_view name_of(Observed observed) { return kObservedNames[static_cast<std::size_t>(observed)]; }
std::string_view name_of(Comparison comparison) { return kComparisonNames[static_cast<std::size_t>(comparison)]; }

std::string to_string(const ObjectField& field) {
  if (field.subject == Subject::Pods) {
    const std::string where = field.namespace_ == "default" ? "" : "/" + field.namespace_;
    return fmt::format("pods{}({}).{}", where, selector_text(field.selector), name_of(field.field));
  }
  const std::string where = field.namespace_.empty() || field.namespace_ == "default" ? "" : field.namespace_ + "/";
  return fmt::format("{}/{}{}.{}", name_of(field.subject), where, field.name, name_of(field.field));
}

bool is_yes_or_no(const ObjectField& field) { return field.subject == Subject::Node && field.field != Observed::Count; }

ObjectField whole_of(const ObjectField& field) {
  CHECK(field.subject == Subject::Deployment || field.subject == Subject::ReplicaSet || field.subject == Subject::Pods,
        "a percentage of " + to_string(field));
  ObjectField whole = field;
  whole.field = field.subject == Subject::Pods ? Observed::Count : Observed::Desired;
  return whole;
}

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
