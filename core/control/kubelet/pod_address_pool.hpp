#pragma once
// Addresses of one IPv4 range, handed out as host-local IPAM does: the lowest free address after the last one given,
// so that an address just freed is not re-used at once.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"

namespace tandem::control {

/// "10.244.1.0/24" as numbers. Errors of parse: ValueBadCidr.
struct Ipv4Range {
  std::uint32_t first = 0;  ///< network address
  int prefix = 32;
  static Result<Ipv4Range> parse(std::string_view text);
  [[nodiscard]] std::uint64_t size() const { return std::uint64_t{1} << (32 - prefix); }
  /// The `index`-th subrange of the given prefix length, e.g. node 3's /24 of 10.244.0.0/16.
  [[nodiscard]] Result<Ipv4Range> subrange(std::uint32_t index, int prefix_length) const;
};
std::string to_string(const Ipv4Range& range);
std::string ipv4_text(std::uint32_t address);

class AddressPool {
 public:
  /// Leaves out the network address, the first host (the gateway) and the broadcast address.
  explicit AddressPool(Ipv4Range range);
  /// Errors: EngineCapability when the range is used up.
  Result<std::string> acquire();
  /// Takes a given address; false if it is outside the range or in use.
  bool reserve(std::string_view address);
  void release(std::string_view address);

 private:
  Ipv4Range range_;
  std::vector<bool> used_;  ///< by offset in the range
  std::uint32_t next_ = 2;
};

}  // namespace tandem::control
