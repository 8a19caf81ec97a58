#include "real/engine/journal.hpp"

#include <array>
#include <nlohmann/json.hpp>

#include "core/base/bounded_json.hpp"
#include "core/base/digest.hpp"

namespace tandem::real {

namespace {

using nlohmann::json;

constexpr std::size_t kJournalMax = 64 << 20;
constexpr std::array<const char*, 6> kKindNames = {"open", "intent", "done", "gone", "phase", "closed"};

std::string checksum(std::uint64_t sequence, const std::string& record) {
  return sha256_hex(std::to_string(sequence) + " " + record).substr(0, 16);
}

std::string line_of(std::uint64_t sequence, const std::string& record) {
  // Written by hand so that the record's bytes are exactly those the checksum covers.
  return R"({"checksum":")" + checksum(sequence, record) + R"(","record":)" + record + R"(,"sequence":)" + std::to_string(sequence) + "}\n";
}

std::string text_of(const json& record, const char* name) {
  const auto found = record.find(name);
  return found != record.end() && found->is_string() ? found->get<std::string>() : std::string();
}

bool read_kind(const json& record, JournalKind& kind) {
  const std::string name = text_of(record, "kind");
  for (std::size_t i = 0; i < kKindNames.size(); ++i) {
    if (name == kKindNames[i]) {
      kind = static_cast<JournalKind>(i);
      return true;
    }
  }
  return false;
}

/// False if the line is not a whole, intact line of ours.
bool read_line(std::string_view line, std::uint64_t sequence, JournalContent& content) {
  const json document = parse_bounded_json(line);
  if (!document.is_object() || !document.contains("record") || !document["record"].is_object()) return false;
  const json& record = document["record"];
  if (document.value("sequence", json()) != json(sequence) || text_of(document, "checksum") != checksum(sequence, record.dump())) return false;
  JournalEntry entry;
  if (!read_kind(record, entry.kind)) return false;
  if (entry.kind == JournalKind::Open) {
    LabelMap labels;
    const json written = record.value("labels", json::object());
    for (const auto& [name, value] : written.items()) {
      if (value.is_string()) labels[name] = value.get<std::string>();
    }
    const auto identity = identity_from_labels(labels);
    if (!identity) return false;
    content.identity = *identity;
    content.engine = text_of(record, "engine");
    return true;
  }
  if (entry.kind == JournalKind::Closed) {
    content.closed = true;
    return true;
  }
  entry.type = text_of(record, "type");
  entry.name = text_of(record, "name");
  entry.id = text_of(record, "id");
  content.entries.push_back(std::move(entry));
  return true;
}

}  // namespace

std::string Journal::folder() { return host::state_directory() + "/runs"; }
std::string Journal::path_of(const std::string& run_id) { return folder() + "/" + run_id + ".journal"; }

Result<Journal> Journal::create(const RunIdentity& identity, const std::string& engine) {
  TANDEM_TRY(host::ensure_directory(folder()));
  const std::string path = path_of(identity.run_id);
  auto file = host::AppendFile::open(path);
  if (!file) return tl::unexpected(file.error());
  Journal journal(std::move(*file), path);
  const json record = {{"kind", "open"}, {"engine", engine}, {"labels", identity.labels("journal")}};
  const Status opened = journal.write(record.dump(), true).and_then([&] { return host::sync_folder_of(path); });
  if (opened) return journal;
  host::remove_file(path);  // it announces nothing
  return tl::unexpected(opened.error());
}

Status Journal::write(const std::string& record, bool sync) { return file_.append(line_of(++sequence_, record), sync); }

Status Journal::append(const JournalEntry& entry) {
  json record = {{"kind", kKindNames[static_cast<std::size_t>(entry.kind)]}, {"name", entry.name}};
  if (!entry.type.empty()) record["type"] = entry.type;
  if (!entry.id.empty()) record["id"] = entry.id;
  // The others only spare whoever reads them some look-ups, so they need not wait for the disk.
  return write(record.dump(), entry.kind == JournalKind::Intent);
}

void Journal::close() {
  // On a full disk the line may fail, and says no more than the removal does.
  static_cast<void>(write(json{{"kind", "closed"}}.dump(), true));
  host::remove_file(path_);
}

Result<JournalContent> read_journal(const std::string& path) {
  const auto text = host::read_file(path, kJournalMax);
  if (!text) return tl::unexpected(text.error());
  JournalContent content;
  std::uint64_t sequence = 0;
  std::string_view rest = *text;
  while (!rest.empty()) {
    const std::size_t end = rest.find('\n');
    // A crash leaves a beginning of the last line, and a line's only line feed is its end.
    content.torn = end == std::string_view::npos;
    if (content.torn) break;
    if (!read_line(rest.substr(0, end), ++sequence, content)) {
      return fail(ErrorCode::RecordDamaged, "the journal is damaged", {path, static_cast<std::uint32_t>(sequence), 0});
    }
    rest.remove_prefix(end + 1);
  }
  if (sequence == 0) return fail(ErrorCode::RecordDamaged, "the journal has no first line", {path, 0, 0});
  if (content.identity.run_id.empty()) return fail(ErrorCode::RecordDamaged, "the journal does not begin with its run", {path, 1, 0});
  return content;
}

}  // namespace tandem::real
