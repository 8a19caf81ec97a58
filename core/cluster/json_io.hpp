#pragma once
// The machinery of json.hpp. Every struct has one function `fields(io, object)` that names its JSON fields once; a reader and a
// writer run through it, so that the two directions cannot drift apart.
//
//   io("replicas", spec.replicas)      read if present; written unless empty (zero, false, "", no elements, unset)
//   io.always("image", c.image)        written even when empty, as the API server does for fields without `omitempty`
//   io.optional_object("labelSelector", s)  written whenever it is there: {} and absent mean different things
//   io.nested("rollingUpdate", fn)     a JSON object that has no struct of its own
//   io.inline_into(pod.spec)           fields of another struct in the same JSON object
//   io.rest(x.rest)                    last: what no other call named

#include <array>
#include <concepts>
#include <cstdint>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "core/base/result.hpp"
#include "core/cluster/json.hpp"
#include "core/cluster/objects.hpp"

namespace tandem::cluster {

using Json = nlohmann::json;

/// A step of a document path. Steps lie on the stack; text is made only when an error needs it.
struct PathStep {
  const PathStep* parent = nullptr;
  std::string_view key{};   ///< empty for an element of a list
  std::size_t index = 0;
};
/// "spec.template.spec.containers[0].image"; keys with dots or brackets are quoted as in `metadata.labels["a.b/c"]`.
std::string to_string(const PathStep& step);

/// `found` in a few words: "a list", "text \"abc\"".
std::string describe(const Json& value);
void add_type_error(Errors& errors, const PathStep& step, const Json& found, std::string_view allowed, std::string_view hint = {});

/// Names of an enum's values in JSON, indexed by value.
template <class E>
struct EnumNames;
template <>
struct EnumNames<SelectorOperator> {
  static constexpr std::array<std::string_view, 6> names = {"In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"};
};
template <>
struct EnumNames<ConditionStatus> {
  static constexpr std::array<std::string_view, 3> names = {"True", "False", "Unknown"};
};
template <>
struct EnumNames<PodPhase> {
  static constexpr std::array<std::string_view, 6> names = {"", "Pending", "Running", "Succeeded", "Failed", "Unknown"};
};

// ---------------------------------------------------------------- reading

void read_value(const Json& value, const PathStep& step, Errors& errors, std::string& out);
void read_value(const Json& value, const PathStep& step, Errors& errors, bool& out);
void read_value(const Json& value, const PathStep& step, Errors& errors, std::int32_t& out);
void read_value(const Json& value, const PathStep& step, Errors& errors, std::int64_t& out);
void read_value(const Json& value, const PathStep& step, Errors& errors, SimTime& out);
void read_value(const Json& value, const PathStep& step, Errors& errors, Quantity& out);
void read_value(const Json& value, const PathStep& step, Errors& errors, IntOrString& out);
std::size_t read_enum(const Json& value, const PathStep& step, Errors& errors, std::span<const std::string_view> names);

template <class E>
  requires std::is_enum_v<E>
void read_value(const Json& value, const PathStep& step, Errors& errors, E& out) {
  out = static_cast<E>(read_enum(value, step, errors, EnumNames<E>::names));
}
template <class T>
void read_value(const Json& value, const PathStep& step, Errors& errors, std::optional<T>& out);
template <class T>
void read_value(const Json& value, const PathStep& step, Errors& errors, Shared<T>& out);
template <class T>
void read_value(const Json& value, const PathStep& step, Errors& errors, std::vector<T>& out);
template <class T>
void read_value(const Json& value, const PathStep& step, Errors& errors, std::map<std::string, T, std::less<>>& out);
template <class T>
  requires std::is_class_v<T>
void read_value(const Json& value, const PathStep& step, Errors& errors, T& out);

/// Reads the fields of one JSON object and remembers which ones were asked for.
class JsonReader {
 public:
  static constexpr bool kReading = true;

  /// Anything but an object is an error and reads as an empty one.
  JsonReader(const Json& object, const PathStep& step, Errors& errors);

  template <class T>
  void operator()(std::string_view key, T& out) {
    if (const Json* value = take(key)) {
      read_value(*value, PathStep{&step_, key}, errors_, out);
    } else if constexpr (std::same_as<T, SimTime>) {
      out = kTimeUnset;
    }
  }
  template <class T>
  void always(std::string_view key, T& out) { (*this)(key, out); }

