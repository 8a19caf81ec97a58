#pragma once
// The rolling-update scenario as a value, for tests that need no files.

#include "core/scenario/scenario.hpp"

namespace tandem::world {

inline cluster::PodTemplate web_template(const std::string& image) {
  cluster::Container container;
  container.name = "app";
  container.image = image;
  container.ports.push_back({"http", 8080, 0, {}, "TCP"});
  cluster::Probe probe;
  probe.action = cluster::HttpGetAction{"/", {std::int32_t{8080}}, "HTTP", {}};
  probe.period_seconds = 1;
  container.readiness_probe = probe;
  container.resources.requests["cpu"] = *Quantity::parse("100m");
  cluster::PodSpec spec;
  spec.containers.push_back(container);
  spec.termination_grace_period_seconds = 10;
  cluster::PodTemplate made;
  made.labels = cluster::Labels{{"app", "web"}};
  made.spec = spec;
  return made;
}

inline scenario::Scenario rolling_update_scenario() {
  scenario::Scenario made;
  made.name = "rolling-update";
  made.seed = 42;
  made.horizon = seconds(60);
  for (const char* name : {"kind-control-plane", "kind-worker", "kind-worker2", "kind-worker3"}) {
    scenario::NodeSpec node;
    node.name = name;
    node.labels = {{"kubernetes.io/hostname", name}};
    node.control_plane = made.cluster.nodes.empty();
    if (node.control_plane) node.taints.push_back({"node-role.kubernetes.io/control-plane", "", "NoSchedule", {}});
    made.cluster.nodes.push_back(node);
  }
  for (const char* image : {"web:1.0.0", "web:1.0.1"}) {
    scenario::ImageSpec spec;
    spec.reference = image;
    spec.startup = milliseconds(600);
    spec.routes.push_back({});
    spec.routes.back().pattern = "/";
    spec.routes.back().cpu = milliseconds(2);
    made.images.emplace(image, spec);
  }
  cluster::Deployment deployment;
  deployment.meta.name = "web";
  deployment.meta.namespace_ = "default";
  deployment.spec.replicas = 4;
  deployment.spec.selector = cluster::LabelSelector{{{"app", "web"}}, {}};
  deployment.spec.pod_template = web_template("web:1.0.0");
  deployment.spec.strategy.max_surge = {std::int32_t{1}};
  deployment.spec.strategy.max_unavailable = {std::int32_t{1}};
  made.objects.emplace_back(deployment);
  cluster::Service service;
  service.meta.name = "web";
  service.meta.namespace_ = "default";
  service.spec.selector = cluster::Labels{{"app", "web"}};
  service.spec.ports.push_back({"", "TCP", 80, {std::int32_t{8080}}, 0});
  made.objects.emplace_back(service);
  scenario::TrafficSpec traffic;
  traffic.name = "users";
  traffic.service = "web";
  traffic.rate = 200;
  traffic.from = seconds(5);
  traffic.until = seconds(55);
  made.traffic.push_back(traffic);
  made.timeline.push_back({SimTime{} + seconds(20), scenario::SetImage{"default", "web", "app", "web:1.0.1"}, {}});
  made.timeline.push_back(
      {SimTime{} + seconds(40), scenario::DeletePods{"default", {{{"app", "web"}}, {}}, {}, scenario::SelectionMode::One, 0, {}}, {}});
  return made;
}

}  // namespace tandem::world
