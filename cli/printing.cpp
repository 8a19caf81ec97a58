#include "cli/printing.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <map>
#include <nlohmann/json.hpp>
#include <string_view>

#include "core/base/text.hpp"
#include "core/judge/summary.hpp"
#include "core/scenario/diagnostics.hpp"
#include "host/files.hpp"

namespace tandem::cli {

namespace {

/// Larger files are not shown with their lines; the loader refuses them anyway.
constexpr std::size_t kSourceBytesMax = 1 << 20;

void print_with_source(const Errors& errors) {
  std::map<std::string, std::string> sources;
  for (const Error& error : errors) {
    const std::string& file = error.place.file;
    if (!sources.contains(file)) sources[file] = file.empty() ? "" : host::read_file(file, kSourceBytesMax).value_or("");
    fmt::print(stderr, "{}\n", scenario::render(error, sources[file]));
  }
}

std::string_view word_of(scenario::Treatment treatment) {
  switch (treatment) {
    case scenario::Treatment::Honoured: return "honoured";
    case scenario::Treatment::Approximated: return "approximated";
    case scenario::Treatment::Ignored: return "ignored";
  }
  return {};
}

}  // namespace

int report_with_source(const Errors& errors, const CommonOptions& common) {
  if (common.json) return report(errors, common);
  print_with_source(errors);
  if (errors.size() > 1) fmt::print(stderr, "{} errors\n", errors.size());
  return errors.empty() ? kExitInternal : exit_code_of(errors.front().code);
}

void warn_with_source(const Errors& warnings, const CommonOptions& common) {
  if (!common.json && !common.quiet) print_with_source(warnings);
}

std::string field_report_text(const std::vector<scenario::FieldNote>& notes, bool all) {
  std::array<std::size_t, 3> counts{};
  for (const scenario::FieldNote& note : notes) ++counts[static_cast<std::size_t>(note.treatment)];
  std::string text = fmt::format("FIELDS\n  {} honoured, {} approximated, {} ignored\n", counts[0], counts[1], counts[2]);
  std::size_t object_width = 0;
  std::size_t field_width = 0;
  const auto shown = [&](const scenario::FieldNote& note) { return all || note.treatment != scenario::Treatment::Honoured; };
  for (const scenario::FieldNote& note : notes) {
    if (!shown(note)) continue;
    object_width = std::max(object_width, note.object.size());
    field_width = std::max(field_width, note.field.size());
  }
  for (const scenario::FieldNote& note : notes) {
    if (!shown(note)) continue;
    std::string line = fmt::format("  {:<12}   {:<{}}   {:<{}}   {}", word_of(note.treatment), note.object, object_width, note.field, field_width, note.how);
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

std::string calibration_text(const scenario::Calibration& calibration) {
  const std::array<std::pair<std::string_view, const scenario::Measured*>, 11> rows = {{
      {"container create", &calibration.container_create},
      {"container start", &calibration.container_start},
      {"container stop", &calibration.container_stop},
      {"sandbox create", &calibration.sandbox_create},
      {"probe", &calibration.probe},
      {"proxy, per request", &calibration.proxy_request},
      {"proxy CPU, per request", &calibration.proxy_cpu},
      {"app, per request", &calibration.app_request},
      {"client, per request", &calibration.client_overhead},
      {"round trip", &calibration.round_trip},
      {"balancer reload", &calibration.balancer_reload},
  }};
  std::string text = fmt::format("CALIBRATION {}\n  {}\n", calibration.name, calibration.provenance);
  for (const auto& [name, measured] : rows) {
    text += fmt::format("  {:<24} {:>9} ms  ± {} ms", name, format_fixed(measured->mean_ms, 3), format_fixed(measured->stddev_ms, 3));
    text += measured->samples > 0 ? fmt::format("  ({} samples)\n", measured->samples) : "\n";
  }
  text += fmt::format("  {:<24} {:>9}\n", "CPU speed", format_fixed(calibration.cpu_speed, 3));
  text += fmt::format("  {:<24} {:>9}\n", "cores shared by nodes", calibration.host_cores > 0 ? std::to_string(calibration.host_cores) : "none: each node has its own");
  return text;
}

nlohmann::ordered_json run_json(const RunResult& result, const StoredRun& run) {
  nlohmann::ordered_json json;
  json["folder"] = result.folder;
  json["digest"] = result.digest;
  json["wallSeconds"] = result.summary.wall_seconds;
  json["summary"] = judge::summary_json(run.recording, run.history, result.checks);
  if (result.error) json["error"] = result.error->what;
  return json;
}

bool unicode_output() {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const char* value = std::getenv(name);
    if (value == nullptr || *value == '\0') continue;
    const std::string_view text = value;
    return text.find("UTF-8") != std::string_view::npos || text.find("utf8") != std::string_view::npos;
  }
  return false;
}

}  // namespace tandem::cli
