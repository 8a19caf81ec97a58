#pragma once
// Recordings made by hand: objects are put and removed at given moments, requests are added, and the result is opened again.

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "core/cluster/objects.hpp"
#include "core/record/recording.hpp"
#include "core/record/writer.hpp"
#include "tests/support/temporary_folder.hpp"

namespace tandem::testing {

constexpr SimTime at_ms(std::int64_t ms) { return SimTime{ms * 1'000'000}; }

class RecordingBuilder {
 public:
  explicit RecordingBuilder(std::string world = "sim", std::vector<record::TrafficSource> traffic = {{"users", {200, 404}, 0}}, std::uint64_t seed = 42)
      : world_(std::move(world)) {
    record::WriterOptions options;
    options.seed = seed;
    options.traffic = std::move(traffic);
    options.world = world_;
    auto created = record::Writer::create(folder_ / "run", options);
    EXPECT_TRUE(created);
    writer_ = std::move(*created);
  }

  /// Added when its uid is new, else Modified.
  template <class T>
  void put(std::int64_t ms, T& object) {
    object.meta.resource_version = ++version_;
    const bool known = !known_.try_emplace(object.meta.uid, true).second;
    writer_->object_changed(at_ms(ms), known ? cluster::ChangeType::Modified : cluster::ChangeType::Added, object);
  }
  template <class T>
  void remove(std::int64_t ms, T& object) {
    object.meta.resource_version = ++version_;
    writer_->object_changed(at_ms(ms), cluster::ChangeType::Deleted, object);
  }
  void action(std::int64_t ms, std::string text) { writer_->mark({at_ms(ms), "action", "timeline", std::move(text)}); }
  void request(record::RequestRecord record) { writer_->request(record); }
  record::Writer& writer() { return *writer_; }

  /// Closes the recording and opens it. The builder must outlive it.
  record::Recording finish(std::int64_t ms) {
    auto digest = writer_->finish(at_ms(ms), {{"mode", world_}, {"scenario", {{"path", "scenarios/<test>/scenario.yaml"}}}});
    EXPECT_TRUE(digest);
    return open();
  }
  /// Leaves the recording without an end, as a killed run does.
  record::Recording abandon() {
    writer_.reset();
    return open();
  }

 private:
  record::Recording open() {
    auto recording = record::Recording::open(folder_ / "run");
    EXPECT_TRUE(recording);
    return std::move(*recording);
  }
  TemporaryFolder folder_;
  std::string world_;
  std::unique_ptr<record::Writer> writer_;
  std::map<std::string, bool> known_;
  std::int64_t version_ = 0;
};

}  // namespace tandem::testing
