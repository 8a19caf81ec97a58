#pragma once
// From a manifest to the object that the API server works on (the universal deserializer), and back to wire JSON.

#include <optional>
#include <string>
#include <vector>

#include "core/cluster/api/types.hpp"
#include "core/cluster/api/view.hpp"

namespace tandem::cluster::api {

/// A manifest as the API server reads it.
struct Decoded {
  /// Why it cannot be read at all, in Kubernetes' words; then nothing else is set.
  std::optional<std::string> error;
  /// Where the reader stumbled: "spec.template.spec.containers[0].env[0].value"; empty where the error is not about one field.
  std::string error_path;
  /// Fields that do not exist, as paths with indices: what kubectl refuses and the API server drops.
  std::vector<std::string> unknown_fields;
  const KindType* kind = nullptr;
  /// Known fields only; no nulls; quantities in canonical text. Of a kind whose fields are not listed, everything.
  Json object;
};

Decoded decode(const Json& manifest);
/// "strict decoding error: unknown field \"spec.foo\"", or nothing.
std::optional<std::string> strict_error(const Decoded& decoded);

/// As Go marshals the typed object: zero values left out where `omitempty` says so and written elsewhere, nulls left out.
Json to_wire(const Json& object, const StructType& type);
/// A struct as Go marshals one without JSON tags (Kubernetes' internal types in error texts): {"Key":"a","TimeAdded":null}.
std::string go_dump(const View& value, const StructType& type);

/// The objection of resource.ParseQuantity.
std::optional<std::string> quantity_error(std::string_view text);

}  // namespace tandem::cluster::api
