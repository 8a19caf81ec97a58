// tandem completion: what a shell offers after `tandem`, made from the option tables of all verbs.

#include <fmt/format.h>

#include <array>
#include <nlohmann/json.hpp>

#include "cli/command.hpp"
#include "core/base/text.hpp"

namespace tandem::cli {

namespace {

constexpr std::array<std::string_view, 3> kShells = {"bash", "zsh", "fish"};

/// What shells call the kinds of values. Scenario and recording folders are looked up by the scripts themselves.
std::string_view kind_word(const Option& option) {
  switch (option.kind) {
    case Takes::Scenario: return "scenario";
    case Takes::Run: return "run";
    case Takes::File: return "file";
    case Takes::Folder: return "folder";
    case Takes::Choice: return "choice";
    case Takes::Text:
    case Takes::Time:
    case Takes::Number: break;
  }
  return "none";
}

/// Text inside single quotes of a shell.
std::string shell_word(std::string_view text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

std::string joined(const std::vector<std::string_view>& words) { return fmt::format("{}", fmt::join(words, " ")); }

std::vector<DefinedCommand> all_commands(CommonOptions& common) {
  std::vector<DefinedCommand> all;
  for (const Command& command : commands()) {
    if (!command.hidden) all.push_back(define(command, common));
  }
  return all;
}

std::string verbs(const std::vector<DefinedCommand>& all) {
  std::vector<std::string_view> names;
  for (const DefinedCommand& verb : all) names.push_back(verb.command->name);
  return joined(names);
}

// ------------------------------------------------------------ bash

constexpr std::string_view kBashFunctions = R"sh(# Completion of tandem for bash. In ~/.bashrc: source <(tandem completion bash)

_tandem_scenarios() {
  local path
  for path in scenarios/*/scenario.yaml */scenario.yaml; do
    [ -f "$path" ] && printf '%s\n' "${path%/scenario.yaml}"
  done
}

_tandem_runs() {
  local path
  for path in runs/*/manifest.json runs/*/*/manifest.json */manifest.json; do
    [ -f "$path" ] && printf '%s\n' "${path%/manifest.json}"
  done
}

# What to offer for a value of a kind, and the choices if it has any.
_tandem_values() {
  case "$1" in
    scenario) COMPREPLY=($(compgen -W "$(_tandem_scenarios)" -- "$cur") $(compgen -d -- "$cur") $(compgen -f -X '!*.yaml' -- "$cur")) ;;
    run) COMPREPLY=($(compgen -W "$(_tandem_runs)" -- "$cur") $(compgen -d -- "$cur")) ;;
    file) COMPREPLY=($(compgen -f -- "$cur")) ;;
    folder) COMPREPLY=($(compgen -d -- "$cur")) ;;
    choice) COMPREPLY=($(compgen -W "$2" -- "$cur")) ;;
    *) COMPREPLY=() ;;
  esac
}

_tandem() {
  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} verb=${COMP_WORDS[1]:-}
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "@VERBS@ --help --version" -- "$cur"))
    return
  fi
  case "$verb" in
)sh";

/// `verb) case "$prev" in --option) ... ;; esac; options or operands ;;`
std::string bash_case(const DefinedCommand& verb) {
  std::string text = fmt::format("    {})\n      case \"$prev\" in\n", verb.command->name);
  std::vector<std::string_view> names{"--help"};
  const Option* operand = nullptr;
  for (const Option& option : verb.table.options()) {
    if (option.is_operand()) {
      if (operand == nullptr) operand = &option;
      continue;
    }
    for (const std::string& name : option.names) names.push_back(name);
    if (option.is_flag()) continue;
    text += fmt::format("        {}) _tandem_values {} {}; return ;;\n", fmt::join(option.names, "|"), kind_word(option), shell_word(joined(option.choices)));
  }
  text += "      esac\n      case \"$cur\" in\n";
  text += fmt::format("        -*) COMPREPLY=($(compgen -W \"{}\" -- \"$cur\")) ;;\n", joined(names));
  if (operand != nullptr) text += fmt::format("        *) _tandem_values {} {} ;;\n", kind_word(*operand), shell_word(joined(operand->choices)));
  return text + "      esac ;;\n";
}

std::string bash(const std::vector<DefinedCommand>& all) {
  std::string text(kBashFunctions);
  text.replace(text.find("@VERBS@"), 7, verbs(all));
  for (const DefinedCommand& verb : all) text += bash_case(verb);
  return text + "  esac\n}\ncomplete -F _tandem tandem ./tandem\n";
}

// ------------------------------------------------------------ zsh

/// Text in a zsh argument specification: brackets and colons have a meaning there.
std::string zsh_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '[' || c == ']' || c == ':' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

std::string zsh_action(const Option& option) {
  switch (option.kind) {
    case Takes::Scenario: return "_files -W . -g \"(scenarios/*(/)|*.yaml)\"";
    case Takes::Run:
    case Takes::Folder: return "_files -/";
    case Takes::File: return "_files";
    case Takes::Choice: return fmt::format("({})", joined(option.choices));
    default: return " ";
  }
}

