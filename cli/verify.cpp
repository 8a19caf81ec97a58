// tandem verify: is a recording what it says it is? Its digest again from its columns, its inputs again from their hashes, and for a
// simulation the whole run again. Needs nothing but the recording's folder.

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "cli/command.hpp"
#include "cli/printing.hpp"
#include "cli/run_scenario.hpp"
#include "cli/worlds.hpp"
#include "core/base/digest.hpp"
#include "core/base/text.hpp"
#include "core/judge/first_difference.hpp"
#include "core/record/recording.hpp"
#include "core/scenario/load.hpp"
#include "host/files.hpp"
#include "host/terminal.hpp"

namespace tandem::cli {

namespace {

using nlohmann::json;

constexpr std::size_t kFileMax = std::size_t{256} << 20;

enum class Verdict { Same, Differs, NotChecked };

/// Members of the manifest, which is text from outside: what has another type counts as absent.
std::string text_at(const json& object, const char* name) {
  const bool there = object.is_object() && object.contains(name) && object.at(name).is_string();
  return there ? object.at(name).get<std::string>() : std::string();
}
json list_at(const json& object, const char* name) {
  const bool there = object.is_object() && object.contains(name) && object.at(name).is_array();
  return there ? object.at(name) : json::array();
}

/// One thing that was looked at.
struct Finding {
  std::string part;
  Verdict verdict = Verdict::Same;
  std::string text;
};

std::string_view word_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::Same: return "same";
    case Verdict::Differs: return "differs";
    case Verdict::NotChecked: return "not checked";
  }
  return {};
}

class Verifier {
 public:
  Verifier(const record::Recording& recording, const CommonOptions& common) : recording_(recording), common_(common) {}

  std::vector<Finding> verify() {
    check_recording();
    check_files();
    if (recording_.world() != "sim") {
      note("run again", Verdict::NotChecked, "a run in real time cannot be repeated: only its digest was computed again");
    } else if (recording_.manifest_text("/result/status") != "completed") {
      note("run again", Verdict::NotChecked, "the run did not come to its end, so there is nothing to compare with");
    } else if (inputs_are_there_) {
      run_again();
    }
    return std::move(findings_);
  }

 private:
  void note(std::string part, Verdict verdict, std::string text) { findings_.push_back({std::move(part), verdict, std::move(text)}); }

  void check_recording() {
    const std::string stored = recording_.manifest_text("/digest");
    const std::string computed = recording_.digest();
    if (!recording_.complete() || stored.empty()) {
      note("recording", Verdict::Differs, stored.empty() ? "it has no manifest with a digest: the run was killed, or its manifest is gone" : "its end is missing: it was cut");
    } else if (stored != computed) {
      note("recording", Verdict::Differs, fmt::format("changed after the run: its columns give {}, the manifest says {}", computed, escape_for_terminal(stored, 80)));
    } else {
      note("recording", Verdict::Same, "its columns give the stored digest " + computed);
    }
  }

  /// Files with a hash in the manifest: inputs (kept in a folder of their own) and outputs.
  void check_files() {
    std::size_t good = 0;
    for (const auto& [list, folder] : {std::pair<const char*, std::string>{"inputs", std::string(kInputsFolder) + "/"}, {"outputs", ""}}) {
      for (const json& entry : list_at(recording_.manifest(), list)) {
        const bool same = check_file(folder + text_at(entry, "path"), text_at(entry, "sha256"));
        good += same ? 1 : 0;
        if (!same && !folder.empty()) inputs_are_there_ = false;
      }
    }
    if (good > 0) note("files", Verdict::Same, fmt::format("{} have the stored hashes", good));
    if (!host::exists(recording_.folder() + "/" + std::string(kInputsFolder))) {
      inputs_are_there_ = false;
      note("run again", recording_.world() == "sim" ? Verdict::Differs : Verdict::NotChecked, "the recording does not hold the files it was made from");
    }
  }

  bool check_file(const std::string& name, const std::string& sha256) {
    const bool inside = !name.empty() && name.front() != '/' && name.find("..") == std::string::npos;
    const auto content = inside ? host::read_file(recording_.folder() + "/" + name, kFileMax) : Result<std::string>(fail(ErrorCode::FileNotFound, "outside"));
    if (!content) {
      note(escape_for_terminal(name, 80), Verdict::Differs, "the manifest names it, and it is not there");
    } else if (sha256_hex(*content) != sha256) {
      note(escape_for_terminal(name, 80), Verdict::Differs, "changed after the run: it has another hash than the manifest says");
    } else {
      return true;
    }
    return false;
  }

  /// Overrides and seed as the manifest has them, applied to the stored input files.
  Checked<LoadedScenario> load_inputs() const {
    std::vector<std::string> overrides;
    for (const json& text : list_at(recording_.manifest(), "overrides")) overrides.push_back(text.is_string() ? text.get<std::string>() : "");
    const json inputs = list_at(recording_.manifest(), "inputs");
    const std::string first = inputs.empty() ? std::string() : text_at(inputs.front(), "path");
    return load_scenario(fmt::format("{}/{}/{}", recording_.folder(), kInputsFolder, first), overrides, recording_.seed());
  }

