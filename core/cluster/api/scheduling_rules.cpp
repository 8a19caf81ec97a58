// Affinity, tolerations, taints, spreading.

#include <fmt/format.h>

#include <map>
#include <set>

#include "core/cluster/api/rules.hpp"

namespace tandem::cluster::api {

namespace {

void check_label_keys(FieldErrors& errors, const View& keys, const View& selector, const FieldPath& path) {
  if (keys.empty()) return;
  if (!selector.present()) return errors.forbidden(path, "must not be specified when labelSelector is not set");
  std::size_t i = 0;
  for (const std::string& key : keys.texts()) check_label_name(errors, key, path.index(i++));
}

/// The older, stricter rule, which objects that break the newer one are still held to.
void check_match_label_keys_of_spread(FieldErrors& errors, const View& keys, const View& selector, const FieldPath& path) {
  if (keys.empty()) return;
  std::set<std::string> selected;
  if (!selector.present()) errors.forbidden(path, "must not be specified when labelSelector is not set");
  for (const auto& [key, value] : selector["matchLabels"].entries()) selected.insert(key);
  for (const View& requirement : selector["matchExpressions"].items()) selected.insert(requirement["key"].text());
  std::size_t i = 0;
  for (const std::string& key : keys.texts()) {
    check_label_name(errors, key, path.index(i));
    if (selected.contains(key)) errors.invalid(path.index(i), key, "exists in both matchLabelKeys and labelSelector");
    ++i;
  }
}

void check_affinity_term(FieldErrors& errors, const View& term, const FieldPath& path, bool allow_invalid_values) {
  check_label_selector(errors, term["labelSelector"], path / "labelSelector", allow_invalid_values);
  check_label_selector(errors, term["namespaceSelector"], path / "namespaceSelector", allow_invalid_values);
  for (const std::string& name : term["namespaces"].texts()) errors.invalid_each(path / "namespace", name, dns1123_label_errors(name));
  check_match_label_keys(errors, term["matchLabelKeys"], term["mismatchLabelKeys"], term["labelSelector"], path);
  const std::string key = term["topologyKey"].text();
  if (key.empty()) errors.required(path / "topologyKey", "can not be empty");
  check_label_name(errors, key, path / "topologyKey");
}

void check_weight(FieldErrors& errors, const View& term, const FieldPath& path) {
  const std::int64_t weight = term["weight"].number();
  if (weight <= 0 || weight > 100) errors.invalid(path / "weight", weight, "must be in the range 1-100");
}

constexpr const char* kRequired = "requiredDuringSchedulingIgnoredDuringExecution";
constexpr const char* kPreferred = "preferredDuringSchedulingIgnoredDuringExecution";

void check_node_affinity(FieldErrors& errors, const View& affinity, const FieldPath& path, const PodOptions& options) {
  if (affinity.has(kRequired)) check_node_selector(errors, affinity[kRequired], path / kRequired, options.allow_invalid_node_affinity_values);
  std::size_t i = 0;
  for (const View& term : affinity[kPreferred].items()) {
    const FieldPath at = (path / kPreferred).index(i++);
    check_weight(errors, term, at);
    check_node_selector_term(errors, term["preference"], at / "preference", true);
  }
}

void check_spread_one(FieldErrors& errors, const std::vector<View>& all, std::size_t i, const FieldPath& path, const PodOptions& options) {
  const View& constraint = all[i];
  const std::string key = constraint["topologyKey"].text();
  const std::string action = constraint["whenUnsatisfiable"].text();
  if (constraint["maxSkew"].number() <= 0) errors.invalid(path / "maxSkew", constraint["maxSkew"].number(), "must be greater than zero");
  if (key.empty()) errors.required(path / "topologyKey", "can not be empty");
  check_one_of(errors, constraint["whenUnsatisfiable"], {"DoNotSchedule", "ScheduleAnyway"}, path / "whenUnsatisfiable");
  for (std::size_t j = i + 1; j < all.size(); ++j) {
    if (all[j]["topologyKey"].text() != key || all[j]["whenUnsatisfiable"].text() != action) continue;
    errors.duplicate(path / "{topologyKey, whenUnsatisfiable}", fmt::format("{{{}, {}}}", key, action));
    break;
  }
  if (const View domains = constraint["minDomains"]; domains.present()) {
    if (domains.number() <= 0) errors.invalid(path / "minDomains", domains.number(), "must be greater than zero");
    if (action != "DoNotSchedule") {
      errors.invalid(path / "minDomains", domains.number(), fmt::format("can only use minDomains if whenUnsatisfiable=DoNotSchedule, not {}", action));
    }
  }
  for (const char* field : {"nodeAffinityPolicy", "nodeTaintsPolicy"}) {
    if (constraint.has(field)) check_one_of(errors, constraint[field], {"Honor", "Ignore"}, path / field);
  }
  if (options.old_violates_match_label_keys) {
    check_match_label_keys_of_spread(errors, constraint["matchLabelKeys"], constraint["labelSelector"], path / "matchLabelKeys");
  } else {
    check_match_label_keys(errors, constraint["matchLabelKeys"], {}, constraint["labelSelector"], path);
  }
  if (!options.allow_invalid_spread_selector) check_label_selector(errors, constraint["labelSelector"], path / "labelSelector");
}

}  // namespace

void check_match_label_keys(FieldErrors& errors, const View& match_keys, const View& mismatch_keys, const View& selector, const FieldPath& path) {
  check_label_keys(errors, match_keys, selector, path / "matchLabelKeys");
  check_label_keys(errors, mismatch_keys, selector, path / "mismatchLabelKeys");
  const std::vector<std::string> keys = match_keys.texts();
  std::map<std::string, std::size_t> positions;
  for (std::size_t i = 0; i < keys.size(); ++i) positions[keys[i]] = i;
  std::set<std::string> selected;
  for (const auto& [key, value] : selector["matchLabels"].entries()) selected.insert(key);
  for (const View& requirement : selector["matchExpressions"].items()) {
    const std::string key = requirement["key"].text();
    if (positions.contains(key) && selected.contains(key)) errors.invalid(path.index(positions[key]), key, "exists in both matchLabelKeys and labelSelector");
    selected.insert(key);
  }
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (contains(mismatch_keys.texts(), keys[i])) {
      errors.invalid((path / "matchLabelKeys").index(i), keys[i], "exists in both matchLabelKeys and mismatchLabelKeys");
    }
  }
}

