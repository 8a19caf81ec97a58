#pragma once
// Carries out what one sync of a pod has decided, step by step (kuberuntime_manager.go SyncPod, kuberuntime_container.go
// startContainer, v1.34): kills, then the sandbox, then init containers, then regular containers, one after another.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/control/kubelet/kubelet_parts.hpp"
#include "core/control/kubelet/pod_actions.hpp"
#include "core/control/kubelet/pod_record.hpp"

namespace tandem::control::kubelet {

/// Once begun it goes on to its end, even if the pod is deleted meanwhile: so does the original.
class PodSync {
 public:
  /// `done(failed)` runs at the end and may destroy this object. A failed sync is to be tried again.
  PodSync(const KubeletParts& parts, PodRecord& record, PodActions actions, std::function<void(bool failed)> done);
  ~PodSync() { *alive_ = false; }
  PodSync(const PodSync&) = delete;
  PodSync& operator=(const PodSync&) = delete;

  void begin();

 private:
  struct Start {
    std::size_t index = 0;  ///< in the spec's containers or init containers
    bool init = false;
  };

  void kill_pod();
  void kill_next();
  void stop_sandbox();
  void sandbox_stopped();
  void create_sandbox();
  void sandbox_created(const Status& status);
  void start_next();
  void start(Start what);
  void make(Start what);
  void made(Start what, const ContainerRequest& request, const Result<ContainerStarted>& result);
  void run_post_start(Start what, const std::string& container_id);
  void post_start_failed(Start what, const std::string& container_id, const std::string& message);
  void start_failed(Start what, StartFailure failure);
  void finish(bool failed);

  [[nodiscard]] const cluster::Container& spec_of(Start what) const;
  void event(const char* type, const char* reason, std::string message) const {
    parts_.event(*record_.pod, type, reason, std::move(message));
  }

  const KubeletParts& parts_;
  PodRecord& record_;
  cluster::Ptr<cluster::Pod> pod_;  ///< as it was when the sync began
  PodActions actions_;
  std::function<void(bool)> done_;
  std::size_t killed_ = 0;
  std::vector<Start> starts_;
  std::size_t started_ = 0;
  bool failed_ = false;
  /// Answers may outlive the sync.
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace tandem::control::kubelet
