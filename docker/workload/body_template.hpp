#pragma once
// Bodies of answers: text with {pod} {podIP} {node} {version} {1} {query.NAME}.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "docker/protocol/workload_config.hpp"

namespace tandem::workload {

/// What a template can refer to, besides the configuration. `rest` and the query are percent-decoded.
struct RequestFacts {
  std::string rest;                                         ///< what '*' matched: {1}
  std::vector<std::pair<std::string, std::string>> query;  ///< in order; the first of equal names counts
};

/// Splits and decodes "a=1&b=x%20y" ('+' is a blank, as forms write it).
std::vector<std::pair<std::string, std::string>> parse_query(std::string_view text);
/// Percent-decoding; a malformed escape stays as it is.
std::string percent_decode(std::string_view text, bool plus_is_blank);

/// Fills the template. Values are escaped as JSON string contents when `json`, inserted as they are otherwise. Unknown
/// placeholders stay as written, so JSON bodies may hold braces; absent query values are empty.
std::string render_body(std::string_view body_template, bool json, const container::WorkloadConfig& config,
                        const RequestFacts& facts);

/// True for application/json and every +json type.
bool is_json_type(std::string_view content_type);

}  // namespace tandem::workload
