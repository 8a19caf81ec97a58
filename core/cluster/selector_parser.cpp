// The text form of selectors: apimachinery/pkg/labels/selector.go, token by token, with its error sentences.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "core/cluster/selector.hpp"
#include "core/cluster/selector_errors.hpp"

namespace tandem::cluster {

namespace {

enum class TokenType : std::uint8_t {
  Identifier, End, OpenParenthesis, CloseParenthesis, Comma, Bang, Equals, DoubleEquals, NotEquals, Greater, Less, In, NotIn
};

struct Token {
  TokenType type = TokenType::End;
  std::string_view text;
};

constexpr std::array<std::pair<std::string_view, TokenType>, 9> kSymbols = {{
    {")", TokenType::CloseParenthesis}, {",", TokenType::Comma}, {"!", TokenType::Bang}, {"==", TokenType::DoubleEquals},
    {"=", TokenType::Equals}, {">", TokenType::Greater}, {"<", TokenType::Less}, {"!=", TokenType::NotEquals},
    {"(", TokenType::OpenParenthesis}}};

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
bool is_symbol(char c) { return std::string_view("=!(),><").find(c) != std::string_view::npos; }

/// The longest symbol that `text` starts with.
Token take_symbol(std::string_view& text) {
  Token token;
  for (const auto& [symbol, type] : kSymbols) {
    if (text.starts_with(symbol) && symbol.size() > token.text.size()) token = {type, text.substr(0, symbol.size())};
  }
  text.remove_prefix(token.text.size());
  return token;
}

std::vector<Token> tokens_of(std::string_view text) {
  std::vector<Token> tokens;
  while (true) {
    while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
    if (text.empty()) break;
    if (is_symbol(text.front())) {
      tokens.push_back(take_symbol(text));
      continue;
    }
    std::size_t length = 0;
    while (length < text.size() && !is_space(text[length]) && !is_symbol(text[length])) ++length;
    const std::string_view word = text.substr(0, length);
    tokens.push_back({word == "in" ? TokenType::In : word == "notin" ? TokenType::NotIn : TokenType::Identifier, word});
    text.remove_prefix(length);
  }
  tokens.push_back({});
  return tokens;
}

/// A failed parse: the sentence.
using Problem = std::string;
template <class T>
using Parsed = tl::expected<T, Problem>;

tl::unexpected<Problem> problem(std::string_view found, std::string_view expected) {
  return tl::unexpected<Problem>(fmt::format("found '{}', expected: {}", found, expected));
}

class Parser {
 public:
  explicit Parser(std::string_view text) : tokens_(tokens_of(text)) {}

  Parsed<std::vector<SelectorRequirement>> parse() {
    std::vector<SelectorRequirement> requirements;
    while (true) {
      const Token next = peek();
      if (next.type == TokenType::End) return requirements;
      if (next.type != TokenType::Identifier && next.type != TokenType::Bang) {
        return problem(next.text, "!, identifier, or 'end of string'");
      }
      Parsed<SelectorRequirement> requirement = parse_requirement();
      if (!requirement) return tl::unexpected<Problem>("unable to parse requirement: " + requirement.error());
      requirements.push_back(std::move(*requirement));
      const Token after = take();
      if (after.type == TokenType::End) return requirements;
      if (after.type != TokenType::Comma) return problem(after.text, "',' or 'end of string'");
      const Token following = peek();
      if (following.type != TokenType::Identifier && following.type != TokenType::Bang) {
        return problem(following.text, "identifier after ','");
      }
    }
  }

 private:
  /// `in` and `notin` are words except where an operator is due.
  Token peek() const {
    Token token = tokens_[position_];
    if (token.type == TokenType::In || token.type == TokenType::NotIn) token.type = TokenType::Identifier;
    return token;
  }
  Token take() {
    const Token token = peek();
    advance();
    return token;
  }
  Token take_operator() {
    const Token token = tokens_[position_];
    advance();
    return token;
  }
  void advance() {
    if (position_ + 1 < tokens_.size()) ++position_;
  }

