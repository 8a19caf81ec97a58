// Decisions made again from a recording: they must be the recorded ones, in whatever happens beside them; and what explain says
// about them must be true.

#include "core/judge/explain.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <set>
#include <tuple>

#include "core/judge/explain_diff.hpp"
#include "core/judge/explain_node.hpp"
#include "tests/unit/judge/busy_scheduler.hpp"

namespace tandem::judge {
namespace {

using control::scheduler::default_profile;
using scenario::SchedulerProfile;
using testing::BusyScheduler;
using NoteKind = record::SchedulerNote::Kind;

/// The default filters, one plugin that scores.
SchedulerProfile scored_by(const std::string& plugin, std::string scheduler_name = "default-scheduler") {
  SchedulerProfile profile = default_profile();
  profile.scheduler_name = std::move(scheduler_name);
  for (auto& enabled : profile.plugins) enabled.weight = enabled.name == plugin ? 1 : 0;
  const bool known = std::any_of(profile.plugins.begin(), profile.plugins.end(), [&](const auto& enabled) { return enabled.name == plugin; });
  if (!known) profile.plugins.push_back({plugin, 1, true, true});
  return profile;
}
control::SchedulerOptions with(std::vector<SchedulerProfile> profiles) {
  control::SchedulerOptions options;
  options.profiles = std::move(profiles);
  return options;
}

/// A policy whose answers depend on how often it was asked, which no replay could know.
class Moody final : public control::scheduler::ExternalPolicy {
 public:
  Result<std::string> ask(const std::string& line) override {
    const auto question = nlohmann::json::parse(line);
    if (++asked_ % 7 == 0) return fail(make_error(ErrorCode::ProcessFailed, "the policy did not answer in time").with_found("5s"));
    nlohmann::json scores = nlohmann::json::object();
    for (const auto& node : question.at("nodes")) scores[node.at("name").get<std::string>()] = static_cast<int>(asked_++ % 101);
    return nlohmann::json{{"id", question.at("id")}, {"scores", scores}}.dump();
  }

