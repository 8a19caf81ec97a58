#include "core/control/kubelet/pod_address_pool.hpp"

#include <fmt/format.h>

#include <optional>

#include "core/base/parse.hpp"
#include "core/base/text.hpp"

namespace tandem::control {

namespace {

constexpr std::uint32_t kFirstUsableOffset = 2;  // 0 is the network, 1 the gateway

std::optional<std::uint32_t> parse_ipv4(std::string_view text) {
  const std::vector<std::string> parts = split(text, '.');
  if (parts.size() != 4) return std::nullopt;
  std::uint32_t address = 0;
  for (const std::string& part : parts) {
    const Result<std::int64_t> octet = parse_int(part);
    if (!octet || *octet < 0 || *octet > 255) return std::nullopt;
    address = address << 8 | static_cast<std::uint32_t>(*octet);
  }
  return address;
}

}  // namespace

Result<Ipv4Range> Ipv4Range::parse(std::string_view text) {
  const auto refuse = [&] {
    return fail(make_error(ErrorCode::ValueBadCidr, "not an IPv4 range")
                    .with_found(std::string(text))
                    .with_allowed("an address and a prefix length, such as 10.244.0.0/16"));
  };
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return refuse();
  const auto address = parse_ipv4(text.substr(0, slash));
  const Result<std::int64_t> prefix = parse_int(text.substr(slash + 1));
  if (!address || !prefix || *prefix < 8 || *prefix > 30) return refuse();
  Ipv4Range range{*address, static_cast<int>(*prefix)};
  range.first &= static_cast<std::uint32_t>(~(range.size() - 1));
  return range;
}

Result<Ipv4Range> Ipv4Range::subrange(std::uint32_t index, int prefix_length) const {
  if (prefix_length < prefix || index >= std::uint64_t{1} << (prefix_length - prefix)) {
    return fail(make_error(ErrorCode::ValueBadCidr, fmt::format("{} has no room for part {} of length /{}", to_string(*this), index, prefix_length))
                    .with_hint("choose a larger podSubnet or fewer nodes"));
  }
  return Ipv4Range{first + (index << (32 - prefix_length)), prefix_length};
}

std::string ipv4_text(std::uint32_t address) {
  return fmt::format("{}.{}.{}.{}", address >> 24, address >> 16 & 255, address >> 8 & 255, address & 255);
}

std::string to_string(const Ipv4Range& range) { return fmt::format("{}/{}", ipv4_text(range.first), range.prefix); }

AddressPool::AddressPool(Ipv4Range range) : range_(range), used_(range.size(), false) {
  used_.front() = used_.back() = used_[1] = true;
}

Result<std::string> AddressPool::acquire() {
  const auto size = static_cast<std::uint32_t>(range_.size());
  for (std::uint32_t tried = 0; tried < size; ++tried) {
    const std::uint32_t offset = (next_ + tried) % size;
    if (used_[offset]) continue;
    used_[offset] = true;
    next_ = offset + 1;
    return ipv4_text(range_.first + offset);
  }
  return fail(ErrorCode::EngineCapability, fmt::format("no free address is left in {}", to_string(range_)));
}

bool AddressPool::reserve(std::string_view address) {
  const auto number = parse_ipv4(address);
  if (!number || *number < range_.first + kFirstUsableOffset || *number - range_.first >= range_.size()) return false;
  if (used_[*number - range_.first]) return false;
  used_[*number - range_.first] = true;
  return true;
}

void AddressPool::release(std::string_view address) {
  const auto number = parse_ipv4(address);
  if (!number || *number < range_.first + kFirstUsableOffset) return;
  if (*number - range_.first + 1 < range_.size()) used_[*number - range_.first] = false;
}

}  // namespace tandem::control
