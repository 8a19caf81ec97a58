#pragma once
// A rollout of two replicas with maxSurge 0 and maxUnavailable 1, every moment chosen by hand (in ms):
//
//        0 Deployment and first ReplicaSet (2); pods web#1.1 and web#1.2 created at 10, bound 20, running 300, Ready 900
//     1000 Deployment complete (2 available)
//   20,000 action setImage; 20,100 template changed; 20,150 new ReplicaSet (0); 20,160 old one 1
//   20,170 web#1.2 deleting, gone 20,400; 20,180 one available
//   20,190 new 1; 20,200 web#2.1 created, bound 20,210, running 20,500, Ready 21,100
//   21,120 two available; 21,130 old 0; 21,140 web#1.1 deleting; 21,150 new 2; 21,170 one available
//   21,160 web#2.2 created, bound 21,170, running 21,460, Ready 22,060
//   22,080 Deployment complete; 22,500 web#1.1 gone: the end
//
// `slower_start` is added between running and Ready of the new pods, and moves what follows from it.

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "tests/support/recording_builder.hpp"

namespace tandem::judge::testing {

using tandem::testing::at_ms;
using tandem::testing::RecordingBuilder;

inline cluster::PodTemplate pod_template(const std::string& image) {
  cluster::PodTemplate result;
  result.labels = cluster::Labels{{"app", "web"}};
  cluster::PodSpec spec;
  spec.containers.resize(1);
  spec.containers[0].name = "app";
  spec.containers[0].image = image;
  result.spec = spec;
  return result;
}

inline cluster::OwnerReference owner(const std::string& kind, const std::string& name, const std::string& uid) {
  cluster::OwnerReference reference;
  reference.api_version = "apps/v1";
  reference.kind = kind;
  reference.name = name;
  reference.uid = uid;
  reference.controller = true;
  return reference;
}

struct PodTimes {
  std::int64_t created = 0, bound = 0, running = 0, ready = 0, deleting = -1, gone = -1;
};

class SmallRollout {
 public:
  /// `salt` makes the random parts of names and uids of this run.
  explicit SmallRollout(RecordingBuilder& builder, std::string salt = "x", std::int64_t slower_start = 0) : builder_(builder), salt_(std::move(salt)), d_(slower_start) {}

