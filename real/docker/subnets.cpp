#include "real/docker/subnets.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <charconv>

#include "core/base/check.hpp"
#include "core/base/text.hpp"
#include "host/files.hpp"

namespace tandem::docker {

namespace {

constexpr std::uint32_t kBlock = 256;
constexpr std::uint32_t kGatewayHost = 254;
constexpr std::uint32_t kInfrastructureMax = 250;

}  // namespace

Result<SubnetPlan> SubnetPlan::of(const std::string& subnet, std::size_t nodes) {
  const auto range = control::Ipv4Range::parse(subnet);
  if (!range) return tl::unexpected(range.error());
  if (range->size() < kBlock * (std::uint64_t{nodes} + 1)) {
    return fail(make_error(ErrorCode::EngineCapability, "the pod subnet leaves no room for balancers and load generator")
                    .with_found(fmt::format("{} for {} nodes of 256 addresses", subnet, nodes))
                    .with_hint("give the cluster a larger podSubnet, or fewer nodes"));
  }
  SubnetPlan plan;
  plan.subnet_ = to_string(*range);
  plan.infrastructure_ = range->first + static_cast<std::uint32_t>(range->size()) - kBlock;
  return plan;
}

std::string SubnetPlan::gateway() const { return control::ipv4_text(infrastructure_ + kGatewayHost); }

std::string SubnetPlan::next_address() {
  CHECK(given_ < kInfrastructureMax, "capabilities() counts balancer instances");
  return control::ipv4_text(infrastructure_ + ++given_);
}

bool overlap(const std::string& one, const std::string& other) {
  const auto a = control::Ipv4Range::parse(one);
  const auto b = control::Ipv4Range::parse(other);
  if (!a || !b) return false;
  return a->first < b->first + b->size() && b->first < a->first + a->size();
}

std::vector<std::string> subnet_candidates(const std::string& wanted, const std::vector<NetworkInfo>& networks,
                                           const std::vector<std::string>& routes) {
  std::vector<std::string> candidates = {wanted};
  // Private ranges that engines and clusters do not take by default.
  for (int second = 201; second < 251; ++second) candidates.push_back(fmt::format("10.{}.0.0/16", second));
  for (int second = 20; second < 32; ++second) candidates.push_back(fmt::format("172.{}.0.0/16", second));
  std::erase_if(candidates, [&](const std::string& candidate) {
    const bool by_network = std::any_of(networks.begin(), networks.end(), [&](const NetworkInfo& network) {
      return std::any_of(network.subnets.begin(), network.subnets.end(), [&](const std::string& used) { return overlap(candidate, used); });
    });
    return by_network || std::any_of(routes.begin(), routes.end(), [&](const std::string& route) { return overlap(candidate, route); });
  });
  return candidates;
}

std::vector<std::string> host_routes() {
  std::vector<std::string> routes;
  const auto hex = [](const std::string& text) {
    std::uint32_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value, 16);
    return __builtin_bswap32(value);  // the kernel prints network byte order as a little-endian number
  };
  for (const std::string& line : split(host::read_file("/proc/net/route", 1 << 20).value_or(""), '\n')) {
    const std::vector<std::string> fields = split(line, '\t');
    if (fields.size() < 8 || fields[0] == "Iface") continue;
    const std::uint32_t mask = hex(fields[7]);
    if (mask != 0) routes.push_back(fmt::format("{}/{}", control::ipv4_text(hex(fields[1])), std::popcount(mask)));
  }
  return routes;
}

}  // namespace tandem::docker
