#pragma once
// Replays a recorded case of kube-scheduler through our scheduling algorithm, step by step, and compares.

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "core/control/scheduler/algorithm.hpp"

namespace tandem::truth {

/// One case: its cluster, and the pods placed so far as the recording says (ties are random in the real scheduler, so the
/// recorded choice is forced after each comparison).
class SchedulerReplay {
 public:
  explicit SchedulerReplay(const nlohmann::json& test_case);

  /// What differs in the first step that differs; nothing if every step is equal.
  std::optional<std::string> compare();

 private:
  void add_cluster_objects();
  std::optional<std::string> compare_step(const nlohmann::json& step);
  void force(const nlohmann::json& step, const control::scheduler::Decision& decision);
  void change_pods(const nlohmann::json& step);
  [[nodiscard]] nlohmann::json nominations() const;
  void set_nomination(const std::string& pod, const std::string& node);
  void place(const std::string& pod, const nlohmann::json& step);

  const nlohmann::json& case_;
  control::scheduler::Snapshot snapshot_;
  control::scheduler::SchedulingAlgorithm algorithm_;
  std::map<std::string, std::shared_ptr<cluster::Pod>> pods_;  ///< "namespace/name" → everything scheduled or existing
};

}  // namespace tandem::truth
