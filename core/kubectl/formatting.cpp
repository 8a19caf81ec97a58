#include "core/kubectl/formatting.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <set>

#include "core/cluster/json.hpp"
#include "core/kubectl/human_duration.hpp"
#include "core/kubectl/json_reading.hpp"
#include "core/kubectl/table.hpp"

namespace tandem::kubectl {

std::int64_t seconds_since(const json& time, std::int64_t now_unix_seconds) {
  constexpr std::int64_t kNsPerSecond = 1'000'000'000;
  const Result<SimTime> parsed = cluster::parse_time(time.is_string() ? time.get_ref<const std::string&>() : std::string());
  if (!parsed) return 0;
  return ((now_unix_seconds - cluster::kEpochUnixSeconds) * kNsPerSecond - parsed->ns) / kNsPerSecond;
}

std::string time_since(const json& time, std::int64_t now_unix_seconds) {
  if (!time.is_string()) return "<unknown>";
  return human_duration(seconds_since(time, now_unix_seconds));
}

std::string rfc1123_text(const json& time) {
  static constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  if (!time.is_string()) return "Mon, 01 Jan 0001 00:00:00 +0000";
  const std::chrono::sys_seconds moment{std::chrono::seconds(unix_seconds_of(time))};
  const auto day = std::chrono::floor<std::chrono::days>(moment);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(moment - day);
  return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} +0000", kDays[std::chrono::weekday(day).c_encoding()], static_cast<unsigned>(date.day()),
                     kMonths[static_cast<unsigned>(date.month()) - 1], static_cast<int>(date.year()), clock.hours().count(), clock.minutes().count(),
                     clock.seconds().count());
}

Quantity quantity_of(const json& value) {
  const std::string text = value.is_string() ? value.get<std::string>() : value.is_number() ? value.dump() : "0";
  const Result<Quantity> parsed = Quantity::parse(text);
  return parsed ? *parsed : Quantity();
}

std::string quantity_text(const json& value) { return quantity_of(value).text(); }

std::string optional_quantity_text(const json& value) { return value.is_null() ? "<nil>" : quantity_text(value); }

std::string int_or_string_text(const json& value) {
  if (value.is_string()) return value.get<std::string>();
  return value.is_number_integer() ? value.dump() : "<nil>";
}

std::string selector_text(const json& label_selector) {
  std::vector<std::pair<std::string, std::string>> parts;
  if (const json& labels = at(label_selector, "/matchLabels"); labels.is_object()) {
    for (const auto& [key, value] : labels.items()) parts.emplace_back(key, key + "=" + string_of(value));
  }
  for (const json& expression : list_at(label_selector, "/matchExpressions")) {
    const std::string key = text_at(expression, "/key");
    const std::string operation = text_at(expression, "/operator");
    std::vector<std::string> values = texts_of(at(expression, "/values"));
    std::sort(values.begin(), values.end());
    if (operation == "Exists") parts.emplace_back(key, key);
    else if (operation == "DoesNotExist") parts.emplace_back(key, "!" + key);
    else parts.emplace_back(key, fmt::format("{} {} ({})", key, operation == "In" ? "in" : "notin", joined(values)));
  }
  std::stable_sort(parts.begin(), parts.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::string text;
  for (const auto& [key, part] : parts) text += (text.empty() ? "" : ",") + part;
  return text;
}

std::string selector_text_or_none(const json& label_selector) { return or_none(selector_text(label_selector)); }

std::string access_modes_text(const json& modes) {
  static constexpr std::pair<std::string_view, std::string_view> kShort[] = {
      {"ReadWriteOnce", "RWO"}, {"ReadOnlyMany", "ROX"}, {"ReadWriteMany", "RWX"}, {"ReadWriteOncePod", "RWOP"}};
  const std::vector<std::string> given = texts_of(modes);
  std::vector<std::string> words;
  for (const auto& [mode, word] : kShort) {
    if (std::find(given.begin(), given.end(), mode) != given.end()) words.emplace_back(word);
  }
  return joined(words);
}

std::string storage_class_of(const json& object) {
  const json& annotations = at(object, "/metadata/annotations");
  if (annotations.is_object() && annotations.contains("volume.beta.kubernetes.io/storage-class")) {
    return string_of(annotations.at("volume.beta.kubernetes.io/storage-class"));
  }
  return text_at(object, "/spec/storageClassName");
}

std::vector<std::string> node_roles(const json& node) {
  constexpr std::string_view kRolePrefix = "node-role.kubernetes.io/";
  std::set<std::string> roles;
  if (const json& labels = at(node, "/metadata/labels"); labels.is_object()) {
    for (const auto& [key, value] : labels.items()) {
      if (key.starts_with(kRolePrefix)) {
        if (key.size() > kRolePrefix.size()) roles.insert(key.substr(kRolePrefix.size()));
      } else if (key == "kubernetes.io/role" && value.is_string() && !value.get_ref<const std::string&>().empty()) {
        roles.insert(value.get<std::string>());
      }
    }
  }
  return {roles.begin(), roles.end()};
}

std::string lower_case(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return text;
}

std::string host_and_port(const std::string& host, const std::string& port) {
  return host.find(':') == std::string::npos ? fmt::format("{}:{}", host, port) : fmt::format("[{}]:{}", host, port);
}

std::string joined(const std::vector<std::string>& texts, std::string_view separator) { return fmt::format("{}", fmt::join(texts, separator)); }

std::vector<std::string> texts_of(const json& array) {
  std::vector<std::string> texts;
  if (!array.is_array()) return texts;
  for (const json& value : array) texts.push_back(string_of(value));
  return texts;
}

}  // namespace tandem::kubectl
