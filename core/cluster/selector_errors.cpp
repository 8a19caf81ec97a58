#include "core/cluster/selector_errors.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <charconv>

#include "core/cluster/label_syntax.hpp"
#include "core/cluster/selector.hpp"

namespace tandem::cluster {

namespace {

std::string child(std::string_view path, std::string_view field) {
  return path.empty() ? std::string(field) : fmt::format("{}.{}", path, field);
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out += '"';
}

/// Go prints a list of texts as JSON here.
std::string quoted(const std::vector<std::string>& values) {
  std::vector<std::string> texts;
  for (const std::string& value : values) texts.push_back(quoted(std::string_view(value)));
  return fmt::format("[{}]", fmt::join(texts, ","));
}

std::string invalid_value(std::string_view path, std::string_view shown, std::string_view detail) {
  return fmt::format("{}: Invalid value: {}: {}", path, shown, detail);
}

void check_values(const SelectorRequirement& requirement, const std::string& path, std::vector<std::string>& errors) {
  const auto& values = requirement.values;
  switch (requirement.op) {
    case SelectorOperator::In:
    case SelectorOperator::NotIn:
      if (values.empty()) {
        errors.push_back(invalid_value(path, quoted(values), "for 'in', 'notin' operators, values set can't be empty"));
      }
      break;
    case SelectorOperator::Exists:
    case SelectorOperator::DoesNotExist:
      if (!values.empty()) {
        errors.push_back(invalid_value(path, quoted(values), "values set must be empty for exists and does not exist"));
      }
      break;
    case SelectorOperator::Gt:
    case SelectorOperator::Lt:
      if (values.size() != 1) {
        errors.push_back(invalid_value(path, quoted(values), "for 'Gt', 'Lt' operators, exactly one value is required"));
      }
      for (std::size_t i = 0; i < values.size(); ++i) {
        std::int64_t number = 0;
        if (parse_go_int(values[i], number)) continue;
        errors.push_back(invalid_value(fmt::format("{}[{}]", path, i), quoted(std::string_view(values[i])),
                                       "for 'Gt', 'Lt' operators, the value must be an integer"));
      }
      break;
  }
}

}  // namespace

bool parse_go_int(std::string_view text, std::int64_t& out) {
  if (!text.empty() && text.front() == '+') {
    text.remove_prefix(1);
    if (!text.empty() && text.front() == '-') return false;
  }
  const char* const end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, out, 10);
  return error == std::errc{} && stopped == end;
}

std::vector<std::string> key_errors(std::string_view key, std::string_view path) {
  const std::vector<std::string> reasons = label_key_errors(key);
  if (reasons.empty()) return {};
  return {invalid_value(path, quoted(key), fmt::format("{}", fmt::join(reasons, "; ")))};
}

std::vector<std::string> requirement_errors(const SelectorRequirement& requirement, std::string_view path) {
  std::vector<std::string> errors = key_errors(requirement.key, child(path, "key"));
  const std::string values_path = child(path, "values");
  check_values(requirement, values_path, errors);
  for (std::size_t i = 0; i < requirement.values.size(); ++i) {
    const std::string& value = requirement.values[i];
    if (const auto reasons = label_value_errors(value); !reasons.empty()) {
      errors.push_back(invalid_value(fmt::format("{}[{}][{}]", values_path, i, requirement.key), quoted(std::string_view(value)),
                                     fmt::format("{}", fmt::join(reasons, "; "))));
    }
  }
  return errors;
}

std::string join_errors(const std::vector<std::string>& errors) {
  return errors.size() == 1 ? errors.front() : fmt::format("[{}]", fmt::join(errors, ", "));
}

std::vector<std::string> selector_errors(const LabelSelector& selector) {
  std::vector<std::string> errors;
  for (const auto& [key, value] : selector.match_labels) {
    const auto found = requirement_errors({key, SelectorOperator::In, {value}}, {});
    errors.insert(errors.end(), found.begin(), found.end());
  }
  for (const SelectorRequirement& requirement : selector.match_expressions) {
    if (requirement.op == SelectorOperator::Gt || requirement.op == SelectorOperator::Lt) {
      errors.push_back(fmt::format("\"{}\" is not a valid label selector operator",
                                   requirement.op == SelectorOperator::Gt ? "Gt" : "Lt"));
      continue;
    }
    const auto found = requirement_errors(requirement, {});
    errors.insert(errors.end(), found.begin(), found.end());
  }
  return errors;
}

std::vector<std::string> selector_errors(const NodeSelectorTerm& term, std::string_view path) {
  std::vector<std::string> errors;
  for (std::size_t i = 0; i < term.match_expressions.size(); ++i) {
    const auto found = requirement_errors(term.match_expressions[i], child(path, fmt::format("matchExpressions[{}]", i)));
    errors.insert(errors.end(), found.begin(), found.end());
  }
  for (std::size_t i = 0; i < term.match_fields.size(); ++i) {
    const SelectorRequirement& requirement = term.match_fields[i];
    const std::string field_path = child(path, fmt::format("matchFields[{}]", i));
    static constexpr std::string_view kNames[] = {"In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"};
    if (requirement.op != SelectorOperator::In && requirement.op != SelectorOperator::NotIn) {
      errors.push_back(fmt::format("{}.operator: Unsupported value: \"{}\": supported values: \"In\", \"NotIn\"", field_path,
                                   kNames[static_cast<std::size_t>(requirement.op)]));
    } else if (requirement.values.size() != 1) {
      errors.push_back(invalid_value(field_path + ".values", quoted(requirement.values), "must have one element"));
    }
  }
  return errors;
}

}  // namespace tandem::cluster
