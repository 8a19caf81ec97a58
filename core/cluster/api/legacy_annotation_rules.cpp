#include "core/cluster/api/legacy_annotation_rules.hpp"

// Source: pkg/apis/core/validation/validation.go and pkg/apis/core/helper/helpers.go (v1.34).

#include <fmt/format.h>

#include <limits>
#include <optional>

#include "core/cluster/api/go_json.hpp"
#include "core/cluster/api/rules.hpp"
#include "core/cluster/api/wire_scalars.hpp"

namespace tandem::cluster::api {

namespace {

constexpr const char* kTolerations = "scheduler.alpha.kubernetes.io/tolerations";
constexpr const char* kTaints = "scheduler.alpha.kubernetes.io/taints";
constexpr const char* kAvoidPods = "scheduler.alpha.kubernetes.io/preferAvoidPods";

/// A field of the internal type, which has no JSON names: Go finds it under its own name in any case.
struct LegacyField {
  const char* go_name;
  const char* name;  ///< as the rules know it
  const char* go_type;
};
using LegacyFields = std::vector<LegacyField>;

/// A list of structures out of an annotation, as encoding/json reads it: the first wrong type is told, the rest is read on.
class LegacyList {
 public:
  LegacyList(const std::string& text, const char* structure, const LegacyFields& fields) : structure_(structure), fields_(fields) {
    error_ = go_json_syntax_error(text);
    if (error_) return;
    const Json all = Json::parse(text, nullptr, false);
    if (all.is_discarded() || all.is_null()) return;
    if (!all.is_array()) {
      error_ = fmt::format("json: cannot unmarshal {} into Go value of type []core.{}", go_json_kind(all), structure);
      return;
    }
    for (const Json& one : all) items_.push_back(item(one));
  }

  [[nodiscard]] const std::optional<std::string>& error() const { return error_; }
  [[nodiscard]] const Json& items() const { return items_; }

 private:
  void note(std::string error) {
    if (!error_) error_ = std::move(error);
  }

  Json item(const Json& one) {
    Json read = Json::object();
    if (one.is_null()) return read;
    if (!one.is_object()) {
      note(fmt::format("json: cannot unmarshal {} into Go value of type core.{}", go_json_kind(one), structure_));
      return read;
    }
    for (const auto& [key, value] : one.items()) {
      for (const LegacyField& field : fields_) {
        if (lower(key) == lower(field.go_name)) take(read, field, value);
      }
    }
    return read;
  }

  void take(Json& read, const LegacyField& field, const Json& value) {
    if (value.is_null()) return;
    const std::string_view type = field.go_type;
    const bool is_whole = value.is_number_integer() &&
                          (!value.is_number_unsigned() || value.get<std::uint64_t>() <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()));
    if (type == "int64" ? is_whole : value.is_string()) {
      if (const auto objection = type == "v1.Time" ? time_error(value.get<std::string>()) : std::nullopt) return note(*objection);
      read[field.name] = value;
      return;
    }
    const std::string found = type == "int64" && value.is_number() ? fmt::format("number {}", value.dump()) : std::string(go_json_kind(value));
    note(type == "v1.Time" ? fmt::format("json: cannot unmarshal {} into Go value of type string", found)
                           : fmt::format("json: cannot unmarshal {} into Go struct field {}.{} of type {}", found, structure_, field.go_name, type));
  }

  const char* structure_;
  const LegacyFields& fields_;
  std::optional<std::string> error_;
  Json items_ = Json::array();
};

void check_avoided_pods(FieldErrors& errors, const std::string& text, const FieldPath& path) {
  const auto refuse = [&](const std::string& why) { errors.invalid(path / "AvoidPods", kAvoidPods, why); };
  if (const auto error = go_json_syntax_error(text)) return refuse(*error);
  const Json all = Json::parse(text, nullptr, false);
  if (all.is_discarded() || all.is_null()) return;
  if (!all.is_object()) return refuse(fmt::format("json: cannot unmarshal {} into Go value of type v1.AvoidPods", go_json_kind(all)));
  const View list = View(all)["preferAvoidPods"];
  if (list.present() && !list.json().is_array()) {
    return refuse(fmt::format("json: cannot unmarshal {} into Go struct field AvoidPods.preferAvoidPods of type []v1.PreferAvoidPodsEntry", go_json_kind(list.json())));
  }
  std::size_t i = 0;
  for (const View& entry : list.items()) {
    const FieldPath at = (path / kAvoidPods).index(i++) / "PodSignature";
    const View controller = entry["podSignature"]["podController"];
    if (!controller.present()) {
      errors.required(at);
    } else if (!controller["controller"].flag()) {
      errors.invalid(at / "PodController" / "Controller", false, "must point to a controller");
    }
  }
}

}  // namespace

void check_toleration_annotation(FieldErrors& errors, const View& annotations, const FieldPath& path) {
  static const LegacyFields kFields = {{"Key", "key", "string"}, {"Operator", "operator", "core.TolerationOperator"}, {"Value", "value", "string"},
                                       {"Effect", "effect", "core.TaintEffect"}, {"TolerationSeconds", "tolerationSeconds", "int64"}};
  const std::string text = annotations[kTolerations].text();
  if (text.empty()) return;
  const LegacyList list(text, "Toleration", kFields);
  if (list.error()) return errors.invalid(path, kTolerations, *list.error());
  check_tolerations(errors, View(list.items()), path / kTolerations);
}

void check_node_annotations(FieldErrors& errors, const View& annotations, const FieldPath& path) {
  static const LegacyFields kFields = {{"Key", "key", "string"}, {"Value", "value", "string"}, {"Effect", "effect", "core.TaintEffect"},
                                       {"TimeAdded", "timeAdded", "v1.Time"}};
  if (const std::string text = annotations[kTaints].text(); !text.empty()) {
    const LegacyList list(text, "Taint", kFields);
    if (list.error()) {
      errors.invalid(path, kTaints, *list.error());
    } else {
      check_taints(errors, View(list.items()), path / kTaints);
    }
  }
  if (const std::string text = annotations[kAvoidPods].text(); !text.empty()) check_avoided_pods(errors, text, path);
}

}  // namespace tandem::cluster::api
