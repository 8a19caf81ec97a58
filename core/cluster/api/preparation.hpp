#pragma once
// What a kind's own strategy does to an object before it is validated and stored (pkg/registry/*/strategy.go), and what the
// conversion to the internal type and back changes on the way.

#include <cstdint>
#include <string>
#include <string_view>

#include "core/cluster/api/types.hpp"
#include "core/cluster/api/view.hpp"

namespace tandem::cluster::api {

/// Kinds that live in no namespace.
bool is_cluster_scoped(std::string_view kind);

/// PrepareForCreate: status as the server begins it, generation, fields of disabled features dropped, selectors generated.
/// `now` fills times that the server writes (RFC 3339).
void prepare_for_create(Json& object, std::string_view kind, const std::string& now);
/// PrepareForUpdate: status kept, generation counted.
void prepare_for_update(Json& object, const Json& old, const KindType& type);

/// From the defaulted object to what the internal type holds, as far as the two differ: deprecated fields, secret texts.
void to_internal(Json& object, std::string_view api_version, std::string_view kind);
/// And back to the version it came in.
void from_internal(Json& object, std::string_view api_version, std::string_view kind);

}  // namespace tandem::cluster::api
