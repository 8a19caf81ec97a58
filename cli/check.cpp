// tandem check: the verdicts of a scenario's checks on a recording.

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/command.hpp"
#include "cli/printing.hpp"
#include "cli/run_scenario.hpp"
#include "cli/stored_run.hpp"
#include "core/base/text.hpp"
#include "core/judge/export_junit.hpp"
#include "core/judge/host_load.hpp"
#include "core/judge/summary.hpp"
#include "host/files.hpp"

namespace tandem::cli {

namespace {

struct Options {
  std::string run;
  std::string scenario;
  std::string junit;
};

nlohmann::ordered_json to_json(const judge::CheckReport& report, const std::vector<std::string>& overload) {
  nlohmann::ordered_json json;
  json["version"] = 1;
  json["gradable"] = overload.empty();
  json["notGradable"] = overload;
  json["score"] = overload.empty() ? report.score : 0;
  json["earned"] = report.score;
  json["maxScore"] = report.max_score;
  json["checks"] = nlohmann::ordered_json::array();
  for (const judge::CheckResult& result : report.results) {
    nlohmann::ordered_json one = {{"name", result.name},     {"verdict", judge::name_of(result.verdict)}, {"points", result.points}, {"maxPoints", result.max_points},
                                  {"expected", result.expected}, {"seen", result.seen}};
    if (result.first_violation) one["firstViolationNs"] = result.first_violation->ns;
    json["checks"].push_back(std::move(one));
  }
  return json;
}

int check(const Options& options, const CommonOptions& common) {
  auto run = open_run(options.run);
  if (!run) return report(run.error(), common);
  if (!options.scenario.empty()) {
    auto loaded = load_scenario(options.scenario, {}, std::nullopt);
    if (!loaded) return report_with_source(loaded.error(), common);
    run->checks = loaded->scenario.checks;
  }
  if (run->checks.empty()) return report(make_error(ErrorCode::UsageNotFound, "the scenario of this run has no checks").with_hint("name another scenario's checks with --scenario"), common);
  const judge::CheckReport verdicts = judge::evaluate_checks(run->checks, run->recording, run->history);
  if (!options.junit.empty()) {
    if (const Status written = host::replace_file(options.junit, judge::junit_xml(verdicts, run->recording)); !written) return report(written.error(), common);
  }
  const std::vector<std::string> overload = judge::not_gradable_reasons(run->recording);
  if (common.json) fmt::print("{}\n", to_json(verdicts, overload).dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
  else fmt::print("{}", judge::summary_text(run->recording, run->history, verdicts, {.ascii = !unicode_output()}));
  if (!verdicts.all_passed()) return kExitCheckFailed;
  // A run on an overloaded machine earns nothing, whatever its checks say.
  return overload.empty() ? kExitOk : exit_code_of(ErrorCode::HostOverloaded);
}

}  // namespace

Command check_command() {
  return {"check", "Evaluate a scenario's checks on a recording.",
          "  tandem check runs/a                                 summary, thresholds, checks with points\n"
          "  tandem check runs/a --scenario stricter.yaml        another scenario's checks on the same run\n"
          "  tandem check runs/a --junit checks.xml --json       for machines\n"
          "Exit code 4: the checks passed, but the machine was too busy for the run to count.\n",
          [](OptionTable& table, CommonOptions& common) {
            auto options = std::make_shared<Options>();
            table.add_option("run", options->run, "recording folder")->required()->takes(Takes::Run);
            table.add_option("--scenario", options->scenario, "take the checks of this scenario")->takes(Takes::Scenario);
            table.add_option("--junit", options->junit, "also write JUnit XML to this file")->takes(Takes::File);
            return [options, &common] { return check(*options, common); };
          }};
}

}  // namespace tandem::cli
