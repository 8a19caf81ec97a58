#pragma once
// Readiness probes from the node's side, over the run's network: HTTP and TCP without blocking, with the kubelet's words.

#include <functional>

#include "core/control/node_runtime.hpp"
#include "host/http.hpp"

namespace tandem::docker {

/// HTTP GET and TCP connect probes (kubernetes-semantics §4.4). A connection of its own each, as the kubelet does.
class ProbeClient {
 public:
  explicit ProbeClient(host::Reactor& reactor) : http_(reactor) {}

  /// Requires that the action is not exec (the engine's business, see DockerNodeRuntime).
  void probe(const control::ProbeRequest& request, std::function<void(control::ProbeOutcome)> done);

 private:
  host::AsyncHttp http_;
};

}  // namespace tandem::docker
