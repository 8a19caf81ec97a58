#pragma once
// Small recordings for the tests of this folder.

#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>

#include "core/cluster/objects.hpp"
#include "core/record/recording.hpp"
#include "core/record/writer.hpp"

namespace tandem::record::testing {

inline RequestRecord request(std::uint64_t index, std::uint32_t traffic = 0) {
  RequestRecord record;
  record.traffic = traffic;
  record.index = index;
  record.intended = SimTime{static_cast<std::int64_t>(index) * 5'000'000};
  record.sent = record.intended + nanoseconds(1'000);
  record.end = record.intended + nanoseconds(2'000'000 + static_cast<std::int64_t>(index % 7) * 100'000);
  record.queued = nanoseconds(static_cast<std::int64_t>(index % 3) * 10'000);
  record.service = nanoseconds(1'500'000);
  record.cpu = nanoseconds(1'400'000);
  record.throttled = nanoseconds(index % 5 == 0 ? 50'000 : 0);
  record.status = index % 10 == 9 ? 404 : 200;
  record.replica = "web-7d4b9c6f5d-" + std::to_string(index % 4);
  record.connection = index + 1;
  if (index % 50 == 49) {
    record.outcome = RequestOutcome::Reset;
    record.status = 0;
    record.queued = record.service = record.cpu = record.throttled = nanoseconds(-1);
    record.replica.clear();
  }
  return record;
}

inline cluster::Pod pod(const std::string& name) {
  cluster::Pod pod;
  pod.meta.name = name;
  pod.meta.namespace_ = "default";
  pod.meta.uid = "uid-" + name;
  pod.meta.resource_version = 1;
  pod.meta.labels = cluster::Labels{{"app", "web"}};
  cluster::PodSpec spec;
  cluster::Container container;
  container.name = "app";
  container.image = "web:1.0.0";
  spec.containers.push_back(container);
  pod.spec = spec;
  pod.status.phase = cluster::PodPhase::Pending;
  return pod;
}

inline cluster::Condition condition(const std::string& type, cluster::ConditionStatus status, SimTime at) {
  cluster::Condition condition;
  condition.type = type;
  condition.status = status;
  condition.last_transition_time = at;
  return condition;
}

/// One of everything, `requests` requests, object changes that make snapshots and patches; the same events whatever the options.
inline void write_events(Writer& writer, std::uint64_t requests, int modifications = 70) {
  writer.mark({SimTime{0}, "run", "start", "\xC3\xBC n\n\"quoted\""});
  cluster::Pod first = pod("web-a");
  writer.object_changed(SimTime{1'000}, cluster::ChangeType::Added, first);
  cluster::Pod second = pod("web-b");
  writer.object_changed(SimTime{2'000}, cluster::ChangeType::Added, second);
  writer.decision({SimTime{3'000}, "default/web-a", 1, 7, "kind-worker", {"kind-worker", "kind-worker2"}, 3, 4, ""});
  writer.decision({SimTime{4'000}, "default/web-b", 2, 8, "", {}, 0, 4, "0/4 nodes are available: 4 Insufficient cpu."});
  first.node_name = "kind-worker";
  for (int i = 0; i < modifications; ++i) {
    const SimTime now{10'000 + i * 1'000};
    first.meta.resource_version = 2 + i;
    first.status.phase = i % 2 == 0 ? cluster::PodPhase::Running : cluster::PodPhase::Pending;
    first.status.pod_ip = i % 3 == 0 ? "" : "10.244.1." + std::to_string(i);
    first.status.conditions = {condition("Ready", i % 4 == 0 ? cluster::ConditionStatus::True : cluster::ConditionStatus::False, now)};
    writer.object_changed(now, cluster::ChangeType::Modified, first);
  }
  for (std::uint64_t i = 0; i < requests; ++i) {
    writer.request(request(i));
    if (i % 100 == 0) writer.sample({SimTime{static_cast<std::int64_t>(i) * 5'000'000}, "node/kind-worker", "cpu.used_cores", 0.25 * static_cast<double>(i % 7)});
  }
  writer.object_changed(SimTime{200'000'000}, cluster::ChangeType::Deleted, first);
}

inline WriterOptions options() {
  WriterOptions options;
  options.seed = 42;
  options.world = "sim";
  options.traffic = {{"users", {200}, 0}};
  return options;
}

inline std::string slurp(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

inline void spit(const std::string& path, const std::string& contents) { std::ofstream(path, std::ios::binary) << contents; }

}  // namespace tandem::record::testing
