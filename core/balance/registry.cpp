#include "core/balance/registry.hpp"

#include <algorithm>
#include <string>

#include "core/balance/nginx_consistent_hash.hpp"
#include "core/balance/nginx_hash.hpp"
#include "core/balance/nginx_ip_hash.hpp"
#include "core/balance/nginx_least_conn.hpp"
#include "core/balance/nginx_random.hpp"
#include "core/balance/nginx_round_robin.hpp"
#include "core/base/text.hpp"

namespace tandem::balance {
namespace {

using PolicyPointer = std::unique_ptr<BalancePolicy>;

struct Registration {
  std::string_view product;
  std::string_view policy;
  PolicyPointer (*make)(RandomStream random);
};

template <class Policy>
PolicyPointer make(RandomStream /*random*/) {
  return std::make_unique<Policy>();
}

template <NginxRandom::Draws kDraws>
PolicyPointer make_random(RandomStream random) {
  return std::make_unique<NginxRandom>(kDraws, random);
}

// One line a policy. The words are the product's directives as they stand in its configuration; nginx's default method
// has none, so it gets the name its documentation uses.
constexpr Registration kPolicies[] = {
    {"nginx", "round_robin", make<NginxRoundRobin>},
    {"nginx", "least_conn", make<NginxLeastConn>},
    {"nginx", "ip_hash", make<NginxIpHash>},
    {"nginx", "hash $request_uri", make<NginxHash>},
    {"nginx", "hash $request_uri consistent", make<NginxConsistentHash>},
    {"nginx", "random", make_random<NginxRandom::Draws::One>},
    {"nginx", "random two", make_random<NginxRandom::Draws::Two>},
    {"nginx", "random two least_conn", make_random<NginxRandom::Draws::Two>},
};

std::string join(const std::vector<std::string_view>& words) {
  std::string text;
  for (const std::string_view word : words) text.append(text.empty() ? "" : ", ").append(word);
  return text;
}

Error unknown(std::string what, std::string_view found, const std::vector<std::string_view>& known) {
  Error error = make_error(ErrorCode::ValueNotAllowed, std::move(what));
  error.found = found;
  error.allowed = join(known);
  const std::string nearest = nearest_name(found, known);
  if (!nearest.empty()) error.hint = "did you mean " + nearest + "?";
  return error;
}

}  // namespace

Result<PolicyPointer> make_policy(std::string_view product, std::string_view policy, RandomStream random) {
  const auto found = std::find_if(std::begin(kPolicies), std::end(kPolicies), [&](const Registration& registration) {
    return registration.product == product && registration.policy == policy;
  });
  if (found != std::end(kPolicies)) return found->make(random);
  const std::vector<std::string_view> known = policies_of(product);
  if (known.empty()) return fail(unknown("an unknown balancer product", product, products()));
  return fail(unknown("a policy that " + std::string(product) + " does not have", policy, known));
}

std::vector<std::string_view> products() {
  std::vector<std::string_view> names;
  for (const Registration& registration : kPolicies) names.push_back(registration.product);
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

std::vector<std::string_view> policies_of(std::string_view product) {
  std::vector<std::string_view> names;
  for (const Registration& registration : kPolicies) {
    if (registration.product == product) names.push_back(registration.policy);
  }
  return names;
}

}  // namespace tandem::balance
