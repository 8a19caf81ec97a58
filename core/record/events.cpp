#include "core/record/events.hpp"

#include <algorithm>

#include "core/base/check.hpp"

namespace tandem::record {

std::string_view name_of(RequestOutcome outcome) {
  switch (outcome) {
    case RequestOutcome::Ok: return "ok";
    case RequestOutcome::Refused: return "refused";
    case RequestOutcome::Timeout: return "timeout";
    case RequestOutcome::Reset: return "reset";
    case RequestOutcome::NoRoute: return "no_route";
  }
  CHECK(false, "no such outcome");
  return {};
}

bool is_failed(RequestOutcome outcome, std::uint16_t status, const std::vector<int>& expect_status) {
  if (outcome != RequestOutcome::Ok) return true;
  if (expect_status.empty()) return status < 200 || status > 399;
  return std::find(expect_status.begin(), expect_status.end(), int{status}) == expect_status.end();
}

}  // namespace tandem::record
