#pragma once
// What the runtime has told about one pod so far, and what of it the last relist has seen.

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/control/kubelet/runtime_view.hpp"
#include "core/control/node_runtime.hpp"

namespace tandem::control::kubelet {

/// Both views are one object while nothing has changed since the last relist.
class PodRuntime {
 public:
  /// As it is now: what may be stopped, what has really ended.
  [[nodiscard]] const RuntimePod& now() const { return *now_; }
  /// As of the last relist: what decisions and statuses are made of.
  [[nodiscard]] const RuntimePod& seen() const { return *seen_; }
  void relist() { seen_ = now_; }

  void sandbox_created(std::uint32_t attempt, std::string ip);
  /// Every sandbox has been stopped.
  void sandboxes_stopped();
  /// Forgets all but the newest container of the name and the one before it, as the kubelet's garbage collection leaves one
  /// dead.
  void container_started(const ContainerRequest& request, const ContainerStarted& started);
  /// False if no such container runs.
  bool container_exited(const ContainerExited& exit);
  /// With a new sandbox init containers run again, as if they never had.
  void forget_init_containers(const cluster::PodSpec& spec);

 private:
  RuntimePod& edit();

  std::shared_ptr<const RuntimePod> now_ = std::make_shared<const RuntimePod>();
  std::shared_ptr<const RuntimePod> seen_ = now_;
};

}  // namespace tandem::control::kubelet
