// tandem describe: objects with their events, as `kubectl describe` shows them.

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/kubectl_view.hpp"
#include "core/kubectl/describe.hpp"

namespace tandem::cli {

namespace {

struct Options {
  ViewOptions view;
  bool no_events = false;
};

/// The events about an object, by the kind, namespace and name that they involve.
nlohmann::json events_about(const nlohmann::json& object, const std::vector<nlohmann::json>& objects) {
  nlohmann::json found = nlohmann::json::array();
  const nlohmann::json& meta = object.at("metadata");
  for (const nlohmann::json& event : objects) {
    if (event.value("kind", "") != "Event") continue;
    const nlohmann::json involved = event.value("involvedObject", nlohmann::json::object());
    const bool about = involved.value("kind", "") == object.value("kind", "") && involved.value("name", "") == meta.value("name", "") &&
                       involved.value("namespace", "") == meta.value("namespace", "");
    if (about) found.push_back(event);
  }
  return found;
}

int print_json(const kubectl::DescribeRequest& request, const View& view, const CommonOptions& common) {
  const auto selected = kubectl::select(request, view.objects);
  if (!selected) return report(selected.error(), common);
  nlohmann::ordered_json described = nlohmann::ordered_json::array();
  for (const kubectl::Group& group : selected->groups) {
    for (const nlohmann::json& object : group.objects) described.push_back({{"object", object}, {"events", events_about(object, view.objects)}});
  }
  fmt::print("{}\n", nlohmann::ordered_json{{"version", 1}, {"atNs", view.time.ns}, {"objects", described}}.dump(2));
  for (const std::string& error : selected->errors) fmt::print(stderr, "{}\n", error);
  return described.empty() ? kExitCheckFailed : kExitOk;
}

int describe(const Options& options, const CommonOptions& common) {
  const Result<View> view = open_view(options.view);
  if (!view) return report(view.error(), common);
  kubectl::DescribeRequest request;
  request.words = view->words;
  request.show_events = !options.no_events;
  request.now_unix_seconds = view->now_unix_seconds;
  if (const Status parsed = fill_selection(options.view, *view, request); !parsed) return report(parsed.error(), common);
  if (common.json) return print_json(request, *view, common);
  const auto answer = kubectl::describe(request, view->objects);
  return answer ? print_answer(*answer) : report(answer.error(), common);
}

}  // namespace

Command describe_command() {
  return {"describe", "Show objects of a run in full, with their events.",
          "  tandem describe deployment/web runs/a --at 25s    in the middle of the rollout\n"
          "  tandem describe node kind-worker runs/a           a node with its pods\n"
          "  tandem describe pod web- runs/a                   every pod whose name starts so\n",
          [](OptionTable& table, CommonOptions& common) {
            auto options = std::make_shared<Options>();
            add_view_options(table, options->view, "kind/name, or kind and names, and the recording folder");
            add_list_options(table, options->view);
            table.add_flag("--no-events", options->no_events, "without the events");
            return [options, &common] { return describe(*options, common); };
          }};
}

}  // namespace tandem::cli
