#pragma once
// Carries out timeline actions the way a user of kubectl would: through the API server.

#include <cstdint>
#include <memory>
#include <string>

#include "core/base/clock.hpp"
#include "core/cluster/api_server.hpp"
#include "core/record/sink.hpp"
#include "core/scenario/scenario.hpp"
#include "core/world/fault_injector.hpp"

namespace tandem::world {

class Timeline {
 public:
  /// `faults` may be null: then fault actions are refused (capabilities() reports that before a run).
  Timeline(Clock& clock, cluster::ApiServer& server, FaultInjector* faults, record::Sink* sink, std::uint64_t seed);
  ~Timeline();
  Timeline(const Timeline&) = delete;
  Timeline& operator=(const Timeline&) = delete;

  /// Applies `action` now and leaves a mark. Which pods a selection takes depends only on the seed, the number of the
  /// action and the names of the pods that match. Errors: ScenarioUnknownReference, ScenarioFaultUnsupported.
  Status apply(const scenario::TimelineAction& action);

 private:
  Status apply(const scenario::SetImage& action);
  Status apply(const scenario::Scale& action);
  Status apply(const scenario::DeletePods& action);
  Status apply(const scenario::DeleteNodes& action);
  Status apply(const scenario::RolloutPause& action);
  Status apply(const scenario::RolloutUndo& action);
  Status apply(const scenario::Cordon& action);
  Status apply(const scenario::Fault& action);
  Status patch_deployment(const std::string& namespace_, const std::string& name,
                          std::function<void(cluster::Deployment&)> edit);
  void warn(const std::string& subject, const std::string& text);

  Clock& clock_;
  cluster::ApiServer& server_;
  FaultInjector* faults_;
  record::Sink* sink_;
  std::uint64_t seed_;
  std::uint32_t actions_ = 0;
  std::uint32_t faults_applied_ = 0;
  cluster::ApiClient kubectl_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace tandem::world
