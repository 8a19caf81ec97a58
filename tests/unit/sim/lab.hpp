#pragma once
// A small cluster put together by hand: no control plane, pods start when a test says so.

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "sim/model/cluster_model.hpp"

namespace tandem::sim {

/// All delays zero and one host of many cores, so that a test computes every time by hand.
inline scenario::Calibration no_overheads(int host_cores = 64) {
  scenario::Calibration calibration;
  calibration.host_cores = host_cores;
  for (scenario::Measured* figure :
       {&calibration.container_create, &calibration.container_start, &calibration.container_stop, &calibration.sandbox_create,
        &calibration.probe, &calibration.proxy_request, &calibration.proxy_cpu, &calibration.app_request,
        &calibration.client_overhead, &calibration.round_trip, &calibration.balancer_reload}) {
    *figure = {};
  }
  return calibration;
}

inline scenario::RouteSpec route(std::string pattern, SimDuration cpu, SimDuration wait = {}, bool exponential = false) {
  scenario::RouteSpec spec;
  spec.pattern = std::move(pattern);
  spec.cpu = cpu;
  spec.wait = wait;
  spec.exponential = exponential;
  return spec;
}

class Lab {
 public:
  Lab() {
    scenario.seed = 42;
    scenario.horizon = seconds(1000);
    for (int i = 0; i < 3; ++i) {
      scenario::NodeSpec node;
      node.name = "worker" + std::to_string(i);
      node.cpu_milli = 64'000;
      scenario.cluster.nodes.push_back(node);
    }
    image("web").routes = {route("/", milliseconds(10))};
  }

  scenario::ImageSpec& image(const std::string& name) {
    scenario::ImageSpec& spec = scenario.images[name];
    spec.reference = name;
    if (spec.routes.empty()) {
      spec.workers = 1;
      spec.backlog = 128;
    }
    return spec;
  }
  scenario::TrafficSpec& traffic(std::string name, double rate, SimDuration from, SimDuration until) {
    scenario::TrafficSpec spec;
    spec.name = std::move(name);
    spec.service = "web";
    spec.arrivals = scenario::ArrivalKind::Constant;
    spec.rate = rate;
    spec.from = from;
    spec.until = until;
    scenario.traffic.push_back(spec);
    return scenario.traffic.back();
  }

  /// From here on the scenario is fixed.
  ClusterModel& open() {
    if (model == nullptr) {
      model = std::make_unique<ClusterModel>(scenario, calibration);
      model->nodes().set_exit_listener([this](const control::ContainerExited& exit) { exits.push_back(exit); });
    }
    return *model;
  }
  SimTime now() { return open().engine().now(); }
  void run_until(SimDuration time) { open().engine().run_until(kTimeZero + time); }

  control::PodIdentity pod(const std::string& name, const std::string& ip, const std::string& node = "worker0") {
    return {"uid-" + name, "default", name, node, ip};
  }
  /// Starts a pod with one container as fast as the calibration allows; its id is known once it runs.
  void start_pod(const control::PodIdentity& identity, const std::string& image_name = "web",
                 std::int64_t cpu_limit_milli = 0, std::int64_t cpu_request_milli = 100) {
    open().nodes().create_sandbox(identity, [this, identity, image_name, cpu_limit_milli, cpu_request_milli](const Status& status) {
      ASSERT_TRUE(status.has_value());
      control::ContainerRequest request;
      request.pod = identity;
      request.container_name = "app";
      request.image = image_name;
      request.port = 8080;
      request.cpu_request_milli = cpu_request_milli;
      request.cpu_limit_milli = cpu_limit_milli;
      model->nodes().start_container(request, [this, identity](const Result<control::ContainerStarted>& started) {
        ASSERT_TRUE(started.has_value());
        containers[identity.name] = *started;
      });
    });
  }
  void start_balancer(balance::BalancerSpec spec = {}) {
    open().requests().start("default/web", spec, [](const Status& status) { ASSERT_TRUE(status.has_value()); });
  }
  void set_backends(const std::vector<control::PodIdentity>& identities) {
    std::vector<balance::Backend> backends;
    for (const control::PodIdentity& identity : identities) backends.push_back({identity.name, identity.ip, 8080, 1});
    open().requests().set_backends("default/web", backends, [this](const Status& status) {
      ASSERT_TRUE(status.has_value());
      reloads.push_back(now());
    });
  }
  void start_traffic() {
    ASSERT_TRUE(open().requests().start(scenario, [this](const record::RequestRecord& record) {
      records.push_back(record);
      if (on_record) on_record(record);
    }));
  }
  /// One pod per node name given, a balancer in front, everything ready at time zero.
  void serve(const std::vector<std::string>& nodes, balance::BalancerSpec spec = {}) {
    start_balancer(std::move(spec));
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      pods.push_back(pod(std::string(1, static_cast<char>('a' + i)), "10.244.0." + std::to_string(i + 2), nodes[i]));
      start_pod(pods.back());
    }
    set_backends(pods);
    run_until({});
    start_traffic();
  }
  /// Latencies of the records of one source in order of index, milliseconds; -1 for requests without an answer.
  std::vector<double> latencies_ms(std::uint32_t traffic_number = 0) const {
    std::vector<double> latencies;
    for (const record::RequestRecord& record : records) {
      if (record.traffic != traffic_number) continue;
      if (latencies.size() <= record.index) latencies.resize(record.index + 1, -2);
      latencies[record.index] =
          record.outcome == record::RequestOutcome::Ok ? to_milliseconds(record.end - record.intended) : -1;
    }
    return latencies;
  }
  /// Answering replicas in order of index, "-" for none.
  std::string replicas() const {
    std::string text(records.size(), '?');
    for (const record::RequestRecord& record : records) text[record.index] = record.replica.empty() ? '-' : record.replica[0];
    return text;
  }
  const record::RequestRecord& record_of(std::uint64_t index) const {
    for (const record::RequestRecord& record : records) {
      if (record.index == index) return record;
    }
    ADD_FAILURE() << "no record of request " << index;
    return records.front();
  }

  scenario::Scenario scenario;
  scenario::Calibration calibration = no_overheads();
  std::unique_ptr<ClusterModel> model;
  std::vector<control::PodIdentity> pods;
  std::map<std::string, control::ContainerStarted> containers;  ///< by pod
  std::vector<control::ContainerExited> exits;
  std::vector<SimTime> reloads;
  std::vector<record::RequestRecord> records;
  std::function<void(const record::RequestRecord&)> on_record;
};

}  // namespace tandem::sim
