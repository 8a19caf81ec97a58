// Recorded picks of nginx 1.22 (Debian 12): the methods, passive health and retries.

#include <cmath>
#include <map>

#include "core/balance/nginx_retries.hpp"
#include "core/balance/registry.hpp"
#include "core/base/parse.hpp"
#include "core/base/text.hpp"
#include "tests/truth/runner.hpp"

namespace tandem::truth {
namespace {

using nlohmann::json;
using namespace tandem::balance;

template <class T>
T or_throw(Result<T> result) {
  if (!result) throw std::runtime_error(to_string(result.error()));
  return *std::move(result);
}

/// "least_conn;" of the recorded configuration to our name for it.
std::string policy_of(const json& test_case) {
  if (!test_case.contains("directive") || test_case["directive"].is_null()) return "round_robin";
  std::string directive = test_case["directive"];
  if (directive.ends_with(';')) directive.pop_back();
  // The recordings hash a header; which text is hashed makes no difference to the method.
  const std::string recorded_key = "$http_x_key";
  if (const auto at = directive.find(recorded_key); at != std::string::npos)
    directive.replace(at, recorded_key.size(), "$request_uri");
  return directive;
}

Peer peer_of(const json& server) {
  Peer peer;
  peer.name = server.value("text", server["addr"].get<std::string>());
  peer.weight = server.value("weight", 1);
  peer.max_conns = server.value("max_conns", 0);
  peer.max_fails = server.value("max_fails", 1);
  if (server.contains("fail_timeout")) peer.fail_timeout = or_throw(parse_duration(server["fail_timeout"].get<std::string>()));
  peer.backup = server.value("backup", false);
  peer.down = server.value("down", false);
  return peer;
}

std::unique_ptr<BalancePolicy> policy_with_peers(const json& test_case, std::uint64_t seed = 1) {
  auto policy =
      or_throw(make_policy("nginx", policy_of(test_case), RandomStream(seed, "truth/" + test_case["id"].get<std::string>())));
  std::vector<Peer> peers;
  for (const json& server : test_case["servers"]) peers.push_back(peer_of(server));
  policy->set_peers(peers);
  return policy;
}

std::uint32_t ipv4_of(const std::string& text) {
  std::uint32_t address = 0;
  for (const std::string& octet : split(text, '.'))
    address = address << 8 | static_cast<std::uint32_t>(or_throw(parse_int(octet)));
  return address;
}

/// Its texts belong to `attributes`.
RequestTraits traits_of(const json& attributes) {
  RequestTraits traits;
  traits.uri = attributes.contains("key") ? attributes["key"].get_ref<const std::string&>() : std::string_view();
  if (attributes.contains("src")) traits.client_address = ipv4_of(attributes["src"]);
  return traits;
}

/// The attributes are an operation's last element, if it is an object.
json attributes_of(const json& operation) { return operation.back().is_object() ? operation.back() : json::object(); }

/// Replays one case of the families whose results are server indices.
class PickReplay {
 public:
  PickReplay(const json& file, const json& test_case) : file_(file), policy_(policy_with_peers(test_case)) {}

  json run(const json& operation) {
    const std::string name = operation[0];
    if (name == "r*") return repeated(operation);
    if (name == "rk") return keyed(operation);
    if (name == "r") return at_once(attributes_of(operation));
    if (name == "s") return start(operation);
    if (name == "f") return finish(operation);
    throw std::runtime_error("unknown operation " + name);
  }

 private:
  json at_once(const json& attributes) {
    TriedPeers tried;
    const std::optional<PeerRef> peer = policy_->pick(traits_of(attributes), tried, kTimeZero);
    if (!peer) return -kNoLiveUpstreams;
    policy_->on_start(*peer);
    policy_->on_finish(*peer, Outcome::Ok, kTimeZero);
    return peer->index;
  }

  json repeated(const json& operation) {
    json picks = json::array();
    for (int i = 0; i < operation[1].get<int>(); ++i) picks.push_back(at_once(attributes_of(operation)));
    return picks;
  }

  json keyed(const json& operation) {
    json values = operation[2];
    if (values.is_string()) values = file_["keysets"][values.get<std::string>().substr(1)];
    json picks = json::array();
    for (const json& value : values) picks.push_back(at_once({{operation[1].get<std::string>(), value}}));
    return picks;
  }

  json start(const json& operation) {
    TriedPeers tried;
    const json attributes = attributes_of(operation);
    const std::optional<PeerRef> peer = policy_->pick(traits_of(attributes), tried, kTimeZero);
    if (!peer) return -kNoLiveUpstreams;
    policy_->on_start(*peer);
    running_[operation[1]] = *peer;
    return peer->index;
  }

  json finish(const json& operation) {
    policy_->on_finish(running_.at(operation[1]), Outcome::Ok, kTimeZero);
    return json::array();  // nginx has no queue that anything could leave
  }

