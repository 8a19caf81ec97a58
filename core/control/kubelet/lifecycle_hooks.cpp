#include "core/control/kubelet/lifecycle_hooks.hpp"

#include <fmt/format.h>

#include <utility>
#include <variant>

#include "core/control/kubelet/probe_worker.hpp"

namespace tandem::control::kubelet {

void run_hook(Clock& clock, std::uint32_t entity, NodeRuntime& runtime, const cluster::LifecycleHandler& hook,
              const cluster::Container& container, const PodIdentity& pod, const std::string& container_id,
              std::function<void(Status)> done) {
  if (const auto* sleep = std::get_if<cluster::SleepAction>(&hook.action)) {
    clock.after(seconds(sleep->seconds), EventClass::Control, entity, [done = std::move(done)] { done({}); });
    return;
  }
  if (const auto* exec = std::get_if<cluster::ExecAction>(&hook.action)) {
    return runtime.exec(container_id, exec->command, [done = std::move(done)](const Result<int>& code) {
      if (!code) done(tl::unexpected(code.error()));
      else if (*code == 0) done({});
      else done(fail(ErrorCode::EngineRefused, fmt::format("command exited with {}", *code)));
    });
  }
  std::string problem = "invalid handler: tcpSocket";
  if (const auto* http = std::get_if<cluster::HttpGetAction>(&hook.action)) {
    if (const std::optional<std::int32_t> port = resolve_port(http->port, container)) {
      return runtime.http_get({container_id, pod, *http, *port}, std::move(done));
    }
    problem = fmt::format("couldn't find port: {} in {}", std::get<std::string>(http->port.value), container.name);
  }
  clock.after({}, EventClass::Control, entity, [done = std::move(done), problem = std::move(problem)] {
    done(fail(ErrorCode::EngineRefused, problem));
  });
}

}  // namespace tandem::control::kubelet
