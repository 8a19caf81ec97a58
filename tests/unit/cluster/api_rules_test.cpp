// The API server's rules (core/cluster/api): mechanisms that the recorded answers show only in passing. Expected texts are those
// of the real v1.34.4 code.

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "core/cluster/api/address_rules.hpp"
#include "core/cluster/api/cron_schedule.hpp"
#include "core/cluster/api/server_rules.hpp"
#include "core/cluster/api/types.hpp"

namespace tandem::cluster::api {
namespace {

Json pod() { return Json::parse(R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":{"containers":[{"name":"c","image":"x"}]}})"); }

Json deployment() {
  return Json::parse(R"({"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web"},"spec":{"selector":{"matchLabels":{"app":"web"}},
    "template":{"metadata":{"labels":{"app":"web"}},"spec":{"containers":[{"name":"c","image":"nginx:1"}]}}}})");
}

std::vector<std::string> lines(const Answer& answer) {
  std::vector<std::string> texts;
  for (const FieldError& error : answer.errors.all()) texts.push_back(error.field + ": " + error.message);
  return texts;
}

using Lines = std::vector<std::string>;

TEST(ApiDecode, AWrongTypeIsToldAfterTheRestWasRead) {
  Json manifest = pod();
  manifest["metadata"]["finalizers"] = Json::array({Json::array()});
  const Decoded decoded = decode(manifest);
  EXPECT_EQ(decoded.error, "json: cannot unmarshal array into Go struct field ObjectMeta.metadata.finalizers of type string");
  EXPECT_EQ(decoded.error_path, "metadata.finalizers[0]");
}

TEST(ApiDecode, AQuantityThatCannotBeReadEndsTheReading) {
  Json manifest = pod();
  manifest["metadata"]["finalizers"] = Json::array({Json::array()});
  manifest["spec"]["containers"][0]["resources"] = {{"limits", {{"cpu", "1x"}}}};
  const Decoded decoded = decode(manifest);
  EXPECT_EQ(decoded.error, "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'");
  EXPECT_EQ(decoded.error_path, "spec.containers[0].resources.limits.cpu");
}

TEST(ApiDecode, UnknownFieldsAreDroppedAndListedWithTheirIndices) {
  Json manifest = pod();
  manifest["spec"]["containers"][0]["imagePullpolicy"] = "Always";
  const Answer answer = create(manifest);
  EXPECT_TRUE(answer.errors.empty());
  EXPECT_EQ(answer.unknown_fields, Lines{"spec.containers[0].imagePullpolicy"});
  EXPECT_EQ(answer.stored["spec"]["containers"][0]["imagePullPolicy"], "Always") << "from the image's missing tag";
}

TEST(ApiDecode, AKindOfAnotherVersionIsNotRegistered) {
  Json manifest = deployment();
  manifest["apiVersion"] = "v1";
  EXPECT_EQ(create(manifest).decode_error, "no kind \"Deployment\" is registered for version \"v1\" in scheme \"pkg/runtime/scheme.go:110\"");
  EXPECT_EQ(api_versions_of("Deployment").front(), "apps/v1");
  EXPECT_TRUE(is_built_in_group("apps/v1"));
  EXPECT_FALSE(is_built_in_group("example.com/v1"));
}

TEST(ApiCreate, EveryRefusalComesAtOnceInTheServersOrder) {
  Json manifest = deployment();
  manifest["spec"]["replicas"] = -1;
  manifest["spec"]["template"]["spec"]["containers"][0]["name"] = "C_1";
  manifest["spec"]["template"]["spec"]["containers"][0].erase("image");
  const Answer answer = create(manifest);
  ASSERT_EQ(answer.errors.size(), 3U);
  EXPECT_EQ(lines(answer)[0], "spec.replicas: Invalid value: -1: must be greater than or equal to 0");
  EXPECT_TRUE(lines(answer)[1].starts_with("spec.template.spec.containers[0].name: Invalid value: \"C_1\": a lowercase RFC 1123 label must consist of"));
  EXPECT_EQ(lines(answer)[2], "spec.template.spec.containers[0].image: Required value");
  EXPECT_TRUE(answer.message.starts_with("Deployment.apps \"web\" is invalid: [spec.replicas: ")) << answer.message;
  EXPECT_TRUE(answer.stored.is_null());
}

TEST(ApiCreate, TheSameTopologyTermOrAnEmptyOneIsADuplicate) {
  Json storage_class = Json::parse(R"({"apiVersion":"storage.k8s.io/v1","kind":"StorageClass","metadata":{"name":"s"},"provisioner":"example.com/disk",
    "allowedTopologies":[{"matchLabelExpressions":[{"key":"zone","values":["a","b"]}]},{"matchLabelExpressions":[{"key":"zone","values":["b","a"]}]}]})");
  EXPECT_EQ(lines(create(storage_class)), Lines{"allowedTopologies[1].matchLabelExpressions: Duplicate value: \"\""}) << "values are a set";
  storage_class["allowedTopologies"] = Json::array({Json::object()});
  EXPECT_EQ(lines(create(storage_class)), Lines{"allowedTopologies[0].matchLabelExpressions: Duplicate value: \"\""}) << "as the real loop does";
}

