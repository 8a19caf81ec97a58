#pragma once
// Small objects for these tests.

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "core/base/fake_clock.hpp"
#include "core/cluster/api_server.hpp"
#include "core/cluster/json.hpp"

namespace tandem::cluster {

using Json = nlohmann::json;

inline Pod make_pod(std::string name, std::string node = {}) {
  Pod pod;
  pod.meta.name = std::move(name);
  pod.meta.namespace_ = "default";
  pod.node_name = std::move(node);
  PodSpec spec;
  spec.containers.push_back({.name = "app", .image = "web:1.0.0"});
  pod.spec = Shared<PodSpec>(std::move(spec));
  return pod;
}

inline Deployment make_deployment(std::string name, std::int32_t replicas = 1) {
  Deployment deployment;
  deployment.meta.name = std::move(name);
  deployment.meta.namespace_ = "default";
  deployment.spec.replicas = replicas;
  return deployment;
}

inline ReplicaSet make_replica_set(std::string name, std::int32_t replicas = 1) {
  ReplicaSet replica_set;
  replica_set.meta.name = std::move(name);
  replica_set.meta.namespace_ = "default";
  replica_set.spec.replicas = replicas;
  return replica_set;
}

inline OwnerReference owner_of(const ObjectMeta& meta, std::string kind) {
  return {.api_version = "apps/v1", .kind = std::move(kind), .name = meta.name, .uid = meta.uid, .controller = true};
}

inline const ObjectKey kWeb{"default", "web"};

/// An API server on a clock moved by hand.
class ApiServerTest : public ::testing::Test {
 protected:
  explicit ApiServerTest(DeliveryProfile profile = DeliveryProfile::instant()) : server(clock, std::move(profile), 42) {}

  FakeClock clock;
  ApiServer server;
};

}  // namespace tandem::cluster
