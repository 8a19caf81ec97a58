#include "core/base/text.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>

#include "core/base/check.hpp"
#include "core/base/limits.hpp"

namespace tandem {
namespace {

/// Edit distance with swaps of neighbours (optimal string alignment), all operations at cost 1.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before_last(b.size() + 1), last(b.size() + 1), current(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    current[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      current[j] = std::min({last[j] + 1, current[j - 1] + 1, change});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        current[j] = std::min(current[j], before_last[j - 2] + 1);
      }
    }
    before_last.swap(last);
    last.swap(current);
  }
  return last[b.size()];
}

struct CodePoint {
  std::uint32_t value = 0;
  std::size_t size = 0;  ///< bytes it takes; 0 = the bytes here are not UTF-8
};

/// Decodes the first character of `bytes` (not empty) by RFC 3629: no overlong forms, no surrogates, at most U+10FFFF.
CodePoint decode(std::string_view bytes) {
  const auto at = [&](std::size_t i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[i])); };
  const std::uint32_t first = at(0);
  if (first < 0x80) return {first, 1};
  const std::size_t size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || bytes.size() < size) return {};
  std::uint32_t value = first & (0xffU >> (size + 1));
  for (std::size_t i = 1; i < size; ++i) {
    if ((at(i) & 0xc0) != 0x80) return {};
    value = value << 6 | (at(i) & 0x3f);
  }
  constexpr std::uint32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
  if (value < kSmallest[size] || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff)) return {};
  return {value, size};
}

/// Characters that move the cursor, start an escape sequence, or reorder what is shown.
bool is_harmful(std::uint32_t c) {
  return c < 0x20 || (c >= 0x7f && c <= 0x9f) ||  // C0, DEL, C1
         c == 0x061c || c == 0x200e || c == 0x200f || (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) ||
         c == 0xfeff;
}

bool is_label_char(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

}  // namespace

std::string nearest_name(std::string_view word, std::span<const std::string_view> candidates) {
  const std::size_t limit = std::max<std::size_t>(2, word.size() / 3);
  std::size_t best_distance = limit + 1;
  std::string_view best;
  for (const std::string_view candidate : candidates) {
    const std::size_t gap = std::max(candidate.size(), word.size()) - std::min(candidate.size(), word.size());
    if (gap >= best_distance) continue;  // the distance is at least the difference in length
    const std::size_t distance = edit_distance(word, candidate);
    // A name that shares nothing with the word is no help, however short both are.
    if (distance < best_distance && distance < std::max(word.size(), candidate.size())) {
      best_distance = distance;
      best = candidate;
    }
  }
  return std::string(best);
}

std::string escape_for_terminal(std::string_view bytes, std::size_t limit) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  while (!bytes.empty()) {
    const CodePoint c = decode(bytes);
    const std::size_t taken = std::max<std::size_t>(c.size, 1);
    std::string piece(bytes.substr(0, taken));
    if (c.size == 0 || is_harmful(c.value)) {
      std::string escaped;
      for (const char byte : piece) {
        const auto value = static_cast<unsigned char>(byte);
        escaped += {'\\', 'x', kDigits[value >> 4], kDigits[value & 15]};
      }
      piece = std::move(escaped);
    }
    if (out.size() + piece.size() > limit) return out + "...";
    out += piece;
    bytes.remove_prefix(taken);
  }
  return out;
}

bool is_valid_utf8(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t size = decode(bytes).size;
    if (size == 0) return false;
    bytes.remove_prefix(size);
  }
  return true;
}

bool is_dns_label(std::string_view name) {
  if (name.empty() || name.size() > kInputLimits.identifier_bytes || !is_label_char(name.front()) || !is_label_char(name.back())) return false;
  return std::all_of(name.begin(), name.end(), [](char c) { return is_label_char(c) || c == '-'; });
}

bool is_dns_subdomain(std::string_view name) {
  // Kubernetes limits the whole to 253 bytes and leaves the single labels' length open.
  if (name.empty() || name.size() > 253) return false;
  for (const std::string& label : split(name, '.')) {
    if (label.empty() || !is_label_char(label.front()) || !is_label_char(label.back())) return false;
    if (!std::all_of(label.begin(), label.end(), [](char c) { return is_label_char(c) || c == '-'; })) return false;
  }
  return true;
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  for (;;) {
    const std::size_t end = text.find(separator);
    parts.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::string_view trim(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n\f\v";
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

std::string format_double(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
  char buffer[64];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value);
  return {buffer, end.ptr};
}

std::string format_fixed(double value, int decimals) {
  if (!std::isfinite(value)) return format_double(value);
  CHECK(decimals >= 0 && decimals <= 100, "a number of decimals outside 0..100");
  char buffer[512];  // the largest double has 309 digits before the point
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::fixed, decimals);
  std::string text(buffer, end.ptr);
  // "-0.00" says nothing that "0.00" does not.
  if (text.front() == '-' && text.find_first_not_of("-0.") == std::string::npos) text.erase(0, 1);
  return text;
}

}  // namespace tandem
