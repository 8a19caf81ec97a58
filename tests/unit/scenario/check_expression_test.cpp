#include "core/scenario/check_expression.hpp"

#include <gtest/gtest.h>

#include <map>

namespace tandem::scenario {
namespace {

/// Answers from a table by the field's text; anything else counts 0, as objects that do not exist do.
FieldLookup answers(std::map<std::string, std::int64_t> table) {
  return [table = std::move(table)](const ObjectField& field) -> Result<std::int64_t> {
    const auto found = table.find(to_string(field));
    return found == table.end() ? 0 : found->second;
  };
}

bool holds(std::string_view text, const std::map<std::string, std::int64_t>& table) {
  const auto condition = parse_condition(text);
  EXPECT_TRUE(condition) << text << ": " << (condition ? "" : condition.error().what);
  return condition && evaluate(*condition, answers(table)).value_or(false);
}

/// Column at which a text is refused; 0 if it is not.
std::uint32_t refused_at(std::string_view text) {
  const auto condition = parse_condition(text);
  if (condition) return 0;
  EXPECT_EQ(condition.error().code, ErrorCode::ScenarioBadCheck);
  EXPECT_EQ(condition.error().place.line, 1U);
  return condition.error().place.column;
}

TEST(Conditions, CompareFieldsWithNumbers) {
  const std::map<std::string, std::int64_t> table{{"deployment/web.available", 3}};
  EXPECT_TRUE(holds("deployment/web.available >= 3", table));
  EXPECT_TRUE(holds("deployment/web.available==3", table));
  EXPECT_TRUE(holds("4>deployment/web.available", table));
  EXPECT_FALSE(holds("deployment/web.available != 3", table));
  EXPECT_FALSE(holds("deployment/web.available < 3", table));
  EXPECT_TRUE(holds("deployment/web.available <= 3", table));
  EXPECT_FALSE(holds("deployment/api.available > 0", table)) << "what does not exist counts 0";
}

TEST(Conditions, AndBindsTighterThanOrAndNotTighterThanBoth) {
  const std::map<std::string, std::int64_t> table{{"node/a.ready", 1}, {"node/b.ready", 0}};
  EXPECT_TRUE(holds("node/a.ready or node/b.ready and node/b.ready", table));
  EXPECT_FALSE(holds("(node/a.ready or node/b.ready) and node/b.ready", table));
  EXPECT_FALSE(holds("not node/a.ready or node/b.ready", table));
  EXPECT_TRUE(holds("not (node/a.ready and node/b.ready)", table));
  EXPECT_TRUE(holds("not not node/a.ready", table));
  EXPECT_TRUE(holds("node/b.ready == false and true", table));
}

TEST(Conditions, PercentagesAreOfTheSameObject) {
  EXPECT_TRUE(holds("deployment/web.available >= 75%", {{"deployment/web.available", 3}, {"deployment/web.desired", 4}}));
  EXPECT_FALSE(holds("deployment/web.available >= 76%", {{"deployment/web.available", 3}, {"deployment/web.desired", 4}}));
  EXPECT_TRUE(holds("50% < pods(app=web).ready", {{"pods(app=web).ready", 2}, {"pods(app=web).count", 3}}));
  // One of three is 33.3 %: no rounding in either direction.
  EXPECT_TRUE(holds("replicaset/r.ready > 33%", {{"replicaset/r.ready", 1}, {"replicaset/r.desired", 3}}));
  EXPECT_FALSE(holds("replicaset/r.ready >= 34%", {{"replicaset/r.ready", 1}, {"replicaset/r.desired", 3}}));
}

TEST(Conditions, NamesMayCarryANamespaceAndDots) {
  const auto condition = parse_condition("deployment/shop/web.ready == node/kind-worker.example.count");
  ASSERT_TRUE(condition);
  const std::vector<ObjectField> fields = fields_of(*condition);
  ASSERT_EQ(fields.size(), 2U);
  EXPECT_EQ(fields[0].namespace_, "shop");
  EXPECT_EQ(fields[0].name, "web");
  EXPECT_EQ(fields[1].name, "kind-worker.example");
  EXPECT_EQ(fields[1].namespace_, "");
  EXPECT_EQ(fields[1].field, Observed::Count);
}

TEST(Conditions, PodsAreChosenByKubectlSelectors) {
  const auto condition = parse_condition("pods/shop(app=web,tier in (a,b),!old).terminating == 0");
  ASSERT_TRUE(condition) << condition.error().what;
  const ObjectField field = fields_of(*condition).at(0);
  EXPECT_EQ(field.namespace_, "shop");
  EXPECT_EQ(field.selector.match_expressions.size(), 3U);
  EXPECT_EQ(field.field, Observed::Terminating);
}

TEST(Conditions, AskWherePodsAre) {
  const auto field = [](std::string_view text) { return fields_of(parse_condition(text).value()).at(0); };
  const ObjectField by_name = field("pods(app=web).on(kind-worker4,  kind-worker5) == 2");
  EXPECT_EQ(by_name.field, Observed::On);
  EXPECT_EQ(by_name.nodes, (std::vector<std::string>{"kind-worker4", "kind-worker5"}));
  EXPECT_FALSE(by_name.node_selector);
  const ObjectField by_label = field("pods/shop(app=web).on(nodes(usage in (backup,spare), !old)) <= 50%");
  EXPECT_EQ(by_label.namespace_, "shop");
  ASSERT_TRUE(by_label.node_selector);
  EXPECT_EQ(by_label.node_selector->match_expressions.size(), 2U);
  EXPECT_EQ(field("pods(app=web).on(nodes-1) == 1").nodes, std::vector<std::string>{"nodes-1"}) << "a node may be called so";
  EXPECT_EQ(field("pods(app=web).unschedulable == 1").field, Observed::PodUnschedulable);
  EXPECT_EQ(field("pods(app=web).nodes == 1").field, Observed::Nodes);
  EXPECT_EQ(field("nodes(usage=backup).used == 0").subject, Subject::Nodes);
  EXPECT_EQ(field("nodes(usage=backup).unschedulable == 0").field, Observed::Unschedulable);
  // 100 % of what is on some nodes is all that match.
  EXPECT_EQ(to_string(whole_of(by_label)), "pods/shop(app=web).count");
  EXPECT_TRUE(holds("nodes(a=b).used >= 50%", {{"nodes(a=b).used", 2}, {"nodes(a=b).count", 3}}));
}

TEST(Conditions, AskForEventsByWhatTheySay) {
  const auto condition = parse_condition(R"(events/shop(reason=FailedScheduling, type!=Normal, message~"say \"no\", please").count >= 1)");
  ASSERT_TRUE(condition) << condition.error().what;
  const ObjectField field = fields_of(*condition).at(0);
  EXPECT_EQ(field.subject, Subject::Events);
  EXPECT_EQ(field.namespace_, "shop");
  using Attribute = EventAttribute;
  EXPECT_EQ(field.attributes, (std::vector<Attribute>{{Attribute::Name::Reason, Attribute::Match::Equal, "FailedScheduling"},
                                                      {Attribute::Name::Type, Attribute::Match::NotEqual, "Normal"},
                                                      {Attribute::Name::Message, Attribute::Match::Contains, "say \"no\", please"}}));
}

TEST(Conditions, PlacesAndEventsAreRefusedAtTheirColumn) {
  EXPECT_EQ(refused_at("pods(app=web).on == 1"), 17U);
  EXPECT_EQ(refused_at("pods(app=web).on() == 1"), 18U);
  EXPECT_EQ(refused_at("pods(app=web).on(a b) == 1"), 20U);
  EXPECT_EQ(refused_at("pods(app=web).on(nodes(a=)b) == 1"), 27U);
  EXPECT_EQ(refused_at("pods(app=web).on(A) == 1"), 18U);
  EXPECT_EQ(refused_at("deployment/web.on(a) == 1"), 16U);
  EXPECT_EQ(refused_at("nodes/shop(a=b).used == 1"), 1U);
  EXPECT_EQ(refused_at("nodes(a=b).pods == 1"), 12U);
  EXPECT_EQ(refused_at("events(why=x).count == 1"), 8U);
  EXPECT_EQ(refused_at("events(reason).count == 1"), 14U);
  EXPECT_EQ(refused_at("events(reason=).count == 1"), 15U);
  EXPECT_EQ(refused_at("events(message=\"x).count == 1"), 16U);
  EXPECT_EQ(refused_at("events(reason=x.count == 1"), 23U);
  EXPECT_EQ(refused_at("events(reason=x).count > 50%"), 26U) << "of how many?";
}

TEST(Conditions, ErrorsPointAtTheirColumn) {
  EXPECT_EQ(refused_at(""), 1U);
  EXPECT_EQ(refused_at("deployment/web.available"), 25U) << "a number alone";
  EXPECT_EQ(refused_at("deployment/web.available >= "), 29U);
  EXPECT_EQ(refused_at("deployment/web.availible >= 3"), 16U);
  EXPECT_EQ(refused_at("deploymnet/web.available >= 3"), 1U);
  EXPECT_EQ(refused_at("deployment/Web.available >= 3"), 12U);
  EXPECT_EQ(refused_at("(true"), 6U);
  EXPECT_EQ(refused_at("true)"), 5U);
  EXPECT_EQ(refused_at("true && true"), 6U);
  EXPECT_EQ(refused_at("service/web.endpoints > 50%"), 25U);
  EXPECT_EQ(refused_at("node/a.ready > false"), 14U);
  EXPECT_EQ(refused_at("node/a.ready == 1"), 14U);
  EXPECT_EQ(refused_at("node/ns/a.ready"), 1U);
  EXPECT_EQ(refused_at("pods(app=web.ready > 1"), 5U);
  EXPECT_EQ(refused_at("pods(app=web) > 1"), 14U);
  EXPECT_EQ(refused_at("deployment/web.available >= 010"), 29U);
  EXPECT_EQ(refused_at("deployment/web.available >= 99999999999999999999"), 29U);
  EXPECT_EQ(refused_at("10% == 10%"), 1U);
}

TEST(Conditions, DeepNestingAndLongTextsEndAtALimit) {
  const auto in_brackets = [](std::size_t depth) { return std::string(depth, '(').append("true").append(depth, ')'); };
  EXPECT_EQ(refused_at(in_brackets(64)), 0U);
  EXPECT_NE(refused_at(in_brackets(65)), 0U);
  std::string nots;
  for (int i = 0; i < 2000; ++i) nots += "not ";
  EXPECT_NE(refused_at(nots.append("true")), 0U);
  EXPECT_EQ(refused_at(std::string(5000, ' ').append("true")), 1U);
}

TEST(Conditions, TheirTextParsesBackToTheSameTree) {
  for (const char* text : {"deployment/web.available >= 75% and not (node/a.ready or pods/x(app=web,!old).count < 3)", "true",
                           "replicaset/a/b.desired == 4 or service/web.endpoints != 2",
                           "pods(app=web).on(a,b) == pods/x(app=web).on(nodes(zone=a,!old)) or nodes(a=b).used < 30%",
                           R"(events(reason=Preempted, message~"a \"quoted\" \\ word, with }").count == 2)"}) {
    const auto once = parse_condition(text);
    ASSERT_TRUE(once) << text;
    const auto twice = parse_condition(to_string(*once));
    ASSERT_TRUE(twice) << to_string(*once);
    EXPECT_EQ(to_string(*twice), to_string(*once));
    EXPECT_EQ(fields_of(*twice).size(), fields_of(*once).size());
  }
}

