#pragma once
// A writer for the ustar format (POSIX.1-1988), as the engine takes it for build contexts and for files in containers.

#include <string>
#include <string_view>

#include "core/base/result.hpp"

namespace tandem::docker {

class TarWriter {
 public:
  /// Adds a regular file, owned by root, with modification time zero, so that equal content gives equal bytes.
  /// Requires: `path` is relative, at most 100 bytes (ours are short).
  void add_file(std::string_view path, std::string_view content, unsigned mode = 0644);
  /// The archive with its end mark; the writer is empty afterwards.
  std::string take();

 private:
  std::string archive_;
};

/// Every regular file of a folder (no subfolders), sorted by name: a build context. Errors: FileNotFound, FileTooLarge.
Result<std::string> tar_of_folder(const std::string& folder);

}  // namespace tandem::docker
