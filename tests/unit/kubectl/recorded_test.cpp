// Against what other programs wrote: Go's text/tabwriter, sigs.k8s.io/yaml v1.6.0, and kubectl v1.32.4 for the descriptions that
// the recordings of v1.34.4 do not cover (the two versions print these cases alike).

#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>

#include "core/kubectl/command_line.hpp"
#include "core/kubectl/documents.hpp"
#include "core/kubectl/tab_writer.hpp"
#include "core/kubectl/table.hpp"

namespace tandem::kubectl {
namespace {

using nlohmann::json;

/// Calls `check` for every line of the file; returns how many there were.
std::size_t for_each_line(const std::string& name, const std::function<void(const json&)>& check) {
  std::ifstream file(std::string(TANDEM_KUBECTL_DATA) + "/" + name);
  std::size_t lines = 0;
  for (std::string line; std::getline(file, line); ++lines) check(json::parse(line));
  return lines;
}

TEST(Recorded, TabWriterIsGos) {
  EXPECT_EQ(for_each_line("tab_writer.jsonl", [](const json& recorded) {
    TabWriter writer(recorded.at("widthMin"), recorded.at("padding"));
    writer.write(recorded.at("text").get<std::string>());
    EXPECT_EQ(writer.flush(), recorded.at("laidOut").get<std::string>()) << recorded.at("text");
  }), 40U);
}

TEST(Recorded, YamlIsThatOfSigsYaml) {
  EXPECT_GT(for_each_line("yaml.jsonl", [](const json& recorded) {
    const std::string source = recorded.at("json");
    EXPECT_EQ(to_yaml_text(json::parse(source)), recorded.at("yaml").get<std::string>()) << source;
  }), 150U);
}

TEST(Recorded, DescriptionsAreKubectls) {
  EXPECT_GT(for_each_line("describe.jsonl", [](const json& recorded) {
    const std::vector<json> objects = recorded.at("objects");
    const auto answer = run_command(recorded.at("args"), {objects, unix_seconds_of(recorded.at("now")), {}});
    ASSERT_TRUE(answer.has_value()) << recorded.at("id");
    EXPECT_EQ(answer->out, recorded.at("out").get<std::string>()) << recorded.at("id");
    EXPECT_EQ(answer->err, recorded.at("err").get<std::string>()) << recorded.at("id");
  }), 40U);
}

}  // namespace
}  // namespace tandem::kubectl
