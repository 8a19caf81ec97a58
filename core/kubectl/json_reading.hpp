#pragma once
// Short ways to read Kubernetes JSON whose fields may be absent.

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace tandem::kubectl {

using nlohmann::json;

/// The value at a pointer such as "/status/phase", or null.
inline const json& at(const json& object, const char* pointer) {
  static const json kNull;
  const json::json_pointer path(pointer);
  return object.contains(path) ? object.at(path) : kNull;
}
inline std::string text_at(const json& object, const char* pointer) {
  const json& value = at(object, pointer);
  return value.is_string() ? value.get<std::string>() : std::string();
}
/// A text as it is, anything else as JSON writes it: objects of kinds that nobody validated may hold numbers where texts belong.
inline std::string string_of(const json& value) { return value.is_string() ? value.get<std::string>() : value.dump(); }
inline std::int64_t number_at(const json& object, const char* pointer, std::int64_t otherwise = 0) {
  const json& value = at(object, pointer);
  return value.is_number_integer() ? value.get<std::int64_t>() : otherwise;
}
inline bool flag_at(const json& object, const char* pointer) {
  const json& value = at(object, pointer);
  return value.is_boolean() && value.get<bool>();
}
/// The array there, or an empty one.
inline const json& list_at(const json& object, const char* pointer) {
  static const json kEmpty = json::array();
  const json& value = at(object, pointer);
  return value.is_array() ? value : kEmpty;
}
/// "True", "False": how kubectl writes a flag in its own words.
inline std::string boolean_text(bool value) { return value ? "True" : "False"; }
inline std::string or_none(std::string text) { return text.empty() ? "<none>" : text; }

/// "a=1,b=2", the pairs sorted as texts; "<none>" when empty.
inline std::string labels_text(const json& labels) {
  std::vector<std::string> pairs;
  if (labels.is_object()) {
    for (const auto& [key, value] : labels.items()) pairs.push_back(key + "=" + string_of(value));
  }
  std::sort(pairs.begin(), pairs.end());
  std::string text;
  for (const std::string& pair : pairs) text += (text.empty() ? "" : ",") + pair;
  return or_none(text);
}

}  // namespace tandem::kubectl
