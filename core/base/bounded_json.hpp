#pragma once

#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <string_view>

#include "core/base/limits.hpp"

namespace tandem {

/// JSON text as a value; discarded (is_discarded()) if it is not JSON or nests deeper than `depth`. nlohmann's parser is
/// iterative, but its dump, copy and compare recurse, so text from outside goes through here (hardening P1).
nlohmann::json parse_bounded_json(std::string_view text, std::size_t depth = kInputLimits.depth);

}  // namespace tandem
