#pragma once
// IP addresses and blocks as Kubernetes reads them in older fields: leading zeros and IPv4-mapped forms are accepted.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tandem::cluster::api {

/// 16 bytes; IPv4 addresses are mapped (::ffff:a.b.c.d).
struct IpAddress {
  std::array<std::uint8_t, 16> bytes{};
  bool is_v4 = false;        ///< an IPv4 address, however it was written
  bool has_colon = false;    ///< written as IPv6
  bool leading_zero = false; ///< a part of an IPv4 address begins with 0
};

struct IpBlock {
  IpAddress address;
  int prefix = 0;
  int bits = 32;  ///< 32 or 128
  bool leading_zero = false;
};

std::optional<IpAddress> parse_ip(std::string_view text);
std::optional<IpBlock> parse_cidr(std::string_view text);
/// "10.0.0.1", "2001:db8::1": RFC 5952; an IPv4-mapped address prints as IPv4, as Go's net.IP does.
std::string to_text(const IpAddress& address);
/// The network of a block, its bits beyond the prefix cleared: "10.0.0.0/24".
std::string network_text(const IpBlock& block);
bool contains_address(const IpBlock& block, const IpAddress& address);
IpAddress masked(const IpBlock& block);

}  // namespace tandem::cluster::api
