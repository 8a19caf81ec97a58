#pragma once
// Reading input files: bounded, regular files only, and for files that a scenario names nothing outside its folder.

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/limits.hpp"
#include "core/base/result.hpp"
#include "core/scenario/documents.hpp"
#include "core/scenario/scenario.hpp"

namespace tandem::scenario {

struct SourceFile {
  std::string name;    ///< as named by the user or the scenario: what places say
  std::string text;
  std::string sha256;
};

/// A file that the user named. Errors: FileNotFound, FileTooLarge.
Result<SourceFile> read_file(const std::string& path, const InputLimits& limits);

/// The folder of a scenario, held open. Files below it are opened step by step without following symbolic links, so that no
/// name can lead outside (hardening P7).
class SourceFolder {
 public:
  static Result<SourceFolder> open(const std::string& path);
  ~SourceFolder();
  SourceFolder(SourceFolder&& other) noexcept;
  SourceFolder& operator=(SourceFolder&& other) noexcept;

  /// Errors: ValueBadPath, FileNotFound, FileTooLarge.
  [[nodiscard]] Result<SourceFile> read(const std::string& relative_path, const InputLimits& limits) const;

 private:
  explicit SourceFolder(int descriptor) : descriptor_(descriptor) {}
  int descriptor_ = -1;
};

/// The one document of a file of our own kinds; nullopt after reporting what is wrong. `what` names the kind in messages.
std::optional<Node> parse_single(const SourceFile& file, std::string_view what, const InputLimits& limits, Diagnostics& diagnostics);

/// A calibration from a file already read.
std::optional<Calibration> read_calibration(const SourceFile& file, const InputLimits& limits, Diagnostics& diagnostics);

}  // namespace tandem::scenario
