// What apply_defaults fills in, against the API server's recorded answers (truth api/defaults).

#include <set>

#include "tests/truth/truth_data.hpp"
#include "tests/unit/cluster/samples.hpp"

namespace tandem::cluster {
namespace {

/// The fields that apply_defaults promises. Others of the recorded answer come with a later issue.
const std::set<std::string>& promised() {
  static const std::set<std::string> kFields = {
      "imagePullPolicy", "protocol", "targetPort", "requests", "hostPort", "restartPolicy", "schedulerName",
      "terminationGracePeriodSeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold", "scheme",
      "path", "replicas", "progressDeadlineSeconds", "revisionHistoryLimit", "maxSurge", "maxUnavailable", "allocatable"};
  return kFields;
}

Json canonical(const Json& list) {
  Json texts = Json::object();
  for (const auto& [resource, quantity] : list.items()) {
    texts[resource] = Quantity::parse(quantity.is_string() ? quantity.get<std::string>() : quantity.dump()).value().text();
  }
  return texts;
}

/// Walks the recorded answer and looks for every promised field in ours.
void compare(const std::string& path, const Json& recorded, const Json& ours, std::vector<std::string>& differences) {
  if (recorded.is_array()) {
    for (std::size_t i = 0; i < recorded.size() && i < ours.size(); ++i) {
      compare(path + "[" + std::to_string(i) + "]", recorded[i], ours[i], differences);
    }
  }
  if (!recorded.is_object() || path.ends_with(".lifecycle")) return;  // hooks have no typed view
  for (const auto& [key, value] : recorded.items()) {
    const std::string inner = path + "." + key;
    if (ours.is_object() && ours.contains(key)) {
      if (promised().contains(key)) {
        const bool quantities = key == "requests" || key == "allocatable";
        const bool same = quantities ? canonical(value) == canonical(ours[key]) : value == ours[key];
        if (!same) differences.push_back(inner + ": recorded " + value.dump() + ", ours " + ours[key].dump());
      } else {
        compare(inner, value, ours[key], differences);
      }
    } else if (promised().contains(key)) {
      differences.push_back(inner + " is missing, recorded " + value.dump());
    }
  }
}

TEST(Defaults, ThePromisedFieldsOfPodsWorkloadsServicesAndNodesEqualTheRecordedOnes) {
  const auto file = truth::load_family(truth::truth_folder(), "api/defaults");
  if (!file) GTEST_SKIP() << "no recorded api/defaults in " << truth::truth_folder();
  std::size_t compared = 0;
  for (const Json& test_case : (*file)["cases"]) {
    auto object = object_from_json(test_case["in"]);
    ASSERT_TRUE(object) << test_case["id"] << " " << to_string(object.error()[0]);
    if (std::holds_alternative<Unstructured>(*object)) continue;
    apply_defaults(*object);
    std::vector<std::string> differences;
    compare("", test_case["out"], to_json(*object), differences);
    for (const std::string& difference : differences) ADD_FAILURE() << test_case["id"] << " " << difference;
    ++compared;
  }
  EXPECT_GT(compared, 20u);
}

TEST(Defaults, AnImageWithoutATagIsAlwaysPulled) {
  const auto policy = [](std::string image) {
    PodSpec spec;
    spec.containers.push_back({.name = "app", .image = std::move(image)});
    apply_defaults(spec);
    return spec.containers[0].image_pull_policy;
  };
  EXPECT_EQ(policy("web"), "Always");
  EXPECT_EQ(policy("web:latest"), "Always");
  EXPECT_EQ(policy("registry.example:5000/web"), "Always") << "the colon is the port's";
  EXPECT_EQ(policy("registry.example:5000/web:1.0.0"), "IfNotPresent");
  EXPECT_EQ(policy("web@sha256:abc"), "IfNotPresent");
  EXPECT_EQ(policy("web:latest@sha256:abc"), "Always");
}

TEST(Defaults, PodLevelRequestsFollowPodLevelLimits) {
  const auto quantity = [](const char* text) { return *Quantity::parse(text); };
  PodSpec spec;
  Container app{.name = "app", .image = "web:1"};
  app.resources.requests = {{"cpu", quantity("300m")}};
  spec.containers = {app, app};
  spec.resources = ResourceRequirements{.requests = {}, .limits = {{"cpu", quantity("2")}, {"memory", quantity("1Gi")}}, .rest = {}};
  apply_defaults(spec);
  EXPECT_EQ(spec.resources->requests.at("cpu"), quantity("600m")) << "the containers' sum";
  EXPECT_EQ(spec.resources->requests.at("memory"), quantity("1Gi")) << "no container requests it: the limit";
}

TEST(Defaults, OnlyAPodItselfTakesHostPortsFromTheHostNetwork) {
  Container app{.name = "app", .image = "web:1", .ports = {{.container_port = 8080}}};
  PodSpec spec;
  spec.containers = {app};
  spec.host_network = true;
  Pod pod = make_pod("web");
  pod.spec = spec;
  AnyObject as_pod = pod;
  apply_defaults(as_pod);
  EXPECT_EQ(std::get<Pod>(as_pod).spec->containers[0].ports[0].host_port, 8080);
  Deployment deployment = make_deployment("web");
  deployment.spec.pod_template = PodTemplate{.labels = {}, .annotations = {}, .spec = spec, .rest = {}};
  AnyObject as_deployment = deployment;
  apply_defaults(as_deployment);
  EXPECT_EQ(std::get<Deployment>(as_deployment).spec.pod_template->spec->containers[0].ports[0].host_port, 0);
}

}  // namespace
}  // namespace tandem::cluster
