#include "core/base/result.hpp"

#include <gtest/gtest.h>

#include <set>

namespace tandem {
namespace {

TEST(ErrorTable, GivesEveryCodeItsNameExitCodeAndExplanation) {
  EXPECT_EQ(name_of(ErrorCode::UsageUnknownCommand), "UsageUnknownCommand");
  EXPECT_EQ(exit_code_of(ErrorCode::UsageUnknownCommand), 2);
  EXPECT_EQ(exit_code_of(ErrorCode::ValueUnknownField), 3);
  EXPECT_EQ(exit_code_of(ErrorCode::EngineUnavailable), 4);
  EXPECT_EQ(exit_code_of(ErrorCode::Internal), 5);
  EXPECT_EQ(exit_code_of(ErrorCode::BudgetExceeded), 124);
  EXPECT_EQ(exit_code_of(ErrorCode::Interrupted), 130);
  EXPECT_EQ(explanation_of(ErrorCode::FileNotFound), "A file cannot be opened.");
}

TEST(ErrorTable, HasNoDoubleNamesAndOnlyDocumentedExitCodes) {
  const std::set<int> documented{2, 3, 4, 5, 124, 130};
  std::set<std::string_view> names;
  std::size_t count = 0;
#define TANDEM_ERROR_CODE(name, exit_code, text)               \
  EXPECT_TRUE(documented.contains(exit_code)) << #name;        \
  EXPECT_TRUE(std::string_view(text).ends_with('.')) << #name; \
  names.insert(#name);                                         \
  ++count;
#include "core/base/error_codes.def"
#undef TANDEM_ERROR_CODE
  EXPECT_EQ(names.size(), count);
}

TEST(Place, PrintsOnlyWhatIsKnown) {
  EXPECT_EQ(to_string(Place{"web.yaml", 3, 7}), "web.yaml:3:7");
  EXPECT_EQ(to_string(Place{"web.yaml", 3, 0}), "web.yaml:3");
  EXPECT_EQ(to_string(Place{"web.yaml", 0, 0}), "web.yaml");
  EXPECT_EQ(to_string(Place{"", 3, 7}), "line 3:7");
  EXPECT_EQ(to_string(Place{}), "");
}

TEST(ErrorText, HasPlaceFirstThenALineForEachDetail) {
  Error error = make_error(ErrorCode::ValueUnknownField, "unknown field", {"web.yaml", 3, 7});
  error.path = "spec.replica";
  error = std::move(error).with_found("replica").with_allowed("replicas, selector").with_hint("did you mean replicas?");
  EXPECT_EQ(to_string(error),
            "web.yaml:3:7: error: unknown field\n"
            "  at: spec.replica\n"
            "  found: replica\n"
            "  allowed: replicas, selector\n"
            "  hint: did you mean replicas?");
}

TEST(ErrorText, IndentsCausesUnderWhatTheyCaused) {
  const Error error = make_error(ErrorCode::EngineRefused, "cannot start the pod")
                          .caused_by(make_error(ErrorCode::FileNotFound, "no such file", {"a.yaml"}).with_hint("create it"));
  EXPECT_EQ(to_string(error),
            "error: cannot start the pod\n"
            "  caused by: a.yaml: error: no such file\n"
            "    hint: create it");
}

TEST(ErrorText, NeverPutsControlBytesOnATerminal) {
  const Error error =
      make_error(ErrorCode::ValueType, "bad\nvalue", {"a\x1b[31m.yaml", 1, 1}).with_found("\x1b]0;title\x07\xff");
  const std::string text = to_string(error);
  EXPECT_EQ(text, "a\\x1B[31m.yaml:1:1: error: bad\\x0Avalue\n  found: \\x1B]0;title\\x07\\xFF");
}

TEST(ErrorText, CallsAWarningAWarning) {
  Error error = make_error(ErrorCode::ValueNotAllowed, "odd");
  error.severity = Severity::Warning;
  EXPECT_EQ(to_string(error), "warning: odd");
}

Status passes_on(bool good) {
  TANDEM_TRY(good ? Status{} : fail(ErrorCode::Internal, "inner"));
  return fail(ErrorCode::Interrupted, "reached the end");
}

TEST(Try, ReturnsTheErrorOfTheExpressionOrGoesOn) {
  EXPECT_EQ(passes_on(false).error().what, "inner");
  EXPECT_EQ(passes_on(true).error().what, "reached the end");
}

}  // namespace
}  // namespace tandem
