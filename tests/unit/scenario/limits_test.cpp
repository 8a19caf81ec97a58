// Every limit of core/base/limits.hpp: the largest input it allows is read, the next one is refused with its code, and
// refused while it is read: mistakes that come after the limit are not found any more.

#include "core/base/limits.hpp"

#include <gtest/gtest.h>

#include <filesystem>

#include "core/base/text.hpp"
#include "core/scenario/documents.hpp"
#include "core/scenario/source_folder.hpp"
#include "scenario_test_support.hpp"

namespace tandem::scenario::test {
namespace {

std::string repeated(std::string_view text, std::size_t times) {
  std::string all;
  for (std::size_t i = 0; i < times; ++i) all += text;
  return all;
}

/// Codes of what is wrong with a text; empty if it reads.
std::vector<ErrorCode> codes_of(const std::string& text, Dialect dialect = Dialect::Strict) {
  ParseOptions options;
  options.dialect = dialect;
  options.file = "f.yaml";
  Diagnostics diagnostics;
  parse_documents(text, options, diagnostics);
  std::vector<ErrorCode> codes;
  for (const Error& error : diagnostics.errors()) codes.push_back(error.code);
  return codes;
}

std::vector<ErrorCode> codes_of(const Loaded& loaded) {
  std::vector<ErrorCode> codes;
  for (const Error& error : loaded.errors) codes.push_back(error.code);
  return codes;
}

using Codes = std::vector<ErrorCode>;
constexpr std::string_view kSyntaxError = "\n}}}\n";

TEST(Limit, BytesOfAFile) {
  EXPECT_EQ(codes_of("a: 1" + std::string(kInputLimits.file_bytes - 4, ' ')), Codes{});
  EXPECT_EQ(codes_of("a: 1" + std::string(kInputLimits.file_bytes - 3, ' ')), Codes{ErrorCode::FileTooLarge});
}

TEST(Limit, BytesOfAFileAreCountedWhileReading) {
  // A file of a terabyte, all hole: reading it to the end would never finish.
  const TemporaryFolder folder;
  folder.write("huge.yaml", "");
  std::filesystem::resize_file(folder.path() / "huge.yaml", std::uintmax_t{1} << 40);
  const auto read = read_file((folder.path() / "huge.yaml").string(), kInputLimits);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, ErrorCode::FileTooLarge);
}

TEST(Limit, BytesOfAScalar) {
  EXPECT_EQ(codes_of("[" + std::string(kInputLimits.scalar_bytes, 'x') + "]"), Codes{});
  EXPECT_EQ(codes_of("[" + std::string(kInputLimits.scalar_bytes + 1, 'x') + "]" + std::string(kSyntaxError)), Codes{ErrorCode::SyntaxScalarTooLong});
}

TEST(Limit, BytesOfAKey) {
  EXPECT_EQ(codes_of(std::string(kInputLimits.key_bytes, 'k') + ": 1"), Codes{});
  EXPECT_EQ(codes_of(std::string(kInputLimits.key_bytes + 1, 'k') + ": 1" + std::string(kSyntaxError)), Codes{ErrorCode::SyntaxScalarTooLong});
}

TEST(Limit, Nodes) {
  EXPECT_EQ(codes_of("[" + repeated("0,", kInputLimits.nodes - 1) + "]"), Codes{});
  EXPECT_EQ(codes_of("[" + repeated("0,", kInputLimits.nodes) + "]" + std::string(kSyntaxError)), Codes{ErrorCode::SyntaxTooManyNodes});
}

TEST(Limit, NodesThatAliasesMake) {
  // 1,000 written values may become ten times as many, whichever way the aliases are nested.
  const std::string anchor = "a: &a [" + repeated("0,", 1000) + "]\nb: [";
  EXPECT_EQ(codes_of(anchor + repeated("*a,", 8) + "]\n", Dialect::Foreign), Codes{});
  EXPECT_EQ(codes_of(anchor + repeated("*a,", 12) + "]\n", Dialect::Foreign), Codes{ErrorCode::SyntaxTooManyNodes});
}

TEST(Limit, Depth) {
  const std::size_t depth = kInputLimits.depth;
  EXPECT_EQ(codes_of(std::string(depth, '[') + std::string(depth, ']')), Codes{});
  EXPECT_EQ(codes_of(std::string(depth + 1, '[') + std::string(kSyntaxError)), Codes{ErrorCode::SyntaxTooDeep});
  EXPECT_EQ(codes_of(std::string(1'000'000, '[')), Codes{ErrorCode::SyntaxTooDeep});
}

TEST(Limit, DocumentsOfAStream) {
  EXPECT_EQ(codes_of(repeated("---\na: 1\n", kInputLimits.documents), Dialect::Foreign), Codes{});
  EXPECT_EQ(codes_of(repeated("---\na: 1\n", kInputLimits.documents + 1) + std::string(kSyntaxError), Dialect::Foreign), Codes{ErrorCode::SyntaxTooManyDocuments});
}

TEST(Limit, ErrorsReported) {
  std::string fields;
  for (std::size_t i = 0; i < 3 * kInputLimits.errors; ++i) fields += "  wrong" + std::to_string(i) + ": 1\n";
  const Loaded loaded = BaseScenario().edit("scenario.yaml", "  seed: 7\n", fields).load();
  EXPECT_EQ(loaded.errors.size(), kInputLimits.errors);
  EXPECT_NE(loaded.errors.back().hint.find("100 more not shown"), std::string::npos) << loaded.errors.back().hint;
}

TEST(Limit, AFileFullOfErrorsIsNotReadToItsEnd) {
  const Loaded loaded = BaseScenario().edit("scenario.yaml", "manifests: [web.yaml]", "manifests: [" + repeated("1,", 150'000) + "]").load();
  EXPECT_EQ(loaded.errors.size(), kInputLimits.errors);
  EXPECT_NE(loaded.errors.back().hint.find("(950 more not shown)"), std::string::npos) << loaded.errors.back().hint;
}

/// The base with so many more manifests of one object each, padded to a size.
Loaded load_with_manifests(std::size_t count, std::size_t bytes) {
  BaseScenario scenario;
  std::string names;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string name = "m" + std::to_string(i) + ".yaml";
    std::string text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: m" + std::to_string(i) + "}\n#";
    text += std::string(bytes > text.size() ? bytes - text.size() : 0, ' ');
    scenario.file(name, text);
    names += ", " + name;
  }
  return scenario.edit("scenario.yaml", "[web.yaml]", "[web.yaml" + names + "]").load();
}

TEST(Limit, FilesOfAScenario) {
  // Beside the manifests: the scenario, the kind configuration and the base's own manifest.
  EXPECT_EQ(codes_of(load_with_manifests(kInputLimits.files - 3, 0)), Codes{});
  EXPECT_EQ(codes_of(load_with_manifests(kInputLimits.files, 0)), Codes{ErrorCode::ScenarioTooManyFiles});
}

TEST(Limit, BytesOfAllFiles) {
  EXPECT_EQ(codes_of(load_with_manifests(15, kInputLimits.file_bytes)), Codes{});
  EXPECT_EQ(codes_of(load_with_manifests(17, kInputLimits.file_bytes)), Codes{ErrorCode::ScenarioTooManyFiles});
}

Codes codes_of_path(const std::string& name) { return codes_of(BaseScenario().edit("scenario.yaml", "[web.yaml]", "[\"" + name + "\"]").load()); }

TEST(Limit, BytesOfAFileName) {
  EXPECT_EQ(codes_of_path(std::string(kInputLimits.file_name_bytes, 'f')), Codes{ErrorCode::FileNotFound});
  EXPECT_EQ(codes_of_path(std::string(kInputLimits.file_name_bytes + 1, 'f')), Codes{ErrorCode::ValueBadPath});
}

TEST(Limit, LevelsOfAFileName) {
  EXPECT_EQ(codes_of_path(repeated("d/", kInputLimits.file_name_levels - 1) + "f"), Codes{ErrorCode::FileNotFound});
  EXPECT_EQ(codes_of_path(repeated("d/", kInputLimits.file_name_levels) + "f"), Codes{ErrorCode::ValueBadPath});
}

TEST(Limit, BytesOfAnIdentifier) {
  const auto named = [](std::size_t size) { return codes_of(BaseScenario().edit("scenario.yaml", "name: base", "name: " + std::string(size, 'n')).load()); };
  EXPECT_EQ(named(kInputLimits.identifier_bytes), Codes{});
  EXPECT_EQ(named(kInputLimits.identifier_bytes + 1), Codes{ErrorCode::ValueBadName});
}

TEST(Limit, Counts) {
  const auto scaled = [](std::int64_t replicas) {
    return codes_of(BaseScenario().edit("scenario.yaml", "replicas: 4", "replicas: " + std::to_string(replicas)).load());
  };
  EXPECT_EQ(scaled(kInputLimits.count), Codes{});
  EXPECT_EQ(scaled(kInputLimits.count + 1), Codes{ErrorCode::ValueOutOfRange});
  EXPECT_EQ(codes_of(BaseScenario().edit("web.yaml", "replicas: 2", "replicas: " + std::to_string(kInputLimits.count + 1)).load()), Codes{ErrorCode::ValueOutOfRange});
}

TEST(Limit, Times) {
  // Without traffic and replicas a run of ten years is predicted to be small enough.
  const auto run_for = [](const std::string& horizon) {
    const std::string text = "apiVersion: tandem/v1\nkind: Scenario\nmetadata: {name: long}\nspec:\n  horizon: " + horizon + "\n  cluster: {nodes: [{name: a}]}\n";
    return codes_of(BaseScenario().file("scenario.yaml", text).load());
  };
  EXPECT_EQ(run_for("87660h"), Codes{});
  EXPECT_EQ(run_for("87660h1ns"), Codes{ErrorCode::ValueOutOfRange});
  EXPECT_EQ(run_for("1ns"), Codes{});
  EXPECT_EQ(run_for("0s"), Codes{ErrorCode::ValueOutOfRange});
  EXPECT_EQ(run_for("0.1ns"), Codes{ErrorCode::ValueOutOfRange});
}

TEST(Limit, TheHorizonIsWrittenOut) {
  EXPECT_EQ(codes_of(BaseScenario().edit("scenario.yaml", "  horizon: 60s\n", "").load()), Codes{ErrorCode::ValueMissing});
}

TEST(Limit, PredictedEvents) {
  // Ten events a request, for 55 s of traffic: the limit lies near 1.8 million requests a second.
  const auto at_rate = [](const std::string& rate) { return codes_of(BaseScenario().edit("scenario.yaml", "20/s", rate).load()); };
  EXPECT_EQ(at_rate("1800000/s"), Codes{});
  EXPECT_EQ(at_rate("1900000/s"), Codes{ErrorCode::ScenarioTooLarge});
}

}  // namespace
}  // namespace tandem::scenario::test
