// load(): the files of a scenario folder, section by section, every error of every file at once.

#include "core/scenario/load.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>

#include "core/base/text.hpp"
#include "core/scenario/cross_checks.hpp"
#include "core/scenario/diagnostics.hpp"
#include "core/scenario/document_path.hpp"
#include "core/scenario/scenario_tables.hpp"
#include "core/scenario/scheduler_reader.hpp"
#include "core/scenario/source_folder.hpp"
#include "core/scenario/spec_reader.hpp"
#include "core/scenario/text_rules.hpp"

namespace tandem::scenario {
namespace {

constexpr std::string_view kOverrideFile = "--set";

bool is_folder(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}
bool is_there(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0;
}

/// The scenario file that a path names, split into its folder (with a slash at its end, or empty) and its name there.
struct ScenarioPath {
  std::string folder;
  std::string file;
};
ScenarioPath locate(const std::string& path) {
  if (is_folder(path)) {
    const std::string folder = path.ends_with('/') ? path : path + "/";
    constexpr std::array<std::string_view, 3> kNames{"scenario.yaml", "scenario.yml", "scenario.json"};
    for (const std::string_view name : kNames) {
      if (is_there(folder + std::string(name))) return {folder, std::string(name)};
    }
    return {folder, std::string(kNames[0])};
  }
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return {"", path};
  return {path.substr(0, slash + 1), path.substr(slash + 1)};
}

class Loader {
 public:
  Loader(ScenarioPath path, const LoadOptions& options) : path_(std::move(path)), options_(options) {}

  Loaded load() {
    const auto document = read_scenario_document();
    if (document) read_all(*document);
    Loaded loaded;
    if (diagnostics_.error_count() == 0) loaded.scenario = std::move(scenario_);
    loaded.errors = in_reading_order(outside_names(diagnostics_.errors()), options_.limits.errors);
    loaded.warnings = in_reading_order(outside_names(diagnostics_.warnings()), options_.limits.errors);
    loaded.sources = std::move(sources_);
    loaded.folder = path_.folder;
    return loaded;
  }

 private:
  // ------------------------------------------------------------ files

  /// Places outside the Scenario: names that the caller can open.
  Errors outside_names(Errors errors) const {
    for (Error& error : errors) {
      if (!error.place.file.empty() && error.place.file != kOverrideFile) error.place.file = path_.folder + error.place.file;
    }
    return errors;
  }

  std::optional<SourceFile> remember(Result<SourceFile> file, const Place& where, const std::string& path) {
    if (!file) {
      Error error = file.error();
      if (error.place.file.empty()) error.place = where;
      error.path = path;
      diagnostics_.error(std::move(error));
      return std::nullopt;
    }
    total_bytes_ += file->text.size();
    sources_[path_.folder + file->name] = file->text;
    scenario_.inputs.emplace_back(file->name, file->sha256);
    return std::move(*file);
  }

  /// A file that a field of the scenario names. Beyond the limits of all files together nothing is read any more.
  std::optional<SourceFile> read_named(const std::string& name, const Place& where, const std::string& path) {
    if (too_many_files_) return std::nullopt;
    const InputLimits& limits = options_.limits;
    if (scenario_.inputs.size() >= limits.files || total_bytes_ >= limits.total_bytes) {
      too_many_files_ = true;
      Error error = make_error(ErrorCode::ScenarioTooManyFiles, "the scenario's files are too many, or too large together", where)
                        .with_found(fmt::format("{} files of {} bytes, and more", scenario_.inputs.size(), total_bytes_))
                        .with_allowed(fmt::format("at most {} files and {} bytes", limits.files, limits.total_bytes));
      error.path = path;
      diagnostics_.error(std::move(error));
      return std::nullopt;
    }
    return remember(folder_->read(name, limits), where, path);
  }

  std::optional<Node> read_scenario_document() {
    auto folder = SourceFolder::open(path_.folder);
    if (!folder) {
      diagnostics_.error(folder.error());
      return std::nullopt;
    }
    folder_ = std::move(*folder);
    auto text = read_file(path_.folder + path_.file, options_.limits);
    if (text) text->name = path_.file;
    const auto file = remember(std::move(text), Place{path_.file}, "");
    if (!file) return std::nullopt;
    auto document = parse_single(*file, "scenario", options_.limits, diagnostics_);
    if (document) apply_overrides(*document);
    return document;
  }

  void apply_overrides(Node& document) {
    for (const auto& [path, text] : options_.overrides) {
      const ParseOptions parse = strict_options(std::string(kOverrideFile), options_.limits);
      const std::size_t errors_before = diagnostics_.error_count();
      std::vector<Node> values = parse_documents(text, parse, diagnostics_);
      if (!diagnostics_.clean_since(errors_before)) continue;
      Node value;
      value.place = Place{std::string(kOverrideFile)};
      if (!values.empty()) value = std::move(values.front());
      if (const Status status = set_at(document, path, std::move(value)); !status) {
        Error error = status.error();
        error.place = Place{std::string(kOverrideFile)};
        error.path = path;
        diagnostics_.error(std::move(error));
      }
    }
  }

  // ------------------------------------------------------------ sections

