#include "core/control/scheduler/resources.hpp"

#include <algorithm>
#include <limits>
#include <map>

#include "core/base/int128.hpp"
#include "core/cluster/pod_resources.hpp"

namespace tandem::control::scheduler {
namespace {

using cluster::Container;
using cluster::PodSpec;
using cluster::ResourceList;

constexpr std::string_view kCpu = "cpu";
constexpr std::string_view kMemory = "memory";
constexpr std::string_view kEphemeralStorage = "ephemeral-storage";
constexpr std::string_view kHugePagesPrefix = "hugepages-";

/// Sums are kept in thousandths because the API server rounds every request up to that (SetDefaults_ResourceList) and the
/// scheduler rounds to whole units only after adding up. Wide enough for the largest quantities.
using Milli = Int128;
using MilliList = std::map<std::string, Milli, std::less<>>;

Milli to_milli(const Quantity& quantity) {
  constexpr std::int64_t kLargestWithThousandths = std::numeric_limits<std::int64_t>::max() / 1000;
  const std::int64_t whole = quantity.value();
  if (whole > kLargestWithThousandths) return Milli{whole} * 1000;
  return quantity.milli_value();
}

std::int64_t saturate(Milli value) {
  return static_cast<std::int64_t>(std::min<Milli>(value, std::numeric_limits<std::int64_t>::max()));
}
std::int64_t round_up_to_whole(Milli value) { return saturate(value > 0 ? (value + 999) / 1000 : value / 1000); }

/// A container's requests; a limit without request counts as request (API defaulting).
MilliList requests_of(const Container& container) {
  MilliList requests;
  for (const auto& [name, quantity] : container.resources.requests) requests.emplace(name, to_milli(quantity));
  for (const auto& [name, quantity] : container.resources.limits) requests.try_emplace(name, to_milli(quantity));
  return requests;
}

/// Which of cpu and memory get their default where a container requests none.
struct MissingDefaults {
  bool cpu = false;
  bool memory = false;
};

MilliList requests_of(const Container& container, MissingDefaults defaults) {
  MilliList requests = requests_of(container);
  if (defaults.cpu) requests.try_emplace(std::string(kCpu), kDefaultMilliCpuRequest);
  if (defaults.memory) requests.try_emplace(std::string(kMemory), Milli{kDefaultMemoryRequest} * 1000);
  return requests;
}

MilliList aggregate_containers(const PodSpec& spec, MissingDefaults defaults) {
  return cluster::aggregate_containers(spec, [defaults](const Container& container) { return requests_of(container, defaults); });
}

bool is_pod_level_resource(std::string_view name) {
  return name == kCpu || name == kMemory || name.substr(0, kHugePagesPrefix.size()) == kHugePagesPrefix;
}

/// Pod-level requests as the API server completes them: with pod-level limits, cpu and memory that no pod-level request
/// names come from the containers' sum if any container requests them, else from the limit (SetDefaults_PodRequests).
MilliList pod_level_requests(const PodSpec& spec) {
  MilliList requests;
  if (!spec.resources) return requests;
  for (const auto& [name, quantity] : spec.resources->requests) {
    if (is_pod_level_resource(name)) requests.emplace(name, to_milli(quantity));
  }
  if (spec.resources->limits.empty()) return requests;
  for (const auto& [name, amount] : aggregate_containers(spec, {})) {
    if (is_pod_level_resource(name)) requests.try_emplace(name, amount);
  }
  for (const auto& [name, quantity] : spec.resources->limits) {
    if (is_pod_level_resource(name)) requests.try_emplace(name, to_milli(quantity));
  }
  return requests;
}

MilliList with_pod_level_and_overhead(MilliList containers, const MilliList& pod_level, const PodSpec& spec) {
  for (const auto& [name, amount] : pod_level) containers.insert_or_assign(name, amount);
  for (const auto& [name, quantity] : spec.overhead) containers[name] += to_milli(quantity);
  return containers;
}

Milli amount_of(const MilliList& list, std::string_view name) {
  const auto found = list.find(name);
  return found == list.end() ? Milli{0} : found->second;
}

Resources to_resources(const MilliList& list) {
  Resources resources;
  for (const auto& [name, amount] : list) {
    if (name == kCpu) {
      resources.milli_cpu = saturate(amount);
    } else if (name == kMemory) {
      resources.memory = round_up_to_whole(amount);
    } else if (name == kEphemeralStorage) {
      resources.ephemeral_storage = round_up_to_whole(amount);
    } else if (is_scalar_resource(name)) {
      resources.scalars.emplace_back(name, round_up_to_whole(amount));  // map order = sorted by name
    }
  }
  return resources;
}

template <class Combine>
void combine_scalars(ScalarResources& into, const ScalarResources& other, Combine combine) {
  for (const auto& [name, amount] : other) {
    const auto place = std::lower_bound(into.begin(), into.end(), name,
                                        [](const auto& entry, const std::string& key) { return entry.first < key; });
    if (place != into.end() && place->first == name) {
      place->second = combine(place->second, amount);
    } else {
      into.insert(place, {name, combine(0, amount)});
    }
  }
}

}  // namespace

Resources& Resources::operator+=(const Resources& other) {
  milli_cpu += other.milli_cpu;
  memory += other.memory;
  ephemeral_storage += other.ephemeral_storage;
  combine_scalars(scalars, other.scalars, [](std::int64_t a, std::int64_t b) { return a + b; });
  return *this;
}

Resources& Resources::operator-=(const Resources& other) {
  milli_cpu -= other.milli_cpu;
  memory -= other.memory;
  ephemeral_storage -= other.ephemeral_storage;
  combine_scalars(scalars, other.scalars, [](std::int64_t a, std::int64_t b) { return a - b; });
  return *this;
}

std::int64_t Resources::scalar(std::string_view name) const {
  for (const auto& [entry, amount] : scalars) {
    if (entry == name) return amount;
  }
  return 0;
}

bool is_scalar_resource(std::string_view name) {
  const auto starts_with = [name](std::string_view prefix) { return name.substr(0, prefix.size()) == prefix; };
  if (starts_with(kHugePagesPrefix) || starts_with("attachable-volumes-")) return true;
  if (name.find('/') == std::string_view::npos) return false;  // a native name such as "cpu"
  return name.find("kubernetes.io/") != std::string_view::npos || !starts_with("requests.");
}

Resources allocatable_of(const ResourceList& list) {
  MilliList amounts;
  for (const auto& [name, quantity] : list) amounts.emplace(name, to_milli(quantity));
  return to_resources(amounts);
}

std::int64_t allowed_pods(const ResourceList& list) {
  const auto found = list.find(std::string_view("pods"));
  return found == list.end() ? 0 : found->second.value();
}

PodRequests requests_of(const PodSpec& spec) {
  const MilliList pod_level = pod_level_requests(spec);
  const MilliList occupied = with_pod_level_and_overhead(aggregate_containers(spec, {}), pod_level, spec);

  // On a node the defaults fill in per container; once the pod level speaks, only for what nobody requests (§1.4).
  MissingDefaults defaults{true, true};
  if (!pod_level.empty()) defaults = {occupied.find(kCpu) == occupied.end(), occupied.find(kMemory) == occupied.end()};
  const MilliList non_zero = with_pod_level_and_overhead(aggregate_containers(spec, defaults), pod_level, spec);
  const MilliList scored = with_pod_level_and_overhead(aggregate_containers(spec, {true, true}), {}, spec);

  PodRequests requests;
  requests.occupied = to_resources(occupied);
  requests.non_zero_cpu = saturate(amount_of(non_zero, kCpu));
  requests.non_zero_memory = round_up_to_whole(amount_of(non_zero, kMemory));
  requests.scored_cpu = saturate(amount_of(scored, kCpu));
  requests.scored_memory = round_up_to_whole(amount_of(scored, kMemory));
  return requests;
}

}  // namespace tandem::control::scheduler
