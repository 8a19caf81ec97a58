#pragma once
// Pods as the recordings of the kubelet describe them.

#include <fmt/format.h>

#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "core/cluster/json.hpp"
#include "tests/truth/runner.hpp"

namespace tandem::truth {

inline std::optional<std::string> differs(std::string_view what, const nlohmann::json& ours, const nlohmann::json& recorded) {
  if (ours == recorded) return std::nullopt;
  return fmt::format("{}: ours {}, recorded {}", what, ours.dump(), recorded.dump());
}

inline nlohmann::json list_of(const nlohmann::json& test_case, const char* key) {
  const auto found = test_case.find(key);
  return found == test_case.end() || found->is_null() ? nlohmann::json::array() : *found;
}

/// A pod read from the spec's JSON by the code that reads pods.
inline cluster::Pod pod_with(nlohmann::json spec, nlohmann::json metadata = nlohmann::json::object()) {
  metadata["name"] = "p";
  auto pod = cluster::from_json<cluster::Pod>(
      {{"apiVersion", "v1"}, {"kind", "Pod"}, {"metadata", std::move(metadata)}, {"spec", std::move(spec)}});
  if (!pod) throw std::runtime_error(to_string(pod.error().front()));
  return *std::move(pod);
}

/// The fields of a recorded container that a manifest has, too.
inline nlohmann::json manifest_of(const nlohmann::json& recorded) {
  nlohmann::json container = {{"name", recorded["name"]}, {"image", "image"}};
  for (const char* key : {"restartPolicy", "restartPolicyRules"}) {
    if (recorded.contains(key)) container[key] = recorded[key];
  }
  if (recorded.value("sidecar", false)) container["restartPolicy"] = "Always";
  if (recorded.value("startupProbe", false)) container["startupProbe"] = {{"exec", {{"command", {"true"}}}}};
  return container;
}

/// A family whose cases are compared one by one.
inline std::function<void(const nlohmann::json&, Tally&)> each(CaseCheck check) {
  return [check = std::move(check)](const nlohmann::json& file, Tally& tally) { for_each_case(file, tally, check); };
}

}  // namespace tandem::truth
