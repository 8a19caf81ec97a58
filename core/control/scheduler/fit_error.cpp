#include "core/control/scheduler/fit_error.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace tandem::control::scheduler {

std::string ReasonHistogram::text() const {
  std::vector<std::string> lines;
  for (const auto& [reason, nodes] : counts_) lines.push_back(fmt::format("{} {}", nodes, reason));
  std::sort(lines.begin(), lines.end());
  return fmt::format("{}", fmt::join(lines, ", "));
}

std::string no_node_available(std::size_t nodes, std::string_view message, std::string_view after) {
  std::string text = fmt::format("0/{} nodes are available:", nodes);
  if (!message.empty()) text.append(" ").append(message).append(".");
  if (!after.empty()) text.append(" ").append(after);
  return text;
}

std::string no_node_available(std::size_t nodes, const ReasonHistogram& reasons, std::string_view after) {
  return no_node_available(nodes, reasons.text(), after);
}

std::string not_satisfied(std::vector<std::string> plugins) {
  std::sort(plugins.begin(), plugins.end());
  return fmt::format("node(s) didn't satisfy plugin(s) [{}]", fmt::join(plugins, " "));
}

std::string event_note(std::string message) {
  constexpr std::size_t kNoteLengthLimit = 1024;
  constexpr std::string_view kCut = " ...";
  if (message.size() <= kNoteLengthLimit) return message;
  message.resize(kNoteLengthLimit - kCut.size());
  return message.append(kCut);
}

}  // namespace tandem::control::scheduler
