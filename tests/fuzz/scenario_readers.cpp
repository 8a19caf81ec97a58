// Files of a scenario folder. What is accepted is written out, and where there is a writer, read back.

#include <nlohmann/json.hpp>

#include "core/base/check.hpp"
#include "core/cluster/json.hpp"
#include "core/scenario/document_path.hpp"
#include "core/scenario/kind_config.hpp"
#include "core/scenario/load.hpp"
#include "core/scenario/manifests.hpp"
#include "core/scenario/source_folder.hpp"
#include "tests/fuzz/readers.hpp"
#include "tests/fuzz/scratch_file.hpp"

namespace tandem::fuzz {

namespace {

using namespace tandem::scenario;

constexpr std::string_view kKind = "kind: Cluster\napiVersion: kind.x-k8s.io/v1alpha4\nnodes: [{role: control-plane}, {role: worker}]\n";
constexpr std::string_view kManifest =
    "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  selector: {matchLabels: {app: web}}\n  template:\n"
    "    metadata: {labels: {app: web}}\n    spec: {containers: [{name: app, image: \"web:1.0.0\", ports: [{name: http, containerPort: 80}]}]}\n"
    "---\napiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {selector: {app: web}, ports: [{port: 80, targetPort: http}]}\n";
constexpr std::string_view kScenario =
    "apiVersion: tandem/v1\nkind: Scenario\nmetadata: {name: a}\nspec:\n  horizon: 60s\n  cluster: {kindConfig: kind.yaml}\n"
    "  images: {\"web:1.0.0\": {startup: 1s, routes: {/: {cpu: 1ms}}}}\n  manifests: [web.yaml]\n";

SourceFile file_of(std::string_view bytes) { return {"f.yaml", std::string(bytes), ""}; }

/// What a person would see must be printable, whatever the file held.
void check_report(const Errors& errors, std::string_view source) {
  for (const Error& error : errors) {
    CHECK(error.code != ErrorCode::Internal, "an internal error about a file: " + error.what);
    for (const char c : render(error, source)) {
      const auto byte = static_cast<unsigned char>(c);
      CHECK(byte == '\n' || (byte >= 0x20 && byte != 0x7f), "a report with a control character");
    }
  }
}

void check_loaded(const Loaded& loaded) {
  CHECK(loaded.scenario.has_value() == loaded.errors.empty(), "neither a scenario nor an error");
  for (const Error& error : loaded.errors) {
    const auto source = loaded.sources.find(error.place.file);
    check_report({error}, source == loaded.sources.end() ? std::string_view() : std::string_view(source->second));
  }
  if (loaded.scenario) CHECK(nlohmann::json::accept(resolved_json(*loaded.scenario)), "the resolved scenario is not JSON");
}

}  // namespace

void read_scenario(std::string_view bytes) {
  static const bool prepared = [] {
    scratch_file("kind.yaml", kKind);
    scratch_file("web.yaml", kManifest);
    scratch_file("cal.yaml", write_calibration(Calibration{}));
    return true;
  }();
  static_cast<void>(prepared);
  check_loaded(load(scratch_file("scenario.yaml", bytes)));
}

void read_manifest(std::string_view bytes) {
  Diagnostics diagnostics;
  std::vector<FieldNote> notes;
  ManifestSet manifests;
  manifests.read(file_of(bytes), kInputLimits, diagnostics, notes);
  check_report(diagnostics.errors(), bytes);
  check_report(diagnostics.warnings(), bytes);
  static_cast<void>(manifests.pod_sources());
  if (diagnostics.error_count() > 0) return;
  for (const ManifestObject& entry : manifests.objects()) {
    const nlohmann::json written = cluster::to_json(entry.object);
    const auto again = cluster::object_from_json(written);
    CHECK(again.has_value(), "an accepted manifest does not read back: " + written.dump());
    CHECK(cluster::to_json(*again) == written, "a manifest changes when it is written and read: " + written.dump());
  }
}

void read_kind(std::string_view bytes) {
  Diagnostics diagnostics;
  std::vector<FieldNote> notes;
  const auto cluster = read_kind_config(file_of(bytes), kInputLimits, diagnostics, notes);
  check_report(diagnostics.errors(), bytes);
  check_report(diagnostics.warnings(), bytes);
  CHECK(cluster.has_value() == (diagnostics.error_count() == 0), "neither a cluster nor an error");
  CHECK(!cluster || !cluster->nodes.empty(), "a cluster without nodes");
}

void read_calibration(std::string_view bytes) {
  Diagnostics diagnostics;
  const auto calibration = scenario::read_calibration(file_of(bytes), kInputLimits, diagnostics);
  check_report(diagnostics.errors(), bytes);
  CHECK(calibration.has_value() == (diagnostics.error_count() == 0), "neither a calibration nor an error");
  if (!calibration) return;
  const auto again = scenario::read_calibration(file_of(write_calibration(*calibration)), kInputLimits, diagnostics);
  CHECK(again.has_value() && *again == *calibration, "a calibration changes when it is written and read:\n" + write_calibration(*calibration));
}

/// "path=value", as after --set.
void read_override(std::string_view bytes) {
  static const bool prepared = [] {
    scratch_file("kind.yaml", kKind);
    scratch_file("web.yaml", kManifest);
    scratch_file("override.yaml", kScenario);
    return true;
  }();
  static_cast<void>(prepared);
  const std::size_t equals = bytes.find('=');
  if (equals == std::string_view::npos) return;
  LoadOptions options;
  options.overrides.emplace_back(bytes.substr(0, equals), bytes.substr(equals + 1));
  const Loaded loaded = load(scratch_folder() + "/override.yaml", options);
  CHECK(loaded.scenario.has_value() == loaded.errors.empty(), "neither a scenario nor an error");
}

}  // namespace tandem::fuzz
