#pragma once
// What the API server fills in when it reads an object (SetDefaults_* of pkg/apis/*/v1/defaults.go).

#include "core/cluster/api/types.hpp"
#include "core/cluster/api/view.hpp"

namespace tandem::cluster::api {

/// Fills in the defaults of an object that decode() gave. Afterwards every struct field that is no pointer exists.
void apply_defaults(Json& object, const StructType& type);

/// "IfNotPresent" or "Always", by the image's tag.
std::string_view image_pull_policy(std::string_view image);

}  // namespace tandem::cluster::api
