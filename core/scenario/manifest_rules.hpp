#pragma once

#include "core/cluster/objects.hpp"
#include "core/scenario/diagnostics.hpp"
#include "core/scenario/documents.hpp"

namespace tandem::scenario {

/// The API server's validation rules that a run would trip over: names, labels, selectors that do not select their own
/// template, port numbers, container names, probes, requests above limits, strategies. `document` gives the places.
void check_object(const cluster::AnyObject& object, const Node& document, Diagnostics& diagnostics);

}  // namespace tandem::scenario
