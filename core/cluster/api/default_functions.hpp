#pragma once

#include <string_view>

#include "core/base/quantity.hpp"
#include "core/cluster/api/view.hpp"

namespace tandem::cluster::api {

/// Fills in one struct's own fields.
using DefaultFunction = void (*)(Json& object);

/// The function of a struct such as "core/v1.Probe"; nullptr where it has none.
DefaultFunction default_function(std::string_view type_id);
DefaultFunction workload_default_function(std::string_view type_id);

/// Finer parts than 1/1000 are rounded up, away from zero (SetDefaults_ResourceList).
Quantity rounded_to_milli(const Quantity& quantity);

/// Sets a text field that is "" or absent, a number that is 0 or absent, or any field that is nil.
void default_text(Json& object, const char* name, std::string_view value);
void default_number(Json& object, const char* name, std::int64_t value);
void default_nil(Json& object, const char* name, Json value);

}  // namespace tandem::cluster::api
