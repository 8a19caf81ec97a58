#pragma once
// Probes and HTTP hooks from the node's side, over the run's network, without blocking, with the kubelet's words.

#include <functional>

#include "core/control/node_runtime.hpp"
#include "host/http.hpp"

namespace tandem::docker {

/// HTTP GET and TCP connect probes (kubernetes-semantics §4.4). A connection of its own each, as the kubelet does.
class ProbeClient {
 public:
  explicit ProbeClient(host::Reactor& reactor) : reactor_(reactor), http_(reactor) {}

  /// Requires that the action is not exec (the engine's business, see DockerNodeRuntime). A gRPC probe fails.
  void probe(const control::ProbeRequest& request, std::function<void(control::ProbeOutcome)> done);
  /// A hook's GET: any answer will do, however long it takes.
  void http_get(const control::HookRequest& request, std::function<void(Status)> done);

 private:
  host::Reactor& reactor_;
  host::AsyncHttp http_;
};

}  // namespace tandem::docker
