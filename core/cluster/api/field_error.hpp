#pragma once
// Field errors with the texts of Kubernetes v1.34 (apimachinery pkg/util/validation/field).

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/cluster/api/view.hpp"

namespace tandem::cluster::api {

/// "spec.template.spec.containers[0].ports" — how Kubernetes names a field.
class FieldPath {
 public:
  FieldPath() = default;
  FieldPath(std::string_view text) : text_(text) {}  // NOLINT: a path is its text
  FieldPath(const char* text) : text_(text) {}       // NOLINT
  [[nodiscard]] FieldPath child(std::string_view name) const;
  [[nodiscard]] FieldPath index(std::size_t i) const;
  [[nodiscard]] FieldPath key(std::string_view key) const;
  friend FieldPath operator/(const FieldPath& path, std::string_view name) { return path.child(name); }
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  std::string text_;
};

/// The refused value as an error shows it.
class BadValue {
 public:
  BadValue(std::string_view text);                   // NOLINT: quoted as Go's %q does
  BadValue(const char* text) : BadValue(std::string_view(text)) {}    // NOLINT
  BadValue(const std::string& text) : BadValue(std::string_view(text)) {}  // NOLINT
  BadValue(std::int64_t number);                     // NOLINT
  BadValue(int number) : BadValue(static_cast<std::int64_t>(number)) {}  // NOLINT
  BadValue(bool flag);                               // NOLINT
  BadValue(const View& value);                       // NOLINT: as JSON; "null" where absent
  /// Text that is shown as it is.
  static BadValue raw(std::string text);
  /// No value is shown at all (field.OmitValueType).
  static BadValue omitted();
  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] bool is_omitted() const { return omitted_; }

 private:
  BadValue() = default;
  std::string text_;
  bool omitted_ = false;
};

enum class FieldErrorType : std::uint8_t { NotFound, Required, Duplicate, Invalid, NotSupported, Forbidden, TooLong, TooMany, Internal };

/// "FieldValueInvalid": the cause type of the API.
std::string_view cause_name(FieldErrorType type);

struct FieldError {
  FieldErrorType type = FieldErrorType::Invalid;
  std::string field;
  std::string message;  ///< "Invalid value: -1: must be greater than or equal to 0"
  friend bool operator==(const FieldError&, const FieldError&) = default;
};

/// Collects every error of an object, in Kubernetes' order.
class FieldErrors {
 public:
  void invalid(const FieldPath& path, const BadValue& value, std::string_view detail);
  /// One error for each message.
  void invalid_each(const FieldPath& path, const BadValue& value, const std::vector<std::string>& messages);
  void required(const FieldPath& path, std::string_view detail = {});
  void duplicate(const FieldPath& path, const BadValue& value, std::string_view detail = {});
  void forbidden(const FieldPath& path, std::string_view detail);
  void not_found(const FieldPath& path, const BadValue& value, std::string_view detail = {});
  /// `allowed` in the order in which Kubernetes lists it.
  void not_supported(const FieldPath& path, const BadValue& value, const std::vector<std::string>& allowed);
  void too_long(const FieldPath& path, std::int64_t max_bytes);
  void too_many(const FieldPath& path, std::int64_t actual, std::int64_t max);
  void internal(const FieldPath& path, std::string_view text);
  void add(const FieldErrors& more);

  [[nodiscard]] bool empty() const { return errors_.empty(); }
  [[nodiscard]] std::size_t size() const { return errors_.size(); }
  [[nodiscard]] const std::vector<FieldError>& all() const { return errors_; }
  /// "spec.a: Invalid value: …", or "[…, …]" for several; equal ones once (ErrorList.ToAggregate).
  [[nodiscard]] std::string aggregate() const;

 private:
  void add(FieldErrorType type, const FieldPath& path, const BadValue* value, std::string_view detail);
  std::vector<FieldError> errors_;
};

/// Go's %q.
std::string go_quote(std::string_view text);

}  // namespace tandem::cluster::api
