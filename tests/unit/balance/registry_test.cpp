#include "core/balance/registry.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace tandem::balance {
namespace {

TEST(PolicyRegistry, MakesEveryPolicyItLists) {
  for (const std::string_view product : products()) {
    const auto policies = policies_of(product);
    EXPECT_FALSE(policies.empty()) << product;
    for (const std::string_view name : policies) {
      const auto policy = make_policy(product, name, RandomStream(1, "test"));
      ASSERT_TRUE(policy.has_value()) << name;
      const Peer peers[] = {{.name = "10.0.0.1:80"}, {.name = "10.0.0.2:80"}};
      (*policy)->set_peers(peers);
      TriedPeers tried;
      EXPECT_TRUE((*policy)->pick({}, tried, kTimeZero).has_value()) << name;
    }
  }
}

TEST(PolicyRegistry, ListsTheMethodsOfNginx) {
  const auto policies = policies_of("nginx");
  for (const std::string_view name : {"round_robin", "least_conn", "ip_hash", "random", "random two least_conn"}) {
    EXPECT_NE(std::find(policies.begin(), policies.end(), name), policies.end()) << name;
  }
}

TEST(PolicyRegistry, OffersTheNearestNameForAnUnknownOne) {
  const auto policy = make_policy("nginx", "least_con", RandomStream(1, "test"));
  ASSERT_FALSE(policy.has_value());
  EXPECT_EQ(policy.error().code, ErrorCode::ValueNotAllowed);
  EXPECT_EQ(policy.error().hint, "did you mean least_conn?");
  const auto product = make_policy("ngnix", "least_conn", RandomStream(1, "test"));
  ASSERT_FALSE(product.has_value());
  EXPECT_EQ(product.error().hint, "did you mean nginx?");
}

}  // namespace
}  // namespace tandem::balance
