#pragma once
// Carries out a preemption beside the scheduling cycles (kubernetes-semantics §1.10, step 5): victims get their condition, are
// deleted with their own grace period and get an event, while other pods are scheduled. Source: framework/preemption
// prepareCandidateAsync, since v1.33.

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/cluster/api_server.hpp"
#include "core/control/scheduler/snapshot.hpp"

namespace tandem::control::scheduler {

/// One decision to preempt.
struct PreemptionOrder {
  cluster::Ptr<cluster::Pod> preemptor;
  std::string node;
  std::vector<cluster::Ptr<cluster::Pod>> victims;          ///< most important first; those on their way out are left alone
  std::vector<cluster::Ptr<cluster::Pod>> lose_nomination;  ///< less important pods nominated to the same node
};

class PreemptionExecutor {
 public:
  /// `failed` is told the preemptor's uid when a call went wrong, so that it is tried again. Everything outlives the executor.
  PreemptionExecutor(cluster::ApiClient& client, const Snapshot& snapshot, std::function<void(const std::string&)> failed);
  PreemptionExecutor(const PreemptionExecutor&) = delete;
  PreemptionExecutor& operator=(const PreemptionExecutor&) = delete;

  /// The victims but the last one all at once, then the last one. Nothing happens if every victim is terminating already.
  void start(PreemptionOrder order);

  /// Whether the pod must not be tried: calls for it are under way. Once only the last victim is left, it counts as soon as the
  /// snapshot shows that its deletion has begun, so that the preemptor does not miss the news.
  [[nodiscard]] bool is_running(const std::string& preemptor_uid) const;

 private:
  struct Running {
    PreemptionOrder order;
    std::size_t under_way = 0;  ///< calls for victims other than the last
    bool last_one = false;      ///< the last victim's turn
    bool failed = false;
  };

  void preempt(std::uint64_t number, const cluster::Ptr<cluster::Pod>& victim);
  void remove(std::uint64_t number, const cluster::Ptr<cluster::Pod>& victim);
  void answered(std::uint64_t number, bool ok);
  void begin_last(std::uint64_t number);

  cluster::ApiClient& client_;
  const Snapshot& snapshot_;
  std::function<void(const std::string&)> failed_;
  std::uint64_t started_ = 0;
  std::map<std::uint64_t, Running> running_;  ///< by number; a pod can begin a second one before the first is answered
};

}  // namespace tandem::control::scheduler