  void read_all(const Node& document) {
    validate(document, scenario_table(), "", Dialect::Strict, diagnostics_);
    if (diagnostics_.full()) return;
    for (const Error& error : diagnostics_.errors()) broken_paths_.push_back(error.path);
    const IsClean is_clean = [this](const std::string& path) {
      return std::none_of(broken_paths_.begin(), broken_paths_.end(), [&](const std::string& broken) {
        return broken.starts_with(path) || path.starts_with(broken + ".") || path.starts_with(broken + "[");
      });
    };
    const ObjectView root(&document, scenario_table(), "");
    if (!is_mapping(document, "metadata") || !is_mapping(document, "spec")) return;
    const ObjectView metadata = root.object("metadata");
    const ObjectView spec = root.object("spec");
    scenario_.name = metadata.text("name");
    scenario_.title = metadata.text("title");
    scenario_.description = metadata.text("description");
    scenario_.seed = static_cast<std::uint64_t>(spec.integer("seed"));
    scenario_.horizon = spec.duration("horizon");
    scenario_.delivery = spec.text("delivery");

    const bool nodes_known = read_cluster_section(spec, is_clean);
    const bool manifests_known = read_manifests(spec, is_clean);
    const bool images_known = is_clean(spec.path_of("images"));
    scenario_.images = read_images(spec, is_clean, diagnostics_);
    scenario_.registry = read_registry(spec, is_clean);
    read_calibration_section(spec, is_clean);
    scenario_.scheduler = read_scheduler(
        spec, is_clean,
        [this](const std::string& name, const Place& where, const std::string& at) -> std::optional<std::string> {
          const auto file = read_named(name, where, at);
          return file ? std::optional(file->text) : std::nullopt;
        },
        diagnostics_);
    const auto traffic = read_traffic(spec, scenario_.horizon, is_clean, diagnostics_);
    const auto timeline = read_timeline(spec, scenario_.horizon, is_clean, diagnostics_);
    const auto checks = read_checks(spec, is_clean, diagnostics_);
    scenario_.balancers = read_balancers(spec, traffic, is_clean, diagnostics_);
    const bool traffic_known = is_clean(spec.path_of("traffic"));
    check_references({scenario_, manifests_, traffic, timeline, checks, nodes_known, manifests_known, images_known, traffic_known}, options_.limits,
                     diagnostics_);

    for (const auto& source : traffic) scenario_.traffic.push_back(source.value);
    for (const auto& entry : timeline) scenario_.timeline.push_back(entry.value);
    for (const auto& check : checks) scenario_.checks.push_back(check.value);
    for (const ManifestObject& entry : manifests_.objects()) scenario_.objects.push_back(entry.object);
  }

  static bool is_mapping(const Node& document, std::string_view key) {
    const Node* value = document.find(key);
    return value != nullptr && value->kind == NodeKind::Mapping;
  }

  bool read_cluster_section(const ObjectView& spec, const IsClean& is_clean) {
    const std::string path = spec.path_of("cluster");
    const Node* node = spec.node("cluster");
    if (node == nullptr || node->kind != NodeKind::Mapping) return false;
    const std::size_t errors_before = diagnostics_.error_count();
    const ObjectView cluster = spec.object("cluster");
    std::optional<KindCluster> kind;
    if (cluster.has("kindConfig") && is_clean(cluster.path_of("kindConfig"))) {
      if (const auto file = read_named(cluster.text("kindConfig"), cluster.place("kindConfig"), cluster.path_of("kindConfig"))) {
        kind = read_kind_config(*file, options_.limits, diagnostics_, scenario_.field_notes);
      }
    }
    const bool readable = is_clean(path) && (kind || !cluster.has("kindConfig"));
    if (readable) scenario_.cluster = read_cluster(cluster, kind, is_clean, diagnostics_);
    return readable && diagnostics_.clean_since(errors_before);
  }

  bool read_manifests(const ObjectView& spec, const IsClean& is_clean) {
    const std::size_t errors_before = diagnostics_.error_count();
    const std::string path = spec.path_of("manifests");
    if (!is_clean(path)) return false;
    std::size_t index = 0;
    for (const Node* item : spec.nodes("manifests")) {
      const std::string item_path = path_of_index(path, index++);
      if (const auto file = read_named(item->text, item->place, item_path)) manifests_.read(*file, options_.limits, diagnostics_, scenario_.field_notes);
    }
    return diagnostics_.clean_since(errors_before);
  }

  void read_calibration_section(const ObjectView& spec, const IsClean& is_clean) {
    if (!spec.has("calibration") || !is_clean(spec.path_of("calibration"))) return;
    const auto file = read_named(spec.text("calibration"), spec.place("calibration"), spec.path_of("calibration"));
    if (file) scenario_.calibration = read_calibration(*file, options_.limits, diagnostics_);
  }

  ScenarioPath path_;
  const LoadOptions& options_;
  Diagnostics diagnostics_;
  std::optional<SourceFolder> folder_;
  std::map<std::string, std::string> sources_;
  std::vector<std::string> broken_paths_;
  std::size_t total_bytes_ = 0;
  bool too_many_files_ = false;
  ManifestSet manifests_;
  Scenario scenario_;
};

}  // namespace

Loaded load(const std::string& path, const LoadOptions& options) { return Loader(locate(path), options).load(); }

std::string render(const Loaded& loaded) {
  std::string text;
  for (const Errors* list : {&loaded.errors, &loaded.warnings}) {
    for (const Error& error : *list) {
      const auto source = loaded.sources.find(error.place.file);
      text += render(error, source == loaded.sources.end() ? std::string_view{} : std::string_view(source->second));
    }
  }
  return text;
}

}  // namespace tandem::scenario
