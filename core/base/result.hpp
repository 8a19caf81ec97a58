#pragma once
// Errors as values. Anything from outside (files, engine, network, user) returns Result; broken invariants use CHECK.

#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>
#include <vector>

namespace tandem {

/// Every error code of Tandem; the table with exit code and explanation is error_codes.def.
enum class ErrorCode : std::uint16_t {
#define TANDEM_ERROR_CODE(name, exit_code, text) name,
#include "core/base/error_codes.def"
#undef TANDEM_ERROR_CODE
};

/// "ValueUnknownField".
std::string_view name_of(ErrorCode code);
/// Process exit code that the command line gives for this error (reference/conventions §5).
int exit_code_of(ErrorCode code);
/// One sentence of explanation.
std::string_view explanation_of(ErrorCode code);

/// A place in a text file. Line and column count from 1; 0 = unknown. Columns count bytes.
struct Place {
  std::string file;
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  friend bool operator==(const Place&, const Place&) = default;
};

/// "web.yaml:3:7", or just the file, or "" when nothing is known.
std::string to_string(const Place& place);

enum class Severity : std::uint8_t { Error, Warning };

/// What went wrong, where, what was found, what is allowed, and one hint.
struct Error {
  ErrorCode code = ErrorCode::Internal;
  std::string what;        ///< one sentence
  Place place;             ///< where in the input; empty if it is not about a file
  std::string path;        ///< document path such as "spec.traffic[0].arrivals"; may be empty
  std::string found;       ///< what was there (escaped for terminals when printed)
  std::string allowed;     ///< what would be right
  std::string hint;        ///< one thing to do next
  Severity severity = Severity::Error;
  std::vector<Error> causes;

  [[nodiscard]] Error with_hint(std::string text) && { hint = std::move(text); return std::move(*this); }
  [[nodiscard]] Error with_found(std::string text) && { found = std::move(text); return std::move(*this); }
  [[nodiscard]] Error with_allowed(std::string text) && { allowed = std::move(text); return std::move(*this); }
  [[nodiscard]] Error caused_by(Error cause) && { causes.push_back(std::move(cause)); return std::move(*this); }
};

[[nodiscard]] Error make_error(ErrorCode code, std::string what, Place place = {});

/// `file:line:col: error: what` and, on further lines, found / allowed / hint / causes. No colours, no raw control bytes.
std::string to_string(const Error& error);

template <class T>
using Result = tl::expected<T, Error>;
using Status = tl::expected<void, Error>;

/// For readers that report every error of an input at once.
using Errors = std::vector<Error>;
template <class T>
using Checked = tl::expected<T, Errors>;

[[nodiscard]] inline tl::unexpected<Error> fail(ErrorCode code, std::string what, Place place = {}) {
  return tl::unexpected<Error>(make_error(code, std::move(what), std::move(place)));
}
[[nodiscard]] inline tl::unexpected<Error> fail(Error error) { return tl::unexpected<Error>(std::move(error)); }

}  // namespace tandem

/// Propagates the error of a Result-returning expression, or yields nothing.
#define TANDEM_TRY(expression)                                                        \
  do {                                                                                \
    auto tandem_try_result = (expression);                                            \
    if (!tandem_try_result) return tl::unexpected(std::move(tandem_try_result).error()); \
  } while (false)
