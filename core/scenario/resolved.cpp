// The resolved scenario as canonical JSON.

#include <nlohmann/json.hpp>

#include "core/cluster/json.hpp"
#include "core/scenario/load.hpp"
#include "core/scenario/scheduler_json.hpp"

namespace tandem::scenario {
namespace {

using Json = nlohmann::json;

Json json_of(const cluster::Labels& labels) {
  Json json = Json::object();
  for (const auto& [key, value] : labels) json[key] = value;
  return json;
}

Json json_of(const cluster::LabelSelector& selector) {
  Json expressions = Json::array();
  constexpr std::string_view kOperators[] = {"In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"};
  for (const cluster::SelectorRequirement& requirement : selector.match_expressions) {
    expressions.push_back({{"key", requirement.key}, {"operator", kOperators[static_cast<std::size_t>(requirement.op)]}, {"values", requirement.values}});
  }
  return {{"matchLabels", json_of(selector.match_labels)}, {"matchExpressions", std::move(expressions)}};
}

Json json_of(const NodeSpec& node) {
  Json taints = Json::array();
  for (const cluster::Taint& taint : node.taints) taints.push_back({{"key", taint.key}, {"value", taint.value}, {"effect", taint.effect}});
  Json extended = Json::object();
  for (const auto& [name, amount] : node.extended) extended[name] = amount.text();
  return {{"name", node.name},
          {"controlPlane", node.control_plane},
          {"cpuMilli", node.cpu_milli},
          {"memoryBytes", node.memory_bytes},
          {"maxPods", node.max_pods},
          {"extended", std::move(extended)},
          {"labels", json_of(node.labels)},
          {"taints", std::move(taints)},
          {"zone", node.zone},
          {"link", {{"bytesPerSecond", node.link.bandwidth}, {"latencyNs", node.link.latency.ns}}}};
}

Json json_of(const ClusterSpec& cluster) {
  Json nodes = Json::array();
  for (const NodeSpec& node : cluster.nodes) nodes.push_back(json_of(node));
  return {{"name", cluster.name}, {"nodes", std::move(nodes)}, {"podSubnet", cluster.pod_subnet}, {"serviceSubnet", cluster.service_subnet}};
}

std::string_view name_of(OnTerminate reaction) {
  switch (reaction) {
    case OnTerminate::Finish: return "finish";
    case OnTerminate::Abort: return "abort";
    case OnTerminate::Ignore: return "ignore";
  }
  return {};
}

Json json_of(const FailureSpec& failure) {
  Json json{{"path", failure.pattern}, {"fromNs", failure.from.ns}, {"status", failure.status}, {"hang", failure.hang}};
  if (failure.until) json["untilNs"] = failure.until->ns;
  return json;
}

Json json_of(const ImageSpec& image) {
  Json routes = Json::array();
  for (const RouteSpec& route : image.routes) {
    routes.push_back({{"pattern", route.pattern},
                      {"cpuNs", route.cpu.ns},
                      {"waitNs", route.wait.ns},
                      {"exponential", route.exponential},
                      {"status", route.status},
                      {"contentType", route.content_type},
                      {"body", route.body},
                      {"responseBytes", route.response_bytes}});
  }
  Json failures = Json::array();
  for (const FailureSpec& failure : image.failures) failures.push_back(json_of(failure));
  Json json{{"sizeBytes", image.size_bytes},
            {"preloaded", image.preloaded},
            {"pullable", image.pullable},
            {"startupNs", image.startup.ns},
            {"workers", image.workers},
            {"backlog", image.backlog},
            {"discipline", image.discipline == Discipline::Shared ? "shared" : "fifo"},
            {"onTerminate", name_of(image.on_terminate)},
            {"drainNs", image.drain.ns},
            {"routes", std::move(routes)},
            {"failures", std::move(failures)}};
  if (image.exit) json["exit"] = {{"afterNs", image.exit->after.ns}, {"code", image.exit->code}, {"times", image.exit->times}};
  if (image.memory) {
    json["memory"] = {{"startBytes", image.memory->start_bytes},
                      {"growthBytesPerSecond", image.memory->growth_bytes},
                      {"peakBytes", image.memory->peak_bytes}};
  }
  return json;
}

Json json_of(const balance::BalancerSpec& balancer) {
  return {{"product", balancer.product},
          {"policy", balancer.policy},
          {"service", balancer.service},
          {"instances", balancer.instances},
          {"workers", balancer.workers},
          {"connectTimeoutNs", balancer.connect_timeout.ns},
          {"readTimeoutNs", balancer.read_timeout.ns},
          {"maxFails", balancer.max_fails},
          {"failTimeoutNs", balancer.fail_timeout.ns}};
}

Json json_of(const TrafficSpec& source) {
  return {{"name", source.name},
          {"service", source.service},
          {"namespace", source.namespace_},
          {"route", source.route},
          {"method", source.method},
          {"arrivals", source.arrivals == ArrivalKind::Constant ? "constant" : "poisson"},
          {"rate", source.rate},
          {"fromNs", source.from.ns},
          {"untilNs", source.until.ns},
          {"timeoutNs", source.timeout.ns},
          {"keepAlive", source.keep_alive},
          {"expectStatus", source.expect_status}};
}

std::string_view name_of(SelectionMode mode) {
  if (mode == SelectionMode::One) return "one";
  return mode == SelectionMode::All ? "all" : "fixed";
}

struct ActionJson {
  Json operator()(const SetImage& a) const {
    return {{"setImage", {{"namespace", a.namespace_}, {"deployment", a.deployment}, {"container", a.container}, {"image", a.image}}}};
  }
  Json operator()(const Scale& a) const { return {{"scale", {{"namespace", a.namespace_}, {"deployment", a.deployment}, {"replicas", a.replicas}}}}; }
  Json operator()(const DeletePods& a) const {
    Json pods{{"namespace", a.namespace_}, {"selector", json_of(a.selector)}, {"name", a.name}, {"mode", name_of(a.mode)}, {"value", a.value}};
    if (a.grace_period_seconds) pods["gracePeriodSeconds"] = *a.grace_period_seconds;
    return {{"delete", {{"pods", std::move(pods)}}}};
  }
  Json operator()(const RolloutPause& a) const {
    return {{a.paused ? "rolloutPause" : "rolloutResume", {{"namespace", a.namespace_}, {"deployment", a.deployment}}}};
  }
  Json operator()(const RolloutUndo& a) const {
    return {{"rolloutUndo", {{"namespace", a.namespace_}, {"deployment", a.deployment}, {"toRevision", a.to_revision}}}};
  }
  Json operator()(const DeleteNodes& a) const { return {{"delete", {{"nodes", {{"name", a.name}, {"selector", json_of(a.selector)}}}}}}; }
  Json operator()(const Cordon& a) const { return {{a.unschedulable ? "cordon" : "uncordon", {{"node", a.node}}}}; }
  Json operator()(const Fault& a) const {
    return {{"fault",
             {{"kind", a.kind},
              {"action", a.action},
              {"node", a.node},
              {"selector", json_of(a.selector)},
              {"mode", name_of(a.mode)},
              {"durationNs", a.duration.ns},
              {"parameters", a.parameters}}}};
  }
};

Json json_of(const TimelineAction& entry) {
  Json json = std::visit(ActionJson{}, entry.action);
  json["atNs"] = entry.at.ns;
  return json;
}

Json json_of(const CheckSpec& check) {
  Json json{{"name", check.name}, {"kind", check.kind}, {"expression", check.expression}, {"threshold", check.threshold},
            {"from", check.from}, {"until", check.until}, {"points", check.points}};
  if (check.within) json["withinNs"] = check.within->ns;
  return json;
}

Json json_of(const Measured& value) { return {{"meanMs", value.mean_ms}, {"stddevMs", value.stddev_ms}, {"samples", value.samples}}; }

Json json_of(const Calibration& c) {
  return {{"name", c.name},
          {"provenance", c.provenance},
          {"hostCores", c.host_cores},
          {"cpuSpeed", c.cpu_speed},
          {"containerCreate", json_of(c.container_create)},
          {"containerStart", json_of(c.container_start)},
          {"containerStop", json_of(c.container_stop)},
          {"sandboxCreate", json_of(c.sandbox_create)},
          {"probe", json_of(c.probe)},
          {"proxyRequest", json_of(c.proxy_request)},
          {"proxyCpu", json_of(c.proxy_cpu)},
          {"appRequest", json_of(c.app_request)},
          {"clientOverhead", json_of(c.client_overhead)},
          {"roundTrip", json_of(c.round_trip)},
          {"balancerReload", json_of(c.balancer_reload)}};
}

template <class T>
Json list_of(const std::vector<T>& values) {
  Json list = Json::array();
  for (const T& value : values) list.push_back(json_of(value));
  return list;
}

}  // namespace

std::string calibration_json(const Calibration& calibration) { return json_of(calibration).dump(); }

std::string resolved_json(const Scenario& scenario) {
  Json images = Json::object();
  for (const auto& [reference, image] : scenario.images) images[reference] = json_of(image);
  Json objects = Json::array();
  for (const cluster::AnyObject& object : scenario.objects) objects.push_back(cluster::to_json(object, cluster::TimeFormat::Nanoseconds));
  Json json{{"apiVersion", "tandem/v1"},
            {"kind", "ResolvedScenario"},
            {"name", scenario.name},
            {"title", scenario.title},
            {"description", scenario.description},
            {"seed", scenario.seed},
            {"horizonNs", scenario.horizon.ns},
            {"cluster", json_of(scenario.cluster)},
            {"objects", std::move(objects)},
            {"images", std::move(images)},
            {"balancers", list_of(scenario.balancers)},
            {"traffic", list_of(scenario.traffic)},
            {"timeline", list_of(scenario.timeline)},
            {"checks", list_of(scenario.checks)},
            {"delivery", scenario.delivery},
            {"scheduler", to_json(scenario.scheduler)}};
  if (scenario.registry) {
    json["registry"] = {{"bytesPerSecond", scenario.registry->bandwidth}, {"latencyNs", scenario.registry->latency.ns}, {"overheadNs", scenario.registry->overhead.ns}};
  }
  if (scenario.calibration) json["calibration"] = json_of(*scenario.calibration);
  return json.dump(2) + "\n";
}

}  // namespace tandem::scenario
