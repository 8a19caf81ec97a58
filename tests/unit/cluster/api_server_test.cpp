// The storage rules of the API server that controllers can observe (reference/kubernetes-api §6, §8).

#include <set>

#include "tests/unit/cluster/samples.hpp"

namespace tandem::cluster {
namespace {

using namespace tandem::literals;

class ApiServerRules : public ApiServerTest {};

TEST_F(ApiServerRules, ANewObjectGetsUidVersionGenerationAndCreationTime) {
  clock.run_until(kTimeZero + 5_s);
  const auto created = server.create(make_deployment("web"));
  ASSERT_TRUE(created);
  const ObjectMeta& meta = (*created)->meta;
  EXPECT_EQ(meta.resource_version, 1);
  EXPECT_EQ(meta.generation, 1);
  EXPECT_EQ(meta.creation_timestamp, kTimeZero + 5_s);
  ASSERT_EQ(meta.uid.size(), 36u);
  EXPECT_EQ(meta.uid[14], '4') << "version 4";
  EXPECT_NE(std::string("89ab").find(meta.uid[19]), std::string::npos) << "variant 1";
  EXPECT_EQ(server.get<Deployment>(kWeb), *created);
}

TEST_F(ApiServerRules, OneVersionCounterRunsOverAllKinds) {
  ASSERT_TRUE(server.create(make_deployment("web")));
  const auto pod = server.create(make_pod("web"));
  ASSERT_TRUE(pod);
  EXPECT_EQ((*pod)->meta.resource_version, 2);
  EXPECT_EQ(server.resource_version(), 2);
}

TEST_F(ApiServerRules, KindsThatKubernetesDoesNotCountHaveNoGeneration) {
  Node node;
  node.meta.name = "worker";
  Service service;
  service.meta = {.name = "web", .namespace_ = "default"};
  EXPECT_EQ((*server.create(node))->meta.generation, 0);
  EXPECT_EQ((*server.create(service))->meta.generation, 0);
}

TEST_F(ApiServerRules, ATakenNameIsRefusedButOnlyWithinItsKindAndNamespace) {
  ASSERT_TRUE(server.create(make_pod("web")));
  const auto again = server.create(make_pod("web"));
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, ErrorCode::ApiAlreadyExists);
  EXPECT_EQ(again.error().what, "pods \"web\" already exists");
  EXPECT_TRUE(server.create(make_deployment("web")));
  Pod elsewhere = make_pod("web");
  elsewhere.meta.namespace_ = "other";
  EXPECT_TRUE(server.create(elsewhere));
}

TEST_F(ApiServerRules, AnObjectWithoutAnyNameIsRefused) {
  const auto created = server.create(make_pod(""));
  ASSERT_FALSE(created);
  EXPECT_EQ(created.error().code, ErrorCode::ApiInvalid);
}

TEST_F(ApiServerRules, GenerateNameAppendsFiveCharactersOfKubernetesAlphabet) {
  std::set<std::string> names;
  for (int i = 0; i < 200; ++i) {
    Pod pod = make_pod("");
    pod.meta.generate_name = "web-5d4f-";
    const auto created = server.create(pod);
    ASSERT_TRUE(created);
    const std::string& name = (*created)->meta.name;
    ASSERT_EQ(name.size(), 14u);
    EXPECT_EQ(name.substr(0, 9), "web-5d4f-");
    EXPECT_EQ(name.find_first_not_of("bcdfghjklmnpqrstvwxz2456789", 9), std::string::npos) << name;
    names.insert(name);
  }
  EXPECT_EQ(names.size(), 200u);
}

TEST_F(ApiServerRules, GeneratedNamesAndUidsDependOnTheSeedAndNotOnOtherObjects) {
  const auto name_and_uid = [](std::uint64_t seed, bool with_neighbour) {
    FakeClock own_clock;
    ApiServer own_server(own_clock, DeliveryProfile::instant(), seed);
    if (with_neighbour) {
      Pod neighbour = make_pod("");
      neighbour.meta.generate_name = "db-";
      EXPECT_TRUE(own_server.create(neighbour));
    }
    Pod pod = make_pod("");
    pod.meta.generate_name = "web-";
    const auto created = own_server.create(pod);
    return (*created)->meta.name + " " + (*created)->meta.uid;
  };
  EXPECT_EQ(name_and_uid(42, false), name_and_uid(42, false));
  EXPECT_EQ(name_and_uid(42, false), name_and_uid(42, true));
  EXPECT_NE(name_and_uid(42, false), name_and_uid(43, false));
}

TEST_F(ApiServerRules, AnObjectCreatedAgainUnderItsNameGetsAnotherUid) {
  const std::string first = (*server.create(make_pod("web")))->meta.uid;
  ASSERT_TRUE(server.remove<Pod>(kWeb));
  EXPECT_NE((*server.create(make_pod("web")))->meta.uid, first);
}

TEST_F(ApiServerRules, AWriteBasedOnAnOldVersionIsAConflict) {
  const auto old = *server.create(make_deployment("web"));
  Deployment scaled = *old;
  scaled.spec.replicas = 3;
  ASSERT_TRUE(server.update(scaled));
  Deployment stale = *old;
  stale.spec.replicas = 5;
  const auto refused = server.update(stale);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::ApiConflict);
  EXPECT_EQ(refused.error().what,
            "Operation cannot be fulfilled on deployments.apps \"web\": the object has been modified; please apply your changes "
            "to the latest version and try again");
  EXPECT_EQ(server.update_status(stale).error().code, ErrorCode::ApiConflict);
  EXPECT_EQ(server.get<Deployment>(kWeb)->spec.replicas, 3);

