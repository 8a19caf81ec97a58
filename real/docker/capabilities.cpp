#include "real/docker/capabilities.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "core/world/cluster_run.hpp"
#include "real/docker/faults.hpp"
#include "real/docker/node_slices.hpp"
#include "real/docker/subnets.hpp"

namespace tandem::docker {

namespace {

using scenario::FieldNote;
using scenario::Treatment;

constexpr int kInstancesMax = 200;

void note_nodes(const scenario::Scenario& scenario, const EngineInfo& engine, bool local_engine, world::CapabilityReport& report) {
  const std::string refusal = NodeSlices::refusal(engine, local_engine);
  if (!refusal.empty()) {
    report.notes.push_back({"cluster", "nodes[].cpu, nodes[].memory", Treatment::Approximated,
                            "node capacity approximated: counted by the scheduler, not enforced, because " + refusal, {}});
  }
  std::int64_t milli = 0;
  for (const scenario::NodeSpec& node : scenario.cluster.nodes) milli += node.cpu_milli;
  if (milli > engine.cpus * 1000) {
    report.notes.push_back({"cluster", "nodes[].cpu", Treatment::Approximated,
                            fmt::format("all nodes share the {} cores of this machine", engine.cpus), {}});
  }
  const bool links = std::any_of(scenario.cluster.nodes.begin(), scenario.cluster.nodes.end(),
                                 [](const scenario::NodeSpec& node) { return !(node.link == scenario::LinkSpec{}); });
  if (links) report.notes.push_back({"cluster", "nodes[].link", Treatment::Ignored, "nodes are attached to one bridge of this machine", {}});
  if (const auto plan = SubnetPlan::of(scenario.cluster.pod_subnet, scenario.cluster.nodes.size()); !plan) report.errors.push_back(plan.error());
}

void note_images(const scenario::Scenario& scenario, world::CapabilityReport& report) {
  const bool pulls = scenario.registry || std::any_of(scenario.images.begin(), scenario.images.end(), [](const auto& image) { return !image.second.preloaded && image.second.pullable; });
  if (pulls) {
    report.notes.push_back({"images", "preloaded, registry", Treatment::Approximated,
                            "one engine has one image store: every image is present on every node", {}});
  }
}

/// Fields of containers that the workload image cannot follow, each kind once per object.
void note_containers(const cluster::ObjectMeta& meta, const cluster::PodSpec& spec, world::CapabilityReport& report) {
  std::set<std::string> noted;
  const auto note = [&](const std::string& field, const std::string& how, Treatment treatment) {
    if (noted.insert(field).second) report.notes.push_back({meta.name, field, treatment, how, {}});
  };
  for (const cluster::Container& container : spec.containers) {
    if (!container.command.empty() || !container.args.empty()) {
      note("spec.template.spec.containers[].command, args", "the workload image plays the image as the scenario describes it", Treatment::Ignored);
    }
    if (container.readiness_probe && std::holds_alternative<cluster::ExecAction>(container.readiness_probe->action)) {
      note("spec.template.spec.containers[].readinessProbe.exec", "runs for real, in an image that holds nothing but /tandem-workload", Treatment::Approximated);
    }
  }
  if (spec.host_network) note("spec.template.spec.hostNetwork", "pods always get an address of their own", Treatment::Ignored);
}

void check_balancers(const scenario::Scenario& scenario, world::CapabilityReport& report) {
  int instances = 0;
  for (const cluster::ObjectKey& service : world::balanced_services(scenario)) {
    const balance::BalancerSpec spec = world::balancer_for(scenario, service);
    instances += spec.instances;
    if (spec.product == "nginx") continue;
    report.errors.push_back(make_error(ErrorCode::ValueNotAllowed, "the Docker world has no balancer of this product")
                                .with_found(spec.product)
                                .with_allowed("nginx"));
  }
  if (instances > kInstancesMax) {
    report.errors.push_back(make_error(ErrorCode::EngineCapability, "too many balancer instances for one machine")
                                .with_found(std::to_string(instances))
                                .with_allowed(std::to_string(kInstancesMax)));
  }
}

void check_faults(const scenario::Scenario& scenario, bool local_engine, world::CapabilityReport& report) {
  for (const scenario::TimelineAction& action : scenario.timeline) {
    const auto* fault = std::get_if<scenario::Fault>(&action.action);
    if (fault == nullptr) continue;
    std::string refusal = DockerFaultInjector::refusal_of(*fault, local_engine);
    if (!refusal.empty()) report.errors.push_back(make_error(ErrorCode::ScenarioFaultUnsupported, std::move(refusal), action.place));
  }
}

}  // namespace

world::CapabilityReport docker_capabilities(const scenario::Scenario& scenario, const EngineInfo& engine, bool local_engine) {
  world::CapabilityReport report;
  if (!local_engine) {
    report.errors.push_back(make_error(ErrorCode::EngineCapability, "the engine is on another machine, so its containers cannot be reached from here")
                                .with_hint("run Tandem on the engine's machine"));
  }
  note_nodes(scenario, engine, local_engine, report);
  note_images(scenario, report);
  for (const cluster::AnyObject& object : scenario.objects) {
    if (const auto* deployment = std::get_if<cluster::Deployment>(&object)) {
      note_containers(deployment->meta, *deployment->spec.pod_template->spec, report);
    } else if (const auto* pod = std::get_if<cluster::Pod>(&object)) {
      note_containers(pod->meta, *pod->spec, report);
    }
  }
  check_balancers(scenario, report);
  check_faults(scenario, local_engine, report);
  return report;
}

}  // namespace tandem::docker
