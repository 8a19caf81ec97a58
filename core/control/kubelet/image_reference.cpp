#include "core/control/kubelet/image_reference.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace tandem::control::kubelet {

namespace {

// The grammar of regexp.go, by hand: std::regex is neither linear nor safe (hardening P6).

constexpr std::string_view kDefaultDomain = "docker.io";
constexpr std::string_view kLegacyDomain = "index.docker.io";
constexpr std::string_view kOfficialPrefix = "library/";
constexpr std::string_view kInvalidFormat = "invalid reference format";
constexpr std::size_t kPathMax = 255;
constexpr std::size_t kTagMax = 128;
constexpr std::size_t kDigestDigitsMin = 32;
constexpr std::size_t kIdentifierDigits = 64;

constexpr bool is_lower_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }
constexpr bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_alphanumeric(char c) { return is_lower_or_digit(c) || is_upper(c); }
constexpr bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
constexpr bool is_lower_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); }

template <class Predicate>
bool all(std::string_view text, Predicate predicate) {
  return std::all_of(text.begin(), text.end(), predicate);
}

std::string lower_case(std::string_view text) {
  std::string lowered(text);
  for (char& c : lowered) {
    if (is_upper(c)) c = static_cast<char>(c - 'A' + 'a');
  }
  return lowered;
}

/// Calls `accept` for the parts between separators; false as soon as it does.
template <class Accept>
bool each_part(std::string_view text, char separator, Accept accept) {
  for (;;) {
    const std::size_t end = text.find(separator);
    if (!accept(text.substr(0, end))) return false;
    if (end == std::string_view::npos) return true;
    text.remove_prefix(end + 1);
  }
}

/// One of ".", "_", "__" or any number of dashes.
bool is_separator(std::string_view text) {
  return text == "." || text == "_" || text == "__" || all(text, [](char c) { return c == '-'; });
}

/// [a-z0-9]+ joined by separators.
bool is_path_component(std::string_view text) {
  if (text.empty() || !is_lower_or_digit(text.front()) || !is_lower_or_digit(text.back())) return false;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = at;
    while (end < text.size() && !is_lower_or_digit(text[end])) ++end;
    if (end > at && !is_separator(text.substr(at, end - at))) return false;
    at = end;
    while (at < text.size() && is_lower_or_digit(text[at])) ++at;
  }
  return true;
}

bool is_domain_component(std::string_view text) {
  return !text.empty() && text.front() != '-' && text.back() != '-' && all(text, [](char c) { return is_alphanumeric(c) || c == '-'; });
}

bool is_host(std::string_view text) {
  if (text.size() > 2 && text.front() == '[' && text.back() == ']') {
    return all(text.substr(1, text.size() - 2), [](char c) { return is_hex(c) || c == ':'; });
  }
  return each_part(text, '.', is_domain_component);
}

bool is_domain(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  const std::size_t bracket = text.rfind(']');
  const bool after_address = bracket == std::string_view::npos || colon > bracket;
  const bool has_port = colon != std::string_view::npos && after_address && colon + 1 < text.size() && all(text.substr(colon + 1), is_digit);
  return is_host(has_port ? text.substr(0, colon) : text);
}

bool is_tag(std::string_view text) {
  const auto is_word = [](char c) { return is_alphanumeric(c) || c == '_'; };
  return !text.empty() && text.size() <= kTagMax && is_word(text.front()) &&
         all(text, [&](char c) { return is_word(c) || c == '.' || c == '-'; });
}

/// "sha256+b64:0123…": algorithm parts joined by one of "-_+.", then at least 32 hexadecimal digits.
bool is_digest(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) return false;
  const std::string_view digits = text.substr(colon + 1);
  if (digits.size() < kDigestDigitsMin || !all(digits, is_hex)) return false;
  bool at_start = true;
  for (const char c : text.substr(0, colon)) {
    const bool joins = c == '-' || c == '_' || c == '+' || c == '.';
    if (at_start ? !is_alphanumeric(c) || is_digit(c) : !is_alphanumeric(c) && !joins) return false;
    at_start = joins;
  }
  return !at_start;
}

