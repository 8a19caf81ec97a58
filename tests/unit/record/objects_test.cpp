#include <gtest/gtest.h>

#include "core/cluster/json.hpp"
#include "core/record/merge_patch.hpp"
#include "core/record/object_deltas.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tests/unit/record/samples.hpp"

namespace tandem::record {
namespace {

using namespace testing;
using nlohmann::json;
using tandem::testing::TemporaryFolder;

// ---------------------------------------------------------------- merge patches

struct PatchCase {
  const char* from;
  const char* to;
  const char* patch;
};

TEST(MergePatch, IsTheSmallestThatRfc7386Applies) {
  // The table of RFC 7386, appendix A, read backwards: from and to are given, the patch is found.
  const PatchCase cases[] = {
      {R"({"a":"b"})", R"({"a":"c"})", R"({"a":"c"})"},
      {R"({"a":"b"})", R"({"a":"b","b":"c"})", R"({"b":"c"})"},
      {R"({"a":"b"})", R"({})", R"({"a":null})"},
      {R"({"a":"b","b":"c"})", R"({"b":"c"})", R"({"a":null})"},
      {R"({"a":["b"]})", R"({"a":"c"})", R"({"a":"c"})"},
      {R"({"a":"c"})", R"({"a":["b"]})", R"({"a":["b"]})"},
      {R"({"a":{"b":"c"}})", R"({"a":{"b":"d"}})", R"({"a":{"b":"d"}})"},
      {R"({"a":[{"b":"c"}]})", R"({"a":[1]})", R"({"a":[1]})"},
      {R"({"e":null})", R"({"e":null,"a":1})", R"({"a":1})"},
      {R"({})", R"({"a":{"bb":{}}})", R"({"a":{"bb":{}}})"},
      {R"({"a":{"x":1}})", R"({"a":{}})", R"({"a":{"x":null}})"},
      {R"({"a":1})", R"({"a":{}})", R"({"a":{}})"},
      {R"({"a":[null]})", R"({"a":[null,{"b":null}]})", R"({"a":[null,{"b":null}]})"},
      {R"({"a":1})", R"({"a":1})", R"({})"},
  };
  for (const PatchCase& one : cases) {
    const json from = json::parse(one.from);
    const json to = json::parse(one.to);
    const auto patch = merge_patch_between(from, to);
    ASSERT_TRUE(patch) << one.from << " -> " << one.to;
    EXPECT_EQ(patch->dump(), one.patch);
    json applied = from;
    applied.merge_patch(*patch);
    EXPECT_EQ(applied, to);
  }
}

TEST(MergePatch, RefusesWhatItCannotExpress) {
  EXPECT_FALSE(merge_patch_between(json::parse(R"({})"), json::parse(R"({"a":null})")));
  EXPECT_FALSE(merge_patch_between(json::parse(R"({"a":1})"), json::parse(R"({"a":{"b":{"c":null}}})")));
  EXPECT_FALSE(merge_patch_between(json::parse(R"([1])"), json::parse(R"({"a":1})")));
  EXPECT_FALSE(merge_patch_between(json::parse(R"({"a":1})"), json::parse(R"([1])")));
}

// ---------------------------------------------------------------- objects over time

std::string text(const cluster::AnyObject& object) { return cluster::to_json(object, cluster::TimeFormat::Nanoseconds).dump(); }

TEST(ObjectHistory, GivesEveryStateBackThroughSnapshotsAndPatches) {
  TemporaryFolder folder;
  WriterOptions given = options();
  given.chunk_events = 10;
  auto writer = Writer::create(folder / "run", given);
  std::vector<std::string> states;
  cluster::Deployment deployment;
  deployment.meta.name = "web";
  deployment.meta.namespace_ = "default";
  deployment.meta.uid = "uid-web";
  for (int i = 0; i < 100; ++i) {
    deployment.meta.resource_version = i + 1;
    deployment.meta.generation = 1 + i / 10;
    deployment.spec.replicas = i % 6;
    deployment.status.available_replicas = i % 3;
    if (i % 5 == 0) deployment.meta.annotations = cluster::Labels{{"deployment.kubernetes.io/revision", std::to_string(i)}};
    if (i % 7 == 0) deployment.spec.pod_template.edit([&](cluster::PodTemplate& t) { t.labels = cluster::Labels{{"version", std::to_string(i)}}; });
    if (i % 11 == 0) deployment.status.conditions = {condition("Progressing", cluster::ConditionStatus::True, SimTime{i})};
    if (i % 11 == 1) deployment.status.conditions.clear();
    // A null in a field that the typed view does not know forces a snapshot.
    if (i == 40) deployment.spec.rest.fields = std::make_shared<const json>(json{{"unknown", nullptr}});
    if (i == 41) deployment.spec.rest.fields.reset();
    const auto type = i == 0 ? cluster::ChangeType::Added : cluster::ChangeType::Modified;
    (*writer)->object_changed(SimTime{i * 10}, type, deployment);
    states.push_back(text(deployment));
  }
  ASSERT_TRUE((*writer)->finish(SimTime{1000}, {}));
  const auto recording = Recording::open(folder / "run");
  ASSERT_TRUE(recording);
  ASSERT_EQ(recording->changes().size(), states.size());
  for (std::size_t i = 0; i < states.size(); ++i) {
    EXPECT_EQ(recording->json_after(i).dump(), states[i]) << i;
    EXPECT_EQ(text(recording->object_after(i)), states[i]) << i;
  }
  std::size_t visited = 0;
  recording->for_each_change([](const ObjectChange&) { return true; },
                             [&](std::size_t i, const ObjectChange&, const cluster::AnyObject& object) {
                               EXPECT_EQ(text(object), states[i]) << i;
                               ++visited;
                             });
  EXPECT_EQ(visited, states.size());
}

TEST(ObjectHistory, ListsWhatExistsAtAMomentSortedByKindNamespaceAndName) {
  TemporaryFolder folder;
  auto writer = Writer::create(folder / "run", options());
  cluster::Pod b = pod("b");
  cluster::Pod a = pod("a");
  cluster::Node node;
  node.meta.name = "kind-worker";
  node.meta.uid = "n";
  (*writer)->object_changed(SimTime{10}, cluster::ChangeType::Added, b);
  (*writer)->object_changed(SimTime{20}, cluster::ChangeType::Added, a);
  (*writer)->object_changed(SimTime{20}, cluster::ChangeType::Added, node);
  b.status.phase = cluster::PodPhase::Running;
  (*writer)->object_changed(SimTime{30}, cluster::ChangeType::Modified, b);
  (*writer)->object_changed(SimTime{40}, cluster::ChangeType::Deleted, b);
  // The name again, as another object.
  cluster::Pod reborn = pod("b");
  reborn.meta.uid = "uid-b2";
  (*writer)->object_changed(SimTime{50}, cluster::ChangeType::Added, reborn);
  ASSERT_TRUE((*writer)->finish(SimTime{60}, {}));
  const auto recording = Recording::open(folder / "run");
  const auto names = [&](std::int64_t at) {
    std::string all;
    for (const cluster::AnyObject& object : recording->objects_at(SimTime{at})) {
      all += detail::meta_of(object).uid;
      if (const auto* p = std::get_if<cluster::Pod>(&object)) all += p->status.phase == cluster::PodPhase::Running ? "(running)" : "";
      all += " ";
    }
    return all;
  };
  EXPECT_EQ(names(9), "");
  EXPECT_EQ(names(10), "uid-b ");
  EXPECT_EQ(names(20), "n uid-a uid-b ");
  EXPECT_EQ(names(30), "n uid-a uid-b(running) ");
  EXPECT_EQ(names(40), "n uid-a ");
  EXPECT_EQ(names(55), "n uid-a uid-b2 ");
}

TEST(ObjectHistory, SkippedChangesDoNotConfuseAPartialPass) {
  TemporaryFolder folder;
  auto writer = Writer::create(folder / "run", options());
  cluster::Pod a = pod("a");
  std::vector<std::string> states;
  for (int i = 0; i < 40; ++i) {
    a.meta.resource_version = i + 1;
    a.status.pod_ip = "10.0.0." + std::to_string(i);
    (*writer)->object_changed(SimTime{i}, i == 0 ? cluster::ChangeType::Added : cluster::ChangeType::Modified, a);
    states.push_back(text(a));
  }
  ASSERT_TRUE((*writer)->finish(SimTime{60}, {}));
  const auto recording = Recording::open(folder / "run");
  recording->for_each_change([](const ObjectChange& change) { return change.time >= SimTime{10} && change.time.ns % 3 != 0; },
                             [&](std::size_t i, const ObjectChange&, const cluster::AnyObject& object) { EXPECT_EQ(text(object), states[i]); });
}

TEST(ObjectDeltas, CostPatchesNotWholeObjects) {
  detail::ObjectDeltas deltas;
  cluster::Pod a = pod("a");
  const auto first = deltas.next(cluster::ChangeType::Added, a);
  EXPECT_TRUE(first.snapshot);
  a.meta.resource_version = 9;
  const auto second = deltas.next(cluster::ChangeType::Modified, a);
  EXPECT_FALSE(second.snapshot);
  EXPECT_EQ(second.payload, R"({"metadata":{"resourceVersion":"9"}})");
  EXPECT_EQ(deltas.live_objects(), 1u);
  EXPECT_EQ(deltas.next(cluster::ChangeType::Deleted, a).payload, "{}");
  EXPECT_EQ(deltas.live_objects(), 0u);
}

TEST(ObjectDeltas, ReplaceBytesThatAreNotUtf8) {
  detail::ObjectDeltas deltas;
  cluster::Pod a = pod("a");
  a.status.message = "bad \xFF byte";
  const auto delta = deltas.next(cluster::ChangeType::Added, a);
  EXPECT_NE(delta.payload.find("bad \xEF\xBF\xBD byte"), std::string::npos);
}

}  // namespace
}  // namespace tandem::record
