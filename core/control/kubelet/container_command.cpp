#include "core/control/kubelet/container_command.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>

namespace tandem::control::kubelet {

namespace {

constexpr int kUsageError = 1;   ///< sleep's own exit code for a bad argument
constexpr int kNotFound = 127;
constexpr int kExitCodes = 256;
constexpr SimDuration kLongest = seconds(365LL * 24 * 3600);

std::string_view program_of(std::string_view path) { return path.substr(path.rfind('/') + 1); }

bool is_shell(std::string_view program) { return program == "sh" || program == "bash" || program == "ash" || program == "dash"; }

std::optional<double> unit_of(std::string_view suffix) {
  if (suffix.empty() || suffix == "s") return 1;
  if (suffix == "m") return 60;
  if (suffix == "h") return 3600;
  if (suffix == "d") return 24 * 3600;
  return std::nullopt;
}

/// GNU sleep adds its arguments up.
CommandEffect sleep_for(const std::vector<std::string>& words) {
  double total = 0;
  if (words.size() < 2) return {{}, kUsageError};
  for (std::size_t i = 1; i < words.size(); ++i) {
    const std::string& word = words[i];
    double number = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number, std::chars_format::fixed);
    const std::optional<double> unit = unit_of(std::string_view(end, static_cast<std::size_t>(word.data() + word.size() - end)));
    if (error == std::errc::result_out_of_range) number = to_seconds(kLongest);
    else if (error != std::errc()) return {{}, kUsageError};
    if (!unit || !(number >= 0)) return {{}, kUsageError};
    total += number * *unit;
  }
  return {std::min(from_seconds(std::min(total, to_seconds(kLongest))), kLongest), 0};
}

struct Step {
  std::vector<std::string> words;
  char operation = ';';  ///< what joins it to the step before: ';', '&' for &&, '|' for ||
};

/// Splits a script into simple commands; quotes and backslashes keep a word together.
std::vector<Step> steps_of(std::string_view script) {
  std::vector<Step> steps(1);
  std::string word;
  bool in_word = false;
  char quote = 0;
  const auto end_word = [&] {
    if (in_word) steps.back().words.push_back(word);
    word.clear();
    in_word = false;
  };
  for (std::size_t at = 0; at < script.size(); ++at) {
    const char c = script[at];
    if (quote != 0) {
      if (c == quote) quote = 0;
      else word += c;
    } else if (c == '\'' || c == '"') {
      quote = c;
      in_word = true;
    } else if (c == '\\' && at + 1 < script.size()) {
      word += script[++at];
      in_word = true;
    } else if (c == ' ' || c == '\t') {
      end_word();
    } else if (c == ';' || c == '\n' || c == '&' || c == '|') {
      end_word();
      const bool pair = (c == '&' || c == '|') && at + 1 < script.size() && script[at + 1] == c;
      if (pair) ++at;
      steps.push_back({{}, pair ? c : ';'});
    } else {
      word += c;
      in_word = true;
    }
  }
  end_word();
  return steps;
}

CommandEffect run(const std::vector<std::string>& words);

CommandEffect run_script(std::string_view script) {
  CommandEffect total;
  for (const Step& step : steps_of(script)) {
    const bool skipped = (step.operation == '&' && total.exit_code != 0) || (step.operation == '|' && total.exit_code == 0);
    if (skipped || step.words.empty()) continue;
    if (step.words.front() == "exit") {
      int code = total.exit_code;
      if (step.words.size() > 1) std::from_chars(step.words[1].data(), step.words[1].data() + step.words[1].size(), code);
      return {total.takes, (code % kExitCodes + kExitCodes) % kExitCodes};
    }
    const CommandEffect effect = run(step.words);
    total = {std::min(total.takes + effect.takes, kLongest), effect.exit_code};
  }
  return total;
}

CommandEffect run(const std::vector<std::string>& words) {
  const std::string_view program = program_of(words.front());
  if (program == "sleep") return sleep_for(words);
  if (program == "false") return {{}, 1};
  if (is_shell(program) && words.size() >= 3 && words[1].starts_with('-') && words[1].ends_with('c')) return run_script(words[2]);
  return {};
}

}  // namespace

CommandEffect effect_of(const std::vector<std::string>& command) {
  if (command.empty() || command.front().empty()) return {{}, kNotFound};
  return run(command);
}

}  // namespace tandem::control::kubelet
