#pragma once

#include <functional>

#include "core/record/events.hpp"
#include "core/scenario/scenario.hpp"

namespace tandem::traffic {

/// The TrafficDriver seam (design §3): sends the request streams of a scenario, returns a record per request.
class TrafficDriver {
 public:
  virtual ~TrafficDriver() = default;
  /// Arms all sources. `record` is called once per request, in no particular order; at the latest when finish() returns.
  virtual Status start(const scenario::Scenario& scenario, std::function<void(const record::RequestRecord&)> record) = 0;
  /// Waits for requests in flight (at most their time-out) and delivers the remaining records.
  virtual Status finish() = 0;
};

}  // namespace tandem::traffic
