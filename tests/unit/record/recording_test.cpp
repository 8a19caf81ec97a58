#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <set>

#include "core/base/digest.hpp"
#include "core/base/random.hpp"
#include "core/record/sampling.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tests/unit/record/samples.hpp"

namespace tandem::record {
namespace {

using namespace testing;
using tandem::testing::TemporaryFolder;
using ::testing::HasSubstr;

std::string write(const std::string& folder, WriterOptions given, std::uint64_t requests, int modifications = 70) {
  auto writer = Writer::create(folder, std::move(given));
  EXPECT_TRUE(writer) << to_string(writer.error());
  write_events(**writer, requests, modifications);
  auto digest = (*writer)->finish(SimTime{60'000'000'000}, {{"mode", "sim"}, {"seed", {{"value", 42}}}});
  EXPECT_TRUE(digest) << to_string(digest.error());
  return *digest;
}

Recording open(const std::string& folder) {
  auto recording = Recording::open(folder);
  EXPECT_TRUE(recording) << to_string(recording.error());
  return std::move(*recording);
}

TEST(Recording, GivesBackEveryEventThatWasWritten) {
  TemporaryFolder folder;
  write(folder / "run", options(), 500);
  const Recording recording = open(folder / "run");
  EXPECT_EQ(recording.world(), "sim");
  EXPECT_EQ(recording.seed(), 42u);
  EXPECT_TRUE(recording.complete());
  EXPECT_EQ(recording.torn_bytes(), 0u);
  EXPECT_EQ(recording.ended_at(), SimTime{60'000'000'000});

  const RequestColumns& columns = recording.requests();
  ASSERT_EQ(columns.index.size(), 500u);
  for (std::size_t i = 0; i < 500; ++i) {
    const RequestRecord expected = request(i);
    RequestRecord actual;
    actual.traffic = columns.traffic[i];
    actual.index = columns.index[i];
    actual.intended = SimTime{columns.intended[i]};
    actual.sent = SimTime{columns.sent[i]};
    actual.end = SimTime{columns.end[i]};
    actual.queued = nanoseconds(columns.queued[i]);
    actual.service = nanoseconds(columns.service[i]);
    actual.cpu = nanoseconds(columns.cpu[i]);
    actual.throttled = nanoseconds(columns.throttled[i]);
    actual.status = columns.status[i];
    actual.outcome = static_cast<RequestOutcome>(columns.outcome[i]);
    actual.replica = recording.text(columns.replica[i]);
    actual.connection = columns.connection[i];
    actual.attempts = columns.attempts[i];
    EXPECT_EQ(actual, expected) << i;
  }
  ASSERT_EQ(recording.decisions().size(), 2u);
  EXPECT_EQ(recording.decisions()[0], (SchedulingDecision{SimTime{3'000}, "default/web-a", 1, 7, "kind-worker", {"kind-worker", "kind-worker2"}, 3, 4, ""}));
  EXPECT_EQ(recording.decisions()[1].message, "0/4 nodes are available: 4 Insufficient cpu.");
  ASSERT_EQ(recording.marks().size(), 1u);
  EXPECT_EQ(recording.marks()[0].text, "\xC3\xBC n\n\"quoted\"");
  ASSERT_EQ(recording.samples().size(), 5u);
  EXPECT_EQ(recording.samples()[1], (Sample{SimTime{500'000'000}, "node/kind-worker", "cpu.used_cores", 0.5}));
  EXPECT_EQ(recording.changes().size(), 73u);
}

TEST(Recording, CountsTotalsByStatusOutcomeAndTheSourcesOwnRule) {
  TemporaryFolder folder;
  write(folder / "run", options(), 500);
  const Recording recording = open(folder / "run");
  ASSERT_EQ(recording.totals().size(), 1u);
  const TrafficTotals& totals = recording.totals()[0];
  EXPECT_EQ(totals.name, "users");
  EXPECT_EQ(totals.requests, 500u);
  // Of every 50 requests, one is reset and four of the others answer 404.
  EXPECT_EQ(totals.failed, 50u);
  EXPECT_THAT(totals.by_status, ::testing::ElementsAre(std::pair(0, 10u), std::pair(200, 450u), std::pair(404, 40u)));
  EXPECT_THAT(totals.by_outcome, ::testing::ElementsAre(std::pair(RequestOutcome::Ok, 490u), std::pair(RequestOutcome::Reset, 10u)));
  EXPECT_EQ(totals.latency_ns.count(), 490u);
  EXPECT_EQ(totals.latency_ns.min(), 2'000'000);
  EXPECT_EQ(totals.latency_ns.max(), 2'600'000);
  EXPECT_EQ(totals.stored_one_in, 1u);
  EXPECT_EQ(recording.manifest()["totals"][0]["failed"], 50);
  EXPECT_EQ(recording.manifest()["complete"], true);
  EXPECT_EQ(recording.manifest()["seed"]["value"], 42);
}

TEST(Recording, DigestDoesNotDependOnChunksAndIsRecomputedByTheReader) {
  TemporaryFolder folder;
  std::set<std::string> digests;
  std::set<std::size_t> sizes;
  for (const std::uint32_t events : {1u, 7u, 64u, 200u, 16384u}) {
    WriterOptions given = options();
    given.chunk_events = events;
    const std::string path = folder / std::to_string(events);
    const std::string digest = write(path, given, 300);
    digests.insert(digest);
    sizes.insert(slurp(path + "/events.tdr").size());
    EXPECT_EQ(open(path).digest(), digest);
    EXPECT_EQ(open(path).manifest()["digest"], digest);
  }
  EXPECT_EQ(digests.size(), 1u);
  EXPECT_EQ(sizes.size(), 5u) << "the chunk sizes made no difference to the files";
}

TEST(Recording, DigestFollowsItsWrittenDefinition) {
  TemporaryFolder folder;
  WriterOptions given = options();
  given.traffic.clear();
  auto writer = Writer::create(folder / "run", given);
  (*writer)->mark({SimTime{0x0102}, "run", "s", "tt"});
  const std::string digest = *(*writer)->finish(SimTime{5}, {});
  const auto sha = [](std::string_view bytes) { return sha256_hex(bytes); };
  const std::string lines = "run.marks.kind " + sha(std::string_view("\3\0\0\0run", 7)) + "\n" + "run.marks.subject " +
                            sha(std::string_view("\1\0\0\0s", 5)) + "\n" + "run.marks.text " + sha(std::string_view("\2\0\0\0tt", 6)) + "\n" +
                            "run.marks.time " + sha(std::string_view("\2\1\0\0\0\0\0\0", 8)) + "\n" + "seed 42\nended_at 5\n";
  EXPECT_EQ(digest, sha(lines));
}

TEST(Recording, DigestChangesWithAnySingleField) {
  TemporaryFolder folder;
  int number = 0;
  std::set<std::string> digests;
  const auto digest_of = [&](auto&& change) {
    RequestRecord record = request(3);
    WriterOptions given = options();
    change(record, given);
    auto writer = Writer::create(folder / std::to_string(number++), given);
    (*writer)->request(record);
    digests.insert(*(*writer)->finish(SimTime{9}, {}));
  };
  digest_of([](auto&, auto&) {});
  digest_of([](auto& r, auto&) { r.index = 4; });
  digest_of([](auto& r, auto&) { r.intended.ns += 1; });
  digest_of([](auto& r, auto&) { r.sent.ns += 1; });
  digest_of([](auto& r, auto&) { r.end.ns += 1; });
  digest_of([](auto& r, auto&) { r.queued.ns += 1; });
  digest_of([](auto& r, auto&) { r.service.ns += 1; });
  digest_of([](auto& r, auto&) { r.cpu.ns += 1; });
  digest_of([](auto& r, auto&) { r.throttled.ns += 1; });
  digest_of([](auto& r, auto&) { r.status = 201; });
  digest_of([](auto& r, auto&) { r.outcome = RequestOutcome::Timeout; });
  digest_of([](auto& r, auto&) { r.replica += "x"; });
  digest_of([](auto& r, auto&) { r.connection += 1; });
  digest_of([](auto& r, auto&) { r.attempts = 2; });
  digest_of([](auto&, auto& o) { o.seed = 43; });
  digest_of([](auto&, auto& o) { o.traffic[0].name = "others"; });
  EXPECT_EQ(digests.size(), 16u);
  digest_of([](auto&, auto& o) { o.world = "docker"; });
  EXPECT_EQ(digests.size(), 16u) << "the world is not part of the digest";
}

// ---------------------------------------------------------------- cuts and damage

TEST(Recording, CutAtEveryByteOpensUpToItsLastWholeChunk) {
  TemporaryFolder folder;
  WriterOptions given = options();
  given.chunk_events = 4;
  write(folder / "run", given, 6, 6);
  const std::string path = folder / "run/events.tdr";
  const std::size_t whole = open(folder / "run").changes().size();
  std::size_t last_changes = whole;
  std::size_t last_requests = 6;
  std::size_t cuts_with_loss = 0;
  for (std::size_t size = std::filesystem::file_size(path); size-- > 0;) {
    std::filesystem::resize_file(path, size);
    auto cut = Recording::open(folder / "run");
    ASSERT_TRUE(cut) << size << ": " << to_string(cut.error());
    ASSERT_FALSE(cut->complete()) << size;
    const std::size_t changes = cut->changes().size();
    const std::size_t requests = cut->requests().index.size();
    // A cut loses the chunk it is in and nothing before it.
    ASSERT_LE(changes, last_changes) << size;
    ASSERT_LE(requests, last_requests) << size;
    ASSERT_LE(last_changes - changes + last_requests - requests, 4u) << size;
    if (changes + requests < last_changes + last_requests) ++cuts_with_loss;
    last_changes = changes;
    last_requests = requests;
    if (changes > 0) {
      EXPECT_EQ(cut->object_after(changes - 1).index(), 1u);
    }
    if (requests > 0) {
      EXPECT_EQ(cut->totals()[0].requests, requests);
    }
  }
  EXPECT_EQ(last_changes + last_requests, 0u);
  EXPECT_GE(cuts_with_loss, 4u);
}

TEST(Recording, CutAtRandomBytesOfALargeFileKeepsAPrefixOfTheRequests) {
  TemporaryFolder folder;
  WriterOptions given = options();
  given.chunk_events = 512;
  write(folder / "whole", given, 20'000);
  const std::string bytes = slurp(folder / "whole/events.tdr");
  std::filesystem::create_directory(folder / "cut");
  RandomStream random(1, "cuts");
  for (int round = 0; round < 100; ++round) {
    const std::size_t size = random.below(bytes.size());
    spit(folder / "cut/events.tdr", bytes.substr(0, size));
    auto cut = Recording::open(folder / "cut");
    ASSERT_TRUE(cut) << size;
    EXPECT_FALSE(cut->complete());
    EXPECT_LT(cut->torn_bytes(), 200'000u);
    const auto index = cut->requests().index;
    for (std::size_t i = 0; i < index.size(); ++i) ASSERT_EQ(index[i], i);
    EXPECT_EQ(cut->totals()[0].requests, index.size());
  }
}

TEST(Recording, AnyChangedByteBeforeTheLastChunkIsRefusedAsDamage) {
  TemporaryFolder folder;
  WriterOptions given = options();
  given.chunk_events = 8;
  write(folder / "whole", given, 12, 10);
  const std::string bytes = slurp(folder / "whole/events.tdr");
  std::filesystem::create_directory(folder / "bad");
  int damaged = 0;
  for (std::size_t at = 16; at < bytes.size(); at += 13) {
    std::string changed = bytes;
    changed[at] = static_cast<char>(changed[at] ^ 0x20);
    spit(folder / "bad/events.tdr", changed);
    auto opened = Recording::open(folder / "bad");
    // Only padding and the torn last chunk may pass; nothing may crash.
    if (opened) continue;
    EXPECT_EQ(opened.error().code, ErrorCode::RecordDamaged) << at;
    EXPECT_THAT(to_string(opened.error()), HasSubstr("events.tdr"));
    ++damaged;
  }
  EXPECT_GT(damaged, static_cast<int>(bytes.size() / 13 * 8 / 10));
}

TEST(Recording, RefusesWhatIsNotARecordingOrHasAnotherVersion) {
  TemporaryFolder folder;
  EXPECT_EQ(Recording::open(folder.path()).error().code, ErrorCode::RecordNotFound);
  spit(folder / "events.tdr", "hello, this is a text file");
  EXPECT_EQ(Recording::open(folder.path()).error().code, ErrorCode::RecordNotFound);
  spit(folder / "events.tdr", std::string("TANDEMR1\x09\0\0\0\0\0\0\0", 16));
  EXPECT_EQ(Recording::open(folder.path()).error().code, ErrorCode::RecordVersion);
}

TEST(Recording, OfAKilledRunHasNoManifestButSaysItsWorld) {
  TemporaryFolder folder;
  {
    auto writer = Writer::create(folder / "run", options());
    (*writer)->mark({SimTime{1}, "run", "start", ""});
  }
  const Recording recording = open(folder / "run");
  EXPECT_FALSE(recording.complete());
  EXPECT_EQ(recording.world(), "sim");
  EXPECT_EQ(recording.manifest()["complete"], false);
  EXPECT_EQ(recording.marks().size(), 1u);
}

TEST(Recording, ChunksAreWrittenAfterTheirSpanOfRunTime) {
  TemporaryFolder folder;
  WriterOptions given = options();
  given.chunk_span = seconds(1);
  auto writer = Writer::create(folder / "run", given);
  (*writer)->mark({SimTime{0}, "run", "a", ""});
  (*writer)->mark({SimTime{1'000'000'000}, "run", "b", ""});
  (*writer)->mark({SimTime{1'500'000'000}, "run", "c", ""});
  EXPECT_EQ(open(folder / "run").marks().size(), 2u) << "readable while the run goes on";
}

// ---------------------------------------------------------------- sampling

TEST(Sampling, KeepsTotalsExactAndStoresOneInAPowerOfTwo) {
  TemporaryFolder folder;
  WriterOptions given = options();
  given.stored_requests_max = 1'000;
  given.traffic = {{"known", {}, 20'000}, {"unknown", {}, 0}};
  auto writer = Writer::create(folder / "run", given);
  for (std::uint64_t i = 0; i < 20'000; ++i) {
    (*writer)->request(request(i, 0));
    (*writer)->request(request(i, 1));
  }
  const std::string digest = *(*writer)->finish(SimTime{1}, {});
  const Recording recording = open(folder / "run");
  EXPECT_EQ(recording.digest(), digest);
  std::map<std::uint32_t, std::vector<std::uint64_t>> stored;
  for (std::size_t i = 0; i < recording.requests().index.size(); ++i) stored[recording.requests().traffic[i]].push_back(recording.requests().index[i]);
  EXPECT_EQ(stored[0], stored[1]) << "a rising level ends with the same sample as a known one";
  // 20,000 / 2^5 = 625 on average; standard deviation about 25.
  EXPECT_NEAR(static_cast<double>(stored[0].size()), 625, 100);
  for (const TrafficTotals& totals : recording.totals()) {
    EXPECT_EQ(totals.requests, 20'000u);
    EXPECT_EQ(totals.stored_one_in, 32u);
    EXPECT_EQ(totals.latency_ns.count(), 19'600u);
  }
  for (const std::uint64_t index : stored[0]) EXPECT_TRUE(detail::kept_at_level(index, 5));
}

TEST(Sampling, ACutFileOfASampledRunStillHasExactTotals) {
  TemporaryFolder folder;
  WriterOptions given = options();
  given.stored_requests_max = 100;
  given.chunk_events = 64;
  given.traffic = {{"users", {}, 0}};
  {
    auto writer = Writer::create(folder / "run", given);
    for (std::uint64_t i = 0; i < 5'000; ++i) (*writer)->request(request(i));
  }
  const Recording recording = open(folder / "run");
  EXPECT_FALSE(recording.complete());
  EXPECT_EQ(recording.totals()[0].requests, 5'000u);
  EXPECT_EQ(recording.totals()[0].stored_one_in, 64u);
  EXPECT_LT(recording.requests().index.size(), 160u);
}

// ---------------------------------------------------------------- folders and write errors

TEST(Writer, RefusesAFolderThatHoldsARecordingUnlessToldToOverwrite) {
  TemporaryFolder folder;
  write(folder / "run", options(), 10);
  auto refused = Writer::create(folder / "run", options());
  ASSERT_FALSE(refused);
  EXPECT_EQ(exit_code_of(refused.error().code), 2);
  EXPECT_THAT(to_string(refused.error()), HasSubstr("--force"));
  const Recording old = open(folder / "run");
  auto accepted = Writer::create(folder / "run", options(), true);
  ASSERT_TRUE(accepted);
  EXPECT_FALSE(std::filesystem::exists(folder / "run/manifest.json"));
  EXPECT_EQ(old.requests().index.size(), 10u) << "who had the old one open keeps it";
  EXPECT_EQ(old.digest(), old.manifest()["digest"]);
}

TEST(Writer, ReportsAFolderItCannotCreate) {
  TemporaryFolder folder;
  spit(folder / "file", "x");
  auto writer = Writer::create(folder / "file/run", options());
  ASSERT_FALSE(writer);
  EXPECT_EQ(writer.error().code, ErrorCode::FileWriteFailed);
}

TEST(Writer, KeepsTheFirstWriteErrorAndLeavesAReadableFile) {
  TemporaryFolder folder;
  WriterOptions given = options();
  given.chunk_events = 100;
  auto writer = Writer::create(folder / "run", given);
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  rlimit tight = before;
  tight.rlim_cur = 40'000;
  setrlimit(RLIMIT_FSIZE, &tight);
  for (std::uint64_t i = 0; i < 2'000; ++i) (*writer)->request(request(i));
  const Status status = (*writer)->status();
  const auto digest = (*writer)->finish(SimTime{1}, {});
  setrlimit(RLIMIT_FSIZE, &before);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::FileWriteFailed);
  ASSERT_FALSE(digest);
  EXPECT_FALSE(std::filesystem::exists(folder / "run/manifest.json"));
  const Recording recording = open(folder / "run");
  EXPECT_FALSE(recording.complete());
  EXPECT_EQ(recording.torn_bytes(), 0u);
  EXPECT_GE(recording.requests().index.size(), 200u);
}

}  // namespace
}  // namespace tandem::record
