// Queue order, back-off and waking up (kubernetes-semantics §1.2).

#include "core/control/scheduler/queue.hpp"

#include "tests/unit/control_scheduler/support.hpp"

namespace tandem::control::scheduler {
namespace {

using namespace testing;  // NOLINT: notation of these tests

SimTime at(std::int64_t milliseconds_since_start) { return kTimeZero + milliseconds(milliseconds_since_start); }

class Queue : public ::testing::Test {
 protected:
  static cluster::Ptr<cluster::Pod> make(const std::string& name, std::int32_t priority = 0) {
    return std::make_shared<cluster::Pod>(with_spec(pod(name), [&](cluster::PodSpec& spec) { spec.priority = priority; }));
  }
  std::string pop(SimTime now) {
    const auto popped = queue.pop(now);
    return popped ? popped->pod->meta.name : "";
  }
  /// Tries a pod and lets plugin 0 reject it.
  void reject(const std::string& name, SimTime now) {
    ASSERT_EQ(pop(now), name);
    queue.return_rejected("uid-" + name, {0}, now);
  }
  static ClusterEvent node_added() { return {}; }

  bool helps = true;  ///< what the plugin's hint says
  std::string preempting;  ///< uid of the pod for which victims are being evicted
  SchedulingQueue queue{kTimeZero, [this](const QueuedPod&, const ClusterEvent&) { return helps; },
                        [this](const std::string& uid) { return uid == preempting; }};
};

TEST_F(Queue, HandsOutHigherPrioritiesFirstAndEqualOnesByTime) {
  queue.add(make("early"), at(1));
  queue.add(make("late"), at(2));
  queue.add(make("urgent", 1000), at(3));
  EXPECT_EQ(pop(at(4)), "urgent");
  EXPECT_EQ(pop(at(4)), "early");
  EXPECT_EQ(pop(at(4)), "late");
  EXPECT_EQ(pop(at(4)), "");
}

TEST_F(Queue, AFailedPodQueuesBehindNewcomersOfItsPriority) {
  queue.add(make("old"), at(0));
  ASSERT_EQ(pop(at(0)), "old");
  queue.add(make("new"), at(1));
  queue.on_event(node_added(), at(1));  // during the cycle: it helps, so the pod backs off instead of waiting
  queue.return_rejected("uid-old", {0}, at(2));
  EXPECT_EQ(pop(at(2100)), "new");
  EXPECT_EQ(pop(at(2100)), "old");
}

TEST(BackoffTimes, DoubleFromOneSecondToTen) {
  const std::vector<std::int64_t> expected{0, 1, 2, 4, 8, 10, 10};
  for (std::size_t n = 0; n < expected.size(); ++n) {
    EXPECT_EQ(Backoff{}.after(static_cast<std::uint32_t>(n)), seconds(expected[n])) << n << " failures";
  }
}

TEST(BackoffTimes, FollowTheConfiguration) {
  const Backoff backoff{.initial = seconds(2), .max = seconds(5)};
  EXPECT_EQ(backoff.after(1), seconds(2));
  EXPECT_EQ(backoff.after(2), seconds(4));
  EXPECT_EQ(backoff.after(3), seconds(5));
}

TEST_F(Queue, Example1_2AFailureAtTenPointFourSecondsIsRetriedAtTwelve) {
  queue.add(make("p"), at(10'000));
  ASSERT_EQ(pop(at(10'400)), "p");
  queue.return_failed("uid-p", at(10'400));  // an error, so that the idle queue does not cut the back-off short
  EXPECT_EQ(queue.next_flush(), at(12'000));
  EXPECT_EQ(pop(at(11'999)), "");
  EXPECT_EQ(pop(at(12'000)), "p");
}

TEST_F(Queue, ErrorsBackOffLongerEachTimeAndARejectionResetsThem) {
  queue.add(make("p"), at(0));
  const std::vector<std::int64_t> retried_at{2, 5, 10, 19, 30, 41};  // failures at those times, cut to whole seconds, plus one
  SimTime now = at(0);
  for (const std::int64_t expected : retried_at) {
    ASSERT_EQ(pop(now), "p");
    queue.return_failed("uid-p", now);
    now = at(expected * 1000);
    EXPECT_EQ(queue.next_flush(), now);
  }
  ASSERT_EQ(pop(now), "p");
  queue.return_rejected("uid-p", {0}, now);  // the first rejection: back-off one second again
  queue.on_event(node_added(), now);
  EXPECT_EQ(queue.next_flush(), now + seconds(2));
}

TEST_F(Queue, AnIdleSchedulerDoesNotWaitForTheBackOff) {
  queue.add(make("p"), at(0));
  reject("p", at(100));
  queue.on_event(node_added(), at(300));
  EXPECT_EQ(queue.backing_off(), 1U);
  EXPECT_EQ(pop(at(303)), "p");
}

TEST_F(Queue, ABackOffThatIsOverPutsThePodRightIntoTheActiveQueue) {
  queue.add(make("p"), at(0));
  reject("p", at(100));
  queue.on_event(node_added(), at(2'000));
  EXPECT_EQ(queue.active(), 1U);
}

TEST_F(Queue, APodThatNoEventHelpsStaysInThePool) {
  queue.add(make("p"), at(0));
  reject("p", at(100));
  helps = false;
  queue.on_event(node_added(), at(2'000));
  EXPECT_EQ(queue.unschedulable(), 1U);
  EXPECT_EQ(pop(at(2'000)), "");
}

TEST_F(Queue, ThePoolIsSweptEveryHalfMinuteForPodsOlderThanFive) {
  queue.add(make("p"), at(0));
  reject("p", at(1'000));
  EXPECT_EQ(queue.next_flush(), at(330'000)) << "five minutes are over at 301 s, the next sweep is at 330 s";
  EXPECT_EQ(pop(at(329'999)), "");
  EXPECT_EQ(pop(at(330'000)), "p");
}

TEST_F(Queue, AChangeOfStatusDoesNotWakeAPodButOneOfItsSpecificationMay) {
  queue.add(make("p"), at(0));
  reject("p", at(0));
  auto patched = *make("p");
  patched.spec = queue.find("uid-p")->spec;
  patched.status.conditions.push_back({});
  queue.update(std::make_shared<cluster::Pod>(patched), at(10));
  EXPECT_EQ(queue.unschedulable(), 1U);
  queue.update(make("p", 5), at(20));
  EXPECT_EQ(queue.unschedulable(), 0U);
}

TEST_F(Queue, ADeletedPodIsForgottenEvenInFlight) {
  queue.add(make("p"), at(0));
  ASSERT_EQ(pop(at(0)), "p");
  queue.remove("uid-p");
  queue.return_rejected("uid-p", {0}, at(1));
  EXPECT_EQ(queue.unschedulable(), 0U);
  EXPECT_EQ(queue.find("uid-p"), nullptr);
}

TEST_F(Queue, AGatedPodWaitsForItsLastGate) {
  const auto gated = std::make_shared<cluster::Pod>(
      with_spec(pod("p"), [](cluster::PodSpec& spec) { spec.scheduling_gates = {"example.com/ready"}; }));
  queue.add(gated, at(0));
  queue.on_event(node_added(), at(1));
  EXPECT_EQ(pop(at(1)), "");
  queue.update(make("p"), at(2));
  EXPECT_EQ(pop(at(2)), "p");
}

ClusterEvent pod_deleted() {
  ClusterEvent event;
  event.kind = ClusterEvent::Kind::AssignedPodDeleted;
  return event;
}

TEST_F(Queue, APodWhoseVictimsAreBeingEvictedIsHeldBackUntilAPodLeaves) {
  queue.add(make("p"), at(0));
  reject("p", at(0));
  preempting = "uid-p";
  queue.on_event(pod_deleted(), at(10));
  EXPECT_EQ(pop(at(10)), "") << "evictions are still under way";
  preempting = "";
  queue.on_event(node_added(), at(20));
  EXPECT_EQ(pop(at(20)), "") << "now it looks at nothing but pods that leave";
  queue.on_event(pod_deleted(), at(30));
  EXPECT_EQ(pop(at(30)), "p");
}

TEST_F(Queue, APodHeldBackIsNotSweptUpAndComesBackWhenItIsActivated) {
  queue.add(make("p"), at(0));
  reject("p", at(0));
  preempting = "uid-p";
  queue.on_event(pod_deleted(), at(10));
  preempting = "";
  EXPECT_EQ(pop(at(400'000)), "");
  queue.activate("uid-p");
  EXPECT_EQ(pop(at(400'000)), "p");
}

TEST_F(Queue, AnActivationDuringTheFlightBringsThePodBack) {
  queue.add(make("p"), at(0));
  ASSERT_EQ(pop(at(0)), "p");
  helps = false;
  queue.activate("uid-p");
  queue.return_rejected("uid-p", {0}, at(1));
  EXPECT_EQ(queue.backing_off(), 1U);
}

TEST_F(Queue, TheEndOfANominationHelpsOnlyPodsThatAreNotMoreImportant) {
  queue.add(make("equal", 50), at(0));
  queue.add(make("above", 51), at(0));
  reject("above", at(0));
  reject("equal", at(0));
  ClusterEvent ended = pod_deleted();
  ended.at_most_priority = 50;
  queue.on_event(ended, at(10));
  EXPECT_EQ(pop(at(10)), "equal");
  EXPECT_EQ(queue.unschedulable(), 1U);
}

TEST_F(Queue, AttemptsAreCounted) {
  queue.add(make("p"), at(0));
  reject("p", at(0));
  queue.on_event(node_added(), at(5'000));
  EXPECT_EQ(queue.pop(at(5'000))->attempts, 2U);
}

}  // namespace
}  // namespace tandem::control::scheduler
