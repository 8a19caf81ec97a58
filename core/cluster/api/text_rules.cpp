#include "core/cluster/api/text_rules.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace tandem::cluster::api {

namespace {

constexpr std::size_t kMaxLabel = 63;
constexpr std::size_t kMaxSubdomain = 253;

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return is_lower(c) || (c >= 'A' && c <= 'Z'); }
bool is_small(char c) { return is_lower(c) || is_digit(c); }
bool is_alphanumeric(char c) { return is_letter(c) || is_digit(c); }

template <class Test>
bool all(std::string_view text, Test test) { return std::all_of(text.begin(), text.end(), test); }

std::string max_length(std::size_t limit) { return fmt::format("must be no more than {} characters", limit); }

std::string regex_message(std::string_view what, std::string_view expression, std::initializer_list<std::string_view> examples) {
  if (examples.size() == 0) return fmt::format("{} (regex used for validation is '{}')", what, expression);
  std::string list;
  for (const std::string_view example : examples) list = fmt::format("{}{}'{}', ", list, list.empty() ? "" : " or ", example);
  return fmt::format("{} (e.g. {}regex used for validation is '{}')", what, list, expression);
}

constexpr std::string_view kName = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";
constexpr std::string_view kNameRule = "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
constexpr std::string_view kLabel = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
constexpr std::string_view kSubdomain = "[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*";

bool is_qualified_part(std::string_view text) {
  return !text.empty() && is_alphanumeric(text.front()) && is_alphanumeric(text.back()) &&
         all(text, [](char c) { return is_alphanumeric(c) || c == '-' || c == '_' || c == '.'; });
}

bool is_label(std::string_view text) {
  return !text.empty() && is_small(text.front()) && is_small(text.back()) && all(text, [](char c) { return is_small(c) || c == '-'; });
}

bool is_label_with_underscore(std::string_view text) {
  if (text.starts_with('_')) text.remove_prefix(1);
  return !text.empty() && is_small(text.front()) && is_small(text.back()) && all(text, [](char c) { return is_small(c) || c == '-' || c == '_'; });
}

template <class Test>
bool every_label(std::string_view text, Test test) {
  const std::vector<std::string> labels = split_text(text, '.');
  return std::all_of(labels.begin(), labels.end(), test);
}

std::string_view mask_trailing_dash(std::string_view name, bool prefix, std::string& masked) {
  if (!prefix || name.size() <= 1 || !name.ends_with('-')) return name;
  masked = fmt::format("{}a", name.substr(0, name.size() - 2));
  return masked;
}

Messages backsteps(std::string_view value) {
  if (value == ".") return {"must not be '.'"};
  if (value == "..") return {"must not be '..'"};
  if (value.starts_with("..")) return {"must not start with '..'"};
  return {};
}

}  // namespace

std::string range_message(std::int64_t low, std::int64_t high) { return fmt::format("must be between {} and {}, inclusive", low, high); }

Messages qualified_name_errors(std::string_view value) {
  Messages errors;
  const std::vector<std::string> parts = split_text(value, '/');
  const std::string rule = regex_message(kNameRule, kName, {"MyName", "my.name", "123-abc"});
  if (parts.size() > 2) {
    return {fmt::format("a qualified name {} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')", rule)};
  }
  if (parts.size() == 2) {
    if (parts[0].empty()) {
      errors.emplace_back("prefix part must be non-empty");
    } else {
      for (const std::string& message : dns1123_subdomain_errors(parts[0])) errors.push_back(fmt::format("prefix part {}", message));
    }
  }
  const std::string& name = parts.back();
  if (name.empty()) {
    errors.emplace_back("name part must be non-empty");
  } else if (name.size() > kMaxLabel) {
    errors.push_back(fmt::format("name part {}", max_length(kMaxLabel)));
  }
  if (!is_qualified_part(name)) errors.push_back(fmt::format("name part {}", rule));
  return errors;
}

Messages label_value_errors_of(std::string_view value) {
  Messages errors;
  if (value.size() > kMaxLabel) errors.push_back(max_length(kMaxLabel));
  if (!value.empty() && !is_qualified_part(value)) {
    errors.push_back(regex_message("a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and "
                                   "end with an alphanumeric character",
                                   fmt::format("({})?", kName), {"MyValue", "my_value", "12345"}));
  }
  return errors;
}