struct Parts {
  std::string_view path;
  std::string_view tag;
  std::string_view digest;
};

/// `remainder` is what follows the domain: path[:tag][@digest]. False if it is none.
bool split_remainder(std::string_view remainder, Parts& parts) {
  if (const std::size_t at = remainder.find('@'); at != std::string_view::npos) {
    parts.digest = remainder.substr(at + 1);
    if (!is_digest(parts.digest)) return false;
    remainder = remainder.substr(0, at);
  }
  if (const std::size_t colon = remainder.rfind(':'); colon != std::string_view::npos) {
    parts.tag = remainder.substr(colon + 1);
    if (!is_tag(parts.tag)) return false;
    remainder = remainder.substr(0, colon);
  }
  parts.path = remainder;
  return each_part(remainder, '/', is_path_component);
}

/// go-digest knows three algorithms and how long their sums are.
std::string_view digest_problem(std::string_view digest) {
  struct Algorithm {
    std::string_view name;
    std::size_t digits;
  };
  static constexpr std::array<Algorithm, 3> kAlgorithms = {{{"sha256", 64}, {"sha384", 96}, {"sha512", 128}}};
  const std::size_t colon = digest.find(':');
  const std::string_view digits = digest.substr(colon + 1);
  for (const Algorithm& algorithm : kAlgorithms) {
    if (digest.substr(0, colon) != algorithm.name) continue;
    if (digits.size() != algorithm.digits) return "invalid checksum digest length";
    return all(digits, is_lower_hex) ? "" : "invalid checksum digest format";
  }
  return "unsupported digest algorithm";
}

/// splitDockerDomain of normalize.go.
std::pair<std::string, std::string> split_domain(std::string_view name) {
  const std::size_t slash = name.find('/');
  if (slash == std::string_view::npos) return {std::string(kDefaultDomain), fmt::format("{}{}", kOfficialPrefix, name)};
  const std::string_view first = name.substr(0, slash);
  std::string domain(kDefaultDomain);
  std::string rest(name);
  const bool names_host = first == "localhost" || first.find_first_of(".:") != std::string_view::npos || lower_case(first) != first;
  if (first == kLegacyDomain || names_host) {
    if (first != kLegacyDomain) domain = first;
    rest = name.substr(slash + 1);
  }
  if (domain == kDefaultDomain && rest.find('/') == std::string::npos) rest.insert(0, kOfficialPrefix);
  return {std::move(domain), std::move(rest)};
}

/// What is wrong with the name, or nothing.
std::string problem_of(std::string_view image, const std::string& domain, const std::string& remainder, Parts& parts) {
  if (image.size() == kIdentifierDigits && all(image, is_lower_hex)) {
    return fmt::format("invalid repository name ({}), cannot specify 64-byte hexadecimal strings", image);
  }
  const std::string remote = remainder.substr(0, remainder.find(':'));
  if (lower_case(remote) != remote) return fmt::format("{}: repository name ({}) must be lowercase", kInvalidFormat, remote);
  if (!is_domain(domain) || !split_remainder(remainder, parts)) return std::string(kInvalidFormat);
  if (parts.path.size() > kPathMax) return fmt::format("repository name must not be more than {} characters", kPathMax);
  return parts.digest.empty() ? std::string{} : std::string(digest_problem(parts.digest));
}

}  // namespace

Result<ImageReference> parse_image_reference(std::string_view image) {
  const auto [domain, remainder] = split_domain(image);
  Parts parts;
  const std::string problem = problem_of(image, domain, remainder, parts);
  if (!problem.empty()) return fail(ErrorCode::ValueBadName, fmt::format("couldn't parse image name \"{}\": {}", image, problem));
  ImageReference reference{domain, std::string(parts.path), std::string(parts.tag), std::string(parts.digest)};
  if (reference.tag.empty() && reference.digest.empty()) reference.tag = "latest";
  return reference;
}

std::string not_found_text(std::string_view image) { return fmt::format("failed to resolve reference \"{}\": not found", image); }

}  // namespace tandem::control::kubelet
