#pragma once
// The hooks of a container's lifecycle, postStart and preStop (pkg/kubelet/lifecycle/handlers.go, v1.34).

#include <functional>
#include <string>

#include "core/base/clock.hpp"
#include "core/control/node_runtime.hpp"

namespace tandem::control::kubelet {

/// Runs the hook; `done` gets an error if it failed: a command that could not be run or ended with another code than 0, a GET
/// that got no answer (any status is an answer), a tcpSocket hook (which Kubernetes does not run). Never inside the call. There is
/// no time limit: who waits for a preStop hook waits no longer than its grace period.
void run_hook(Clock& clock, std::uint32_t entity, NodeRuntime& runtime, const cluster::LifecycleHandler& hook,
              const cluster::Container& container, const PodIdentity& pod, const std::string& container_id,
              std::function<void(Status)> done);

}  // namespace tandem::control::kubelet
