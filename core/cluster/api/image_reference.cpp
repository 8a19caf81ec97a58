#include "core/cluster/api/image_reference.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/cluster/api/text_rules.hpp"

namespace tandem::cluster::api {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_small(char c) { return (c >= 'a' && c <= 'z') || is_digit(c); }
bool is_alphanumeric(char c) { return is_small(c) || (c >= 'A' && c <= 'Z'); }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); }

template <class Test>
bool all(std::string_view text, Test test) { return std::all_of(text.begin(), text.end(), test); }

/// [a-z0-9]+ parts joined by ".", "_", "__" or dashes.
bool is_path_component(std::string_view text) {
  std::size_t i = 0;
  for (;;) {
    const std::size_t from = i;
    while (i < text.size() && is_small(text[i])) ++i;
    if (i == from) return false;
    if (i == text.size()) return true;
    const std::size_t separator = i;
    while (i < text.size() && !is_small(text[i])) ++i;
    const std::string_view between = text.substr(separator, i - separator);
    if (between != "." && between != "_" && between != "__" && !all(between, [](char c) { return c == '-'; })) return false;
  }
}

bool is_domain(std::string_view text) {
  if (const std::size_t colon = text.rfind(':'); colon != std::string_view::npos && !text.ends_with(']')) {
    if (colon + 1 == text.size() || !all(text.substr(colon + 1), is_digit)) return false;
    text = text.substr(0, colon);
  }
  if (text.starts_with('[') && text.ends_with(']')) {
    const std::string_view address = text.substr(1, text.size() - 2);
    return !address.empty() && all(address, [](char c) { return is_hex(c) || (c >= 'A' && c <= 'F') || c == ':'; });
  }
  const std::vector<std::string> parts = split_text(text, '.');
  return all_of(parts.begin(), parts.end(), [](const std::string& part) {
    return !part.empty() && is_alphanumeric(part.front()) && is_alphanumeric(part.back()) && all(part, [](char c) { return is_alphanumeric(c) || c == '-'; });
  });
}

bool is_tag(std::string_view text) {
  const auto is_word = [](char c) { return is_alphanumeric(c) || c == '_'; };
  return !text.empty() && text.size() <= 128 && is_word(text.front()) && all(text, [&](char c) { return is_word(c) || c == '.' || c == '-'; });
}

/// sha256, sha384 and sha512 with as many hexadecimal digits as they give.
bool is_digest(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) return false;
  const std::string_view algorithm = text.substr(0, colon);
  const std::string_view digits = text.substr(colon + 1);
  const std::size_t length = algorithm == "sha256" ? 64 : algorithm == "sha384" ? 96 : algorithm == "sha512" ? 128 : 0;
  return length != 0 && digits.size() == length && all(digits, is_hex);
}

}  // namespace

std::optional<std::string> image_tag(std::string_view image) {
  if (image.size() == 64 && all(image, is_hex)) return std::nullopt;  // an image id is no name
  std::string_view rest = image;
  std::string_view digest;
  std::string_view tag;
  if (const std::size_t at = rest.find('@'); at != std::string_view::npos) {
    digest = rest.substr(at + 1);
    rest = rest.substr(0, at);
    if (!is_digest(digest)) return std::nullopt;
  }
  const std::size_t slash = rest.find('/');
  std::string_view domain;
  if (slash != std::string_view::npos) {
    const std::string_view first = rest.substr(0, slash);
    if (first.find_first_of(".:") != std::string_view::npos || first == "localhost" || lower(first) != first) {
      domain = first;
      rest = rest.substr(slash + 1);
      if (!is_domain(domain)) return std::nullopt;
    }
  }
  if (const std::size_t colon = rest.find(':'); colon != std::string_view::npos) {
    tag = rest.substr(colon + 1);
    rest = rest.substr(0, colon);
    if (!is_tag(tag)) return std::nullopt;
  }
  constexpr std::size_t kMaxName = 255;  // reference.RepositoryNameTotalLengthMax
  const std::vector<std::string> components = split_text(rest, '/');
  const std::size_t library = domain.empty() && components.size() == 1 ? std::string_view("library/").size() : 0;
  if (rest.size() + library > kMaxName || !std::all_of(components.begin(), components.end(), is_path_component)) return std::nullopt;
  if (!tag.empty() || !digest.empty()) return std::string(tag);
  return "latest";
}

}  // namespace tandem::cluster::api
