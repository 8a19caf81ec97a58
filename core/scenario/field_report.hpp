#pragma once
// The field report (design §6): what becomes of every field that a manifest holds.

#include <string>
#include <vector>

#include "core/cluster/objects.hpp"
#include "core/scenario/diagnostics.hpp"
#include "core/scenario/documents.hpp"
#include "core/scenario/scenario.hpp"

namespace tandem::scenario {

/// Adds a note per field of the document, list positions written as [] and each field once an object. Fields that the kind
/// does not have are errors, as the API server's strict field validation makes them (ValueUnknownField, nearest known name).
/// `object` is the document read; kinds without a controller get one note for the whole object.
void report_fields(const cluster::AnyObject& object, const std::string& name, const Node& document, Diagnostics& diagnostics,
                   std::vector<FieldNote>& notes);

/// True for kinds whose objects live outside namespaces.
bool is_cluster_scoped(std::string_view kind);

}  // namespace tandem::scenario
