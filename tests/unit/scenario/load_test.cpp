#include "core/scenario/load.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/base/digest.hpp"
#include "core/scenario/route_match.hpp"
#include "scenario_test_support.hpp"

namespace tandem::scenario::test {
namespace {

namespace fs = std::filesystem;

Scenario must_load(const Loaded& loaded) {
  EXPECT_TRUE(loaded.scenario.has_value()) << render(loaded);
  return loaded.scenario.value_or(Scenario{});
}

TEST(Loading, TheSampleOfTheDesignLoadsWordForWord) {
  const Loaded loaded = load((kSource / "scenarios/design-sample").string());
  const Scenario scenario = must_load(loaded);
  EXPECT_EQ(scenario.name, "rolling-update");
  EXPECT_EQ(scenario.seed, 42U);
  EXPECT_EQ(scenario.horizon, seconds(60));
  ASSERT_EQ(scenario.cluster.nodes.size(), 4U);
  EXPECT_EQ(scenario.cluster.nodes[3].name, "kind-worker3");
  ASSERT_EQ(scenario.objects.size(), 2U);

  const ImageSpec& image = scenario.images.at("web:1.0.1");
  EXPECT_EQ(image.size_bytes, std::int64_t{120} << 20);
  EXPECT_EQ(image.startup, milliseconds(600));
  ASSERT_EQ(image.routes.size(), 2U);
  EXPECT_EQ(image.routes[1].pattern, "/chat/*");
  EXPECT_EQ(image.routes[1].cpu, milliseconds(3));

  ASSERT_EQ(scenario.balancers.size(), 1U);
  EXPECT_EQ(scenario.balancers[0].service, "web");
  EXPECT_EQ(scenario.balancers[0].policy, "least_conn");

  ASSERT_EQ(scenario.traffic.size(), 1U);
  EXPECT_EQ(scenario.traffic[0].rate, 200);
  EXPECT_EQ(scenario.traffic[0].arrivals, ArrivalKind::Poisson);
  EXPECT_EQ(scenario.traffic[0].expect_status, (std::vector<int>{200, 404}));

  ASSERT_EQ(scenario.timeline.size(), 3U);
  EXPECT_EQ(to_string(scenario.timeline[0]), "setImage deployment/web app=web:1.0.1");
  EXPECT_EQ(to_string(scenario.timeline[1]), "delete one of pods(app=web)");
  EXPECT_EQ(to_string(scenario.timeline[2]), "fault NetworkChaos partition node/kind-worker2 for 5s");

  ASSERT_EQ(scenario.checks.size(), 2U);
  EXPECT_EQ(scenario.checks[0].kind, "always");
  EXPECT_EQ(scenario.checks[0].from, "deployment/web.available == 4");
  EXPECT_EQ(scenario.checks[1].threshold, "rate<0.01");
  EXPECT_EQ(to_string(scenario.checks[1].place), "scenario.yaml:22:7");
}

TEST(Loading, EveryShippedScenarioLoadsWithoutAWarning) {
  std::size_t count = 0;
  for (const auto& entry : fs::directory_iterator(kSource / "scenarios")) {
    if (!fs::exists(entry.path() / "scenario.yaml")) continue;
    ++count;
    const Loaded loaded = load(entry.path().string());
    EXPECT_TRUE(loaded.scenario.has_value()) << entry.path();
    EXPECT_EQ(render(loaded), "") << entry.path();
    EXPECT_TRUE(fs::exists(entry.path() / "README.md")) << entry.path();
  }
  EXPECT_GE(count, 5U);
}

TEST(Loading, TheManifestGetsNamespaceAndDefaults) {
  const Scenario scenario = must_load(BaseScenario().load());
  const auto& deployment = std::get<cluster::Deployment>(scenario.objects.at(0));
  EXPECT_EQ(deployment.meta.namespace_, "default");
  EXPECT_EQ(deployment.spec.pod_template->spec->containers.at(0).readiness_probe->period_seconds, 10);
  EXPECT_EQ(deployment.spec.pod_template->spec->containers.at(0).image_pull_policy, "IfNotPresent");
}

TEST(Images, SayHowTheirContainersMisbehave) {
  BaseScenario base;
  base.edit("scenario.yaml", "{startup: 600ms, ",
            "{exit: {after: 10s, code: 1, times: 3}, memory: {start: 20Mi, growth: 1Mi/s, peak: 64Mi}, onTerminate: ignore, "
            "failures: [{path: /healthz, from: 10s, until: 20s, status: 503}, {path: /*, from: 30s, hang: true}], startup: 600ms, ");
  const Scenario scenario = must_load(base.load());
  const ImageSpec& image = scenario.images.at("web:1.0.0");
  EXPECT_EQ(image.exit, (ExitSpec{seconds(10), 1, 3}));
  EXPECT_EQ(image.memory, (MemorySpec{20 << 20, 1 << 20, 64 << 20}));
  EXPECT_EQ(image.on_terminate, OnTerminate::Ignore);
  ASSERT_EQ(image.failures.size(), 2U);
  EXPECT_EQ(image.failures[0], (FailureSpec{"/healthz", seconds(10), seconds(20), 503, false}));
  EXPECT_EQ(image.failures[1], (FailureSpec{"/*", seconds(30), std::nullopt, 500, true}));
  const nlohmann::json resolved = nlohmann::json::parse(resolved_json(scenario))["images"]["web:1.0.0"];
  EXPECT_EQ(resolved["exit"]["afterNs"], seconds(10).ns);
  EXPECT_EQ(resolved["memory"]["growthBytesPerSecond"], 1 << 20);
  EXPECT_EQ(resolved["onTerminate"], "ignore");
  EXPECT_EQ(resolved["failures"][1]["hang"], true);
}

TEST(Images, ThatSayNothingRunForEverHoldNothingAndCanBeHad) {
  BaseScenario base;
  const Scenario scenario = must_load(base.load());
  const ImageSpec& image = scenario.images.at("web:1.0.0");
  EXPECT_FALSE(image.exit || image.memory);
  EXPECT_TRUE(image.failures.empty());
  EXPECT_TRUE(image.pullable && image.preloaded);
}

TEST(Images, ThatNobodyHasNeedNoRegistry) {
  BaseScenario base;
  base.edit("scenario.yaml", "{startup: 600ms, ", "{pullable: false, startup: 600ms, ");
  const Loaded loaded = base.load();
  const Scenario scenario = must_load(loaded);
  EXPECT_FALSE(scenario.images.at("web:1.0.0").pullable);
  EXPECT_FALSE(scenario.images.at("web:1.0.0").preloaded);
}

TEST(Images, OfInitContainersAreDescribedAndEnd) {
  const auto with_init = [](const std::string& image, const std::string& more) {
    BaseScenario base;
    std::string web = read_text(base.path() / "web.yaml");
    const std::string mark = "containers:";
    const std::size_t at = web.find(mark);
    EXPECT_NE(at, std::string::npos);
    const std::size_t line = web.rfind('\n', at) + 1;
    const std::string indent(at - line, ' ');
    web.insert(line, indent + "initContainers: [{name: setup, image: \"" + image + "\"" + more + "}]\n");
    base.file("web.yaml", web);
    base.edit("scenario.yaml", "  images:\n", "  images:\n    setup:1: {exit: {after: 1s}}\n");
    return base.load();
  };
  EXPECT_EQ(with_init("setup:1", "").errors.size(), 0U);
  const Loaded missing = with_init("setup:2", "");
  ASSERT_EQ(missing.errors.size(), 1U);
  EXPECT_EQ(missing.errors[0].code, ErrorCode::ScenarioImageMissing);
  const auto endless = [](const Loaded& loaded) {
    return std::count_if(loaded.warnings.begin(), loaded.warnings.end(), [](const Error& error) { return error.hint.find("exit") != std::string::npos; });
  };
  EXPECT_EQ(endless(with_init("web:1.0.0", "")), 1);
  EXPECT_EQ(endless(with_init("web:1.0.0", ", restartPolicy: Always")), 0);
}

TEST(Loading, FolderFileAndJsonAreTheSameScenario) {
  BaseScenario base;
  const Scenario from_folder = must_load(base.load());
  const Scenario from_file = must_load(load((base.path() / "scenario.yaml").string()));
  EXPECT_EQ(from_folder, from_file);
  base.file("scenario.json", R"({"apiVersion":"tandem/v1","kind":"Scenario","metadata":{"name":"base"},"spec":{
	"seed":7,"horizon":"60s","cluster":{"kindConfig":"kind.yaml"},"manifests":["web.yaml"],
	"images":{"web:1.0.0":{"startup":"600ms","workers":2,"routes":{"/":{"cpu":"2ms"}}}},
	"balancer":{"product":"nginx","policy":"least_conn"},
	"traffic":[{"name":"users","to":"service/web","arrivals":{"poisson":"20/s"},"from":"5s"}],
	"timeline":[{"at":"20s","scale":{"deployment":"web","replicas":4}}],
	"checks":[{"name":"up","always":"deployment/web.available >= 1","from":"10s"}]}})");
  const Scenario from_json = must_load(load((base.path() / "scenario.json").string()));
  EXPECT_EQ(resolved_json(from_json), resolved_json(from_folder));
}