Messages dns1123_label_errors(std::string_view value) {
  Messages errors;
  if (value.size() > kMaxLabel) errors.push_back(max_length(kMaxLabel));
  if (is_label(value)) return errors;
  if (every_label(value, is_label)) {
    errors.emplace_back("must not contain dots");
  } else {
    errors.push_back(regex_message("a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end "
                                   "with an alphanumeric character",
                                   kLabel, {"my-name", "123-abc"}));
  }
  return errors;
}

Messages dns1123_subdomain_errors(std::string_view value) {
  Messages errors;
  if (value.size() > kMaxSubdomain) errors.push_back(max_length(kMaxSubdomain));
  if (!every_label(value, is_label)) {
    errors.push_back(regex_message("a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start "
                                   "and end with an alphanumeric character",
                                   kSubdomain, {"example.com"}));
  }
  return errors;
}

Messages dns1123_subdomain_with_underscore_errors(std::string_view value) {
  Messages errors;
  if (value.size() > kMaxSubdomain) errors.push_back(max_length(kMaxSubdomain));
  if (!every_label(value, is_label_with_underscore)) {
    constexpr std::string_view kPart = "_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?";
    errors.push_back(regex_message("a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and must "
                                   "start and end with an alphanumeric character",
                                   fmt::format("{}(\\.{})*", kPart, kPart), {"example.com"}));
  }
  return errors;
}

Messages dns1035_label_errors(std::string_view value) {
  Messages errors;
  if (value.size() > kMaxLabel) errors.push_back(max_length(kMaxLabel));
  if (!is_label(value) || !is_lower(value.front())) {
    errors.push_back(regex_message("a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, "
                                   "and end with an alphanumeric character",
                                   "[a-z]([-a-z0-9]*[a-z0-9])?", {"my-name", "abc-123"}));
  }
  return errors;
}

Messages wildcard_subdomain_errors(std::string_view value) {
  Messages errors;
  if (value.size() > kMaxSubdomain) errors.push_back(max_length(kMaxSubdomain));
  if (!value.starts_with("*.") || !every_label(value.substr(2), is_label)) {
    errors.push_back(regex_message("a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of "
                                   "lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character",
                                   fmt::format("\\*\\.{}", kSubdomain), {"*.example.com"}));
  }
  return errors;
}

Messages port_number_errors(std::int64_t port) {
  if (port >= 1 && port <= 65535) return {};
  return {range_message(1, 65535)};
}

Messages port_name_errors(std::string_view name) {
  Messages errors;
  constexpr std::size_t kMaxPortName = 15;  // RFC 6335 §5.1
  if (name.size() > kMaxPortName) errors.push_back(max_length(kMaxPortName));
  if (name.empty() || !all(name, [](char c) { return is_small(c) || c == '-'; })) {
    errors.emplace_back("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)");
  }
  if (std::none_of(name.begin(), name.end(), is_lower)) errors.emplace_back("must contain at least one letter (a-z)");
  if (name.find("--") != std::string_view::npos) errors.emplace_back("must not contain consecutive hyphens");
  if (!name.empty() && (name.front() == '-' || name.back() == '-')) errors.emplace_back("must not begin or end with a hyphen");
  return errors;
}

Messages percent_errors(std::string_view value) {
  if (value.size() >= 2 && value.ends_with('%') && all(value.substr(0, value.size() - 1), is_digit)) return {};
  return {regex_message("a valid percent string must be a numeric string followed by an ending '%'", "[0-9]+%", {"1%", "93%"})};
}

Messages http_header_errors(std::string_view value) {
  if (!value.empty() && all(value, [](char c) { return is_alphanumeric(c) || c == '-'; })) return {};
  return {regex_message("a valid HTTP header must consist of alphanumeric characters or '-'", "[-A-Za-z0-9]+", {"X-Header-Name"})};
}

Messages environment_name_errors(std::string_view value) {
  Messages errors;
  if (value.empty()) errors.emplace_back("environment variable name must be non-empty");
  if (!all(value, [](char c) { return c >= 0x20 && c < 0x7f && c != '='; })) {
    errors.emplace_back("a valid environment variable name must consist only of printable ASCII characters other than '='");
  }
  return errors;
}

