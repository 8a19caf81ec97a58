// The section `scheduler`: plugin sets are merged as kube-scheduler merges them (pkg/scheduler/apis/config/v1/default_plugins.go).

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/scenario/scheduler_json.hpp"
#include "scenario_test_support.hpp"

namespace tandem::scenario::test {
namespace {

/// The configuration of a base scenario with this YAML as its scheduler section.
SchedulerConfig read(const std::string& section, Loaded* loaded = nullptr) {
  BaseScenario scenario;
  Loaded result = scenario.load({.overrides = {{"spec.scheduler", section}}, .limits = {}});
  EXPECT_TRUE(result.scenario.has_value()) << render(result);
  SchedulerConfig config = result.scenario ? result.scenario->scheduler : SchedulerConfig{};
  if (loaded != nullptr) *loaded = std::move(result);
  return config;
}

const EnabledPlugin* find(const SchedulerProfile& profile, std::string_view name) {
  const auto found = std::find_if(profile.plugins.begin(), profile.plugins.end(), [&](const EnabledPlugin& plugin) { return plugin.name == name; });
  return found == profile.plugins.end() ? nullptr : &*found;
}

TEST(SchedulerSection, IsTheDefaultProfileWhereThereIsNone) {
  const Loaded loaded = BaseScenario().load();
  ASSERT_TRUE(loaded.scenario.has_value());
  ASSERT_EQ(loaded.scenario->scheduler.profiles.size(), 1U);
  EXPECT_EQ(loaded.scenario->scheduler.profiles[0], default_scheduler_profile());
}

TEST(SchedulerSection, ScoringPluginsAreReplacedWhileFiltersStay) {
  const SchedulerConfig config =
      read(R"({profiles: [{plugins: {score: {disabled: [{name: "*"}], enabled: [{name: FirstFit}, {name: NodeAffinity, weight: 7}]}}}]})");
  const SchedulerProfile& profile = config.profiles.at(0);
  EXPECT_EQ(find(profile, "TaintToleration")->weight, 0);
  EXPECT_TRUE(find(profile, "TaintToleration")->filter);
  EXPECT_EQ(find(profile, "NodeAffinity")->weight, 7);
  EXPECT_EQ(find(profile, "FirstFit")->weight, 1) << "a weight of 0 is 1";
  EXPECT_FALSE(find(profile, "FirstFit")->filter) << "enabled at one point only";
}

TEST(SchedulerSection, MultiPointTakesAwayEverywhereAndKeepsPlaces) {
  const SchedulerConfig config = read(
      R"({profiles: [{plugins: {multiPoint: {disabled: [{name: ImageLocality}], enabled: [{name: NodeResourcesFit, weight: 5}, {name: Random}]},
                                postFilter: {disabled: [{name: DefaultPreemption}]}}}]})");
  const SchedulerProfile& profile = config.profiles.at(0);
  EXPECT_EQ(find(profile, "ImageLocality"), nullptr);
  EXPECT_EQ(profile.plugins.at(5), (EnabledPlugin{"NodeResourcesFit", 5, true, true})) << "in its default place";
  EXPECT_EQ(profile.plugins.back().name, "Random");
  EXPECT_FALSE(find(profile, "DefaultPreemption")->post_filter);
  EXPECT_TRUE(find(profile, "DynamicResources")->post_filter);
}

TEST(SchedulerSection, ReadsArgumentsUnderKubernetesNames) {
  const SchedulerConfig config = read(R"({
    percentageOfNodesToScore: 40, podInitialBackoffSeconds: 2, podMaxBackoffSeconds: 30,
    profiles: [
      {schedulerName: packer, percentageOfNodesToScore: 100, pluginConfig: [
        {name: NodeResourcesFit, args: {apiVersion: kubescheduler.config.k8s.io/v1, kind: NodeResourcesFitArgs, ignoredResources: [example.com/gpu],
          scoringStrategy: {type: RequestedToCapacityRatio, resources: [{name: cpu, weight: 3}], requestedToCapacityRatio: {shape: [{utilization: 0, score: 0}, {utilization: 100, score: 10}]}}}},
        {name: InterPodAffinity, args: {hardPodAffinityWeight: 5}},
        {name: PodTopologySpread, args: {defaultingType: List, defaultConstraints: [{maxSkew: 1, topologyKey: rack, whenUnsatisfiable: DoNotSchedule}]}},
        {name: DefaultPreemption, args: {minCandidateNodesAbsolute: 5}},
        {name: NodeResourcesBalancedAllocation, args: {resources: [{name: cpu}, {name: memory}, {name: example.com/gpu}]}}]},
      {}]})");
  EXPECT_EQ(config.pod_initial_backoff, seconds(2));
  EXPECT_EQ(config.pod_max_backoff, seconds(30));
  ASSERT_EQ(config.profiles.size(), 2U);
  const SchedulerProfile& packer = config.profiles[0];
  EXPECT_EQ(packer.percentage_of_nodes_to_score, 100);
  EXPECT_EQ(packer.args.node_resources_fit.strategy, ScoringStrategy::RequestedToCapacityRatio);
  EXPECT_EQ(packer.args.node_resources_fit.resources, (std::vector<ResourceWeight>{{"cpu", 3}}));
  EXPECT_EQ(packer.args.node_resources_fit.shape.size(), 2U);
  EXPECT_EQ(packer.args.node_resources_fit.ignored_resources, std::vector<std::string>{"example.com/gpu"});
  EXPECT_EQ(packer.args.inter_pod_affinity.hard_pod_affinity_weight, 5);
  EXPECT_FALSE(packer.args.pod_topology_spread.system_defaults);
  EXPECT_EQ(packer.args.default_preemption.min_candidate_nodes_absolute, 5);
  EXPECT_EQ(packer.args.default_preemption.min_candidate_nodes_percentage, 10);
  EXPECT_EQ(packer.args.balanced_allocation.resources.size(), 3U);
  EXPECT_EQ(config.profiles[1].scheduler_name, "default-scheduler");
  EXPECT_EQ(config.profiles[1].percentage_of_nodes_to_score, 40);
}

TEST(SchedulerSection, AcceptsAWholeKubeSchedulerConfigurationAndSaysWhatHasNoEffect) {
  Loaded loaded;
  read(R"({apiVersion: kubescheduler.config.k8s.io/v1, kind: KubeSchedulerConfiguration,
           profiles: [{plugins: {filter: {disabled: [{name: VolumeBinding}]}}}]})",
       &loaded);
  ASSERT_EQ(loaded.warnings.size(), 1U);
  EXPECT_EQ(loaded.warnings[0].what, "VolumeBinding has no effect here: nothing that it decides is modelled");
}

TEST(SchedulerSection, APodOfNoProfileIsAWarning) {
  Loaded loaded;
  read("{profiles: [{schedulerName: students-scheduler}]}", &loaded);
  ASSERT_EQ(loaded.warnings.size(), 1U);
  EXPECT_EQ(loaded.warnings[0].what, "Deployment default/web stays Pending: no scheduler profile has its schedulerName");
}

TEST(SchedulerSection, GoesThroughJsonAndBack) {
  const SchedulerConfig config = read(R"({profiles: [{pluginConfig: [{name: NodeResourcesFit, args: {scoringStrategy: {type: MostAllocated}}}],
                                                      plugins: {score: {disabled: [{name: ImageLocality}]}}}, {schedulerName: b}]})");
  const auto back = scheduler_config_of(to_json(config));
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(*back, config);
  EXPECT_FALSE(scheduler_config_of(nlohmann::json{{"profiles", 3}}).has_value());
}

}  // namespace
}  // namespace tandem::scenario::test
