// API server rules that the recorded cases do not reach, against pkg/apis/*/validation and encoding/json.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/cluster/api/go_json.hpp"
#include "core/cluster/api/server_rules.hpp"
#include "core/cluster/api/wire_scalars.hpp"

namespace tandem::cluster::api {
namespace {

using Texts = std::vector<std::string>;

Texts errors_of(const Json& manifest) {
  Texts texts;
  const Answer answer = create(manifest, {.uid = "u"});
  for (const FieldError& error : answer.errors.all()) texts.push_back(fmt::format("{}: {}", error.field, error.message));
  return texts;
}

Json pod_with_volume(const Json& volume) {
  return {{"apiVersion", "v1"},
          {"kind", "Pod"},
          {"metadata", {{"name", "p"}}},
          {"spec", {{"containers", {{{"name", "c"}, {"image", "a:1"}, {"volumeMounts", {{{"name", "v"}, {"mountPath", "/v"}}}}}}}, {"volumes", {volume}}}}};
}

TEST(ApiRulesOfTheSources, EmptyHostPathIsToldOnce) {
  EXPECT_EQ(errors_of(pod_with_volume({{"name", "v"}, {"hostPath", {{"path", ""}, {"type", "Nonsense"}}}})),
            (Texts{"spec.volumes[0].hostPath.path: Required value", "spec.containers[0].volumeMounts[0].name: Not found: \"v\""}));
}

TEST(ApiRulesOfTheSources, ImageVolumesAreNeitherDefaultedNorKept) {
  const Answer answer = create(pod_with_volume({{"name", "v"}, {"image", {{"reference", "a:latest"}}}}), {.uid = "u"});
  EXPECT_EQ(answer.defaulted["spec"]["volumes"][0]["image"], (Json{{"reference", "a:latest"}}));
  EXPECT_TRUE(answer.errors.empty()) << answer.message;
  EXPECT_TRUE(View(answer.stored["spec"])["volumes"].empty());
  EXPECT_TRUE(View(answer.stored["spec"]["containers"][0])["volumeMounts"].empty());
}

Json network_policy(const Json& spec) {
  Json full = spec;
  full["podSelector"] = Json::object();
  return {{"apiVersion", "networking.k8s.io/v1"}, {"kind", "NetworkPolicy"}, {"metadata", {{"name", "n"}}}, {"spec", full}};
}

TEST(ApiRulesOfTheSources, TooManyPolicyTypesAreNotLookedAtSingly) {
  const Texts errors = errors_of(network_policy({{"policyTypes", {"Ingress", "Egress", "Other"}}}));
  ASSERT_EQ(errors.size(), 1u);
  EXPECT_NE(errors[0].find("may not specify more than two policyTypes"), std::string::npos);
}

TEST(ApiRulesOfTheSources, EmptyBlockIsRequiredAndItsExceptionsAreNotRead) {
  EXPECT_EQ(errors_of(network_policy({{"ingress", {{{"from", {{{"ipBlock", {{"cidr", ""}, {"except", {"x"}}}}}}}}}}})),
            (Texts{"spec.ingress[0].from[0].ipBlock.cidr: Required value"}));
}

TEST(ApiRulesOfTheSources, IndexesAreNumbersOf64Bits) {
  Json job = {{"apiVersion", "batch/v1"}, {"kind", "Job"}, {"metadata", {{"name", "j"}}}};
  job["spec"] = {{"completions", 3}, {"parallelism", 1}, {"completionMode", "Indexed"}};
  job["spec"]["template"]["spec"] = {{"restartPolicy", "Never"}, {"containers", {{{"name", "c"}, {"image", "a:1"}}}}};
  const auto detail = [&](const char* indexes) {
    job["spec"]["successPolicy"]["rules"] = Json::array({{{"succeededIndexes", indexes}}});
    const Texts errors = errors_of(job);
    return errors.size() == 1 ? errors[0].substr(errors[0].rfind("succeededIndexes: ") + 18) : fmt::format("{}", fmt::join(errors, "\n"));
  };
  EXPECT_EQ(detail("3000000000"), "too large index: \"3000000000\"");
  EXPECT_EQ(detail("9223372036854775808"), "cannot convert string to integer for index: \"9223372036854775808\"");
  EXPECT_EQ(detail("1,x"), "cannot convert string to integer for index: \"x\"");
}

/// Words of json.Unmarshal into a map[string]interface{} (go1.24).
TEST(ApiRulesOfTheSources, JsonIsRefusedInTheWordsOfGo) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "unexpected end of JSON input"},
      {"  ", "unexpected end of JSON input"},
      {"{", "unexpected end of JSON input"},
      {"{\"a", "unexpected end of JSON input"},
      {"{\"a\":1", "unexpected end of JSON input"},
      {"{a}", "invalid character 'a' looking for beginning of object key string"},
      {"{\"a\":1,}", "invalid character '}' looking for beginning of object key string"},
      {"{\"a\" 1}", "invalid character '1' after object key"},
      {"{\"a\":1 2}", "invalid character '2' after object key:value pair"},
      {"{\"a\":[1 2]}", "invalid character '2' after array element"},
      {"{\"a\":[1,]}", "invalid character ']' looking for beginning of value"},
      {"{} x", "invalid character 'x' after top-level value"},
      {"hello", "invalid character 'h' looking for beginning of value"},
      {"'", "invalid character '\\'' looking for beginning of value"},
      {"trux", "invalid character 'x' in literal true (expecting 'e')"},
      {"nul", "invalid character ' ' in literal null (expecting 'l')"},
      {"-", "invalid character ' ' in numeric literal"},
      {"01", "invalid character '1' after top-level value"},
      {"{\"a\":1.}", "invalid character '}' after decimal point in numeric literal"},
      {"{\"a\":1e+}", "invalid character '}' in exponent of numeric literal"},
      {"\"\\x\"", "invalid character 'x' in string escape code"},
      {"\"\\u12g\"", "invalid character 'g' in \\u hexadecimal character escape"},
      {"\"\n\"", "invalid character '\\n' in string literal"},
      {"\xc3\xa9", "invalid character '\xc3\x83' looking for beginning of value"},
      {std::string(1, '\0'), "invalid character '\\x00' looking for beginning of value"},
      {"[1]", "json: cannot unmarshal array into Go value of type map[string]interface {}"},
      {"-1e5", "json: cannot unmarshal number into Go value of type map[string]interface {}"},
      {"{\"a\":" + std::string(400, '9') + "e-5}", "json: cannot unmarshal number " + std::string(400, '9') + "e-5 into Go value of type float64"},
      {"{\"a\":-1e99999999999999999999}", "json: cannot unmarshal number -1e99999999999999999999 into Go value of type float64"},
      {"{\"a\":1e999}", "json: cannot unmarshal number 1e999 into Go value of type float64"},
  };
  for (const auto& [text, error] : cases) EXPECT_EQ(go_json_map_error(text), error) << text;
  for (const char* text : {"{}", " { \"a\" : [ ] , \"b\":-0.5E-3}\n", "null", "{\"a\":1e-999}", "{\"a\":-0.000000001e-99999999999999999999}", "{\"a\":\"\\u00e9\\ud800\\n\"}", "{\"a\":[[],{\"b\":[true,false,null]}]}"}) {
    EXPECT_EQ(go_json_map_error(text), std::nullopt) << text;
  }
  EXPECT_EQ(go_json_map_error(std::string(10001, '[')), "invalid character '[' exceeded max depth");
}

