#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>

namespace tandem::record {

/// The RFC 7386 merge patch that turns `from` into `to`; empty object when they are equal. Arrays are replaced whole.
/// nullopt if no merge patch can do it: `to` has a new or changed member whose value is null (or holds one outside arrays),
/// or is not an object.
std::optional<nlohmann::json> merge_patch_between(const nlohmann::json& from, const nlohmann::json& to);

}  // namespace tandem::record
