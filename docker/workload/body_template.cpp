#include "docker/workload/body_template.hpp"

#include <optional>

namespace tandem::workload {

namespace {

int hex_value(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
  return -1;
}

void append_json_escaped(std::string& out, std::string_view value) {
  constexpr std::string_view kHex = "0123456789abcdef";
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20) {
      out += "\\u00";
      out += kHex[byte >> 4U];
      out += kHex[byte & 0xfU];
    } else {
      out += c;
    }
  }
}

/// The value of a placeholder, or nothing if there is none of that name.
std::optional<std::string_view> value_of(std::string_view name, const container::WorkloadConfig& config,
                                         const RequestFacts& facts) {
  if (name == "pod") return config.pod;
  if (name == "podIP") return config.pod_ip;
  if (name == "node") return config.node;
  if (name == "version") return config.version;
  if (name == "1") return facts.rest;
  constexpr std::string_view kQuery = "query.";
  if (name.size() > kQuery.size() && name.substr(0, kQuery.size()) == kQuery) {
    for (const auto& [key, value] : facts.query) {
      if (key == name.substr(kQuery.size())) return value;
    }
    return std::string_view();
  }
  return std::nullopt;
}

}  // namespace

std::string percent_decode(std::string_view text, bool plus_is_blank) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int high = text[i] == '%' && i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
    const int low = high >= 0 ? hex_value(text[i + 2]) : -1;
    if (low >= 0) {
      out += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      out += plus_is_blank && text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

std::vector<std::pair<std::string, std::string>> parse_query(std::string_view text) {
  std::vector<std::pair<std::string, std::string>> pairs;
  while (!text.empty()) {
    const std::size_t end = text.find('&');
    const std::string_view item = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    if (item.empty()) continue;
    const std::size_t equals = item.find('=');
    const std::string_view value = equals == std::string_view::npos ? std::string_view() : item.substr(equals + 1);
    pairs.emplace_back(percent_decode(item.substr(0, equals), true), percent_decode(value, true));
  }
  return pairs;
}

std::string render_body(std::string_view body_template, bool json, const container::WorkloadConfig& config,
                        const RequestFacts& facts) {
  std::string out;
  out.reserve(body_template.size() + 64);
  while (!body_template.empty()) {
    const std::size_t open = body_template.find('{');
    out += body_template.substr(0, open);
    if (open == std::string_view::npos) break;
    body_template.remove_prefix(open);
    const std::size_t close = body_template.find_first_of("{}", 1);
    const bool placeholder = close != std::string_view::npos && body_template[close] == '}';
    const std::optional<std::string_view> value =
        placeholder ? value_of(body_template.substr(1, close - 1), config, facts) : std::nullopt;
    if (!value) {
      out += '{';
      body_template.remove_prefix(1);
      continue;
    }
    if (json) {
      append_json_escaped(out, *value);
    } else {
      out += *value;
    }
    body_template.remove_prefix(close + 1);
  }
  return out;
}

bool is_json_type(std::string_view content_type) {
  const std::string_view type = content_type.substr(0, content_type.find(';'));
  return type == "application/json" || (type.size() > 5 && type.substr(type.size() - 5) == "+json");
}

}  // namespace tandem::workload