TEST(Loading, InputsAreListedWithTheDigestThatSha256sumGives) {
  BaseScenario base;
  const Scenario scenario = must_load(base.load());
  ASSERT_EQ(scenario.inputs.size(), 3U);
  for (const auto& [name, digest] : scenario.inputs) EXPECT_EQ(digest, sha256_hex(read_text(base.path() / name)));
  EXPECT_EQ(scenario.inputs[0].first, "scenario.yaml");
}

TEST(Loading, AMissingScenarioIsOneClearError) {
  const Loaded loaded = load("/nonexistent/scenario.yaml");
  ASSERT_EQ(loaded.errors.size(), 1U);
  EXPECT_EQ(loaded.errors[0].code, ErrorCode::FileNotFound);
  EXPECT_FALSE(loaded.scenario.has_value());
}

TEST(Loading, SymbolicLinksAndFoldersAreNotFollowed) {
  BaseScenario base;
  fs::create_symlink("/etc/hostname", base.path() / "link.yaml");
  fs::create_directory_symlink("/etc", base.path() / "etc");
  fs::create_directory(base.path() / "folder");
  for (const char* name : {"link.yaml", "etc/hostname", "folder"}) {
    base.file("scenario.yaml", read_text(kSource / "tests/bad/base/scenario.yaml")).edit("scenario.yaml", "[web.yaml]", std::string("[web.yaml, ") + name + "]");
    const Loaded loaded = base.load();
    ASSERT_EQ(loaded.errors.size(), 1U) << name << render(loaded);
    EXPECT_EQ(loaded.errors[0].code, ErrorCode::FileNotFound);
    EXPECT_EQ(loaded.errors[0].place.line, 8U);
  }
}

