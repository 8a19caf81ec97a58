// tandem explain: why a pod is on its node, or on none; what a node turned away; where two runs part.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <nlohmann/json.hpp>
#include <set>

#include "cli/command.hpp"
#include "cli/printing.hpp"
#include "cli/stored_run.hpp"
#include "core/base/text.hpp"
#include "core/judge/explain.hpp"
#include "core/judge/explain_diff.hpp"
#include "core/judge/explain_node.hpp"
#include "core/judge/explain_words.hpp"
#include "core/judge/identity.hpp"
#include "core/kubectl/resources.hpp"

namespace tandem::cli {

namespace {

using Json = nlohmann::ordered_json;

struct Options {
  std::string run;
  std::vector<std::string> words;
  std::optional<std::uint64_t> attempt;
  std::string at;
  std::string namespace_;  ///< empty: "default" of a pod, every one in the list of decisions
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
  judge::PodQuestion question{.namespace_ = options.namespace_.empty() ? "default" : options.namespace_, .name = name, .attempt = {}, .at = {}};
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
  if (options.attempt) {
    return report(make_error(ErrorCode::UsageBadArgument, "--attempt does not go with what is asked").with_hint("attempts are a pod's; of a node, --at TIME tells what happened until then"), common);
  }
  const auto at = moment_of(options.at, run.recording);
  if (!at) return report(at.error(), common);
  const auto told = judge::explain_node(run.recording, run.history, *run.scheduler, name, *at);
  if (!told) return report(told.error(), common);
  print(*told, options, common);
  return report_mismatches(told->mismatches, run, common);
}

/// Every decision, of a namespace and until a time if they are given; each made again.
int explain_all(const StoredRun& run, const Options& options, const CommonOptions& common) {
  const auto until = moment_of(options.at, run.recording);
  if (!until) return report(until.error(), common);
  const auto wanted = [&](std::size_t number) {
    const record::SchedulingDecision& decision = run.recording.decisions()[number];
    return (options.at.empty() || decision.time <= *until) && (options.namespace_.empty() || decision.pod.starts_with(options.namespace_ + "/"));
  };
  const auto test = judge::reevaluate(run.recording, *run.scheduler, wanted);
  if (!test) return report(test.error(), common);
  std::vector<std::string> mismatches;
  for (const judge::DecisionMismatch& mismatch : test->mismatches) {
    mismatches.push_back(fmt::format("{}: {}", run.recording.decisions()[mismatch.number].pod, fmt::join(mismatch.what, "; ")));
  }
  if (common.json) {
    Json decisions = Json::array();
    for (std::size_t i = 0; i < run.recording.decisions().size(); ++i) {
      if (!wanted(i)) continue;
      const record::SchedulingDecision& decision = run.recording.decisions()[i];
      decisions.push_back({{"pod", decision.pod}, {"attempt", decision.attempt}, {"decidedNs", decision.time.ns}, {"node", decision.node}, {"message", decision.message}});
    }
    fmt::print("{}\n", Json{{"version", 1}, {"decisions", decisions}, {"mismatches", mismatches}}.dump(2));
  } else if (test->decisions == 0) {
    fmt::print("No scheduling decisions{}{}.\n", options.namespace_.empty() ? "" : " about pods in namespace " + options.namespace_, options.at.empty() ? "" : " until " + options.at);
  } else {
    fmt::print("{}", judge::decisions_text(run.recording, run.history, wanted));
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

Error not_an_object(const std::vector<std::string>& words, const std::string& hint) {
  return make_error(ErrorCode::UsageBadArgument, "explain needs a pod or a node")
      .with_found(fmt::format("{}", fmt::join(words, " ")))
      .with_allowed("pod/NAME, node/NAME, or nothing for a list of all decisions")
      .with_hint(hint);
}

/// What objects of this kind and name own, and what those own, and so on: uids, at the moment in question.
std::set<std::string> uids_under(const std::vector<nlohmann::json>& objects, std::string_view kind, const std::string& namespace_, const std::string& name) {
  std::set<std::string> uids;
  for (bool found = true; found;) {
    found = false;
    for (const nlohmann::json& object : objects) {
      const nlohmann::json& meta = object.at("metadata");
      bool belongs = object.value("kind", "") == kind && meta.value("namespace", "") == namespace_ && meta.value("name", "") == name;
      for (const nlohmann::json& owner : meta.value("ownerReferences", nlohmann::json::array())) belongs = belongs || uids.contains(owner.value("uid", ""));
      if (belongs && uids.insert(meta.value("uid", "")).second) found = true;
    }
  }
  return uids;
}

/// Which pods to ask about instead of the object that owns them; empty if there are none.
std::string pods_instead(const StoredRun& run, std::string_view kind, const std::string& name, const Options& options) {
  const auto at = moment_of(options.at, run.recording);
  if (!at) return {};
  const auto uids = uids_under(objects_at(run.recording, *at), kind, options.namespace_.empty() ? "default" : options.namespace_, name);
  const judge::Identities identities(run.history);
  std::vector<std::string> pods;
  for (const judge::PodLife& pod : run.history.pods) {
    if (uids.contains(pod.owner_uid)) pods.push_back(fmt::format("pod/{}", identities.of(pod)));
  }
  return pods.empty() ? std::string() : fmt::format("its pods: {}", judge::Words::list(pods, judge::Words::kNamesShown));
}

Error not_a_pod_or_node(const StoredRun& run, std::string_view kind, const std::string& name, const Options& options) {
  const std::string pods = pods_instead(run, kind, name, options);
  return not_an_object(options.words, pods.empty() ? "tandem explain " + options.run + " lists every decision with its pod" : pods);
}

/// An option that says nothing about what was asked; nothing if all do.
std::optional<Error> misplaced(const Options& options) {
  const auto refuse = [](const char* option, const char* hint) {
    return make_error(ErrorCode::UsageBadArgument, fmt::format("{} does not go with what is asked", option)).with_hint(hint);
  };
  if (options.diff) {
    constexpr const char* kHint = "--diff finds the first decision in which the runs part, whatever its time and pod";
    if (!options.at.empty()) return refuse("--at", kHint);
    if (options.attempt) return refuse("--attempt", kHint);
    if (!options.namespace_.empty()) return refuse("--namespace", kHint);
    return std::nullopt;
  }
  if (options.attempt && options.words.empty()) return refuse("--attempt", "name the pod whose attempt it is: tandem explain RUN pod/NAME --attempt 1");
  return std::nullopt;
}

int explain(const Options& options, const CommonOptions& common) {
  if (const auto error = misplaced(options)) return report(*error, common);
  if (options.diff) {
    if (options.words.size() == 1) return explain_diff(options.run, options.words.front(), options, common);
    return report(make_error(ErrorCode::UsageBadArgument, "--diff needs two recording folders").with_hint("for example: tandem explain --diff runs/a runs/b"), common);
  }
  const auto run = open_scheduled_run(options.run);
  if (!run) return report(run.error(), common);
  if (options.words.empty()) return explain_all(*run, options, common);
  // "pod/web-1" or "pod web-1"; logical names such as web#2.3 hold no slash.
  std::vector<std::string> words = options.words;
  if (const std::size_t slash = words.front().find('/'); words.size() == 1 && slash != std::string::npos) words = {words.front().substr(0, slash), words.front().substr(slash + 1)};
  const kubectl::Resource* resource = words.size() == 2 ? kubectl::find_resource(words.front()) : nullptr;
  const std::string_view kind = resource == nullptr ? std::string_view() : resource->kind;
  if (kind == "Pod") return explain_pod(*run, words.back(), options, common);
  if (kind == "Node") return explain_node(*run, words.back(), options, common);
  if (!kind.empty()) return report(not_a_pod_or_node(*run, kind, words.back(), options), common);
  const bool bare = options.words.size() == 1 && options.words.front().find('/') == std::string::npos;
  return report(not_an_object(options.words, bare ? "for example: tandem explain RUN pod/" + options.words.front() : ""), common);
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
            table.add_option("--at", options->at, "up to this moment of the run, such as 21.5s (default: the end)")->takes(Takes::Time);
            table.add_option("-n,--namespace", options->namespace_, "namespace of the pod (without one: default; of a list: all)");
            table.add_flag("--diff", options->diff, "compare the decisions of two runs");
            table.add_flag("--all", options->all, "do not cut long lists");
            return [options, &common] { return explain(*options, common); };
          }};
}

}  // namespace tandem::cli
