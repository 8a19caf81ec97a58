#include "core/base/result.hpp"

#include <fmt/format.h>

#include "core/base/check.hpp"
#include "core/base/text.hpp"

namespace tandem {
namespace {

struct CodeRow {
  std::string_view name;
  int exit_code;
  std::string_view explanation;
};

constexpr CodeRow kCodes[] = {
#define TANDEM_ERROR_CODE(name, exit_code, text) {#name, exit_code, text},
#include "core/base/error_codes.def"
#undef TANDEM_ERROR_CODE
};

const CodeRow& row_of(ErrorCode code) {
  const auto index = static_cast<std::size_t>(code);
  CHECK(index < std::size(kCodes), "an error code outside the table");
  return kCodes[index];
}

/// Texts of errors may be long lists of allowed values; escaped, but hardly cut.
constexpr std::size_t kTextLimit = 4000;

void append_line(std::string& out, int indent, std::string_view label, const std::string& text) {
  if (text.empty()) return;
  out += fmt::format("\n{:{}}{}: {}", "", indent, label, escape_for_terminal(text, kTextLimit));
}

void append_error(std::string& out, const Error& error, int indent) {
  const std::string place = to_string(error.place);
  if (!place.empty()) out += place + ": ";
  out += error.severity == Severity::Error ? "error: " : "warning: ";
  out += escape_for_terminal(error.what, kTextLimit);
  append_line(out, indent + 2, "at", error.path);
  append_line(out, indent + 2, "found", error.found);
  append_line(out, indent + 2, "allowed", error.allowed);
  append_line(out, indent + 2, "hint", error.hint);
  for (const Error& cause : error.causes) {
    out += fmt::format("\n{:{}}caused by: ", "", indent + 2);
    append_error(out, cause, indent + 2);
  }
}

}  // namespace

std::string_view name_of(ErrorCode code) { return row_of(code).name; }
int exit_code_of(ErrorCode code) { return row_of(code).exit_code; }
std::string_view explanation_of(ErrorCode code) { return row_of(code).explanation; }

std::string to_string(const Place& place) {
  std::string text = escape_for_terminal(place.file, kTextLimit);
  if (place.line == 0) return text;
  text += fmt::format("{}{}", text.empty() ? "line " : ":", place.line);
  if (place.column != 0) text += fmt::format(":{}", place.column);
  return text;
}

Error make_error(ErrorCode code, std::string what, Place place) {
  Error error;
  error.code = code;
  error.what = std::move(what);
  error.place = std::move(place);
  return error;
}

std::string to_string(const Error& error) {
  std::string out;
  append_error(out, error, 0);
  return out;
}

}  // namespace tandem
