// tandem top: CPU and memory of pods and nodes, from the samples of a recording.

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/kubectl_view.hpp"
#include "cli/metrics.hpp"
#include "core/kubectl/top.hpp"

namespace tandem::cli {

namespace {

struct Options {
  ViewOptions view;
  std::string sort_by;
  bool containers = false;
  bool sum = false;
  bool no_headers = false;
  bool show_capacity = false;
};

int top(const Options& options, const CommonOptions& common) {
  Result<View> view = open_view(options.view);
  if (!view) return report(view.error(), common);
  const std::string what = view->words.empty() ? std::string() : view->words.front();
  const bool nodes = what == "nodes" || what == "node" || what == "no";
  if ((!nodes && what != "pods" && what != "pod" && what != "po") || view->words.size() > 2) {
    return report(make_error(ErrorCode::UsageBadArgument, "top shows pods or nodes, all or one by name").with_found(fmt::format("{}", fmt::join(view->words, " ")))
                      .with_allowed("pods, nodes").with_hint("for example: tandem top pods runs/rolling-update-docker"), common);
  }
  kubectl::TopRequest request;
  request.nodes = nodes;
  if (view->words.size() == 2) request.name = view->words[1];
  request.namespace_ = options.view.namespace_;
  request.all_namespaces = options.view.all_namespaces;
  request.selector = options.view.selector;
  request.sort_by = options.sort_by;
  request.containers = options.containers;
  request.sum = options.sum;
  request.with_headers = !options.no_headers;
  request.show_capacity = options.show_capacity;
  request.now_unix_seconds = view->now_unix_seconds;
  std::vector<nlohmann::json> metrics = metrics_at(view->run.recording, view->objects, view->time);
  request.metrics_api = has_metrics(view->run.recording);
  if (common.json) {
    fmt::print("{}\n", nlohmann::ordered_json{{"version", 1}, {"atNs", view->time.ns}, {"available", request.metrics_api}, {"metrics", metrics}}.dump(2));
    return kExitOk;
  }
  view->objects.insert(view->objects.end(), metrics.begin(), metrics.end());
  const auto answer = kubectl::top(request, view->objects);
  return answer ? print_answer(*answer) : report(answer.error(), common);
}

}  // namespace

Command top_command() {
  return {"top", "Show what pods or nodes used, as kubectl would have.",
          "  tandem top pods runs/a --at 30s                   CPU and memory of pods\n"
          "  tandem top pods runs/a --containers --sort-by cpu a line a container, the hungriest first\n"
          "  tandem top nodes runs/a                           nodes, with their shares\n",
          [](OptionTable& table, CommonOptions& common) {
            auto options = std::make_shared<Options>();
            add_view_options(table, options->view, "pods or nodes, a name if only one, and the recording folder");
            add_list_options(table, options->view);
            table.add_option("--sort-by", options->sort_by, "cpu or memory, largest first")->one_of({"cpu", "memory"});
            table.add_flag("--containers", options->containers, "a line a container");
            table.add_flag("--sum", options->sum, "the sum of all pods below");
            table.add_flag("--no-headers", options->no_headers, "no header line");
            table.add_flag("--show-capacity", options->show_capacity, "shares of a node's capacity instead of what is allocatable");
            return [options, &common] { return top(*options, common); };
          }};
}

}  // namespace tandem::cli
