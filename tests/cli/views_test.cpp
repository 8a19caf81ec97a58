// docs/kubectl-views.md: get, describe, rollout and top over a recording. What they print is compared with kubectl elsewhere; here it
// is that they find the run, the moment and the objects.

#include <algorithm>
#include <set>

#include "tests/cli/command.hpp"

namespace tandem::cli_test {
namespace {

class Views : public CommandTest {};

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

TEST_F(Views, FindTheRunAnywhereAmongTheWords) {
  const std::string run = record("run").string();
  const std::string described = tandem({"describe", "deployment/web", run, "--at", "21.5s"}).output;
  EXPECT_EQ(first_line(described), "Name:                   web");
  EXPECT_EQ(tandem({"describe", run, "deployment/web", "--at", "21.5s"}).output, described);
  EXPECT_EQ(tandem({"describe", run, "--at", "21.5s", "deployment", "web"}).output, described);
  EXPECT_EQ(tandem({"describe", "deployment/web"}).exit_code, 2);
}

TEST_F(Views, RolloutSaysHowFarItWas) {
  const std::string run = record("run").string();
  const auto status = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {"rollout", "status", "deployment/web", run});
    return tandem(more);
  };
  EXPECT_EQ(status({}).output, "deployment \"web\" successfully rolled out\n");
  // The new image comes at 20 s.
  EXPECT_NE(status({"--at", "21.5s"}).output.find("new replicas have been updated"), std::string::npos);
  const host::ProcessResult watched = status({"--at", "21.5s", "-w"});
  EXPECT_EQ(watched.exit_code, 0);
  EXPECT_TRUE(watched.output.ends_with("\ndeployment \"web\" successfully rolled out\n")) << watched.output;
  EXPECT_EQ(status({"--revision", "7"}).exit_code, 1);
  EXPECT_EQ(status({"--revision", "7"}).errors, "error: desired revision (7) is different from the running revision (2)\n");
  const std::string history = tandem({"rollout", "history", "deployment/web", run}).output;
  EXPECT_EQ(history, "deployment.apps/web \nREVISION  CHANGE-CAUSE\n1         <none>\n2         <none>\n\n");
  EXPECT_EQ(tandem({"rollout", "undo", "deployment/web", run}).exit_code, 2);
}

TEST_F(Views, WatchShowsEveryPodThatEverWas) {
  const std::string run = record("run").string();
  std::istringstream lines(tandem({"get", "pods", run, "--watch", "-o", "name"}).output);
  std::set<std::string> seen;
  for (std::string line; std::getline(lines, line);) seen.insert(line);
  // Four of the first image, four of the second, one that replaces the deleted one.
  EXPECT_EQ(seen.size(), 9U);
  const std::string rows = tandem({"get", "pods", run, "-w", "--at", "20s"}).output;
  EXPECT_TRUE(rows.starts_with("NAME "));
  EXPECT_EQ(rows.find("NAME ", 1), std::string::npos);
  EXPECT_NE(rows.find("ContainerCreating"), std::string::npos);
}

TEST_F(Views, TopReadsTheSamples) {
  const std::string run = record("run").string();
  const std::string pods = tandem({"top", "pods", run, "--at", "30s", "--no-headers"}).output;
  EXPECT_EQ(std::count(pods.begin(), pods.end(), '\n'), 4);
  EXPECT_EQ(first_line(tandem({"top", "nodes", run}).output), "NAME                 CPU(cores)   CPU(%)   MEMORY(bytes)   MEMORY(%)   ");
  EXPECT_EQ(tandem({"top", "deployments", run}).exit_code, 2);
}

TEST_F(Views, RefuseInKubectlsWords) {
  const std::string run = record("run").string();
  const host::ProcessResult unknown = tandem({"get", "gadgets", run});
  EXPECT_EQ(first_line(unknown.errors), "error: the server doesn't have a resource type \"gadgets\"");
  EXPECT_EQ(unknown.exit_code, 2);
  EXPECT_EQ(tandem({"get", "pod", "nosuch", run}).errors, "Error from server (NotFound): pods \"nosuch\" not found\n");
  EXPECT_EQ(tandem({"get", "pods", run, "-n", "empty"}).errors, "No resources found in empty namespace.\n");
  EXPECT_NE(tandem({"get", "--help"}).output.find("Usage: tandem get "), std::string::npos);
}

}  // namespace
}  // namespace tandem::cli_test
