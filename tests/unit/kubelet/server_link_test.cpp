// A node that a partition cuts off: its kubelet neither hears of changes nor posts anything, and makes up for both afterwards.

#include "tests/unit/kubelet/kubelet_fixture.hpp"

namespace tandem::control::kubelet {
namespace {

using cluster::is_ready;

class ServerLinkTest : public KubeletTest {
 protected:
  void cut() { kubelets_->set_connected("worker", false); }
  void join() { kubelets_->set_connected("worker", true); }
};

TEST_F(ServerLinkTest, AForcedDeletionDoesNotReachANodeThatIsCutOff) {
  create("web");
  run_until_second(10);
  ASSERT_TRUE(is_ready(*get("web")));
  const auto before = event_reasons("web");
  cut();
  ASSERT_TRUE(server_.remove<cluster::Pod>({"default", "web"}, {.grace_period_seconds = 0}));
  run_until_second(120);
  EXPECT_EQ(event_reasons("web"), before) << "no Killing";
  EXPECT_FALSE(running("app").empty()) << "the container goes on";
  join();
  run_until_second(160);
  EXPECT_EQ(event_reasons("web").back(), "Killing");
  EXPECT_TRUE(running("app").empty());
}

TEST_F(ServerLinkTest, AGracefulDeletionWaitsForTheNode) {
  create("web");
  run_until_second(10);
  cut();
  remove("web");
  run_until_second(120);
  ASSERT_TRUE(get("web")) << "Terminating until the node is back";
  join();
  run_until_second(160);
  EXPECT_FALSE(get("web"));
}

TEST_F(ServerLinkTest, APodThatIsBoundMeanwhileStartsAfterwards) {
  cut();
  create("web");
  run_until_second(60);
  EXPECT_TRUE(running("app").empty());
  EXPECT_TRUE(get("web")->status.container_statuses.empty());
  join();
  run_until_second(70);
  EXPECT_TRUE(is_ready(*get("web")));
}

TEST_F(ServerLinkTest, ProbesGoOnAndOnlyTheLastStatusIsSentAfterwards) {
  create("web");
  run_until_second(10);
  bool answers = true;
  runtime_.probe_answer = [&](const ProbeRequest&) -> std::optional<ProbeOutcome> {
    if (answers) return std::nullopt;
    return ProbeOutcome{ProbeResult::Failure, "refused"};
  };
  cut();
  int writes = 0;
  const cluster::Subscription watch = server_.on_commit<cluster::Pod>([&](const cluster::Change<cluster::Pod>&) { ++writes; });
  for (int round = 0; round < 3; ++round) {
    answers = false;
    run_for(seconds(10));
    answers = true;
    run_for(seconds(10));
  }
  answers = false;
  run_for(seconds(10));
  EXPECT_EQ(writes, 0);
  EXPECT_TRUE(is_ready(*get("web"))) << "nobody could say otherwise";
  join();
  EXPECT_EQ(writes, 1) << "not one for each change of mind";
  EXPECT_FALSE(is_ready(*get("web")));
  run_for(seconds(1));
  const auto reasons = event_reasons("web");
  EXPECT_NE(std::find(reasons.begin(), reasons.end(), "Unhealthy"), reasons.end()) << "posted late";
}

}  // namespace
}  // namespace tandem::control::kubelet
