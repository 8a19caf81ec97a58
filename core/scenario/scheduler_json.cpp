#include "core/scenario/scheduler_json.hpp"

#include <nlohmann/json.hpp>

namespace tandem::scenario {
namespace {

using Json = nlohmann::json;

constexpr const char* kStrategies[] = {"LeastAllocated", "MostAllocated", "RequestedToCapacityRatio"};

Json list_of(const std::vector<ResourceWeight>& resources) {
  Json list = Json::array();
  for (const ResourceWeight& resource : resources) list.push_back({{"name", resource.name}, {"weight", resource.weight}});
  return list;
}
std::vector<ResourceWeight> resources_of(const Json& list) {
  std::vector<ResourceWeight> resources;
  for (const Json& entry : list) resources.push_back({entry.at("name"), entry.at("weight")});
  return resources;
}

Json json_of(const PluginArgs& args) {
  Json shape = Json::array();
  for (const ShapePoint& point : args.node_resources_fit.shape) shape.push_back({{"utilization", point.utilization}, {"score", point.score}});
  Json constraints = Json::array();
  for (const auto& constraint : args.pod_topology_spread.default_constraints) {
    constraints.push_back({{"maxSkew", constraint.max_skew}, {"topologyKey", constraint.topology_key}, {"whenUnsatisfiable", constraint.when_unsatisfiable}});
  }
  return {{"NodeResourcesFit",
           {{"ignoredResources", args.node_resources_fit.ignored_resources},
            {"ignoredResourceGroups", args.node_resources_fit.ignored_resource_groups},
            {"type", kStrategies[static_cast<std::size_t>(args.node_resources_fit.strategy)]},
            {"resources", list_of(args.node_resources_fit.resources)},
            {"shape", std::move(shape)}}},
          {"NodeResourcesBalancedAllocation", {{"resources", list_of(args.balanced_allocation.resources)}}},
          {"InterPodAffinity",
           {{"hardPodAffinityWeight", args.inter_pod_affinity.hard_pod_affinity_weight},
            {"ignorePreferredTermsOfExistingPods", args.inter_pod_affinity.ignore_preferred_terms_of_existing_pods}}},
          {"PodTopologySpread",
           {{"defaultingType", args.pod_topology_spread.system_defaults ? "System" : "List"}, {"defaultConstraints", std::move(constraints)}}},
          {"DefaultPreemption",
           {{"minCandidateNodesPercentage", args.default_preemption.min_candidate_nodes_percentage},
            {"minCandidateNodesAbsolute", args.default_preemption.min_candidate_nodes_absolute}}},
          {"ExternalPolicy",
           {{"command", args.external_policy.command}, {"files", args.external_policy.files}, {"timeoutNs", args.external_policy.timeout.ns}}}};
}

PluginArgs args_of(const Json& json) {
  PluginArgs args;
  const Json& fit = json.at("NodeResourcesFit");
  args.node_resources_fit.ignored_resources = fit.at("ignoredResources").get<std::vector<std::string>>();
  args.node_resources_fit.ignored_resource_groups = fit.at("ignoredResourceGroups").get<std::vector<std::string>>();
  for (std::size_t i = 0; i < std::size(kStrategies); ++i) {
    if (fit.at("type") == kStrategies[i]) args.node_resources_fit.strategy = static_cast<ScoringStrategy>(i);
  }
  args.node_resources_fit.resources = resources_of(fit.at("resources"));
  for (const Json& point : fit.at("shape")) args.node_resources_fit.shape.push_back({point.at("utilization"), point.at("score")});
  args.balanced_allocation.resources = resources_of(json.at("NodeResourcesBalancedAllocation").at("resources"));
  const Json& affinity = json.at("InterPodAffinity");
  args.inter_pod_affinity = {affinity.at("hardPodAffinityWeight"), affinity.at("ignorePreferredTermsOfExistingPods")};
  const Json& spread = json.at("PodTopologySpread");
  args.pod_topology_spread.system_defaults = spread.at("defaultingType") == "System";
  for (const Json& entry : spread.at("defaultConstraints")) {
    cluster::TopologySpreadConstraint constraint;
    constraint.max_skew = entry.at("maxSkew");
    constraint.topology_key = entry.at("topologyKey");
    constraint.when_unsatisfiable = entry.at("whenUnsatisfiable");
    args.pod_topology_spread.default_constraints.push_back(std::move(constraint));
  }
  const Json& preemption = json.at("DefaultPreemption");
  args.default_preemption = {preemption.at("minCandidateNodesPercentage"), preemption.at("minCandidateNodesAbsolute")};
  const Json& external = json.at("ExternalPolicy");
  args.external_policy.command = external.at("command").get<std::vector<std::string>>();
  args.external_policy.files = external.at("files").get<std::map<std::string, std::string>>();
  args.external_policy.timeout = nanoseconds(external.at("timeoutNs"));
  return args;
}

}  // namespace

nlohmann::json to_json(const SchedulerConfig& config) {
  Json profiles = Json::array();
  for (const SchedulerProfile& profile : config.profiles) {
    Json plugins = Json::array();
    for (const EnabledPlugin& plugin : profile.plugins) {
      plugins.push_back({{"name", plugin.name}, {"weight", plugin.weight}, {"filter", plugin.filter}, {"postFilter", plugin.post_filter}});
    }
    profiles.push_back({{"schedulerName", profile.scheduler_name},
                        {"percentageOfNodesToScore", profile.percentage_of_nodes_to_score},
                        {"plugins", std::move(plugins)},
                        {"args", json_of(profile.args)}});
  }
  return {{"profiles", std::move(profiles)},
          {"podInitialBackoffNs", config.pod_initial_backoff.ns},
          {"podMaxBackoffNs", config.pod_max_backoff.ns}};
}

Result<SchedulerConfig> scheduler_config_of(const nlohmann::json& document) {
  try {
    SchedulerConfig config;
    for (const Json& entry : document.at("profiles")) {
      SchedulerProfile& profile = config.profiles.emplace_back();
      profile.scheduler_name = entry.at("schedulerName");
      profile.percentage_of_nodes_to_score = entry.at("percentageOfNodesToScore");
      for (const Json& plugin : entry.at("plugins")) {
        profile.plugins.push_back({plugin.at("name"), plugin.at("weight"), plugin.at("filter"), plugin.at("postFilter")});
      }
      profile.args = args_of(entry.at("args"));
    }
    config.pod_initial_backoff = nanoseconds(document.at("podInitialBackoffNs"));
    config.pod_max_backoff = nanoseconds(document.at("podMaxBackoffNs"));
    return config;
  } catch (const nlohmann::json::exception& error) {
    return fail(make_error(ErrorCode::ValueType, "this is not a resolved scheduler configuration").with_found(error.what()));
  }
}

}  // namespace tandem::scenario