TEST(Conditions, SelectorsAreWrittenAsPeopleWriteThem) {
  const auto again = [](std::string_view text) { return to_string(fields_of(parse_condition(text).value()).at(0)); };
  EXPECT_EQ(again("pods(app=web).ready == 1"), "pods(app=web).ready");
  EXPECT_EQ(again("pods(app==web,tier!=db,!old,zone in (b,a)).ready == 1"), "pods(app=web,!old,tier!=db,zone in (a,b)).ready");
  EXPECT_EQ(again("pods(app in (web), tier notin (db)).on(nodes(zone in (a))) == 1"), "pods(app=web,tier!=db).on(nodes(zone=a))");
  EXPECT_EQ(again("pods(app=).ready == 1"), "pods(app=).ready");
  EXPECT_EQ(again("pods().ready == 1"), "pods().ready");
}

TEST(Conditions, APercentageOfNothingSaysWhatHasOne) {
  const auto refused = parse_condition("service/web.endpoints >= 50%");
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().allowed.find("pods or nodes"), std::string::npos) << refused.error().allowed;
}

TEST(Conditions, ErrorsOfTheLookupComeThroughUnlessSomethingElseDecides) {
  const FieldLookup broken = [](const ObjectField&) -> Result<std::int64_t> { return fail(ErrorCode::Internal, "no"); };
  EXPECT_FALSE(evaluate(*parse_condition("node/a.ready"), broken));
  EXPECT_TRUE(evaluate(*parse_condition("true or node/a.ready"), broken).value());
  EXPECT_FALSE(evaluate(*parse_condition("false and node/a.ready"), broken).value());
}

