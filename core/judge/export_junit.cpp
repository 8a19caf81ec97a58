#include "core/judge/export_junit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/base/text.hpp"
#include "core/record/units.hpp"

namespace tandem::judge {

std::string xml_escaped(std::string_view text) {
  constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
  const bool valid = is_valid_utf8(text);
  std::string escaped;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const auto byte = static_cast<unsigned char>(c);
    switch (c) {
      case '&': escaped += "&amp;"; break;
      case '<': escaped += "&lt;"; break;
      case '>': escaped += "&gt;"; break;
      case '"': escaped += "&quot;"; break;
      case '\'': escaped += "&apos;"; break;
      // As references, or attribute normalisation would turn them into blanks.
      case '\n': escaped += "&#10;"; break;
      case '\t': escaped += "&#9;"; break;
      case '\r': escaped += "&#13;"; break;
      default:
        if (byte < 0x20 || (!valid && byte >= 0x80)) {
          escaped += kReplacement;
        } else if (text.substr(i).starts_with("\xEF\xBF\xBE") || text.substr(i).starts_with("\xEF\xBF\xBF")) {
          escaped += kReplacement;  // U+FFFE, U+FFFF
          i += 2;
        } else {
          escaped += c;
        }
    }
  }
  return escaped;
}

std::string junit_xml(const CheckReport& report, const record::Recording& recording) {
  const auto count = [&](Verdict verdict) {
    return std::count_if(report.results.begin(), report.results.end(), [&](const CheckResult& r) { return r.verdict == verdict; });
  };
  const std::string scenario = recording.manifest_text("/scenario/path");
  const std::string time = format_fixed(record::in_seconds(recording.ended_at()), 3);
  const std::string totals = fmt::format("tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"0\" time=\"{}\"", report.results.size(),
                                         count(Verdict::Failed), count(Verdict::Error), time);
  std::string xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
  xml += fmt::format("<testsuites name=\"tandem\" {}>\n", totals);
  xml += fmt::format("  <testsuite name=\"{}\" {} file=\"{}\">\n    <properties>\n", xml_escaped(scenario), totals, xml_escaped(scenario));
  const std::pair<std::string, std::string> properties[] = {
      {"seed", std::to_string(recording.seed())},
      {"scenario_sha256", recording.manifest_text("/scenario/sha256_resolved")},
      {"tool_version", recording.manifest_text("/tool/version")},
      {"world", recording.world()},
      {"digest", recording.digest()},
      {"score", format_double(report.score)},
      {"max_score", format_double(report.max_score)}};
  for (const auto& [name, value] : properties) {
    xml += fmt::format("      <property name=\"{}\" value=\"{}\"/>\n", name, xml_escaped(value));
  }
  xml += "    </properties>\n";
  for (const CheckResult& result : report.results) {
    const std::string place = result.place.file.empty() ? "" : fmt::format(" file=\"{}\" line=\"{}\"", xml_escaped(result.place.file), result.place.line);
    xml += fmt::format("    <testcase name=\"{}\" classname=\"checks.{}\" time=\"0\"{}", xml_escaped(result.name), xml_escaped(result.kind), place);
    if (result.verdict == Verdict::Passed) {
      xml += "/>\n";
      continue;
    }
    const char* element = result.verdict == Verdict::Failed ? "failure" : "error";
    std::string text = "expected: " + result.expected + "\nseen: " + result.seen;
    if (!result.hint.empty()) text += "\nhint: " + result.hint;
    xml += fmt::format(">\n      <{} message=\"{}\" type=\"{}\">{}</{}>\n    </testcase>\n", element, xml_escaped(result.seen), xml_escaped(result.kind),
                       xml_escaped(text), element);
  }
  return xml + "  </testsuite>\n</testsuites>\n";
}

}  // namespace tandem::judge
