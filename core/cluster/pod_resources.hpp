#pragma once
// What the containers of a pod take together (component-helpers resource.AggregateContainerRequests and …Limits, v0.34).

#include <algorithm>

#include "core/cluster/objects.hpp"

namespace tandem::cluster {

/// Adds amounts by name. List: a map from resource names to something with + and <.
template <class List>
void add_amounts(List& sum, const List& other) {
  for (const auto& [name, amount] : other) {
    auto [place, inserted] = sum.try_emplace(name, amount);
    if (!inserted) place->second = place->second + amount;
  }
}

/// Raises amounts to those of `other`.
template <class List>
void raise_amounts(List& maximum, const List& other) {
  for (const auto& [name, amount] : other) {
    auto [place, inserted] = maximum.try_emplace(name, amount);
    if (!inserted && place->second < amount) place->second = amount;
  }
}

/// The larger of the steady state (regular containers and sidecars) and every moment of the start-up (an init container beside
/// the sidecars before it). `amounts_of(container)` gives a List; `observe(list)` is shown what is counted for each container
/// in turn: its own amounts, for init containers with those of the sidecars before it, for a sidecar up to and with itself.
template <class AmountsOf, class Observe>
auto aggregate_containers(const PodSpec& spec, AmountsOf amounts_of, Observe observe) {
  using List = decltype(amounts_of(spec.containers.front()));
  List total;
  for (const Container& container : spec.containers) {
    const List amounts = amounts_of(container);
    observe(amounts);
    add_amounts(total, amounts);
  }
  List sidecars;
  List start_up;
  for (const Container& container : spec.init_containers) {
    List amounts = amounts_of(container);
    if (is_sidecar(container)) {
      add_amounts(total, amounts);
      add_amounts(sidecars, amounts);
      amounts = sidecars;
    } else {
      add_amounts(amounts, sidecars);
    }
    observe(amounts);
    raise_amounts(start_up, amounts);
  }
  raise_amounts(total, start_up);
  return total;
}
template <class AmountsOf>
auto aggregate_containers(const PodSpec& spec, AmountsOf amounts_of) {
  return aggregate_containers(spec, amounts_of, [](const auto&) {});
}

}  // namespace tandem::cluster
