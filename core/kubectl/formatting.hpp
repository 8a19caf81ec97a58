#pragma once
// The small formats that kubectl's tables and descriptions share: times, quantities, selectors, lists.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "core/base/quantity.hpp"

namespace tandem::kubectl {

/// Whole seconds from an RFC 3339 time to `now_unix_seconds`, cut towards zero as Go's conversion does. Precondition: a time.
std::int64_t seconds_since(const nlohmann::json& time, std::int64_t now_unix_seconds);
/// HumanDuration from a time until now; "<unknown>" without a time.
std::string time_since(const nlohmann::json& time, std::int64_t now_unix_seconds);
/// "Thu, 15 Jan 2026 12:00:00 +0000" (Go's RFC1123Z); without a time Go's zero time, the first of January of year 1.
std::string rfc1123_text(const nlohmann::json& time);

/// A quantity of the API; zero if it is absent or not one.
Quantity quantity_of(const nlohmann::json& value);
/// Its canonical text ("1500m", "1Gi"); "0" if absent.
std::string quantity_text(const nlohmann::json& value);
/// The same of an optional quantity: Go's "<nil>" if absent.
std::string optional_quantity_text(const nlohmann::json& value);

/// intstr.IntOrString: "25%" or "1"; "<nil>" if absent.
std::string int_or_string_text(const nlohmann::json& value);

/// labels.Selector.String() of a LabelSelector: "app=web,tier in (a,b),!x", in order of keys; empty for none.
std::string selector_text(const nlohmann::json& label_selector);
/// metav1.FormatLabelSelector: the same, "<none>" for an empty one.
std::string selector_text_or_none(const nlohmann::json& label_selector);

/// "ReadWriteOnce" … as "RWO,ROX,RWX,RWOP", each once and in this order.
std::string access_modes_text(const nlohmann::json& modes);
/// Storage class of a claim or volume: the beta annotation before the field.
std::string storage_class_of(const nlohmann::json& object);
/// Values of node-role labels, sorted, each once.
std::vector<std::string> node_roles(const nlohmann::json& node);

/// "Pod" → "pod".
std::string lower_case(std::string text);
/// "10.0.0.1:80", "[fd00::1]:80" (net.JoinHostPort).
std::string host_and_port(const std::string& host, const std::string& port);
/// The texts joined by `separator`.
std::string joined(const std::vector<std::string>& texts, std::string_view separator = ",");
/// Strings of a JSON array; an absent one is empty.
std::vector<std::string> texts_of(const nlohmann::json& array);

}  // namespace tandem::kubectl
