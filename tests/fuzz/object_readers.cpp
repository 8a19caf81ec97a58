// Kubernetes JSON and recordings.

#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <vector>

#include "core/base/bounded_json.hpp"
#include "core/base/check.hpp"
#include "core/cluster/json.hpp"
#include "core/record/chunk_codec.hpp"
#include "core/record/chunk_file.hpp"
#include "core/record/export.hpp"
#include "core/record/recording.hpp"
#include "tests/fuzz/readers.hpp"
#include "tests/fuzz/scratch_file.hpp"

namespace tandem::fuzz {

namespace {

/// Everything that the commands look at.
void walk(const record::Recording& recording) {
  CHECK(recording.digest() == recording.digest(), "a digest that changes");
  std::size_t bytes = 0;
  record::export_jsonl(recording, [&](std::string_view piece) { bytes += piece.size(); });
  record::export_requests_csv(recording, [&](std::string_view piece) { bytes += piece.size(); });
  bytes += recording.samples().size() + recording.totals().size() + recording.world().size();
  for (const cluster::AnyObject& object : recording.objects_at(recording.ended_at())) bytes += cluster::to_json(object).size();
  CHECK(bytes < std::size_t{1} << 40, "more text than any recording holds");
}

}  // namespace

void read_object(std::string_view bytes) {
  const nlohmann::json document = parse_bounded_json(bytes);
  if (document.is_discarded()) return;
  const auto object = cluster::object_from_json(document);
  if (!object) return;
  const nlohmann::json written = cluster::to_json(*object);
  const auto again = cluster::object_from_json(written);
  CHECK(again.has_value(), "an object does not read back: " + written.dump());
  CHECK(cluster::to_json(*again) == written, "an object changes when it is written and read: " + written.dump());
}

/// The file itself: headers, checksums, cut tails.
void read_recording(std::string_view bytes) {
  scratch_file("events.tdr", bytes);
  if (const auto recording = record::Recording::open(scratch_folder())) walk(*recording);
}

/// What is inside: a payload with right checksums around it, twice, as the first chunk and as a later one.
void read_chunk(std::string_view bytes) {
  const std::string path = scratch_folder() + "/events.tdr";
  std::filesystem::remove(path);
  record::detail::ChunkFileWriter writer;
  const auto payload = std::as_bytes(std::span(bytes));
  CHECK(writer.create(path).has_value() && writer.append(payload).has_value() && writer.append(payload).has_value() && writer.close().has_value(),
        "no scratch file");
  if (const auto recording = record::Recording::open(scratch_folder())) walk(*recording);
}

}  // namespace tandem::fuzz
