#include "core/control/kubelet/runtime_view.hpp"

namespace tandem::control::kubelet {

SandboxNeed sandbox_need(const RuntimePod& runtime, bool host_network) {
  if (runtime.sandboxes.empty()) return {true, 0};
  const RuntimeSandbox& newest = runtime.sandboxes.front();
  const auto ready = std::count_if(runtime.sandboxes.begin(), runtime.sandboxes.end(),
                                   [](const RuntimeSandbox& sandbox) { return sandbox.ready; });
  const bool without_network = !host_network && newest.ip.empty();
  if (ready > 1 || !newest.ready || without_network) return {true, newest.attempt + 1};
  return {false, newest.attempt};
}

}  // namespace tandem::control::kubelet