  void run_again() {
    auto loaded = load_inputs();
    if (!loaded) return note("run again", Verdict::Differs, "this Tandem refuses the stored inputs: " + loaded.error().front().what + versions({}));
    auto calibration = scenario::load_calibration(recording_.folder() + "/calibration.yaml");
    if (!calibration) return note("run again", Verdict::Differs, "the stored calibration cannot be read: " + calibration.error().front().what);
    const auto scratch = host::ScratchDirectory::create("verify");
    if (!scratch) return note("run again", Verdict::NotChecked, scratch.error().what);
    auto world = make_world("sim");
    host::ProgressLine progress(stderr, common_.quiet || common_.json);
    const RunRequest request{.scenario = loaded->scenario,
                             .scenario_path = recording_.manifest_text("/scenario/path"),
                             .folder = scratch->path() + "/run",
                             .overwrite = false,
                             .calibration = *calibration,
                             .overrides = {},
                             .interrupted = nullptr};
    const auto result = run_scenario(request, **world, progress);
    if (!result) return note("run again", Verdict::Differs, "it does not run any more: " + result.error().front().what);
    if (result->error) return note("run again", Verdict::NotChecked, result->error->what);
    const auto again = record::Recording::open(result->folder);
    if (!again) return note("run again", Verdict::NotChecked, again.error().what);
    compare_with(*again, result->digest);
  }

  void compare_with(const record::Recording& again, const std::string& digest) {
    if (digest == recording_.digest()) {
      const std::string other = versions(again.manifest());
      return note("run again", Verdict::Same, "the same digest" + other);
    }
    const std::string resolved = again.manifest_text("/scenario/sha256_resolved");
    const bool read_differently = resolved != recording_.manifest_text("/scenario/sha256_resolved");
    const auto where = judge::first_difference(recording_, again);
    std::string text = read_differently ? "the same files mean another scenario now" : "the same inputs give another run";
    if (where) text += "; recorded " + escape_for_terminal(*where, 400);
    note("run again", Verdict::Differs, text + versions(again.manifest()));
  }

  /// "; recorded by …, this is …" where the tool, its model or its libraries are others.
  std::string versions(const json& again) const {
    const auto described = [](const json& manifest) {
      const json tool = manifest.contains("tool") ? manifest.at("tool") : json();
      const json libs = tool.is_object() && tool.contains("libs") ? tool.at("libs") : json();
      return fmt::format("tandem {} ({}), model {}, SimGrid {}", text_at(tool, "version"), text_at(tool, "commit"), text_at(tool, "model"), text_at(libs, "simgrid"));
    };
    if (!again.is_object()) return "";
    const std::string then = escape_for_terminal(described(recording_.manifest()), 200);
    const std::string now = described(again);
    return then == now ? "" : fmt::format("; recorded by {}, this is {}", then, now);
  }

  const record::Recording& recording_;
  const CommonOptions& common_;
  std::vector<Finding> findings_;
  bool inputs_are_there_ = true;
};

void print_json(const std::string& folder, const record::Recording& recording, const std::vector<Finding>& findings, bool verified) {
  nlohmann::ordered_json out = {{"version", 1}, {"run", folder}, {"verified", verified}, {"digest", recording.digest()}, {"findings", nlohmann::ordered_json::array()}};
  for (const Finding& finding : findings) out["findings"].push_back({{"part", finding.part}, {"verdict", word_of(finding.verdict)}, {"text", finding.text}});
  fmt::print("{}\n", out.dump(2));
}

int verify(const std::string& folder, const CommonOptions& common) {
  const auto recording = record::Recording::open(folder);
  if (!recording) return report(recording.error(), common);
  const std::vector<Finding> findings = Verifier(*recording, common).verify();
  const bool verified = std::none_of(findings.begin(), findings.end(), [](const Finding& finding) { return finding.verdict == Verdict::Differs; });
  if (common.json) {
    print_json(folder, *recording, findings, verified);
  } else {
    std::size_t width = 0;
    for (const Finding& finding : findings) width = std::max(width, finding.part.size());
    for (const Finding& finding : findings) fmt::print("{:<11}  {:<{}}  {}\n", word_of(finding.verdict), finding.part, width, finding.text);
    fmt::print("{}\n", verified ? "verified" : "NOT verified");
  }
  return verified ? kExitOk : kExitCheckFailed;
}

}  // namespace

Command verify_command() {
  return {"verify", "Check that a recording is what it says: digest, inputs, and the simulation run again.",
          "  tandem verify runs/a           digest from its columns, hashes of its files, the simulation again\n"
          "  tandem verify runs/a --json    for machines\n",
          [](OptionTable& table, CommonOptions& common) {
            auto run = std::make_shared<std::string>();
            table.add_option("run", *run, "recording folder")->required()->takes(Takes::Run);
            return [run, &common] { return verify(*run, common); };
          }};
}

}  // namespace tandem::cli
