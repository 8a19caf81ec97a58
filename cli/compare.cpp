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
struct Replay {
  std::string folder;
  std::vector<judge::ReplayComparison> deployments;
};
Result<Replay> replay(const StoredRun& run, const std::string& folder) {
  const auto profile = world::delivery_profile(run.delivery);
  if (!profile) return tl::unexpected(profile.error());
  auto replayed = judge::replay_and_compare(run.recording, run.history, *profile);
  if (!replayed) return tl::unexpected(replayed.error());
  return Replay{folder, std::move(*replayed)};
}

void print_replay(const Replay& replay) {
  for (const judge::ReplayComparison& comparison : replay.deployments) {
    fmt::print("  {:<28} deployment/{:<20} {}\n", replay.folder, comparison.deployment,
               comparison.same ? "same sizes, change by change" : comparison.same_joined ? "same sizes, joined changes" : "DIFFERENT sizes");
  }
}

nlohmann::json to_json(const std::vector<Replay>& replays) {
  nlohmann::json json = nlohmann::json::array();
  for (const Replay& replay : replays) {
    for (const judge::ReplayComparison& comparison : replay.deployments) {
      json.push_back({{"run", replay.folder}, {"deployment", comparison.deployment}, {"same", comparison.same}, {"sameJoined", comparison.same_joined}});
    }
  }
  return json;
}

int compare(const Options& options, const CommonOptions& common) {
  const auto a = open_run(options.a);
  if (!a) return report(a.error(), common);
  const auto b = open_run(options.b);
  if (!b) return report(b.error(), common);
  const judge::Comparison comparison = judge::compare(a->recording, b->recording);
  std::vector<Replay> replays;
  bool all_same = true;
  if (options.replay) {
    for (const auto& [run, folder] : {std::pair{&*a, &options.a}, std::pair{&*b, &options.b}}) {
      auto replayed = replay(*run, *folder);
      if (!replayed) return report(replayed.error(), common);
      for (const judge::ReplayComparison& one : replayed->deployments) all_same = all_same && one.same_joined;
      replays.push_back(std::move(*replayed));
    }
  }
  if (common.json) {
    nlohmann::json json = judge::to_json(comparison);
    if (options.replay) json["replay"] = to_json(replays);
    fmt::print("{}\n", json.dump(2));
  } else {
    fmt::print("{}", judge::to_text(comparison));
    if (options.replay) fmt::print("\nREPLAY of recorded readiness through fresh controllers\n");
    for (const Replay& one : replays) print_replay(one);
  }
  return all_same ? kExitOk : kExitCheckFailed;
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
