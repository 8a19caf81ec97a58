#include "core/cluster/api/address_rules.hpp"

#include <fmt/format.h>

#include "core/cluster/api/rules.hpp"

namespace tandem::cluster::api {

namespace {

/// Decimal digits only, at most `max`.
std::optional<int> small_number(std::string_view text, int max) {
  if (text.empty() || text.size() > 9 || text.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
  int value = 0;
  for (const char c : text) value = value * 10 + (c - '0');
  return value <= max ? std::optional(value) : std::nullopt;
}

bool parse_v4(std::string_view text, std::uint8_t* out, bool& leading_zero) {
  const std::vector<std::string> parts = split_text(text, '.');
  if (parts.size() != 4) return false;
  for (std::size_t i = 0; i < 4; ++i) {
    const std::optional<int> part = small_number(parts[i], 255);
    if (!part) return false;
    leading_zero = leading_zero || (parts[i].size() > 1 && parts[i][0] == '0');
    out[i] = static_cast<std::uint8_t>(*part);
  }
  return true;
}

/// The groups of one side of "::".
bool parse_groups(std::string_view text, std::vector<std::uint8_t>& bytes, bool& leading_zero) {
  if (text.empty()) return true;
  const std::vector<std::string> groups = split_text(text, ':');
  for (std::size_t i = 0; i < groups.size(); ++i) {
    const std::string& group = groups[i];
    if (group.find('.') != std::string::npos) {
      std::uint8_t v4[4];
      if (i + 1 != groups.size() || !parse_v4(group, v4, leading_zero)) return false;
      bytes.insert(bytes.end(), v4, v4 + 4);
      continue;
    }
    if (group.empty() || group.size() > 4 || group.find_first_not_of("0123456789abcdefABCDEF") != std::string::npos) return false;
    const int value = std::stoi(group, nullptr, 16);
    bytes.push_back(static_cast<std::uint8_t>(value >> 8));
    bytes.push_back(static_cast<std::uint8_t>(value & 0xff));
  }
  return true;
}

bool is_mapped(const std::array<std::uint8_t, 16>& bytes) {
  for (std::size_t i = 0; i < 10; ++i) {
    if (bytes[i] != 0) return false;
  }
  return bytes[10] == 0xff && bytes[11] == 0xff;
}

std::string v6_text(const std::array<std::uint8_t, 16>& bytes) {
  int best = -1;
  int best_length = 1;  // a run of one group is not shortened
  int group[8];
  for (int i = 0; i < 8; ++i) group[i] = bytes[static_cast<std::size_t>(2 * i)] * 256 + bytes[static_cast<std::size_t>(2 * i + 1)];
  for (int i = 0; i < 8;) {
    int j = i;
    while (j < 8 && group[j] == 0) ++j;
    if (j - i > best_length) {
      best = i;
      best_length = j - i;
    }
    i = j == i ? i + 1 : j;
  }
  std::string text;
  for (int i = 0; i < 8; ++i) {
    if (i == best) {
      text += "::";
      i += best_length - 1;
      continue;
    }
    text = fmt::format("{}{}{:x}", text, text.empty() || text.ends_with(':') ? "" : ":", group[i]);
  }
  return text;
}

bool in_block(const IpAddress& address, std::string_view block) {
  const std::optional<IpBlock> parsed = parse_cidr(block);
  return parsed && contains_address(*parsed, address);
}

}  // namespace

std::optional<IpAddress> parse_ip(std::string_view text) {
  IpAddress address;
  if (text.find(':') == std::string_view::npos) {
    address.bytes[10] = address.bytes[11] = 0xff;
    address.is_v4 = true;
    return parse_v4(text, address.bytes.data() + 12, address.leading_zero) ? std::optional(address) : std::nullopt;
  }
  address.has_colon = true;
  std::vector<std::uint8_t> left;
  std::vector<std::uint8_t> right;
  const std::size_t gap = text.find("::");
  if (!parse_groups(text.substr(0, gap), left, address.leading_zero)) return std::nullopt;
  if (gap != std::string_view::npos && !parse_groups(text.substr(gap + 2), right, address.leading_zero)) return std::nullopt;
  const std::size_t length = left.size() + right.size();
  if (gap == std::string_view::npos ? length != 16 : length > 14) return std::nullopt;
  std::copy(left.begin(), left.end(), address.bytes.begin());
  std::copy(right.begin(), right.end(), address.bytes.end() - static_cast<std::ptrdiff_t>(right.size()));
  address.is_v4 = is_mapped(address.bytes);
  return address;
}

std::optional<IpBlock> parse_cidr(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const std::optional<IpAddress> address = parse_ip(text.substr(0, slash));
  if (!address) return std::nullopt;
  IpBlock block{*address, 0, address->has_colon ? 128 : 32, address->leading_zero};
  const std::string_view digits = text.substr(slash + 1);
  const std::optional<int> prefix = small_number(digits, block.bits);
  if (!prefix) return std::nullopt;
  block.prefix = *prefix;
  block.leading_zero = block.leading_zero || (digits.size() > 1 && digits[0] == '0');
  return block;
}

std::string to_text(const IpAddress& address) {
  const auto& bytes = address.bytes;
  if (address.is_v4) return fmt::format("{}.{}.{}.{}", bytes[12], bytes[13], bytes[14], bytes[15]);
  return v6_text(bytes);
}

IpAddress masked(const IpBlock& block) {
  IpAddress network = block.address;
  const int kept = block.prefix + (block.bits == 32 ? 96 : 0);
  for (int i = 0; i < 16; ++i) {
    const int bits = std::clamp(kept - 8 * i, 0, 8);
    network.bytes[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(network.bytes[static_cast<std::size_t>(i)] & (0xff00 >> bits));
  }
  if (block.bits == 128) network.is_v4 = is_mapped(network.bytes);
  return network;
}

std::string network_text(const IpBlock& block) { return fmt::format("{}/{}", to_text(masked(block)), block.prefix); }

bool contains_address(const IpBlock& block, const IpAddress& address) {
  if ((block.bits == 32) != address.is_v4) return false;
  IpBlock other = block;
  other.address = address;
  return masked(other).bytes == masked(block).bytes;
}

void check_ip(FieldErrors& errors, const std::string& text, const FieldPath& path, const std::vector<std::string>& old) {
  if (!contains(old, text) && !parse_ip(text)) errors.invalid(path, text, "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)");
}

void check_cidr(FieldErrors& errors, const std::string& text, const FieldPath& path, const std::vector<std::string>& old) {
  if (!contains(old, text) && !parse_cidr(text)) errors.invalid(path, text, "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)");
}

void check_endpoint_ip(FieldErrors& errors, const std::string& text, const FieldPath& path) {
  const std::optional<IpAddress> address = parse_ip(text);
  if (!address) return errors.invalid(path, text, "must be a valid IP address");
  const std::string canonical = to_text(*address);
  if (canonical == "0.0.0.0" || canonical == "::") {
    errors.invalid(path, text, fmt::format("may not be unspecified ({})", text));
  }
  if (in_block(*address, "127.0.0.0/8") || canonical == "::1") errors.invalid(path, text, "may not be in the loopback range (127.0.0.0/8, ::1/128)");
  if (in_block(*address, "169.254.0.0/16") || in_block(*address, "fe80::/10")) {
    errors.invalid(path, text, "may not be in the link-local range (169.254.0.0/16, fe80::/10)");
  }
  if (in_block(*address, "224.0.0.0/24") || (!address->is_v4 && address->bytes[0] == 0xff && (address->bytes[1] & 0x0f) == 2)) {
    errors.invalid(path, text, "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)");
  }
}

}  // namespace tandem::cluster::api