  stale.meta.resource_version = 0;
  EXPECT_TRUE(server.update(stale)) << "without a version the write overwrites";
  EXPECT_EQ(server.get<Deployment>(kWeb)->spec.replicas, 5);
}

TEST_F(ApiServerRules, AnotherUidIsAConflictAndAnUnknownNameIsNotFound) {
  Deployment impostor = *(*server.create(make_deployment("web")));
  impostor.meta.uid = "00000000-0000-4000-8000-000000000000";
  EXPECT_EQ(server.update(impostor).error().code, ErrorCode::ApiConflict);
  EXPECT_EQ(server.update(make_deployment("nobody")).error().code, ErrorCode::ApiNotFound);
  EXPECT_EQ(server.remove<Deployment>({"default", "nobody"}).error().what, "deployments.apps \"nobody\" not found");
}

TEST_F(ApiServerRules, AWriteThatChangesNothingIsDropped) {
  const auto created = *server.create(make_deployment("web"));
  int changes = 0;
  const Subscription watching = server.on_commit<Deployment>([&](const Change<Deployment>&) { ++changes; });
  EXPECT_EQ(*server.update(*created), created);
  EXPECT_EQ(*server.update_status(*created), created);
  EXPECT_EQ(*server.patch<Deployment>(kWeb, [](Deployment&) {}), created);
  EXPECT_EQ(server.resource_version(), created->meta.resource_version);
  EXPECT_EQ(changes, 0);
}

TEST_F(ApiServerRules, OnlySpecChangesAndADeploymentsAnnotationsCountGenerations) {
  const auto generation = [&] { return server.get<Deployment>(kWeb)->meta.generation; };
  ASSERT_TRUE(server.create(make_deployment("web")));
  const auto edit = [&](const std::function<void(Deployment&)>& change) {
    Deployment edited = *server.get<Deployment>(kWeb);
    change(edited);
    const std::int64_t before = server.resource_version();
    ASSERT_TRUE(server.update(edited));
    EXPECT_EQ(server.resource_version(), before + 1);
  };
  edit([](Deployment& d) { d.meta.labels = Labels{{"team", "a"}}; });
  EXPECT_EQ(generation(), 1) << "labels never count";
  edit([](Deployment& d) { d.spec.replicas = 4; });
  EXPECT_EQ(generation(), 2);
  edit([](Deployment& d) { d.meta.annotations = Labels{{"note", "x"}}; });
  EXPECT_EQ(generation(), 3) << "truth/api: annotations of a Deployment count";

  ASSERT_TRUE(server.create(make_replica_set("web")));
  ASSERT_TRUE(server.patch<ReplicaSet>(kWeb, [](ReplicaSet& r) { r.meta.annotations = Labels{{"note", "x"}}; }));
  EXPECT_EQ(server.get<ReplicaSet>(kWeb)->meta.generation, 1) << "those of other kinds do not";
}

