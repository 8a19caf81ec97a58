// Config maps and secrets.

#include <fmt/format.h>

#include "core/kubectl/describe_parts.hpp"
#include "core/kubectl/json_reading.hpp"

namespace tandem::kubectl {

namespace {

/// Bytes and text of base64 data; what is not base64 counts as it stands.
std::string decoded(const std::string& text) {
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string bytes;
  unsigned bits = 0;
  int count = 0;
  for (const char c : text) {
    if (c == '=' || c == '\n' || c == '\r') continue;
    const std::size_t value = kAlphabet.find(c);
    if (value == std::string_view::npos) return text;
    bits = (bits << 6U) | static_cast<unsigned>(value);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    bytes += static_cast<char>((bits >> static_cast<unsigned>(count)) & 0xFFU);
  }
  return bytes;
}

std::string text_of(const json& value) { return string_of(value); }

}  // namespace

void describe_config_map(Description& text, const json& config_map, const DescribeContext& context) {
  describe_name(text, config_map);
  describe_labels_and_annotations(text, config_map);
  text.line(0, "\nData\n====");
  if (const json& data = at(config_map, "/data"); data.is_object()) {
    for (const auto& [key, value] : data.items()) text.line(0, fmt::format("{}:\n----\n{}\n", key, text_of(value)));
  }
  text.line(0, "\nBinaryData\n====");
  if (const json& data = at(config_map, "/binaryData"); data.is_object()) {
    for (const auto& [key, value] : data.items()) text.line(0, fmt::format("{}: {} bytes", key, decoded(text_of(value)).size()));
  }
  text.line(0, "");
  describe_events_of(text, config_map, context);
}

void describe_secret(Description& text, const json& secret, const DescribeContext& /*context*/) {
  const std::string type = text_at(secret, "/type");
  describe_name(text, secret);
  describe_labels_and_annotations(text, secret);
  text.line(0, "\nType:\t" + type);
  text.line(0, "\nData\n====");
  const json& data = at(secret, "/data");
  if (!data.is_object()) return;
  for (const auto& [key, value] : data.items()) {
    const std::string bytes = decoded(text_of(value));
    const bool is_token = key == "token" && type == "kubernetes.io/service-account-token";
    text.field(0, key, is_token ? bytes : fmt::format("{} bytes", bytes.size()));
  }
}

}  // namespace tandem::kubectl
