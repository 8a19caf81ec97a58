// What goes, what stays, in which order and when it is over (hardening C4–C7).

#include "real/docker/cleaner.hpp"

#include <thread>

#include "tests/unit/real/engine_fixture.hpp"

namespace tandem::docker {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<std::string> names(const std::vector<CleanedObject>& objects) {
  std::vector<std::string> result;
  for (const CleanedObject& object : objects) result.push_back(object.type + " " + object.name);
  return result;
}

class Clean : public FakeEngineTest {
 protected:
  CleanReport clean_all(const CleanOptions& options) {
    auto report = clean(client_, options);
    EXPECT_TRUE(report) << to_string(report.error());
    return report.value_or(CleanReport{});
  }
  static std::string journal_of(const real::RunIdentity& identity) { return real::Journal::path_of(identity.run_id); }
  real::Journal open_journal(const real::RunIdentity& identity) { return std::move(*real::Journal::create(identity, engine_.address().text())); }

  real::RunIdentity dead_ = dead_run('a');
};

TEST_F(Clean, NothingThereIsNothingDone) {
  const CleanReport report = clean_all(quick());
  EXPECT_THAT(report.removed, IsEmpty());
  EXPECT_EQ(engine_.count("DELETE"), 0U);
}

TEST_F(Clean, ContainersGoBeforeNetworksBeforeVolumes) {
  add(dead_, "volume", "volume", 1);
  add(dead_, "network", "network", 2);
  add(dead_, "container", "pod", 3);
  add(dead_, "container", "sandbox", 4);
  const CleanReport report = clean_all(quick());
  std::vector<std::string> types;
  for (const CleanedObject& object : report.removed) types.push_back(object.type);
  EXPECT_THAT(types, ElementsAre("container", "container", "network", "volume"));
  EXPECT_THAT(engine_.names(), IsEmpty());
  EXPECT_THAT(report.runs, ElementsAre(dead_.run_id));
  EXPECT_EQ(engine_.count("DELETE /containers"), engine_.count("?force=true&v=true")) << "with anonymous volumes";
}

TEST_F(Clean, DecoysStay) {
  add_decoys();
  add(dead_, "container", "pod", 1);
  const CleanReport report = clean_all(quick());
  EXPECT_EQ(report.removed.size(), 1U);
  EXPECT_EQ(engine_.names(), decoys_);
  EXPECT_EQ(report.spared.size(), 3U) << "our label on names that no run gives";
  EXPECT_EQ(engine_.count("prune"), 0U);
}

TEST_F(Clean, ARunWhoseProcessLivesIsLeftAloneUnlessForced) {
  const real::RunIdentity living = living_run();
  add(living, "container", "pod", 1);
  EXPECT_THAT(clean_all(quick()).removed, IsEmpty());
  CleanOptions forced = quick();
  forced.include_alive = true;
  EXPECT_EQ(clean_all(forced).removed.size(), 1U);
}

TEST_F(Clean, OneRunOnly) {
  add(dead_, "container", "pod", 1);
  add(dead_run('b'), "container", "pod", 1);
  CleanOptions options = quick();
  options.run_id = dead_.run_id;
  EXPECT_EQ(clean_all(options).removed.size(), 1U);
  EXPECT_THAT(engine_.names(), ElementsAre(dead_run('b').name_of("pod", 1)));
}

TEST_F(Clean, DryRunDeletesNothing) {
  add(dead_, "container", "pod", 1);
  auto journal = open_journal(dead_);
  CleanOptions options = quick();
  options.dry_run = true;
  EXPECT_THAT(names(clean_all(options).removed), ElementsAre("container " + dead_.name_of("pod", 1), "journal " + journal_of(dead_)));
  EXPECT_EQ(engine_.count("DELETE"), 0U);
  EXPECT_TRUE(host::exists(journal_of(dead_)));
}

TEST_F(Clean, WhatAppearsLateStartsTheGraceAnew) {
  add(dead_, "container", "pod", 1);
  add(dead_, "container", "pod", 2, std::chrono::milliseconds(150));
  add(dead_, "container", "pod", 3, std::chrono::milliseconds(350));
  CleanOptions options = quick();
  options.grace = milliseconds(250);
  EXPECT_EQ(clean_all(options).removed.size(), 3U);
  EXPECT_THAT(engine_.names(), IsEmpty());
}

TEST_F(Clean, AnOpenJournalStartsTheGraceThoughNothingIsThereYet) {
  auto journal = open_journal(dead_);
  add(dead_, "container", "pod", 1, std::chrono::milliseconds(150));
  CleanOptions options = quick();
  options.grace = milliseconds(300);
  EXPECT_EQ(clean_all(options).removed.size(), 2U) << "the container and the journal";
  EXPECT_THAT(engine_.names(), IsEmpty());
}

TEST_F(Clean, TheObjectIsReadAgainBeforeItGoes) {
  const std::string id = add(dead_, "container", "pod", 1);
  const std::string volume = add(dead_, "volume", "volume", 2);
  // Between list and deletion both have become somebody else's: same id or name, other labels.
  engine_.inject({.method = "GET", .path = "/containers/" + id, .answer = {.body = R"({"Id":"x","Name":"/other","Config":{"Labels":{}},"State":{}})"}});
  engine_.inject({.method = "GET", .path = "/volumes/" + volume, .answer = {.body = R"({"Name":")" + volume + R"(","Labels":null})"}});
  const CleanReport report = clean_all(quick());
  EXPECT_THAT(report.removed, IsEmpty());
  EXPECT_EQ(report.spared.size(), 2U);
  EXPECT_EQ(engine_.count("DELETE"), 0U);
}

TEST_F(Clean, BusyObjectsAreTriedAgainAndHopelessOnesReported) {
  const std::string busy = add(dead_, "container", "pod", 1);
  const std::string stuck = add(dead_, "container", "pod", 2);
  add(dead_, "network", "network", 3);
  engine_.inject({.method = "DELETE", .path = busy, .times = 2, .answer = {.status = 409, .body = R"({"message":"removal of container x is already in progress"})"}});
  engine_.inject({.method = "DELETE", .path = stuck, .times = -1, .answer = {.status = 500, .body = R"({"message":"device or resource busy"})"}});
  auto journal = open_journal(dead_);
  const CleanReport report = clean_all(quick());
  EXPECT_THAT(names(report.removed), ElementsAre("container " + dead_.name_of("pod", 1), "network " + dead_.name_of("network", 3)));
  ASSERT_EQ(report.survivors.size(), 1U);
  EXPECT_EQ(report.survivors[0].reason, "device or resource busy");
  EXPECT_TRUE(host::exists(journal_of(dead_))) << "what is not finished stays announced";
  const Error leak = leak_error(report);
  EXPECT_EQ(exit_code_of(leak.code), 4);
  EXPECT_THAT(to_string(leak), HasSubstr(dead_.name_of("pod", 2)));
}

TEST_F(Clean, ANetworkInUseGoesOnceItsContainersAreGone) {
  ContainerSpec spec;
  spec.name = dead_.name_of("pod", 1);
  spec.labels = dead_.labels("pod");
  spec.network = dead_.name_of("network", 2);
  const auto id = client_.run(api::create_container(spec));
  ASSERT_TRUE(id && client_.run(api::start_container(*id)));
  const std::string network = add(dead_, "network", "network", 2);
  EXPECT_FALSE(client_.run(api::remove_network(network)));
  EXPECT_EQ(clean_all(quick()).removed.size(), 2U);
}

TEST_F(Clean, AnEngineThatFailsKeepsTheJournal) {
  auto journal = open_journal(dead_);
  engine_.stop();
  EXPECT_FALSE(clean(client_, quick()));
  EXPECT_TRUE(host::exists(journal_of(dead_)));
  engine_.start();
  // The first list is empty, the second fails.
  engine_.inject({.path = "/containers/json", .skip = 1, .times = -1, .answer = {.status = 500}});
  EXPECT_FALSE(clean(client_, quick()));
  EXPECT_TRUE(host::exists(journal_of(dead_))) << "only two empty lists close it";
}

TEST_F(Clean, TheJournalGoesAfterTwoEmptyLists) {
  auto journal = open_journal(dead_);
  EXPECT_THAT(names(clean_all(quick()).removed), ElementsAre("journal " + journal_of(dead_)));
  EXPECT_FALSE(host::exists(journal_of(dead_)));
  EXPECT_EQ(engine_.count("/containers/json"), 2U);
}

TEST_F(Clean, JournalsOfOtherEnginesStay) {
  auto elsewhere = std::move(*real::Journal::create(dead_, "unix:///elsewhere.sock"));
  const CleanReport report = clean_all(quick());
  EXPECT_TRUE(host::exists(journal_of(dead_)));
  ASSERT_EQ(report.spared.size(), 1U);
  EXPECT_THAT(report.spared[0].reason, HasSubstr("unix:///elsewhere.sock"));
}

TEST_F(Clean, ADamagedJournalStaysForAPersonAndStopsNothing) {
  {
    auto journal = open_journal(dead_);
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(journal.append({real::JournalKind::Intent, "container", "x", {}}));
  }
  std::string text = *host::read_file(journal_of(dead_), 1 << 20);
  text[text.size() / 2] ^= 1;
  ASSERT_TRUE(host::replace_file(journal_of(dead_), text));
  add(dead_, "container", "pod", 1);
  const CleanReport report = clean_all(quick());
  EXPECT_EQ(report.removed.size(), 1U);
  EXPECT_THAT(report.survivors, IsEmpty());
  EXPECT_EQ(report.spared.size(), 1U);
}

TEST_F(Clean, CtrlCEndsItEarly) {
  add(dead_, "container", "pod", 1);
  CleanOptions options = quick();
  options.cancelled = [] { return true; };
  EXPECT_EQ(clean(client_, options).error().code, ErrorCode::Interrupted);
}

TEST(DerivedName, IsExactlyWhatARunGives) {
  real::RunIdentity identity;
  identity.run_id = std::string(32, 'a');
  const LabelMap labels = identity.labels("pod");
  EXPECT_TRUE(is_derived_name("tandem-aaaaaaaaaaaa-pod-12", labels));
  for (const char* name : {"", "-", "tandem-aaaaaaaaaaaa-pod-", "tandem-aaaaaaaaaaaa-pod-1 ", "tandem-aaaaaaaaaaaa-pod-012", "tandem-aaaaaaaaaaaa-pod-123456789012345",
                           "tandem-aaaaaaaaaaaa-sandbox-1", "tandem-bbbbbbbbbbbb-pod-1", "x-tandem-aaaaaaaaaaaa-pod-1"}) {
    EXPECT_FALSE(is_derived_name(name, labels)) << name;
  }
}

}  // namespace
}  // namespace tandem::docker
