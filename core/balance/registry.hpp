#pragma once
// Policies by product and by the product's own word for them.

#include <memory>
#include <string_view>
#include <vector>

#include "core/balance/policy.hpp"
#include "core/base/random.hpp"
#include "core/base/result.hpp"

namespace tandem::balance {

/// A new policy without peers. `random` is its only source of chance: give each balancer instance a stream of its own.
/// Errors: ValueNotAllowed (with the known words and the nearest as hint).
Result<std::unique_ptr<BalancePolicy>> make_policy(std::string_view product, std::string_view policy, RandomStream random);

/// Registered products, sorted.
std::vector<std::string_view> products();
/// Policies of a product in the order of registration; empty for an unknown product.
std::vector<std::string_view> policies_of(std::string_view product);

}  // namespace tandem::balance
