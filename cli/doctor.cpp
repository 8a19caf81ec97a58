// tandem doctor: what is installed, which worlds and faults work on this machine, and why not.

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "cli/command.hpp"
#include "cli/diagnosis.hpp"
#include "cli/tool_version.hpp"
#include "core/base/text.hpp"
#include "core/judge/table.hpp"
#include "host/files.hpp"
#include "host/wall_clock.hpp"

namespace tandem::cli {

namespace {

struct Report {
  EngineDiagnosis engine;
  std::vector<std::pair<std::string, std::vector<Diagnosis>>> sections;
};

Report examine() {
  Report report{diagnose_engine(), {}};
  report.sections.emplace_back("worlds", diagnose_worlds(report.engine));
  report.sections.emplace_back("faults", diagnose_faults(report.engine));
  report.sections.emplace_back("mechanisms", diagnose_mechanisms());
  report.sections.emplace_back("programs", diagnose_programs());
  report.sections.emplace_back("packages", diagnose_packages());
  return report;
}

void print_json(const Report& report) {
  const ToolVersion tool = tool_version();
  nlohmann::ordered_json json = {{"version", 1},
                                 {"tool", {{"version", tool.version}, {"commit", tool.commit}, {"buildType", tool.build_type}, {"compiler", tool.compiler}}},
                                 {"cpus", host::usable_cpus()},
                                 {"stateDirectory", host::state_directory()}};
  for (const auto& [title, diagnoses] : report.sections) {
    json[title] = nlohmann::ordered_json::array();
    for (const Diagnosis& diagnosis : diagnoses) json[title].push_back({{"name", diagnosis.name}, {"works", diagnosis.works}, {"detail", diagnosis.detail}});
  }
  fmt::print("{}\n", json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
}

/// Packages that are there fill the screen and help nobody: they are counted.
void print_section(const std::string& title, const std::vector<Diagnosis>& diagnoses, bool all) {
  std::string upper = title;
  std::transform(upper.begin(), upper.end(), upper.begin(), [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
  judge::Table table({upper, "HERE", "DETAIL"});
  std::size_t left_out = 0;
  for (const Diagnosis& diagnosis : diagnoses) {
    if (title == "packages" && diagnosis.works && !all) ++left_out;
    else table.add({diagnosis.name, diagnosis.works ? "yes" : "no", escape_for_terminal(diagnosis.detail, 300)});
  }
  if (table.rows() > 1) fmt::print("{}", table.text());
  if (left_out > 0) fmt::print("{}{} of {} packages are installed\n", table.rows() > 1 ? "" : "PACKAGES\n", left_out, diagnoses.size());
  fmt::print("\n");
}

int doctor(bool engine_only, const CommonOptions& common) {
  if (engine_only) {
    const EngineDiagnosis engine = diagnose_engine();
    if (engine.info && common.json) fmt::print("{}\n", nlohmann::ordered_json{{"version", 1}, {"engine", engine.info->version}}.dump(2));
    if (engine.info) return kExitOk;
    return common.quiet ? exit_code_of(engine.error.code) : report(engine.error, common);
  }
  const Report report = examine();
  if (common.json) {
    print_json(report);
    return kExitOk;
  }
  const ToolVersion tool = tool_version();
  fmt::print("tandem {} ({}), {}, {}; state in {}\n\n", tool.version, tool.commit, tool.compiler, tool.build_type, escape_for_terminal(host::state_directory(), 200));
  for (const auto& [title, diagnoses] : report.sections) print_section(title, diagnoses, common.verbose > 0);
  return kExitOk;
}

}  // namespace

Command doctor_command() {
  return {"doctor", "Say what is installed, which worlds and faults work on this machine, and why not.",
          "  tandem doctor                 what works here\n"
          "  tandem doctor -v --json       everything, for machines\n"
          "  tandem doctor --engine -q     exit code only: 0 if a container engine answers\n",
          [](OptionTable& table, CommonOptions& common) {
            auto engine_only = std::make_shared<bool>(false);
            table.add_flag("--engine", *engine_only, "only whether a container engine answers");
            return [engine_only, &common] { return doctor(*engine_only, common); };
          }};
}

}  // namespace tandem::cli
