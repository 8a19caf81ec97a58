#include "sim/model/balancer.hpp"

#include <utility>

#include "core/balance/registry.hpp"
#include "core/base/check.hpp"
#include "core/base/random.hpp"

namespace tandem::sim {

Result<std::unique_ptr<Balancer>> Balancer::create(std::string service, const balance::BalancerSpec& spec, std::uint64_t seed) {
  if (spec.instances < 1 || spec.workers < 1) {
    return fail(ErrorCode::ValueOutOfRange, "a balancer needs at least one instance and one worker");
  }
  // Asked once for its errors; every worker and configuration makes its own.
  const auto probe = balance::make_policy(spec.product, spec.policy, RandomStream(seed, "balancer probe"));
  if (!probe) return tl::unexpected(probe.error());
  std::unique_ptr<Balancer> made(new Balancer(std::move(service), spec, seed));
  made->workers.resize(static_cast<std::size_t>(spec.instances) * static_cast<std::size_t>(spec.workers));
  made->idle_connections.resize(static_cast<std::size_t>(spec.instances));
  made->upstreams_.push_back(made->make_upstream());
  return made;
}

std::unique_ptr<Balancer::Upstream> Balancer::make_upstream() {
  auto made = std::make_unique<Upstream>();
  const auto instances = static_cast<std::uint64_t>(spec_.instances);
  for (std::uint64_t instance = 0; instance < instances; ++instance) {
    const RandomStream random(seed_, "balancer/" + service_, loads_ * instances + instance);
    made->policies.push_back(*balance::make_policy(spec_.product, spec_.policy, random));
  }
  ++loads_;
  return made;
}

void Balancer::load(const std::vector<balance::Backend>& backends, PodNetwork& network) {
  std::unique_ptr<Upstream> made = make_upstream();
  std::vector<balance::Peer> peers;
  for (const balance::Backend& backend : backends) {
    made->peers.push_back({network.address(backend.address), backend.port});
    balance::Peer peer;
    peer.weight = backend.weight;
    peer.max_fails = spec_.max_fails;
    peer.fail_timeout = spec_.fail_timeout;
    peers.push_back(peer);
  }
  for (const auto& policy : made->policies) policy->set_peers(peers);

  const std::uint32_t before = current_;
  if (free_upstreams_.empty()) {
    current_ = static_cast<std::uint32_t>(upstreams_.size());
    upstreams_.push_back(std::move(made));
  } else {
    current_ = free_upstreams_.back();
    free_upstreams_.pop_back();
    upstreams_[current_] = std::move(made);
  }
  upstreams_[before]->superseded = true;
  ++upstreams_[before]->requests;
  release_upstream(before);
}

std::uint32_t Balancer::acquire_upstream() {
  ++upstreams_[current_]->requests;
  return current_;
}

void Balancer::release_upstream(std::uint32_t index) {
  Upstream& released = *upstreams_[index];
  CHECK(released.requests > 0, "a configuration released that nobody uses");
  if (--released.requests > 0 || !released.superseded) return;
  upstreams_[index].reset();
  free_upstreams_.push_back(index);
}

}  // namespace tandem::sim
