// The cells of persistent volumes, their claims and storage classes.

#include <fmt/format.h>

#include "core/kubectl/cells.hpp"
#include "core/kubectl/formatting.hpp"
#include "core/kubectl/json_reading.hpp"

namespace tandem::kubectl {

namespace {

/// The text there; `otherwise` only if the field is absent: an empty text is one.
std::string text_or(const json& object, const char* pointer, const char* otherwise) {
  const json& value = at(object, pointer);
  return value.is_string() ? value.get<std::string>() : otherwise;
}

std::string phase_cell(const json& object) {
  return at(object, "/metadata/deletionTimestamp").is_null() ? text_at(object, "/status/phase") : "Terminating";
}

}  // namespace

Cells persistent_volume_columns(bool wide) {
  return columns_with({"NAME", "CAPACITY", "ACCESS MODES", "RECLAIM POLICY", "STATUS", "CLAIM", "STORAGECLASS", "VOLUMEATTRIBUTESCLASS", "REASON", "AGE"}, wide,
                      {"VOLUMEMODE"});
}

Cells persistent_volume_cells(const json& volume, const GetOptions& options) {
  const json& claim = at(volume, "/spec/claimRef");
  const std::string claim_text = claim.is_null() ? "" : fmt::format("{}/{}", text_at(claim, "/namespace"), text_at(claim, "/name"));
  Cells cells = {text_at(volume, "/metadata/name"),
                 quantity_text(at(volume, "/spec/capacity/storage")),
                 access_modes_text(at(volume, "/spec/accessModes")),
                 text_at(volume, "/spec/persistentVolumeReclaimPolicy"),
                 phase_cell(volume),
                 claim_text,
                 storage_class_of(volume),
                 text_or(volume, "/spec/volumeAttributesClassName", "<unset>"),
                 text_at(volume, "/status/reason"),
                 age_cell(volume, options)};
  if (options.wide) cells.push_back(text_or(volume, "/spec/volumeMode", "<unset>"));
  return cells;
}

Cells persistent_volume_claim_columns(bool wide) {
  return columns_with({"NAME", "STATUS", "VOLUME", "CAPACITY", "ACCESS MODES", "STORAGECLASS", "VOLUMEATTRIBUTESCLASS", "AGE"}, wide, {"VOLUMEMODE"});
}

Cells persistent_volume_claim_cells(const json& claim, const GetOptions& options) {
  const std::string volume = text_at(claim, "/spec/volumeName");
  Cells cells = {text_at(claim, "/metadata/name"),
                 phase_cell(claim),
                 volume,
                 volume.empty() ? "" : quantity_text(at(claim, "/status/capacity/storage")),
                 volume.empty() ? "" : access_modes_text(at(claim, "/status/accessModes")),
                 storage_class_of(claim),
                 text_or(claim, "/spec/volumeAttributesClassName", "<unset>"),
                 age_cell(claim, options)};
  if (options.wide) cells.push_back(text_or(claim, "/spec/volumeMode", "<unset>"));
  return cells;
}

Cells storage_class_columns(bool /*wide*/) { return {"NAME", "PROVISIONER", "RECLAIMPOLICY", "VOLUMEBINDINGMODE", "ALLOWVOLUMEEXPANSION", "AGE"}; }

Cells storage_class_cells(const json& storage_class, const GetOptions& options) {
  const json& annotations = at(storage_class, "/metadata/annotations");
  bool is_default = false;
  for (const char* key : {"storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class"}) {
    is_default = is_default || (annotations.is_object() && annotations.value(key, "") == "true");
  }
  return {text_at(storage_class, "/metadata/name") + (is_default ? " (default)" : ""),
          text_at(storage_class, "/provisioner"),
          text_or(storage_class, "/reclaimPolicy", "Delete"),
          text_or(storage_class, "/volumeBindingMode", "Immediate"),
          flag_at(storage_class, "/allowVolumeExpansion") ? "true" : "false",
          age_cell(storage_class, options)};
}

}  // namespace tandem::kubectl
