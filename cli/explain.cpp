// tandem explain: why a pod is on its node, or on none; what a node turned away; where two runs part.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <nlohmann/json.hpp>

#include "cli/command.hpp"
#include "cli/printing.hpp"
#include "cli/stored_run.hpp"
#include "core/base/text.hpp"
#include "core/judge/explain.hpp"
#include "core/judge/explain_diff.hpp"
#include "core/judge/explain_node.hpp"
#include "core/kubectl/resources.hpp"

namespace tandem::cli {

namespace {

using Json = nlohmann::ordered_json;

struct Options {
  std::string run;
  std::vector<std::string> words;
  std::optional<std::uint64_t> attempt;
  std::string at;
  std::string namespace_ = "default";
  bool diff = false;
  bool all = false;
};

/// A run with the scheduler it had.
Result<StoredRun> open_scheduled_run(const std::string& folder) {
  auto run = open_run(folder);
  if (run && !run->scheduler) {
    return fail(make_error(ErrorCode::RecordVersion, "the run does not say how its scheduler was configured", {folder + "/scenario.json", 0, 0})
                    .with_hint("run the scenario again with this Tandem, then explain that run"));
  }
  return run;
}

/// An explanation that contradicts the record must not be believed.
int report_mismatches(const std::vector<std::string>& mismatches, const StoredRun& run, const CommonOptions& common) {
  if (mismatches.empty()) return kExitOk;
  Error error = make_error(ErrorCode::Internal, "a decision comes out differently when it is made again, so this explanation cannot be trusted");
  error.found = fmt::format("{}", fmt::join(mismatches, "; "));
  error.hint = fmt::format("the run was recorded by Tandem {}: explain it with the same one; if that is this one, please report it", run.recording.manifest_text("/tool/commit"));
  if (!common.json) return report(error, common);
  fmt::print(stderr, "{}\n", to_string(error));  // the document on stdout has them as "mismatches"
  return exit_code_of(error.code);
}

template <class Explanation>
void print(const Explanation& told, const Options& options, const CommonOptions& common) {
  if (!common.json) return fmt::print("{}", judge::to_text(told, {.unicode = unicode_output(), .all_nodes = options.all}));
  Json json = {{"version", 1}};
  json.update(judge::to_json(told));
  fmt::print("{}\n", json.dump(2));
}

int explain_pod(const StoredRun& run, const std::string& name, const Options& options, const CommonOptions& common) {
  judge::PodQuestion question{.namespace_ = options.namespace_, .name = name, .attempt = {}, .at = {}};
  if (options.attempt) question.attempt = static_cast<std::uint32_t>(std::min<std::uint64_t>(*options.attempt, UINT32_MAX));
  if (!options.at.empty()) {
    const auto at = moment_of(options.at, run.recording);
    if (!at) return report(at.error(), common);
    question.at = *at;
  }
  const auto told = judge::explain_pod(run.recording, run.history, *run.scheduler, question);
  if (!told) return report(told.error(), common);
  print(*told, options, common);
  return report_mismatches(told->mismatches, run, common);
}

int explain_node(const StoredRun& run, const std::string& name, const Options& options, const CommonOptions& common) {
  const auto at = moment_of(options.at, run.recording);
  if (!at) return report(at.error(), common);
  const auto told = judge::explain_node(run.recording, run.history, *run.scheduler, name, *at);
  if (!told) return report(told.error(), common);
  print(*told, options, common);
  return report_mismatches(told->mismatches, run, common);
}

/// Every decision, each made again.
int explain_all(const StoredRun& run, const CommonOptions& common) {
  const auto test = judge::reevaluate_all(run.recording, *run.scheduler);
  if (!test) return report(test.error(), common);
  std::vector<std::string> mismatches;
  for (const judge::DecisionMismatch& mismatch : test->mismatches) {
    mismatches.push_back(fmt::format("{}: {}", run.recording.decisions()[mismatch.number].pod, fmt::join(mismatch.what, "; ")));
  }
  if (common.json) {
    Json decisions = Json::array();
    for (const record::SchedulingDecision& decision : run.recording.decisions()) {
      decisions.push_back({{"pod", decision.pod}, {"attempt", decision.attempt}, {"decidedNs", decision.time.ns}, {"node", decision.node}, {"message", decision.message}});
    }
    fmt::print("{}\n", Json{{"version", 1}, {"decisions", decisions}, {"mismatches", mismatches}}.dump(2));
  } else {
    fmt::print("{}", judge::decisions_text(run.recording, run.history));
    if (mismatches.empty()) fmt::print("\n{} decisions, each made again with the same outcome.\n", test->decisions);
  }
  return report_mismatches(mismatches, run, common);
}

int explain_diff(const std::string& folder_a, const std::string& folder_b, const Options& options, const CommonOptions& common) {
  const auto a = open_scheduled_run(folder_a);
  if (!a) return report(a.error(), common);
  const auto b = open_scheduled_run(folder_b);
  if (!b) return report(b.error(), common);
  const auto parting = judge::first_parting({a->recording, a->history, *a->scheduler}, {b->recording, b->history, *b->scheduler});
  if (!parting) return report(parting.error(), common);
  if (common.json) {
    fmt::print("{}\n", Json{{"version", 1}, {"parting", *parting ? judge::to_json(**parting) : Json()}}.dump(2));
  } else if (!*parting) {
    fmt::print("All {} scheduling decisions have the same outcome in both runs.\n", a->recording.decisions().size());
  } else {
    fmt::print("{}", judge::to_text(**parting, folder_a, folder_b, {.unicode = unicode_output(), .all_nodes = options.all}));
  }
  if (!*parting) return kExitOk;
  for (const auto& [side, run] : {std::pair{&(*parting)->a, &*a}, std::pair{&(*parting)->b, &*b}}) {
    if (!*side) continue;
    if (const int code = report_mismatches((*side)->mismatches, *run, common); code != kExitOk) return code;
  }
  return kExitOk;
}

Error not_an_object(const std::vector<std::string>& words) {
  return make_error(ErrorCode::UsageBadArgument, "explain needs a pod or a node")
      .with_found(fmt::format("{}", fmt::join(words, " ")))
      .with_allowed("pod/NAME, node/NAME, or nothing for a list of all decisions")
      .with_hint(words.size() == 1 && words.front().find('/') == std::string::npos ? "for example: tandem explain RUN pod/" + words.front() : "");
}

int explain(const Options& options, const CommonOptions& common) {
  if (options.diff) {
    if (options.words.size() == 1) return explain_diff(options.run, options.words.front(), options, common);
    return report(make_error(ErrorCode::UsageBadArgument, "--diff needs two recording folders").with_hint("for example: tandem explain --diff runs/a runs/b"), common);
  }
  const auto run = open_scheduled_run(options.run);
  if (!run) return report(run.error(), common);
  if (options.words.empty()) return explain_all(*run, common);
  // "pod/web-1" or "pod web-1"; logical names such as web#2.3 hold no slash.
  std::vector<std::string> words = options.words;
  if (const std::size_t slash = words.front().find('/'); words.size() == 1 && slash != std::string::npos) words = {words.front().substr(0, slash), words.front().substr(slash + 1)};
  const kubectl::Resource* resource = words.size() == 2 ? kubectl::find_resource(words.front()) : nullptr;
  const std::string_view kind = resource == nullptr ? std::string_view() : resource->kind;
  if (kind == "Pod") return explain_pod(*run, words.back(), options, common);
  if (kind == "Node") return explain_node(*run, words.back(), options, common);
  return report(not_an_object(options.words), common);
}

}  // namespace

Command explain_command() {
  return {"explain", "Tell why a pod is on its node, or on none; where two runs part.",
          "  tandem explain runs/a                              every scheduling decision\n"
          "  tandem explain runs/a pod/web-5d7f9c-abcde         filters, scores, ties of the last attempt\n"
          "  tandem explain runs/a pod/web#2.1 --attempt 1      by logical name, the first attempt\n"
          "  tandem explain runs/a node/kind-worker --at 20s    what was there, what was rejected there\n"
          "  tandem explain --diff runs/a runs/b                the first decision in which two runs part\n",
          [](OptionTable& table, CommonOptions& common) {
            auto options = std::make_shared<Options>();
            table.add_option("run", options->run, "recording folder")->required()->takes(Takes::Run);
            table.add_option("object", options->words, "pod/NAME or node/NAME; with --diff the other recording folder");
            table.add_option("--attempt", options->attempt, "attempt to schedule the pod (default: the last)");
            table.add_option("--at", options->at, "moment of the run, such as 21.5s (default: the end)")->takes(Takes::Time);
            table.add_option("-n,--namespace", options->namespace_, "namespace of the pod");
            table.add_flag("--diff", options->diff, "compare the decisions of two runs");
            table.add_flag("--all", options->all, "do not cut long lists");
            return [options, &common] { return explain(*options, common); };
          }};
}

}  // namespace tandem::cli
