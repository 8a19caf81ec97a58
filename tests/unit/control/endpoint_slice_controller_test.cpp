// The endpoints of a Service at every stage of its pods' lives (kubernetes-semantics §5).

#include "core/control/endpoint_slice_controller.hpp"

#include <gtest/gtest.h>

#include "core/base/fake_clock.hpp"

namespace tandem::control {
namespace {

using cluster::ConditionStatus;
using cluster::Pod;

class EndpointsTest : public ::testing::Test {
 protected:
  EndpointsTest()
      : server_(clock_, cluster::DeliveryProfile::instant(), 1),
        services_(server_, {}),
        pods_(server_, {}),
        controller_(clock_, server_, services_, pods_) {
    cluster::Service service;
    service.meta.name = "web";
    service.meta.namespace_ = "default";
    service.spec.selector = cluster::Labels{{"app", "web"}};
    service.spec.ports.push_back({"", "TCP", 80, {std::string("http")}, 0});
    EXPECT_TRUE(server_.create(service).has_value());
  }

  void create_pod(const std::string& name, const std::string& ip, bool ready, const std::string& app = "web") {
    Pod pod;
    pod.meta.name = name;
    pod.meta.namespace_ = "default";
    pod.meta.labels = cluster::Labels{{"app", app}};
    pod.node_name = "worker";
    cluster::PodSpec spec;
    cluster::Container container;
    container.name = "app";
    container.ports.push_back({"http", 8080, 0, {}, "TCP"});
    spec.containers.push_back(container);
    pod.spec = spec;
    pod.status.phase = cluster::PodPhase::Running;
    pod.status.pod_ip = ip;
    set_ready(pod, ready);
    EXPECT_TRUE(server_.create(std::move(pod)).has_value());
    settle();
  }
  static void set_ready(Pod& pod, bool ready) {
    cluster::Condition condition;
    condition.type = "Ready";
    condition.status = ready ? ConditionStatus::True : ConditionStatus::False;
    pod.status.conditions = {condition};
  }
  void settle() {
    while (clock_.next() <= clock_.now() && clock_.step()) {
    }
  }
  /// "pod:RST" with the bits ready, serving, terminating, as the recorded rollouts print them.
  std::string slice() {
    settle();
    std::string text;
    for (const auto& stored : server_.list<cluster::EndpointSlice>("default")) {
      for (const cluster::Endpoint& endpoint : stored->endpoints) {
        text += endpoint.pod_name + ":" + (endpoint.ready ? "1" : "0") + (endpoint.serving ? "1" : "0") + (endpoint.terminating ? "1" : "0") + " ";
      }
    }
    return text;
  }

  FakeClock clock_;
  cluster::ApiServer server_;
  cluster::Informer<cluster::Service> services_;
  cluster::Informer<Pod> pods_;
  EndpointSliceController controller_;
};

TEST_F(EndpointsTest, ListsPodsWithAnAddressAndTellsReadyFromNotReady) {
  create_pod("a", "10.0.0.2", true);
  create_pod("b", "10.0.0.3", false);
  create_pod("c", "", false);
  create_pod("other", "10.0.0.4", true, "db");
  EXPECT_EQ(slice(), "a:110 b:000 ");
  EXPECT_EQ(server_.list<cluster::EndpointSlice>("default").front()->ports.front().port, 8080) << "named port resolved";
}

TEST_F(EndpointsTest, ATerminatingPodStopsBeingReadyAtOnceButStillServes) {
  create_pod("a", "10.0.0.2", true);
  ASSERT_TRUE(server_.remove<Pod>({"default", "a"}).has_value());
  EXPECT_EQ(slice(), "a:011 ");
}

TEST_F(EndpointsTest, AFinishedPodLeaves) {
  create_pod("a", "10.0.0.2", true);
  ASSERT_TRUE(server_.patch<Pod>({"default", "a"}, [](Pod& pod) { pod.status.phase = cluster::PodPhase::Failed; }).has_value());
  EXPECT_EQ(slice(), "");
}

TEST_F(EndpointsTest, WritesNothingWhenNothingAProxyNeedsHasChanged) {
  create_pod("a", "10.0.0.2", true);
  settle();
  const std::int64_t version = server_.list<cluster::EndpointSlice>("default").front()->meta.resource_version;
  ASSERT_TRUE(server_.patch<Pod>({"default", "a"}, [](Pod& pod) { pod.status.message = "hello"; }).has_value());
  settle();
  EXPECT_EQ(server_.list<cluster::EndpointSlice>("default").front()->meta.resource_version, version);
}

TEST_F(EndpointsTest, SplitsMoreThanAHundredEndpointsOverSlices) {
  for (int i = 0; i < 230; ++i) create_pod("pod-" + std::to_string(1000 + i), "10.0.1." + std::to_string(i), true);
  settle();
  const auto slices = server_.list<cluster::EndpointSlice>("default");
  ASSERT_EQ(slices.size(), 3u);
  EXPECT_EQ(slices[0]->endpoints.size(), 100u);
  EXPECT_EQ(slices[1]->endpoints.size(), 100u);
  EXPECT_EQ(slices[2]->endpoints.size(), 30u);
}

TEST(EligibleEndpoints, FallBackToTerminatingOnesThatServe) {
  cluster::Endpoint ready{"10.0.0.1", true, true, false, {}, "a", {}};
  cluster::Endpoint leaving{"10.0.0.2", false, true, true, {}, "b", {}};
  cluster::Endpoint starting{"10.0.0.3", false, false, false, {}, "c", {}};
  EXPECT_EQ(eligible_endpoints({ready, leaving, starting}), (std::vector<cluster::Endpoint>{ready}));
  EXPECT_EQ(eligible_endpoints({leaving, starting}), (std::vector<cluster::Endpoint>{leaving})) << "worked example §5 B";
  EXPECT_TRUE(eligible_endpoints({starting}).empty());
}

}  // namespace
}  // namespace tandem::control