TEST_F(ApiServerRules, TheMainResourceIgnoresStatus) {
  ASSERT_TRUE(server.create(make_deployment("web")));
  Deployment edited = *server.get<Deployment>(kWeb);
  edited.spec.replicas = 2;
  edited.status.replicas = 99;
  ASSERT_TRUE(server.update(edited));
  EXPECT_EQ(server.get<Deployment>(kWeb)->spec.replicas, 2);
  EXPECT_EQ(server.get<Deployment>(kWeb)->status.replicas, 0);
}

TEST_F(ApiServerRules, TheStatusResourceIgnoresSpecAndCountsNoGeneration) {
  ASSERT_TRUE(server.create(make_deployment("web")));
  Deployment edited = *server.get<Deployment>(kWeb);
  edited.spec.replicas = 99;
  edited.status.replicas = 1;
  edited.meta.labels = Labels{{"team", "a"}};
  edited.meta.annotations = Labels{{"deployment.kubernetes.io/revision", "1"}};
  ASSERT_TRUE(server.update_status(edited));
  const auto stored = server.get<Deployment>(kWeb);
  EXPECT_EQ(stored->spec.replicas, 1);
  EXPECT_EQ(stored->status.replicas, 1);
  EXPECT_EQ(stored->meta.generation, 1);
  EXPECT_TRUE(stored->meta.labels->empty());
  EXPECT_EQ(stored->meta.annotations->at("deployment.kubernetes.io/revision"), "1")
      << "the controller writes its revision through the status resource";
}

TEST_F(ApiServerRules, ClientsCannotChangeIdentityOrCounters) {
  const auto created = *server.create(make_deployment("web"));
  ASSERT_TRUE(server.patch<Deployment>(kWeb, [](Deployment& d) {
    d.meta.uid = "mine";
    d.meta.name = "other";
    d.meta.generation = 77;
    d.meta.creation_timestamp = kTimeZero + 1_s;
    d.meta.deletion_timestamp = kTimeZero;
    d.spec.replicas = 2;
  }));
  const auto stored = server.get<Deployment>(kWeb);
  ASSERT_TRUE(stored);
  EXPECT_EQ(stored->meta.uid, created->meta.uid);
  EXPECT_EQ(stored->meta.generation, 2);
  EXPECT_EQ(stored->meta.creation_timestamp, created->meta.creation_timestamp);
  EXPECT_FALSE(is_terminating(stored->meta));
}

TEST_F(ApiServerRules, SelectorsOfWorkloadsAreImmutable) {
  Deployment edited = *(*server.create(make_deployment("web")));
  edited.spec.selector = LabelSelector{.match_labels = {{"app", "web"}}, .match_expressions = {}};
  const auto refused = server.update(edited);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::ApiInvalid);
  EXPECT_EQ(refused.error().path, "spec.selector");
}

