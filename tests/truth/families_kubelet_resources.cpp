// What real kubelet code decides about resources: quality of service, cpu units, eviction.

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "core/control/kubelet/cpu_units.hpp"
#include "core/control/kubelet/eviction_rank.hpp"
#include "core/control/kubelet/go_duration.hpp"
#include "core/control/kubelet/qos.hpp"
#include "tests/truth/kubelet_cases.hpp"

namespace tandem::truth {
namespace {

using nlohmann::json;
using namespace control::kubelet;
using cluster::Container;
using cluster::Pod;

// ---------------------------------------------------------------- qos, cpu_units

std::optional<std::string> check_qos(const json& test_case) {
  json spec = {{"containers", json::array()}, {"initContainers", json::array()}};
  for (const json& recorded : test_case["containers"]) {
    json container = manifest_of(recorded);
    container["resources"] = {{"requests", recorded.value("requests", json::object())},
                              {"limits", recorded.value("limits", json::object())}};
    spec[recorded.value("init", false) ? "initContainers" : "containers"].push_back(std::move(container));
  }
  if (test_case.contains("priority")) spec["priority"] = test_case["priority"];
  const Pod pod = pod_with(std::move(spec));
  if (auto d = differs("class", std::string(cluster::qos_class_of(*pod.spec)), test_case["qosClass"])) return d;

  constexpr std::int64_t kNodeMemory = std::int64_t{8} << 30;
  json scores = json::object();
  for (const auto* containers : {&pod.spec->init_containers, &pod.spec->containers}) {
    for (const Container& container : *containers) scores[container.name] = oom_score_adjust(*pod.spec, container, kNodeMemory);
  }
  if (auto d = differs("oom_score_adj", scores, test_case["oomScoreAdj"])) return d;

  const PodCgroup cgroup = pod_cgroup(*pod.spec);
  json shown = {{"cpuShares", cgroup.cpu_shares}};
  if (cgroup.cfs_quota) shown["cpuQuota"] = *cgroup.cfs_quota;
  if (cgroup.memory_limit) shown["memoryLimit"] = *cgroup.memory_limit;
  return differs("cgroup", shown, test_case["podCgroup"]);
}

std::optional<std::string> check_cpu_units(const json& test_case) {
  const std::int64_t milli = test_case["milli"];
  if (auto d = differs("shares", cpu_shares(milli), test_case["shares"])) return d;
  if (auto d = differs("quota", cfs_quota(milli), test_case["quota"])) return d;
  return differs("quota with another period", cfs_quota(milli), test_case["quota50ms"]);
}

// ---------------------------------------------------------------- eviction_rank

struct RankedSignal {
  EvictionSignal signal = EvictionSignal::MemoryAvailable;
  bool dedicated_image_fs = false;
  std::string_view requested;  ///< what `request` in the case is about
};
RankedSignal ranked_signal_of(const std::string& name) {
  if (name == "memory") return {EvictionSignal::MemoryAvailable, false, "memory"};
  if (name == "pid") return {EvictionSignal::PidAvailable, false, "memory"};
  if (name == "nodefs") return {EvictionSignal::NodeFsAvailable, false, "ephemeral-storage"};
  if (name == "imagefs") return {EvictionSignal::ImageFsAvailable, true, "ephemeral-storage"};
  throw std::runtime_error("unknown signal " + name);
}

std::optional<std::string> check_rank(const json& test_case) {
  const RankedSignal ranked = ranked_signal_of(test_case["signal"]);
  const json& recorded = test_case["pods"];
  std::vector<Pod> pods;
  std::vector<PodUsage> usages(recorded.size());
  for (std::size_t index = 0; index < recorded.size(); ++index) {
    const json& one = recorded[index];
    json container = {{"name", "c"}};
    if (one.contains("request")) container["resources"]["requests"][std::string(ranked.requested)] = one["request"];
    json spec = {{"containers", {container}}};
    if (one.contains("priority")) spec["priority"] = one["priority"];
    pods.push_back(pod_with(std::move(spec)));
    pods.back().meta.name = one["name"];
    usages[index].memory_bytes = one.value("usedBytes", std::int64_t{0});
    usages[index].processes = one.value("processes", std::int64_t{0});
    ContainerUsage usage;
    usage.rootfs_bytes = one.value("rootfsBytes", std::int64_t{0});
    usage.log_bytes = one.value("logBytes", std::int64_t{0});
    usages[index].containers = {usage};
  }
  std::vector<EvictionCandidate> candidates;
  for (std::size_t index = 0; index < pods.size(); ++index) {
    candidates.push_back({&pods[index], recorded[index].value("noStats", false) ? nullptr : &usages[index]});
  }
  rank_for_eviction(candidates, ranked.signal, ranked.dedicated_image_fs);
  json order = json::array();
  for (const EvictionCandidate& candidate : candidates) order.push_back(candidate.pod->meta.name);
  return differs("order", order, test_case["order"]);
}

// ---------------------------------------------------------------- eviction_thresholds

/// "nodefs.available<500Mi soft 30s", sorted.
json texts_of(const std::vector<EvictionThreshold>& thresholds) {
  std::vector<std::string> texts;
  for (const EvictionThreshold& threshold : thresholds) {
    const std::string value =
        threshold.value.quantity ? threshold.value.quantity->text() : fmt::format("{:.4g}%", threshold.value.fraction * 100);
    texts.push_back(fmt::format("{}<{} {}", name_of(threshold.signal), value,
                                threshold.hard() ? "hard" : "soft " + go_duration(threshold.grace_period)));
  }
  std::sort(texts.begin(), texts.end());
  return texts;
}

json conditions_of(const ThresholdTracker& tracker) {
  json conditions = json::array();
  for (const std::string_view condition : tracker.node_conditions()) conditions.push_back(std::string(condition));
  return conditions;
}

std::vector<std::int64_t> times_of(const json& by_second) {
  std::vector<std::int64_t> times;
  for (const auto& [key, value] : by_second.items()) times.push_back(std::stoll(key));
  std::sort(times.begin(), times.end());
  return times;
}

std::optional<std::string> check_thresholds(const json& test_case) {
  const EvictionConfiguration configuration{test_case["evictionHard"], test_case["evictionSoft"],
                                            test_case["evictionSoftGracePeriod"], test_case["evictionMinimumReclaim"]};
  const auto thresholds = eviction_thresholds(configuration);
  if (!thresholds) return to_string(thresholds.error());
  SignalObservations observations;
  for (const auto& [name, observed] : test_case["observed"].items()) {
    observations[eviction_signal_of(name).value()] = {observed["available"], observed["capacity"]};
  }
  if (auto d = differs("met", texts_of(thresholds_met(*thresholds, observations, false)), test_case["met"])) return d;
  if (auto d = differs("met with reclaim", texts_of(thresholds_met(*thresholds, observations, true)),
                       test_case["metWithMinReclaim"])) {
    return d;
  }
  constexpr SimDuration kTransitionPeriod = seconds(300);
  ThresholdTracker tracker(*thresholds, kTransitionPeriod);
  tracker.observe(observations, kTimeZero);
  if (auto d = differs("conditions", conditions_of(tracker), test_case["nodeConditions"])) return d;
  ThresholdTracker relieved = tracker;
  for (const std::int64_t second : times_of(test_case["actionableAfterSeconds"])) {
    tracker.observe(observations, kTimeZero + seconds(second));
    const json& recorded = test_case["actionableAfterSeconds"][std::to_string(second)];
    if (auto d = differs(fmt::format("actionable after {} s", second), texts_of(tracker.actionable()), recorded)) return d;
  }
  for (const std::int64_t second : times_of(test_case["nodeConditionsKeptAfterSeconds"])) {
    relieved.observe({}, kTimeZero + seconds(second));
    const json& recorded = test_case["nodeConditionsKeptAfterSeconds"][std::to_string(second)];
    if (auto d = differs(fmt::format("conditions after {} s", second), conditions_of(relieved), recorded)) return d;
  }
  return std::nullopt;
}

}  // namespace

std::vector<Family> kubelet_resource_families() {
  return {{"kubelet/cpu_units", each(check_cpu_units)},
          {"kubelet/eviction_rank", each(check_rank)},
          {"kubelet/eviction_thresholds", each(check_thresholds)},
          {"kubelet/qos", each(check_qos)}};
}

}  // namespace tandem::truth
