#include "core/scenario/schema.hpp"

#include <cmath>
#include <nlohmann/json.hpp>

#include "core/base/check.hpp"
#include "core/scenario/document_json.hpp"
#include "core/scenario/scenario_tables.hpp"

namespace tandem::scenario {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kNumberPattern = "(0|[1-9][0-9]*)(\\.[0-9]+)?";

Json text_matching(std::string pattern) { return {{"type", "string"}, {"pattern", std::move(pattern)}}; }

Json number_or(Json text) { return {{"anyOf", Json::array({Json{{"type", "number"}, {"minimum", 0}}, std::move(text)})}}; }

Json quantity_text() { return text_matching("^\\+?([0-9]+\\.?[0-9]*|\\.[0-9]+)([eE][-+]?[0-9]+|[numkMGTPE]|[KMGTPE]i)?$"); }

void add_range(const Field& field, Json& schema) {
  const auto bound = [](double value) {
    return value == std::floor(value) && std::abs(value) < 1e15 ? Json(static_cast<std::int64_t>(value)) : Json(value);
  };
  if (std::isfinite(field.minimum)) schema["minimum"] = bound(field.minimum);
  if (std::isfinite(field.maximum)) schema["maximum"] = bound(field.maximum);
}

constexpr std::string_view kLabelPart = "[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?";
constexpr std::string_view kDnsLabel = "[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?";

std::string subdomain_pattern() { return std::string(kDnsLabel) + "(\\." + std::string(kDnsLabel) + ")*"; }

Json object_schema(const FieldTable& table);

Json selector_schema() {
  const Json labels{{"type", "object"}, {"additionalProperties", text_matching("^(" + std::string(kLabelPart) + ")?$")}};
  Json full{{"type", "object"},
            {"properties", {{"matchLabels", labels}, {"matchExpressions", {{"type", "array"}, {"items", {{"type", "object"}}}}}}},
            {"additionalProperties", false}};
  return {{"anyOf", Json::array({Json{{"type", "string"}}, labels, std::move(full)})}};
}

Json value_schema(const Field& field) {
  switch (field.type) {
    case FieldType::Name: return text_matching("^" + std::string(kDnsLabel) + "$");
    case FieldType::ObjectName: return text_matching("^" + subdomain_pattern() + "$");
    case FieldType::LabelKey: return text_matching("^(" + subdomain_pattern() + "/)?" + std::string(kLabelPart) + "$");
    case FieldType::LabelValue: return text_matching("^(" + std::string(kLabelPart) + ")?$");
    case FieldType::Path: {
      Json schema = text_matching("^(?!/)(?!(.*/)?\\.\\.?(/|$)).+$");
      schema["maxLength"] = 200;
      return schema;
    }
    case FieldType::Choice: return {{"enum", field.allowed}};
    case FieldType::Boolean: return {{"type", "boolean"}};
    case FieldType::Integer:
    case FieldType::Number: {
      Json schema{{"type", field.type == FieldType::Integer ? "integer" : "number"}};
      add_range(field, schema);
      return schema;
    }
    case FieldType::Duration: {
      const std::string amounts = "(([0-9]+\\.?[0-9]*|\\.[0-9]+)(ns|us|\xC2\xB5s|\xCE\xBCs|ms|s|m|h))+";
      if (field.minimum > 0 && std::isfinite(field.minimum)) return text_matching("^(?=.*[1-9])" + amounts + "$");
      Json text = text_matching("^(0|" + amounts + ")$");
      return {{"anyOf", Json::array({Json{{"const", 0}}, std::move(text)})}};
    }
    case FieldType::Rate: {
      const bool above_zero = field.minimum > 0 && std::isfinite(field.minimum);
      return text_matching("^" + std::string(above_zero ? "(?=[0-9.]*[1-9])" : "") + std::string(kNumberPattern) + "([eE][0-9]+)?/[smh]$");
    }
    case FieldType::Bandwidth: return text_matching("^" + std::string(kNumberPattern) + "([kMGT]?(bit|B)|[KMG]iB)/s$");
    case FieldType::Growth: return text_matching("^" + std::string(kNumberPattern) + "([kMGTPE]|[KMGTPE]i)?/s$");
    case FieldType::Bytes:
    case FieldType::Cpu:
    case FieldType::Quantity: return number_or(quantity_text());
    case FieldType::Cidr: return text_matching("^([0-9]{1,3}\\.){3}[0-9]{1,3}/([89]|1[0-9]|2[0-4])$");
    case FieldType::UrlPath: return text_matching("^/[!$-Z\\[\\]-~]*$");
    case FieldType::RoutePattern: return text_matching("^/[!$-)+->@-Z\\[\\]-~]*\\*?$");
    case FieldType::ServiceReference: return text_matching("^service/(" + std::string(kDnsLabel) + "/)?" + std::string(kDnsLabel) + "$");
    case FieldType::LabelSelector: return selector_schema();
    case FieldType::Object: return object_schema(field.table());
    case FieldType::Anything: return Json::object();
    case FieldType::ImageReference:
      return text_matching("^([A-Za-z0-9.-]+(:[0-9]{1,5})?/)?[a-z0-9]([a-z0-9._/-]*[a-z0-9])?(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(@sha256:[0-9a-f]{64})?$");
    case FieldType::Text:
    case FieldType::Condition:
    case FieldType::Moment:
    case FieldType::Metric:
    case FieldType::Threshold: return {{"type", "string"}};
  }
  return Json::object();
}

/// YAML text of a default or an example as the JSON an editor compares with.
Json json_of(std::string_view yaml) {
  Diagnostics diagnostics;
  ParseOptions options;
  const std::vector<Node> documents = parse_documents(yaml, options, diagnostics);
  CHECK(documents.size() == 1 && diagnostics.error_count() == 0, "not YAML in a field table: " + std::string(yaml));
  return Json::parse(to_json(documents.front(), Dialect::Strict, diagnostics).dump());
}

Json field_schema(const Field& field) {
  Json value = value_schema(field);
  Json schema = Json::object();
  switch (field.shape) {
    case FieldShape::One: schema = std::move(value); break;
    case FieldShape::List:
      schema = {{"type", "array"}, {"items", std::move(value)}};
      if (field.unique) schema["uniqueItems"] = true;
      break;
    case FieldShape::OneOrList: schema = {{"anyOf", Json::array({value, Json{{"type", "array"}, {"items", value}}})}}; break;
    case FieldShape::Map: {
      Field key = field;
      key.type = field.key_type;
      Json key_schema = value_schema(key);
      key_schema.erase("type");  // names are strings anyway
      schema = {{"type", "object"}, {"additionalProperties", std::move(value)}};
      if (!key_schema.empty()) schema["propertyNames"] = std::move(key_schema);
      break;
    }
  }
  if (!field.description.empty()) schema["description"] = field.description;
  if (!field.default_text.empty()) schema["default"] = json_of(field.default_text);
  if (!field.example.empty()) schema["examples"] = Json::array({json_of(field.example)});
  return schema;
}

Json require(std::string_view name) { return {{"required", Json::array({name})}}; }

Json case_schema(const FieldCase& one) {
  const std::string field(one.field);
  Json then = Json::object();
  if (!one.needs.empty()) then["required"] = one.needs;
  if (!one.restricted.empty()) then["properties"][std::string(one.restricted)] = {{"enum", one.to}};
  if (!one.forbids.empty()) {
    Json any = Json::array();
    for (const std::string_view name : one.forbids) any.push_back(require(name));
    then["not"] = {{"anyOf", std::move(any)}};
  }
  return {{"if", {{"properties", {{field, {{"enum", one.values}}}}}, {"required", Json::array({field})}}}, {"then", std::move(then)}};
}

Json object_schema(const FieldTable& table) {
  Json properties = Json::object();
  Json required = Json::array();
  for (const Field& field : table.fields) {
    properties[std::string(field.name)] = field_schema(field);
    if (field.required) required.push_back(field.name);
  }
  Json schema{{"type", "object"}, {"description", table.description}, {"properties", std::move(properties)}, {"additionalProperties", false}};
  if (!required.empty()) schema["required"] = std::move(required);
  Json groups = Json::array();
  for (const auto& group : table.exactly_one) {
    Json one = Json::array();
    for (const std::string_view name : group) one.push_back(require(name));
    groups.push_back({{"oneOf", std::move(one)}});
  }
  for (const auto& group : table.at_most_one) {
    CHECK(group.size() == 2, "at_most_one of more than two is not written to the schema");
    Json both = Json::array();
    for (const std::string_view name : group) both.push_back(require(name));
    groups.push_back({{"not", {{"allOf", std::move(both)}}}});
  }
  for (const auto& [field, partner] : table.needs) schema["dependencies"][std::string(field)].push_back(partner);
  for (const FieldCase& one : table.cases) groups.push_back(case_schema(one));
  if (!groups.empty()) schema["allOf"] = std::move(groups);
  return schema;
}

}  // namespace

const std::vector<std::string_view>& schema_kinds() {
  static const std::vector<std::string_view> kinds{"scenario", "calibration"};
  return kinds;
}

std::string schema_text(std::string_view kind) {
  CHECK(kind == "scenario" || kind == "calibration", "no schema for " + std::string(kind));
  const FieldTable& table = kind == "scenario" ? scenario_table() : calibration_table();
  Json schema{{"$schema", "http://json-schema.org/draft-07/schema#"}, {"title", kind == "scenario" ? "Tandem scenario" : "Tandem calibration"}};
  schema.update(object_schema(table));
  return schema.dump(2) + "\n";
}

}  // namespace tandem::scenario
