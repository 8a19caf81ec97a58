// Label selectors and node selectors (apimachinery meta/v1/validation, pkg/apis/core/validation).

#include <fmt/format.h>

#include <algorithm>

#include "core/cluster/api/decode.hpp"
#include "core/cluster/api/rules.hpp"

namespace tandem::cluster::api {

namespace {

void check_values(FieldErrors& errors, const View& values, const FieldPath& path) {
  std::size_t i = 0;
  for (const std::string& value : values.texts()) errors.invalid_each(path.index(i++), value, label_value_errors_of(value));
}

/// The part of a requirement's rules that label selectors and node selectors share; false for another operator.
bool check_set_operator(FieldErrors& errors, const View& requirement, const FieldPath& path) {
  const std::string op = requirement["operator"].text();
  const View values = requirement["values"];
  if (op == "In" || op == "NotIn") {
    if (values.empty()) errors.required(path / "values", "must be specified when `operator` is 'In' or 'NotIn'");
    return true;
  }
  if (op == "Exists" || op == "DoesNotExist") {
    if (!values.empty()) errors.forbidden(path / "values", "may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
    return true;
  }
  return false;
}

void check_node_requirement(FieldErrors& errors, const View& requirement, const FieldPath& path, bool allow_invalid_values) {
  const std::string op = requirement["operator"].text();
  if (!check_set_operator(errors, requirement, path)) {
    if (op != "Gt" && op != "Lt") {
      errors.invalid(path / "operator", op, "not a valid selector operator");
    } else if (requirement["values"].size() != 1) {
      errors.required(path / "values", "must be specified single value when `operator` is 'Lt' or 'Gt'");
    }
  }
  check_label_name(errors, requirement["key"].text(), path / "key");
  if (!allow_invalid_values) check_values(errors, requirement["values"], path / "values");
}

void check_node_field(FieldErrors& errors, const View& requirement, const FieldPath& path) {
  const std::string op = requirement["operator"].text();
  if (op != "In" && op != "NotIn") {
    errors.invalid(path / "operator", op, "not a valid selector operator");
  } else if (requirement["values"].size() != 1) {
    errors.required(path / "values", "must be only one value when `operator` is 'In' or 'NotIn' for node field selector");
  }
  if (requirement["key"].text() != "metadata.name") return errors.invalid(path / "key", requirement["key"].text(), "not a valid field selector key");
  std::size_t i = 0;
  for (const std::string& value : requirement["values"].texts()) errors.invalid_each((path / "values").index(i++), value, dns1123_subdomain_errors(value));
}

bool requirement_matches(const View& requirement, const View& labels, bool& valid) {
  const std::string op = requirement["operator"].text();
  const std::vector<std::string> values = requirement["values"].texts();
  const View value = labels[requirement["key"].text()];
  const bool listed = value.present() && contains(values, value.text());
  const bool key_is_fine = qualified_name_errors(requirement["key"].text()).empty();
  const bool values_are_fine = std::all_of(values.begin(), values.end(), [](const std::string& text) { return label_value_errors_of(text).empty(); });
  const bool set = op == "In" || op == "NotIn";
  const bool existence = op == "Exists" || op == "DoesNotExist";
  valid = valid && key_is_fine && values_are_fine && (set ? !values.empty() : existence && values.empty());
  if (op == "In") return listed;
  if (op == "NotIn") return !listed;
  return op == "Exists" ? value.present() : !value.present();
}

}  // namespace

void check_label_selector(FieldErrors& errors, const View& selector, const FieldPath& path, bool allow_invalid_values) {
  if (!selector.present()) return;
  check_labels(errors, selector["matchLabels"], path / "matchLabels");
  std::size_t i = 0;
  for (const View& requirement : selector["matchExpressions"].items()) {
    const FieldPath at = (path / "matchExpressions").index(i++);
    if (!check_set_operator(errors, requirement, at)) errors.invalid(at / "operator", requirement["operator"].text(), "not a valid selector operator");
    check_label_name(errors, requirement["key"].text(), at / "key");
    if (!allow_invalid_values) check_values(errors, requirement["values"], at / "values");
  }
}

BadValue selector_value(const View& selector) {
  if (!selector.present()) return selector;
  return BadValue::raw(go_dump(selector, struct_type("meta/v1.LabelSelector")));
}

SelectorMatch match_selector(const View& selector, const View& labels) {
  SelectorMatch match;
  if (!selector.present()) return match;
  match.matches = true;
  match.everything = selector["matchLabels"].empty() && selector["matchExpressions"].empty();
  for (const auto& [key, value] : selector["matchLabels"].entries()) {
    match.valid = match.valid && qualified_name_errors(key).empty() && label_value_errors_of(value.text()).empty();
    match.matches = match.matches && labels[key].present() && labels[key].text() == value.text();
  }
  for (const View& requirement : selector["matchExpressions"].items()) {
    const bool one = requirement_matches(requirement, labels, match.valid);
    match.matches = match.matches && one;
  }
  return match;
}

void check_node_selector_term(FieldErrors& errors, const View& term, const FieldPath& path, bool allow_invalid_values) {
  std::size_t i = 0;
  for (const View& requirement : term["matchExpressions"].items()) {
    check_node_requirement(errors, requirement, (path / "matchExpressions").index(i++), allow_invalid_values);
  }
  i = 0;
  for (const View& requirement : term["matchFields"].items()) check_node_field(errors, requirement, (path / "matchFields").index(i++));
}

void check_node_selector(FieldErrors& errors, const View& selector, const FieldPath& path, bool allow_invalid_values) {
  const FieldPath terms = path / "nodeSelectorTerms";
  if (selector["nodeSelectorTerms"].empty()) return errors.required(terms, "must have at least one node selector term");
  std::size_t i = 0;
  for (const View& term : selector["nodeSelectorTerms"].items()) check_node_selector_term(errors, term, terms.index(i++), allow_invalid_values);
}

}  // namespace tandem::cluster::api
