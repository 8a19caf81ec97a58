// Words of a command line, and what a watch prints. The messages are those of kubectl v1.34 (cli-runtime's resource builder).

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "core/kubectl/command_line.hpp"
#include "core/kubectl/watch.hpp"

namespace tandem::kubectl {
namespace {

using nlohmann::json;

json pod(const std::string& name, const std::string& phase, const json& labels = json::object()) {
  return {{"apiVersion", "v1"},
          {"kind", "Pod"},
          {"metadata", {{"name", name}, {"namespace", "default"}, {"creationTimestamp", "2026-01-01T00:00:00Z"}, {"labels", labels}}},
          {"spec", {{"containers", {{{"name", "app"}, {"image", "web:1"}}}}}},
          {"status", {{"phase", phase}}}};
}

Answer run(const std::vector<std::string>& words) {
  const std::vector<json> objects = {pod("web-1", "Running", {{"app", "web"}}), pod("web-2", "Running"), pod("db", "Pending")};
  const auto answer = run_command(words, {objects, 1767225605, {}});
  EXPECT_TRUE(answer.has_value());
  return answer ? *answer : Answer{};
}

TEST(Command, NamesResourcesInEveryFormOfKubectl) {
  for (const char* word : {"po", "pod", "pods", "Pods", "Pod", "pods.v1"}) EXPECT_EQ(run({"get", word, "db", "-o", "name"}).out, "pod/db\n") << word;
  EXPECT_EQ(run({"get", "pod/db", "-oname"}).out, "pod/db\n");
  EXPECT_EQ(run({"get", "po,deploy", "web-1", "--output=name"}).out, "pod/web-1\n");
  EXPECT_EQ(find_resource("deployments.apps")->kind, "Deployment");
  EXPECT_EQ(find_resource("deploy.v1.apps")->kind, "Deployment");
  EXPECT_EQ(find_resource("ing.networking")->kind, "Ingress");
  EXPECT_EQ(find_resource("pods.apps"), nullptr);
  EXPECT_EQ(find_resource("PO"), nullptr);
}

TEST(Command, RefusesWhatKubectlRefuses) {
  const auto refused = [](const std::vector<std::string>& words, const std::string& message) {
    const Answer answer = run(words);
    EXPECT_EQ(answer.err, "error: " + message + "\n");
    EXPECT_EQ(answer.out, "");
    EXPECT_EQ(answer.exit_code, 1);
  };
  refused({"get", "gadgets"}, "the server doesn't have a resource type \"gadgets\"");
  refused({"get", "pods,gadgets.v1.example.com"}, "the server doesn't have a resource type \"gadgets\"");
  refused({"get", "pod", "db", "-l", "app=web"}, "name cannot be provided when a selector is specified");
  refused({"get", "pod", "db", "-A"}, "a resource cannot be retrieved by name across all namespaces");
  refused({"get", "pod/a/b"}, "arguments in resource/name form may not have more than one slash");
  refused({"get", "pod/"}, "arguments in resource/name form must have a single resource and name");
  refused({"top", "pods", "--sort-by=name"}, "--sort-by accepts only cpu or memory");
}

TEST(Command, TellsWhatTheServerSaysOfABadSelector) {
  // Recorded from kubectl v1.34.4 and a real API server.
  EXPECT_EQ(run({"get", "pods", "-l", "a=("}).err,
            "Error from server (BadRequest): Unable to find \"/v1, Resource=pods\" that match label selector \"a=(\", field selector \"\": "
            "unable to parse requirement: found '(', expected: identifier\n");
}

TEST(Command, DescribesByThePrefixOfAName) {
  const Answer answer = run({"describe", "pod", "web-"});
  EXPECT_EQ(answer.exit_code, 0);
  EXPECT_NE(answer.out.find("web-1"), std::string::npos);
  EXPECT_NE(answer.out.find("web-2"), std::string::npos);
  EXPECT_EQ(run({"describe", "pod", "x"}).err, "Error from server (NotFound): pods \"x\" not found\n");
}

TEST(Watch, ColumnsNeverGetNarrowerAndHeadersComeOnce) {
  GetRequest request;
  request.kinds = {"Pod"};
  auto watch = Watch::of(request);
  ASSERT_TRUE(watch.has_value());
  const auto start = watch->start({}, 1767225605);
  ASSERT_TRUE(start.has_value());
  EXPECT_EQ(start->out, "");
  EXPECT_EQ(watch->change(pod("a-long-name", "ContainerCreating"), 1767225605),
            "NAME          READY   STATUS              RESTARTS   AGE\n"
            "a-long-name   0/1     ContainerCreating   0          5s\n");
  EXPECT_EQ(watch->change(pod("a", "Running"), 1767225606), "a             0/1     Running             0          6s\n");
  json service = pod("a", "Running");
  service["kind"] = "Service";
  EXPECT_EQ(watch->change(service, 1767225606), "");
}

TEST(Watch, IsAboutOneKind) {
  GetRequest request;
  request.kinds = {"Pod", "Service"};
  const auto watch = Watch::of(request);
  ASSERT_FALSE(watch.has_value());
  EXPECT_EQ(watch.error().what, "you may only specify a single resource type");
}

}  // namespace
}  // namespace tandem::kubectl
