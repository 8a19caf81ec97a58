#include "core/kubectl/description.hpp"

#include <fmt/format.h>

#include "core/base/text.hpp"
#include "core/kubectl/json_reading.hpp"
#include "core/kubectl/tab_writer.hpp"

namespace tandem::kubectl {

namespace {

/// Annotations longer than this with their key get lines of their own, and are cut there (bytes, kubectl maxAnnotationLen).
constexpr std::size_t kAnnotationLength = 140;
constexpr std::string_view kLastApplied = "kubectl.kubernetes.io/last-applied-configuration";

std::string shortened(std::string_view text, std::size_t max) { return fmt::format("{}{}", text.substr(0, max), text.size() > max ? "..." : ""); }

}  // namespace

void Description::field(std::size_t level, std::string_view title, std::string_view value) { write(level, fmt::format("{}:\t{}\n", title, value)); }

void Description::list(std::string_view title, const std::vector<std::string>& values, std::string_view indent) {
  write(0, fmt::format("{}{}:\t", indent, title));
  if (values.empty()) return line(0, "<none>");
  bool first = true;
  for (const std::string& value : values) {
    if (!first) {
      write(0, indent);
      write(0, "\t");
    }
    line(0, value);
    first = false;
  }
}

void Description::labels(std::string_view title, const json& labels, std::string_view indent) {
  std::vector<std::string> pairs;
  if (labels.is_object()) {
    for (const auto& [key, value] : labels.items()) pairs.push_back(fmt::format("{}={}", key, string_of(value)));
  }
  list(title, pairs, indent);
}

void Description::annotations(std::string_view title, const json& annotations) {
  write(0, fmt::format("{}:\t", title));
  bool first = true;
  if (annotations.is_object()) {
    for (const auto& [key, stored] : annotations.items()) {
      if (key == kLastApplied) continue;
      if (!first) write(0, "\t");
      first = false;
      std::string value = string_of(stored);
      if (value.ends_with('\n')) value.pop_back();
      if (value.size() + key.size() + 2 <= kAnnotationLength && value.find('\n') == std::string::npos) {
        line(0, fmt::format("{}: {}", key, value));
        continue;
      }
      line(0, key + ":");
      for (const std::string& part : split(value, '\n')) line(0, fmt::format("\t  {}", shortened(part, kAnnotationLength - 2)));
    }
  }
  if (first) line(0, "<none>");
}

std::string Description::text() const {
  TabWriter writer = TabWriter::for_descriptions();
  writer.write(text_);
  return writer.flush();
}

}  // namespace tandem::kubectl
