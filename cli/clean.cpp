// tandem clean: removes what runs that died left on the engine. Only what is provably ours.

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/command.hpp"
#include "cli/interrupt.hpp"
#include "core/base/text.hpp"
#include "core/judge/table.hpp"
#include "real/docker/cleaner.hpp"
#include "real/engine/run_identity.hpp"

namespace tandem::cli {

namespace {

struct Options {
  bool dry_run = false;
  bool force = false;
  std::string run;
};

std::string text_table(const docker::CleanReport& report, bool dry_run) {
  judge::Table table({"TYPE", "NAME", "RUN", "STATUS", "REASON"});
  const auto add = [&](const std::vector<docker::CleanedObject>& objects, const char* status) {
    for (const docker::CleanedObject& object : objects) {
      table.add({object.type, escape_for_terminal(object.name), object.run_id.empty() ? "<unknown>" : object.run_id, status,
                 object.reason.empty() ? "<none>" : escape_for_terminal(object.reason)});
    }
  };
  add(report.removed, dry_run ? "would go" : "removed");
  add(report.survivors, "left");
  add(report.spared, "spared");
  return table.rows() > 1 ? table.text() : "Nothing of ours is left.\n";
}

nlohmann::ordered_json to_json(const docker::CleanReport& report, bool dry_run) {
  const auto list = [](const std::vector<docker::CleanedObject>& objects) {
    auto array = nlohmann::ordered_json::array();
    for (const docker::CleanedObject& object : objects) {
      nlohmann::ordered_json one = {{"type", object.type}, {"name", object.name}, {"run", object.run_id}};
      if (!object.reason.empty()) one["reason"] = object.reason;
      array.push_back(std::move(one));
    }
    return array;
  };
  return {{"version", 1},
          {"dryRun", dry_run},
          {"runs", report.runs},
          {"removed", list(report.removed)},
          {"survivors", list(report.survivors)},
          {"spared", list(report.spared)}};
}

int clean(const Options& options, const CommonOptions& common) {
  if (!options.run.empty() && !real::is_run_id(options.run)) {
    return report(make_error(ErrorCode::UsageBadArgument, "--run needs the id of a run").with_found(options.run).with_allowed("32 hexadecimal digits, as in the label tandem.run"),
                  common);
  }
  auto address = docker::EngineAddress::from_environment();
  if (!address) return report(address.error(), common);
  docker::EngineClient engine(*address, nullptr);
  if (auto info = engine.connect(); !info) return report(info.error(), common);
  const InterruptCounter interrupts;
  docker::CleanOptions wanted;
  wanted.run_id = options.run;
  wanted.include_alive = options.force;
  wanted.dry_run = options.dry_run;
  wanted.cancelled = [&] { return interrupts.count().load() > 0; };
  if (!common.quiet && !common.json) {
    wanted.on_removed = [](const docker::CleanedObject& object) { fmt::print(stderr, "removed {} {}\n", object.type, escape_for_terminal(object.name)); };
  }
  const auto cleaned = docker::clean(engine, wanted);
  if (!cleaned) return report(cleaned.error(), common);
  if (common.json) fmt::print("{}\n", to_json(*cleaned, options.dry_run).dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
  else fmt::print("{}", text_table(*cleaned, options.dry_run));
  if (cleaned->survivors.empty()) return kExitOk;
  const Error leak = docker::leak_error(*cleaned);
  return common.json ? exit_code_of(leak.code) : report(leak, common);
}

}  // namespace

Command clean_command() {
  return {"clean", "Remove what interrupted runs left on the container engine.",
          "  tandem clean --dry-run     show what would go\n"
          "  tandem clean               remove what runs left whose process is gone\n"
          "  tandem clean --force       also runs that are still going on\n",
          [](OptionTable& table, CommonOptions& common) {
            auto options = std::make_shared<Options>();
            table.add_flag("-n,--dry-run", options->dry_run, "only show");
            table.add_flag("-f,--force", options->force, "also runs whose process still exists");
            table.add_option("--run", options->run, "only the run with this id (32 hexadecimal digits)");
            return [options, &common] { return clean(*options, common); };
          }};
}

}  // namespace tandem::cli
