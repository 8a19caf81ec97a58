#pragma once
// Makes recorded scheduling decisions again: the changes of objects go to a scheduler's picture of the cluster as far as the recorded
// one had seen them, and every decision takes effect there when it did in the run. Works for every world whose scheduler is ours.

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "core/control/scheduler/algorithm.hpp"
#include "core/record/recording.hpp"
#include "core/scenario/scheduler_config.hpp"

namespace tandem::judge {

/// The begin of one recorded cycle. Valid during the call.
class ReplayedCycle {
 public:
  virtual ~ReplayedCycle() = default;
  std::size_t number = 0;  ///< in Recording::decisions()
  const record::SchedulingDecision* recorded = nullptr;
  const record::DecisionInputs* inputs = nullptr;
  cluster::Ptr<cluster::Pod> pod;  ///< as the scheduler knew it
  const control::scheduler::Snapshot* snapshot = nullptr;
  const scenario::SchedulerProfile* profile = nullptr;
  std::string last_chosen;  ///< node of the last pod that the profile placed
  /// Decides again.
  virtual control::scheduler::Decision evaluate(control::scheduler::Detail detail) = 0;
};

/// Visits the cycles of the decisions that `wanted` accepts, in order.
/// Errors: RecordVersion if a decision was recorded without its inputs; RecordDamaged if the recording does not hold what a decision
/// was made from.
Status replay_scheduling(const record::Recording& recording, const scenario::SchedulerConfig& config,
                         const std::function<bool(std::size_t)>& wanted, const std::function<void(ReplayedCycle&)>& visit);

/// How a decision made again differs from the recorded one, a sentence each; empty if it is the same.
std::vector<std::string> differences(const control::scheduler::Decision& again, const ReplayedCycle& cycle);

/// Every decision of the recording made again; those that come out differently, with what differs.
struct DecisionMismatch {
  std::size_t number = 0;
  std::vector<std::string> what;
};
struct SchedulingSelfTest {
  std::size_t decisions = 0;
  std::vector<DecisionMismatch> mismatches;
};
/// Those that `wanted` accepts, likewise. Errors: those of replay_scheduling.
Result<SchedulingSelfTest> reevaluate(const record::Recording& recording, const scenario::SchedulerConfig& config, const std::function<bool(std::size_t)>& wanted);
/// All of them.
Result<SchedulingSelfTest> reevaluate_all(const record::Recording& recording, const scenario::SchedulerConfig& config);

}  // namespace tandem::judge
