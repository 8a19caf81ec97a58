#pragma once
// Reading of the small JSON documents that pass between host and containers: typed fields with ranges. Both sides are ours,
// so the first error ends the reading; private to docker/protocol.

#include <cmath>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "core/base/bounded_json.hpp"
#include "core/base/limits.hpp"
#include "core/base/result.hpp"

namespace tandem::container {

inline constexpr std::int64_t kNanosecondsMax = kInputLimits.time_ns;
/// Most memory that the scenario language lets a process hold.
inline constexpr std::int64_t kMemoryBytesMax = 1'000'000'000'000;
/// Longest answer a route may be padded to.
inline constexpr std::int64_t kResponseBytesMax = std::int64_t{64} << 20;

/// Thrown and caught inside read_json_document only.
struct FieldError {
  Error error;
};

/// One JSON object with the path that leads to it.
class JsonFields {
 public:
  JsonFields(const nlohmann::json& object, std::string path) : object_(object), path_(std::move(path)) {
    if (!object_.is_object()) refuse(ErrorCode::ValueType, path_, "an object");
  }

  [[nodiscard]] std::string text(const char* name) const {
    const nlohmann::json& value = field(name);
    if (!value.is_string()) refuse(ErrorCode::ValueType, path_of(name), "a string");
    return value.get<std::string>();
  }
  [[nodiscard]] bool boolean(const char* name) const {
    const nlohmann::json& value = field(name);
    if (!value.is_boolean()) refuse(ErrorCode::ValueType, path_of(name), "true or false");
    return value.get<bool>();
  }
  [[nodiscard]] std::int64_t integer(const char* name, std::int64_t low, std::int64_t high) const {
    const nlohmann::json& value = field(name);
    if (!value.is_number_integer()) refuse(ErrorCode::ValueType, path_of(name), "a whole number");
    if (value.is_number_unsigned() && value.get<std::uint64_t>() > static_cast<std::uint64_t>(high)) out_of_range(name);
    const auto number = value.get<std::int64_t>();
    if (number < low || number > high) out_of_range(name);
    return number;
  }
  /// Full range of 64 unsigned bits, for seeds.
  [[nodiscard]] std::uint64_t bits(const char* name) const {
    const nlohmann::json& value = field(name);
    if (!value.is_number_unsigned()) refuse(ErrorCode::ValueType, path_of(name), "a whole number, not negative");
    return value.get<std::uint64_t>();
  }
  [[nodiscard]] double number(const char* name, double low, double high) const {
    const nlohmann::json& value = field(name);
    if (!value.is_number()) refuse(ErrorCode::ValueType, path_of(name), "a number");
    const auto number = value.get<double>();
    if (!std::isfinite(number) || number < low || number > high) out_of_range(name);
    return number;
  }
  template <class Visit>
  void each(const char* name, Visit&& visit) const {
    const nlohmann::json& value = field(name);
    if (!value.is_array()) refuse(ErrorCode::ValueType, path_of(name), "an array");
    std::size_t index = 0;
    for (const nlohmann::json& item : value) visit(JsonFields(item, path_of(name) + "[" + std::to_string(index++) + "]"));
  }

 private:
  [[nodiscard]] const nlohmann::json& field(const char* name) const {
    const auto found = object_.find(name);
    if (found == object_.end()) refuse(ErrorCode::ValueMissing, path_of(name), "");
    return *found;
  }
  [[nodiscard]] std::string path_of(const char* name) const { return path_.empty() ? name : path_ + "." + name; }
  [[noreturn]] static void refuse(ErrorCode code, std::string path, std::string allowed) {
    Error error = make_error(code, code == ErrorCode::ValueMissing ? "a field is missing" : "a field has the wrong type");
    error.path = std::move(path);
    error.allowed = std::move(allowed);
    throw FieldError{std::move(error)};
  }
  [[noreturn]] void out_of_range(const char* name) const {
    Error error = make_error(ErrorCode::ValueOutOfRange, "a number is out of range");
    error.path = path_of(name);
    error.found = field(name).dump();
    throw FieldError{std::move(error)};
  }

  const nlohmann::json& object_;
  std::string path_;
};

/// Parses `text` and hands its top object to `read`.
template <class T, class Read>
Result<T> read_json_document(std::string_view text, std::string_view what, Read&& read) {
  const nlohmann::json document = parse_bounded_json(text);
  if (document.is_discarded()) return fail(ErrorCode::SyntaxError, "the " + std::string(what) + " is not JSON");
  try {
    return read(JsonFields(document, ""));
  } catch (FieldError& refused) {
    refused.error.what = "the " + std::string(what) + ": " + refused.error.what;
    return fail(std::move(refused.error));
  }
}

}  // namespace tandem::container
