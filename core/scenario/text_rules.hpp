#pragma once
// What a text file may consist of, checked before any parser sees it (hardening P3).

#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.hpp"

namespace tandem::scenario {

/// The first thing in `text` that no input file may hold: invalid UTF-8, control characters other than tab and line end,
/// a lone carriage return, Unicode line separators, bidirectional overrides, a byte-order mark inside the text.
/// With `tabs_refused` also tabs. A byte-order mark at the start must have been removed.
std::optional<Error> find_forbidden_text(std::string_view text, const std::string& file, bool tabs_refused);

/// What escapes of a quoted scalar must not produce: FileNotUtf8, FileControlCharacter (any but tab and line ends),
/// FileBidiOverride. Nullopt if the text is fine.
std::optional<ErrorCode> find_forbidden_escape(std::string_view text);

/// The text without a UTF-8 byte-order mark at its start.
std::string_view without_byte_order_mark(std::string_view text);

}  // namespace tandem::scenario
