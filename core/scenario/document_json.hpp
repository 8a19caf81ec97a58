#pragma once

#include <nlohmann/json_fwd.hpp>

#include "core/scenario/documents.hpp"

namespace tandem::scenario {

/// The tree as JSON. Scalars get the types of the dialect; where Foreign reads one differently from a strict reader a
/// warning says so, numbers that JSON cannot carry are errors (ValueOutOfRange).
nlohmann::json to_json(const Node& node, Dialect dialect, Diagnostics& diagnostics);

}  // namespace tandem::scenario
