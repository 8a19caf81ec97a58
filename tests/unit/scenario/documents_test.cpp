#include "core/scenario/documents.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "core/scenario/document_json.hpp"
#include "core/scenario/document_path.hpp"

namespace tandem::scenario {
namespace {

using Json = nlohmann::json;

std::vector<Node> parse(std::string_view text, Dialect dialect, Diagnostics& diagnostics) {
  ParseOptions options;
  options.dialect = dialect;
  options.file = "f.yaml";
  return parse_documents(text, options, diagnostics);
}

Node parse_one(std::string_view text, Dialect dialect = Dialect::Strict) {
  Diagnostics diagnostics;
  std::vector<Node> documents = parse(text, dialect, diagnostics);
  EXPECT_EQ(diagnostics.error_count(), 0U) << (diagnostics.errors().empty() ? "" : to_string(diagnostics.errors().front()));
  EXPECT_EQ(documents.size(), 1U);
  return documents.empty() ? Node{} : std::move(documents.front());
}

/// The single error of a text.
Error refused(std::string_view text, Dialect dialect = Dialect::Strict) {
  Diagnostics diagnostics;
  EXPECT_TRUE(parse(text, dialect, diagnostics).empty());
  EXPECT_EQ(diagnostics.error_count(), 1U);
  return diagnostics.errors().empty() ? Error{} : diagnostics.errors().front();
}

TEST(Documents, EveryNodeKnowsItsLineAndColumnInBytes) {
  const Node root = parse_one("a:\n  - x\n  - {\xC3\xA9: y, z: \"w\"}\n");
  const Node* list = root.find("a");
  ASSERT_NE(list, nullptr);
  EXPECT_EQ(to_string(list->items[0].place), "f.yaml:2:5");
  EXPECT_EQ(to_string(list->items[1].place), "f.yaml:3:5");
  EXPECT_EQ(to_string(list->items[1].members[0].place), "f.yaml:3:6");
  EXPECT_EQ(to_string(list->items[1].members[0].value.place), "f.yaml:3:10") << "the accented letter has two bytes";
  EXPECT_EQ(to_string(place_in(list->items[1].members[1].value, 0)), "f.yaml:3:17") << "inside the quotes";
}

TEST(Documents, WindowsLineEndsAndAByteOrderMarkAtTheStartAreFine) {
  const Node root = parse_one("\xEF\xBB\xBF" "a: 1\r\nb: 2\r\n");
  EXPECT_EQ(root.find("b")->text, "2");
  EXPECT_EQ(to_string(root.members[1].place), "f.yaml:2:1");
}

TEST(Documents, PlacesInsideBlockTextsPointAtTheirLines) {
  const Node root = parse_one("k:\n  - |\n\n    first\n      second\n");
  const Node& block = root.find("k")->items[0];
  ASSERT_EQ(block.text, "\nfirst\n  second\n");
  EXPECT_EQ(to_string(place_in(block, 1)), "f.yaml:4:5");
  EXPECT_EQ(to_string(place_in(block, block.text.find("second"))), "f.yaml:5:7");
}

TEST(Documents, HelmOutputWithSourceCommentsAndEmptyDocumentsLoads) {
  Diagnostics diagnostics;
  const auto documents = parse("---\n# Source: chart/templates/a.yaml\n---\n# Source: chart/templates/b.yaml\na: 1\n---\n\n---\nb: 2\n...\n",
                               Dialect::Foreign, diagnostics);
  EXPECT_EQ(diagnostics.error_count(), 0U);
  ASSERT_EQ(documents.size(), 2U);
  EXPECT_NE(documents[0].find("a"), nullptr);
  EXPECT_NE(documents[1].find("b"), nullptr);
}

TEST(Documents, JsonIsReadAsJsonWithTabsToo) {
  Diagnostics diagnostics;
  const auto documents = parse_documents("{\n\t\"a\":1,\"b\":[true,null,\"x\\u00e9\\/\"]}", strict_options("f.json", {}), diagnostics);
  ASSERT_EQ(documents.size(), 1U);
  EXPECT_EQ(to_json(documents[0], Dialect::Strict, diagnostics), Json::parse("{\"a\":1,\"b\":[true,null,\"x\\u00e9/\"]}"));
}

TEST(Documents, AHundredThousandBracketsCostNothing) {
  const Error error = refused(std::string(1'000'000, '['));
  EXPECT_EQ(error.code, ErrorCode::SyntaxTooDeep);
  EXPECT_EQ(error.place.column, 65U);
}

TEST(Documents, AliasesDeepenTreesOnlyUpToTheLimit) {
  std::string text = "a0: &a0 [x]\n";
  for (int i = 1; i < 70; ++i) text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [*a" + std::to_string(i - 1) + "]\n";
  Diagnostics diagnostics;
  EXPECT_TRUE(parse(text, Dialect::Foreign, diagnostics).empty());
  ASSERT_EQ(diagnostics.error_count(), 1U);
  EXPECT_TRUE(diagnostics.errors()[0].code == ErrorCode::SyntaxTooDeep || diagnostics.errors()[0].code == ErrorCode::SyntaxTooManyNodes);
}

TEST(Documents, SeveralSoftErrorsComeAtOnce) {
  Diagnostics diagnostics;
  parse("a: &x 1\nb: *x\nc: !!int 3\n", Dialect::Strict, diagnostics);
  EXPECT_EQ(diagnostics.error_count(), 3U);
}

/// What kubectl 1.32 printed for `spec: {a: VALUE}` under `kubectl label --local -o json`.
struct KubectlScalar {
  const char* yaml;
  const char* json;
  bool warned;  ///< a strict reader takes it differently
};
class ForeignScalars : public ::testing::TestWithParam<KubectlScalar> {};

TEST_P(ForeignScalars, AreReadAsKubectlReadsThem) {
  const KubectlScalar& row = GetParam();
  Diagnostics diagnostics;
  const auto documents = parse(std::string("{a: ") + row.yaml + "}", Dialect::Foreign, diagnostics);
  ASSERT_EQ(documents.size(), 1U) << row.yaml;
  const Json json = to_json(documents[0], Dialect::Foreign, diagnostics);
  EXPECT_EQ(json, Json::parse(row.json)) << row.yaml;
  EXPECT_EQ(!diagnostics.warnings().empty(), row.warned) << row.yaml;
}

INSTANTIATE_TEST_SUITE_P(
    RecordedFromKubectl, ForeignScalars,
    ::testing::Values(KubectlScalar{"!!str 1", R"({"a":"1"})", false}, KubectlScalar{"!!int \"3\"", R"({"a":3})", false},
                      KubectlScalar{"y", R"({"a":true})", true}, KubectlScalar{"n", R"({"a":false})", true},
                      KubectlScalar{"yes", R"({"a":true})", true}, KubectlScalar{"Off", R"({"a":false})", true},
                      KubectlScalar{"+12", R"({"a":12})", false}, KubectlScalar{"-0", R"({"a":0})", false},
                      KubectlScalar{"0x", R"({"a":"0x"})", false}, KubectlScalar{"1.", R"({"a":1})", false},
                      KubectlScalar{"1e", R"({"a":"1e"})", false}, KubectlScalar{"0777", R"({"a":511})", true},
                      KubectlScalar{"0o8", R"({"a":"0o8"})", false}, KubectlScalar{"0o17", R"({"a":15})", true},
                      KubectlScalar{"08", R"({"a":8})", true}, KubectlScalar{"010", R"({"a":8})", true},
                      KubectlScalar{"12:30", R"({"a":"12:30"})", false}, KubectlScalar{"'a'", R"({"a":"a"})", false},
                      KubectlScalar{"2001-01-01", R"({"a":"2001-01-01"})", false}, KubectlScalar{"!!float 1", R"({"a":1})", false},
                      KubectlScalar{"0b1", R"({"a":1})", true}, KubectlScalar{"0b11", R"({"a":3})", true},
                      KubectlScalar{"-0x1f", R"({"a":-31})", true}, KubectlScalar{"1__0", R"({"a":10})", true},
                      KubectlScalar{"0_1", R"({"a":1})", true}, KubectlScalar{"_1", R"({"a":"_1"})", false},
                      KubectlScalar{"1_", R"({"a":1})", true}, KubectlScalar{"+.5", R"({"a":0.5})", false},
                      KubectlScalar{"1_0.5", R"({"a":10.5})", true}, KubectlScalar{"=", R"({"a":"="})", false},
                      KubectlScalar{"NULL", R"({"a":null})", false}, KubectlScalar{"nULL", R"({"a":"nULL"})", false},
                      KubectlScalar{"TRUE", R"({"a":true})", false}, KubectlScalar{"tRue", R"({"a":"tRue"})", false},
                      KubectlScalar{"1e3", R"({"a":1000})", false}, KubectlScalar{"1.50", R"({"a":1.5})", false},
                      KubectlScalar{"~", R"({"a":null})", false}, KubectlScalar{"12e4567", R"({"a":"12e4567"})", true},
                      KubectlScalar{"123456789012345678", R"({"a":123456789012345678})", false}));

TEST(ForeignDocuments, MergeKeysKeysAndAliasesFollowKubectl) {
  // Recorded: {"a":{"b":1,"c":2},"d":{"b":1,"c":3},"e":{"b":1,"c":2},"f":[…],"g":{"b":1,"c":2,"z":1},"h":{"b":1,"c":5,"z":1},…}
  const char* text =
      "k: {on: \"1\", 80: \"2\", 1.5: x, 0x10: q, y: r}\n"
      "a: &x {b: 1, c: 2}\n"
      "d:\n  <<: *x\n  c: 3\n"
      "e: {c: 4, <<: *x}\n"
      "f: [*x, *x]\n"
      "g: {<<: [*x, {c: 5, z: 1}]}\n"
      "h: {<<: [{c: 5, z: 1}, *x]}\n"
      "i: {\"<<\": 1}\n";
  Diagnostics diagnostics;
  auto documents = parse(text, Dialect::Foreign, diagnostics);
  // "on" and "y" are both the key true: kubectl keeps the last one, Tandem refuses to guess.
  EXPECT_TRUE(documents.empty());
  ASSERT_EQ(diagnostics.error_count(), 1U);
  EXPECT_EQ(diagnostics.errors()[0].code, ErrorCode::SyntaxDuplicateKey);

  Diagnostics clean;
  std::string without_y = text;
  without_y.replace(without_y.find(", y: r"), 6, "");
  documents = parse(without_y, Dialect::Foreign, clean);
  ASSERT_EQ(documents.size(), 1U);
  EXPECT_EQ(to_json(documents[0], Dialect::Foreign, clean),
            Json::parse(R"({"k":{"true":"1","80":"2","1.5":"x","16":"q"},"a":{"b":1,"c":2},"d":{"b":1,"c":3},"e":{"b":1,"c":2},
                            "f":[{"b":1,"c":2},{"b":1,"c":2}],"g":{"b":1,"c":2,"z":1},"h":{"b":1,"c":5,"z":1},"i":{"<<":1}})"));
  EXPECT_GE(clean.warnings().size(), 10U) << "aliases, merge keys and odd keys are each pointed out";
}

TEST(ForeignDocuments, WhatKubectlRefusesIsRefused) {
  EXPECT_EQ(refused("a: *z", Dialect::Foreign).code, ErrorCode::SyntaxAlias);
  EXPECT_EQ(refused("a: &b [*b]", Dialect::Foreign).code, ErrorCode::SyntaxAlias);
  EXPECT_EQ(refused("<<: 1", Dialect::Foreign).code, ErrorCode::SyntaxMergeKey);
  EXPECT_EQ(refused("{a: b}: c", Dialect::Foreign).code, ErrorCode::SyntaxKeyNotScalar);
  EXPECT_EQ(refused("? [a]\n: b", Dialect::Foreign).code, ErrorCode::SyntaxKeyNotScalar);
  EXPECT_EQ(refused("~: b", Dialect::Foreign).code, ErrorCode::SyntaxKeyNotScalar);
  for (const char* number : {"18446744073709551616", "-9223372036854775809", ".nan", "-.inf"}) {
    Diagnostics diagnostics;
    const auto documents = parse(std::string("a: ") + number, Dialect::Foreign, diagnostics);
    to_json(documents.at(0), Dialect::Foreign, diagnostics);
    ASSERT_EQ(diagnostics.error_count(), 1U) << number;
    EXPECT_EQ(diagnostics.errors()[0].code, number[0] == '.' || number[1] == '.' ? ErrorCode::ValueNotFinite : ErrorCode::ValueOutOfRange);
  }
}

TEST(DocumentPaths, FindKeysWithDotsAndIndices) {
  const Node root = parse_one("metadata:\n  labels: {app.kubernetes.io/name: x, app: y}\nspec:\n  list:\n    - {a: 1}\n    - {a: 2}\n");
  EXPECT_EQ(place_at(root, "metadata.labels.app.kubernetes.io/name"), node_at(root, "metadata.labels[\"app.kubernetes.io/name\"]")->place);
  EXPECT_EQ(node_at(root, "metadata.labels.app")->text, "y");
  EXPECT_EQ(node_at(root, "spec.list[1].a")->text, "2");
  EXPECT_EQ(node_at(root, "spec.list[2].a"), nullptr);
  EXPECT_EQ(to_string(place_at(root, "spec.list[1].missing.more")), "f.yaml:6:7") << "the deepest value that exists";
}

TEST(DocumentPaths, SetReplacesAddsAndAppends) {
  Node root = parse_one("spec: {images: {web:1.0.0: {startup: 1s}}, list: [a]}\n");
  Node value;
  value.text = "v";
  EXPECT_TRUE(set_at(root, "spec.images.web:1.0.0.startup", value));
  EXPECT_TRUE(set_at(root, "spec.images[\"api:2.0\"].workers", value));
  EXPECT_TRUE(set_at(root, "spec.list[1]", value));
  EXPECT_TRUE(set_at(root, "spec.new.deep", value));
  EXPECT_EQ(node_at(root, "spec.images[\"web:1.0.0\"].startup")->text, "v");
  EXPECT_EQ(node_at(root, "spec.images[\"api:2.0\"].workers")->text, "v");
  EXPECT_EQ(node_at(root, "spec.list[1]")->text, "v");
  EXPECT_EQ(node_at(root, "spec.new.deep")->text, "v");
  EXPECT_FALSE(set_at(root, "spec.list[9]", value));
  EXPECT_FALSE(set_at(root, "spec.list.a", value));
  EXPECT_FALSE(set_at(root, "spec..a", value));
  EXPECT_FALSE(set_at(root, "", value));
  EXPECT_FALSE(set_at(root, "spec[0", value));
}

TEST(Rendering, ShowsTheLineWithACaretUnderTheCharacter) {
  const std::string source = "a: 1\n\xC3\xA9\xC3\xA9: \x1b wrong\n";
  Error error = make_error(ErrorCode::ValueType, "not this", Place{"f.yaml", 2, 7}).with_hint("that");
  EXPECT_EQ(render(error, source), "f.yaml:2:7: error: not this\n    \xC3\xA9\xC3\xA9: \\x1B wrong\n        ^\n  hint: that\n");
}

TEST(Rendering, CutsLongLinesAroundTheCaret) {
  const std::string source = std::string(1000, 'x') + "Y" + std::string(1000, 'z');
  const std::string text = render(make_error(ErrorCode::ValueType, "here", Place{"f", 1, 1001}), source);
  EXPECT_LT(text.size(), 500U);
  const std::size_t line = text.find("\n    ") + 1;
  const std::size_t caret_line = text.find('\n', line) + 1;
  EXPECT_EQ(text[line + (text.find('^') - caret_line)], 'Y');
}

}  // namespace
}  // namespace tandem::scenario
