#pragma once
// Reading kinds that have no type of their own yet.

#include <optional>
#include <string_view>

#include "core/cluster/objects.hpp"

namespace tandem::control::scheduler {

/// spec.selector as a label selector. `plain`: it is a map of labels, as a ReplicationController's. Nothing if there is none,
/// or something else.
std::optional<cluster::LabelSelector> selector_of(const cluster::Unstructured& object, bool plain = false);

/// status.<field>, 0 if it is no integer.
std::int64_t status_integer(const cluster::Unstructured& object, std::string_view field);

}  // namespace tandem::control::scheduler
