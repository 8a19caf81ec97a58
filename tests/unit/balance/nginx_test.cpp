// Examples of data-plane-semantics §1.1 and of the nginx documentation; thousands of recorded picks are in tests/truth.

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <string>

#include "core/balance/registry.hpp"

namespace tandem::balance {
namespace {

using namespace literals;

std::unique_ptr<BalancePolicy> policy_of(std::string_view name, std::vector<Peer> peers, std::uint64_t seed = 1) {
  auto policy = make_policy("nginx", name, RandomStream(seed, "nginx_test")).value();
  policy->set_peers(peers);
  return policy;
}

std::vector<Peer> weighted(std::initializer_list<int> weights) {
  std::vector<Peer> peers;
  for (const int weight : weights)
    peers.push_back({.name = "10.0.0." + std::to_string(peers.size() + 1) + ":8080", .weight = weight});
  return peers;
}

/// Picks `count` times, each request finishing at once; peers as letters, '-' for none.
std::string sequence(BalancePolicy& policy, int count, const RequestTraits& request = {}) {
  std::string letters;
  for (int i = 0; i < count; ++i) {
    TriedPeers tried;
    const auto peer = policy.pick(request, tried, kTimeZero);
    letters += peer ? static_cast<char>('a' + peer->index) : '-';
    if (!peer) continue;
    policy.on_start(*peer);
    policy.on_finish(*peer, Outcome::Ok, kTimeZero);
  }
  return letters;
}

PeerRef start(BalancePolicy& policy, SimTime now = kTimeZero) {
  TriedPeers tried;
  const auto peer = policy.pick({}, tried, now);
  EXPECT_TRUE(peer.has_value());
  policy.on_start(peer.value());
  return *peer;
}

TEST(NginxRoundRobin, SpreadsWeightsSmoothly) {
  EXPECT_EQ(sequence(*policy_of("round_robin", weighted({5, 1, 1})), 14), "aabacaaaabacaa");
  EXPECT_EQ(sequence(*policy_of("round_robin", weighted({3, 2, 1})), 6), "abacba");
}

TEST(NginxRoundRobin, LeavesOutPeersThatAreDownAndFull) {
  auto peers = weighted({1, 1, 1});
  peers[1].down = true;
  EXPECT_EQ(sequence(*policy_of("round_robin", peers), 4), "acac");
  peers = weighted({1, 1});
  peers[0].max_conns = peers[1].max_conns = 1;
  const auto policy = policy_of("round_robin", peers);
  const PeerRef first = start(*policy);
  start(*policy);
  EXPECT_EQ(sequence(*policy, 1), "-");
  policy->on_finish(first, Outcome::Ok, kTimeZero);
  EXPECT_EQ(sequence(*policy, 2), "aa");
}

TEST(NginxRoundRobin, GoesToBackupsOnlyWhenNoPrimaryIsLeft) {
  auto peers = weighted({1, 1, 1});
  peers[0].backup = true;
  const auto policy = policy_of("round_robin", peers);
  EXPECT_EQ(sequence(*policy, 4), "bcbc");
  TriedPeers tried;
  std::string order;
  while (const auto peer = policy->pick({}, tried, kTimeZero)) {
    policy->on_start(*peer);
    order += static_cast<char>('a' + peer->index);
  }
  EXPECT_EQ(order, "bca");
  EXPECT_EQ(policy->tries(), 3);
}

TEST(NginxRoundRobin, HasNobodyToPickWithoutPeers) {
  const auto policy = policy_of("round_robin", {});
  TriedPeers tried;
  EXPECT_FALSE(policy->pick({}, tried, kTimeZero).has_value());
  EXPECT_EQ(policy->tries(), 0);
}

TEST(NginxPassiveHealth, AdmitsOneProbeInEveryWindowOfWholeSeconds) {
  // The measurement of data-plane-semantics §1.1: weights 1/1, the second server dead, max_fails=2, fail_timeout=3s, ten
  // requests a second: two failures in the first second, then exactly one probe every 4 s.
  auto peers = weighted({1, 1});
  for (Peer& peer : peers) {
    peer.max_fails = 2;
    peer.fail_timeout = 3_s;
  }
  const auto policy = policy_of("round_robin", peers);
  std::array<int, 24> failures{};
  for (int tenth = 0; tenth < 240; ++tenth) {
    const SimTime now = SimTime{} + 100_ms * tenth;
    TriedPeers tried;
    for (auto peer = policy->pick({}, tried, now); peer; peer = policy->pick({}, tried, now)) {
      policy->on_start(*peer);
      const bool dead = peer->index == 1;
      policy->on_finish(*peer, dead ? Outcome::ConnectFailed : Outcome::Ok, now);
      if (!dead) break;
      ++failures[static_cast<std::size_t>(tenth / 10)];
    }
  }
  const std::array<int, 24> expected{2, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0};
  EXPECT_EQ(failures, expected);
}

TEST(NginxPassiveHealth, NeverGivesUpOnALoneServer) {
  const auto policy = policy_of("least_conn", weighted({1}));
  for (int i = 0; i < 5; ++i) policy->on_finish(start(*policy), Outcome::Reset, kTimeZero);
  EXPECT_EQ(sequence(*policy, 2), "aa");
  EXPECT_EQ(policy->tries(), 1);
}

TEST(NginxPassiveHealth, WithMaxFailsZeroNeverDisables) {
  auto peers = weighted({1, 1});
  peers[0].max_fails = peers[1].max_fails = 0;
  const auto policy = policy_of("round_robin", peers);
  for (int i = 0; i < 6; ++i) policy->on_finish(start(*policy), Outcome::TimedOut, kTimeZero);
  EXPECT_EQ(sequence(*policy, 4), "abab");
}

TEST(NginxLeastConn, TakesTheFreestByWeightAndRoundRobinsTies) {
  EXPECT_EQ(sequence(*policy_of("least_conn", weighted({1, 1, 1})), 6), "abcabc");
  const auto policy = policy_of("least_conn", weighted({1, 2}));
  EXPECT_EQ(start(*policy).index, 1U);  // all idle: the heavier one first
  EXPECT_EQ(start(*policy).index, 0U);  // 0/1 against 1/2
  EXPECT_EQ(start(*policy).index, 1U);  // 1/1 against 1/2
  EXPECT_EQ(policy->in_flight(0), 1);
  EXPECT_EQ(policy->in_flight(1), 2);
}

TEST(NginxIpHash, SendsAnAddressRangeToOnePeer) {
  const auto policy = policy_of("ip_hash", weighted({1, 1, 1}));
  // data-plane-semantics §1.1, computed and recorded.
  EXPECT_EQ(sequence(*policy, 2, {.client_address = 0x0a000001}), "aa");  // 10.0.0.1
  EXPECT_EQ(sequence(*policy, 2, {.client_address = 0x0a0000fe}), "aa");  // same /24
  EXPECT_EQ(sequence(*policy, 1, {.client_address = 0xc0a8010a}), "b");   // 192.168.1.10
  EXPECT_EQ(sequence(*policy, 1, {.client_address = 0xac100504}), "b");   // 172.16.5.4
}

TEST(NginxHash, AgreesWithTheReferenceKeys) {
  const std::string_view keys[] = {"a", "b", "c", "d", "e", "f", "g", "h", "foo", "bar"};
  const auto policy = policy_of("hash $request_uri", weighted({1, 1, 1}));
  std::string letters;
  for (const std::string_view key : keys) letters += sequence(*policy, 1, {.uri = key});
  EXPECT_EQ(letters, "caccccabbb");

  const auto consistent = policy_of("hash $request_uri consistent", weighted({1, 1, 1}));
  letters.clear();
  for (const std::string_view key : {"foo", "user42", "/index.html", "a", "b"})
    letters += sequence(*consistent, 1, {.uri = key});
  EXPECT_EQ(letters, "acaac");
}

TEST(NginxConsistentHash, MovesOnlyTheKeysOfANewServer) {
  const auto three = policy_of("hash $request_uri consistent", weighted({1, 1, 1}));
  const auto four = policy_of("hash $request_uri consistent", weighted({1, 1, 1, 1}));
  int moved = 0;
  for (int i = 0; i < 2000; ++i) {
    const std::string key = "key" + std::to_string(i);
    const std::string before = sequence(*three, 1, {.uri = key}), after = sequence(*four, 1, {.uri = key});
    if (before == after) continue;
    ++moved;
    EXPECT_EQ(after, "d");
  }
  EXPECT_NEAR(moved / 2000.0, 0.231, 0.04);  // data-plane-semantics §1.1: 23.1 % of 20,000 keys
}

TEST(NginxRandom, FollowsTheWeights) {
  const auto policy = policy_of("random", weighted({3, 1}));
  const std::string letters = sequence(*policy, 20'000);
  const auto share = static_cast<double>(std::count(letters.begin(), letters.end(), 'a')) / 20'000.0;
  EXPECT_NEAR(share, 0.75, 4 * std::sqrt(0.75 * 0.25 / 20'000));
}

TEST(NginxRandom, TwoChoicesAvoidTheBusierPeer) {
  const auto policy = policy_of("random two least_conn", weighted({1, 1}));
  const PeerRef busy = start(*policy);
  const std::string letters = sequence(*policy, 100);
  EXPECT_EQ(letters, std::string(100, busy.index == 0 ? 'b' : 'a'));
}

TEST(NginxRandom, DependsOnItsStreamOnly) {
  EXPECT_EQ(sequence(*policy_of("random", weighted({1, 1, 1}), 5), 50),
            sequence(*policy_of("random", weighted({1, 1, 1}), 5), 50));
  EXPECT_NE(sequence(*policy_of("random", weighted({1, 1, 1}), 5), 50),
            sequence(*policy_of("random", weighted({1, 1, 1}), 6), 50));
}

TEST(NginxReload, StartsAfreshAndForgetsAttemptsOnTheOldPeers) {
  const auto policy = policy_of("least_conn", weighted({1, 1}));
  const PeerRef old = start(*policy);
  policy->set_peers(weighted({1, 1, 1}));
  EXPECT_EQ(policy->in_flight(old.index), 0);
  policy->on_finish(old, Outcome::Reset, kTimeZero);  // must count nowhere
  EXPECT_EQ(sequence(*policy, 3), "abc");
}

TEST(NginxReload, GivesARequestThatIsRetriedTheWholeNewList) {
  const auto policy = policy_of("round_robin", weighted({1, 1}));
  TriedPeers tried;
  while (policy->pick({}, tried, kTimeZero)) {}
  policy->set_peers(weighted({1}));
  EXPECT_TRUE(policy->pick({}, tried, kTimeZero).has_value());
}

TEST(NginxPolicies, WorkBeyondSixtyFourPeers) {
  std::vector<Peer> peers(200);
  const auto policy = policy_of("round_robin", peers);
  TriedPeers tried;
  std::size_t picked = 0;
  while (policy->pick({}, tried, kTimeZero)) ++picked;
  EXPECT_EQ(picked, 200U);
}

TEST(NginxPolicies, RefuseAnEndWithoutABeginning) {
  const auto policy = policy_of("round_robin", weighted({1, 1}));
  TriedPeers tried;
  const auto peer = policy->pick({}, tried, kTimeZero);
  EXPECT_DEATH(policy->on_finish(*peer, Outcome::Ok, kTimeZero), "never began");
}

}  // namespace
}  // namespace tandem::balance
