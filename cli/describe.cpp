// tandem describe: one object with its events, as `kubectl describe` shows them.

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "cli/command.hpp"
#include "cli/stored_run.hpp"
#include "core/kubectl/get.hpp"

namespace tandem::cli {

namespace {

struct Options {
  std::string run;
  std::vector<std::string> words;
  std::string at;
  std::string namespace_ = "default";
};

/// The events about an object, by the kind, namespace and name that they involve.
nlohmann::json events_of(const nlohmann::json& object, const std::vector<nlohmann::json>& events) {
  nlohmann::json found = nlohmann::json::array();
  const nlohmann::json& meta = object.at("metadata");
  for (const nlohmann::json& event : events) {
    const nlohmann::json involved = event.value("involvedObject", nlohmann::json::object());
    const bool about = involved.value("kind", "") == object.value("kind", "") && involved.value("name", "") == meta.value("name", "") &&
                       involved.value("namespace", "") == meta.value("namespace", "");
    if (about) found.push_back(event);
  }
  return found;
}

int describe(const Options& options, const CommonOptions& common) {
  const auto run = open_run(options.run);
  if (!run) return report(run.error(), common);
  const Result<SimTime> time = moment_of(options.at, run->recording);
  if (!time) return report(time.error(), common);
  kubectl::GetRequest request;
  if (const Status parsed = kubectl::parse_resources(options.words, request); !parsed) return report(parsed.error(), common);
  const std::vector<nlohmann::json> objects = objects_at(run->recording, *time);
  std::vector<nlohmann::json> events;
  for (const nlohmann::json& object : objects) {
    if (object.value("kind", "") == "Event") events.push_back(object);
  }
  std::string text;
  nlohmann::ordered_json described = nlohmann::ordered_json::array();
  for (const nlohmann::json& object : objects) {
    const nlohmann::json& meta = object.at("metadata");
    const bool named = request.names.empty() || std::find(request.names.begin(), request.names.end(), meta.value("name", "")) != request.names.end();
    const bool kind = object.value("kind", "") == request.kinds.front();
    const bool here = kubectl::is_cluster_scoped_kind(request.kinds.front()) || meta.value("namespace", "") == options.namespace_;
    if (!kind || !named || !here) continue;
    text += (text.empty() ? "" : "\n\n") + kubectl::describe(object, events, unix_seconds_at(*time));
    described.push_back({{"object", object}, {"events", events_of(object, events)}});
  }
  if (common.json) {
    fmt::print("{}\n", nlohmann::ordered_json{{"version", 1}, {"atNs", time->ns}, {"objects", described}}.dump(2));
    return described.empty() ? kExitCheckFailed : kExitOk;
  }
  if (text.empty()) {
    const std::string what = request.names.empty() ? "any" : request.names.front();
    fmt::print(stderr, "Error from server (NotFound): {} \"{}\" not found\n", kubectl::resource_of_kind(request.kinds.front(), false), what);
    return kExitCheckFailed;
  }
  fmt::print("{}", text);
  return kExitOk;
}

}  // namespace

Command describe_command() {
  return {"describe", "Show one object of a run with its events.",
          "  tandem describe runs/a deployment/web --at 25s    in the middle of the rollout\n"
          "  tandem describe runs/a node kind-worker           a node\n",
          [](OptionTable& table, CommonOptions& common) {
            auto options = std::make_shared<Options>();
            table.add_option("run", options->run, "recording folder")->required()->takes(Takes::Run);
            table.add_option("object", options->words, "kind/name, or kind and names")->required();
            table.add_option("--at", options->at, "moment of the run, such as 21.5s (default: the end)")->takes(Takes::Time);
            table.add_option("-n,--namespace", options->namespace_, "namespace");
            return [options, &common] { return describe(*options, common); };
          }};
}

}  // namespace tandem::cli
