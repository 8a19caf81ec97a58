#include "cli/kubectl_view.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "host/files.hpp"

namespace tandem::cli {

namespace {

/// The run is the last word that names a folder; everything else are resources and names.
Result<std::string> take_run(std::vector<std::string>& words) {
  for (auto word = words.rbegin(); word != words.rend(); ++word) {
    if (!host::exists(*word + "/manifest.json") && !host::exists(*word + "/events.tdr")) continue;
    std::string run = *word;
    words.erase(std::next(word).base());
    return run;
  }
  return fail(make_error(ErrorCode::RecordNotFound, "none of the words names a recording folder")
                  .with_found(fmt::format("{}", fmt::join(words, " ")))
                  .with_hint("for example: tandem get pods runs/rolling-update-sim"));
}

}  // namespace

void add_view_options(OptionTable& table, ViewOptions& options, const char* what) {
  table.add_option("words", options.words, what)->required()->takes(Takes::Run);
  table.add_option("--at", options.at, "moment of the run, such as 21.5s (default: the end)")->takes(Takes::Time);
  table.add_option("-n,--namespace", options.namespace_, "namespace");
}

void add_list_options(OptionTable& table, ViewOptions& options) {
  table.add_option("-l,--selector", options.selector, "label selector, such as app=web,tier!=db");
  table.add_flag("-A,--all-namespaces", options.all_namespaces, "all namespaces");
}

Result<View> open_view(const ViewOptions& options) {
  std::vector<std::string> words = options.words;
  const Result<std::string> folder = take_run(words);
  if (!folder) return tl::unexpected(folder.error());
  auto run = open_run(*folder);
  if (!run) return tl::unexpected(run.error());
  const Result<SimTime> time = moment_of(options.at, run->recording);
  if (!time) return tl::unexpected(time.error());
  std::vector<nlohmann::json> objects = objects_at(run->recording, *time);
  return View{std::move(*run), std::move(words), *time, std::move(objects), unix_seconds_at(*time)};
}

Status fill_selection(const ViewOptions& options, const View& view, kubectl::Selection& selection) {
  selection.namespace_ = options.namespace_;
  selection.all_namespaces = options.all_namespaces;
  selection.selector = options.selector;
  return kubectl::parse_resources(view.words, selection);
}

int print_answer(const kubectl::Answer& answer) {
  fmt::print("{}", answer.out);
  fmt::print(stderr, "{}", answer.err);
  return answer.exit_code;
}

}  // namespace tandem::cli
