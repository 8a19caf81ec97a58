#include "core/cluster/selector.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "core/cluster/selector_errors.hpp"

namespace tandem::cluster {

namespace {

bool is_listed(const std::vector<std::string>& values, std::string_view value) {
  return std::find(values.begin(), values.end(), value) != values.end();
}

bool compares(const SelectorRequirement& requirement, std::string_view label) {
  std::int64_t left = 0;
  std::int64_t right = 0;
  if (requirement.values.size() != 1 || !parse_go_int(label, left) || !parse_go_int(requirement.values.front(), right)) {
    return false;
  }
  return requirement.op == SelectorOperator::Gt ? left > right : left < right;
}

/// A field requirement: fields other than metadata.name are empty for every node.
bool matches_field(const SelectorRequirement& requirement, std::string_view node_name) {
  if (requirement.values.size() != 1) return false;
  const std::string_view value = requirement.key == "metadata.name" ? node_name : std::string_view{};
  if (requirement.op == SelectorOperator::In) return value == requirement.values.front();
  return requirement.op == SelectorOperator::NotIn && value != requirement.values.front();
}

std::string format_requirement(const SelectorRequirement& requirement) {
  std::vector<std::string> values = requirement.values;
  std::sort(values.begin(), values.end());
  switch (requirement.op) {
    case SelectorOperator::In: return fmt::format("{} in ({})", requirement.key, fmt::join(values, ","));
    case SelectorOperator::NotIn: return fmt::format("{} notin ({})", requirement.key, fmt::join(values, ","));
    case SelectorOperator::Exists: return requirement.key;
    case SelectorOperator::DoesNotExist: return "!" + requirement.key;
    case SelectorOperator::Gt: return fmt::format("{}>{}", requirement.key, fmt::join(values, ","));
    case SelectorOperator::Lt: return fmt::format("{}<{}", requirement.key, fmt::join(values, ","));
  }
  return {};
}

}  // namespace

bool matches(const SelectorRequirement& requirement, const Labels& labels) {
  const auto label = labels.find(requirement.key);
  const bool present = label != labels.end();
  const auto& values = requirement.values;
  switch (requirement.op) {
    case SelectorOperator::In: return present && is_listed(values, label->second);
    case SelectorOperator::NotIn: return !values.empty() && !(present && is_listed(values, label->second));
    case SelectorOperator::Exists: return values.empty() && present;
    case SelectorOperator::DoesNotExist: return values.empty() && !present;
    case SelectorOperator::Gt:
    case SelectorOperator::Lt: return present && compares(requirement, label->second);
  }
  return false;
}

bool matches(const std::vector<SelectorRequirement>& requirements, const Labels& labels) {
  return std::all_of(requirements.begin(), requirements.end(),
                     [&](const SelectorRequirement& requirement) { return matches(requirement, labels); });
}

bool matches(const Labels& selector, const Labels& labels) {
  return std::all_of(selector.begin(), selector.end(), [&](const auto& wanted) {
    const auto label = labels.find(wanted.first);
    return label != labels.end() && label->second == wanted.second;
  });
}

bool matches(const LabelSelector& selector, const Labels& labels) {
  return matches(selector.match_labels, labels) && matches(selector.match_expressions, labels);
}

bool matches(const NodeSelectorTerm& term, const Labels& labels, std::string_view node_name) {
  if (term.match_expressions.empty() && term.match_fields.empty()) return false;
  return matches(term.match_expressions, labels) &&
         std::all_of(term.match_fields.begin(), term.match_fields.end(),
                     [&](const SelectorRequirement& requirement) { return matches_field(requirement, node_name); });
}

bool tolerates(const Toleration& toleration, const Taint& taint) {
  if (!toleration.effect.empty() && toleration.effect != taint.effect) return false;
  if (!toleration.key.empty() && toleration.key != taint.key) return false;
  if (toleration.op == "Exists") return true;
  return (toleration.op.empty() || toleration.op == "Equal") && toleration.value == taint.value;
}

std::string format_selector(const LabelSelector& selector) {
  // By key, matchLabels before expressions on the same key, expressions in the order given.
  std::vector<std::pair<std::string_view, std::string>> parts;
  for (const auto& [key, value] : selector.match_labels) parts.emplace_back(key, fmt::format("{}={}", key, value));
  for (const SelectorRequirement& requirement : selector.match_expressions) {
    parts.emplace_back(requirement.key, format_requirement(requirement));
  }
  if (parts.empty()) return "<none>";
  std::stable_sort(parts.begin(), parts.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::string text;
  for (const auto& part : parts) text += (text.empty() ? "" : ",") + part.second;
  return text;
}

}  // namespace tandem::cluster
