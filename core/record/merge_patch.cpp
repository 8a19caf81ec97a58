#include "core/record/merge_patch.hpp"

#include <nlohmann/json.hpp>

namespace tandem::record {

namespace {

using nlohmann::json;

// A null member in a patch means "remove"; inside arrays a patch is taken as it is.
bool has_null_member(const json& value) {
  if (!value.is_object()) return value.is_null();
  for (const auto& item : value.items()) {
    if (has_null_member(item.value())) return true;
  }
  return false;
}

// Objects here come from our own serialiser with bounded depth (SyntaxTooDeep), so recursion is safe.
bool difference(const json& from, const json& to, json& patch) {
  patch = json::object();
  for (const auto& item : from.items()) {
    if (!to.contains(item.key())) patch[item.key()] = nullptr;
  }
  for (const auto& item : to.items()) {
    const auto old = from.find(item.key());
    if (old != from.end() && *old == item.value()) continue;
    if (old != from.end() && old->is_object() && item.value().is_object()) {
      if (!difference(*old, item.value(), patch[item.key()])) return false;
      continue;
    }
    if (has_null_member(item.value())) return false;
    patch[item.key()] = item.value();
  }
  return true;
}

}  // namespace

std::optional<json> merge_patch_between(const json& from, const json& to) {
  if (!from.is_object() || !to.is_object()) return std::nullopt;
  json patch;
  if (!difference(from, to, patch)) return std::nullopt;
  return patch;
}

}  // namespace tandem::record
