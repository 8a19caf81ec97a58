// Kinds without a description of their own, field by field (kubectl's generic describer).

#include <fmt/format.h>

#include <algorithm>

#include "core/kubectl/describe_parts.hpp"
#include "core/kubectl/formatting.hpp"
#include "core/kubectl/json_reading.hpp"

namespace tandem::kubectl {

namespace {

bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_letter(char c) { return is_upper(c) || (c >= 'a' && c <= 'z'); }

/// The words of a name in camel case: "podCIDRs" → pod, CID, Rs; a run of capitals lends its last one to what follows.
std::vector<std::string> words_of(const std::string& name) {
  std::vector<std::string> words;
  const auto class_of = [](char c) { return is_upper(c) ? 1 : is_letter(c) ? 2 : 3; };
  for (const char c : name) {
    if (!words.empty() && class_of(words.back().back()) == class_of(c)) words.back() += c;
    else words.emplace_back(1, c);
  }
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    if (!is_upper(words[i].front()) || class_of(words[i + 1].front()) != 2) continue;
    words[i + 1].insert(words[i + 1].begin(), words[i].back());
    words[i].pop_back();
  }
  std::erase(words, std::string());
  return words;
}

/// "progressDeadlineSeconds" → "Progress Deadline Seconds"; names with other characters stay.
std::string title_of(const std::string& field) {
  static constexpr std::string_view kAcronyms[] = {"API", "URL", "UID", "OSB", "GUID"};
  if (!std::all_of(field.begin(), field.end(), [](char c) { return is_letter(c) || c == '-'; })) return field;
  std::vector<std::string> titles;
  for (std::string word : words_of(field)) {
    std::string upper = word;
    std::transform(upper.begin(), upper.end(), upper.begin(), [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
    if (std::find(std::begin(kAcronyms), std::end(kAcronyms), upper) != std::end(kAcronyms)) word = upper;
    else word.front() = upper.front();
    titles.push_back(word);
  }
  return joined(titles, " ");
}

std::string value_text(const json& value) {
  if (value.is_string()) return value.get<std::string>();
  return value.is_null() ? "<nil>" : value.dump();
}

void describe_fields(Description& text, const json& fields, const std::string& path, std::size_t level) {
  static constexpr std::string_view kTold[] = {".metadata.managedFields", ".metadata.name", ".metadata.namespace", ".metadata.labels", ".metadata.annotations"};
  for (const auto& [name, value] : fields.items()) {
    const std::string here = path + "." + name;
    if (std::find(std::begin(kTold), std::end(kTold), here) != std::end(kTold)) continue;
    if (!value.is_structured()) {
      text.field(level, title_of(name), value_text(value));
      continue;
    }
    text.line(level, title_of(name) + ":");
    if (value.is_object()) describe_fields(text, value, here, level + 1);
    if (!value.is_array()) continue;
    for (const json& item : value) {
      if (item.is_object()) describe_fields(text, item, here, level + 1);
      else text.line(level + 1, value_text(item));
    }
  }
}

}  // namespace

void describe_unknown(Description& text, const json& object, const DescribeContext& context) {
  describe_name(text, object);
  describe_labels_and_annotations(text, object);
  describe_fields(text, object, "", 0);
  describe_events_of(text, object, context);
}

}  // namespace tandem::kubectl
