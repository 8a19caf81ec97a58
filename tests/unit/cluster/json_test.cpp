// Reading and writing of single fields, unknown fields, and errors with their paths.

#include "tests/unit/cluster/samples.hpp"

namespace tandem::cluster {
namespace {

Json pod_json() {
  return Json::parse(R"({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web", "namespace": "default"},
                         "spec": {"containers": [{"name": "app", "image": "web:1.0.0"}]}})");
}

/// The paths of all errors, in the order they were found.
std::vector<std::string> error_paths(const Json& document) {
  std::vector<std::string> paths;
  const Checked<AnyObject> read = object_from_json(document);
  if (read) return paths;
  for (const Error& error : read.error()) paths.push_back(error.path);
  return paths;
}

TEST(JsonFields, UnknownFieldsComeBackAtEveryLevel) {
  Json document = pod_json();
  document["metadata"]["managedFields"] = {{{"manager", "kubectl"}}};
  document["spec"]["dnsPolicy"] = "ClusterFirst";
  document["spec"]["containers"][0]["volumeMounts"] = {{{"name", "data"}, {"mountPath", "/data"}}};
  document["spec"]["containers"][0]["ports"] = {{{"containerPort", 80}, {"future", true}}};
  document["spec"]["containers"][0]["env"] = {
      {{"name", "IP"}, {"valueFrom", {{"fieldRef", {{"fieldPath", "status.podIP"}, {"apiVersion", "v1"}}}}}}};
  document["spec"]["containers"][0]["readinessProbe"] = {
      {"httpGet", {{"path", "/"}, {"port", "http"}, {"httpHeaders", {{{"name", "X"}, {"value", "1"}}}}}}, {"future", 7}};
  document["status"] = {{"phase", "Running"},
                        {"podIPs", {{{"ip", "10.0.0.1"}}, {{"ip", "fd00::1"}}}},
                        {"conditions", {{{"type", "Ready"}, {"status", "True"}, {"lastProbeTime", "2026-01-01T00:00:00Z"}}}}};
  const auto read = from_json<Pod>(document);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->spec->containers[0].env[0].field_path, "status.podIP");
  EXPECT_EQ(read->status.pod_ip, "10.0.0.1");
  const Json written = to_json(*read);
  EXPECT_EQ(written["metadata"]["managedFields"], document["metadata"]["managedFields"]);
  EXPECT_EQ(written["spec"]["dnsPolicy"], "ClusterFirst");
  const Json& container = written["spec"]["containers"][0];
  EXPECT_EQ(container["volumeMounts"], document["spec"]["containers"][0]["volumeMounts"]);
  EXPECT_EQ(container["ports"][0]["future"], true);
  EXPECT_EQ(container["env"], document["spec"]["containers"][0]["env"]);
  EXPECT_EQ(container["readinessProbe"]["httpGet"]["httpHeaders"][0]["name"], "X");
  EXPECT_EQ(container["readinessProbe"]["future"], 7);
  EXPECT_EQ(written["status"]["podIPs"], document["status"]["podIPs"]);
  EXPECT_EQ(written["status"]["conditions"][0]["lastProbeTime"], "2026-01-01T00:00:00Z");
}

TEST(JsonFields, AnObjectWithoutUnknownFieldsHasNoRest) {
  const auto read = from_json<Pod>(pod_json());
  ASSERT_TRUE(read);
  EXPECT_EQ(read->meta.rest.fields, nullptr);
  EXPECT_EQ(read->spec->rest.fields, nullptr);
  EXPECT_EQ(read->spec->containers[0].rest.fields, nullptr);
}

TEST(JsonFields, LifecycleHooksRestartRulesAndDeadlinesAreTypedAndComeBack) {
  Json document = pod_json();
  document["spec"]["activeDeadlineSeconds"] = 60;
  Json& container = document["spec"]["containers"][0];
  container["lifecycle"] = {{"postStart", {{"exec", {{"command", {"/init"}}}}}}, {"preStop", {{"sleep", {{"seconds", 5}}}}}, {"stopSignal", "SIGUSR1"}};
  container["restartPolicy"] = "Never";
  container["restartPolicyRules"] = {{{"action", "Restart"}, {"exitCodes", {{"operator", "In"}, {"values", {42, 43}}}}}};
  const auto read = from_json<Pod>(document);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->spec->active_deadline_seconds, 60);
  const Container& typed = read->spec->containers[0];
  EXPECT_EQ(std::get<SleepAction>(typed.lifecycle->pre_stop->action).seconds, 5);
  EXPECT_EQ(typed.restart_policy_rules.at(0).exit_codes->values, (std::vector<std::int32_t>{42, 43}));
  const Json written = to_json(*read)["spec"];
  EXPECT_EQ(written["activeDeadlineSeconds"], 60);
  EXPECT_EQ(written["containers"][0]["lifecycle"], container["lifecycle"]);
  EXPECT_EQ(written["containers"][0]["restartPolicyRules"], container["restartPolicyRules"]);
}

