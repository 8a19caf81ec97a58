// tandem compare: two recordings side by side.

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/command.hpp"
#include "cli/stored_run.hpp"
#include "core/judge/compare.hpp"
#include "core/judge/replay_input.hpp"
#include "core/world/control_plane.hpp"

namespace tandem::cli {

namespace {

struct Options {
  std::string a;
  std::string b;
  bool replay = false;
};

/// Recorded readiness through fresh controllers: does it give the recorded ReplicaSet sizes?
int print_replay(const StoredRun& run, const std::string& folder, const CommonOptions& common) {
  const auto profile = world::delivery_profile(run.delivery);
  if (!profile) return report(profile.error(), common);
  const auto replayed = judge::replay_and_compare(run.recording, run.history, *profile);
  if (!replayed) return report(replayed.error(), common);
  bool all_same = true;
  for (const judge::ReplayComparison& comparison : *replayed) {
    all_same = all_same && comparison.same_joined;
    fmt::print("  {:<28} deployment/{:<20} {}\n", folder, comparison.deployment,
               comparison.same ? "same sizes, change by change" : comparison.same_joined ? "same sizes, joined changes" : "DIFFERENT sizes");
  }
  return all_same ? kExitOk : kExitCheckFailed;
}

int compare(const Options& options, const CommonOptions& common) {
  const auto a = open_run(options.a);
  if (!a) return report(a.error(), common);
  const auto b = open_run(options.b);
  if (!b) return report(b.error(), common);
  const judge::Comparison comparison = judge::compare(a->recording, b->recording);
  if (common.json) {
    fmt::print("{}\n", judge::to_json(comparison).dump(2));
    return kExitOk;
  }
  fmt::print("{}", judge::to_text(comparison));
  if (!options.replay) return kExitOk;
  fmt::print("\nREPLAY of recorded readiness through fresh controllers\n");
  const int first = print_replay(*a, options.a, common);
  const int second = print_replay(*b, options.b, common);
  return std::max(first, second);
}

}  // namespace

Command compare_command() {
  return {"compare", "Compare two recordings: errors, evidence, first divergence, attribution.",
          "  tandem compare runs/sim runs/docker             the first is judged against the second\n"
          "  tandem compare runs/sim runs/docker --replay    and replay both through fresh controllers\n"
          "  tandem compare runs/sim runs/docker --json      for machines\n",
          [](OptionTable& table, CommonOptions& common) {
            auto options = std::make_shared<Options>();
            table.add_option("a", options->a, "recording folder (the prediction)")->required()->takes(Takes::Run);
            table.add_option("b", options->b, "recording folder (the yardstick)")->required()->takes(Takes::Run);
            table.add_flag("--replay", options->replay, "replay recorded readiness times through fresh controllers");
            return [options, &common] { return compare(*options, common); };
          }};
}

}  // namespace tandem::cli