TEST_F(ApiServerRules, BindingSetsTheNodeOnceAndTheScheduledCondition) {
  const auto pod = *server.create(make_pod("web"));
  clock.run_until(kTimeZero + 2_s);
  EXPECT_EQ(server.bind(kWeb, "another uid", "worker").error().code, ErrorCode::ApiConflict);
  ASSERT_TRUE(server.bind(kWeb, pod->meta.uid, "worker"));
  const auto bound = server.get<Pod>(kWeb);
  EXPECT_EQ(bound->node_name, "worker");
  EXPECT_EQ(bound->meta.generation, 1) << "recorded: binding counts no generation";
  const Condition* scheduled = find_condition(bound->status.conditions, "PodScheduled");
  ASSERT_NE(scheduled, nullptr);
  EXPECT_EQ(scheduled->status, ConditionStatus::True);
  EXPECT_EQ(scheduled->last_transition_time, kTimeZero + 2_s);
  EXPECT_EQ(server.bind(kWeb, pod->meta.uid, "worker2").error().code, ErrorCode::ApiConflict);

  Pod moved = *bound;
  moved.node_name = "worker2";
  EXPECT_EQ(server.update(moved).error().code, ErrorCode::ApiInvalid) << "only the binding sets the node";
}

TEST_F(ApiServerRules, ANewPodIsPendingWithItsQosClassAndItsTemplatesNode) {
  Pod pod = make_pod("web");
  pod.spec.edit([](PodSpec& spec) {
    spec.containers[0].resources.limits = {{"cpu", Quantity::of_milli(500)}, {"memory", Quantity::of_value(1 << 20)}};
    spec.rest.fields = std::make_shared<const Json>(Json{{"nodeName", "worker3"}});
    apply_defaults(spec);
  });
  const auto created = *server.create(pod);
  EXPECT_EQ(created->status.phase, PodPhase::Pending);
  EXPECT_EQ(created->status.qos_class, "Guaranteed");
  EXPECT_EQ(created->node_name, "worker3");
}

TEST_F(ApiServerRules, ListsAreSortedByNamespaceAndName) {
  for (const auto& [namespace_, name] : {std::pair("b", "x"), std::pair("a", "z"), std::pair("a", "y")}) {
    Pod pod = make_pod(name);
    pod.meta.namespace_ = namespace_;
    ASSERT_TRUE(server.create(pod));
  }
  const auto names = [](const std::vector<Ptr<Pod>>& pods) {
    std::vector<std::string> out;
    for (const auto& pod : pods) out.push_back(to_string(key_of(pod->meta)));
    return out;
  };
  EXPECT_EQ(names(server.list<Pod>()), (std::vector<std::string>{"a/y", "a/z", "b/x"}));
  EXPECT_EQ(names(server.list<Pod>("a")), (std::vector<std::string>{"a/y", "a/z"}));
  EXPECT_TRUE(server.list<Pod>("c").empty());
}

TEST_F(ApiServerRules, UnstructuredObjectsOfSeveralKindsMayShareAName) {
  const auto make = [](std::string version, std::string kind) {
    Unstructured object;
    object.meta = {.name = "web", .namespace_ = "default"};
    object.api_version = std::move(version);
    object.kind = std::move(kind);
    object.rest.fields = std::make_shared<const Json>(Json{{"spec", {{"x", 1}}}, {"status", {{"y", 1}}}});
    return object;
  };
  ASSERT_TRUE(server.create(make("v1", "ConfigMap")));
  ASSERT_TRUE(server.create(make("policy/v1", "PodDisruptionBudget")));
  EXPECT_FALSE(server.create(make("v1", "ConfigMap")));
  const ObjectKey key{"default", "web", "PodDisruptionBudget"};
  EXPECT_EQ(server.get<Unstructured>(key)->meta.generation, 1);
  ASSERT_TRUE(server.patch<Unstructured>(key, [](Unstructured& object) {
    object.rest.fields = std::make_shared<const Json>(Json{{"spec", {{"x", 2}}}, {"status", {{"y", 1}}}});
  }));
  EXPECT_EQ(server.get<Unstructured>(key)->meta.generation, 2);

  Unstructured status = *server.get<Unstructured>(key);
  status.rest.fields = std::make_shared<const Json>(Json{{"spec", {{"x", 9}}}, {"status", {{"y", 7}}}});
  ASSERT_TRUE(server.update_status(status));
  EXPECT_EQ(*server.get<Unstructured>(key)->rest.fields, (Json{{"spec", {{"x", 2}}}, {"status", {{"y", 7}}}}));
}

}  // namespace
}  // namespace tandem::cluster
