#pragma once
// What a container runtime tells about one pod: the input of every decision in this room (the kubelet's
// kubecontainer.PodStatus).

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/time.hpp"

namespace tandem::control::kubelet {

enum class RuntimeState : std::uint8_t { Created, Running, Exited, Unknown };

/// One container that the runtime has or had. A restart makes a new one.
struct RuntimeContainer {
  std::string id;
  std::string name;   ///< of the container in the pod's spec
  std::string image;  ///< of the spec it was made from: a different one now means that the definition changed
  RuntimeState state = RuntimeState::Created;
  std::int32_t restart_count = 0;  ///< 0 for the first container of this name
  std::int32_t exit_code = 0;
  std::string reason;  ///< of its end: "Completed", "Error", "OOMKilled"
  std::string message;
  SimTime created_at;
  SimTime started_at;
  SimTime finished_at;
  std::uint32_t sandbox_attempt = 0;  ///< the sandbox it belongs to
  friend bool operator==(const RuntimeContainer&, const RuntimeContainer&) = default;
};

struct RuntimeSandbox {
  std::string id;
  std::uint32_t attempt = 0;  ///< counts the sandboxes of one pod
  bool ready = false;
  std::string ip;  ///< empty while the network is not set up
  friend bool operator==(const RuntimeSandbox&, const RuntimeSandbox&) = default;
};

struct RuntimePod {
  std::vector<RuntimeSandbox> sandboxes;     ///< newest first
  std::vector<RuntimeContainer> containers;  ///< of all names and sandboxes, newest first

  /// The newest container of that name, or nullptr.
  [[nodiscard]] const RuntimeContainer* find(std::string_view name) const {
    const auto found = std::find_if(containers.begin(), containers.end(),
                                    [name](const RuntimeContainer& container) { return container.name == name; });
    return found == containers.end() ? nullptr : &*found;
  }
  friend bool operator==(const RuntimePod&, const RuntimePod&) = default;
};

/// Whether the pod needs a new sandbox, and the attempt number that it has or will have (kuberuntime PodSandboxChanged).
struct SandboxNeed {
  bool create = false;
  std::uint32_t attempt = 0;
};
SandboxNeed sandbox_need(const RuntimePod& runtime, bool host_network);

}  // namespace tandem::control::kubelet
