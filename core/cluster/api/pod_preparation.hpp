#pragma once

#include "core/cluster/api/view.hpp"

namespace tandem::cluster::api {

/// Fields of features that are off in v1.34 by default are dropped, unless the old object uses them (api/pod DropDisabledFields).
void drop_disabled_pod_fields(Json& spec, const View& old_spec);
/// Status, quality of service, label keys merged into selectors.
void prepare_pod(Json& pod, const std::string& now);
/// serviceAccount and serviceAccountName are one field inside.
void pod_spec_to_internal(Json& spec);

}  // namespace tandem::cluster::api
