#pragma once
// Which mechanism carries how much of a duration, in one run, and of the difference between two (design §8).

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/judge/rollouts.hpp"
#include "core/judge/run_history.hpp"
#include "core/record/recording.hpp"

namespace tandem::judge {

/// A duration's parts in both runs, in ms. The parts add up to the totals exactly (up to the last bits of a double).
struct AttributionTable {
  struct Row {
    std::string mechanism;
    std::string measured_as;  ///< "end - sent - queued - service"
    double a = 0;
    double b = 0;
    [[nodiscard]] double difference() const { return a - b; }
  };
  std::string title;
  std::vector<Row> rows;
  double total_a = 0;
  double total_b = 0;
  std::string note;
  [[nodiscard]] double difference() const { return total_a - total_b; }
  /// The row that carries most of the difference; nullptr without rows.
  [[nodiscard]] const Row* largest() const;
  /// Largest deviation of a sum of rows from its total, in ms.
  [[nodiscard]] double imbalance() const;
};

/// Mean response time (from the intended time, answered requests) of one traffic source, split by what each request reported.
/// nullopt if either run has no answered request of the source that reported its times.
std::optional<AttributionTable> attribute_response_time(const record::Recording& a, const record::Recording& b, const std::string& traffic);

// ---------------------------------------------------------------- rollouts

enum class RolloutPhase : std::uint8_t {
  Decision,          ///< action → first pod change it causes: API writes, controllers' queues
  Scheduling,        ///< pod created → bound
  ContainerStart,    ///< bound → running: sandbox, image, container
  ApplicationStart,  ///< running → Ready: process start-up, readiness probe
  Controller,        ///< a pod Ready → next change of a ReplicaSet's pods or of the Deployment's status: endpoints, controllers
  Stop,              ///< deletion asked → pod gone
};
inline constexpr std::size_t kRolloutPhases = 6;
std::string_view name_of(RolloutPhase phase);
/// "pod created -> bound".
std::string_view meaning_of(RolloutPhase phase);

struct RolloutSegment {
  RolloutPhase phase = RolloutPhase::Decision;
  SimTime from;
  SimTime until;
  std::string subject;  ///< the pod it is about
};

/// The chain of events that the end of a rollout waited for, from its start: found backwards from the end by asking, for each
/// decision, which pod's readiness it followed (with Recreate: which old pod's end). The segments join without gaps, so their
/// lengths add up to the rollout's duration. Empty if the rollout has no end.
std::vector<RolloutSegment> critical_path(const Rollout& rollout, const RunHistory& history);

/// Phase totals of the critical paths of one rollout in two runs. nullopt unless both have an end.
std::optional<AttributionTable> attribute_rollout(const Rollout& a, const RunHistory& history_a, const Rollout& b, const RunHistory& history_b);

}  // namespace tandem::judge