  Parsed<SelectorRequirement> parse_requirement() {
    SelectorRequirement requirement;
    Token key = take();
    const bool negated = key.type == TokenType::Bang;
    if (negated) key = take();
    if (key.type != TokenType::Identifier) return problem(key.text, "identifier");
    requirement.key = key.text;
    if (const auto errors = key_errors(key.text, "<nil>"); !errors.empty()) {
      return tl::unexpected<Problem>(join_errors(errors));
    }
    const TokenType after = peek().type;
    if (negated || after == TokenType::End || after == TokenType::Comma) {
      requirement.op = negated ? SelectorOperator::DoesNotExist : SelectorOperator::Exists;
      return requirement;
    }
    if (Parsed<void> values = parse_operator_and_values(requirement); !values) {
      return tl::unexpected<Problem>(std::move(values).error());
    }
    if (const auto errors = requirement_errors(requirement, {}); !errors.empty()) {
      return tl::unexpected<Problem>(join_errors(errors));
    }
    return requirement;
  }

  Parsed<void> parse_operator_and_values(SelectorRequirement& requirement) {
    const Token token = take_operator();
    std::set<std::string> values;
    Parsed<void> parsed;
    switch (token.type) {
      case TokenType::In:
      case TokenType::NotIn:
        requirement.op = token.type == TokenType::In ? SelectorOperator::In : SelectorOperator::NotIn;
        parsed = parse_values(values);
        break;
      case TokenType::Equals:
      case TokenType::DoubleEquals:
      case TokenType::NotEquals:
        requirement.op = token.type == TokenType::NotEquals ? SelectorOperator::NotIn : SelectorOperator::In;
        parsed = parse_exact_value(values);
        break;
      case TokenType::Greater:
      case TokenType::Less:
        requirement.op = token.type == TokenType::Greater ? SelectorOperator::Gt : SelectorOperator::Lt;
        parsed = parse_exact_value(values);
        break;
      default: return problem(token.text, "in, notin, =, ==, !=, gt, lt");
    }
    requirement.values.assign(values.begin(), values.end());
    return parsed;
  }

  Parsed<void> parse_exact_value(std::set<std::string>& values) {
    const TokenType next = peek().type;
    if (next == TokenType::End || next == TokenType::Comma) {
      values.emplace();
      return {};
    }
    const Token token = take();
    if (token.type != TokenType::Identifier) return problem(token.text, "identifier");
    values.emplace(token.text);
    return {};
  }

  Parsed<void> parse_values(std::set<std::string>& values) {
    const Token open = take();
    if (open.type != TokenType::OpenParenthesis) {
      return tl::unexpected<Problem>(fmt::format("found '{}' expected: '('", open.text));
    }
    const Token next = peek();
    if (next.type == TokenType::CloseParenthesis) {
      take();
      values.emplace();
      return {};
    }
    if (next.type != TokenType::Identifier && next.type != TokenType::Comma) {
      return problem(next.text, "',', ')' or identifier");
    }
    if (Parsed<void> list = parse_list(values); !list) return list;
    const Token close = take();
    if (close.type != TokenType::CloseParenthesis) return problem(close.text, "')'");
    return {};
  }

  /// A missing value between commas, or beside a parenthesis, is the empty one.
  Parsed<void> parse_list(std::set<std::string>& values) {
    while (true) {
      const Token token = take();
      if (token.type == TokenType::Identifier) {
        values.emplace(token.text);
        const Token next = peek();
        if (next.type == TokenType::CloseParenthesis) return {};
        if (next.type != TokenType::Comma) return problem(next.text, "',' or ')'");
        continue;
      }
      if (token.type != TokenType::Comma) return problem(token.text, "',', or identifier");
      if (values.empty()) values.emplace();
      const Token next = peek();
      if (next.type == TokenType::CloseParenthesis) {
        values.emplace();
        return {};
      }
      if (next.type == TokenType::Comma) {
        take();
        values.emplace();
      }
    }
  }

  std::vector<Token> tokens_;
  std::size_t position_ = 0;
};

}  // namespace

Result<std::vector<SelectorRequirement>> parse_selector(std::string_view text) {
  Parsed<std::vector<SelectorRequirement>> parsed = Parser(text).parse();
  if (!parsed) {
    return fail(make_error(ErrorCode::ValueBadSelector, std::move(parsed).error())
                    .with_found(std::string(text))
                    .with_allowed("for example app=web,tier!=db,env in (a,b),!legacy"));
  }
  std::stable_sort(parsed->begin(), parsed->end(), [](const auto& a, const auto& b) { return a.key < b.key; });
  return std::move(*parsed);
}

}  // namespace tandem::cluster
