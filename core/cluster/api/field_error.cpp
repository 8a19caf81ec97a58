#include "core/cluster/api/field_error.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace tandem::cluster::api {

namespace {

std::string_view words_of(FieldErrorType type) {
  switch (type) {
    case FieldErrorType::NotFound: return "Not found";
    case FieldErrorType::Required: return "Required value";
    case FieldErrorType::Duplicate: return "Duplicate value";
    case FieldErrorType::Invalid: return "Invalid value";
    case FieldErrorType::NotSupported: return "Unsupported value";
    case FieldErrorType::Forbidden: return "Forbidden";
    case FieldErrorType::TooLong: return "Too long";
    case FieldErrorType::TooMany: return "Too many";
    case FieldErrorType::Internal: return "Internal error";
  }
  return "";
}

}  // namespace

std::string_view cause_name(FieldErrorType type) {
  switch (type) {
    case FieldErrorType::NotFound: return "FieldValueNotFound";
    case FieldErrorType::Required: return "FieldValueRequired";
    case FieldErrorType::Duplicate: return "FieldValueDuplicate";
    case FieldErrorType::Invalid: return "FieldValueInvalid";
    case FieldErrorType::NotSupported: return "FieldValueNotSupported";
    case FieldErrorType::Forbidden: return "FieldValueForbidden";
    case FieldErrorType::TooLong: return "FieldValueTooLong";
    case FieldErrorType::TooMany: return "FieldValueTooMany";
    case FieldErrorType::Internal: return "InternalError";
  }
  return "";
}

FieldPath FieldPath::child(std::string_view name) const { return FieldPath(text_.empty() ? std::string(name) : fmt::format("{}.{}", text_, name)); }
FieldPath FieldPath::index(std::size_t i) const { return FieldPath(fmt::format("{}[{}]", text_, i)); }
FieldPath FieldPath::key(std::string_view key) const { return FieldPath(fmt::format("{}[{}]", text_, key)); }

std::string go_quote(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    switch (c) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\a': out += "\\a"; break;
      case '\b': out += "\\b"; break;
      case '\f': out += "\\f"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\t': out += "\\t"; break;
      case '\v': out += "\\v"; break;
      default:
        if (byte < 0x20 || byte == 0x7f) {
          out += fmt::format("\\x{:02x}", byte);
        } else {
          out += c;
        }
    }
  }
  out += '"';
  return out;
}

BadValue::BadValue(std::string_view text) : text_(go_quote(text)) {}
BadValue::BadValue(std::int64_t number) : text_(fmt::format("{}", number)) {}
BadValue::BadValue(bool flag) : text_(flag ? "true" : "false") {}
BadValue::BadValue(const View& value) : text_(value.is_text() ? go_quote(value.text()) : value.json().dump()) {}

BadValue BadValue::raw(std::string text) {
  BadValue value;
  value.text_ = std::move(text);
  return value;
}

BadValue BadValue::omitted() {
  BadValue value;
  value.omitted_ = true;
  return value;
}

void FieldErrors::add(FieldErrorType type, const FieldPath& path, const BadValue* value, std::string_view detail) {
  std::string message(words_of(type));
  if (value != nullptr && !value->is_omitted()) message = fmt::format("{}: {}", message, value->text());
  if (!detail.empty()) message = fmt::format("{}: {}", message, detail);
  errors_.push_back({type, path.text(), std::move(message)});
}

void FieldErrors::invalid(const FieldPath& path, const BadValue& value, std::string_view detail) { add(FieldErrorType::Invalid, path, &value, detail); }

void FieldErrors::invalid_each(const FieldPath& path, const BadValue& value, const std::vector<std::string>& messages) {
  for (const std::string& message : messages) invalid(path, value, message);
}

void FieldErrors::required(const FieldPath& path, std::string_view detail) { add(FieldErrorType::Required, path, nullptr, detail); }
void FieldErrors::duplicate(const FieldPath& path, const BadValue& value, std::string_view detail) { add(FieldErrorType::Duplicate, path, &value, detail); }
void FieldErrors::forbidden(const FieldPath& path, std::string_view detail) { add(FieldErrorType::Forbidden, path, nullptr, detail); }
void FieldErrors::not_found(const FieldPath& path, const BadValue& value, std::string_view detail) { add(FieldErrorType::NotFound, path, &value, detail); }

void FieldErrors::not_supported(const FieldPath& path, const BadValue& value, const std::vector<std::string>& allowed) {
  std::string detail;
  for (const std::string& one : allowed) detail = fmt::format("{}{}{}", detail, detail.empty() ? "supported values: " : ", ", go_quote(one));
  add(FieldErrorType::NotSupported, path, &value, detail);
}

void FieldErrors::too_long(const FieldPath& path, std::int64_t max_bytes) {
  add(FieldErrorType::TooLong, path, nullptr, fmt::format("may not be more than {} {}", max_bytes, max_bytes == 1 ? "byte" : "bytes"));
}

void FieldErrors::too_many(const FieldPath& path, std::int64_t actual, std::int64_t max) {
  const BadValue value(actual);
  add(FieldErrorType::TooMany, path, &value, fmt::format("must have at most {} {}", max, max == 1 ? "item" : "items"));
}

void FieldErrors::internal(const FieldPath& path, std::string_view text) { add(FieldErrorType::Internal, path, nullptr, text); }

void FieldErrors::add(const FieldErrors& more) { errors_.insert(errors_.end(), more.errors_.begin(), more.errors_.end()); }

std::string FieldErrors::aggregate() const {
  std::vector<std::string> texts;
  for (const FieldError& error : errors_) {
    std::string text = fmt::format("{}: {}", error.field, error.message);
    if (std::find(texts.begin(), texts.end(), text) == texts.end()) texts.push_back(std::move(text));
  }
  return texts.size() == 1 ? texts.front() : fmt::format("[{}]", fmt::join(texts, ", "));
}

}  // namespace tandem::cluster::api
