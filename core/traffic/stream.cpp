#include "core/traffic/stream.hpp"

#include <utility>

#include "core/base/check.hpp"

namespace tandem::traffic {

RequestStream::RequestStream(SourcePlan plan, std::uint64_t seed)
    : plan_(std::move(plan)), arrivals_(seed, "arrivals/" + plan_.name), demands_(seed, "demand/" + plan_.name) {
  CHECK(plan_.rate > 0, "a traffic source needs a rate above 0");
  mean_gap_seconds_ = 1.0 / plan_.rate;
}

bool RequestStream::next(PlannedRequest& request) {
  // Seconds since `from` stay a double until here: rounding each gap to nanoseconds instead would bend high rates.
  const double elapsed = plan_.kind == ArrivalProcessKind::Constant
                             ? static_cast<double>(index_) / plan_.rate
                             : elapsed_seconds_ + arrivals_.exponential(index_, mean_gap_seconds_);
  // A first arrival past the representable range of a duration is past every `until` as well.
  if (elapsed >= to_seconds(kTimeNever - kTimeZero) / 2) return false;
  const SimTime intended = plan_.from + from_seconds(elapsed);
  if (intended >= plan_.until) return false;
  elapsed_seconds_ = elapsed;
  request.index = index_;
  request.intended = intended;
  request.demand_factor = demands_.exponential(index_, 1.0);
  ++index_;
  return true;
}

}  // namespace tandem::traffic
