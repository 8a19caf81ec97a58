#include "core/control/replica_set_ranking.hpp"

#include <algorithm>
#include <bit>
#include <charconv>
#include <optional>
#include <utility>

#include "core/control/controller_runtime.hpp"

namespace tandem::control {

using cluster::Pod;
using cluster::PodPhase;
using cluster::Ptr;

namespace {

struct Restarts {
  std::int32_t regular = 0;
  std::int32_t sidecar = 0;
};

/// What the comparison reads of a pod, computed once.
struct Ranked {
  Ptr<Pod> pod;
  int phase = 0;
  bool ready = false;
  std::int32_t cost = 0;
  std::int32_t on_same_node = 0;
  std::optional<SimTime> ready_since;  ///< whole seconds; only if ready
  SimTime created;                     ///< whole seconds
  Restarts restarts;
};

int phase_order(PodPhase phase) {
  switch (phase) {
    case PodPhase::Pending:
      return 0;
    case PodPhase::Unknown:
      return 1;
    case PodPhase::Running:
      return 2;
    default:
      return 0;  // a phase Kubernetes' table does not have counts as its zero value
  }
}

Restarts most_restarts(const Pod& pod) {
  Restarts restarts;
  for (const auto& status : pod.status.container_statuses) restarts.regular = std::max(restarts.regular, status.restart_count);
  for (const auto& status : pod.status.init_container_statuses) {
    const auto& containers = pod.spec->init_containers;
    const auto container =
        std::find_if(containers.begin(), containers.end(), [&](const auto& c) { return c.name == status.name; });
    const bool sidecar = container != containers.end() && container->restart_policy == "Always";
    if (sidecar) restarts.sidecar = std::max(restarts.sidecar, status.restart_count);
  }
  return restarts;
}

Ranked rank(Ptr<Pod> pod, const PodsPerNode& related) {
  Ranked ranked;
  ranked.phase = phase_order(pod->status.phase);
  ranked.ready = is_ready(*pod);
  ranked.cost = deletion_cost(*pod);
  const auto neighbours = related.find(pod->node_name);
  if (neighbours != related.end()) ranked.on_same_node = neighbours->second;
  if (ranked.ready) ranked.ready_since = api_time(find_condition(pod->status.conditions, "Ready")->last_transition_time);
  ranked.created = api_time(pod->meta.creation_timestamp);
  ranked.restarts = most_restarts(*pod);
  ranked.pod = std::move(pod);
  return ranked;
}

/// floor(log2(age in nanoseconds)); -1 for an age that is not positive.
int age_bucket(SimTime since, SimTime now) {
  const SimDuration age = now - since;
  return age.ns > 0 ? static_cast<int>(std::bit_width(static_cast<std::uint64_t>(age.ns))) - 1 : -1;
}

/// Younger first by bucket, by uid inside one. Requires a != b.
bool younger(SimTime a, SimTime b, SimTime now, const Ranked& pod_a, const Ranked& pod_b) {
  const int bucket_a = age_bucket(a, now);
  const int bucket_b = age_bucket(b, now);
  return bucket_a != bucket_b ? bucket_a < bucket_b : pod_a.pod->meta.uid < pod_b.pod->meta.uid;
}

bool goes_before(const Ranked& a, const Ranked& b, SimTime now) {
  const bool bound_a = !a.pod->node_name.empty();
  const bool bound_b = !b.pod->node_name.empty();
  if (bound_a != bound_b) return !bound_a;
  if (a.phase != b.phase) return a.phase < b.phase;
  if (a.ready != b.ready) return !a.ready;
  if (a.cost != b.cost) return a.cost < b.cost;
  if (a.on_same_node != b.on_same_node) return a.on_same_node > b.on_same_node;
  if (a.ready_since && b.ready_since && *a.ready_since != *b.ready_since)
    return younger(*a.ready_since, *b.ready_since, now, a, b);
  if (a.restarts.regular != b.restarts.regular) return a.restarts.regular > b.restarts.regular;
  if (a.restarts.sidecar != b.restarts.sidecar) return a.restarts.sidecar > b.restarts.sidecar;
  if (a.created != b.created) return younger(a.created, b.created, now, a, b);
  return false;
}

/// Bottom-up stable merge sort: well defined, and the same on every standard library, even for a comparison with cycles.
void merge_sort(std::vector<Ranked>& items, SimTime now) {
  std::vector<Ranked> merged;
  for (std::size_t width = 1; width < items.size(); width *= 2) {
    merged.clear();
    for (std::size_t begin = 0; begin < items.size(); begin += 2 * width) {
      std::size_t left = begin;
      std::size_t right = std::min(begin + width, items.size());
      const std::size_t middle = right;
      const std::size_t end = std::min(begin + 2 * width, items.size());
      while (left < middle || right < end) {
        const bool take_right = left == middle || (right < end && goes_before(items[right], items[left], now));
        merged.push_back(std::move(items[take_right ? right++ : left++]));
      }
    }
    items.swap(merged);
  }
}

}  // namespace

std::int32_t deletion_cost(const Pod& pod) {
  const auto found = pod.meta.annotations->find(kPodDeletionCostAnnotation);
  if (found == pod.meta.annotations->end()) return 0;
  const std::string& text = found->second;
  const bool plain = text == "0" || (!text.empty() && (text[0] == '-' || (text[0] >= '1' && text[0] <= '9')));
  std::int32_t cost = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, cost);
  return plain && error == std::errc{} && rest == end ? cost : 0;
}

PodsPerNode active_pods_per_node(std::span<const Ptr<Pod>> pods) {
  PodsPerNode counts;
  for (const auto& pod : pods) {
    if (is_active(*pod)) ++counts[pod->node_name];
  }
  return counts;
}

std::vector<Ptr<Pod>> choose_pods_to_delete(std::vector<Ptr<Pod>> pods, const PodsPerNode& related, std::size_t count,
                                            SimTime now) {
  if (count >= pods.size()) return pods;
  std::vector<Ranked> ranked;
  ranked.reserve(pods.size());
  for (auto& pod : pods) ranked.push_back(rank(std::move(pod), related));
  merge_sort(ranked, now);
  pods.clear();
  for (std::size_t i = 0; i < count; ++i) pods.push_back(std::move(ranked[i].pod));
  return pods;
}

}  // namespace tandem::control
