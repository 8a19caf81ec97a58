// tandem rollout status|history: how far a rollout was at a moment of a run, and which revisions there were.

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "cli/kubectl_view.hpp"
#include "core/kubectl/rollout.hpp"

namespace tandem::cli {

namespace {

struct Options {
  ViewOptions view;
  std::optional<std::uint64_t> revision;
  bool watch = false;
};

void print_json(const nlohmann::ordered_json& rollouts, SimTime time) {
  fmt::print("{}\n", nlohmann::ordered_json{{"version", 1}, {"atNs", time.ns}, {"rollouts", rollouts}}.dump(2));
}

/// What each later state of the object says, until the rollout is done.
int watch(const nlohmann::json& object, std::int64_t revision, const View& view) {
  const std::string uid = object.at("metadata").value("uid", "");
  bool done = false;
  std::string error;
  view.run.recording.for_each_change(
      [&](const record::ObjectChange& change) { return !done && error.empty() && change.time > view.time && change.uid == uid; },
      [&](std::size_t /*index*/, const record::ObjectChange& change, const cluster::AnyObject& changed) {
        if (change.type == cluster::ChangeType::Deleted) {
          error = "object has been deleted";
          return;
        }
        const kubectl::RolloutState state = kubectl::rollout_state(json_with_seconds(changed), revision);
        fmt::print("{}", state.message);
        done = state.done;
        error = state.error;
      });
  if (!error.empty()) fmt::print(stderr, "error: {}\n", error);
  else if (!done) fmt::print(stderr, "the run ended before the rollout was done\n");
  return done && error.empty() ? kExitOk : kExitCheckFailed;
}

int status(const Options& options, const kubectl::Selection& selection, const View& view, const CommonOptions& common) {
  const auto selected = kubectl::select(selection, view.objects);
  if (!selected) return report(selected.error(), common);
  const auto revision = static_cast<std::int64_t>(options.revision.value_or(0));
  int exit_code = kExitOk;
  bool any = false;
  nlohmann::ordered_json rollouts = nlohmann::ordered_json::array();
  for (const kubectl::Group& group : selected->groups) {
    for (const nlohmann::json& object : group.objects) {
      any = true;
      const kubectl::RolloutState state = kubectl::rollout_state(object, revision);
      if (!state.error.empty()) exit_code = kExitCheckFailed;
      if (common.json) {
        rollouts.push_back({{"object", object.value("kind", "") + "/" + object.at("metadata").value("name", "")}, {"message", state.message},
                            {"done", state.done}, {"error", state.error}});
        continue;
      }
      fmt::print("{}", state.message);
      if (!state.error.empty()) fmt::print(stderr, "error: {}\n", state.error);
      else if (options.watch && !state.done) exit_code = std::max(exit_code, watch(object, revision, view));
    }
  }
  for (const std::string& error : selected->errors) {
    fmt::print(stderr, "{}\n", error);
    exit_code = kExitCheckFailed;
  }
  if (common.json) print_json(rollouts, view.time);
  else if (!any && exit_code == kExitOk) fmt::print(stderr, "No resources found in {} namespace.\n", selection.namespace_);
  return exit_code;
}

int history(const Options& options, const kubectl::Selection& selection, const View& view, const CommonOptions& common) {
  const auto answer = kubectl::rollout_history(selection, static_cast<std::int64_t>(options.revision.value_or(0)), view.objects);
  if (!answer) return report(answer.error(), common);
  if (!common.json) return print_answer(*answer);
  print_json({{{"history", answer->out}, {"error", answer->err}}}, view.time);
  return answer->exit_code;
}

int rollout(const Options& options, const CommonOptions& common) {
  ViewOptions where = options.view;
  const std::string what = where.words.empty() ? std::string() : where.words.front();
  if (what != "status" && what != "history") {
    return report(make_error(ErrorCode::UsageBadArgument, "rollout knows two words").with_found(what).with_allowed("status, history")
                      .with_hint("for example: tandem rollout status deployment/web runs/rolling-update-sim --at 22s"), common);
  }
  where.words.erase(where.words.begin());
  const Result<View> view = open_view(where);
  if (!view) return report(view.error(), common);
  kubectl::Selection selection;
  if (const Status parsed = fill_selection(where, *view, selection); !parsed) return report(parsed.error(), common);
  return what == "status" ? status(options, selection, *view, common) : history(options, selection, *view, common);
}

}  // namespace

Command rollout_command() {
  return {"rollout", "Say how far a rollout was, or which revisions there were, as kubectl would have.",
          "  tandem rollout status deployment/web runs/a --at 22s     at that moment\n"
          "  tandem rollout status deployment/web runs/a --at 20s -w  from there until it was done\n"
          "  tandem rollout history deployment/web runs/a             the revisions\n"
          "  tandem rollout history deployment/web runs/a --revision 2\n",
          [](OptionTable& table, CommonOptions& common) {
            auto options = std::make_shared<Options>();
            add_view_options(table, options->view, "status or history, then kind/name and the recording folder");
            table.add_option("-l,--selector", options->view.selector, "label selector, such as app=web");
            table.add_option("--revision", options->revision, "of one revision only (default: the last; history: all)")->takes(Takes::Number);
            table.add_flag("-w,--watch", options->watch, "status: go on until the rollout is done");
            return [options, &common] { return rollout(*options, common); };
          }};
}

}  // namespace tandem::cli
