#pragma once
// Internal: events.tdr as a sequence of checksummed frames. Layout: events.fbs.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/base/result.hpp"

namespace tandem::record::detail {

inline constexpr std::uint32_t kFormatVersion = 1;

/// Appends frames. Never syncs until close(): a crash may lose what the kernel had not written, never what it had.
class ChunkFileWriter {
 public:
  ChunkFileWriter() = default;
  ~ChunkFileWriter();
  ChunkFileWriter(const ChunkFileWriter&) = delete;
  ChunkFileWriter& operator=(const ChunkFileWriter&) = delete;

  /// Creates the file; it must not exist. Errors: FileWriteFailed.
  Status create(const std::string& path);
  /// On an error the file is cut back to its last whole frame.
  Status append(std::span<const std::byte> payload);
  /// Syncs and closes; the file is complete when this succeeds.
  Status close();
  [[nodiscard]] std::uint32_t frames() const { return frames_; }

 private:
  Status write_all(std::span<const std::byte> bytes);
  std::string path_;
  int descriptor_ = -1;
  std::uint64_t whole_bytes_ = 0;
  std::uint32_t frames_ = 0;
};

/// The payloads of a mapped file.
class MappedChunks {
 public:
  /// Checks every frame. Errors: RecordNotFound, RecordVersion, RecordDamaged (damage before the end).
  static Result<MappedChunks> open(const std::string& path);
  ~MappedChunks();
  MappedChunks(MappedChunks&& other) noexcept;
  MappedChunks& operator=(MappedChunks&& other) noexcept;

  [[nodiscard]] const std::vector<std::span<const std::byte>>& payloads() const { return payloads_; }
  /// Bytes after the last whole chunk: the remains of a cut.
  [[nodiscard]] std::uint64_t torn_bytes() const { return torn_bytes_; }

 private:
  MappedChunks() = default;
  Status read_frames(const std::string& path);
  std::span<const std::byte> file_;
  std::vector<std::span<const std::byte>> payloads_;
  std::uint64_t torn_bytes_ = 0;
};

/// Replaces a file by temporary, sync, rename, directory sync (hardening F1).
Status replace_file(const std::string& path, std::string_view contents);
/// Whole file as text, at most `limit` bytes. Errors: FileNotFound, FileTooLarge.
Result<std::string> read_file(const std::string& path, std::size_t limit);

}  // namespace tandem::record::detail
