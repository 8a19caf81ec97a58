// Calibration files: field table, reader and writer, all from one list of measurements.

#include <fmt/format.h>

#include <array>
#include <nlohmann/json.hpp>

#include "core/base/text.hpp"
#include "core/scenario/load.hpp"
#include "core/scenario/scenario_tables.hpp"
#include "core/scenario/source_folder.hpp"

namespace tandem::scenario {
namespace {

using enum FieldType;

struct MeasurementField {
  std::string_view name;
  Measured Calibration::*member;
  std::string_view description;
};
constexpr std::array<MeasurementField, 11> kMeasurements{{
    {"containerCreate", &Calibration::container_create, "Creating a container whose image is present."},
    {"containerStart", &Calibration::container_start, "Starting a created container, until its process runs."},
    {"containerStop", &Calibration::container_stop, "From SIGTERM handled until the container is gone, beyond the application's own time."},
    {"sandboxCreate", &Calibration::sandbox_create, "Making a pod's network and cgroup."},
    {"probe", &Calibration::probe, "One HTTP probe against a healthy container."},
    {"proxyRequest", &Calibration::proxy_request, "Wall time a request spends in the balancer, unloaded."},
    {"proxyCpu", &Calibration::proxy_cpu, "CPU time of the balancer per request."},
    {"appRequest", &Calibration::app_request, "CPU time of a replica per request, beyond the route's demand."},
    {"clientOverhead", &Calibration::client_overhead, "Sending and receiving in the load generator, per request."},
    {"roundTrip", &Calibration::round_trip, "Network between client and replica, both ways, one hop."},
    {"balancerReload", &Calibration::balancer_reload, "From a new balancer configuration until new requests follow it."},
}};

const FieldTable& measured_table() {
  static const FieldTable table{
      .title = "a measurement",
      .description = "A measured duration.",
      .fields = {
          {.name = "meanMs", .type = Number, .required = true, .minimum = 0, .maximum = 1e9, .description = "Mean, in milliseconds.", .example = "120"},
          {.name = "stddevMs", .type = Number, .default_text = "0", .minimum = 0, .maximum = 1e9, .description = "Standard deviation, in milliseconds.", .example = "30"},
          {.name = "samples", .type = Integer, .default_text = "0", .minimum = 0, .maximum = 1e9, .description = "Number of measurements; 0 = assumed, not measured.", .example = "50"},
      }};
  return table;
}

const FieldTable& calibration_metadata_table() {
  static const FieldTable table{
      .title = "the metadata",
      .description = "What the calibration is called.",
      .fields = {{.name = "name", .required = true, .description = "Short name, printed with every run.", .example = "lab-machine"}}};
  return table;
}

const FieldTable& calibration_spec_table() {
  static const FieldTable table = [] {
    FieldTable built{
        .title = "the spec",
        .description = "The figures. What is left out keeps the built-in value.",
        .fields = {
            {.name = "provenance", .description = "Where the figures come from: machine, date, tool.", .example = "\"measured by tandem calibrate --on docker\""},
            {.name = "hostCores", .type = Integer, .default_text = "0", .minimum = 0, .maximum = 4096,
             .description = "Cores that all nodes share; 0 = nodes are machines of their own.", .example = "4"},
            {.name = "cpuSpeed", .type = Number, .default_text = "1", .minimum = 0.001, .maximum = 1000,
             .description = "Calibrated iterations per CPU second, relative to the reference.", .example = "1.2"},
        }};
    for (const MeasurementField& measurement : kMeasurements) {
      built.fields.push_back({.name = measurement.name, .type = Object, .description = measurement.description,
                              .example = "{meanMs: 120, stddevMs: 30, samples: 50}", .table = measured_table});
    }
    return built;
  }();
  return table;
}

std::string quoted(const std::string& text) { return nlohmann::json(text).dump(); }

}  // namespace

const FieldTable& calibration_table() {
  static const FieldTable table{
      .title = "a calibration",
      .description = "What a model needs to know of a machine: measured durations with their spread and provenance.",
      .fields = {
          {.name = "$schema", .description = "Schema for editors of JSON files; not read.", .example = "../../schema/calibration.schema.json"},
          {.name = "apiVersion", .type = Choice, .required = true, .allowed = {"tandem/v1"}, .description = "Version of this language.", .example = "tandem/v1"},
          {.name = "kind", .type = Choice, .required = true, .allowed = {"Calibration"}, .description = "Kind of the document.", .example = "Calibration"},
          {.name = "metadata", .type = Object, .required = true, .description = "What the calibration is called.", .example = "{name: lab-machine}", .table = calibration_metadata_table},
          {.name = "spec", .type = Object, .required = true, .description = "The figures.", .table = calibration_spec_table},
      }};
  return table;
}

std::optional<Calibration> read_calibration(const SourceFile& file, const InputLimits& limits, Diagnostics& diagnostics) {
  const auto document = parse_single(file, "calibration", limits, diagnostics);
  if (!document) return std::nullopt;
  const std::size_t errors_before = diagnostics.error_count();
  validate(*document, calibration_table(), "", Dialect::Strict, diagnostics);
  if (!diagnostics.clean_since(errors_before)) return std::nullopt;
  const ObjectView root(&*document, calibration_table(), "");
  const ObjectView spec = root.object("spec");
  Calibration calibration;
  calibration.name = root.object("metadata").text("name");
  if (spec.has("provenance")) calibration.provenance = spec.text("provenance");
  calibration.host_cores = static_cast<int>(spec.integer("hostCores"));
  calibration.cpu_speed = spec.number("cpuSpeed");
  for (const MeasurementField& measurement : kMeasurements) {
    if (!spec.has(measurement.name)) continue;
    const ObjectView value = spec.object(measurement.name);
    calibration.*measurement.member = {value.number("meanMs"), value.number("stddevMs"), static_cast<int>(value.integer("samples"))};
  }
  return calibration;
}

Checked<Calibration> load_calibration(const std::string& path) {
  Diagnostics diagnostics;
  const InputLimits limits;
  const auto file = read_file(path, limits);
  if (!file) return tl::unexpected(Errors{file.error()});
  auto calibration = read_calibration(*file, limits, diagnostics);
  if (!calibration) return tl::unexpected(in_reading_order(diagnostics.errors(), limits.errors));
  return std::move(*calibration);
}

std::string write_calibration(const Calibration& calibration) {
  std::string text = "apiVersion: tandem/v1\nkind: Calibration\n";
  text += fmt::format("metadata:\n  name: {}\n", quoted(calibration.name));
  text += fmt::format("spec:\n  provenance: {}\n", quoted(calibration.provenance));
  text += fmt::format("  hostCores: {}\n  cpuSpeed: {}\n", calibration.host_cores, format_double(calibration.cpu_speed));
  for (const MeasurementField& measurement : kMeasurements) {
    const Measured& value = calibration.*measurement.member;
    text += fmt::format("  {}: {{meanMs: {}, stddevMs: {}, samples: {}}}\n", measurement.name, format_double(value.mean_ms),
                        format_double(value.stddev_ms), value.samples);
  }
  return text;
}

}  // namespace tandem::scenario
