// tandem validate: every error of a scenario and its files at once, and the field report.

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/command.hpp"
#include "cli/printing.hpp"
#include "cli/run_scenario.hpp"

namespace tandem::cli {

namespace {

struct Options {
  std::string scenario;
  std::vector<std::string> overrides;
  bool all_fields = false;
};

int validate(const Options& options, const CommonOptions& common) {
  auto loaded = load_scenario(options.scenario, options.overrides, std::nullopt);
  if (!loaded) return report_with_source(loaded.error(), common);
  warn_with_source(loaded->warnings, common);
  const scenario::Scenario& scenario = loaded->scenario;
  if (common.json) {
    nlohmann::ordered_json json;
    json["version"] = 1;
    json["scenario"] = scenario.name;
    json["errors"] = nlohmann::ordered_json::array();
    json["fields"] = nlohmann::ordered_json::array();
    const char* words[] = {"honoured", "approximated", "ignored"};
    for (const scenario::FieldNote& note : scenario.field_notes) {
      json["fields"].push_back({{"object", note.object}, {"field", note.field}, {"treatment", words[static_cast<int>(note.treatment)]}, {"how", note.how}});
    }
    fmt::print("{}\n", json.dump(2));
    return kExitOk;
  }
  fmt::print("{}", field_report_text(scenario.field_notes, options.all_fields));
  fmt::print("{} is valid: {} nodes, {} objects, {} images, {} traffic sources, {} actions, {} checks\n", scenario.name,
             scenario.cluster.nodes.size(), scenario.objects.size(), scenario.images.size(), scenario.traffic.size(),
             scenario.timeline.size(), scenario.checks.size());
  return kExitOk;
}

}  // namespace

Command validate_command() {
  return {"validate", "Read a scenario and its files, report every error with its place.",
          "  tandem validate scenarios/rolling-update             errors, warnings, field report\n"
          "  tandem validate scenarios/rolling-update --fields    also the fields that are honoured\n"
          "  tandem validate my.yaml --set spec.seed=7 --json     as JSON, with one value replaced\n",
          [](OptionTable& table, CommonOptions& common) {
            auto options = std::make_shared<Options>();
            table.add_option("scenario", options->scenario, "scenario file or its folder")->required()->takes(Takes::Scenario);
            table.add_option("--set", options->overrides, "replace a value: path=value (repeatable)");
            table.add_flag("--fields", options->all_fields, "list honoured fields too");
            return [options, &common] { return validate(*options, common); };
          }};
}

}  // namespace tandem::cli
