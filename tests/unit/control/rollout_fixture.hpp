#pragma once
// A Deployment on an API server without delays, its two controllers run by hand, pods made ready by the test.

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "core/base/fake_clock.hpp"
#include "core/cluster/api_server.hpp"
#include "core/control/deployment_controller.hpp"
#include "core/control/deployment_revision.hpp"
#include "core/control/replica_set_controller.hpp"

namespace tandem::control::testing {

using namespace cluster;

inline const ObjectKey kWeb{"default", "web"};

inline PodTemplate template_with_image(const std::string& image) {
  PodSpec spec;
  spec.containers.emplace_back().name = "app";
  spec.containers.back().image = image;
  spec.termination_grace_period_seconds = 0;
  PodTemplate pod_template;
  pod_template.labels = Labels{{"app", "web"}};
  pod_template.spec = std::move(spec);
  return pod_template;
}

inline Deployment deployment_of(std::int32_t replicas, IntOrString surge, IntOrString unavailable) {
  Deployment deployment;
  deployment.meta.namespace_ = kWeb.namespace_;
  deployment.meta.name = kWeb.name;
  deployment.spec.replicas = replicas;
  deployment.spec.selector = LabelSelector{{{"app", "web"}}, {}};
  deployment.spec.pod_template = template_with_image("web:1");
  deployment.spec.strategy.max_surge = std::move(surge);
  deployment.spec.strategy.max_unavailable = std::move(unavailable);
  return deployment;
}
inline IntOrString count(std::int32_t value) { return {value}; }
inline IntOrString percent(std::int32_t value) { return {std::to_string(value) + "%"}; }

inline void set_ready(Pod& pod, bool ready, SimTime now) {
  std::erase_if(pod.status.conditions, [](const Condition& c) { return c.type == "Ready"; });
  Condition condition;
  condition.type = "Ready";
  condition.status = ready ? ConditionStatus::True : ConditionStatus::False;
  condition.last_transition_time = now;
  pod.status.conditions.push_back(std::move(condition));
}

class Rollout {
 public:
  /// Creates the Deployment; nothing runs yet.
  explicit Rollout(Deployment deployment)
      : server(clock, DeliveryProfile::instant(), 1),
        informers(server, SimDuration{}),
        deployments(clock, server, informers.shared(), WorkMode::Manual),
        replica_sets(clock, server, informers.shared(), WorkMode::Manual) {
    subscription_ = server.on_commit<ReplicaSet>([this](const Change<ReplicaSet>& change) { note(change); });
    EXPECT_TRUE(server.create(std::move(deployment)).has_value());
  }

  /// A Deployment whose first version is complete; `changes` is empty again.
  static std::unique_ptr<Rollout> complete(Deployment deployment) {
    auto rollout = std::make_unique<Rollout>(std::move(deployment));
    rollout->settle();
    rollout->make_ready(1'000'000);
    rollout->changes.clear();
    return rollout;
  }

  /// Runs both controllers, the Deployment's first, until nothing is due; retries within a second included.
  void settle() {
    while (deployments.process_next() || replica_sets.process_next()) {}
    const SimTime end = clock.now() + seconds(1);
    for (int i = 0; i < 50 && clock.next() < end; ++i) {
      clock.run_until(clock.next());
      while (deployments.process_next() || replica_sets.process_next()) {}
    }
  }
  /// Lets time pass, the controllers working whenever something is due.
  void advance(SimDuration duration) {
    const SimTime end = clock.now() + duration;
    while (clock.next() <= end) {
      clock.run_until(clock.next());
      while (deployments.process_next() || replica_sets.process_next()) {}
    }
    clock.run_until(end);
  }

  void edit(const std::function<void(Deployment&)>& change) {
    EXPECT_TRUE(server.patch<Deployment>(kWeb, change).has_value());
    settle();
  }
  void set_image(const std::string& image) {
    edit([&](Deployment& d) { d.spec.pod_template = template_with_image(image); });
  }
  void scale(std::int32_t replicas) {
    edit([&](Deployment& d) { d.spec.replicas = replicas; });
  }

  /// The first `limit` active pods that are not ready become so in one atomic change, then the controllers run.
  void make_ready(int limit) {
    for (const auto& pod : server.list<Pod>()) {
      if (!is_active(*pod) || is_ready(*pod) || limit-- <= 0) continue;
      if (pod->node_name.empty()) {
        EXPECT_TRUE(server.bind(key_of(pod->meta), pod->meta.uid, "node-of-" + pod->meta.name).has_value());
      }
      change_pod(*pod, [&](Pod& edited) {
        edited.status.phase = PodPhase::Running;
        set_ready(edited, true, clock.now());
      });
    }
    settle();
  }
  void change_pod(const Pod& pod, const std::function<void(Pod&)>& change) {
    EXPECT_TRUE(server.patch<Pod>(key_of(pod.meta), change).has_value());
  }

  [[nodiscard]] Deployment web() const { return *server.get<Deployment>(kWeb); }
  [[nodiscard]] std::string reason_of(std::string_view condition) const {
    const Deployment deployment = web();
    const Condition* found = find_condition(deployment.status.conditions, condition);
    return found == nullptr ? "" : found->reason;
  }
  std::vector<std::string> take_changes() { return std::exchange(changes, {}); }

  FakeClock clock;
  ApiServer server;
  OwnedInformers informers;
  DeploymentController deployments;
  ReplicaSetController replica_sets;
  std::vector<std::string> changes;  ///< "v2 0→1": sizes written, versions counted in order of creation

 private:
  void note(const Change<ReplicaSet>& change) {
    const std::string& name = change.object->meta.name;
    if (change.type == ChangeType::Added) numbers_.emplace(name, static_cast<int>(numbers_.size()) + 1);
    const std::int32_t from = change.type == ChangeType::Added ? 0 : change.previous->spec.replicas;
    const std::int32_t to = change.type == ChangeType::Deleted ? 0 : change.object->spec.replicas;
    if (from != to)
      changes.push_back("v" + std::to_string(numbers_.at(name)) + " " + std::to_string(from) + "→" + std::to_string(to));
  }

  std::map<std::string, int> numbers_;
  Subscription subscription_;
};

}  // namespace tandem::control::testing
