#pragma once
// Which recorded decisions are about which pod: names can be taken again by another pod, lives cannot.

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/judge/identity.hpp"
#include "core/judge/run_history.hpp"

namespace tandem::judge {

/// Refers to the history, which outlives it.
class DecisionsOfPods {
 public:
  DecisionsOfPods(const record::Recording& recording, const RunHistory& history);

  /// By name, the latest pod that had it; or by logical name ("web#2.3"). One that was created by `at` is preferred. Null if there is none.
  [[nodiscard]] const PodLife* find(const std::string& namespace_, const std::string& name, std::optional<SimTime> at = {}) const;
  /// The pod of this uid. Null if there is none.
  [[nodiscard]] const PodLife* life_of(const std::string& uid) const;
  /// Numbers in Recording::decisions(), ascending.
  [[nodiscard]] const std::vector<std::size_t>& of(const PodLife& pod) const;
  /// The pod of a decision; null for a damaged recording.
  [[nodiscard]] const PodLife* pod_of(std::size_t decision) const { return pods_[decision]; }
  /// What decisions of two runs have in common: the pod's logical name, which of several lives of that name, and the attempt.
  [[nodiscard]] std::string key_of(std::size_t decision) const { return keys_[decision]; }
  [[nodiscard]] const Identities& identities() const { return identities_; }

 private:
  const RunHistory& history_;
  Identities identities_;
  std::map<std::string, const PodLife*> by_uid_;
  std::vector<const PodLife*> pods_;                             ///< by decision
  std::vector<std::string> keys_;                                ///< by decision
  std::map<const PodLife*, std::vector<std::size_t>> decisions_;  ///< look-up only
};

}  // namespace tandem::judge
