// kind configurations as course assignments write them. Expectations follow kind v0.30's and kubeadm's documented rules.

#include "core/scenario/kind_config.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace tandem::scenario {
namespace {

struct Outcome {
  std::optional<KindCluster> cluster;
  Diagnostics diagnostics;
  std::vector<FieldNote> notes;
};

Outcome read(const std::string& body) {
  Outcome outcome;
  const SourceFile file{"kind.yaml", "kind: Cluster\napiVersion: kind.x-k8s.io/v1alpha4\n" + body, ""};
  outcome.cluster = read_kind_config(file, {}, outcome.diagnostics, outcome.notes);
  for (const Error& error : outcome.diagnostics.errors()) ADD_FAILURE() << to_string(error);
  return outcome;
}

std::vector<std::string> names(const KindCluster& cluster) {
  std::vector<std::string> result;
  for (const KindNode& node : cluster.nodes) result.push_back(node.name);
  return result;
}

std::string join(const std::string& role, const std::string& registration) {
  return "  - role: " + role + "\n    kubeadmConfigPatches:\n      - |\n        kind: JoinConfiguration\n        nodeRegistration:\n" + registration;
}

TEST(KindConfig, NamesNodesByRoleAndNumber) {
  const auto outcome = read("nodes: [{role: control-plane}, {role: worker}, {role: worker}, {role: control-plane}, {role: worker}]\n");
  EXPECT_EQ(names(*outcome.cluster), (std::vector<std::string>{"kind-control-plane", "kind-worker", "kind-worker2", "kind-control-plane2", "kind-worker3"}));
  EXPECT_EQ(names(*read("name: lab\nnodes: [{role: control-plane}, {role: worker}]\n").cluster), (std::vector<std::string>{"lab-control-plane", "lab-worker"}));
}

TEST(KindConfig, WithoutNodesThereIsOneControlPlaneThatTakesPods) {
  for (const char* body : {"", "nodes:\n", "nodes: [{role: control-plane}]\n", "nodes: [{}]\n"}) {
    const auto outcome = read(body);
    ASSERT_EQ(names(*outcome.cluster), std::vector<std::string>{"kind-control-plane"}) << body;
    EXPECT_TRUE(outcome.cluster->nodes[0].taints.empty()) << "kind takes the taint off a single node";
  }
}

TEST(KindConfig, TheControlPlaneIsTaintedBesideWorkers) {
  const auto outcome = read("nodes: [{role: control-plane}, {role: worker}]\n");
  EXPECT_EQ(outcome.cluster->nodes[0].taints, std::vector{control_plane_taint()});
  EXPECT_TRUE(outcome.cluster->nodes[1].taints.empty());
}

TEST(KindConfig, LabelsOfPatchesAreReadWithAndWithoutBlanks) {
  const auto outcome = read("nodes:\n  - role: control-plane\n" + join("worker", "          kubeletExtraArgs:\n            node-labels: \"a=b,c=d\"\n") +
                            join("worker", "          kubeletExtraArgs:\n            node-labels: \"a=b, c=d , e\"\n"));
  EXPECT_EQ(outcome.cluster->nodes[1].labels, (cluster::Labels{{"a", "b"}, {"c", "d"}}));
  EXPECT_EQ(outcome.cluster->nodes[2].labels, (cluster::Labels{{"a", "b"}, {"c", "d"}, {"e", ""}}));
}

TEST(KindConfig, TheListFormOfKubeadmV1beta4IsReadToo) {
  const auto outcome = read("nodes:\n  - role: control-plane\n" +
                            join("worker", "          kubeletExtraArgs:\n            - {name: node-labels, value: \"tier=web\"}\n            - name: max-pods\n              value: \"20\"\n"));
  EXPECT_EQ(outcome.cluster->nodes[1].labels, (cluster::Labels{{"tier", "web"}}));
  EXPECT_EQ(outcome.cluster->nodes[1].max_pods, 20);
}

TEST(KindConfig, TaintsOfPatchesReplaceTheDefault) {
  const auto outcome = read(
      "nodes:\n  - role: control-plane\n    kubeadmConfigPatches:\n      - |\n        kind: InitConfiguration\n        nodeRegistration:\n          taints: []\n" +
      join("worker", "          taints:\n            - {key: dedicated, value: batch, effect: NoSchedule}\n") +
      join("worker", "          kubeletExtraArgs:\n            register-with-taints: \"a=b:NoExecute, c:PreferNoSchedule\"\n"));
  EXPECT_TRUE(outcome.cluster->nodes[0].taints.empty());
  EXPECT_EQ(outcome.cluster->nodes[1].taints, (std::vector<cluster::Taint>{{"dedicated", "batch", "NoSchedule", std::nullopt}}));
  EXPECT_EQ(outcome.cluster->nodes[2].taints, (std::vector<cluster::Taint>{{"a", "b", "NoExecute", std::nullopt}, {"c", "", "PreferNoSchedule", std::nullopt}}));
}

TEST(KindConfig, InitPatchesMeetTheFirstControlPlaneAndJoinPatchesTheOthers) {
  const std::string init = "  - |\n    kind: InitConfiguration\n    nodeRegistration: {kubeletExtraArgs: {node-labels: first=yes}}\n";
  const std::string joining = "  - |\n    kind: JoinConfiguration\n    nodeRegistration: {kubeletExtraArgs: {node-labels: joined=yes}}\n";
  const auto outcome = read("kubeadmConfigPatches:\n" + init + joining + "nodes: [{role: control-plane}, {role: control-plane}, {role: worker}]\n");
  EXPECT_EQ(outcome.cluster->nodes[0].labels, (cluster::Labels{{"first", "yes"}}));
  EXPECT_EQ(outcome.cluster->nodes[1].labels, (cluster::Labels{{"joined", "yes"}}));
  EXPECT_EQ(outcome.cluster->nodes[2].labels, (cluster::Labels{{"joined", "yes"}}));
}

TEST(KindConfig, ANodesOwnPatchComesAfterTheClusters) {
  const std::string all = "kubeadmConfigPatches:\n  - |\n    kind: JoinConfiguration\n    nodeRegistration: {kubeletExtraArgs: {node-labels: a=cluster}}\n";
  const auto outcome = read(all + "nodes:\n  - role: control-plane\n  - role: worker\n" + join("worker", "          kubeletExtraArgs: {node-labels: a=node}\n"));
  EXPECT_EQ(outcome.cluster->nodes[1].labels.at("a"), "cluster");
  EXPECT_EQ(outcome.cluster->nodes[2].labels.at("a"), "node");
}

TEST(KindConfig, APatchedLabelListReplacesTheLabelsField) {
  // kind turns the labels field into --node-labels; a merge patch of that argument replaces the whole text.
  const auto outcome = read("nodes:\n  - role: control-plane\n  - role: worker\n    labels: {from: field}\n    kubeadmConfigPatches:\n      - |\n"
                            "        kind: JoinConfiguration\n        nodeRegistration: {kubeletExtraArgs: {node-labels: from=patch}}\n");
  EXPECT_EQ(outcome.cluster->nodes[1].labels, (cluster::Labels{{"from", "patch"}}));
  EXPECT_EQ(outcome.diagnostics.warnings().size(), 1U);
}

TEST(KindConfig, YamlOneDotOneBooleansAndSubnetsAreRead) {
  const auto outcome = read("networking: {disableDefaultCNI: yes, podSubnet: 10.10.0.0/16, serviceSubnet: \"10.11.0.0/16\"}\n");
  EXPECT_EQ(outcome.cluster->pod_subnet, "10.10.0.0/16");
  EXPECT_EQ(outcome.cluster->service_subnet, "10.11.0.0/16");
}

TEST(KindConfig, WhatHasNoMeaningHereIsReported) {
  const auto outcome = read("featureGates: {X: true}\nnodes:\n  - role: control-plane\n    extraPortMappings: [{containerPort: 80, hostPort: 8080}]\n  - role: worker\n    extraPortMappings: []\n" +
                            join("worker", "          criSocket: x\n          kubeletExtraArgs: {v: \"4\"}\n"));
  std::vector<std::string> fields;
  for (const FieldNote& note : outcome.notes) {
    EXPECT_EQ(note.treatment, Treatment::Ignored);
    EXPECT_FALSE(note.how.empty());
    fields.push_back(note.field);
  }
  EXPECT_EQ(fields, (std::vector<std::string>{"featureGates", "nodes[].extraPortMappings", "kubeadmConfigPatches nodeRegistration.criSocket",
                                              "kubeadmConfigPatches nodeRegistration.kubeletExtraArgs.v"}));
}

TEST(KindConfig, AMisspeltPatchKindIsPointedOut) {
  const auto outcome = read("nodes:\n  - role: control-plane\n  - role: worker\n    kubeadmConfigPatches:\n      - |\n        kind: JoinConfigurations\n");
  ASSERT_EQ(outcome.diagnostics.warnings().size(), 1U);
  EXPECT_EQ(outcome.diagnostics.warnings()[0].hint, "did you mean JoinConfiguration?");
  EXPECT_EQ(to_string(outcome.diagnostics.warnings()[0].place), "kind.yaml:8:15");
}

TEST(KindConfig, ErrorsInsideAClusterWidePatchComeOnce) {
  Diagnostics diagnostics;
  std::vector<FieldNote> notes;
  const SourceFile file{"kind.yaml",
                        "kind: Cluster\napiVersion: kind.x-k8s.io/v1alpha4\nkubeadmConfigPatches:\n  - |\n    kind: JoinConfiguration\n    nodeRegistration: {taint: []}\n"
                        "nodes: [{role: control-plane}, {role: worker}, {role: worker}]\n",
                        ""};
  EXPECT_FALSE(read_kind_config(file, {}, diagnostics, notes).has_value());
  ASSERT_EQ(diagnostics.error_count(), 1U);
  EXPECT_EQ(to_string(diagnostics.errors()[0].place), "kind.yaml:6:24");
}

}  // namespace
}  // namespace tandem::scenario