  /// Everything up to `until_ms`.
  void record(std::int64_t until_ms = INT64_MAX) {
    deployment_.meta.name = "web";
    deployment_.meta.namespace_ = "default";
    deployment_.meta.uid = "d" + salt_;
    deployment_.meta.generation = 1;
    deployment_.spec.replicas = 2;
    deployment_.spec.selector = cluster::LabelSelector{{{"app", "web"}}, {}};
    deployment_.spec.strategy.max_surge.value = 0;
    deployment_.spec.strategy.max_unavailable.value = 1;
    deployment_.spec.pod_template = pod_template("web:1.0.0");
    first_ = set(1, "web:1.0.0", 2);
    second_ = set(2, "web:1.0.1", 0);

    step(0, [&] { builder_.put(0, deployment_); });
    step(0, [&] { builder_.put(0, first_); });
    pod(1, 1, "kind-worker", {10, 20, 300, 900, 21'140 + d_, 22'500 + d_});
    pod(1, 2, "kind-worker2", {10, 20, 300, 900, 20'170, 20'400});
    step(1'000, [&] { status(1'000, 2, 2, 2); });
    step(20'000, [&] { builder_.action(20'000, "setImage deployment/web app=web:1.0.1"); });
    step(20'100, [&] {
      deployment_.meta.generation = 2;
      deployment_.spec.pod_template = pod_template("web:1.0.1");
      builder_.put(20'100, deployment_);
    });
    step(20'150, [&] { builder_.put(20'150, second_); });
    step(20'160, [&] { resize(20'160, first_, 1); });
    step(20'180, [&] { status(20'180, 2, 0, 1); });
    step(20'190, [&] { resize(20'190, second_, 1); });
    pod(2, 1, "kind-worker2", {20'200, 20'210, 20'500, 21'100 + d_});
    step(21'120 + d_, [&] { status(21'120 + d_, 2, 1, 2); });
    step(21'130 + d_, [&] { resize(21'130 + d_, first_, 0); });
    step(21'150 + d_, [&] { resize(21'150 + d_, second_, 2); });
    pod(2, 2, "kind-worker", {21'160 + d_, 21'170 + d_, 21'460 + d_, 22'060 + 2 * d_});
    step(21'170 + d_, [&] { status(21'170 + d_, 2, 1, 1); });
    step(22'080 + 2 * d_, [&] { status(22'080 + 2 * d_, 2, 2, 2); });
    for (const auto& [time, action] : steps_) {
      if (time <= until_ms) action();
    }
  }

 private:
  void step(std::int64_t ms, std::function<void()> action) { steps_.emplace(ms, std::move(action)); }

  cluster::ReplicaSet set(int ordinal, const std::string& image, int size) const {
    cluster::ReplicaSet set;
    set.meta.name = "web-" + salt_ + std::to_string(ordinal);
    set.meta.namespace_ = "default";
    set.meta.uid = "rs" + salt_ + std::to_string(ordinal);
    set.meta.owner_references = {owner("Deployment", "web", deployment_.meta.uid)};
    set.spec.replicas = size;
    set.spec.selector = deployment_.spec.selector;
    set.spec.pod_template = pod_template(image);
    return set;
  }
  void resize(std::int64_t ms, cluster::ReplicaSet& set, int size) {
    set.spec.replicas = size;
    builder_.put(ms, set);
  }
  void status(std::int64_t ms, int replicas, int updated, int available) {
    deployment_.status.observed_generation = deployment_.meta.generation;
    deployment_.status.replicas = replicas;
    deployment_.status.updated_replicas = updated;
    deployment_.status.ready_replicas = deployment_.status.available_replicas = available;
    deployment_.status.unavailable_replicas = 2 - available;
    builder_.put(ms, deployment_);
  }
  void pod(int set, int ordinal, const std::string& node, PodTimes times) {
    auto pod = std::make_shared<cluster::Pod>();
    pod->meta.name = "web-" + salt_ + std::to_string(set) + "-" + salt_ + std::to_string(ordinal);
    pod->meta.namespace_ = "default";
    pod->meta.uid = "p" + pod->meta.name;
    pod->meta.labels = cluster::Labels{{"app", "web"}};
    pod->meta.owner_references = {owner("ReplicaSet", "web-" + salt_ + std::to_string(set), "rs" + salt_ + std::to_string(set))};
    pod->spec = *pod_template("web:1.0." + std::to_string(set - 1)).spec;
    pod->status.phase = cluster::PodPhase::Pending;
    step(times.created, [=, this] { builder_.put(times.created, *pod); });
    step(times.bound, [=, this] { pod->node_name = node; builder_.put(times.bound, *pod); });
    step(times.running, [=, this] { pod->status.phase = cluster::PodPhase::Running; builder_.put(times.running, *pod); });
    step(times.ready, [=, this] {
      cluster::Condition ready;
      ready.type = "Ready";
      ready.status = cluster::ConditionStatus::True;
      ready.last_transition_time = at_ms(times.ready);
      pod->status.conditions = {ready};
      builder_.put(times.ready, *pod);
    });
    if (times.deleting >= 0) step(times.deleting, [=, this] { pod->meta.deletion_timestamp = at_ms(times.deleting + 30'000); builder_.put(times.deleting, *pod); });
    if (times.gone >= 0) step(times.gone, [=, this] { builder_.remove(times.gone, *pod); });
  }

  RecordingBuilder& builder_;
  std::string salt_;
  std::int64_t d_;
  cluster::Deployment deployment_;
  cluster::ReplicaSet first_, second_;
  std::multimap<std::int64_t, std::function<void()>> steps_;
};

inline record::RequestRecord request(std::uint64_t index, std::int64_t intended_ms, std::int64_t latency_us, std::uint16_t status = 200) {
  record::RequestRecord record;
  record.index = index;
  record.intended = at_ms(intended_ms);
  record.sent = record.intended + microseconds(10);
  record.end = record.intended + microseconds(latency_us);
  record.queued = microseconds(20);
  record.service = microseconds(latency_us - 130);
  record.cpu = microseconds(latency_us - 230);
  record.throttled = microseconds(40);
  record.status = status;
  record.replica = "web-x1-x1";
  record.connection = index + 1;
  return record;
}

}  // namespace tandem::judge::testing
