// One test a covered family, so that ctest shows them one by one.

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/truth/runner.hpp"
#include "tests/truth/truth_data.hpp"

namespace tandem::truth {
namespace {

class RecordedTruth : public testing::TestWithParam<Family> {};

TEST_P(RecordedTruth, AgreesInEveryCase) {
  const std::vector<std::string> present = families_in(truth_folder());
  if (!std::binary_search(present.begin(), present.end(), GetParam().name)) {
    GTEST_SKIP() << GetParam().name << " is not in " << truth_folder();
  }
  const Tally tally = run_family(GetParam(), truth_folder());
  EXPECT_EQ(tally.failed(), 0U);
  EXPECT_GT(tally.passed(), 0U);
  for (const std::string& failure : tally.failures()) ADD_FAILURE() << failure;
}

std::string test_name(const testing::TestParamInfo<Family>& info) {
  std::string name = info.param.name;
  std::replace_if(
      name.begin(), name.end(), [](char c) { return c == '/' || c == '-' || c == '.'; }, '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Truth, RecordedTruth, testing::ValuesIn(all_families()), test_name);

}  // namespace
}  // namespace tandem::truth
