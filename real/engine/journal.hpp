#pragma once
// The journal of a run: what it is about to create and what it has created, on the disk before the engine hears of it
// (hardening C3, F3). After a crash it says which objects may exist.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "host/files.hpp"
#include "real/engine/run_identity.hpp"

namespace tandem::real {

enum class JournalKind : std::uint8_t {
  Open,    ///< first line: run id, owner and engine
  Intent,  ///< about to create `type` `name`
  Done,    ///< created; `id` is the engine's
  Gone,    ///< deleted by us
  Phase,   ///< `name` begins: create, run, destroy
  Closed,  ///< last line: everything is deleted
};

struct JournalEntry {
  JournalKind kind = JournalKind::Intent;
  std::string type;  ///< container, network, volume; empty for a phase
  std::string name;
  std::string id;
  friend bool operator==(const JournalEntry&, const JournalEntry&) = default;
};

/// One line a record: {"checksum", "record", "sequence"}; the checksum is the first 16 digits of SHA-256 over
/// `sequence record`.
class Journal {
 public:
  /// Folder of all journals: state directory + "/runs".
  static std::string folder();
  static std::string path_of(const std::string& run_id);

  /// Starts the journal of a new run on `engine` (its address as text) with its Open line, synced. Errors: FileWriteFailed.
  static Result<Journal> create(const RunIdentity& identity, const std::string& engine);

  /// Appends; Intent is synced before it returns. Errors: FileWriteFailed.
  Status append(const JournalEntry& entry);
  /// Writes Closed and removes the file: nothing is left to recover. To be called only after the engine's lists were empty.
  void close();
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  Journal(host::AppendFile file, std::string path) : file_(std::move(file)), path_(std::move(path)) {}
  Status write(const std::string& record, bool sync);

  host::AppendFile file_;
  std::string path_;
  std::uint64_t sequence_ = 0;
};

/// A journal read back.
struct JournalContent {
  RunIdentity identity;
  std::string engine;                 ///< address of the engine, as text; empty if unknown
  std::vector<JournalEntry> entries;
  bool closed = false;
  bool torn = false;  ///< the last line was incomplete and is ignored
};
/// Errors: FileNotFound, FileTooLarge, RecordDamaged with the line; without one if not even the first line is whole, so that
/// nothing had been announced.
Result<JournalContent> read_journal(const std::string& path);

}  // namespace tandem::real
