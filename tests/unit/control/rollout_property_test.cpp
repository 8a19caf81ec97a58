// What a rolling update promises, over many random schedules: with a lagging control plane, five workers, rate limits and pods
// that take random times to start and stop, available pods never fall below replicas - maxUnavailable, the sizes never add up
// to more than replicas + maxSurge, and the rollout completes. (Interrupted by the next version, the total is only kept by
// caches that do not lag: see below.)

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <string>

#include "core/base/fake_clock.hpp"
#include "core/base/random.hpp"
#include "core/control/deployment_arithmetic.hpp"
#include "core/control/deployment_controller.hpp"
#include "core/control/deployment_status.hpp"
#include "core/control/replay.hpp"
#include "core/control/replica_set_controller.hpp"
#include "tests/unit/control/rollout_fixture.hpp"

namespace tandem::control {
namespace {

using namespace testing;

/// Binds pods, makes them ready and removes deleted ones after random delays.
class RandomNodes {
 public:
  RandomNodes(FakeClock& clock, ApiServer& server, std::uint64_t seed)
      : clock_(clock), server_(server), random_(seed, "nodes") {
    subscription_ = server.watch<Pod>(server.profile().node_watch_delay, [this](const Change<Pod>& change) { on_pod(change); });
  }

 private:
  void later(std::uint64_t most_ms, std::function<void()> action) {
    clock_.after(milliseconds(static_cast<std::int64_t>(random_.below(most_ms))), EventClass::Runtime, 0, std::move(action));
  }
  void on_pod(const Change<Pod>& change) {
    const ObjectKey key = key_of(change.object->meta);
    const std::string uid = change.object->meta.uid;
    if (change.type == ChangeType::Added) later(4000, [this, key, uid] { start(key, uid); });
    const bool marked =
        change.type == ChangeType::Modified && is_terminating(change.object->meta) && !is_terminating(change.previous->meta);
    if (marked) later(3000, [this, key, uid] { (void)server_.remove<Pod>(key, {.grace_period_seconds = 0, .uid = uid}); });
  }
  void start(const ObjectKey& key, const std::string& uid) {
    const auto pod = server_.get<Pod>(key);
    if (!pod || pod->meta.uid != uid || is_terminating(pod->meta)) return;
    ASSERT_TRUE(server_.bind(key, uid, "node-of-" + key.name).has_value());
    ASSERT_TRUE(server_
                    .patch<Pod>(key,
                                [&](Pod& edited) {
                                  edited.status.phase = PodPhase::Running;
                                  set_ready(edited, true, clock_.now());
                                })
                    .has_value());
  }

