#pragma once
// The path of a manifest through the API server, admission plug-ins and storage left out: read, default, prepare, validate.

#include <optional>
#include <string>
#include <vector>

#include "core/cluster/api/decode.hpp"
#include "core/cluster/api/field_error.hpp"
#include "core/cluster/api/view.hpp"

namespace tandem::cluster::api {

/// What the server puts into every new object.
struct SystemFields {
  std::string uid;                             ///< metadata.uid
  std::string now = "1970-01-01T00:00:00Z";    ///< metadata.creationTimestamp and other times
  std::string default_namespace = "default";   ///< the namespace of the request
  std::string name_suffix = "xxxxx";           ///< appended to metadata.generateName
};

/// The server's answer to a create or update.
struct Answer {
  std::optional<std::string> decode_error;  ///< the manifest cannot be read; everything below is empty
  std::string decode_path;                  ///< the field that it stumbled over, if it is about one
  std::vector<std::string> unknown_fields;  ///< dropped
  bool is_known_kind = true;                ///< false: no rules for this kind here (custom resources); `stored` is as read
  Json defaulted;                           ///< after SetDefaults_*, wire form
  std::string bad_request;                  ///< refused before any rule is asked; empty: not so
  FieldErrors errors;                       ///< empty: accepted
  std::vector<std::string> warnings;
  Json stored;                              ///< the object as the server keeps it, wire form; empty if refused
  std::string message;                      ///< "Deployment.apps \"web\" is invalid: …" if refused
};

Answer create(const Json& manifest, const SystemFields& system = {});
/// `old`: the object as it is stored.
Answer update(const Json& manifest, const Json& old);

}  // namespace tandem::cluster::api
