#pragma once
// The BalancerRuntime seam (design §3): makes a product's balancer exist and follow endpoints.

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/base/time.hpp"

namespace tandem::balance {

/// What the scenario says about one balancer in front of one Service.
struct BalancerSpec {
  std::string product = "nginx";          ///< registered products: nginx (later haproxy, envoy, kube-proxy)
  std::string policy = "round_robin";     ///< the product's own word
  std::string service;                    ///< Service name; empty = every Service that traffic goes to
  int instances = 1;                      ///< balancers with a state of their own, requests dealt to them in turn
  int workers = 1;                        ///< worker processes
  SimDuration connect_timeout = seconds(1);
  SimDuration read_timeout = seconds(60);
  int max_fails = 1;                      ///< nginx: failures within fail_timeout that disable a peer; 0 = never
  SimDuration fail_timeout = seconds(10);
  friend bool operator==(const BalancerSpec&, const BalancerSpec&) = default;
};

struct Backend {
  std::string pod_name;
  std::string address;      ///< IPv4
  std::int32_t port = 0;
  int weight = 1;
  friend bool operator==(const Backend&, const Backend&) = default;
};

class BalancerRuntime {
 public:
  virtual ~BalancerRuntime() = default;
  /// Starts the balancer of `service` ("namespace/name"); `done` when it accepts connections.
  virtual void start(const std::string& service, const BalancerSpec& spec, std::function<void(Status)> done) = 0;
  /// Makes the balancer use exactly these backends, sorted by address. Takes effect after the product's own delay
  /// (nginx: reload); `applied` runs when new requests follow the new list. Later calls supersede queued earlier ones.
  virtual void set_backends(const std::string& service, std::vector<Backend> backends, std::function<void(Status)> applied) = 0;
};

}  // namespace tandem::balance
