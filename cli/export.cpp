// tandem export: a recording in a format that other tools read.

#include <fmt/format.h>

#include <array>
#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <string_view>

#include "cli/command.hpp"
#include "core/base/text.hpp"
#include "core/judge/export_run.hpp"
#include "core/judge/run_history.hpp"
#include "core/record/export.hpp"
#include "core/record/recording.hpp"
#include "host/files.hpp"

namespace tandem::cli {

namespace {

struct Options {
  std::vector<std::string> runs;
  std::string format = "jsonl";
  std::string output = "-";
};

constexpr std::array<std::string_view, 5> kFormats = {"jsonl", "trace", "requests-csv", "series-csv", "openmetrics"};

int export_runs(const Options& options, const CommonOptions& common) {
  if (std::find(kFormats.begin(), kFormats.end(), options.format) == kFormats.end()) {
    return report(make_error(ErrorCode::UsageBadArgument, "an unknown export format")
                      .with_found(options.format)
                      .with_allowed(fmt::format("{}", fmt::join(kFormats, ", ")))
                      .with_hint(nearest_name(options.format, kFormats)),
                  common);
  }
  if (common.json && options.output == "-") {
    return report(make_error(ErrorCode::UsageBadArgument, "--json tells of the file that was written").with_hint("name one with --output"), common);
  }
  if (options.runs.size() > 1 && options.format != "trace") {
    return report(make_error(ErrorCode::UsageBadArgument, "only --format trace takes several runs"), common);
  }
  std::vector<record::Recording> recordings;
  for (const std::string& run : options.runs) {
    auto recording = record::Recording::open(run);
    if (!recording) return report(recording.error(), common);
    recordings.push_back(std::move(*recording));
  }
  std::string whole;
  const bool to_stdout = options.output == "-";
  const record::TextSink sink = [&](std::string_view piece) {
    if (to_stdout) std::fwrite(piece.data(), 1, piece.size(), stdout);
    else whole += piece;
  };
  const record::Recording& first = recordings.front();
  if (options.format == "jsonl") {
    record::export_jsonl(first, sink);
  } else if (options.format == "trace") {
    std::vector<const record::Recording*> pointers;
    for (const record::Recording& recording : recordings) pointers.push_back(&recording);
    judge::export_trace(pointers, options.runs, sink);
  } else if (options.format == "requests-csv") {
    record::export_requests_csv(first, sink);
  } else if (options.format == "series-csv") {
    judge::export_series_csv(first, sink);
  } else {
    judge::export_openmetrics(first, sink);
  }
  if (to_stdout) return kExitOk;
  if (const Status written = host::replace_file(options.output, whole); !written) return report(written.error(), common);
  if (common.json) fmt::print("{}\n", nlohmann::ordered_json{{"version", 1}, {"format", options.format}, {"file", options.output}, {"bytes", whole.size()}}.dump(2));
  else if (!common.quiet) fmt::print(stderr, "wrote {} ({} bytes)\n", options.output, whole.size());
  return kExitOk;
}

}  // namespace

Command export_command() {
  return {"export", "Write a recording in a format that other tools read.",
          "  tandem export runs/a --format jsonl | head               every event, one JSON object a line\n"
          "  tandem export runs/a runs/b --format trace -o both.json  side by side in Perfetto\n"
          "  tandem export runs/a --format requests-csv               locust's columns\n"
          "  tandem export runs/a --format openmetrics -o run.prom    counters and histograms\n",
          [](OptionTable& table, CommonOptions& common) {
            auto options = std::make_shared<Options>();
            table.add_option("run", options->runs, "recording folder (several for trace)")->required()->takes(Takes::Run);
            table.add_option("--format", options->format, "jsonl, trace, requests-csv, series-csv, openmetrics")->one_of({kFormats.begin(), kFormats.end()});
            table.add_option("-o,--output", options->output, "file to write; - is stdout")->takes(Takes::File);
            return [options, &common] { return export_runs(*options, common); };
          }};
}

}  // namespace tandem::cli