TEST(JsonFields, TheNodeNameOfAPodIsKeptOutsideItsSharedSpec) {
  Json document = pod_json();
  document["spec"]["nodeName"] = "worker";
  const auto read = from_json<Pod>(document);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->node_name, "worker");
  EXPECT_EQ(read->spec->rest.fields, nullptr);
  EXPECT_EQ(to_json(*read)["spec"]["nodeName"], "worker");
}

TEST(JsonFields, ContainersAndPodsAreWrittenAsTheApiServerWritesThem) {
  Pod pod = make_pod("web", "worker");
  pod.status.phase = PodPhase::Running;
  pod.status.pod_ip = "10.244.1.2";
  pod.status.container_statuses.push_back(
      {.name = "app", .image = "web:1.0.0", .state = ContainerStateRunning{kTimeZero + seconds(21)}, .ready = true});
  EXPECT_EQ(to_json(pod), Json::parse(R"({"apiVersion": "v1", "kind": "Pod",
    "metadata": {"name": "web", "namespace": "default", "creationTimestamp": "2026-01-01T00:00:00Z"},
    "spec": {"nodeName": "worker", "restartPolicy": "Always", "schedulerName": "default-scheduler",
             "terminationGracePeriodSeconds": 30, "containers": [{"name": "app", "image": "web:1.0.0", "resources": {}}]},
    "status": {"phase": "Running", "podIP": "10.244.1.2", "podIPs": [{"ip": "10.244.1.2"}],
               "containerStatuses": [{"name": "app", "image": "web:1.0.0", "ready": true, "started": false, "restartCount": 0,
                                      "state": {"running": {"startedAt": "2026-01-01T00:00:21Z"}}, "lastState": {}}]}})"));
}

TEST(JsonFields, RecreateHasNoRollingUpdateNumbers) {
  Deployment deployment = make_deployment("web");
  EXPECT_EQ(to_json(deployment)["spec"]["strategy"],
            (Json{{"type", "RollingUpdate"}, {"rollingUpdate", {{"maxSurge", "25%"}, {"maxUnavailable", "25%"}}}}));
  deployment.spec.strategy.type = "Recreate";
  EXPECT_EQ(to_json(deployment)["spec"]["strategy"], (Json{{"type", "Recreate"}}));
}

TEST(JsonFields, AnExplicitZeroIsKeptWhereItMeansSomething) {
  const auto read = from_json<Deployment>(Json::parse(
      R"({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"},
          "spec": {"replicas": 0, "revisionHistoryLimit": 0, "progressDeadlineSeconds": 0,
                   "strategy": {"rollingUpdate": {"maxSurge": 0, "maxUnavailable": "10%"}},
                   "template": {"spec": {"terminationGracePeriodSeconds": 0, "containers": []}}}})"));
  ASSERT_TRUE(read);
  const Json spec = to_json(*read)["spec"];
  EXPECT_EQ(spec["replicas"], 0);
  EXPECT_EQ(spec["revisionHistoryLimit"], 0);
  EXPECT_EQ(spec["progressDeadlineSeconds"], 0);
  EXPECT_EQ(spec["strategy"]["rollingUpdate"], (Json{{"maxSurge", 0}, {"maxUnavailable", "10%"}}));
  EXPECT_EQ(spec["template"]["spec"]["terminationGracePeriodSeconds"], 0);
}

TEST(JsonFields, AnEmptySelectorAndAnAbsentOneStayDifferent) {
  const auto term = [](const char* text) {
    Json document = pod_json();
    document["spec"]["affinity"]["podAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"] = {Json::parse(text)};
    const auto read = from_json<Pod>(document);
    return to_json(*read)["spec"]["affinity"]["podAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"][0];
  };
  EXPECT_EQ(term(R"({"topologyKey": "zone"})"), Json::parse(R"({"topologyKey": "zone"})"));
  EXPECT_EQ(term(R"({"topologyKey": "zone", "labelSelector": {}, "namespaceSelector": {}})"),
            Json::parse(R"({"topologyKey": "zone", "labelSelector": {}, "namespaceSelector": {}})"));
}

