// Answers of the Kubernetes API code: label selectors as text and as objects, node selectors, tolerations.

#include "core/cluster/json.hpp"
#include "core/cluster/selector.hpp"
#include "core/cluster/selector_errors.hpp"
#include "tests/truth/runner.hpp"

namespace tandem::truth {
namespace {

using nlohmann::json;
using namespace cluster;

/// A bare n or y in the cases' YAML is a boolean; where a text is due, Kubernetes' reader turns it into "false" or "true".
std::string text_of(const json& value) {
  if (value.is_boolean()) return value.get<bool>() ? "true" : "false";
  return value.get<std::string>();
}

json with_texts(const json& value) {
  if (value.is_boolean()) return text_of(value);
  if (!value.is_structured()) return value;
  json out = value;
  for (json& inner : out) inner = with_texts(inner);
  return out;
}

Labels labels_of(const json& object) {
  Labels labels;
  for (const auto& [key, value] : object.items()) labels.emplace(key, text_of(value));
  return labels;
}

/// A selector operator that our reader refuses, as Kubernetes does when it evaluates or validates it.
struct UnknownOperator {
  std::string found;
};

/// A part of a pod, read by the same code that reads pods.
PodSpec spec_with(json fields) {
  json document = {{"apiVersion", "v1"}, {"kind", "Pod"}, {"metadata", {{"name", "p"}}}, {"spec", std::move(fields)}};
  Checked<Pod> pod = from_json<Pod>(document);
  if (pod) return *pod->spec;
  const Error& error = pod.error().front();
  if (error.code == ErrorCode::ValueNotAllowed && error.path.ends_with(".operator")) throw UnknownOperator{error.found};
  throw std::runtime_error(to_string(error));
}

std::optional<std::string> compare_error(const std::vector<std::string>& errors, const json& test_case) {
  const std::string recorded = test_case.value("error", "");
  const std::string ours = errors.empty() ? "" : join_errors(errors);
  if (ours == recorded) return std::nullopt;
  return "error is '" + ours + "', recorded '" + recorded + "'";
}

std::optional<std::string> wrong_match(const json& asked, bool ours) {
  return asked.dump() + ": ours " + (ours ? "true" : "false");
}

/// Our requirements know no `=`: a canonical `k=v` is read as `k in (v)`.
std::string canonical_of(const std::vector<SelectorRequirement>& requirements) {
  const std::string text = format_selector({.match_labels = {}, .match_expressions = requirements});
  return text == "<none>" ? "" : text;
}

std::optional<std::string> check_text(const json& test_case) {
  const auto parsed = parse_selector(test_case["selector"].get<std::string>());
  if (!parsed) return compare_error({parsed.error().what}, test_case);
  if (test_case.contains("error")) return compare_error({}, test_case);
  const auto canonical = parse_selector(test_case["canonical"].get<std::string>());
  if (!canonical || canonical_of(*canonical) != canonical_of(*parsed)) {
    return "means '" + canonical_of(*parsed) + "', recorded '" + test_case["canonical"].get<std::string>() + "'";
  }
  for (const json& asked : test_case["match"]) {
    const bool ours = matches(*parsed, labels_of(asked[0]));
    if (ours != asked[1].get<bool>()) return wrong_match(asked, ours);
  }
  return std::nullopt;
}

std::optional<std::string> check_label_selector(const json& test_case) {
  std::optional<LabelSelector> selector;
  if (!test_case["selector"].is_null()) {
    const PodSpec spec = spec_with({{"containers", json::array()},
                                    {"topologySpreadConstraints",
                                     {{{"maxSkew", 1}, {"labelSelector", with_texts(test_case["selector"])}}}}});
    selector = spec.topology_spread_constraints.at(0).label_selector;
  }
  const auto errors = selector ? selector_errors(*selector) : std::vector<std::string>{};
  if (auto difference = compare_error(errors, test_case)) return difference;
  if (!errors.empty()) return std::nullopt;
  const std::string format = selector ? format_selector(*selector) : "<none>";
  if (format != test_case["format"]) return "prints as '" + format + "', recorded " + test_case["format"].dump();
  for (const json& asked : test_case["match"]) {
    const bool ours = selector && matches(*selector, labels_of(asked[0]));  // null selects nothing
    if (ours != asked[1].get<bool>()) return wrong_match(asked, ours);
  }
  return std::nullopt;
}

std::optional<std::string> check_node_selector(const json& test_case) {
  const PodSpec spec = spec_with({{"containers", json::array()},
                                  {"affinity", {{"nodeAffinity", {{"requiredDuringSchedulingIgnoredDuringExecution",
                                                                   with_texts(test_case["selector"])}}}}}});
  const auto& terms = spec.affinity.node_affinity.value().required.value();
  std::vector<std::string> errors;
  for (std::size_t i = 0; i < terms.size(); ++i) {
    const auto found = selector_errors(terms[i], "nodeSelectorTerms[" + std::to_string(i) + "]");
    errors.insert(errors.end(), found.begin(), found.end());
  }
  if (auto difference = compare_error(errors, test_case)) return difference;
  for (const json& asked : test_case["match"]) {
    bool ours = false;
    for (std::size_t i = 0; i < terms.size(); ++i) {
      ours = ours || matches(terms[i], labels_of(asked[0]), asked[1].get<std::string>());
    }
    if (ours != asked[2].get<bool>()) return wrong_match(asked, ours);
  }
  return std::nullopt;
}

std::optional<std::string> check_toleration(const json& test_case) {
  const PodSpec spec = spec_with({{"containers", json::array()}, {"tolerations", {with_texts(test_case["toleration"])}}});
  for (const json& asked : test_case["match"]) {
    const Taint taint{.key = text_of(asked[0]["key"]),
                      .value = asked[0].contains("value") ? text_of(asked[0]["value"]) : "",
                      .effect = asked[0].value("effect", ""),
                      .time_added = {}};
    const bool ours = tolerates(spec.tolerations.at(0), taint);
    if (ours != asked[1].get<bool>()) return wrong_match(asked, ours);
  }
  return std::nullopt;
}

std::optional<std::string> check_one(const json& test_case) {
  const std::string kind = test_case["kind"];
  if (kind == "text") return check_text(test_case);
  if (kind == "LabelSelector") return check_label_selector(test_case);
  if (kind == "NodeSelector") return check_node_selector(test_case);
  if (kind == "Toleration") return check_toleration(test_case);
  return "unknown kind " + kind;
}

void check_selectors(const json& file, Tally& tally) {
  for_each_case(file, tally, [](const json& test_case) -> std::optional<std::string> {
    try {
      return check_one(test_case);
    } catch (const UnknownOperator& refused) {
      // Our sentence is another one, because the place of the refusal is: what must agree is that this operator is refused.
      if (test_case.value("error", "").find("operator") != std::string::npos) return std::nullopt;
      return "operator " + refused.found + " is refused, recorded as accepted";
    }
  });
}

}  // namespace

std::vector<Family> selector_families() { return {{"api/selectors", check_selectors}}; }

}  // namespace tandem::truth