TEST(ApiRulesOfTheSources, DockerConfigIsReadAsGoReadsIt) {
  const Json secret = {{"apiVersion", "v1"}, {"kind", "Secret"}, {"metadata", {{"name", "s"}}}, {"type", "kubernetes.io/dockerconfigjson"},
                       {"data", {{".dockerconfigjson", base64_encoded("{auths: 1}")}}}};
  EXPECT_EQ(errors_of(secret), (Texts{"data[.dockerconfigjson]: Invalid value: \"<secret contents redacted>\": invalid character 'a' looking for "
                                      "beginning of object key string"}));
}

Json annotated_pod(const std::string& tolerations) {
  Json pod = pod_with_volume({{"name", "v"}, {"emptyDir", Json::object()}});
  pod["metadata"]["annotations"]["scheduler.alpha.kubernetes.io/tolerations"] = tolerations;
  return pod;
}

TEST(ApiRulesOfTheSources, TolerationsInAnAnnotationAreChecked) {
  const std::string key = "scheduler.alpha.kubernetes.io/tolerations";
  const std::string start = "metadata.annotations: Invalid value: \"" + key + "\": ";
  EXPECT_EQ(errors_of(annotated_pod("[{\"key\":\"a\",\"operator\":\"Exists\"}]")), Texts{});
  EXPECT_EQ(errors_of(annotated_pod("[{\"KEY\":\"a\",\"Operator\":\"Nope\"}]")),
            (Texts{"metadata.annotations." + key + "[0].operator: Unsupported value: \"Nope\": supported values: \"Equal\", \"Exists\""}));
  EXPECT_EQ(errors_of(annotated_pod("{}")), (Texts{start + "json: cannot unmarshal object into Go value of type []core.Toleration"}));
  EXPECT_EQ(errors_of(annotated_pod("[")), (Texts{start + "unexpected end of JSON input"}));
  EXPECT_EQ(errors_of(annotated_pod("[{\"key\":1}]")), (Texts{start + "json: cannot unmarshal number into Go struct field Toleration.Key of type string"}));
}

TEST(ApiRulesOfTheSources, TaintsAndAvoidedPodsInAnnotationsAreChecked) {
  const auto node = [](const std::string& name, const std::string& text) {
    return Json{{"apiVersion", "v1"}, {"kind", "Node"}, {"metadata", {{"name", "n"}, {"annotations", {{"scheduler.alpha.kubernetes.io/" + name, text}}}}}};
  };
  EXPECT_EQ(errors_of(node("taints", "[{\"key\":\"a\",\"effect\":\"NoSchedule\"}]")), Texts{});
  EXPECT_EQ(errors_of(node("taints", "[{\"key\":\"a\"}]")), (Texts{"metadata.annotations.scheduler.alpha.kubernetes.io/taints[0].effect: Required value"}));
  EXPECT_EQ(errors_of(node("taints", "x")),
            (Texts{"metadata.annotations: Invalid value: \"scheduler.alpha.kubernetes.io/taints\": invalid character 'x' looking for beginning of value"}));
  EXPECT_EQ(errors_of(node("preferAvoidPods", "{\"preferAvoidPods\":[{\"podSignature\":{}}]}")),
            (Texts{"metadata.annotations.scheduler.alpha.kubernetes.io/preferAvoidPods[0].PodSignature: Required value"}));
  EXPECT_EQ(errors_of(node("preferAvoidPods", "{\"preferAvoidPods\":[{\"podSignature\":{\"podController\":{\"controller\":false}}}]}")),
            (Texts{"metadata.annotations.scheduler.alpha.kubernetes.io/preferAvoidPods[0].PodSignature.PodController.Controller: Invalid value: false: must "
                   "point to a controller"}));
}

}  // namespace
}  // namespace tandem::cluster::api