Messages config_key_errors(std::string_view value) {
  Messages errors;
  if (value.size() > kMaxSubdomain) errors.push_back(max_length(kMaxSubdomain));
  if (value.empty() || !all(value, [](char c) { return is_alphanumeric(c) || c == '-' || c == '_' || c == '.'; })) {
    errors.push_back(regex_message("a valid config key must consist of alphanumeric characters, '-', '_' or '.'", "[-._a-zA-Z0-9]+",
                                   {"key.name", "KEY_NAME", "key-name"}));
  }
  const Messages steps = backsteps(value);
  errors.insert(errors.end(), steps.begin(), steps.end());
  return errors;
}

Messages path_segment_errors(std::string_view value) {
  if (value == "." || value == "..") return {fmt::format("may not be '{}'", value)};
  Messages errors;
  for (const std::string_view piece : {"/", "%"}) {
    if (value.find(piece) != std::string_view::npos) errors.push_back(fmt::format("may not contain '{}'", piece));
  }
  return errors;
}

Messages name_is_subdomain(std::string_view name, bool prefix) {
  std::string masked;
  return dns1123_subdomain_errors(mask_trailing_dash(name, prefix, masked));
}
Messages name_is_dns1123_label(std::string_view name, bool prefix) {
  std::string masked;
  return dns1123_label_errors(mask_trailing_dash(name, prefix, masked));
}
Messages name_is_dns1035_label(std::string_view name, bool prefix) {
  std::string masked;
  return dns1035_label_errors(mask_trailing_dash(name, prefix, masked));
}
Messages name_is_path_segment(std::string_view name, bool prefix) {
  if (prefix && (name == "." || name == "..")) return {};
  return path_segment_errors(name);
}

void check_domain_prefixed_path(FieldErrors& errors, const FieldPath& path, std::string_view text) {
  if (text.empty()) return errors.required(path);
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos || slash == 0 || slash + 1 == text.size()) {
    return errors.invalid(path, text, "must be a domain-prefixed path (such as \"acme.io/foo\")");
  }
  const std::string_view host = text.substr(0, slash);
  const std::string_view rest = text.substr(slash + 1);
  errors.invalid_each(path, host, dns1123_subdomain_errors(host));
  constexpr std::string_view kPathCharacters = "/-._~%!$&'()*+,;=:";
  if (!all(rest, [&](char c) { return is_alphanumeric(c) || kPathCharacters.find(c) != std::string_view::npos; })) {
    errors.invalid(path, rest, regex_message("Invalid path", "[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+", {}));
  }
}

bool contains(const std::vector<std::string>& list, std::string_view text) { return std::find(list.begin(), list.end(), text) != list.end(); }

std::vector<std::string> split_text(std::string_view text, char separator) {
  std::vector<std::string> parts;
  for (;;) {
    const std::size_t at = text.find(separator);
    parts.emplace_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

std::string trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\n\v\f\r";
  const std::size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(kSpace) - first + 1));
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

std::string go_list(const Messages& messages) { return fmt::format("[{}]", fmt::join(messages, " ")); }

Numeral parse_go_integer(std::string_view text, int bits, std::int64_t& value) {
  std::string_view digits = text;
  if (digits.starts_with('-') || digits.starts_with('+')) digits.remove_prefix(1);
  if (digits.empty() || digits.find_first_not_of("0123456789") != std::string_view::npos) return Numeral::Syntax;
  const bool negative = text.starts_with('-');
  const std::uint64_t limit = (std::uint64_t{1} << static_cast<unsigned>(bits - 1)) - (negative ? 0U : 1U);
  std::uint64_t magnitude = 0;
  for (const char c : digits) {
    const auto digit = static_cast<std::uint64_t>(c - '0');
    if (magnitude > (limit - digit) / 10) return Numeral::Range;
    magnitude = magnitude * 10 + digit;
  }
  value = negative ? static_cast<std::int64_t>(~magnitude + 1) : static_cast<std::int64_t>(magnitude);
  return Numeral::Fine;
}

std::string go_atoi_error(std::string_view text, std::int64_t& value) {
  const Numeral numeral = parse_go_integer(text, 64, value);
  if (numeral == Numeral::Fine) return {};
  return fmt::format("strconv.Atoi: parsing {}: {}", go_quote(text), numeral == Numeral::Syntax ? "invalid syntax" : "value out of range");
}

}  // namespace tandem::cluster::api
