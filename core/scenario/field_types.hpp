#pragma once

#include <optional>
#include <string>

#include "core/base/quantity.hpp"
#include "core/scenario/fields.hpp"

namespace tandem::scenario {

/// What a field takes, in words: "a duration such as 250ms, 2s, 1m30s". For Error::allowed.
std::string type_words(const Field& field);

/// A Kubernetes quantity that may not be negative. Errors: ValueBadQuantity, ValueOutOfRange.
Result<Quantity> parse_amount(std::string_view text);

}  // namespace tandem::scenario
