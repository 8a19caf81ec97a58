// The API server resolves priority classes as Kubernetes' Priority admission does.

#include "tests/unit/cluster/samples.hpp"

namespace tandem::cluster {
namespace {

class Priorities : public ApiServerTest {
 protected:
  void add_class(const char* name, Json fields) {
    Unstructured object;
    object.meta.name = name;
    object.api_version = "scheduling.k8s.io/v1";
    object.kind = "PriorityClass";
    object.rest.fields = std::make_shared<const Json>(std::move(fields));
    ASSERT_TRUE(server.create(object));
  }
  Result<Ptr<Pod>> create(const char* name, const char* class_name) {
    Pod pod = make_pod(name);
    pod.spec.edit([&](PodSpec& spec) { spec.priority_class_name = class_name; });
    return server.create(pod);
  }
};

TEST_F(Priorities, AClassBecomesPriorityAndPreemptionPolicy) {
  add_class("high", {{"value", 1000}});
  add_class("polite", {{"value", 900}, {"preemptionPolicy", "Never"}});
  EXPECT_EQ((*create("a", "high"))->spec->priority, 1000);
  EXPECT_EQ((*create("b", "high"))->spec->preemption_policy, "PreemptLowerPriority");
  EXPECT_EQ((*create("c", "polite"))->spec->preemption_policy, "Never");
}

TEST_F(Priorities, TheSystemClassesAlwaysExist) {
  EXPECT_EQ((*create("a", "system-cluster-critical"))->spec->priority, 2'000'000'000);
  EXPECT_EQ((*create("b", "system-node-critical"))->spec->priority, 2'000'001'000);
}

TEST_F(Priorities, AnUnknownClassIsForbidden) {
  const auto created = create("a", "high");
  ASSERT_FALSE(created);
  EXPECT_EQ(created.error().what, "pods \"a\" is forbidden: no PriorityClass with name high was found");
  add_class("high", {{"value", 1000}});
  EXPECT_TRUE(create("a", "high")) << "classes are read again when one appears";
}

TEST_F(Priorities, TheGlobalDefaultServesPodsWithoutAClass) {
  EXPECT_FALSE((*server.create(make_pod("before")))->spec->priority.has_value());
  add_class("usual", {{"value", 5}, {"globalDefault", true}});
  const auto after = server.create(make_pod("after"));
  EXPECT_EQ((*after)->spec->priority, 5);
  EXPECT_EQ((*after)->spec->priority_class_name, "usual");
}

TEST_F(Priorities, PodsOfOneTemplateGoOnSharingTheirSpecification) {
  add_class("high", {{"value", 1000}});
  Pod model = make_pod("a");
  model.spec.edit([](PodSpec& spec) { spec.priority_class_name = "high"; });
  const auto first = server.create(model);
  model.meta.name = "b";
  const auto second = server.create(model);
  EXPECT_TRUE((*first)->spec.same_as((*second)->spec));
}

}  // namespace
}  // namespace tandem::cluster
