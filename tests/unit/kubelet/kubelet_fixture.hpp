#pragma once
// One kubelet above a fake node runtime on a clock moved by hand.

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "core/base/fake_clock.hpp"
#include "core/cluster/json.hpp"
#include "core/control/fake_node_runtime.hpp"
#include "core/control/kubelet/kubelets.hpp"
#include "core/kubectl/get.hpp"

namespace tandem::control::kubelet {

inline cluster::Container web_container(std::string name = "app") {
  cluster::Container container;
  container.name = std::move(name);
  container.image = "web:1.0.0";
  container.ports.push_back({"http", 8080, 0, {}, "TCP"});
  return container;
}
inline cluster::Probe http_probe(std::int32_t period_seconds = 1) {
  cluster::Probe probe;
  probe.action = cluster::HttpGetAction{"/", {std::string("http")}, "HTTP", {}};
  probe.period_seconds = period_seconds;
  return probe;
}
/// One container with a readiness probe every second.
inline cluster::PodSpec web_spec() {
  cluster::PodSpec spec;
  spec.containers.push_back(web_container());
  spec.containers[0].readiness_probe = http_probe();
  return spec;
}

/// One container without probes.
inline cluster::PodSpec plain_spec(const std::string& policy = "Always") {
  cluster::PodSpec spec;
  spec.containers.push_back(web_container());
  spec.restart_policy = policy;
  return spec;
}

class KubeletTest : public ::testing::Test {
 protected:
  KubeletTest() : server_(clock_, cluster::DeliveryProfile::instant(), 7), runtime_(clock_) { start_kubelet(); }

  /// `adjust` changes the options; call it before any pod is there.
  void start_kubelet(const std::function<void(KubeletOptions&)>& adjust = {}) {
    kubelets_.reset();
    KubeletOptions options;
    options.node_name = "worker";
    options.pod_range = *Ipv4Range::parse("10.244.1.0/24");
    options.host_ip = "172.18.0.3";
    options.seed = 7;
    if (adjust) adjust(options);
    kubelets_ = std::make_unique<Kubelets>(clock_, server_, runtime_, std::vector{options});
  }

  cluster::Ptr<cluster::Pod> create(const std::string& name, cluster::PodSpec spec = web_spec()) {
    cluster::Pod pod;
    pod.meta.name = name;
    pod.meta.namespace_ = "default";
    pod.spec = std::move(spec);
    auto created = server_.create(std::move(pod));
    EXPECT_TRUE(created.has_value());
    EXPECT_TRUE(server_.bind({"default", name}, (*created)->meta.uid, "worker").has_value());
    return get(name);
  }
  cluster::Ptr<cluster::Pod> get(const std::string& name) { return server_.get<cluster::Pod>({"default", name}); }
  void remove(const std::string& name) { ASSERT_TRUE(server_.remove<cluster::Pod>({"default", name}).has_value()); }

  void run_until_second(std::int64_t second) { clock_.run_until(kTimeZero + seconds(second)); }
  void run_for(SimDuration duration) { clock_.run_until(clock_.now() + duration); }
  /// First moment, in steps of 1 ms, at which `condition` holds; kTimeNever if not before `limit`.
  SimTime first_time(SimTime limit, const std::function<bool()>& condition) {
    while (clock_.now() < limit) {
      if (condition()) return clock_.now();
      run_for(milliseconds(1));
    }
    return kTimeNever;
  }

  std::vector<cluster::Event> events(const std::string& object) {
    std::vector<cluster::Event> found;
    for (const auto& event : server_.list<cluster::Event>("default")) {
      if (event->involved_name == object) found.push_back(*event);
    }
    std::sort(found.begin(), found.end(),
              [](const cluster::Event& a, const cluster::Event& b) { return a.meta.name < b.meta.name; });
    return found;
  }
  std::vector<std::string> event_reasons(const std::string& object) {
    std::vector<std::string> reasons;
    for (const cluster::Event& event : events(object)) reasons.push_back(event.reason);
    return reasons;
  }
  /// Messages of events of one reason, in order.
  std::vector<std::string> event_messages(const std::string& object, const std::string& reason) {
    std::vector<std::string> messages;
    for (const cluster::Event& event : events(object)) {
      if (event.reason == reason) messages.push_back(event.message);
    }
    return messages;
  }

  /// What `kubectl get pods` prints in the column STATUS.
  std::string shown_status(const std::string& name) {
    kubectl::GetRequest request;
    request.kinds = {"Pod"};
    const auto answer = kubectl::get(request, {cluster::to_json(*get(name))});
    EXPECT_TRUE(answer.has_value());
    const std::size_t line = answer->out.find('\n') + 1;
    const std::size_t column = answer->out.find("STATUS");
    const std::string text = answer->out.substr(line + column);
    return text.substr(0, text.find("  "));
  }
  /// The different STATUS texts that a pod went through, until `limit`.
  std::vector<std::string> statuses_until(const std::string& name, SimTime limit) {
    std::vector<std::string> shown;
    while (clock_.now() < limit && get(name) != nullptr) {
      const std::string now = shown_status(name);
      if (shown.empty() || shown.back() != now) shown.push_back(now);
      run_for(milliseconds(50));
    }
    return shown;
  }
  /// Id of the running container of this name; empty if there is none.
  std::string running(const std::string& container_name) {
    for (const auto& [id, container] : runtime_.containers) {
      if (container.request.container_name == container_name) return id;
    }
    return {};
  }
  void exit(const std::string& container_name, int code, bool oom_killed = false) {
    const std::string id = running(container_name);
    ASSERT_FALSE(id.empty()) << container_name << " does not run";
    runtime_.exit(id, code, oom_killed);
  }
  const cluster::ContainerStatus& container_status(const std::string& pod, std::size_t index = 0) {
    held_ = get(pod);
    return held_->status.container_statuses.at(index);
  }

  FakeClock clock_;
  cluster::ApiServer server_;
  FakeNodeRuntime runtime_;
  std::unique_ptr<Kubelets> kubelets_;
  cluster::Ptr<cluster::Pod> held_;
};

}  // namespace tandem::control::kubelet