std::string zsh_case(const DefinedCommand& verb) {
  std::string text = fmt::format("    {})\n      _arguments -s '--help[show help]'", verb.command->name);
  for (const Option& option : verb.table.options()) {
    if (option.is_operand()) {
      text += " \\\n        " + shell_word(fmt::format("{}:{}:{}", option.is_repeatable() ? "*" : "", zsh_text(option.names.front()), zsh_action(option)));
      continue;
    }
    for (const std::string& name : option.names) {
      const std::string value = option.is_flag() ? std::string() : fmt::format(":{}:{}", zsh_text(option.value_word()), zsh_action(option));
      text += " \\\n        " + shell_word(fmt::format("{}{}[{}]{}", option.is_repeatable() ? "*" : "", name, zsh_text(option.help), value));
    }
  }
  return text + " ;;\n";
}

std::string zsh(const std::vector<DefinedCommand>& all) {
  std::string text = "#compdef tandem\n# Completion of tandem for zsh. Put it as _tandem into a folder of $fpath.\n\n_tandem() {\n  local -a verbs\n  verbs=(\n";
  for (const DefinedCommand& verb : all) text += "    " + shell_word(fmt::format("{}:{}", verb.command->name, zsh_text(verb.command->summary))) + "\n";
  text +=
      "  )\n  if (( CURRENT == 2 )); then\n    _describe 'command' verbs\n    return\n  fi\n  local verb=$words[2]\n  shift words\n  (( CURRENT-- ))\n"
      "  case $verb in\n";
  for (const DefinedCommand& verb : all) text += zsh_case(verb);
  return text + "  esac\n}\n\n_tandem \"$@\"\n";
}

// ------------------------------------------------------------ fish

constexpr std::string_view kFishFunctions = R"sh(# Completion of tandem for fish. Put it as tandem.fish into ~/.config/fish/completions.

function __tandem_scenarios
    for path in scenarios/*/scenario.yaml
        string replace /scenario.yaml '' $path
    end
end

function __tandem_runs
    for path in runs/*/manifest.json runs/*/*/manifest.json
        string replace /manifest.json '' $path
    end
end

complete -c tandem -f
)sh";

std::string fish_values(const Option& option) {
  switch (option.kind) {
    case Takes::Scenario: return " -a '(__tandem_scenarios; __fish_complete_path (commandline -ct))'";
    case Takes::Run: return " -a '(__tandem_runs; __fish_complete_directories)'";
    case Takes::File: return " -a '(__fish_complete_path (commandline -ct))'";
    case Takes::Folder: return " -a '(__fish_complete_directories)'";
    case Takes::Choice: return " -a " + shell_word(joined(option.choices));
    default: return "";
  }
}

std::string fish(const std::vector<DefinedCommand>& all) {
  std::string text(kFishFunctions);
  for (const DefinedCommand& verb : all) {
    text += fmt::format("\ncomplete -c tandem -n __fish_use_subcommand -a {} -d {}\n", verb.command->name, shell_word(verb.command->summary));
    for (const Option& option : verb.table.options()) {
      text += fmt::format("complete -c tandem -n '__fish_seen_subcommand_from {}'", verb.command->name);
      if (!option.is_operand()) {
        for (const std::string& name : option.names) text += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
        text += " -d " + shell_word(option.help) + (option.is_flag() ? "" : " -r");
      }
      text += fish_values(option) + "\n";
    }
  }
  return text;
}

int completion(const std::string& shell, CommonOptions& common) {
  CommonOptions ignored;
  const std::vector<DefinedCommand> all = all_commands(ignored);
  std::string script;
  if (shell == "bash") script = bash(all);
  if (shell == "zsh") script = zsh(all);
  if (shell == "fish") script = fish(all);
  if (script.empty()) {
    return report(make_error(ErrorCode::UsageBadArgument, "there is no completion for this shell").with_found(shell).with_allowed("bash, zsh, fish").with_hint(nearest_name(shell, kShells)),
                  common);
  }
  if (common.json) fmt::print("{}\n", nlohmann::ordered_json{{"version", 1}, {"shell", shell}, {"script", script}}.dump(2));
  else fmt::print("{}", script);
  return kExitOk;
}

}  // namespace

Command completion_command() {
  return {"completion", "Print a script that completes tandem's commands, options and folders in a shell.",
          "  source <(tandem completion bash)                                        in this bash\n"
          "  tandem completion zsh > ~/.zfunc/_tandem                                zsh, if ~/.zfunc is in fpath\n"
          "  tandem completion fish > ~/.config/fish/completions/tandem.fish         fish\n",
          [](OptionTable& table, CommonOptions& common) {
            auto shell = std::make_shared<std::string>();
            table.add_option("shell", *shell, "bash, zsh or fish")->required()->one_of({kShells.begin(), kShells.end()});
            return [shell, &common] { return completion(*shell, common); };
          }};
}

}  // namespace tandem::cli
