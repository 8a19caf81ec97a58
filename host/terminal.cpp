#include "host/terminal.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "core/base/text.hpp"
#include "host/wall_clock.hpp"

namespace tandem::host {

namespace {

std::string_view environment(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? std::string_view() : std::string_view(value);
}

constexpr std::int64_t kRedrawNs = 100'000'000;

}  // namespace

bool is_interactive(std::FILE* stream) {
  const std::string_view terminal = environment("TERM");
  return isatty(fileno(stream)) == 1 && !terminal.empty() && terminal != "dumb";
}

bool wants_colour(std::FILE* stream, bool forbidden) {
  return !forbidden && environment("NO_COLOR").empty() && is_interactive(stream);
}

int columns(std::FILE* stream) {
  winsize size{};
  return ioctl(fileno(stream), TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

ProgressLine::ProgressLine(std::FILE* stream, bool quiet) : stream_(stream), quiet_(quiet), interactive_(is_interactive(stream)) {}

ProgressLine::~ProgressLine() { finish(); }

void ProgressLine::update(std::string_view step, double fraction, std::string_view detail) {
  if (quiet_) return;
  const bool fresh = step != step_;
  if (fresh) {
    finish();
    step_ = step;
    began_ns_ = monotonic_ns();
    printed_tenth_ = -1;
  }
  if (!interactive_) {
    print_plain(fraction, detail);
    return;
  }
  const std::int64_t now = monotonic_ns();
  if (!fresh && now - drawn_ns_ < kRedrawNs) return;
  drawn_ns_ = now;
  draw(fraction, detail);
}

void ProgressLine::print_plain(double fraction, std::string_view detail) {
  const int tenth = fraction < 0 ? 0 : static_cast<int>(std::clamp(fraction, 0.0, 1.0) * 10);
  if (tenth <= printed_tenth_) return;
  printed_tenth_ = tenth;
  const std::string percent = fraction < 0 ? "" : fmt::format(" {} %", tenth * 10);
  const std::string rest = detail.empty() || fraction < 0 ? "" : fmt::format(" ({})", escape_for_terminal(detail));
  fmt::print(stream_, "{}{}{}\n", escape_for_terminal(step_), percent, rest);
  std::fflush(stream_);
}

void ProgressLine::draw(double fraction, std::string_view detail) {
  constexpr int kBar = 24;
  std::string line = escape_for_terminal(step_);
  if (fraction >= 0) {
    const int full = static_cast<int>(std::clamp(fraction, 0.0, 1.0) * kBar);
    line += fmt::format(" [{}{}] {:3.0f} %", std::string(static_cast<std::size_t>(full), '#'),
                        std::string(static_cast<std::size_t>(kBar - full), '.'), std::clamp(fraction, 0.0, 1.0) * 100);
  }
  if (!detail.empty()) line += "  " + escape_for_terminal(detail);
  const auto width = static_cast<std::size_t>(std::max(20, columns(stream_) - 1));
  if (line.size() > width) line.resize(width);
  fmt::print(stream_, "\r\x1b[K{}", line);
  std::fflush(stream_);
  drawn_ = true;
}

void ProgressLine::clear() {
  if (drawn_) fmt::print(stream_, "\r\x1b[K");
  drawn_ = false;
}

void ProgressLine::finish() {
  if (step_.empty() || quiet_) return;
  if (interactive_) {
    clear();
    const double took = static_cast<double>(monotonic_ns() - began_ns_) * 1e-9;
    fmt::print(stream_, "{}: done ({} s)\n", escape_for_terminal(step_), format_fixed(took, 1));
  }
  std::fflush(stream_);
  step_.clear();
}

}  // namespace tandem::host