  template <class T>
  void optional_object(std::string_view key, std::optional<T>& out) { (*this)(key, out); }

  template <class Describe>
  void nested(std::string_view key, Describe&& describe_fields) {
    const Json* value = take(key);
    if (value == nullptr) return;
    const PathStep step{&step_, key};
    JsonReader inner(*value, step, errors_);
    describe_fields(inner);
    keep(key, inner.leftover());
  }
  template <class Describe>
  void nested_always(std::string_view key, Describe&& describe_fields) { nested(key, describe_fields); }

  template <class T>
  void inline_into(Shared<T>& out) {
    T value = *out;
    fields(*this, value);
    out = Shared<T>(std::move(value));
  }
  template <class T>
  void inline_into(T& out) { fields(*this, out); }

  void rest(JsonRest& out);

  // For fields that need a hand-written rule.

  /// The value, or null when it is absent or null. Counts as asked for.
  const Json* take(std::string_view key);
  /// Puts something into the rest although it was asked for.
  void keep(std::string_view key, Json value);
  [[nodiscard]] const PathStep& step() const { return step_; }
  [[nodiscard]] Errors& errors() { return errors_; }

 private:
  /// What was not asked for, and what was kept; null when that is nothing. Then nothing is left.
  Json leftover();

  const Json* object_;  ///< null if it was no object
  PathStep step_;
  Errors& errors_;
  std::vector<std::string_view> taken_;
  Json kept_;
  bool drained_ = false;
};

template <class T>
void read_value(const Json& value, const PathStep& step, Errors& errors, std::optional<T>& out) {
  T inner{};
  read_value(value, step, errors, inner);
  out = std::move(inner);
}

template <class T>
void read_value(const Json& value, const PathStep& step, Errors& errors, Shared<T>& out) {
  T inner{};
  read_value(value, step, errors, inner);
  out = Shared<T>(std::move(inner));
}

template <class T>
void read_value(const Json& value, const PathStep& step, Errors& errors, std::vector<T>& out) {
  if (!value.is_array()) {
    add_type_error(errors, step, value, "a list");
    return;
  }
  out.clear();
  out.reserve(value.size());
  for (std::size_t i = 0; i < value.size(); ++i) {
    T element{};
    read_value(value[i], PathStep{&step, {}, i}, errors, element);
    out.push_back(std::move(element));
  }
}

template <class T>
void read_value(const Json& value, const PathStep& step, Errors& errors, std::map<std::string, T, std::less<>>& out) {
  if (!value.is_object()) {
    add_type_error(errors, step, value, "a mapping");
    return;
  }
  out.clear();
  for (auto item = value.begin(); item != value.end(); ++item) {
    T element{};
    read_value(item.value(), PathStep{&step, item.key()}, errors, element);
    out.emplace_hint(out.end(), item.key(), std::move(element));
  }
}

template <class T>
  requires std::is_class_v<T>
void read_value(const Json& value, const PathStep& step, Errors& errors, T& out) {
  JsonReader reader(value, step, errors);
  fields(reader, out);
}

// ---------------------------------------------------------------- writing

/// Merges what the typed view does not know into its JSON: absent fields are added, objects merged field by field; otherwise the
/// typed view is the newer truth and stays.
void merge_rest(Json::object_t& target, const JsonRest& rest);

/// Writes the fields of one JSON object.
class JsonWriter {
 public:
  static constexpr bool kReading = false;

  explicit JsonWriter(TimeFormat format) : format_(format) {}

  template <class T>
  void operator()(std::string_view key, const T& value) {
    if (is_empty(value)) return;
    Json json = to_value(value);
    // A struct without a single field to show is as good as absent.
    if (std::is_class_v<T> && json.is_object() && json.empty()) return;
    put(key, std::move(json));
  }
  template <class T>
  void always(std::string_view key, const T& value) { put(key, to_value(value)); }

  template <class T>
  void optional_object(std::string_view key, const std::optional<T>& value) {
    if (value) put(key, to_value(*value));
  }

