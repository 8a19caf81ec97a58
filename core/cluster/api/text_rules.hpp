#pragma once
// What Kubernetes allows as names, keys and values, with its own sentences (apimachinery pkg/util/validation). Every function
// gives the list of objections; empty when the text is fine.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/cluster/api/field_error.hpp"

namespace tandem::cluster::api {

using Messages = std::vector<std::string>;

Messages qualified_name_errors(std::string_view value);
Messages label_value_errors_of(std::string_view value);
Messages dns1123_label_errors(std::string_view value);
Messages dns1123_subdomain_errors(std::string_view value);
Messages dns1123_subdomain_with_underscore_errors(std::string_view value);
Messages dns1035_label_errors(std::string_view value);
Messages wildcard_subdomain_errors(std::string_view value);
Messages port_number_errors(std::int64_t port);
Messages port_name_errors(std::string_view name);
Messages percent_errors(std::string_view value);
Messages http_header_errors(std::string_view value);
Messages environment_name_errors(std::string_view value);
Messages config_key_errors(std::string_view value);
Messages path_segment_errors(std::string_view value);
/// "must be between 1 and 65535, inclusive".
std::string range_message(std::int64_t low, std::int64_t high);

inline constexpr std::string_view kNotNegative = "must be greater than or equal to 0";
inline constexpr std::string_view kImmutable = "field is immutable";

/// A rule for metadata.name; `prefix`: the text is metadata.generateName, to which something is appended.
using NameRule = Messages (*)(std::string_view name, bool prefix);
Messages name_is_subdomain(std::string_view name, bool prefix);
Messages name_is_dns1123_label(std::string_view name, bool prefix);
Messages name_is_dns1035_label(std::string_view name, bool prefix);
Messages name_is_path_segment(std::string_view name, bool prefix);

void check_domain_prefixed_path(FieldErrors& errors, const FieldPath& path, std::string_view text);
bool contains(const std::vector<std::string>& list, std::string_view text);
std::vector<std::string> split_text(std::string_view text, char separator);
std::string trimmed(std::string_view text);
std::string lower(std::string_view text);
/// ["a b"] as Go's %v prints a list of strings: "[a b]".
std::string go_list(const Messages& messages);

enum class Numeral : std::uint8_t { Fine, Syntax, Range };
/// Go's strconv.ParseInt with base 10: digits with an optional sign, in `bits` bits.
Numeral parse_go_integer(std::string_view text, int bits, std::int64_t& value);
/// strconv.Atoi's error text; empty when the number was read.
std::string go_atoi_error(std::string_view text, std::int64_t& value);

}  // namespace tandem::cluster::api
