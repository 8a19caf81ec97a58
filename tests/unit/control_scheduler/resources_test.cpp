// Effective requests (kubernetes-semantics §1.4). The recorded families resources* cover many more pods.

#include "tests/unit/control_scheduler/support.hpp"

namespace tandem::control::scheduler {
namespace {

using namespace testing;  // NOLINT: notation of these tests

cluster::Container container(std::initializer_list<std::pair<const char*, const char*>> requests,
                             const char* restart_policy = "") {
  cluster::Container made;
  made.resources.requests = resources(requests);
  made.restart_policy = restart_policy;
  return made;
}

cluster::PodSpec spec_of(std::vector<cluster::Container> containers, std::vector<cluster::Container> init_containers = {}) {
  cluster::PodSpec spec;
  spec.containers = std::move(containers);
  spec.init_containers = std::move(init_containers);
  return spec;
}

constexpr std::int64_t kMebibyte = 1024 * 1024;

TEST(Requests, AMissingRequestCountsOnlyForLeastAllocated) {
  const PodRequests requests = requests_of(spec_of({container({{"cpu", "500m"}}), container({{"memory", "64Mi"}})}));
  EXPECT_EQ(requests.occupied.milli_cpu, 500);
  EXPECT_EQ(requests.occupied.memory, 64 * kMebibyte);
  EXPECT_EQ(requests.non_zero_cpu, 600);
  EXPECT_EQ(requests.non_zero_memory, 264 * kMebibyte);
}

TEST(Requests, AnExplicitZeroStaysZero) {
  const PodRequests requests = requests_of(spec_of({container({{"cpu", "0"}, {"memory", "0"}})}));
  EXPECT_EQ(requests.non_zero_cpu, 0);
  EXPECT_EQ(requests.non_zero_memory, 0);
}

TEST(Requests, ALimitAloneIsAlsoTheRequest) {
  cluster::Container limited;
  limited.resources.limits = resources({{"cpu", "2"}, {"memory", "1Gi"}});
  limited.resources.requests = resources({{"cpu", "1"}});
  const PodRequests requests = requests_of(spec_of({limited}));
  EXPECT_EQ(requests.occupied.milli_cpu, 1000);
  EXPECT_EQ(requests.occupied.memory, 1024 * kMebibyte);
}

TEST(Requests, StartUpCountsTheLargestInitContainerBesideTheSidecarsStartedBefore) {
  const auto spec =
      spec_of({container({{"cpu", "100m"}})},
              {container({{"cpu", "900m"}}), container({{"cpu", "200m"}}, "Always"), container({{"cpu", "750m"}})});
  EXPECT_EQ(requests_of(spec).occupied.milli_cpu, 950);  // max(100 + 200, 900, 750 + 200)
}

TEST(Requests, OverheadComesOnTop) {
  auto spec = spec_of({container({{"cpu", "100m"}})}, {container({{"cpu", "300m"}})});
  spec.overhead = resources({{"cpu", "50m"}});
  EXPECT_EQ(requests_of(spec).occupied.milli_cpu, 350);
}

TEST(Requests, ThePodLevelReplacesTheSumButNotWhileThePodIsScored) {
  auto spec = spec_of({container({{"cpu", "100m"}}), container({})});
  spec.resources.emplace();
  spec.resources->requests = resources({{"cpu", "2"}});
  const PodRequests requests = requests_of(spec);
  EXPECT_EQ(requests.occupied.milli_cpu, 2000);
  EXPECT_EQ(requests.non_zero_cpu, 2000);
  EXPECT_EQ(requests.non_zero_memory, 400 * kMebibyte) << "nobody requests memory, so both containers get the default";
  EXPECT_EQ(requests.scored_cpu, 200);
}

TEST(Requests, FractionsAreAddedBeforeRounding) {
  // The API server keeps thousandths: 0.1 and 0.9 bytes are one byte together, not two.
  EXPECT_EQ(requests_of(spec_of({container({{"memory", "100m"}}), container({{"memory", "900m"}})})).occupied.memory, 1);
  EXPECT_EQ(requests_of(spec_of({container({{"memory", "1"}}), container({{"memory", "1m"}})})).occupied.memory, 2);
}

TEST(Requests, HugeQuantitiesSaturate) {
  EXPECT_EQ(requests_of(spec_of({container({{"memory", "9Ei"}}), container({{"memory", "9Ei"}})})).occupied.memory, INT64_MAX);
}

TEST(ScalarResources, AreExtendedOnesHugePagesAndVolumes) {
  EXPECT_TRUE(is_scalar_resource("example.com/gpu"));
  EXPECT_TRUE(is_scalar_resource("hugepages-2Mi"));
  EXPECT_TRUE(is_scalar_resource("attachable-volumes-csi"));
  EXPECT_TRUE(is_scalar_resource("requests.kubernetes.io/x"));
  EXPECT_FALSE(is_scalar_resource("requests.example.com/gpu"));
  EXPECT_FALSE(is_scalar_resource("cpu"));
  EXPECT_FALSE(is_scalar_resource("pods"));
}

TEST(Resources, SubtractingWhatWasAddedGivesTheOldAmounts) {
  Resources sum = allocatable_of(resources({{"cpu", "1"}, {"example.com/a", "2"}}));
  const Resources before = sum;
  const Resources other = allocatable_of(resources({{"memory", "5"}, {"example.com/a", "1"}}));
  sum += other;
  EXPECT_EQ(sum.scalar("example.com/a"), 3);
  sum -= other;
  EXPECT_EQ(sum, before);
}

}  // namespace
}  // namespace tandem::control::scheduler
