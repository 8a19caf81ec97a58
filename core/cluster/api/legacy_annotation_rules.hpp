#pragma once
// Annotations that carried tolerations, taints and avoided pods before these were fields: the API server still reads them.

#include "core/cluster/api/field_error.hpp"
#include "core/cluster/api/view.hpp"

namespace tandem::cluster::api {

/// Of pods and pod templates; `path` is that of the annotations.
void check_toleration_annotation(FieldErrors& errors, const View& annotations, const FieldPath& path);
/// Of nodes.
void check_node_annotations(FieldErrors& errors, const View& annotations, const FieldPath& path);
/// The rule for taints wherever they are written (node_rules.cpp).
void check_taints(FieldErrors& errors, const View& taints, const FieldPath& path);

}  // namespace tandem::cluster::api
