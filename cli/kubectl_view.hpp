#pragma once
// What the verbs that answer like kubectl share: words with a recording among them, a moment, a selection of objects.

#include <cstdint>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "cli/command.hpp"
#include "cli/stored_run.hpp"
#include "core/kubectl/answer.hpp"
#include "core/kubectl/selection.hpp"

namespace tandem::cli {

struct ViewOptions {
  std::vector<std::string> words;   ///< kinds, names and the recording folder, in any order
  std::string at;
  std::string namespace_ = "default";
  std::string selector;
  bool all_namespaces = false;
};

/// The words, --at and -n; `what` describes the words.
void add_view_options(OptionTable& table, ViewOptions& options, const char* what);
/// -l and -A, for the verbs that list.
void add_list_options(OptionTable& table, ViewOptions& options);

/// The cluster of a run at a moment.
struct View {
  StoredRun run;
  std::vector<std::string> words;       ///< without the recording folder
  SimTime time;
  std::vector<nlohmann::json> objects;
  std::int64_t now_unix_seconds = 0;
};
/// Errors: RecordNotFound if no word names a recording, those of open_run() and moment_of().
Result<View> open_view(const ViewOptions& options);

/// Fills in what the options say. Errors: those of kubectl::parse_resources().
Status fill_selection(const ViewOptions& options, const View& view, kubectl::Selection& selection);

/// Prints both streams; the exit code is kubectl's.
int print_answer(const kubectl::Answer& answer);

}  // namespace tandem::cli