TEST(Loading, ErrorsOfEveryFileComeAtOnceInReadingOrder) {
  BaseScenario base;
  base.edit("scenario.yaml", "seed: 7", "seed: x").edit("kind.yaml", "role: worker", "role: wurker").edit("web.yaml", "replicas: 2", "replica: 2");
  base.edit("scenario.yaml", "service/web", "service/wep");
  const Loaded loaded = base.load();
  std::vector<std::string> files;
  for (const Error& error : loaded.errors) files.push_back(fs::path(error.place.file).filename());
  EXPECT_EQ(files, (std::vector<std::string>{"scenario.yaml", "kind.yaml", "web.yaml"})) << render(loaded);
}

TEST(Loading, AtMostFiftyErrorsAreReported) {
  std::string traffic = "  traffic:\n";
  for (int i = 0; i < 80; ++i) traffic += "    - {nam: x}\n";
  BaseScenario base;
  base.edit("scenario.yaml", "  traffic:\n", traffic);
  const Loaded loaded = base.load();
  EXPECT_EQ(loaded.errors.size(), 50U);
  EXPECT_NE(loaded.errors.back().hint.find("more not shown"), std::string::npos);
}

TEST(Loading, ABrokenPartDoesNotCauseErrorsElsewhere) {
  // The source "users" is broken; the check that names it is not blamed for that.
  const Loaded loaded = BaseScenario()
                            .edit("scenario.yaml", "20/s", "20")
                            .edit("scenario.yaml", "always: deployment/web.available >= 1, from: 10s", "metric: \"http_reqs{traffic:users}\", threshold: count>1")
                            .load();
  ASSERT_EQ(loaded.errors.size(), 1U) << render(loaded);
  EXPECT_EQ(loaded.errors[0].code, ErrorCode::ValueUnitMissing);
}

