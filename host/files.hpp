#pragma once
// Files of this machine by the rules of hardening §3.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"

namespace tandem::host {

/// Whole content. Errors: FileNotFound, FileTooLarge (more than `limit` bytes). Works on /proc files of unknown size.
Result<std::string> read_file(const std::string& path, std::size_t limit);
/// Rule F1: the file is the old one or the new one, never a mixture. Errors: FileWriteFailed.
Status replace_file(const std::string& path, std::string_view bytes);
/// The name of a file that was just made is on the disk as well when this returns. Errors: FileWriteFailed.
Status sync_folder_of(const std::string& path);
/// Like mkdir -p. Errors: FileWriteFailed.
Status ensure_directory(const std::string& path);
/// Names in a directory, sorted; empty if there is none.
std::vector<std::string> list_directory(const std::string& path);
bool exists(const std::string& path);
/// Since the last change of its content; 0 if there is no such file.
std::int64_t age_seconds(const std::string& path);
/// Removes one file; fine if it is gone already.
void remove_file(const std::string& path);

/// Where Tandem keeps state between runs: $TANDEM_STATE, else $XDG_STATE_HOME/tandem, else ~/.local/state/tandem.
std::string state_directory();
/// Where things live that can be made again: $XDG_CACHE_HOME/tandem, else ~/.cache/tandem.
std::string cache_directory();
/// Folder of the running program, without a trailing slash.
std::string program_directory();

/// A scratch directory in `parent` (default: $TMPDIR or /tmp), removed with everything in it when this ends.
class ScratchDirectory {
 public:
  static Result<ScratchDirectory> create(const std::string& name, const std::string& parent = {});
  ~ScratchDirectory();
  ScratchDirectory(ScratchDirectory&& other) noexcept;
  ScratchDirectory& operator=(ScratchDirectory&& other) noexcept;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  explicit ScratchDirectory(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

/// Append-only file (rule F3). Move-only; closed at the end.
class AppendFile {
 public:
  /// Opens or creates. `length` ≥ 0 cuts the file to that many bytes first (a torn last line). Errors: FileWriteFailed.
  static Result<AppendFile> open(const std::string& path, std::int64_t length = -1);
  ~AppendFile();
  AppendFile(AppendFile&& other) noexcept;
  AppendFile& operator=(AppendFile&& other) noexcept;

  /// Writes all bytes; with `sync` they are on the disk when it returns. After a failure the file takes no more and returns
  /// the first error again (rule F2).
  Status append(std::string_view bytes, bool sync);

 private:
  AppendFile(int file, std::string path) : file_(file), path_(std::move(path)) {}
  int file_ = -1;
  std::optional<Error> failure_;
  std::string path_;
};

/// An advisory lock on a file, held until this ends or the process dies.
class FileLock {
 public:
  /// Nothing if somebody else holds it. Errors: FileWriteFailed.
  static Result<FileLock> try_lock(const std::string& path);
  [[nodiscard]] bool held() const { return file_ >= 0; }
  ~FileLock();
  FileLock(FileLock&& other) noexcept;
  FileLock& operator=(FileLock&& other) noexcept;

 private:
  explicit FileLock(int file) : file_(file) {}
  int file_ = -1;
};

}  // namespace tandem::host
