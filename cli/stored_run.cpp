#include "cli/stored_run.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <tuple>

#include "core/base/bounded_json.hpp"
#include "core/base/parse.hpp"
#include "core/cluster/json.hpp"
#include "core/kubectl/table.hpp"
#include "core/scenario/scheduler_json.hpp"
#include "host/files.hpp"

namespace tandem::cli {

namespace {

using nlohmann::json;

/// Resolved scenarios hold whole manifests; the loader's own limits keep them far below this.
constexpr std::size_t kResolvedBytesMax = std::size_t{256} << 20;
constexpr std::size_t kResolvedDepth = 128;

scenario::CheckSpec check_of(const json& stored) {
  scenario::CheckSpec check;
  check.name = stored.value("name", "");
  check.kind = stored.value("kind", "");
  check.expression = stored.value("expression", "");
  check.threshold = stored.value("threshold", "");
  check.from = stored.value("from", "");
  check.until = stored.value("until", "");
  check.points = stored.value("points", 1.0);
  if (stored.contains("withinNs")) check.within = SimDuration{stored.at("withinNs").get<std::int64_t>()};
  return check;
}

}  // namespace

Result<StoredRun> open_run(const std::string& folder) {
  auto recording = record::Recording::open(folder);
  if (!recording) return tl::unexpected(std::move(recording).error());
  judge::RunHistory history = judge::RunHistory::of(*recording);
  StoredRun run{std::move(*recording), std::move(history), {}, "kubernetes", std::nullopt};
  const std::string path = folder + "/scenario.json";
  if (!host::exists(path)) return run;
  const Result<std::string> text = host::read_file(path, kResolvedBytesMax);
  if (!text) return tl::unexpected(text.error());
  const json resolved = parse_bounded_json(*text, kResolvedDepth);
  if (!resolved.is_object()) return fail(ErrorCode::RecordDamaged, "the stored scenario is not JSON", {path, 0, 0});
  try {
    for (const json& stored : resolved.value("checks", json::array())) run.checks.push_back(check_of(stored));
    run.delivery = resolved.value("delivery", "kubernetes");
    if (resolved.contains("scheduler")) {
      auto scheduler = scenario::scheduler_config_of(resolved.at("scheduler"));
      if (!scheduler) return fail(ErrorCode::RecordDamaged, "the stored scenario is damaged: " + scheduler.error().found, {path, 0, 0});
      run.scheduler = std::move(*scheduler);
    }
  } catch (const json::exception& broken) {
    return fail(ErrorCode::RecordDamaged, std::string("the stored scenario is damaged: ") + broken.what(), {path, 0, 0});
  }
  return run;
}

Result<SimTime> moment_of(const std::string& text, const record::Recording& recording) {
  if (text.empty()) return recording.ended_at();
  const Result<SimDuration> since_zero = parse_duration(text);
  if (!since_zero) {
    return fail(make_error(ErrorCode::UsageBadArgument, "--at needs a time of the run").with_found(text).with_allowed("21.5s, 850ms, 1m30s"));
  }
  return kTimeZero + *since_zero;
}

std::vector<json> objects_at(const record::Recording& recording, SimTime time) {
  std::vector<json> objects;
  for (const cluster::AnyObject& object : recording.objects_at(time)) objects.push_back(json_with_seconds(object));
  return objects;
}

json json_with_seconds(const cluster::AnyObject& object) { return cluster::to_json(object); }

std::int64_t unix_seconds_at(SimTime time) { return cluster::kEpochUnixSeconds + time.ns / 1'000'000'000; }

std::string events_table(const record::Recording& recording) {
  // What happened last comes last, as people read a log. Whole seconds are not enough to order a rollout: sort by the objects' own times.
  std::vector<cluster::Event> events;
  for (const cluster::AnyObject& object : recording.objects_at(recording.ended_at())) {
    if (const auto* event = std::get_if<cluster::Event>(&object)) events.push_back(*event);
  }
  std::sort(events.begin(), events.end(), [](const cluster::Event& a, const cluster::Event& b) {
    return std::tie(a.last_timestamp, a.meta.resource_version) < std::tie(b.last_timestamp, b.meta.resource_version);
  });
  std::vector<json> objects;
  for (const cluster::Event& event : events) objects.push_back(cluster::to_json(event));
  kubectl::GetOptions options;
  options.now_unix_seconds = unix_seconds_at(recording.ended_at());
  return objects.empty() ? "No events.\n" : kubectl::to_text(kubectl::get_table(objects, options));
}

}  // namespace tandem::cli