// ---------------------------------------------------------------- overrides

Loaded with_overrides(std::vector<std::pair<std::string, std::string>> overrides) {
  LoadOptions options;
  options.overrides = std::move(overrides);
  return BaseScenario().load(options);
}

TEST(Overrides, ReplaceAnyValue) {
  const Scenario scenario = must_load(with_overrides({{"spec.seed", "99"},
                                                      {"spec.images.web:1.0.0.startup", "601ms"},
                                                      {"spec.traffic[0].arrivals", "{constant: 5/s}"},
                                                      {"spec.cluster.nodeDefaults.cpu", "1500m"}}));
  EXPECT_EQ(scenario.seed, 99U);
  EXPECT_EQ(scenario.images.at("web:1.0.0").startup, milliseconds(601));
  EXPECT_EQ(scenario.traffic[0].arrivals, ArrivalKind::Constant);
  EXPECT_EQ(scenario.traffic[0].rate, 5);
  EXPECT_EQ(scenario.cluster.nodes[0].cpu_milli, 1500);
}

TEST(Overrides, HaveTheirOwnDiagnostics) {
  const std::vector<std::pair<std::pair<std::string, std::string>, ErrorCode>> cases{
      {{"spec.seed", "x"}, ErrorCode::ValueNotANumber},      {{"spec.sed", "1"}, ErrorCode::ValueUnknownField},
      {{"spec.traffic[7].name", "x"}, ErrorCode::UsageBadArgument}, {{"spec..seed", "1"}, ErrorCode::UsageBadArgument},
      {{"spec.horizon", "[60s"}, ErrorCode::SyntaxError},    {{"spec.horizon", "60"}, ErrorCode::ValueUnitMissing},
  };
  for (const auto& [override_, code] : cases) {
    const Loaded loaded = with_overrides({override_});
    ASSERT_FALSE(loaded.errors.empty()) << override_.first;
    EXPECT_EQ(loaded.errors[0].code, code) << override_.first << render(loaded);
    EXPECT_EQ(loaded.errors[0].place.file, "--set") << override_.first;
  }
}

// ---------------------------------------------------------------- meaning

TEST(Meaning, TheTimelineIsSortedByTimeThenByWriting) {
  const Scenario scenario = must_load(BaseScenario()
                                          .edit("scenario.yaml", "    - {at: 20s, scale: {deployment: web, replicas: 4}}\n",
                                                "    - {at: 30s, scale: {deployment: web, replicas: 1}}\n"
                                                "    - {at: 10s, rolloutPause: {deployment: web}}\n"
                                                "    - {at: 30s, cordon: {node: kind-worker}}\n"
                                                "    - {at: 10s, rolloutResume: {deployment: web}}\n"
                                                "    - {at: 40s, uncordon: {node: kind-worker}}\n"
                                                "    - {at: 41s, rolloutUndo: {deployment: web, toRevision: 1}}\n"
                                                "    - {at: 42s, delete: {pods: {selector: \"app=web,tier!=db\", mode: fixed, value: 2, gracePeriodSeconds: 0}}}\n"
                                                "    - {at: 43s, delete: {pods: {name: web-abc}}}\n"
                                                "    - {at: 45s, delete: {nodes: {name: kind-worker}}}\n"
                                                "    - {at: 46s, delete: {nodes: {selector: {kubernetes.io/os: linux}}}}\n"
                                                "    - {at: 44s, fault: {kind: NetworkChaos, action: delay, selector: {labelSelectors: {app: web}}, mode: fixed, value: 1, delay: {latency: 50ms, jitter: 5ms}, duration: 3s}}\n")
                                          .load());
  std::vector<std::string> texts;
  for (const TimelineAction& action : scenario.timeline) texts.push_back(to_string(action));
  EXPECT_EQ(texts, (std::vector<std::string>{"rolloutPause deployment/web", "rolloutResume deployment/web", "scale deployment/web replicas=1", "cordon node/kind-worker",
                                             "uncordon node/kind-worker", "rolloutUndo deployment/web toRevision=1", "delete 2 of pods(app=web,tier!=db)",
                                             "delete pod/web-abc", "fault NetworkChaos delay 1 of pods(app=web) for 3s", "delete node/kind-worker",
                                             "delete nodes kubernetes.io/os=linux"}));
  EXPECT_EQ(std::get<DeletePods>(scenario.timeline[6].action).grace_period_seconds, 0);
  EXPECT_EQ(std::get<Fault>(scenario.timeline[8].action).parameters,
            (std::map<std::string, std::string>{{"delay.latency", "50ms"}, {"delay.jitter", "5ms"}, {"value", "1"}}));
}