  FakeClock& clock_;
  ApiServer& server_;
  RandomStream random_;
  Subscription subscription_;
};

struct Promise {
  std::int32_t least_available = 1'000'000;
  std::int32_t largest_total = 0;
};

DeliveryProfile random_profile(RandomStream& random) {
  DeliveryProfile profile = DeliveryProfile::kubernetes();
  profile.write_latency = milliseconds(static_cast<std::int64_t>(random.below(30)) + 1);
  profile.watch_delay = milliseconds(static_cast<std::int64_t>(random.below(60)) + 1);
  profile.sync_cost = milliseconds(static_cast<std::int64_t>(random.below(4)));
  return profile;
}

Deployment random_deployment(RandomStream& random) {
  const auto replicas = static_cast<std::int32_t>(random.below(12)) + 1;
  auto surge = static_cast<std::int32_t>(random.below(4));
  const auto unavailable = static_cast<std::int32_t>(random.below(4));
  if (surge == 0 && unavailable == 0) surge = 1;
  Deployment deployment = deployment_of(replicas, count(surge), count(unavailable));
  deployment.spec.pod_template.edit(
      [](PodTemplate& t) { t.spec.edit([](PodSpec& s) { s.termination_grace_period_seconds = 30; }); });
  return deployment;
}

enum class Caches : std::uint8_t { Lag, Current };

/// Returns what went wrong, or nothing.
std::optional<std::string> roll(std::uint64_t seed, int versions, Caches caches) {
  RandomStream random(seed, "rollout property");
  FakeClock clock;
  DeliveryProfile profile = random_profile(random);
  if (caches == Caches::Current) profile.watch_delay = SimDuration{};
  ApiServer server(clock, profile, seed);
  OwnedInformers informers(server, profile.watch_delay);
  DeploymentController deployments(clock, server, informers.shared());
  ReplicaSetController replica_sets(clock, server, informers.shared());
  RandomNodes nodes(clock, server, seed);
  const Deployment wanted = random_deployment(random);
  if (!server.create(wanted)) return "the Deployment was refused";
  clock.run_until(SimTime{seconds(120).ns});

  Promise seen;
  const auto watch_sizes = server.watch<ReplicaSet>(SimDuration{}, [&](const Change<ReplicaSet>&) {
    std::int32_t total = 0;
    for (const auto& replica_set : server.list<ReplicaSet>()) total += replica_set->spec.replicas;
    seen.largest_total = std::max(seen.largest_total, total);
  });
  const auto watch_pods = server.watch<Pod>(SimDuration{}, [&](const Change<Pod>&) {
    std::int32_t available = 0;
    for (const auto& pod : server.list<Pod>()) available += is_active(*pod) && is_ready(*pod) ? 1 : 0;
    seen.least_available = std::min(seen.least_available, available);
  });
  for (int version = 2; version <= versions; ++version) {
    const std::string image = fmt::format("web:{}", version);
    (void)server.patch<Deployment>(kWeb, [&](Deployment& edited) { edited.spec.pod_template = template_with_image(image); });
    // All but the last version may be cut short by the next.
    const bool last = version == versions;
    clock.run_until(clock.now() + (last ? seconds(900) : milliseconds(static_cast<std::int64_t>(random.below(15'000)))));
  }

  const Deployment after = *server.get<Deployment>(kWeb);
  const std::string what = fmt::format("replicas {}, surge {}, unavailable {}: ", wanted.spec.replicas,
                                       rollout_bounds(wanted.spec).surge, rollout_bounds(wanted.spec).unavailable);
  if (!is_complete(after, after.status)) return what + "not complete after 900 s";
  if (seen.least_available < min_available(wanted.spec)) return what + fmt::format("only {} available", seen.least_available);
  // The first size of a new version is computed from the cache, and creating it conflicts with nothing: if the template changes
  // while a sync for the previous version still writes, Kubernetes can exceed the total as well.
  const bool bounded = versions == 2 || caches == Caches::Current;
  if (bounded && seen.largest_total > max_total(wanted.spec))
    return what + fmt::format("sizes add up to {}", seen.largest_total);
  return std::nullopt;
}

class RolloutProperty : public ::testing::TestWithParam<std::uint64_t> {};

TEST_P(RolloutProperty, KeepsItsBoundsAndCompletes) {
  for (std::uint64_t i = 0; i < 25; ++i) {
    const std::uint64_t seed = GetParam() * 1000 + i;
    const auto wrong = roll(seed, 2, Caches::Lag);
    EXPECT_FALSE(wrong.has_value()) << "seed " << seed << ": " << wrong.value_or("");
  }
}

TEST_P(RolloutProperty, StaysAvailableAndCompletesWhenNewVersionsInterruptIt) {
  for (std::uint64_t i = 0; i < 25; ++i) {
    const std::uint64_t seed = 500'000 + GetParam() * 1000 + i;
    const auto wrong = roll(seed, 4, Caches::Lag);
    EXPECT_FALSE(wrong.has_value()) << "seed " << seed << ": " << wrong.value_or("");
  }
}

TEST_P(RolloutProperty, KeepsItsBoundsWhenInterruptedIfItsCachesAreCurrent) {
  for (std::uint64_t i = 0; i < 25; ++i) {
    const std::uint64_t seed = 900'000 + GetParam() * 1000 + i;
    const auto wrong = roll(seed, 4, Caches::Current);
    EXPECT_FALSE(wrong.has_value()) << "seed " << seed << ": " << wrong.value_or("");
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, RolloutProperty, ::testing::Values(1, 2, 3, 4));

}  // namespace
}  // namespace tandem::control