 private:
  std::uint64_t asked_ = 0;
};

/// A policy that answers nonsense.
class Nonsense final : public control::scheduler::ExternalPolicy {
 public:
  Result<std::string> ask(const std::string&) override { return "the first one, I think"; }
};

void expect_all_the_same(const record::Recording& recording, const scenario::SchedulerConfig& config, std::size_t at_least) {
  const auto test = reevaluate_all(recording, config);
  ASSERT_TRUE(test) << to_string(test.error());
  EXPECT_EQ(test->decisions, recording.decisions().size());
  EXPECT_GE(test->decisions, at_least);
  for (const DecisionMismatch& mismatch : test->mismatches) {
    const record::SchedulingDecision& decision = recording.decisions()[mismatch.number];
    ADD_FAILURE() << "decision " << mismatch.number << " about " << decision.pod << " attempt " << decision.attempt << ": " << fmt::format("{}", fmt::join(mismatch.what, "; "));
    if (&mismatch - test->mismatches.data() > 5) break;
  }
}

TEST(SchedulingReplay, MakesEveryDecisionOfABusyClusterAgain) {
  std::array<int, record::kSchedulerNoteKindCount> notes{};
  std::size_t preemptions = 0;
  for (const auto& delivery : {cluster::DeliveryProfile::kubernetes(), cluster::DeliveryProfile::instant()}) {
    for (const std::uint64_t seed : {1, 2, 3}) {
      BusyScheduler busy(delivery, with({default_profile()}), seed);
      const auto recording = busy.live(400);
      expect_all_the_same(recording, busy.config(), 300);
      for (std::size_t i = 0; i < notes.size(); ++i) notes[i] += busy.notes[i];
      for (const auto& decision : recording.decisions()) preemptions += decision.inputs->nomination == record::Nomination::Nominate ? 1 : 0;
    }
  }
  // The property is empty where nothing of the kind happened.
  for (std::size_t i = 0; i < notes.size(); ++i) EXPECT_GT(notes[i], 0) << "note kind " << i;
  EXPECT_GT(preemptions, 20U);
}

TEST(SchedulingReplay, MakesDecisionsOfOtherPoliciesAgain) {
  for (const std::string policy : {"FirstFit", "Random", "RoundRobin", "ImageLocality"}) {
    SCOPED_TRACE(policy);
    BusyScheduler busy(cluster::DeliveryProfile::kubernetes(), with({scored_by(policy), scored_by("NodeResourcesFit", "second")}));
    expect_all_the_same(busy.live(200), busy.config(), 100);
  }
}

TEST(SchedulingReplay, KnowsWhatAPolicyInAProcessOfItsOwnSaid) {
  control::SchedulerOptions options = with({scored_by("ExternalPolicy")});
  options.policies["default-scheduler"] = std::make_shared<Moody>();
  BusyScheduler busy(cluster::DeliveryProfile::kubernetes(), std::move(options));
  const auto recording = busy.live(200);
  expect_all_the_same(recording, busy.config(), 100);
  const auto failed = [](const auto& decision) { return decision.inputs->policy == record::PolicyAnswer::Failed; };
  EXPECT_TRUE(std::any_of(recording.decisions().begin(), recording.decisions().end(), failed));
}

TEST(SchedulingReplay, SearchesOnWhereTheLastSearchEnded) {
  SchedulerProfile profile = default_profile();
  profile.percentage_of_nodes_to_score = 30;
  BusyScheduler busy(cluster::DeliveryProfile::kubernetes(), with({profile}));
  for (int i = 0; i < 350; ++i) ASSERT_TRUE(busy.api().create(BusyScheduler::node("node-" + std::to_string(i))));
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(busy.api().create(BusyScheduler::pod("pod-" + std::to_string(i), 500)));
  busy.run_until(kTimeZero + seconds(20));
  const auto recording = busy.finish();
  expect_all_the_same(recording, busy.config(), 100);
  const record::DecisionInputs& second = *recording.decisions()[1].inputs;
  EXPECT_EQ(second.search_start, 105U) << "30 % of 350";
  EXPECT_GT(second.tie_count, record::kNamedTiesMax);
  EXPECT_TRUE(recording.decisions()[1].ties.empty()) << "many ties are not written out";
}

TEST(SchedulingReplay, NoticesAnotherOutcome) {
  BusyScheduler busy(cluster::DeliveryProfile::kubernetes(), with({default_profile()}));
  const auto recording = busy.live(100);
  scenario::SchedulerConfig other = busy.config();
  other.profiles = {scored_by("FirstFit")};
  const auto test = reevaluate_all(recording, other);
  ASSERT_TRUE(test);
  EXPECT_FALSE(test->mismatches.empty());
}

TEST(SchedulingReplay, RefusesRecordingsThatDoNotSayWhatDecisionsWereMadeFrom) {
  testing::RecordingBuilder builder;
  cluster::Pod pod = BusyScheduler::pod("p", 100);
  pod.meta.uid = "u";
  builder.put(0, pod);
  builder.writer().decision({kTimeZero + seconds(1), "default/p", 1, 1, "n1", {"n1"}, 1, 1, ""});
  const auto recording = builder.finish(2'000);
  const auto test = reevaluate_all(recording, {.profiles = {default_profile()}});
  ASSERT_FALSE(test);
  EXPECT_EQ(test.error().code, ErrorCode::RecordVersion);
  EXPECT_THAT(test.error().hint, ::testing::HasSubstr("again"));
}

TEST(SchedulingReplay, SurvivesARecordingThatMakesNoSense) {
  testing::RecordingBuilder builder;
  cluster::Node node = BusyScheduler::node("n1");
  node.meta.uid = "n";
  builder.writer().object_changed(kTimeZero, cluster::ChangeType::Modified, node);
  builder.writer().object_changed(kTimeZero, cluster::ChangeType::Deleted, BusyScheduler::node("n2"));
  cluster::Pod pod = BusyScheduler::pod("p", 100);
  pod.meta.uid = "u";
  builder.writer().object_changed(kTimeZero, cluster::ChangeType::Modified, pod);
  record::SchedulingDecision decision{kTimeZero + seconds(1), "default/p", 1, 1, "nowhere", {"n1"}, 1, 1, ""};
  decision.inputs.emplace();
  decision.inputs->seen = 3;
  decision.inputs->search_start = UINT32_MAX;
  for (const auto kind : {NoteKind::Forgotten, NoteKind::Nominated, NoteKind::NominationEnded, NoteKind::Discarded}) {
    builder.writer().scheduler_note({kTimeZero, kind, "u", "", 3, 0});
    builder.writer().scheduler_note({kTimeZero, kind, "nobody", "n2", 3, 0});
  }
  builder.writer().decision(decision);
  decision.inputs->step = 2;
  builder.writer().decision(decision);  // a pod that is placed already
  decision.pod = "default/unknown";
  decision.inputs->step = 4;
  builder.writer().decision(decision);
  const auto recording = builder.finish(2'000);
  const scenario::SchedulerConfig config{.profiles = {default_profile()}};
  const auto test = reevaluate_all(recording, config);
  ASSERT_FALSE(test);
  EXPECT_EQ(test.error().code, ErrorCode::RecordDamaged);
  EXPECT_EQ(test.error().found, "the pod default/unknown");
  const RunHistory history = RunHistory::of(recording);
  const auto told = explain_pod(recording, history, config, {.namespace_ = "default", .name = "p", .attempt = {}, .at = {}});
  ASSERT_TRUE(told) << to_string(told.error());
  EXPECT_FALSE(told->mismatches.empty());
  EXPECT_FALSE(to_text(*told, {}).empty());
}

TEST(SchedulingReplay, ReadsACutRecordingAsFarAsItGoes) {
  BusyScheduler busy(cluster::DeliveryProfile::kubernetes(), with({default_profile()}));
  const auto recording = busy.live_and_die(100);
  EXPECT_FALSE(recording.complete());
  expect_all_the_same(recording, busy.config(), 1);
}

// ---------------------------------------------------------------- what it says

/// n1 has 2 cores, n2 and n3 have 4, n4 is tainted.
struct FourNodes {
  explicit FourNodes(SchedulerProfile profile = default_profile()) : busy(cluster::DeliveryProfile::kubernetes(), with({std::move(profile)})) {
    add(BusyScheduler::node("n1", 2000));
    add(BusyScheduler::node("n2", 4000));
    add(BusyScheduler::node("n3", 4000));
    cluster::Node tainted = BusyScheduler::node("n4", 4000);
    tainted.spec.taints.push_back({"dedicated", "db", "NoSchedule", {}});
    add(tainted);
  }
  template <class T>
  void add(const T& object) {
    ASSERT_TRUE(busy.api().create(object));
  }
  void pods(std::vector<cluster::Pod> pods) {
    for (std::size_t i = 0; i < pods.size(); ++i) {
      busy.at(kTimeZero + seconds(static_cast<std::int64_t>(i) + 1), [this, pod = pods[i]] { add(pod); });
    }
    busy.run_until(kTimeZero + seconds(static_cast<std::int64_t>(pods.size()) + 5));
    recording.emplace(busy.finish());
    history = RunHistory::of(*recording);
  }
  Explanation explain(const std::string& name, std::optional<std::uint32_t> attempt = {}) {
    auto told = explain_pod(*recording, history, busy.config(), {.namespace_ = "default", .name = name, .attempt = attempt, .at = {}});
    EXPECT_TRUE(told) << to_string(told.error());
    return told.value_or(Explanation{});
  }
  BusyScheduler busy;
  std::optional<record::Recording> recording;
  RunHistory history;
};

TEST(Explain, TellsFiltersScoresAndTies) {
  FourNodes four;
  four.pods({BusyScheduler::pod("a", 1000)});
  const Explanation told = four.explain("a");
  EXPECT_TRUE(told.mismatches.empty());
  ASSERT_EQ(told.nodes.size(), 4U);
  EXPECT_EQ(told.nodes[3].plugin, "TaintToleration");
  EXPECT_EQ(told.nodes[3].reasons, (std::vector<std::string>{"node(s) had untolerated taint {dedicated: db}"}));
  EXPECT_EQ(told.ties, (std::vector<std::string>{"n2", "n3"})) << "a quarter of their cores is less than half of n1's";
  const auto fit = std::find_if(told.plugins.begin(), told.plugins.end(), [](const auto& plugin) { return plugin.name == "NodeResourcesFit"; });
  ASSERT_NE(fit, told.plugins.end());
  const auto column = static_cast<std::size_t>(fit - told.plugins.begin());
  // LeastAllocated by hand: cpu (2000-1000)/2000 = 50, memory 4096-200 of 4096 MiB = 95; the mean. n2: cpu 75.
  EXPECT_EQ(told.nodes[0].scores[column].raw, (50 + 95) / 2);
  EXPECT_EQ(told.nodes[1].scores[column].raw, (75 + 95) / 2);
  for (const ExplainedNode& node : told.nodes) {
    std::int64_t sum = 0;
    for (std::size_t i = 0; i < node.scores.size(); ++i) {
      EXPECT_EQ(node.scores[i].weighted, node.scores[i].normalized * told.plugins[i].weight);
      sum += node.scores[i].weighted;
    }
    EXPECT_EQ(node.total, sum);
    EXPECT_EQ(node.chosen, node.name == told.node);
  }
}

/// What must hold of every explanation, whatever it is about.
void expect_consistent(const Explanation& told) {
  SCOPED_TRACE(told.pod + " attempt " + std::to_string(told.attempt));
  EXPECT_TRUE(told.mismatches.empty()) << fmt::format("{}", fmt::join(told.mismatches, "; "));
  EXPECT_EQ(told.nodes.size(), told.nodes_total);
  std::map<std::string, int> reasons;
  std::size_t feasible = 0;
  std::int64_t best = INT64_MIN;
  for (const ExplainedNode& node : told.nodes) {
    if (node.verdict == ExplainedNode::Verdict::Rejected) {
      EXPECT_FALSE(node.reasons.empty()) << node.name;
      for (const std::string& reason : node.reasons) ++reasons[reason];
      EXPECT_FALSE(node.chosen);
    }
    if (node.verdict != ExplainedNode::Verdict::Feasible) continue;
    ++feasible;
    best = std::max(best, node.total);
    std::int64_t sum = 0;
    for (const ExplainedScore& score : node.scores) sum += score.weighted;
    EXPECT_EQ(node.total, sum);
    EXPECT_EQ(node.scores.size(), told.plugins.size());
  }
  EXPECT_EQ(feasible, told.feasible);
  for (const ExplainedNode& node : told.nodes) {
    const bool has_best = node.verdict == ExplainedNode::Verdict::Feasible && node.total == best && !told.node.empty();
    EXPECT_EQ(node.tied, has_best) << node.name;
    EXPECT_EQ(node.chosen, node.name == told.node);
    EXPECT_TRUE(!node.chosen || node.tied);
  }
  if (!told.node.empty() || told.failed || told.nodes.empty() || !told.pod_rejected_by.empty()) return;
  // The message counts what the table shows. (Nodes that are only named by plugins have their reason too.)
  std::vector<std::string> counted;
  for (const auto& [reason, count] : reasons) counted.push_back(fmt::format("{} {}", count, reason));
  std::sort(counted.begin(), counted.end());
  EXPECT_TRUE(told.message.starts_with(fmt::format("0/{} nodes are available: {}.", told.nodes_total, fmt::join(counted, ", "))))
      << told.message << "\n" << fmt::format("{}", fmt::join(counted, ", "));
}

TEST(Explain, EveryDecisionOfABusyClusterConsistently) {
  BusyScheduler busy(cluster::DeliveryProfile::kubernetes(), with({default_profile(), scored_by("RoundRobin", "second")}), 5);
  const auto recording = busy.live(400);
  std::size_t preempting = 0;
  std::size_t scored = 0;
  const Status replayed = replay_scheduling(
      recording, busy.config(), [](std::size_t) { return true; },
      [&](ReplayedCycle& cycle) {
        const Explanation told = explain(cycle);
        expect_consistent(told);
        preempting += told.preemption && !told.preemption->candidates.empty() ? 1 : 0;
        scored += told.plugins.empty() ? 0 : 1;
        EXPECT_FALSE(to_text(told, {}).empty());
        EXPECT_EQ(to_json(told).at("pod"), told.pod);
      });
  ASSERT_TRUE(replayed) << to_string(replayed.error());
  EXPECT_GT(preempting, 10U);
  EXPECT_GT(scored, 50U);
}

TEST(Explain, TextFitsATerminal) {
  FourNodes four;
  four.pods({BusyScheduler::pod("a", 1000), BusyScheduler::pod("b", 8000)});
  for (const char* name : {"a", "b"}) {
    const std::string text = to_text(four.explain(name), {.unicode = false, .all_nodes = false});
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
      if (line.starts_with("Message")) continue;  // as long as in Kubernetes
      EXPECT_LE(line.size(), 120U) << line;
    }
  }
  const std::string text = to_text(four.explain("a"), {.unicode = true, .all_nodes = false});
  EXPECT_THAT(text, ::testing::HasSubstr("TaintToleration"));
  EXPECT_THAT(text, ::testing::HasSubstr("chosen"));
  EXPECT_THAT(text, ::testing::HasSubstr("drawn among the 2 nodes"));
}

TEST(Explain, GivesTheMessageOfTheEvent) {
  FourNodes four;
  four.pods({BusyScheduler::pod("huge", 64000)});
  const Explanation told = four.explain("huge", 1);
  const auto pod = std::get<cluster::Pod>([&] {
    for (const auto& object : four.recording->objects_at(four.recording->ended_at())) {
      if (const auto* found = std::get_if<cluster::Pod>(&object)) return cluster::AnyObject(*found);
    }
    return cluster::AnyObject();
  }());
  EXPECT_EQ(told.message, cluster::find_condition(pod.status.conditions, "PodScheduled")->message);
  EXPECT_EQ(told.nodes[0].reasons, (std::vector<std::string>{"Insufficient cpu"}));
}

TEST(Explain, TellsWhoWouldBeEvictedAndWhichRuleDecided) {
  FourNodes four;
  const auto on = [](const std::string& node, cluster::Pod pod) {
    pod.spec.edit([&](cluster::PodSpec& spec) { spec.node_selector = {{"kubernetes.io/hostname", node}}; });
    return pod;
  };
  four.pods({on("n1", BusyScheduler::pod("low", 1900, 10)), on("n2", BusyScheduler::pod("mid", 3900, 20)), on("n3", BusyScheduler::pod("lower", 3900, 5)),
             BusyScheduler::pod("vip", 1500, 100)});
  const Explanation told = four.explain("vip", 1);
  ASSERT_TRUE(told.preemption);
  ASSERT_TRUE(told.preemption->decided_by);
  EXPECT_EQ(told.preemption->criteria[*told.preemption->decided_by], "highest priority");
  const auto chosen = std::find_if(told.preemption->candidates.begin(), told.preemption->candidates.end(), [](const auto& candidate) { return candidate.chosen; });
  ASSERT_NE(chosen, told.preemption->candidates.end());
  ASSERT_EQ(chosen->victims.size(), 1U);
  EXPECT_EQ(chosen->victims[0].pod, "default/lower");
  EXPECT_EQ(told.nominated_node, chosen->node);
  EXPECT_THAT(to_text(told, {}), ::testing::HasSubstr("\"highest priority\" decided"));
  const Explanation later = four.explain("vip");
  EXPECT_EQ(later.node, chosen->node);
  EXPECT_GT(later.attempt, 1U);
  EXPECT_TRUE(later.nominated_node_only);
}

TEST(Explain, ErrorsTeach) {
  FourNodes four;
  cluster::Pod placed = BusyScheduler::pod("placed", 100);
  placed.node_name = "n1";
  four.pods({BusyScheduler::pod("frontend", 100), placed});
  const auto ask = [&](PodQuestion question) {
    question.namespace_ = "default";
    const auto told = explain_pod(*four.recording, four.history, four.busy.config(), question);
    EXPECT_FALSE(told);
    return told ? Error{} : told.error();
  };
  EXPECT_EQ(ask({.name = "fronted", .attempt = {}, .at = {}}).hint, "did you mean pod/frontend?");
  EXPECT_EQ(ask({.name = "frontend", .attempt = 4, .at = {}}).allowed, "1 to 1");
  EXPECT_THAT(ask({.name = "placed", .attempt = {}, .at = {}}).hint, ::testing::HasSubstr("bound to n1 by someone else"));
  const auto node = explain_node(*four.recording, four.history, four.busy.config(), "m1", four.recording->ended_at());
  ASSERT_FALSE(node);
  EXPECT_EQ(node.error().hint, "did you mean node/n1?");
}

TEST(ExplainNode, TellsWhatIsThereAndWhoWasRejected) {
  FourNodes four;
  four.pods({BusyScheduler::pod("a", 3000), BusyScheduler::pod("b", 3000), BusyScheduler::pod("c", 1500), BusyScheduler::pod("d", 3000)});
  const auto told = explain_node(*four.recording, four.history, four.busy.config(), "n1", four.recording->ended_at());
  ASSERT_TRUE(told) << to_string(told.error());
  ASSERT_EQ(told->pods.size(), 1U);
  EXPECT_EQ(told->pods[0].pod, "default/c");
  EXPECT_EQ(told->resources[0].allocatable, 2000);
  EXPECT_EQ(told->resources[0].requested, 1500);
  ASSERT_EQ(told->rejected.size(), 1U);
  EXPECT_EQ(told->rejected[0].plugin, "NodeResourcesFit");
  EXPECT_EQ(told->rejected[0].reason, "Insufficient cpu");
  EXPECT_EQ(told->rejected[0].pods, (std::vector<std::string>{"default/a", "default/b", "default/d"}));
  EXPECT_EQ(told->chosen, 1U);
  EXPECT_TRUE(told->mismatches.empty());
  const auto before = explain_node(*four.recording, four.history, four.busy.config(), "n1", kTimeZero + milliseconds(2'500));
  ASSERT_TRUE(before);
  EXPECT_TRUE(before->pods.empty());
  EXPECT_EQ(before->decisions, 2U);
}

std::size_t sum_of_counts(const NodeExplanation& told) {
  return told.chosen + told.outscored + told.rejections + told.not_visited + told.failed + told.not_there;
}

TEST(ExplainNode, DoesNotTakeAnErrorForAVerdict) {
  control::SchedulerOptions options = with({scored_by("ExternalPolicy")});
  options.policies["default-scheduler"] = std::make_shared<Nonsense>();
  BusyScheduler busy(cluster::DeliveryProfile::kubernetes(), std::move(options));
  for (const char* name : {"n1", "n2"}) ASSERT_TRUE(busy.api().create(BusyScheduler::node(name)));
  ASSERT_TRUE(busy.api().create(BusyScheduler::node("small", 50)));
  ASSERT_TRUE(busy.api().create(BusyScheduler::pod("a", 100)));
  busy.run_until(kTimeZero + seconds(10));
  const auto recording = busy.finish();
  const RunHistory history = RunHistory::of(recording);
  ASSERT_FALSE(recording.decisions().empty());
  const auto told = explain_node(recording, history, busy.config(), "n1", recording.ended_at());
  ASSERT_TRUE(told) << to_string(told.error());
  EXPECT_EQ(told->failed, recording.decisions().size());
  EXPECT_EQ(told->outscored, 0U);
  EXPECT_THAT(to_text(*told, {}), ::testing::HasSubstr("0 rejected here, " + std::to_string(told->failed) + " failed with an error\n"));
  const auto small = explain_node(recording, history, busy.config(), "small", recording.ended_at());
  ASSERT_TRUE(small);
  EXPECT_EQ(small->rejections, recording.decisions().size()) << "a filter did say no";
  EXPECT_EQ(small->failed, 0U);
}

TEST(ExplainNode, CountsEveryDecisionOnce) {
  control::SchedulerOptions options = with({scored_by("ExternalPolicy"), scored_by("NodeResourcesFit", "second")});
  options.policies["default-scheduler"] = std::make_shared<Moody>();
  BusyScheduler busy(cluster::DeliveryProfile::kubernetes(), std::move(options));
  const auto recording = busy.live(200);
  const RunHistory history = RunHistory::of(recording);
  NodeExplanation all;
  for (const NodeLife& life : history.nodes) {
    if (!life.states.back().exists) continue;
    const auto told = explain_node(recording, history, busy.config(), life.name, recording.ended_at());
    ASSERT_TRUE(told) << to_string(told.error());
    EXPECT_EQ(sum_of_counts(*told), told->decisions) << life.name;
    const auto& decisions = recording.decisions();
    EXPECT_EQ(told->chosen, static_cast<std::size_t>(std::count_if(decisions.begin(), decisions.end(), [&](const auto& decision) { return decision.node == life.name; }))) << life.name;
    all.failed += told->failed;
    all.rejections += told->rejections;
    all.not_there += told->not_there;
  }
  // The property is empty where nothing of the kind happened.
  EXPECT_GT(all.failed, 0U);
  EXPECT_GT(all.rejections, 0U);
  EXPECT_GT(all.not_there, 0U);
}

TEST(ExplainNode, SaysWhenTheNodeExists) {
  FourNodes four;
  four.busy.at(kTimeZero + milliseconds(1'500), [&] { four.add(BusyScheduler::node("n5")); });
  four.busy.at(kTimeZero + milliseconds(4'500), [&] { EXPECT_TRUE(four.busy.api().remove<cluster::Node>({"", "n5"}, {})); });
  four.pods({BusyScheduler::pod("a", 100), BusyScheduler::pod("b", 100)});
  const auto gone = explain_node(*four.recording, four.history, four.busy.config(), "n5", four.recording->ended_at());
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().hint, "it exists from 1.5s until 4.5s: give such a time with --at");
  const auto there = explain_node(*four.recording, four.history, four.busy.config(), "n5", kTimeZero + seconds(3));
  ASSERT_TRUE(there) << to_string(there.error());
  EXPECT_EQ(there->not_there, 1U) << "pod a was placed before";
  EXPECT_EQ(there->rejections, 0U);
  EXPECT_EQ(sum_of_counts(*there), 2U);
}

TEST(ExplainNode, KnowsWhichOfSeveralPodsOfAName) {
  FourNodes four;
  cluster::ReplicaSet set;
  set.meta.name = "web";
  set.meta.namespace_ = "default";
  four.add(set);
  cluster::Pod pod = BusyScheduler::pod("again", 100);
  pod.meta.owner_references.push_back({.api_version = "apps/v1", .kind = "ReplicaSet", .name = "web", .uid = four.busy.api().get<cluster::ReplicaSet>({"default", "web"})->meta.uid, .controller = true});
  pod.spec.edit([](cluster::PodSpec& spec) { spec.node_selector = {{"kubernetes.io/hostname", "n2"}}; });
  four.busy.at(kTimeZero + seconds(3), [&] { EXPECT_TRUE(four.busy.api().remove<cluster::Pod>({"default", "again"}, {})); });
  four.busy.at(kTimeZero + seconds(5), [&] { four.add(pod); });
  four.pods({pod, BusyScheduler::pod("other", 100)});
  const auto who = [&](SimTime at) {
    const auto told = explain_node(*four.recording, four.history, four.busy.config(), "n2", at);
    EXPECT_TRUE(told);
    for (const PodOnNodeNow& there : told->pods) {
      if (there.pod == "default/again") return there.identity;
    }
    return std::string("nobody");
  };
  EXPECT_EQ(who(kTimeZero + seconds(2)), "web.1");
  EXPECT_EQ(who(kTimeZero + seconds(4)), "nobody");
  EXPECT_EQ(who(four.recording->ended_at()), "web.2");
  const auto then = explain_pod(*four.recording, four.history, four.busy.config(), {.name = "again", .attempt = {}, .at = kTimeZero + seconds(2)});
  ASSERT_TRUE(then) << to_string(then.error());
  EXPECT_EQ(then->identity, "web.1");
  EXPECT_EQ(four.explain("again").identity, "web.2");
}

TEST(Explain, SaysWhatIsScoredWhereItIsNotWhatIsRequested) {
  FourNodes four;
  four.pods({BusyScheduler::pod("a", 1000)});
  EXPECT_THAT(to_text(four.explain("a"), {}), ::testing::HasSubstr("cpu 1, memory 0; scored as cpu 1, memory 200Mi; priority 0"));
  EXPECT_EQ(to_json(four.explain("a")).at("requests").at("scoredMemoryBytes"), 209'715'200);
}

/// Whose scheduler it was is known by the world, not by what it decided.
TEST(Explain, BlamesAnotherSchedulerOnlyWhereThereIsOne) {
  for (const auto& [world, hint] : {std::pair{"sim", "bound to n1 by someone else"}, std::pair{"docker", "bound to n1 by someone else"}, std::pair{"kind", "on a real cluster (kind)"}}) {
    testing::RecordingBuilder builder(world);
    cluster::Pod pod = BusyScheduler::pod("p", 100);
    pod.meta.uid = "u";
    pod.node_name = "n1";
    builder.put(0, pod);
    const auto recording = builder.finish(2'000);
    const auto told = explain_pod(recording, RunHistory::of(recording), {.profiles = {default_profile()}}, {.name = "p", .attempt = {}, .at = {}});
    ASSERT_FALSE(told);
    EXPECT_THAT(told.error().hint, ::testing::HasSubstr(hint)) << world;
  }
}

// ---------------------------------------------------------------- where runs part

std::optional<DecisionsPart> part(const FourNodes& a, const FourNodes& b) {
  auto parting = first_parting({*a.recording, a.history, a.busy.config()}, {*b.recording, b.history, b.busy.config()});
  EXPECT_TRUE(parting) << to_string(parting.error());
  return parting.value_or(std::nullopt);
}

TEST(ExplainDiff, EqualRunsDoNotPart) {
  FourNodes a;
  FourNodes b;
  a.pods({BusyScheduler::pod("a", 1000), BusyScheduler::pod("b", 1000)});
  b.pods({BusyScheduler::pod("a", 1000), BusyScheduler::pod("b", 1000)});
  EXPECT_FALSE(part(a, b));
}

/// The same is told whichever run is named first.
void expect_mirrored(const DecisionsPart& one, const DecisionsPart& other) {
  EXPECT_EQ(one.logical_name, other.logical_name);
  EXPECT_EQ(one.attempt, other.attempt);
  EXPECT_EQ(one.same_before, other.same_before);
  EXPECT_EQ(one.a.has_value(), other.b.has_value());
  EXPECT_EQ(one.b.has_value(), other.a.has_value());
  std::set<std::tuple<std::string, std::string, std::string>> of_one;
  std::set<std::tuple<std::string, std::string, std::string>> of_other;
  for (const InputDifference& input : one.inputs) of_one.emplace(input.input, input.a, input.b);
  for (const InputDifference& input : other.inputs) of_other.emplace(input.input, input.b, input.a);
  EXPECT_EQ(of_one, of_other);
}

cluster::Pod pinned(cluster::Pod pod, const std::string& node) {
  pod.spec.edit([&](cluster::PodSpec& spec) { spec.node_selector = {{"kubernetes.io/hostname", node}}; });
  return pod;
}

TEST(ExplainDiff, TellsTheEarliestWhicheverRunIsNamedFirst) {
  FourNodes a;
  FourNodes b;
  b.busy.at(kTimeZero + milliseconds(1'500), [&] { b.add(BusyScheduler::pod("extra", 100)); });
  a.pods({BusyScheduler::pod("a", 100), pinned(BusyScheduler::pod("c", 100), "n2")});
  b.pods({BusyScheduler::pod("a", 100), pinned(BusyScheduler::pod("c", 100), "n3")});
  const auto parting = part(a, b);
  const auto other_way = part(b, a);
  ASSERT_TRUE(parting && other_way);
  EXPECT_EQ(parting->logical_name, "extra") << "only the second run has it, half a second before the pod that both place";
  EXPECT_EQ(parting->same_before, 1U);
  EXPECT_FALSE(parting->a);
  EXPECT_TRUE(parting->b);
  expect_mirrored(*parting, *other_way);
}

/// Two ReplicaSets' pods, one of which tolerates the taint of the only node they ask for.
TEST(ExplainDiff, PutsTheCauseBeforeTheNamesThatFollowFromIt) {
  const auto of_hash = [](const std::string& hash) {
    cluster::Pod pod = pinned(BusyScheduler::pod("a", 100), "n4");
    pod.meta.labels = cluster::Labels{{"app", "web"}, {"pod-template-hash", hash}};
    return pod;
  };
  cluster::Pod tolerant = of_hash("bbb");
  tolerant.spec.edit([](cluster::PodSpec& spec) {
    cluster::Toleration toleration;
    toleration.key = "dedicated";
    toleration.op = "Exists";
    spec.tolerations = {toleration};
  });
  FourNodes a;
  FourNodes b;
  a.pods({of_hash("aaa")});
  b.pods({tolerant});
  for (const auto& parting : {part(a, b), part(b, a)}) {
    ASSERT_TRUE(parting);
    std::vector<std::string> inputs;
    for (const InputDifference& input : parting->inputs) inputs.push_back(input.input);
    EXPECT_EQ(inputs, (std::vector<std::string>{"pod specification, tolerations", "label pod-template-hash, of this pod and of those on nodes"}));
  }
}

TEST(ExplainDiff, SaysOnceThatANodeIsOnlyInOneRun) {
  FourNodes a;
  FourNodes b;
  b.add(BusyScheduler::node("n5"));
  for (FourNodes* run : {&a, &b}) run->pods({pinned(BusyScheduler::pod("a", 100), "n5")});
  for (const auto& parting : {part(a, b), part(b, a)}) {
    ASSERT_TRUE(parting);
    ASSERT_FALSE(parting->inputs.empty());
    EXPECT_EQ(parting->inputs[0].input, "nodes");
    for (const InputDifference& input : parting->inputs) EXPECT_THAT(input.input, ::testing::Not(::testing::EndsWith("n5")));
  }
}

/// Where two outcomes differ, something that they were made from must.
TEST(ExplainDiff, NamesAnInputWheneverBusyRunsPart) {
  const auto part_of = [](BusyScheduler& a, BusyScheduler& b) {
    const auto recorded_a = a.live(150);
    const auto recorded_b = b.live(150);
    const RunHistory history_a = RunHistory::of(recorded_a);
    const RunHistory history_b = RunHistory::of(recorded_b);
    const auto parting = first_parting({recorded_a, history_a, a.config()}, {recorded_b, history_b, b.config()});
    ASSERT_TRUE(parting) << to_string(parting.error());
    ASSERT_TRUE(*parting);
    const auto other_way = first_parting({recorded_b, history_b, b.config()}, {recorded_a, history_a, a.config()});
    ASSERT_TRUE(other_way && *other_way);
    expect_mirrored(**parting, **other_way);
    if (!(*parting)->a || !(*parting)->b) return;
    EXPECT_FALSE((*parting)->inputs.empty()) << (*parting)->logical_name;
    EXPECT_THAT(to_text(**parting, "a", "b", {}), ::testing::HasSubstr((*parting)->inputs.front().input));
  };
  for (const std::uint64_t seed : {1, 2, 3, 4}) {
    BusyScheduler a(cluster::DeliveryProfile::kubernetes(), with({default_profile()}), seed);
    BusyScheduler other_seed(cluster::DeliveryProfile::kubernetes(), with({default_profile()}), seed + 10);
    part_of(a, other_seed);
    BusyScheduler again(cluster::DeliveryProfile::kubernetes(), with({default_profile()}), seed);
    BusyScheduler other_policy(cluster::DeliveryProfile::kubernetes(), with({scored_by("RoundRobin")}), seed);
    part_of(again, other_policy);
    BusyScheduler once_more(cluster::DeliveryProfile::kubernetes(), with({default_profile()}), seed);
    BusyScheduler other_delays(cluster::DeliveryProfile::instant(), with({default_profile()}), seed);
    part_of(once_more, other_delays);
  }
}

TEST(ExplainDiff, NamesThePolicy) {
  FourNodes a;
  FourNodes b(scored_by("FirstFit"));
  for (FourNodes* run : {&a, &b}) run->pods({BusyScheduler::pod("a", 1000), BusyScheduler::pod("b", 1000)});
  const auto parting = part(a, b);
  ASSERT_TRUE(parting);
  EXPECT_EQ(parting->logical_name, "a");
  ASSERT_FALSE(parting->inputs.empty());
  EXPECT_EQ(parting->inputs[0].input, "plugins that score, with their weights");
  EXPECT_EQ(parting->inputs[0].b, "FirstFit 1");
}

TEST(ExplainDiff, NamesWhatElseIsThere) {
  FourNodes a;
  FourNodes b;
  cluster::Pod big = BusyScheduler::pod("b", 3500);
  big.spec.edit([](cluster::PodSpec& spec) { spec.node_selector = {{"kubernetes.io/hostname", "n2"}}; });
  cluster::Pod small = big;
  small.spec.edit([](cluster::PodSpec& spec) { spec.containers[0].resources.requests.insert_or_assign("cpu", Quantity::of_milli(100)); });
  cluster::Pod last = BusyScheduler::pod("c", 3000);
  last.spec.edit([](cluster::PodSpec& spec) { spec.node_selector = {{"kubernetes.io/hostname", "n2"}}; });
  a.pods({big, last});
  b.pods({small, last});
  const auto parting = part(a, b);
  ASSERT_TRUE(parting);
  EXPECT_EQ(parting->logical_name, "c");
  EXPECT_EQ(parting->same_before, 1U);
  ASSERT_EQ(parting->inputs.size(), 1U) << to_text(*parting, "a", "b", {});
  EXPECT_EQ(parting->inputs[0].input, "requested on n2");
  EXPECT_EQ(parting->inputs[0].a, "cpu 3500m, memory 0");
  EXPECT_EQ(parting->inputs[0].b, "cpu 100m, memory 0");
}

}  // namespace
}  // namespace tandem::judge
