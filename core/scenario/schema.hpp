#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tandem::scenario {

/// Kinds that have a schema: "scenario", "calibration".
const std::vector<std::string_view>& schema_kinds();

/// JSON Schema draft-07 of a kind, generated from the field table that the loader uses; ends with a newline.
/// It says what a single document can say about itself; references between objects, times and files are the loader's.
/// CHECKs that the kind has a schema.
std::string schema_text(std::string_view kind);

}  // namespace tandem::scenario
