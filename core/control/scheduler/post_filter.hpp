#pragma once
// The PostFilter extension point: what is tried when no node can take a pod (kubernetes-semantics §1.9, §1.10).

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/base/random.hpp"
#include "core/control/scheduler/node_info.hpp"

namespace tandem::control::scheduler {

struct CycleInput;
class CycleFilters;
class VictimSearches;
enum class Code : std::uint8_t;

/// A node on which the pod would fit once the victims are gone.
struct PreemptionCandidate {
  NodeIndex node = 0;
  std::vector<PodOnNode> victims;  ///< most important first
  std::int64_t pdb_violations = 0;  ///< victims that a PodDisruptionBudget protects
};
bool same_victims(const PreemptionCandidate& a, const PreemptionCandidate& b);

/// What becomes of the pod's status.nominatedNodeName.
enum class NominationChange : std::uint8_t { Keep, Withdraw, Nominate };

/// What preemption did, or would have done.
struct Preemption {
  bool eligible = true;  ///< whether the pod may preempt at all
  std::vector<PreemptionCandidate> candidates;  ///< those that break no budget first
  std::vector<NodeIndex> ties;                  ///< candidates that the criteria cannot tell apart, in candidates' order
  std::optional<std::size_t> chosen;            ///< position in `candidates`
};

/// A node that the filters rejected.
struct RejectedNode {
  NodeIndex node = 0;
  Code code;
};

struct PostFilterInput {
  const CycleInput& cycle;
  const CycleFilters& filters;  ///< of the failed cycle; their states may be adapted if they are put back
  VictimSearches& searches;     ///< dry runs, shared by identical pods
  bool rejected_before_filters = false;
  std::span<const RejectedNode> rejected;  ///< looked at, in the order visited
  Code code_of_others;                     ///< of nodes that were not looked at
  const CounterStream& draws;              ///< of this pod: draw 0 the offset, draw 1 the choice among ties
};

struct PostFilterResult {
  enum class Outcome : std::uint8_t {
    Resolved,  ///< the pod will fit later; later plugins are not asked
    Rejected,  ///< this plugin cannot help
    Failed     ///< an error: later plugins are not asked
  };
  Outcome outcome = Outcome::Rejected;
  std::string message;
  NominationChange nomination = NominationChange::Keep;
  std::optional<Preemption> preemption;
};

}  // namespace tandem::control::scheduler