TEST(Meaning, EachServiceWithTrafficGetsItsBalancer) {
  const char* second =
      "---\napiVersion: v1\nkind: Service\nmetadata: {name: other}\nspec: {selector: {app: web}, ports: [{port: 80, targetPort: http}]}\n";
  BaseScenario base;
  base.file("web.yaml", read_text(kSource / "tests/bad/base/web.yaml") + second);
  base.edit("scenario.yaml", "  timeline:", "    - {name: more, to: service/default/other, arrivals: {constant: 1/s}}\n  timeline:");
  Scenario scenario = must_load(base.load());
  ASSERT_EQ(scenario.balancers.size(), 2U);
  EXPECT_EQ(scenario.balancers[0].service, "web");
  EXPECT_EQ(scenario.balancers[1].service, "other");
  EXPECT_EQ(scenario.balancers[1].policy, "least_conn");

  base.edit("scenario.yaml", "balancer: {product: nginx, policy: least_conn}", "balancer: [{policy: ip_hash, service: service/other, instances: 3}]");
  scenario = must_load(base.load());
  EXPECT_EQ(scenario.balancers[0].policy, "round_robin") << "the default";
  EXPECT_EQ(scenario.balancers[1].policy, "ip_hash");
  EXPECT_EQ(scenario.balancers[1].instances, 3);
}

TEST(Meaning, TrafficWithoutAnEndLastsToTheHorizon) {
  EXPECT_EQ(must_load(BaseScenario().load()).traffic[0].until, seconds(60));
}

TEST(Meaning, ARouteThatNobodyAnswersIsAWarning) {
  const Loaded loaded = BaseScenario().edit("scenario.yaml", "to: service/web,", "to: service/web, route: /nowhere,").load();
  must_load(loaded);
  ASSERT_EQ(loaded.warnings.size(), 1U);
  EXPECT_EQ(loaded.warnings[0].path, "spec.traffic[0].route");
}

TEST(Meaning, TheLongestLiteralPrefixOfARouteWins) {
  const std::vector<RouteSpec> routes = [] {
    std::vector<RouteSpec> made(4);
    made[0].pattern = "/*", made[1].pattern = "/chat/*", made[2].pattern = "/chat/", made[3].pattern = "/chat/x";
    return made;
  }();
  EXPECT_EQ(find_route(routes, "/chat/x?a=b")->pattern, "/chat/x");
  EXPECT_EQ(find_route(routes, "/chat/")->pattern, "/chat/") << "an exact pattern goes before '*'";
  EXPECT_EQ(find_route(routes, "/chat/y")->pattern, "/chat/*");
  EXPECT_EQ(find_route(routes, "/")->pattern, "/*");
  EXPECT_EQ(find_route({routes[3]}, "/chat"), nullptr);
}

