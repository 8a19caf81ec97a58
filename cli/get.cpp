// tandem get: what `kubectl get` would have printed at any moment of a run, or all along it.

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "cli/kubectl_view.hpp"
#include "core/kubectl/get.hpp"
#include "core/kubectl/watch.hpp"

namespace tandem::cli {

namespace {

struct Options {
  ViewOptions view;
  std::string output;
  std::vector<std::string> label_columns;
  bool show_labels = false;
  bool no_headers = false;
  bool watch = false;
};

/// kubectl's own JSON is what `-o json` prints; --json is Tandem's contract and says which version of it.
void print_json(const kubectl::Answer& answer, SimTime time) {
  const auto document = nlohmann::ordered_json::parse(answer.out, nullptr, false);
  nlohmann::ordered_json json = {{"version", 1}, {"atNs", time.ns}, {"items", nlohmann::ordered_json::array()}};
  if (document.is_object() && document.value("kind", "") == "List") json["items"] = document.value("items", nlohmann::ordered_json::array());
  else if (document.is_object()) json["items"].push_back(document);
  fmt::print("{}\n", json.dump(2));
}

/// The table at the start, then a row for every change until the run's end.
int watch(const kubectl::GetRequest& request, const View& view, const CommonOptions& common) {
  auto watch = kubectl::Watch::of(request);
  if (!watch) return report(watch.error(), common);
  const auto first = watch->start(view.objects, view.now_unix_seconds);
  if (!first) return report(first.error(), common);
  if (print_answer(*first) != kExitOk) return first->exit_code;
  const std::string& kind = request.kinds.front();
  view.run.recording.for_each_change(
      [&](const record::ObjectChange& change) {
        return change.time > view.time && (cluster::name_of(change.kind) == kind || change.kind == cluster::Kind::Unstructured);
      },
      [&](std::size_t /*index*/, const record::ObjectChange& change, const cluster::AnyObject& object) {
        fmt::print("{}", watch->change(json_with_seconds(object), unix_seconds_at(change.time)));
      });
  return kExitOk;
}

int get(const Options& options, const CommonOptions& common) {
  if (options.watch && common.json) {
    return report(make_error(ErrorCode::UsageBadArgument, "a watch is text, not one JSON document").with_found("--watch --json").with_hint("-o json prints a document a change"),
                  common);
  }
  ViewOptions where = options.view;
  // A watch without a moment shows the whole run.
  if (options.watch && where.at.empty()) where.at = "0s";
  const Result<View> view = open_view(where);
  if (!view) return report(view.error(), common);
  kubectl::GetRequest request;
  request.output = common.json ? "json" : options.output;
  request.options.show_labels = options.show_labels;
  request.options.with_headers = !options.no_headers;
  request.options.label_columns = options.label_columns;
  request.options.now_unix_seconds = view->now_unix_seconds;
  if (const Status parsed = fill_selection(options.view, *view, request); !parsed) return report(parsed.error(), common);
  if (options.watch) return watch(request, *view, common);
  // All events in order of time are more use than kubectl's order by name.
  const bool all_events = request.kinds == std::vector<std::string>{"Event"} && request.named.empty() && request.selector.empty() && request.output.empty() &&
                          options.view.at.empty() && !options.show_labels && !options.no_headers && options.label_columns.empty();
  if (all_events) {
    fmt::print("{}", events_table(view->run.recording));
    return kExitOk;
  }
  const auto answer = kubectl::get(request, view->objects);
  if (!answer) return report(answer.error(), common);
  if (!common.json) return print_answer(*answer);
  print_json(*answer, view->time);
  fmt::print(stderr, "{}", answer->err);
  return answer->exit_code;
}

}  // namespace

Command get_command() {
  return {"get", "Show objects at any moment of a run, as kubectl would have.",
          "  tandem get pods runs/a --at 21.5s                 the pods in the middle of the rollout\n"
          "  tandem get deployments,rs runs/a -o wide          several kinds, more columns\n"
          "  tandem get all runs/a -A                          everything that kubectl calls all\n"
          "  tandem get pods runs/a --watch                    every change from the start to the end\n"
          "  tandem get events runs/a                          what happened, oldest first\n"
          "  tandem get pod web-5d7f9c-abcde runs/a -o yaml    one object, whole\n",
          [](OptionTable& table, CommonOptions& common) {
            auto options = std::make_shared<Options>();
            add_view_options(table, options->view, "kinds (and names), then the recording folder");
            add_list_options(table, options->view);
            table.add_option("-o,--output", options->output, "wide, name, json, yaml")->one_of({"wide", "name", "json", "yaml"});
            table.add_flag("--show-labels", options->show_labels, "a LABELS column");
            table.add_option("-L,--label-columns", options->label_columns, "labels as columns")->split_at(',');
            table.add_flag("--no-headers", options->no_headers, "no header line");
            table.add_flag("-w,--watch", options->watch, "go on with a row for every change until the run's end (from its start without --at)");
            return [options, &common] { return get(*options, common); };
          }};
}

}  // namespace tandem::cli
