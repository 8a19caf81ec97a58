#include "core/scenario/server_check.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/base/text.hpp"
#include "core/cluster/api/server_rules.hpp"
#include "core/cluster/api/types.hpp"
#include "core/scenario/document_path.hpp"

namespace tandem::scenario {
namespace {

namespace api = cluster::api;

std::string text_of(const nlohmann::json& manifest, const char* field) {
  const auto found = manifest.find(field);
  return found != manifest.end() && found->is_string() ? found->get<std::string>() : std::string();
}

/// Groups of custom resources have a domain; "apps" or "v1" can only be Kubernetes' own.
bool is_of_kubernetes(const std::string& api_version) {
  const std::size_t slash = api_version.find('/');
  return slash == std::string::npos || api_version.find('.') > slash || api::is_built_in_group(api_version);
}

ErrorCode code_of(api::FieldErrorType type) {
  using Type = api::FieldErrorType;
  switch (type) {
    case Type::Required: return ErrorCode::ValueMissing;
    case Type::Duplicate: return ErrorCode::ValueDuplicateName;
    case Type::Forbidden: return ErrorCode::ValueConflict;
    case Type::TooLong: case Type::TooMany: return ErrorCode::ValueOutOfRange;
    case Type::NotFound: case Type::Invalid: case Type::NotSupported: case Type::Internal: return ErrorCode::ValueNotAllowed;
  }
  return ErrorCode::ValueNotAllowed;
}

/// Paths as both sides write them: keys in brackets, with and without quotes, become plain steps.
std::string plain_path(std::string_view path) {
  std::string plain;
  for (const char c : path) {
    if (c == '[') plain += '.';
    if (c != '[' && c != ']' && c != '"') plain += c;
  }
  return plain;
}

bool is_within(const std::string& inner, const std::string& outer) { return inner == outer || inner.starts_with(outer + "."); }

/// True if both are about one field, or one about a part of the other.
bool is_same_field(std::string_view a, std::string_view b) {
  const std::string left = plain_path(a);
  const std::string right = plain_path(b);
  return is_within(left, right) || is_within(right, left);
}

/// Where the document has what the server means: it leaves out a template's metadata, and blames the operator for a value.
std::string field_in_document(const api::FieldError& error) {
  std::string field = error.field;
  for (const std::string_view part : {".labels", ".annotations"}) {
    const std::size_t at = field.find(fmt::format("template{}", part));
    if (at != std::string::npos) field.insert(at + std::string_view("template").size(), ".metadata");
  }
  constexpr std::string_view kOperator = ".operator";
  if (field.ends_with(kOperator) && error.message.find("value must be empty") != std::string::npos) field.replace(field.size() - kOperator.size(), kOperator.size(), ".value");
  return field;
}

void report(Errors& own, const Node& document, ErrorCode code, const std::string& field, const std::string& text, Diagnostics& diagnostics) {
  const auto told = std::find_if(own.begin(), own.end(), [&](const Error& error) { return is_same_field(error.path, field); });
  if (told != own.end()) {
    told->causes.push_back(make_error(code, text));
    return;
  }
  Error error = make_error(code, text, place_at(document, field));
  error.path = field;
  diagnostics.error(std::move(error));
}

}  // namespace

void check_kind_exists(const nlohmann::json& manifest, const Node& document, Diagnostics& diagnostics) {
  const std::string api_version = text_of(manifest, "apiVersion");
  const std::string kind = text_of(manifest, "kind");
  if (api_version.empty() || kind.empty() || !is_of_kubernetes(api_version) || api::find_kind(api_version, kind) != nullptr) return;
  const std::vector<std::string> versions = api::api_versions_of(kind);
  Error error = make_error(ErrorCode::ValueNotAllowed, "Kubernetes v1.34 has no such kind in this apiVersion", place_at(document, versions.empty() ? "kind" : "apiVersion"));
  error.path = versions.empty() ? "kind" : "apiVersion";
  error.found = fmt::format("apiVersion {}, kind {}", escape_for_terminal(api_version, 80), escape_for_terminal(kind, 80));
  if (!versions.empty()) error.allowed = fmt::format("apiVersion: {}", fmt::join(versions, " or "));
  error.hint = versions.empty() ? "check the spelling of kind, capitals too" : fmt::format("write apiVersion: {}", versions.front());
  error.causes.push_back(make_error(ErrorCode::ValueNotAllowed, fmt::format("the API server says: no matches for kind \"{}\" in version \"{}\"",
                                                                            escape_for_terminal(kind, 80), escape_for_terminal(api_version, 80))));
  diagnostics.error(std::move(error));
}

void check_with_server_rules(const nlohmann::json& manifest, const Node& document, const Errors& found, Diagnostics& diagnostics) {
  Errors own = found;
  if (api::find_kind(text_of(manifest, "apiVersion"), text_of(manifest, "kind")) != nullptr) {
    const api::Answer answer = api::create(manifest);
    if (answer.decode_error) {
      report(own, document, ErrorCode::ValueType, answer.decode_path, fmt::format("the API server says: {}", *answer.decode_error), diagnostics);
    }
    for (const api::FieldError& error : answer.errors.all()) {
      const std::string text = fmt::format("the API server says: {}: {}", error.field, error.message);
      report(own, document, code_of(error.type), field_in_document(error), text, diagnostics);
    }
  }
  diagnostics.add(own);
}

}  // namespace tandem::scenario