  template <class Describe>
  void nested(std::string_view key, Describe&& describe_fields) {
    JsonWriter inner(format_);
    describe_fields(inner);
    if (!inner.object_.empty()) put(key, Json(std::move(inner.object_)));
  }
  template <class Describe>
  void nested_always(std::string_view key, Describe&& describe_fields) {
    JsonWriter inner(format_);
    describe_fields(inner);
    put(key, Json(std::move(inner.object_)));
  }

  template <class T>
  void inline_into(const Shared<T>& value) { fields(*this, *value); }
  template <class T>
  void inline_into(const T& value) { fields(*this, value); }

  void rest(const JsonRest& rest) { merge_rest(object_, rest); }

  void put(std::string_view key, Json value) { object_.insert_or_assign(std::string(key), std::move(value)); }
  /// Null when the field has not been written.
  [[nodiscard]] Json* written(std::string_view key);
  void erase(std::string_view key);
  [[nodiscard]] TimeFormat format() const { return format_; }
  [[nodiscard]] Json take() { return Json(std::move(object_)); }

  [[nodiscard]] Json to_value(const std::string& value) const { return value; }
  [[nodiscard]] Json to_value(bool value) const { return value; }
  [[nodiscard]] Json to_value(std::int32_t value) const { return value; }
  [[nodiscard]] Json to_value(std::int64_t value) const { return value; }
  [[nodiscard]] Json to_value(SimTime value) const { return value == kTimeUnset ? Json() : Json(format_time(value, format_)); }
  [[nodiscard]] Json to_value(const Quantity& value) const { return value.text(); }
  [[nodiscard]] Json to_value(const IntOrString& value) const {
    return std::visit([](const auto& alternative) { return Json(alternative); }, value.value);
  }
  template <class E>
    requires std::is_enum_v<E>
  [[nodiscard]] Json to_value(E value) const {
    return std::string(EnumNames<E>::names[static_cast<std::size_t>(value)]);
  }
  template <class T>
  [[nodiscard]] Json to_value(const std::optional<T>& value) const { return value ? to_value(*value) : Json(); }
  template <class T>
  [[nodiscard]] Json to_value(const Shared<T>& value) const { return to_value(*value); }
  template <class T>
  [[nodiscard]] Json to_value(const std::vector<T>& values) const {
    Json::array_t list;
    list.reserve(values.size());
    for (const T& value : values) list.push_back(to_value(value));
    return list;
  }
  template <class T>
  [[nodiscard]] Json to_value(const std::map<std::string, T, std::less<>>& values) const {
    Json::object_t object;
    for (const auto& [key, value] : values) object.emplace_hint(object.end(), key, to_value(value));
    return object;
  }
  template <class T>
    requires std::is_class_v<T>
  [[nodiscard]] Json to_value(const T& value) const {
    JsonWriter inner(format_);
    fields(inner, value);
    return inner.take();
  }

 private:
  static bool is_empty(const std::string& value) { return value.empty(); }
  static bool is_empty(bool value) { return !value; }
  static bool is_empty(std::int32_t value) { return value == 0; }
  static bool is_empty(std::int64_t value) { return value == 0; }
  static bool is_empty(SimTime value) { return value == kTimeUnset; }
  static bool is_empty(const IntOrString& value) {
    return std::visit([](const auto& alternative) { return is_empty(alternative); }, value.value);
  }
  template <class E>
    requires std::is_enum_v<E>
  static bool is_empty(E) { return false; }
  template <class T>
  static bool is_empty(const std::optional<T>& value) { return !value; }
  template <class T>
  static bool is_empty(const Shared<T>& value) { return is_empty(*value); }
  template <class T>
  static bool is_empty(const std::vector<T>& values) { return values.empty(); }
  template <class T>
  static bool is_empty(const std::map<std::string, T, std::less<>>& values) { return values.empty(); }
  template <class T>
    requires std::is_class_v<T>
  static bool is_empty(const T&) { return false; }

  TimeFormat format_;
  Json::object_t object_;
};

/// T, const as the direction demands: the parameter type of `fields`.
template <class Io, class T>
using Field = std::conditional_t<std::remove_cvref_t<Io>::kReading, T, const T>;

}  // namespace tandem::cluster
