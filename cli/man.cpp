// tandem man: manual pages in roff, made from the option tables of all verbs.

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/command.hpp"
#include "cli/tool_version.hpp"
#include "core/base/text.hpp"

namespace tandem::cli {

namespace {

/// Text of a paragraph: hyphens stay hyphens when they are copied, and nothing at the start of a line is a request.
std::string roff(std::string_view text) {
  std::string out;
  bool line_start = true;
  for (const char c : text) {
    if (line_start && (c == '.' || c == '\'')) out += "\\&";
    if (c == '\\') out += "\\e";
    else if (c == '-') out += "\\-";
    else out += c;
    line_start = c == '\n';
  }
  return out;
}

/// Kept line by line, as examples are written.
std::string verbatim(std::string_view text) { return ".nf\n" + roff(text) + (text.ends_with('\n') ? "" : "\n") + ".fi\n"; }

std::string header(std::string_view page) {
  // No date: the page is the same whenever it is made.
  return fmt::format(".TH {} 1 \"\" \"tandem {}\" \"Tandem\"\n", page, tool_version().version);
}

constexpr std::string_view kExitStatus = R"(.SH EXIT STATUS
.TP
.B 0
Done, and checks held.
.TP
.B 1
It ran, and a check failed, or something is not what it should be.
.TP
.B 2
Usage.
.TP
.B 3
A file is invalid.
.TP
.B 4
A back end is not available.
.TP
.B 5
A defect of Tandem.
.TP
.B 124
A budget of time or memory was exceeded.
.TP
.B 130, 143
Interrupted.
)";

std::string synopsis(const DefinedCommand& verb) {
  std::string text = fmt::format(".SH SYNOPSIS\n.B tandem {}\n[\\fIoptions\\fR]", verb.command->name);
  for (const Option& option : verb.table.options()) {
    if (!option.is_operand()) continue;
    const std::string name = fmt::format("\\fI{}\\fR{}", roff(option.names.front()), option.is_repeatable() ? " ..." : "");
    text += option.is_required ? " " + name : fmt::format(" [{}]", name);
  }
  return text + "\n";
}

std::string entry(const Option& option) {
  std::string names;
  for (const std::string& name : option.names) {
    names += fmt::format("{}\\fB{}\\fR", names.empty() ? "" : ", ", roff(name));
  }
  if (option.is_operand()) names = fmt::format("\\fI{}\\fR", roff(option.names.front()));
  else if (!option.is_flag()) names += fmt::format(" \\fI{}\\fR", roff(option.value_word()));
  return fmt::format(".TP\n{}\n{}\n", names, roff(option.help));
}

std::string page(const DefinedCommand& verb) {
  std::string upper = fmt::format("TANDEM-{}", verb.command->name);
  for (char& c : upper) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  std::string text = header(upper);
  text += fmt::format(".SH NAME\ntandem\\-{} \\- {}\n", verb.command->name, roff(verb.command->summary));
  text += synopsis(verb);
  std::string operands;
  std::string options;
  for (const Option& option : verb.table.options()) (option.is_operand() ? operands : options) += entry(option);
  if (!operands.empty()) text += ".SH OPERANDS\n" + operands;
  text += ".SH OPTIONS\n" + options;
  text += ".SH EXAMPLES\n" + verbatim(verb.command->examples);
  text += kExitStatus;
  return text + ".SH SEE ALSO\n.BR tandem (1)\n";
}

std::string overview() {
  std::string text = header("TANDEM");
  text += ".SH NAME\ntandem \\- one scenario of a container cluster, simulated and for real, compared\n";
  text += ".SH SYNOPSIS\n.B tandem\n\\fIcommand\\fR [\\fIoptions\\fR] [\\fIoperands\\fR]\n.SH COMMANDS\n";
  for (const Command& command : commands()) {
    if (!command.hidden) text += fmt::format(".TP\n.BR tandem\\-{} (1)\n{}\n", command.name, roff(command.summary));
  }
  return text + std::string(kExitStatus);
}

int man(const std::string& verb, const CommonOptions& common) {
  std::string text;
  std::vector<std::string_view> names;
  if (verb.empty()) text = overview();
  for (const Command& command : commands()) {
    if (command.hidden) continue;
    names.push_back(command.name);
    CommonOptions ignored;
    if (command.name == verb) text = page(define(command, ignored));
  }
  if (text.empty()) {
    const std::string nearest = nearest_name(verb, names);
    return report(make_error(ErrorCode::UsageUnknownCommand, "there is no such command").with_found(verb).with_allowed(fmt::format("{}", fmt::join(names, ", "))).with_hint(
                      nearest.empty() ? "" : fmt::format("did you mean {}?", nearest)),
                  common);
  }
  if (common.json) fmt::print("{}\n", nlohmann::ordered_json{{"version", 1}, {"page", verb.empty() ? "tandem" : "tandem-" + verb}, {"roff", text}}.dump(2));
  else fmt::print("{}", text);
  return kExitOk;
}

}  // namespace

Command man_command() {
  return {"man", "Print the manual page of a command, in roff.",
          "  tandem man run | man -l -                  read it\n"
          "  tandem man run > man1/tandem-run.1         for a manual path\n"
          "  tandem man                                 the page of tandem itself\n",
          [](OptionTable& table, CommonOptions& common) {
            auto verb = std::make_shared<std::string>();
            table.add_option("command", *verb, "the command; without it the page of tandem itself");
            return [verb, &common] { return man(*verb, common); };
          }};
}

}  // namespace tandem::cli
