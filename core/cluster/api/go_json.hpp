#pragma once
// The objections of Go's encoding/json to a text, which reach users wherever Kubernetes reads JSON out of a field.
// Source: encoding/json/{scanner,decode}.go.

#include <optional>
#include <string>
#include <string_view>

#include "core/cluster/api/view.hpp"

namespace tandem::cluster::api {

/// "invalid character 'x' after top-level value", "unexpected end of JSON input"; nothing for well-formed JSON.
std::optional<std::string> go_json_syntax_error(std::string_view text);

/// "object", "array", "string", "bool" or "number", as type errors call a value.
std::string_view go_json_kind(const Json& value);

/// json.Unmarshal into a map[string]interface{}: the syntax error, or that of a type or number that does not fit.
std::optional<std::string> go_json_map_error(std::string_view text);

}  // namespace tandem::cluster::api
