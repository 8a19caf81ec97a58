// tandem calibrate: measures this machine for the models.

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/command.hpp"
#include "cli/interrupt.hpp"
#include "cli/printing.hpp"
#include "core/scenario/load.hpp"
#include "host/files.hpp"
#include "host/terminal.hpp"
#include "real/calibrate/calibrate.hpp"

namespace tandem::cli {

namespace {

struct Options {
  std::string world = "docker";
  std::string output = "calibration.yaml";
};

std::string calibration_json(const scenario::Calibration& calibration, const std::string& file) {
  nlohmann::ordered_json json = {{"version", 1}};
  if (!file.empty()) json["file"] = file;
  json["calibration"] = nlohmann::json::parse(scenario::calibration_json(calibration));
  return json.dump(2) + "\n";
}

int calibrate(const Options& options, const CommonOptions& common) {
  if (options.world != "docker") {
    return report(make_error(ErrorCode::UsageBadArgument, "only the Docker world can be calibrated yet").with_found(options.world).with_allowed("docker"), common);
  }
  const InterruptCounter interrupts;
  host::ProgressLine progress(stderr, common.quiet);
  const auto measured = tandem::calibrate::calibrate_docker(
      {.progress = [&](const world::Progress& step) { progress.update(step.step, step.fraction); }, .interrupted = &interrupts.count()});
  progress.finish();
  if (interrupts.exit_code() != 0) return interrupts.exit_code();
  if (!measured) return report(measured.error(), common);
  const std::string text = scenario::write_calibration(*measured);
  if (options.output == "-") {
    fmt::print("{}", common.json ? calibration_json(*measured, "") : text);
    return kExitOk;
  }
  if (const Status written = host::replace_file(options.output, text); !written) return report(written.error(), common);
  if (common.json) fmt::print("{}", calibration_json(*measured, options.output));
  else if (!common.quiet) fmt::print("{}\nwrote {}\nnext: tandem run SCENARIO --calibration {}\n", calibration_text(*measured), options.output, options.output);
  return kExitOk;
}

}  // namespace

Command calibrate_command() {
  return {"calibrate", "Measure this machine for the models (about a minute).",
          "  tandem calibrate                          write calibration.yaml for this machine's engine\n"
          "  tandem calibrate -o this-host.yaml        under another name\n",
          [](OptionTable& table, CommonOptions& common) {
            auto options = std::make_shared<Options>();
            table.add_option("--on", options->world, "world to measure: docker")->one_of({"docker"});
            table.add_option("-o,--output", options->output, "file to write; - is stdout")->takes(Takes::File);
            return [options, &common] { return calibrate(*options, common); };
          }};
}

}  // namespace tandem::cli