TEST(JsonFields, EndpointConditionsThatAreLeftOutMeanReadyAndStayLeftOut) {
  const Json document = Json::parse(
      R"({"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "metadata": {"name": "web-1", "namespace": "default"},
          "addressType": "IPv4", "ports": [{"name": "http", "protocol": "TCP", "port": 80}],
          "endpoints": [{"addresses": ["10.0.0.1"], "conditions": {}},
                        {"addresses": ["10.0.0.2", "10.0.0.3"], "conditions": {"ready": false}, "nodeName": "worker",
                         "targetRef": {"kind": "Pod", "namespace": "default", "name": "web-a", "uid": "u"}, "zone": "z"}]})");
  auto read = from_json<EndpointSlice>(document);
  ASSERT_TRUE(read);
  EXPECT_TRUE(read->endpoints[0].ready);
  EXPECT_TRUE(read->endpoints[0].serving);
  EXPECT_FALSE(read->endpoints[1].ready);
  EXPECT_EQ(read->endpoints[1].pod_name, "web-a");
  EXPECT_EQ(to_json(*read)["endpoints"], document["endpoints"]);
  read->endpoints[0].terminating = true;
  read->endpoints[0].ready = false;
  EXPECT_EQ(to_json(*read)["endpoints"][0]["conditions"], (Json{{"ready", false}, {"serving", true}, {"terminating", true}}));
}

TEST(JsonFields, AnEndpointOfOursNamesItsPodCompletely) {
  EndpointSlice slice;
  slice.meta = {.name = "web-1", .namespace_ = "default"};
  slice.endpoints.push_back({.address = "10.0.0.1", .ready = true, .serving = true, .pod_name = "web-a", .pod_uid = "u"});
  const Json written = to_json(slice);
  EXPECT_EQ(written["addressType"], "IPv4");
  EXPECT_EQ(written["endpoints"][0]["targetRef"],
            (Json{{"kind", "Pod"}, {"namespace", "default"}, {"name", "web-a"}, {"uid", "u"}}));
  EXPECT_EQ(*from_json<EndpointSlice>(written), slice);
}

TEST(JsonFields, ANodesOtherAddressesKeepTheirPlaces) {
  const Json document = Json::parse(
      R"({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "worker"}, "spec": {},
          "status": {"addresses": [{"type": "Hostname", "address": "worker"}, {"type": "InternalIP", "address": "172.18.0.3"}],
                     "nodeInfo": {"kubeletVersion": "v1.34.0", "osImage": "Debian"}}})");
  auto read = from_json<Node>(document);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->status.internal_ip, "172.18.0.3");
  EXPECT_EQ(read->status.kubelet_version, "v1.34.0");
  EXPECT_EQ(to_json(*read)["status"], document["status"]);
  read->status.internal_ip = "172.18.0.9";
  EXPECT_EQ(to_json(*read)["status"]["addresses"][1]["address"], "172.18.0.9");
}

TEST(JsonFields, KindsWithoutATypedViewAreKeptWhole) {
  const Json document = Json::parse(
      R"({"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": {"name": "web", "labels": {"a": "b"}},
          "spec": {"maxReplicas": 5, "metrics": null}, "status": {"currentReplicas": 0}})");
  const auto read = object_from_json(document);
  ASSERT_TRUE(read);
  ASSERT_TRUE(std::holds_alternative<Unstructured>(*read));
  EXPECT_EQ(std::get<Unstructured>(*read).kind, "HorizontalPodAutoscaler");
  EXPECT_EQ(to_json(*read), document);
}

TEST(JsonFields, ATypedKindOfAnotherVersionIsNotMistakenForOurs) {
  Json document = pod_json();
  document["kind"] = "Event";
  document["apiVersion"] = "events.k8s.io/v1";
  EXPECT_TRUE(std::holds_alternative<Unstructured>(*object_from_json(document)));
}

TEST(JsonErrors, AllErrorsOfADocumentComeAtOnceWithTheirPaths) {
  const Json document = Json::parse(
      R"({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": 7, "labels": {"app.kubernetes.io/name": true}},
          "spec": {"replicas": "3", "selector": {"matchExpressions": [{"key": "a", "operator": "in"}]},
                   "template": {"spec": {"containers": [{"name": "app", "image": 1, "resources": {"limits": {"cpu": "1 core"}}},
                                                        "app"],
                                         "terminationGracePeriodSeconds": 3000000000000000000000}}}})");
  EXPECT_EQ(error_paths(document),
            (std::vector<std::string>{"metadata.name", "metadata.labels[\"app.kubernetes.io/name\"]", "spec.replicas",
                                      "spec.selector.matchExpressions[0].operator", "spec.template.spec.containers[0].image",
                                      "spec.template.spec.containers[0].resources.limits.cpu", "spec.template.spec.containers[1]",
                                      "spec.template.spec.terminationGracePeriodSeconds"}));
}