TEST(ApiUpdate, GenerationFollowsTheSpecAsKubernetesComparesIt) {
  SystemFields system;
  system.uid = "u";
  Json old = create(deployment(), system).stored;
  old["metadata"]["resourceVersion"] = "1";
  const auto generation = [&](const Json& changed) { return update(changed, old).stored["metadata"]["generation"].get<int>(); };
  EXPECT_EQ(generation(old), 1);
  Json changed = old;
  changed["spec"]["template"]["spec"]["tolerations"] = Json::array();
  EXPECT_EQ(generation(changed), 1) << "an empty list is an absent one";
  changed["spec"]["template"]["spec"]["affinity"] = Json::object();
  EXPECT_EQ(generation(changed), 2) << "an empty struct behind a pointer is not";
  changed = old;
  changed["metadata"]["labels"] = {{"a", "b"}};
  EXPECT_EQ(generation(changed), 1);
  changed["metadata"]["annotations"] = {{"a", "b"}};
  EXPECT_EQ(generation(changed), 2) << "a Deployment's annotations count";
}

TEST(ApiUpdate, AnotherNamespaceIsABadRequest) {
  Json old = create(pod()).stored;
  old["metadata"]["resourceVersion"] = "1";
  Json moved = old;
  moved["metadata"]["namespace"] = "other";
  const Answer answer = update(moved, old);
  EXPECT_EQ(answer.bad_request, "the namespace of the provided object does not match the namespace sent on the request");
  EXPECT_TRUE(answer.errors.empty());
}

TEST(ApiUpdate, OnlyAFewFieldsOfAPodMayChange) {
  Json old = create(pod()).stored;
  old["metadata"]["resourceVersion"] = "1";
  Json changed = old;
  changed["spec"]["containers"][0]["image"] = "y";
  EXPECT_TRUE(update(changed, old).errors.empty());
  changed["spec"]["priorityClassName"] = "high";
  const Answer answer = update(changed, old);
  ASSERT_EQ(answer.errors.size(), 1U);
  EXPECT_EQ(answer.errors.all()[0].field, "spec");
  EXPECT_TRUE(answer.errors.all()[0].message.starts_with("Forbidden: pod updates may not change fields other than `spec.containers[*].image`"));
}

TEST(ApiTypes, EqualityKnowsPointersListsAndZeroValues) {
  const StructType& spec = struct_type("core/v1.PodSpec");
  const auto equal = [&](const char* a, const char* b, bool exact = false) { return equal_structs(Json::parse(a), Json::parse(b), spec, exact); };
  EXPECT_TRUE(equal(R"({"volumes":[]})", "{}"));
  EXPECT_FALSE(equal(R"({"volumes":[]})", "{}", true));
  EXPECT_TRUE(equal(R"({"hostNetwork":false})", "{}")) << "a plain field";
  EXPECT_FALSE(equal(R"({"activeDeadlineSeconds":0})", "{}")) << "a pointer";
  EXPECT_FALSE(equal(R"({"securityContext":{}})", "{}"));
  EXPECT_FALSE(equal(R"({"nodeSelector":{"a":"b"}})", R"({"nodeSelector":{"a":"c"}})"));
}

TEST(ApiCron, TakesWhatTheRealParserTakes) {
  for (const char* fine : {"* * * * *", "*/5 0-6,8 1 JAN-mar sun", "@hourly", "@every 1h30m", "0 0 31 2 *", "? * * * ?"}) {
    EXPECT_FALSE(cron_schedule_error(fine)) << fine;
  }
  EXPECT_EQ(cron_schedule_error("* * * *"), "expected exactly 5 fields, found 4: [* * * *]");
  EXPECT_EQ(cron_schedule_error("60 * * * *"), "end of range (60) above maximum (59): 60");
  EXPECT_EQ(cron_schedule_error("* * * * 7"), "end of range (7) above maximum (6): 7");
  EXPECT_EQ(cron_schedule_error("*/0 * * * *"), "step of range should be a positive number: */0");
}

TEST(ApiAddresses, ReadsAndPrintsThemAsGoDoes) {
  ASSERT_TRUE(parse_ip("2001:0db8:0:0:0:0:0:1"));
  EXPECT_EQ(to_text(*parse_ip("2001:0db8:0:0:0:0:0:1")), "2001:db8::1");
  EXPECT_EQ(to_text(*parse_ip("::ffff:10.0.0.1")), "10.0.0.1");
  EXPECT_TRUE(parse_ip("010.0.0.1")->leading_zero);
  EXPECT_FALSE(parse_ip("256.0.0.1"));
  ASSERT_TRUE(parse_cidr("10.1.2.3/8"));
  EXPECT_EQ(network_text(*parse_cidr("10.1.2.3/8")), "10.0.0.0/8");
  EXPECT_FALSE(parse_cidr("10.0.0.0/33"));
  EXPECT_FALSE(parse_cidr("10.0.0.0"));
}

}  // namespace
}  // namespace tandem::cluster::api
