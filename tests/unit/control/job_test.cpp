// Single syncs of the job controller, each against a rule of pkg/controller/job (v1.34) that the recorded timelines do not reach.

#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/control/job/job_sync.hpp"

namespace tandem::control {
namespace {

using cluster::ConditionStatus;
using cluster::ContainerStatus;
using cluster::Job;
using cluster::Pod;
using cluster::PodPhase;

constexpr SimTime kNow = kTimeZero + seconds(100);

class RecordingActions final : public JobActions {
 public:
  std::int32_t create_pods(std::vector<Pod> pods) override {
    created.insert(created.end(), pods.begin(), pods.end());
    return static_cast<std::int32_t>(pods.size());
  }
  void delete_pod(const JobPod& pod) override { deleted.push_back(pod->meta.name); }
  void remove_finalizer(const JobPod&) override {}
  void write_status(const Job& job) override { written = job; }
  void event(const Job&, ControllerEvent) override {}
  void sync_after(SimDuration) override {}

  std::vector<Pod> created;
  std::vector<std::string> deleted;
  Job written;
};

Job job_of(std::int32_t parallelism, std::int32_t completions) {
  Job job;
  job.meta = {.name = "j", .namespace_ = "default", .uid = "j"};
  job.spec.parallelism = parallelism;
  job.spec.completions = completions;
  job.spec.completion_mode = "NonIndexed";
  job.spec.pod_template = cluster::PodTemplate{.spec = cluster::PodSpec{.containers = {{.name = "c"}}, .restart_policy = "Never"}};
  return job;
}

Pod pod_of(const std::string& name, PodPhase phase) {
  Pod pod;
  pod.meta = {.name = name, .namespace_ = "default", .uid = name, .creation_timestamp = kTimeZero + seconds(7)};
  pod.meta.finalizers = {std::string(kJobTrackingFinalizer)};
  pod.node_name = "n";
  pod.status.phase = phase;
  return pod;
}

RecordingActions sync(const Job& job, const std::vector<Pod>& pods) {
  JobView view;
  view.job = job;
  for (const Pod& pod : pods) view.pods.push_back(std::make_shared<const Pod>(pod));
  JobBackoff backoff;
  RecordingActions actions;
  sync_job(std::move(view), backoff, kNow, actions);
  return actions;
}

std::vector<Pod> running(int count) {
  std::vector<Pod> pods;
  for (int i = 0; i < count; ++i) pods.push_back(pod_of("p" + std::to_string(i), PodPhase::Running));
  return pods;
}

/// Deleted long enough ago that no back-off holds its replacement.
Pod stopping(const std::string& name) {
  Pod pod = pod_of(name, PodPhase::Running);
  pod.meta.deletion_timestamp = kNow - seconds(90);
  return pod;
}

TEST(JobTest, ShrinkingParallelismKeepsAsManyAsAreWanted) {
  Job job = job_of(1, 9);
  job.spec.pod_replacement_policy = "Failed";
  EXPECT_EQ(sync(job, running(3)).deleted.size(), 2u);
}

TEST(JobTest, StoppingPodsHoldBackCreationButCostNoRunningOne) {
  Job job = job_of(1, 9);
  job.spec.pod_replacement_policy = "Failed";
  std::vector<Pod> pods = running(1);
  pods.push_back(stopping("a"));
  pods.push_back(stopping("b"));
  const RecordingActions kept = sync(job, pods);
  EXPECT_TRUE(kept.deleted.empty());
  EXPECT_TRUE(kept.created.empty());
  job.spec.parallelism = 4;
  EXPECT_EQ(sync(job, pods).created.size(), 1u);
  job.spec.pod_replacement_policy = "TerminatingOrFailed";
  EXPECT_EQ(sync(job, pods).created.size(), 3u);
}

TEST(JobTest, SuspensionStopsEveryPodAtOnce) {
  Job job = job_of(600, 900);
  job.spec.suspend = true;
  EXPECT_EQ(sync(job, running(600)).deleted.size(), 600u);
  job = job_of(10, 900);
  EXPECT_EQ(sync(job, running(600)).deleted.size(), 500u);  // MaxPodCreateDeletePerSync
}

TEST(JobTest, SuccessRuleWithoutReadableIndexesIsNeverMet) {
  for (const auto& [indexes, met] : {std::pair("", false), {"x", false}, {"7", false}, {"0", true}, {"x,0", true}, {"0-1", false}}) {
    Job job = job_of(3, 3);
    job.spec.completion_mode = "Indexed";
    job.spec.success_policy = std::vector<cluster::SuccessRule>{{.succeeded_indexes = indexes}};
    job.status.completed_indexes = "0";
    const RecordingActions actions = sync(job, {});
    EXPECT_EQ(cluster::find_condition(actions.written.status.conditions, "SuccessCriteriaMet") != nullptr, met) << indexes;
  }
}

ContainerStatus ended(const std::string& name, SimTime at) {
  cluster::ContainerStateTerminated state;
  state.finished_at = at;
  return {.name = name, .state = state};
}

TEST(JobTest, FinishTimeIsThatOfTheLastContainerSidecarsIncluded) {
  Pod pod = pod_of("p", PodPhase::Failed);
  pod.status.container_statuses = {ended("c", kTimeZero + seconds(20))};
  pod.status.init_container_statuses = {ended("side", kTimeZero + seconds(30)), ended("first", kTimeZero + seconds(90))};
  pod.spec = cluster::PodSpec{.init_containers = {{.name = "first"}, {.name = "side", .restart_policy = "Always"}}, .containers = {{.name = "c"}}};
  EXPECT_EQ(finish_time(pod), kTimeZero + seconds(30));
  pod.status.init_container_statuses[0].state = cluster::ContainerStateRunning{};
  EXPECT_EQ(finish_time(pod), kTimeZero + seconds(7)) << "a sidecar runs: the next source counts, here the creation";
  pod.status.init_container_statuses.clear();
  pod.status.container_statuses = {ended("c", cluster::kTimeUnset)};
  EXPECT_EQ(finish_time(pod), kTimeZero + seconds(7));
  pod.meta.deletion_timestamp = kTimeZero + seconds(60);
  pod.meta.deletion_grace_period_seconds = 10;
  EXPECT_EQ(finish_time(pod), kTimeZero + seconds(50));
  pod.status.conditions = {{.type = "Ready", .status = ConditionStatus::False, .last_transition_time = kTimeZero + seconds(40)}};
  EXPECT_EQ(finish_time(pod), kTimeZero + seconds(40));
}

TEST(JobTest, RestartsOfSidecarsDecideBetweenEqualOnes) {
  Pod calm = pod_of("a", PodPhase::Running);
  calm.spec = cluster::PodSpec{.init_containers = {{.name = "first"}, {.name = "side", .restart_policy = "Always"}}, .containers = {{.name = "c"}}};
  Pod restless = calm;
  restless.meta.name = "b";
  calm.status.init_container_statuses = {{.name = "first", .restart_count = 9}};
  restless.status.init_container_statuses = {{.name = "side", .restart_count = 1}};
  EXPECT_TRUE(deleted_before(restless, calm));
  calm.status.container_statuses = {{.name = "c", .restart_count = 1}};
  EXPECT_TRUE(deleted_before(calm, restless));
}

TEST(JobTest, IndexedPodIsNamedAfterItsIndex) {
  Job job = job_of(2, 2);
  job.spec.completion_mode = "Indexed";
  const Pod pod = job_pod(job, 1, nullptr);
  EXPECT_EQ(pod.meta.generate_name, "j-1-");
  ASSERT_TRUE(pod.spec->rest.fields);
  EXPECT_EQ(pod.spec->rest.fields->at("hostname"), "j-1");
  EXPECT_FALSE(job_pod(job, std::nullopt, nullptr).spec->rest.fields);
  job.meta.name = std::string(63, 'a');
  EXPECT_EQ(job_pod(job, 12, nullptr).meta.generate_name, std::string(54, 'a') + "-12-");
}

}  // namespace
}  // namespace tandem::control
