#pragma once
// Warnings that the API server sends along with an accepted object.

#include <string>
#include <string_view>
#include <vector>

#include "core/cluster/api/field_error.hpp"
#include "core/cluster/api/view.hpp"

namespace tandem::cluster::api {

using Warnings = std::vector<std::string>;

/// PrepareForCreate's own: deprecated AppArmor annotations of a pod, which it turns into fields.
void add_preparation_warnings(Warnings& warnings, Json& object, std::string_view kind);
void add_warnings(Warnings& warnings, const View& object, std::string_view kind);
void add_update_warnings(Warnings& warnings, const View& object, const View& old, std::string_view kind);

// pod_warnings.cpp; `path`: "" for a pod, else that of the template
void add_pod_warnings(Warnings& warnings, const View& meta, const View& spec, const FieldPath& path, bool is_template);
void add_label_warning(Warnings& warnings, const std::string& key, const FieldPath& path, bool names_key);
void add_node_term_warnings(Warnings& warnings, const View& term, bool check_values, const FieldPath& path);
void add_ip_warnings(Warnings& warnings, const std::string& text, const FieldPath& path);
void add_cidr_warnings(Warnings& warnings, const std::string& text, const FieldPath& path);
void add_fraction_warning(Warnings& warnings, const View& list, const char* resource, const FieldPath& path);

// volume_warnings.cpp
void add_volume_warnings(Warnings& warnings, const View& volumes, const FieldPath& path);
void add_overlap_warnings(Warnings& warnings, const View& volumes);

}  // namespace tandem::cluster::api
