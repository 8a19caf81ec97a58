#include "core/cluster/selector.hpp"
#include "tests/truth/truth_data.hpp"
#include "tests/unit/cluster/samples.hpp"

namespace tandem::cluster {
namespace {

using namespace tandem::literals;

TEST(Objects, AvailableMeansReadyForLongEnough) {
  Pod pod = make_pod("web");
  EXPECT_FALSE(is_available(pod, 0, kTimeZero));
  Condition ready;
  ready.type = "Ready";
  ready.status = ConditionStatus::True;
  ready.last_transition_time = kTimeZero + 5_s;
  pod.status.conditions = {ready};
  EXPECT_TRUE(is_available(pod, 0, kTimeZero + 5_s));
  EXPECT_FALSE(is_available(pod, 10, kTimeZero + 14999_ms));
  EXPECT_TRUE(is_available(pod, 10, kTimeZero + 15_s));
  pod.status.conditions[0].last_transition_time = kTimeUnset;
  EXPECT_FALSE(is_available(pod, 10, kTimeZero + 15_s)) << "nobody knows since when";
  EXPECT_TRUE(is_available(pod, 0, kTimeZero + 15_s));
}

TEST(Objects, TheControllerIsTheOwnerMarkedSo) {
  ObjectMeta meta;
  EXPECT_EQ(controller_of(meta), nullptr);
  meta.owner_references = {{.name = "a", .uid = "1"}, {.name = "b", .uid = "2", .controller = true}};
  EXPECT_EQ(controller_of(meta)->name, "b");
}

TEST(Objects, RestsCompareByValueAndEmptyIsNone) {
  const JsonRest none;
  const JsonRest empty{std::make_shared<const Json>(Json::object())};
  const JsonRest one{std::make_shared<const Json>(Json{{"a", 1}})};
  const JsonRest same{std::make_shared<const Json>(Json{{"a", 1}})};
  EXPECT_EQ(none, empty);
  EXPECT_EQ(one, same);
  EXPECT_NE(one, none);
}

TEST(Objects, QosClassesEqualTheRecordedOnes) {
  const auto file = truth::load_family(truth::truth_folder(), "kubelet/qos");
  if (!file) GTEST_SKIP() << "no recorded kubelet/qos in " << truth::truth_folder();
  std::size_t compared = 0;
  for (const Json& test_case : (*file)["cases"]) {
    Json spec = {{"containers", Json::array()}, {"initContainers", Json::array()}};
    for (const Json& container : test_case["containers"]) {
      const bool init = container.value("init", false);
      spec[init ? "initContainers" : "containers"].push_back(
          {{"name", container["name"]},
           {"resources", {{"requests", container.value("requests", Json::object())},
                          {"limits", container.value("limits", Json::object())}}}});
    }
    const auto pod = from_json<Pod>(Json{{"apiVersion", "v1"}, {"kind", "Pod"}, {"metadata", {{"name", "p"}}}, {"spec", spec}});
    ASSERT_TRUE(pod) << test_case["id"];
    EXPECT_EQ(qos_class_of(*pod->spec), test_case["qosClass"].get<std::string>()) << test_case.dump();
    ++compared;
  }
  EXPECT_GT(compared, 100u);
}

TEST(Selectors, EmptyMatchesEverythingAndAnEmptyNodeTermNothing) {
  const Labels labels = {{"app", "web"}};
  EXPECT_TRUE(matches(LabelSelector{}, labels));
  EXPECT_TRUE(matches(Labels{}, labels));
  EXPECT_FALSE(matches(NodeSelectorTerm{}, labels, "worker"));
}

TEST(Selectors, AServiceSelectorNeedsEveryPair) {
  const Labels selector = {{"app", "web"}, {"tier", "front"}};
  EXPECT_TRUE(matches(selector, Labels{{"app", "web"}, {"tier", "front"}, {"x", "y"}}));
  EXPECT_FALSE(matches(selector, Labels{{"app", "web"}}));
}

TEST(Selectors, AFormattedSelectorIsSortedByKey) {
  const LabelSelector selector{.match_labels = {{"tier", "front"}, {"app", "web"}},
                               .match_expressions = {{"env", SelectorOperator::NotIn, {"b", "a"}},
                                                     {"beta", SelectorOperator::DoesNotExist, {}}}};
  EXPECT_EQ(format_selector(selector), "app=web,!beta,env notin (a,b),tier=front");
  EXPECT_EQ(format_selector({}), "<none>");
}

}  // namespace
}  // namespace tandem::cluster
