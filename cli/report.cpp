#include <fmt/format.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "cli/command.hpp"

namespace tandem::cli {

namespace {

nlohmann::ordered_json to_json(const Error& error) {
  nlohmann::ordered_json json;
  json["code"] = name_of(error.code);
  json["severity"] = error.severity == Severity::Warning ? "warning" : "error";
  json["message"] = error.what;
  if (!error.place.file.empty()) json["place"] = {{"file", error.place.file}, {"line", error.place.line}, {"column", error.place.column}};
  if (!error.path.empty()) json["path"] = error.path;
  if (!error.found.empty()) json["found"] = error.found;
  if (!error.allowed.empty()) json["allowed"] = error.allowed;
  if (!error.hint.empty()) json["hint"] = error.hint;
  for (const Error& cause : error.causes) json["causes"].push_back(to_json(cause));
  return json;
}

}  // namespace

int report(const Error& error, const CommonOptions& common) { return report(Errors{error}, common); }

int report(const Errors& errors, const CommonOptions& common) {
  if (common.json) {
    nlohmann::ordered_json json;
    json["version"] = 1;
    json["errors"] = nlohmann::ordered_json::array();
    for (const Error& error : errors) json["errors"].push_back(to_json(error));
    fmt::print("{}\n", json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
  } else {
    for (const Error& error : errors) fmt::print(stderr, "{}\n", to_string(error));
  }
  return errors.empty() ? kExitInternal : exit_code_of(errors.front().code);
}

}  // namespace tandem::cli
