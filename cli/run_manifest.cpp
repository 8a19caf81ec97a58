#include "cli/run_manifest.hpp"

#include <sys/utsname.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "cli/tool_version.hpp"
#include "core/base/bounded_json.hpp"
#include "core/base/digest.hpp"
#include "host/files.hpp"
#include "host/wall_clock.hpp"

namespace tandem::cli {

namespace {

using nlohmann::json;

constexpr std::size_t kFileMax = std::size_t{256} << 20;
constexpr std::size_t kManifestDepth = 16;

const std::string* fact(const world::RunSummary& summary, std::string_view name) {
  const auto found = std::find_if(summary.facts.begin(), summary.facts.end(), [&](const auto& entry) { return entry.first == name; });
  return found == summary.facts.end() ? nullptr : &found->second;
}

void copy_fact(const world::RunSummary& summary, std::string_view name, json& object, const char* key) {
  if (const std::string* value = fact(summary, name)) object[key] = *value;
}

json host_json() {
  utsname system{};
  uname(&system);
  return {{"os", system.sysname}, {"arch", system.machine}, {"cpus", host::usable_cpus()}};
}

}  // namespace

json manifest_before(const RunRequest& request, const std::string& world, const std::string& resolved) {
  const ToolVersion tool = tool_version();
  json manifest;
  manifest["schema"] = 1;
  manifest["tool"] = {{"name", "tandem"}, {"version", tool.version}, {"commit", tool.commit}, {"build_type", tool.build_type}, {"compiler", tool.compiler}};
  manifest["mode"] = world;
  manifest["scenario"] = {{"name", request.scenario.name},
                          {"path", request.scenario_path},
                          {"sha256_raw", request.scenario.inputs.empty() ? "" : request.scenario.inputs.front().second},
                          {"sha256_resolved", sha256_hex(resolved)}};
  manifest["overrides"] = json::array();
  for (const auto& [path, text] : request.overrides) manifest["overrides"].push_back(path + "=" + text);
  manifest["seed"] = {{"value", request.scenario.seed}, {"role", "public"}, {"derivation", request.seed_given ? "--seed" : "spec.seed"}};
  manifest["inputs"] = json::array();
  for (const auto& [path, digest] : request.scenario.inputs) manifest["inputs"].push_back({{"path", path}, {"sha256", digest}});
  manifest["calibration"] = {{"name", request.calibration.name}, {"provenance", request.calibration.provenance}};
  manifest["command"] = request.command;
  return manifest;
}

void add_ending(json& manifest, const RunRequest& request, const RunResult& result) {
  const SimTime ended_at = result.error ? result.summary.ended_at : kTimeZero + request.scenario.horizon;
  manifest["sim_time_s"] = to_seconds(ended_at - kTimeZero);
  manifest["wall_time_s"] = result.summary.wall_seconds;
  manifest["host"] = host_json();
  manifest["result"] = {{"status", !result.error                                      ? "completed"
                                   : result.error->code == ErrorCode::Interrupted ? "interrupted"
                                                                                      : "failed"}};
  if (result.error) manifest["result"]["reason"] = result.error->what;
  json& tool = manifest["tool"];
  tool["libs"] = json::object();
  copy_fact(result.summary, "simgrid", tool["libs"], "simgrid");
  copy_fact(result.summary, "model", tool, "model");
  if (fact(result.summary, "engine") == nullptr) return;
  json& real = manifest["real"];
  copy_fact(result.summary, "engine", real, "engine_version");
  copy_fact(result.summary, "engine_api", real, "api_version");
  copy_fact(result.summary, "images", real, "images");
}

Status complete_manifest(const std::string& folder, const judge::CheckReport& checks) {
  const auto text = host::read_file(folder + "/manifest.json", kFileMax);
  if (!text) return tl::unexpected(text.error());
  json manifest = parse_bounded_json(*text, kManifestDepth);
  if (!manifest.is_object()) return fail(ErrorCode::RecordDamaged, "the manifest is not a JSON object", {folder + "/manifest.json", 0, 0});
  manifest["result"]["score"] = checks.score;
  manifest["result"]["max_score"] = checks.max_score;
  manifest["outputs"] = json::array();
  // events.tdr is not listed: its columns have a digest of their own, which does not depend on how they are packed.
  for (const char* name : {"calibration.yaml", "scenario.json"}) {
    const auto content = host::read_file(folder + "/" + name, kFileMax);
    if (!content) return tl::unexpected(content.error());
    manifest["outputs"].push_back({{"path", name}, {"sha256", sha256_hex(*content)}, {"deterministic", true}});
  }
  return host::replace_file(folder + "/manifest.json", manifest.dump(2, ' ', false, json::error_handler_t::replace) + "\n");
}

}  // namespace tandem::cli
