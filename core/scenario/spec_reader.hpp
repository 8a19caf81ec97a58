#pragma once
// From checked documents to the values of a Scenario, section by section. Each reader reports what its table cannot know.

#include <functional>
#include <optional>

#include "core/scenario/fields.hpp"
#include "core/scenario/kind_config.hpp"
#include "core/scenario/scenario.hpp"

namespace tandem::scenario {

/// True if validate() found nothing wrong in the value at a document path.
using IsClean = std::function<bool(const std::string& path)>;

ClusterSpec read_cluster(const ObjectView& cluster, const std::optional<KindCluster>& kind, const IsClean& is_clean, Diagnostics& diagnostics);
std::map<std::string, ImageSpec> read_images(const ObjectView& spec, const IsClean& is_clean, Diagnostics& diagnostics);
std::optional<RegistrySpec> read_registry(const ObjectView& spec, const IsClean& is_clean);

/// A value together with the view it came from, for the checks that follow.
template <class T>
struct Read {
  T value;
  ObjectView view;
};
std::vector<Read<TrafficSpec>> read_traffic(const ObjectView& spec, SimDuration horizon, const IsClean& is_clean, Diagnostics& diagnostics);
std::vector<Read<CheckSpec>> read_checks(const ObjectView& spec, const IsClean& is_clean, Diagnostics& diagnostics);
/// Sorted by time, ties in file order.
std::vector<Read<TimelineAction>> read_timeline(const ObjectView& spec, SimDuration horizon, const IsClean& is_clean, Diagnostics& diagnostics);

/// One balancer for each Service that traffic goes to, in order of the traffic. A Service outside the namespace "default" is
/// named "namespace/name".
std::vector<balance::BalancerSpec> read_balancers(const ObjectView& spec, const std::vector<Read<TrafficSpec>>& traffic, const IsClean& is_clean,
                                                  Diagnostics& diagnostics);

/// "web", or "shop/web" outside the namespace "default".
std::string short_name(std::string_view namespace_, std::string_view name);

}  // namespace tandem::scenario