TEST(JsonErrors, AnErrorSaysWhatWasFoundWhatIsAllowedAndAHint) {
  Json document = pod_json();
  document["spec"]["containers"][0]["image"] = true;
  const auto read = object_from_json(document);
  ASSERT_FALSE(read);
  const Error& error = read.error().at(0);
  EXPECT_EQ(error.code, ErrorCode::ValueType);
  EXPECT_EQ(error.found, "true");
  EXPECT_EQ(error.allowed, "text");
  EXPECT_FALSE(error.hint.empty());
}

TEST(JsonErrors, ANumberThatDoesNotFitItsFieldIsOutOfRange) {
  for (const char* number : {"2147483648", "-2147483649", "18446744073709551615"}) {
    Json document = Json::parse(R"({"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": {"name": "a"}, "spec": {}})");
    document["spec"]["replicas"] = Json::parse(number);
    const auto read = object_from_json(document);
    ASSERT_FALSE(read) << number;
    EXPECT_EQ(read.error()[0].code, ErrorCode::ValueOutOfRange);
  }
}

TEST(JsonErrors, AProbeHasExactlyOneAction) {
  Json document = pod_json();
  document["spec"]["containers"][0]["livenessProbe"] = {{"periodSeconds", 3}};
  EXPECT_EQ(error_paths(document), (std::vector<std::string>{"spec.containers[0].livenessProbe"}));
  document["spec"]["containers"][0]["livenessProbe"] = {{"exec", {{"command", {"true"}}}}, {"tcpSocket", {{"port", 80}}}};
  EXPECT_EQ(error_paths(document), (std::vector<std::string>{"spec.containers[0].livenessProbe"}));
}

TEST(JsonErrors, ALifecycleHookHasExactlyOneAction) {
  Json document = pod_json();
  document["spec"]["containers"][0]["lifecycle"] = {{"preStop", {{"sleep", {{"seconds", 5}}}, {"exec", {{"command", {"x"}}}}}}};
  EXPECT_EQ(error_paths(document), std::vector<std::string>{"spec.containers[0].lifecycle.preStop"});
  document["spec"]["containers"][0]["lifecycle"] = {{"preStop", Json::object()}};
  EXPECT_EQ(error_paths(document), std::vector<std::string>{"spec.containers[0].lifecycle.preStop"});
}

TEST(JsonErrors, ApiVersionAndKindAreNeeded) {
  EXPECT_EQ(error_paths(Json::object()), (std::vector<std::string>{"apiVersion", "kind"}));
  EXPECT_EQ(error_paths(Json::array()), (std::vector<std::string>{""}));
  const auto wrong = from_json<Node>(pod_json());
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error()[0].path, "kind");
}

TEST(JsonErrors, NothingThatIsNoObjectCrashesTheReader) {
  // Every field of a full document replaced by every other type of value.
  Json document = Json::parse(
      R"({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web", "ownerReferences": [{"uid": "u"}], "labels": {"a": "b"}},
          "spec": {"containers": [{"name": "app", "ports": [{"containerPort": 1}], "resources": {"limits": {"cpu": "1"}},
                                   "readinessProbe": {"httpGet": {"port": 80}}, "env": [{"name": "A", "valueFrom": {"fieldRef": {}}}]}],
                   "schedulingGates": [{"name": "g"}], "affinity": {"nodeAffinity": {}}},
          "status": {"podIPs": [{"ip": "1.2.3.4"}], "containerStatuses": [{"state": {"running": {}}}], "conditions": [{}]}})");
  const std::vector<Json> values = {Json(), Json(1), Json(1.5), Json("x"), Json(true), Json::array(), Json::object(), Json{1}, Json{{"k", 1}}};
  const Json flat = document.flatten();
  std::size_t tried = 0;
  for (const auto& [pointer, leaf] : flat.items()) {
    for (Json::json_pointer place(pointer); !place.empty(); place.pop_back()) {
      for (const Json& value : values) {
        Json broken = document;
        broken[place] = value;
        const auto read = object_from_json(broken);
        if (read) (void)to_json(*read);
        ++tried;
      }
    }
  }
  EXPECT_GT(tried, 500u);
}

}  // namespace
}  // namespace tandem::cluster
