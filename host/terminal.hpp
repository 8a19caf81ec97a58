#pragma once
// How we talk to a person (conventions §5): colour and animation only where the stream is a terminal; elsewhere one plain
// line per 10 %.

#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

namespace tandem::host {

/// True if `stream` is a terminal that may be redrawn: a TTY, and TERM is neither empty nor "dumb".
bool is_interactive(std::FILE* stream);
/// True if colour is wanted there: interactive, NO_COLOR empty, and not `forbidden` (--no-color).
bool wants_colour(std::FILE* stream, bool forbidden = false);
/// Columns of the terminal; 80 where unknown.
int columns(std::FILE* stream);

/// Progress of one long step after another on one stream. Steps of unknown length show their name once off a terminal.
class ProgressLine {
 public:
  explicit ProgressLine(std::FILE* stream = stderr, bool quiet = false);
  /// Leaves the cursor on a fresh line.
  ~ProgressLine();
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  /// `fraction` in 0…1, or negative when unknown; `detail` such as "32.1s of 60s". Cheap: draws at most ten times a second.
  void update(std::string_view step, double fraction, std::string_view detail = {});
  /// Ends the step: a terminal keeps a line "step: done (1.3 s)".
  void finish();

 private:
  void draw(double fraction, std::string_view detail);
  void print_plain(double fraction, std::string_view detail);
  void clear();

  std::FILE* stream_;
  bool quiet_;
  bool interactive_;
  bool drawn_ = false;
  std::string step_;
  std::int64_t began_ns_ = 0;
  std::int64_t drawn_ns_ = 0;
  int printed_tenth_ = -1;
};

}  // namespace tandem::host
