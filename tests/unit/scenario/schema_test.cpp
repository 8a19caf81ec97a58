#include "core/scenario/schema.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>

#include "core/scenario/scenario_tables.hpp"
#include "scenario_test_support.hpp"

namespace tandem::scenario::test {
namespace {

TEST(Schema, TheCheckedInFilesAreWhatTheTablesGive) {
  for (const std::string_view kind : schema_kinds()) {
    const std::string file = "schema/" + std::string(kind) + ".schema.json";
    EXPECT_EQ(read_text(kSource / file), schema_text(kind)) << "regenerate " << file << " with: tandem schema " << kind;
  }
}

/// Every object of a schema closes itself against unknown fields and every field explains itself.
void check_object(const nlohmann::json& schema, const std::string& where) {
  if (schema.is_array()) {
    for (const auto& item : schema) check_object(item, where);
  }
  if (!schema.is_object()) return;
  if (schema.contains("properties")) {
    EXPECT_EQ(schema.value("additionalProperties", true), false) << where;
    for (const auto& [name, field] : schema["properties"].items()) {
      const bool part_of_selector = name == "matchLabels" || name == "matchExpressions";
      EXPECT_TRUE(field.contains("description") || part_of_selector) << where << "." << name;
    }
  }
  // What stands under a condition narrows an object that is closed and described elsewhere.
  for (const auto& [name, part] : schema.items()) {
    if (name != "if" && name != "then") check_object(part, where + "." + name);
  }
}

TEST(Schema, EveryObjectIsClosedAndEveryFieldDescribed) {
  for (const std::string_view kind : schema_kinds()) check_object(nlohmann::json::parse(schema_text(kind)), std::string(kind));
}

/// The value an example or default stands for, checked by the loader's own rules.
void check_texts(const FieldTable& table, std::vector<const FieldTable*>& seen) {
  if (std::find(seen.begin(), seen.end(), &table) != seen.end()) return;
  seen.push_back(&table);
  for (const Field& field : table.fields) {
    for (const std::string_view text : {field.default_text, field.example}) {
      if (text.empty()) continue;
      const FieldTable single{.title = "a test", .description = "", .fields = {field}};
      Diagnostics diagnostics;
      const auto documents = parse_documents(std::string(field.name) + ": " + std::string(text), ParseOptions{}, diagnostics);
      ASSERT_EQ(documents.size(), 1U) << table.title << " " << field.name << ": " << text;
      Field optional = field;
      optional.required = false;
      validate(documents[0], single, "", Dialect::Strict, diagnostics);
      EXPECT_EQ(diagnostics.error_count(), 0U) << table.title << " " << field.name << ": " << text << "\n"
                                               << (diagnostics.errors().empty() ? "" : to_string(diagnostics.errors()[0]));
    }
    if (field.table != nullptr) check_texts(field.table(), seen);
  }
}

TEST(FieldTables, EveryDefaultAndExampleIsValid) {
  std::vector<const FieldTable*> seen;
  check_texts(scenario_table(), seen);
  check_texts(calibration_table(), seen);
  EXPECT_GT(seen.size(), 25U);
}

TEST(Calibration, WritesWhatItReads) {
  TemporaryFolder folder;
  Calibration calibration;
  calibration.name = "odd \"name\": yes";
  calibration.provenance = "line one\nline two # not a comment";
  calibration.host_cores = 3;
  calibration.cpu_speed = 0.1 + 0.2;
  calibration.container_create = {1.0 / 3.0, 1e-7, 12};
  calibration.balancer_reload = {123456.789, 0, 1};
  folder.write("c.yaml", write_calibration(calibration));
  const auto read = load_calibration((folder.path() / "c.yaml").string());
  ASSERT_TRUE(read) << to_string(read.error().front());
  EXPECT_EQ(*read, calibration);
}

TEST(Calibration, WhatIsLeftOutKeepsTheBuiltInValue) {
  TemporaryFolder folder;
  folder.write("c.yaml", "apiVersion: tandem/v1\nkind: Calibration\nmetadata: {name: x}\nspec: {probe: {meanMs: 7}}\n");
  const auto read = load_calibration((folder.path() / "c.yaml").string());
  ASSERT_TRUE(read);
  EXPECT_EQ(read->probe, (Measured{7, 0, 0}));
  EXPECT_EQ(read->container_create, Calibration{}.container_create);
  EXPECT_EQ(read->provenance, Calibration{}.provenance);
}

TEST(Calibration, ErrorsComeTogetherWithTheirPlaces) {
  TemporaryFolder folder;
  folder.write("c.yaml", "apiVersion: tandem/v1\nkind: Scenario\nmetadata: {name: x}\nspec: {cpuSpeed: 0, prob: {meanMs: 7}}\n");
  const auto read = load_calibration((folder.path() / "c.yaml").string());
  ASSERT_FALSE(read);
  ASSERT_EQ(read.error().size(), 3U);
  EXPECT_EQ(read.error()[2].hint, "did you mean probe?");
}

}  // namespace
}  // namespace tandem::scenario::test
