// check_scalar(): one value of one type. The notations themselves live in core/base/parse.hpp and notations.hpp.

#include "core/scenario/field_types.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/base/parse.hpp"
#include "core/base/text.hpp"
#include "core/scenario/check_expression.hpp"
#include "core/scenario/notations.hpp"
#include "core/scenario/scalars.hpp"

namespace tandem::scenario {
namespace {

std::string joined(const std::vector<std::string_view>& words) {
  std::string text;
  for (const std::string_view word : words) text += (text.empty() ? "" : ", ") + std::string(word);
  return text;
}

std::string range_words(const Field& field) {
  const bool low = std::isfinite(field.minimum);
  const bool high = std::isfinite(field.maximum);
  const auto written = [&](double value) {
    if (field.type == FieldType::Duration) return to_string(SimDuration{static_cast<std::int64_t>(value)});
    return format_double(value);
  };
  if (low && high) return fmt::format(" from {} to {}", written(field.minimum), written(field.maximum));
  if (low) return fmt::format(" of at least {}", written(field.minimum));
  if (high) return fmt::format(" of at most {}", written(field.maximum));
  return {};
}

/// Completes an error of a parser with what the field takes.
tl::unexpected<Error> refuse(const Field& field, Error error, const Node& node) {
  if (error.found.empty()) error.found = describe(node);
  if (error.allowed.empty()) error.allowed = type_words(field);
  return fail(std::move(error));
}

Status check_range(const Field& field, double value, const Node& node) {
  if (value >= field.minimum && value <= field.maximum) return {};
  return refuse(field, make_error(ErrorCode::ValueOutOfRange, fmt::format("{} is out of range", field.name)), node);
}

/// Result of a parser → Status, with the range checked.
template <class T, class ToNumber>
Status parsed(const Field& field, const Node& node, const Result<T>& value, ToNumber to_number) {
  if (!value) return refuse(field, value.error(), node);
  return check_range(field, to_number(*value), node);
}

Status check_boolean(const Field& field, const Node& node, const Scalar& scalar) {
  if (scalar.type == ScalarType::Boolean) return {};
  return refuse(field,
                make_error(ErrorCode::ValueType, fmt::format("{} is true or false", field.name))
                    .with_hint(std::string(scalar.oddity)),
                node);
}

Status check_number(const Field& field, const Node& node, const Scalar& scalar) {
  const bool whole_needed = field.type == FieldType::Integer;
  const bool fits = scalar.type == ScalarType::Integer || (!whole_needed && scalar.type == ScalarType::Float);
  if (scalar.out_of_range) {
    const ErrorCode code = scalar.type == ScalarType::Float ? ErrorCode::ValueNotFinite : ErrorCode::ValueOutOfRange;
    return refuse(field, make_error(code, fmt::format("{} is too large a number", field.name)), node);
  }
  if (fits) {
    const double value = scalar.type == ScalarType::Integer ? static_cast<double>(scalar.integer) : scalar.number;
    return check_range(field, value, node);
  }
  std::string hint(scalar.oddity);
  const bool quoted = node.style != ScalarStyle::Plain;
  if (quoted) hint = "remove the quotes";
  const ErrorCode code = quoted || scalar.type != ScalarType::Text ? ErrorCode::ValueType
                         : scalar.not_finite                       ? ErrorCode::ValueNotFinite
                                                                   : ErrorCode::ValueNotANumber;
  return refuse(field, make_error(code, fmt::format("{} is {}", field.name, whole_needed ? "a whole number" : "a number")).with_hint(std::move(hint)), node);
}

/// Types whose text carries its own unit or form, so that a bare number is told what it lacks rather than to be quoted.
bool reads_bare_numbers(FieldType type) {
  switch (type) {
    case FieldType::Duration:
    case FieldType::Rate:
    case FieldType::Bytes:
    case FieldType::Bandwidth:
    case FieldType::Growth:
    case FieldType::Cpu:
    case FieldType::Quantity:
    case FieldType::Moment:
    case FieldType::Cidr: return true;
    default: return false;
  }
}

Status check_text(const Field& field, const Node& node) {
  const std::string& text = node.text;
  const auto need = [&](bool ok, ErrorCode code, std::string what) -> Status {
    if (ok) return {};
    return refuse(field, make_error(code, std::move(what)), node);
  };
  const auto number = [](double value) { return value; };
  const auto whole = [](std::int64_t value) { return static_cast<double>(value); };
  const bool is_quantity = field.type == FieldType::Bytes || field.type == FieldType::Cpu || field.type == FieldType::Quantity;
  if (is_quantity && text.find_first_of("0123456789") == text.npos) {  // Kubernetes reads "Gi" as 0; nobody means that
    return refuse(field, make_error(ErrorCode::ValueBadQuantity, "an amount without a number"), node);
  }
  switch (field.type) {
    case FieldType::Name: return need(is_dns_label(text), ErrorCode::ValueBadName, "not a name");
    case FieldType::ObjectName: return need(is_dns_subdomain(text), ErrorCode::ValueBadName, "not a name");
    case FieldType::LabelKey: return need(is_label_key(text), ErrorCode::ValueBadLabel, "not a label key");
    case FieldType::LabelValue: return need(is_label_value(text), ErrorCode::ValueBadLabel, "not a label value");
    case FieldType::Cidr: return need(is_cidr(text), ErrorCode::ValueBadCidr, "not an address range");
    case FieldType::ImageReference: return need(is_image_reference(text), ErrorCode::ValueBadImage, "not an image reference");
    case FieldType::UrlPath: return need(is_url_path(text), ErrorCode::ValueBadRoute, "not a path of a URL");
    case FieldType::RoutePattern: return need(is_route_pattern(text), ErrorCode::ValueBadRoute, "not a route");
    case FieldType::Path: return check_path(text);
    case FieldType::Choice: {
      const bool known = std::find(field.allowed.begin(), field.allowed.end(), text) != field.allowed.end();
      if (known) return {};
      const std::string nearest = nearest_name(text, field.allowed);
      return refuse(field,
                    make_error(ErrorCode::ValueNotAllowed, fmt::format("{} has no such value", field.name))
                        .with_hint(nearest.empty() ? std::string() : fmt::format("did you mean {}?", nearest)),
                    node);
    }
    case FieldType::Duration: return parsed(field, node, parse_duration(text), [](SimDuration d) { return static_cast<double>(d.ns); });
    case FieldType::Rate: return parsed(field, node, parse_rate(text), number);
    case FieldType::Bytes: return parsed(field, node, parse_bytes(text), whole);
    case FieldType::Bandwidth: return parsed(field, node, parse_bandwidth(text), number);
    case FieldType::Growth: return parsed(field, node, parse_growth(text), whole);
    case FieldType::Cpu:
    case FieldType::Quantity:
      return parsed(field, node, parse_amount(text), [](const Quantity& q) { return static_cast<double>(q.milli_value()) / 1000; });
    case FieldType::ServiceReference: {
      const auto service = parse_service_reference(text);
      return service ? Status{} : refuse(field, service.error(), node);
    }
    case FieldType::Condition: {
      const auto condition = parse_condition(text);
      return condition ? Status{} : fail(condition.error());
    }
    case FieldType::Moment: {
      const auto moment = parse_moment(text);
      return moment ? Status{} : fail(moment.error());
    }
    case FieldType::Metric: {
      const auto metric = parse_metric(text);
      return metric ? Status{} : fail(metric.error());
    }
    default: return {};  // Text and Threshold: any text here; a threshold is read beside its metric
  }
}

}  // namespace

Result<Quantity> parse_amount(std::string_view text) {
  auto quantity = Quantity::parse(text);
  if (!quantity) return quantity;
  if (quantity->milli_value() < 0) return fail(make_error(ErrorCode::ValueOutOfRange, "a negative amount").with_allowed("0 or more"));
  return quantity;
}

std::string type_words(const Field& field) {
  const std::string range = range_words(field);
  switch (field.type) {
    case FieldType::Text: return "text";
    case FieldType::Name: return "lower-case letters, digits and '-', at most 63, with a letter or digit at both ends";
    case FieldType::ObjectName: return "lower-case letters, digits, '-' and '.', with a letter or digit at both ends";
    case FieldType::Path: return "a file below the scenario's folder";
    case FieldType::Choice: return joined(field.allowed);
    case FieldType::Boolean: return "true or false";
    case FieldType::Integer: return "a whole number" + range;
    case FieldType::Number: return "a number" + range;
    case FieldType::Duration: return "a duration such as 250ms, 2s, 1m30s" + (range.empty() ? "" : "," + range);
    case FieldType::Rate: return "a rate such as 200/s" + (range.empty() ? "" : "," + range + " per second");
    case FieldType::Bytes: return "a size such as 120Mi or 1G" + (range.empty() ? "" : "," + range + " bytes");
    case FieldType::Bandwidth: return "a bandwidth such as 100Mbit/s or 30MB/s";
    case FieldType::Growth: return "a growth such as 1Mi/s or 500k/s" + (range.empty() ? "" : "," + range + " bytes per second");
    case FieldType::Cpu: return "cores such as 2, 0.5 or 500m" + (range.empty() ? "" : "," + range);
    case FieldType::Quantity: return "a Kubernetes quantity such as 4, 500m or 1Gi";
    case FieldType::Cidr: return "an IPv4 range such as 10.244.0.0/16, prefix 8 to 24";
    case FieldType::ImageReference: return "an image reference such as web:1.0.0";
    case FieldType::UrlPath: return "a path such as /chat/x?institution=y";
    case FieldType::RoutePattern: return "a path such as / or /chat/*, with '*' only at its end";
    case FieldType::ServiceReference: return "service/NAME or service/NAMESPACE/NAME";
    case FieldType::LabelKey: return "a label key such as app or example.org/app";
    case FieldType::LabelValue: return "letters, digits, '-', '_' and '.', at most 63";
    case FieldType::LabelSelector: return "a selector such as {app: web}";
    case FieldType::Condition: return "a condition such as deployment/web.available >= 3";
    case FieldType::Moment: return "a time such as 5s, or a condition";
    case FieldType::Metric: return "a metric such as http_req_failed{traffic:users}";
    case FieldType::Threshold: return "a threshold such as rate<0.01";
    case FieldType::Anything: return "any value";
    case FieldType::Object: return std::string(field.table().title);
  }
  return {};
}

Status check_scalar(const Field& field, const Node& node, Dialect dialect) {
  if (node.kind != NodeKind::Scalar) {
    return refuse(field, make_error(ErrorCode::ValueType, fmt::format("{} is a single value", field.name)), node);
  }
  const Scalar scalar = resolve(node, dialect);
  if (scalar.type == ScalarType::Null) return refuse(field, make_error(ErrorCode::ValueEmpty, fmt::format("{} has no value", field.name)), node);
  if (field.type == FieldType::Boolean) return check_boolean(field, node, scalar);
  if (field.type == FieldType::Integer || field.type == FieldType::Number) return check_number(field, node, scalar);

  const bool other_type = scalar.type != ScalarType::Text && !(scalar.type != ScalarType::Boolean && reads_bare_numbers(field.type));
  // kind's own reader takes any scalar as text where its field is a text; ours wants the quotes.
  if (other_type && dialect == Dialect::Strict) {
    return refuse(field,
                  make_error(ErrorCode::ValueType, fmt::format("{} is a text", field.name))
                      .with_hint(fmt::format("put it into quotes: \"{}\"", escape_for_terminal(node.text, 40))),
                  node);
  }
  return check_text(field, node);
}

}  // namespace tandem::scenario
