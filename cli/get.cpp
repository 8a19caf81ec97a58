// tandem get: what `kubectl get` would have printed at any moment of a run.

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "cli/command.hpp"
#include "cli/stored_run.hpp"
#include "core/base/text.hpp"
#include "core/kubectl/get.hpp"
#include "host/files.hpp"

namespace tandem::cli {

namespace {

struct Options {
  std::vector<std::string> words;
  std::string at;
  std::string output;
  std::string selector;
  std::string namespace_ = "default";
  std::vector<std::string> label_columns;
  bool all_namespaces = false;
  bool show_labels = false;
  bool no_headers = false;
};

/// The run is the last word that names a folder; everything else are resources and names.
Result<std::string> take_run(std::vector<std::string>& words) {
  for (auto word = words.rbegin(); word != words.rend(); ++word) {
    if (!host::exists(*word + "/manifest.json") && !host::exists(*word + "/events.tdr")) continue;
    std::string run = *word;
    words.erase(std::next(word).base());
    return run;
  }
  return fail(make_error(ErrorCode::RecordNotFound, "none of the words names a recording folder").with_hint("for example: tandem get pods runs/rolling-update-sim"));
}

/// kubectl's own JSON is what `-o json` prints; --json is Tandem's contract and says which version of it.
void print_json(const kubectl::GetAnswer& answer, SimTime time) {
  const auto document = nlohmann::ordered_json::parse(answer.out, nullptr, false);
  nlohmann::ordered_json json = {{"version", 1}, {"atNs", time.ns}, {"items", nlohmann::ordered_json::array()}};
  if (document.is_object() && document.value("kind", "") == "List") json["items"] = document.value("items", nlohmann::ordered_json::array());
  else if (document.is_object()) json["items"].push_back(document);
  fmt::print("{}\n", json.dump(2));
}

int get(Options options, const CommonOptions& common) {
  const Result<std::string> folder = take_run(options.words);
  if (!folder) return report(folder.error(), common);
  const auto run = open_run(*folder);
  if (!run) return report(run.error(), common);
  const Result<SimTime> time = moment_of(options.at, run->recording);
  if (!time) return report(time.error(), common);
  kubectl::GetRequest request;
  request.namespace_ = options.namespace_;
  request.selector = options.selector;
  request.output = common.json ? "json" : options.output;
  request.options.all_namespaces = options.all_namespaces;
  request.options.show_labels = options.show_labels;
  request.options.with_headers = !options.no_headers;
  request.options.label_columns = options.label_columns;
  request.options.now_unix_seconds = unix_seconds_at(*time);
  if (const Status parsed = kubectl::parse_resources(options.words, request); !parsed) return report(parsed.error(), common);
  // All events in order of time are more use than kubectl's order by name.
  const bool all_events = request.kinds == std::vector<std::string>{"Event"} && request.names.empty() && request.selector.empty() && request.output.empty() && options.at.empty();
  if (all_events && !options.show_labels && !options.no_headers && options.label_columns.empty()) {
    fmt::print("{}", events_table(run->recording));
    return kExitOk;
  }
  const auto answer = kubectl::get(request, objects_at(run->recording, *time));
  if (!answer) return report(answer.error(), common);
  if (common.json) print_json(*answer, *time);
  else fmt::print("{}", answer->out);
  fmt::print(stderr, "{}", answer->err);
  return answer->exit_code;
}

}  // namespace

Command get_command() {
  return {"get", "Show objects at any moment of a run, as kubectl would have.",
          "  tandem get pods runs/a --at 21.5s                 the pods in the middle of the rollout\n"
          "  tandem get deployments,rs runs/a -o wide          several kinds, more columns\n"
          "  tandem get events runs/a                          what happened, oldest first\n"
          "  tandem get pod web-5d7f9c-abcde runs/a -o yaml    one object, whole\n",
          [](OptionTable& table, CommonOptions& common) {
            auto options = std::make_shared<Options>();
            table.add_option("words", options->words, "kinds (and names), then the recording folder")->required()->takes(Takes::Run);
            table.add_option("--at", options->at, "moment of the run, such as 21.5s (default: the end)")->takes(Takes::Time);
            table.add_option("-o,--output", options->output, "wide, name, json, yaml")->one_of({"wide", "name", "json", "yaml"});
            table.add_option("-l,--selector", options->selector, "label selector, such as app=web,tier!=db");
            table.add_option("-n,--namespace", options->namespace_, "namespace");
            table.add_flag("-A,--all-namespaces", options->all_namespaces, "all namespaces");
            table.add_flag("--show-labels", options->show_labels, "a LABELS column");
            table.add_option("-L,--label-columns", options->label_columns, "labels as columns")->split_at(',');
            table.add_flag("--no-headers", options->no_headers, "no header line");
            return [options, &common] { return get(*options, common); };
          }};
}

}  // namespace tandem::cli