void check_affinity(FieldErrors& errors, const View& affinity, const FieldPath& path, const PodOptions& options) {
  if (affinity.has("nodeAffinity")) check_node_affinity(errors, affinity["nodeAffinity"], path / "nodeAffinity", options);
  for (const char* kind : {"podAffinity", "podAntiAffinity"}) {
    std::size_t i = 0;
    for (const View& term : affinity[kind][kRequired].items()) {
      check_affinity_term(errors, term, (path / kind / kRequired).index(i++), options.allow_invalid_selector_values);
    }
    i = 0;
    for (const View& term : affinity[kind][kPreferred].items()) {
      const FieldPath at = (path / kind / kPreferred).index(i++);
      check_weight(errors, term, at);
      check_affinity_term(errors, term["podAffinityTerm"], at / "podAffinityTerm", options.allow_invalid_selector_values);
    }
  }
}

void check_taint_effect(FieldErrors& errors, const View& effect, bool allow_empty, const FieldPath& path) {
  if (effect.text().empty() && !allow_empty) return errors.required(path);
  check_one_of(errors, effect, {"NoSchedule", "PreferNoSchedule", "NoExecute"}, path);
}

void check_tolerations(FieldErrors& errors, const View& tolerations, const FieldPath& path) {
  std::size_t i = 0;
  for (const View& toleration : tolerations.items()) {
    const FieldPath at = path.index(i++);
    const std::string key = toleration["key"].text();
    const std::string op = toleration["operator"].text();
    const std::string value = toleration["value"].text();
    const std::string effect = toleration["effect"].text();
    if (!key.empty()) check_label_name(errors, key, at / "key");
    if (key.empty() && op != "Exists") {
      errors.invalid(at / "operator", op, "operator must be Exists when `key` is empty, which means \"match all values and all keys\"");
    }
    if (toleration.has("tolerationSeconds") && effect != "NoExecute") {
      errors.invalid(at / "effect", effect, "effect must be 'NoExecute' when `tolerationSeconds` is set");
    }
    if (op == "Equal" || op.empty()) {
      const Messages messages = label_value_errors_of(value);
      if (!messages.empty()) errors.invalid(at / "operator", value, fmt::format("{}", fmt::join(messages, ";")));
    } else if (op == "Exists") {
      if (!value.empty()) errors.invalid(at / "operator", value, "value must be empty when `operator` is 'Exists'");
    } else {
      errors.not_supported(at / "operator", op, {"Equal", "Exists"});
    }
    if (!effect.empty()) check_taint_effect(errors, toleration["effect"], true, at / "effect");
  }
}

void check_spread_constraints(FieldErrors& errors, const View& constraints, const FieldPath& path, const PodOptions& options) {
  const std::vector<View> all = constraints.items();
  for (std::size_t i = 0; i < all.size(); ++i) check_spread_one(errors, all, i, path.index(i), options);
}

}  // namespace tandem::cluster::api