  const json& file_;
  std::unique_ptr<BalancePolicy> policy_;
  std::map<int, PeerRef> running_;
};

void check_picks(const json& file, Tally& tally) {
  for_each_case(file, tally, [&](const json& test_case) -> std::optional<std::string> {
    PickReplay replay(file, test_case);
    const json& operations = test_case["ops"];
    for (std::size_t i = 0; i < operations.size(); ++i) {
      const json ours = replay.run(operations[i]);
      if (ours != test_case["expect"][i]) {
        return "operation " + std::to_string(i) + ": " + ours.dump() + ", recorded " + test_case["expect"][i].dump();
      }
    }
    return std::nullopt;
  });
}

/// What a backend in a recorded mode does with an attempt, and how long that takes.
AttemptEnd attempt_on(const std::string& mode) {
  using Kind = AttemptEnd::Kind;
  if (mode == "up") return {Kind::Answered, 200, true};
  if (mode == "refuse") return {Kind::ConnectFailed, 0, false};
  if (mode == "reset" || mode == "close" || mode == "reset_accept") return {Kind::Reset, 0, true};
  if (mode == "hang") return {Kind::TimedOut, 0, true};
  if (mode == "badhdr") return {Kind::InvalidHeader, 0, true};
  return {Kind::Answered, static_cast<int>(or_throw(parse_int(mode))), true};
}

/// Replays one case of the families with failures and retries.
class FailureReplay {
 public:
  explicit FailureReplay(const json& test_case) : policy_(policy_with_peers(test_case)) {
    for (const json& server : test_case["servers"]) modes_.push_back(text_of(server.value("mode", json("up"))));
    if (test_case.contains("next_upstream") && test_case["next_upstream"].is_string()) {
      rules_.conditions = or_throw(parse_next_upstream(test_case["next_upstream"].get<std::string>()));
    }
    rules_.tries = test_case.value("next_tries", 0);
    rules_.timeout = milliseconds(test_case.value("next_timeout_ms", 0));
    read_timeout_ = milliseconds(test_case.value("read_timeout_ms", 60));
  }

  json run(const json& operation) {
    const std::string name = operation[0];
    if (name == "t") {
      now_ = SimTime{seconds(operation[1].get<std::int64_t>()).ns + milliseconds(150).ns};
      return nullptr;
    }
    if (name == "mode") {
      modes_.at(operation[1]) = text_of(operation[2]);
      return nullptr;
    }
    if (name == "r") return request(attributes_of(operation));
    throw std::runtime_error("unknown operation " + name);
  }

 private:
  static std::string text_of(const json& mode) { return mode.is_string() ? mode.get<std::string>() : mode.dump(); }

  json request(const json& attributes) {
    const std::string method = attributes.value("method", "GET");
    const bool idempotent = method != "POST" && method != "LOCK" && method != "PATCH";
    const RequestTraits traits = traits_of(attributes);
    NginxRetries retries(rules_, policy_->tries(), idempotent, now_);
    TriedPeers tried;
    json attempts = json::array();
    SimTime at = now_;
    for (;;) {
      const std::optional<PeerRef> peer = policy_->pick(traits, tried, at);
      if (!peer) {
        attempts.push_back({-1, kNoLiveUpstreams});
        return {attempts, kNoLiveUpstreams};
      }
      policy_->on_start(*peer);
      const AttemptEnd end = attempt_on(modes_.at(peer->index));
      if (end.kind == AttemptEnd::Kind::TimedOut) at = at + read_timeout_;
      const RetryDecision decision = retries.after(end, at);
      policy_->on_finish(*peer, decision.outcome, at);
      attempts.push_back({peer->index, decision.upstream_status});
      if (!decision.retry) return {attempts, decision.client_status};
    }
  }

  std::unique_ptr<BalancePolicy> policy_;
  std::vector<std::string> modes_;
  NginxRetryRules rules_;
  SimDuration read_timeout_;
  SimTime now_ = kTimeZero;
};

void check_failures(const json& file, Tally& tally) {
  for_each_case(file, tally, [](const json& test_case) -> std::optional<std::string> {
    FailureReplay replay(test_case);
    const json& operations = test_case["ops"];
    for (std::size_t i = 0; i < operations.size(); ++i) {
      const json ours = replay.run(operations[i]);
      if (ours != test_case["expect"][i]) {
        return "operation " + std::to_string(i) + " " + operations[i].dump() + ": " + ours.dump() + ", recorded " +
               test_case["expect"][i].dump();
      }
    }
    return std::nullopt;
  });
}

/// Shares of 20,000 picks with some requests held in flight: within 0.015 of the recorded share, zero exactly.
void check_shares(const json& file, Tally& tally) {
  constexpr double kTolerance = 0.015;
  for_each_case(file, tally, [](const json& test_case) -> std::optional<std::string> {
    const auto policy = policy_with_peers(test_case);
    for (std::size_t peer = 0; test_case.contains("held") && peer < test_case["held"].size(); ++peer) {
      for (int i = 0; i < test_case["held"][peer].get<int>(); ++i) policy->on_start({static_cast<std::uint32_t>(peer), 1});
    }
    const int picks = test_case["picks"];
    std::vector<int> counts(test_case["servers"].size());
    for (int i = 0; i < picks; ++i) {
      TriedPeers tried;
      const std::optional<PeerRef> peer = policy->pick({}, tried, kTimeZero);
      if (!peer) return "no peer could be picked";
      policy->on_start(*peer);
      policy->on_finish(*peer, Outcome::Ok, kTimeZero);
      ++counts[peer->index];
    }
    for (std::size_t peer = 0; peer < counts.size(); ++peer) {
      const int recorded = test_case["counts"][peer];
      const double gap = std::fabs(counts[peer] - recorded) / picks;
      if (gap > kTolerance || (recorded == 0) != (counts[peer] == 0)) {
        return "server " + std::to_string(peer) + " got " + std::to_string(counts[peer]) + ", recorded " +
               std::to_string(recorded);
      }
    }
    return std::nullopt;
  });
}

}  // namespace

std::vector<Family> balancer_families() {
  return {
      {"balancers/nginx-swrr", check_picks},
      {"balancers/nginx-least_conn", check_picks},
      {"balancers/nginx-ip_hash", check_picks},
      {"balancers/nginx-hash", check_picks},
      {"balancers/nginx-hash_consistent", check_picks},
      {"balancers/nginx-next_upstream", check_failures},
      {"balancers/nginx-passive_health", check_failures},
      {"balancers/nginx-random", check_shares},
  };
}

}  // namespace tandem::truth