TEST(Meaning, NodesTakeDefaultsOverridesTaintsAndLabels) {
  const Scenario scenario = must_load(BaseScenario()
                                          .edit("scenario.yaml", "{kindConfig: kind.yaml}",
                                                "\n    nodeDefaults: {cpu: 2, link: {latency: 1ms}}\n"
                                                "    nodes:\n"
                                                "      - {name: a, role: control-plane}\n"
                                                "      - {name: b, memory: 1Gi, zone: z1, labels: {disk: ssd}, link: {bandwidth: 100Mbit/s}}\n"
                                                "      - {name: c, role: control-plane, taints: []}\n"
                                                "    overrides: {b: {cpu: 500m, extended: {example.com/gpu: 2}}}")
                                          .load());
  const NodeSpec& a = scenario.cluster.nodes[0];
  const NodeSpec& b = scenario.cluster.nodes[1];
  EXPECT_EQ(a.cpu_milli, 2000);
  EXPECT_EQ(b.cpu_milli, 500);
  EXPECT_EQ(b.memory_bytes, std::int64_t{1} << 30);
  EXPECT_EQ(b.link.bandwidth, 12.5e6);
  EXPECT_EQ(b.link.latency, milliseconds(1));
  EXPECT_EQ(b.extended.at("example.com/gpu").value(), 2);
  EXPECT_EQ(b.labels, (cluster::Labels{{"beta.kubernetes.io/arch", "amd64"}, {"beta.kubernetes.io/os", "linux"}, {"disk", "ssd"}, {"kubernetes.io/arch", "amd64"},
                                       {"kubernetes.io/hostname", "b"}, {"kubernetes.io/os", "linux"}, {"topology.kubernetes.io/zone", "z1"}}));
  ASSERT_EQ(a.taints.size(), 1U);
  EXPECT_EQ(a.taints[0].key, "node-role.kubernetes.io/control-plane");
  EXPECT_EQ(a.labels.count("node-role.kubernetes.io/control-plane"), 1U);
  EXPECT_TRUE(scenario.cluster.nodes[2].taints.empty()) << "an explicit empty list removes the taint";
}

TEST(Meaning, MoreNodesThanPodRangesAreRefused) {
  std::string nodes = "\n    nodes:\n";
  for (int i = 0; i < 257; ++i) nodes += "      - {name: n" + std::to_string(i) + "}\n";
  const Loaded loaded = BaseScenario().edit("scenario.yaml", " {kindConfig: kind.yaml}\n", nodes).load();
  ASSERT_EQ(loaded.errors.size(), 1U) << render(loaded);
  EXPECT_EQ(loaded.errors[0].code, ErrorCode::ScenarioTooLarge);
  EXPECT_TRUE(BaseScenario().edit("scenario.yaml", " {kindConfig: kind.yaml}\n", "\n    podSubnet: 10.0.0.0/12\n" + nodes).load().scenario.has_value());
}

// ---------------------------------------------------------------- resolved text

TEST(Resolved, IsCanonicalAndHoldsMeaningOnly) {
  const std::string text = resolved_json(must_load(BaseScenario().load()));
  EXPECT_EQ(nlohmann::json::parse(text).dump(2) + "\n", text) << "sorted keys, one form";
  const std::string commented = resolved_json(must_load(BaseScenario().edit("scenario.yaml", "  seed: 7\n", "  # a comment\n\n  seed: 7\n").load()));
  EXPECT_EQ(text, commented);
}

TEST(Resolved, ChangesWithEveryMeaningfulChange) {
  const std::string text = resolved_json(must_load(BaseScenario().load()));
  for (const auto& [path, value] : std::vector<std::pair<std::string, std::string>>{{"spec.seed", "8"},
                                                                                  {"spec.images.web:1.0.0.startup", "601ms"},
                                                                                  {"spec.images.web:1.0.0.drain", "1ns"},
                                                                                  {"spec.traffic[0].keepAlive", "true"},
                                                                                  {"spec.balancer.workers", "2"},
                                                                                  {"spec.checks[0].points", "2"},
                                                                                  {"spec.delivery", "instant"},
                                                                                  {"spec.timeline[0].scale.replicas", "3"}}) {
    EXPECT_NE(resolved_json(must_load(with_overrides({{path, value}}))), text) << path;
  }
  EXPECT_NE(resolved_json(must_load(BaseScenario().edit("web.yaml", "cpu: 100m", "cpu: 101m").load())), text);
}

}  // namespace
}  // namespace tandem::scenario::test
