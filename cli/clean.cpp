// tandem clean: removes what runs that died left on the engine. Only what is provably ours.

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/command.hpp"
#include "cli/interrupt.hpp"
#include "core/base/text.hpp"
#include "real/docker/cleaner.hpp"

namespace tandem::cli {

namespace {

struct Options {
  bool dry_run = false;
  bool force = false;
  std::string run;
};

void print_list(const char* title, const std::vector<std::string>& items) {
  for (const std::string& item : items) fmt::print("  {:<9} {}\n", title, escape_for_terminal(item));
}

int clean(const Options& options, const CommonOptions& common) {
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
  if (!common.quiet && !common.json) wanted.progress = [](const std::string& line) { fmt::print(stderr, "{}\n", line); };
  const auto cleaned = docker::clean(engine, wanted);
  if (!cleaned) return report(cleaned.error(), common);
  if (common.json) {
    nlohmann::ordered_json json = {{"version", 1},        {"dryRun", options.dry_run},           {"runs", cleaned->runs},
                                   {"removed", cleaned->removed}, {"survivors", cleaned->survivors}, {"spared", cleaned->spared}};
    fmt::print("{}\n", json.dump(2));
  } else {
    print_list(options.dry_run ? "would go" : "removed", cleaned->removed);
    print_list("survived", cleaned->survivors);
    print_list("spared", cleaned->spared);
    fmt::print("{} {} of {} runs{}\n", options.dry_run ? "would remove" : "removed", cleaned->removed.size(), cleaned->runs.size(),
               cleaned->removed.empty() ? ": nothing of ours is left" : "");
  }
  return cleaned->survivors.empty() ? kExitOk : report(docker::leak_error(*cleaned), common);
}

}  // namespace

Command clean_command() {
  return {"clean", "Remove what interrupted runs left on the container engine.",
          "  tandem clean --dry-run     show what would go\n"
          "  tandem clean               remove what runs left whose process is gone\n"
          "  tandem clean --force       also runs that are still going on\n",
          [](CLI::App& app, CommonOptions& common) {
            auto options = std::make_shared<Options>();
            app.add_flag("-n,--dry-run", options->dry_run, "only show");
            app.add_flag("-f,--force", options->force, "also runs whose process still exists");
            app.add_option("--run", options->run, "only the run with this id (32 hexadecimal digits)");
            return [options, &common] { return clean(*options, common); };
          }};
}

}  // namespace tandem::cli
