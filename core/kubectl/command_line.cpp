#include "core/kubectl/command_line.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/base/parse.hpp"
#include "core/base/text.hpp"
#include "core/kubectl/describe.hpp"
#include "core/kubectl/get.hpp"
#include "core/kubectl/rollout.hpp"
#include "core/kubectl/top.hpp"

namespace tandem::kubectl {

namespace {

using nlohmann::json;

/// The options of one command by their long names, and what else there is.
struct Words {
  std::vector<std::pair<std::string, std::string>> options;
  std::vector<std::string> operands;

  [[nodiscard]] bool has(std::string_view name) const {
    return std::any_of(options.begin(), options.end(), [&](const auto& option) { return option.first == name; });
  }
  /// The last one counts.
  [[nodiscard]] std::string value(std::string_view name, std::string otherwise = {}) const {
    for (const auto& [key, text] : options) {
      if (key == name) otherwise = text;
    }
    return otherwise;
  }
};

struct OptionRow {
  std::string_view name;
  std::string_view letter;
  bool takes_value;
};

constexpr OptionRow kOptions[] = {
    {"--all-namespaces", "-A", false}, {"--namespace", "-n", true},   {"--output", "-o", true},     {"--selector", "-l", true},
    {"--label-columns", "-L", true},   {"--show-labels", "", false},  {"--no-headers", "", false},  {"--show-events", "", true},
    {"--revision", "", true},          {"--sort-by", "", true},       {"--containers", "", false},  {"--sum", "", false},
    {"--show-capacity", "", false},
};

Result<Words> read_words(const std::vector<std::string>& words, std::size_t first) {
  Words read;
  for (std::size_t i = first; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (!word.starts_with('-') || word == "-") {
      read.operands.push_back(word);
      continue;
    }
    const std::size_t equals = word.find('=');
    const bool is_short = !word.starts_with("--");
    const std::string name = is_short ? word.substr(0, 2) : word.substr(0, equals);
    const auto* row = std::find_if(std::begin(kOptions), std::end(kOptions), [&](const OptionRow& option) { return option.name == name || option.letter == name; });
    if (row == std::end(kOptions)) return fail(ErrorCode::UsageBadArgument, "an option that is not known here: " + word);
    std::string value = row->takes_value ? "" : "true";
    if (is_short && word.size() > 2) value = word.substr(word[2] == '=' ? 3 : 2);
    else if (!is_short && equals != std::string::npos) value = word.substr(equals + 1);
    else if (row->takes_value && i + 1 < words.size()) value = words[++i];
    else if (row->takes_value) return fail(ErrorCode::UsageBadArgument, "an option without its value: " + word);
    read.options.emplace_back(row->name, std::move(value));
  }
  return read;
}

Status fill_selection(const Words& words, const Cluster& cluster, Selection& selection) {
  selection.kinds_in_all = cluster.kinds_in_all;
  selection.namespace_ = words.value("--namespace", "default");
  selection.all_namespaces = words.value("--all-namespaces") == "true";
  selection.selector = words.value("--selector");
  return parse_resources(words.operands, selection);
}

Answer refused(const Error& error) { return failed("error: " + error.what); }

/// What kubectl refuses about a selection is its answer.
Result<Answer> answered(Result<Answer> answer) {
  if (!answer && answer.error().code == ErrorCode::UsageBadArgument) return refused(answer.error());
  return answer;
}

Result<Answer> run_get(const Words& words, const Cluster& cluster) {
  GetRequest request;
  if (const Status filled = fill_selection(words, cluster, request); !filled) return refused(filled.error());
  request.output = words.value("--output");
  request.options.show_labels = words.value("--show-labels") == "true";
  request.options.with_headers = words.value("--no-headers") != "true";
  request.options.now_unix_seconds = cluster.now_unix_seconds;
  for (const auto& [name, text] : words.options) {
    if (name != "--label-columns") continue;
    for (const std::string& label : split(text, ',')) request.options.label_columns.push_back(label);
  }
  return answered(get(request, cluster.objects));
}

Result<Answer> run_describe(const Words& words, const Cluster& cluster) {
  DescribeRequest request;
  if (const Status filled = fill_selection(words, cluster, request); !filled) return refused(filled.error());
  request.words = words.operands;
  request.show_events = words.value("--show-events", "true") == "true";
  request.now_unix_seconds = cluster.now_unix_seconds;
  return answered(describe(request, cluster.objects));
}

Result<Answer> run_history(const Words& words, const Cluster& cluster) {
  const Result<std::int64_t> revision = parse_int(words.value("--revision", "0"));
  if (!revision) return failed(fmt::format("error: invalid argument \"{}\" for \"--revision\" flag: strconv.ParseInt: parsing \"{}\": invalid syntax",
                                           words.value("--revision"), words.value("--revision")));
  Selection selection;
  if (words.operands.empty()) return failed("error: required resource not specified");
  if (*revision < 0) return failed(fmt::format("error: revision must be a positive integer: {}", *revision));
  if (const Status filled = fill_selection(words, cluster, selection); !filled) return refused(filled.error());
  return answered(rollout_history(selection, *revision, cluster.objects));
}

Result<Answer> run_top(const Words& words, const Cluster& cluster) {
  TopRequest request;
  const std::string kind = words.operands.empty() ? std::string() : words.operands.front();
  request.nodes = kind == "nodes" || kind == "node" || kind == "no";
  if (!request.nodes && kind != "pods" && kind != "pod" && kind != "po") return fail(ErrorCode::UsageBadArgument, "top knows pods and nodes, not " + kind);
  if (words.operands.size() > 1) request.name = words.operands[1];
  request.namespace_ = words.value("--namespace", "default");
  request.all_namespaces = words.value("--all-namespaces") == "true";
  request.selector = words.value("--selector");
  request.sort_by = words.value("--sort-by");
  request.containers = words.value("--containers") == "true";
  request.sum = words.value("--sum") == "true";
  request.with_headers = words.value("--no-headers") != "true";
  request.show_capacity = words.value("--show-capacity") == "true";
  request.now_unix_seconds = cluster.now_unix_seconds;
  return top(request, cluster.objects);
}

}  // namespace

Result<Answer> run_command(const std::vector<std::string>& words, const Cluster& cluster) {
  const std::string verb = words.empty() ? std::string() : words.front();
  const bool is_history = verb == "rollout" && words.size() > 1 && words[1] == "history";
  const Result<Words> read = read_words(words, is_history ? 2 : 1);
  if (!read) return tl::unexpected(read.error());
  if (verb == "get") return run_get(*read, cluster);
  if (verb == "describe") return run_describe(*read, cluster);
  if (is_history) return run_history(*read, cluster);
  if (verb == "top") return run_top(*read, cluster);
  return fail(ErrorCode::UsageBadArgument, "a command that is not known here: " + verb);
}

}  // namespace tandem::kubectl
