#pragma once

#include <optional>
#include <string>

#include "core/record/recording.hpp"

namespace tandem::judge {

/// Where two recordings that should be equal begin to differ, in one line: the first row of the first table that is not the
/// same ("request 17 of users: end 1.234s, not 1.235s"). Nullopt if every row is equal. Tables are compared in the order marks,
/// object changes, decisions, requests, samples: what the run was given first, what follows from it later.
std::optional<std::string> first_difference(const record::Recording& a, const record::Recording& b);

}  // namespace tandem::judge
