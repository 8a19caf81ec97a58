#include "core/scenario/manifests.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "scenario_test_support.hpp"

namespace tandem::scenario::test {
namespace {

const FieldNote* note_of(const Scenario& scenario, const std::string& object, const std::string& field) {
  const auto found = std::find_if(scenario.field_notes.begin(), scenario.field_notes.end(), [&](const FieldNote& n) { return n.object == object && n.field == field; });
  return found == scenario.field_notes.end() ? nullptr : &*found;
}

TEST(FieldReport, SaysOfEveryFieldWhatBecomesOfIt) {
  const Loaded loaded = BaseScenario()
                            .edit("web.yaml", "          image: web:1.0.0\n",
                                  "          image: web:1.0.0\n          command: [\"/web\"]\n          env: [{name: A, value: b}]\n"
                                  "          securityContext: {runAsUser: 1}\n          livenessProbe: {tcpSocket: {port: http}}\n")
                            .load();
  ASSERT_TRUE(loaded.scenario) << render(loaded);
  const Scenario& scenario = *loaded.scenario;
  const std::string container = "spec.template.spec.containers[].";
  EXPECT_EQ(note_of(scenario, "Deployment default/web", "spec.replicas")->treatment, Treatment::Honoured);
  EXPECT_EQ(note_of(scenario, "Deployment default/web", container + "readinessProbe.httpGet.path")->treatment, Treatment::Honoured);
  EXPECT_EQ(note_of(scenario, "Deployment default/web", container + "env[].value")->treatment, Treatment::Approximated);
  const FieldNote* command = note_of(scenario, "Deployment default/web", container + "command[]");
  ASSERT_NE(command, nullptr);
  EXPECT_EQ(command->treatment, Treatment::Ignored);
  EXPECT_FALSE(command->how.empty());
  EXPECT_EQ(to_string(command->place), "web.yaml:16:20");
  for (const FieldNote& note : scenario.field_notes) EXPECT_EQ(note.how.empty(), note.treatment == Treatment::Honoured) << note.object << " " << note.field;
}

TEST(FieldReport, KindsWithoutAControllerAreKeptAndExplained) {
  BaseScenario base;
  base.file("web.yaml", read_text(kSource / "tests/bad/base/web.yaml") +
                            "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {a: b}\n"
                            "---\napiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: db}\nspec:\n  selector: {matchLabels: {app: db}}\n"
                            "  template: {metadata: {labels: {app: db}}, spec: {containers: [{name: db, image: \"db:1\"}]}}\n"
                            "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n");
  const Loaded loaded = base.load();
  ASSERT_TRUE(loaded.scenario) << render(loaded);
  EXPECT_EQ(loaded.scenario->objects.size(), 5U);
  EXPECT_EQ(note_of(*loaded.scenario, "ConfigMap default/c", "*")->treatment, Treatment::Ignored);
  EXPECT_NE(note_of(*loaded.scenario, "Namespace shop", "*"), nullptr) << "namespaces have no namespace";
  ASSERT_EQ(loaded.warnings.size(), 1U) << "only the workload is missed";
  EXPECT_EQ(loaded.warnings[0].code, ErrorCode::ScenarioUnsupportedKind);
}

TEST(Manifests, AKubectlListIsTakenApart) {
  BaseScenario base;
  base.file("web.yaml",
            "apiVersion: v1\nkind: List\nitems:\n"
            "- {apiVersion: v1, kind: Service, metadata: {name: web}, spec: {selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}}\n"
            "- apiVersion: apps/v1\n  kind: Deployment\n  metadata: {name: web}\n  spec:\n    selector: {matchLabels: {app: web}}\n"
            "    template: {metadata: {labels: {app: web}}, spec: {containers: [{name: app, image: \"web:1.0.0\", ports: [{containerPort: 8080}]}]}}\n");
  const Loaded loaded = base.load();
  ASSERT_TRUE(loaded.scenario) << render(loaded);
  EXPECT_EQ(loaded.scenario->objects.size(), 2U);
}

TEST(Manifests, AnchorsAndYesWorkAsForKubectlWithAWarning) {
  BaseScenario base;
  base.edit("web.yaml", "    matchLabels: {app: web}\n", "    matchLabels: &labels {app: web}\n").edit("web.yaml", "      labels: {app: web}\n", "      labels: {<<: *labels, extra: \"1\"}\n");
  base.edit("web.yaml", "  replicas: 2\n", "  replicas: 2\n  paused: no\n");
  const Loaded loaded = base.load();
  ASSERT_TRUE(loaded.scenario) << render(loaded);
  EXPECT_GE(loaded.warnings.size(), 3U);
  const auto& deployment = std::get<cluster::Deployment>(loaded.scenario->objects[0]);
  EXPECT_EQ(*deployment.spec.pod_template->labels, (cluster::Labels{{"app", "web"}, {"extra", "1"}}));
}

TEST(Manifests, TypeErrorsPointAtTheirValue) {
  const Loaded loaded = BaseScenario().edit("web.yaml", "{path: /, port: http}", "{path: 7, port: http}").load();
  ASSERT_EQ(loaded.errors.size(), 1U) << render(loaded);
  EXPECT_EQ(loaded.errors[0].path, "spec.template.spec.containers[0].readinessProbe.httpGet.path");
  EXPECT_EQ(loaded.errors[0].place.line, 20U);
  EXPECT_EQ(loaded.errors[0].place.column, 29U);
}

TEST(Manifests, SeveralRulesAreReportedTogether) {
  const Loaded loaded = BaseScenario()
                            .edit("web.yaml", "      labels: {app: web}\n", "      labels: {app: other}\n")
                            .edit("web.yaml", "containerPort: 8080", "containerPort: 0")
                            .edit("web.yaml", "        - name: app\n", "        - name: App\n")
                            .load();
  std::vector<ErrorCode> codes;
  for (const Error& error : loaded.errors) codes.push_back(error.code);
  EXPECT_EQ(codes, (std::vector<ErrorCode>{ErrorCode::ValueBadSelector, ErrorCode::ValueBadName, ErrorCode::ValueBadPort})) << render(loaded);
}

}  // namespace
}  // namespace tandem::scenario::test