TEST(Moments, AreTimesOrConditions) {
  EXPECT_EQ(parse_moment("1m30s")->time, kTimeZero + seconds(90));
  EXPECT_FALSE(parse_moment("deployment/web.available == 4")->is_time);
  EXPECT_FALSE(parse_moment("90"));
  EXPECT_FALSE(parse_moment("soon"));
}

TEST(Metrics, AreReadWithTheirTags) {
  const auto metric = parse_metric("http_reqs{ traffic:users, status:404 }");
  ASSERT_TRUE(metric);
  EXPECT_EQ(metric->tags, (std::vector<std::pair<std::string, std::string>>{{"traffic", "users"}, {"status", "404"}}));
  EXPECT_EQ(to_string(*metric), "http_reqs{traffic:users,status:404}");
  for (const char* text : {"http_req", "http_reqs{", "http_reqs{traffic}", "http_reqs{traffic:}", "http_reqs{deployment:web}",
                           "http_reqs{traffic:a,traffic:b}", "http_reqs{traffic:a} x", ""}) {
    EXPECT_FALSE(parse_metric(text)) << text;
  }
}

TEST(Thresholds, FollowTheGrammarOfK6) {
  const auto threshold = [](std::string_view text, std::string_view metric) { return parse_threshold(text, parse_metric(metric).value()); };
  EXPECT_EQ(threshold("rate<0.01", "http_req_failed"), (Threshold{Aggregation::Rate, 0, Comparison::Less, 0.01}));
  EXPECT_EQ(threshold("rate < 1%", "http_req_failed"), (Threshold{Aggregation::Rate, 0, Comparison::Less, 0.01}));
  EXPECT_EQ(threshold("p(99.9)<=500", "http_req_duration"), (Threshold{Aggregation::Percentile, 99.9, Comparison::LessEqual, 500}));
  EXPECT_EQ(threshold("med>0.25s", "http_req_duration"), (Threshold{Aggregation::Median, 0, Comparison::Greater, 250}));
  EXPECT_EQ(threshold("count===100", "http_reqs"), (Threshold{Aggregation::Count, 0, Comparison::Equal, 100}));
  EXPECT_EQ(threshold("value<30s", "rollout_duration{deployment:web}"), (Threshold{Aggregation::Value, 0, Comparison::Less, 30000}));
  for (const char* text : {"", "rate", "rate<", "rate<x", "avg<1", "rate<2", "rate<-1", "rate<101%", "rate=<1", "p(95)<1"}) {
    EXPECT_FALSE(threshold(text, "http_req_failed")) << text;
  }
  EXPECT_EQ(threshold("avg<=25%", "resource_utilisation{resource:nvidia.com/gpu,node:a}"), (Threshold{Aggregation::Average, 0, Comparison::LessEqual, 0.25}));
  EXPECT_EQ(threshold("max<3", "nodes_in_use"), (Threshold{Aggregation::Maximum, 0, Comparison::Less, 3}));
  EXPECT_FALSE(threshold("value<1.5", "resource_fragmentation")) << "a share is at most the whole";
  EXPECT_FALSE(threshold("p(101)<1", "http_req_duration"));
  EXPECT_FALSE(threshold("count<5s", "http_reqs")) << "a count has no unit";
}

}  // namespace
}  // namespace tandem::scenario
