#pragma once
// The fields of the manifest kinds that Tandem runs, and what becomes of each: the table behind the field report.
// A controller that starts to honour a field changes its row here.

#include <span>
#include <string_view>

#include "core/scenario/scenario.hpp"

namespace tandem::scenario {

struct ManifestField {
  std::string_view name;
  Treatment treatment = Treatment::Honoured;
  std::string_view how = {};                                ///< approximated: how; ignored: why
  std::span<const ManifestField> (*below)() = nullptr;      ///< fields of the object (or of the list's objects); null = a leaf
};

/// Top-level fields of a kind that Tandem runs; empty for other kinds.
std::span<const ManifestField> manifest_fields(cluster::Kind kind);

/// What becomes of objects of a kind without fields in these tables: why they have no effect, or who reads them.
struct KindNote {
  Treatment treatment = Treatment::Ignored;
  std::string_view how;
};
KindNote note_on(std::string_view kind);

}  // namespace tandem::scenario
