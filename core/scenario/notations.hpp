#pragma once
// Recognisers for small notations that the scenario uses. Linear time, no regular expressions (hardening P6).

#include <string_view>

#include "core/base/result.hpp"
#include "core/cluster/objects.hpp"
#include "core/scenario/documents.hpp"

namespace tandem::scenario {

/// What Kubernetes takes as key and as value of a label (core/cluster/label_syntax.hpp).
bool is_label_key(std::string_view text);
bool is_label_value(std::string_view text);
/// [registry[:port]/]path[:tag][@sha256:…], as container engines take it.
bool is_image_reference(std::string_view text);
/// "10.244.0.0/16" with no bits below the prefix, prefix 8…24.
bool is_cidr(std::string_view text);
/// ScenarioTooLarge if a checked range has no /24 for each of so many nodes.
Status check_room_for_nodes(std::string_view pod_subnet, std::size_t nodes);
/// Printable ASCII from '/' on, no blanks, quotes, backslashes or '#'.
bool is_url_path(std::string_view text);
/// A path, with at most one '*', at its end.
bool is_route_pattern(std::string_view text);

/// "service/web" or "service/shop/web". Errors: ValueBadService.
struct ServiceName {
  std::string namespace_;
  std::string name;
};
Result<ServiceName> parse_service_reference(std::string_view text);

/// "1Mi/s": bytes per second. Errors: those of parse_bytes, ValueUnitMissing without "/s".
Result<std::int64_t> parse_growth(std::string_view text);

/// A selector as the scenario writes it: a mapping of labels, a LabelSelector mapping, or kubectl's text form.
/// Errors: ValueBadSelector, ValueType; the place is the offending part's.
Result<cluster::LabelSelector> read_selector(const Node& node);

/// A relative path without "..", ".", empty parts or backslashes, within the limits. Errors: ValueBadPath.
Status check_path(std::string_view path);

}  // namespace tandem::scenario
