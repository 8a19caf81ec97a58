#pragma once
// Fields of the check language: one number or yes-or-no of an object, of a set of objects, or of events.

#include "core/scenario/check_cursor.hpp"
#include "core/scenario/check_expression.hpp"

namespace tandem::scenario {

/// Reads the field that begins at the cursor. Errors: ScenarioBadCheck.
Result<ObjectField> parse_field(CheckCursor& cursor);

}  // namespace tandem::scenario
