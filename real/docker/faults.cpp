#include "real/docker/faults.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "core/world/chaos.hpp"
#include "core/world/control_plane.hpp"
#include "host/process.hpp"

namespace tandem::docker {

namespace {

std::string table_of(std::uint32_t fault_id) { return fmt::format("tandem_fault_{}", fault_id); }

/// Runs an nft script inside the network namespace of a process.
Status nft(std::int64_t pid, const std::string& script) {
  host::ProcessOptions options;
  options.command = {host::find_program("nsenter"), "--target", std::to_string(pid), "--net", host::find_program("nft"), "--file", "-"};
  options.input = script;
  options.timeout = seconds(5);
  const auto done = host::run_checked(options);
  if (!done) return tl::unexpected(done.error());
  return {};
}

/// Whether nft rules can be made in a network namespace here; found out in one of its own.
std::string nft_refusal() {
  if (::geteuid() != 0) return "a network partition needs root";
  for (const char* program : {"nsenter", "unshare", "nft"}) {
    if (host::find_program(program).empty()) return fmt::format("a network partition needs the program {} (packages util-linux, nftables)", program);
  }
  host::ProcessOptions options;
  options.command = {host::find_program("unshare"), "--net", host::find_program("nft"), "add table inet tandem_probe"};
  options.timeout = seconds(5);
  return host::run_checked(options) ? "" : "this kernel does not let nft filter in a network namespace";
}

}  // namespace

DockerFaultInjector::DockerFaultInjector(Parts parts) : parts_(std::move(parts)) {
  // Pods that come to a node while it is cut off are cut off as well.
  parts_.nodes.set_sandbox_listener([this](const DockerNodeRuntime::SandboxView& sandbox) {
    for (const auto& [fault_id, node] : cut_nodes_) {
      if (node == sandbox.pod.node_name) static_cast<void>(partition(fault_id, sandbox));
    }
  });
}

DockerFaultInjector::~DockerFaultInjector() { parts_.nodes.set_sandbox_listener(nullptr); }

std::string DockerFaultInjector::refusal_of(const scenario::Fault& fault, bool local_engine) {
  if (std::string why = world::chaos_refusal(fault); !why.empty()) return why;
  if (fault.kind != "NetworkChaos") return {};
  if (!local_engine) return "a network partition needs the engine on this machine";
  return nft_refusal();
}

Status DockerFaultInjector::apply(std::uint32_t fault_id, const scenario::Fault& fault) {
  if (const std::string why = world::chaos_refusal(fault); !why.empty()) return fail(ErrorCode::ScenarioFaultUnsupported, why);
  if (fault.kind == "PodChaos") return kill(fault_id, fault);
  const auto& nodes = parts_.scenario.cluster.nodes;
  const bool known = std::any_of(nodes.begin(), nodes.end(), [&](const scenario::NodeSpec& node) { return node.name == fault.node; });
  if (!known) return fail(ErrorCode::ScenarioUnknownReference, "the cluster has no node " + fault.node);
  if (!cut_nodes_.emplace(fault_id, fault.node).second) return fail(ErrorCode::ValueDuplicateName, "the fault is applied already");
  for (const DockerNodeRuntime::SandboxView& sandbox : parts_.nodes.sandboxes()) {
    if (sandbox.pod.node_name == fault.node) TANDEM_TRY(partition(fault_id, sandbox));
  }
  return {};
}

Status DockerFaultInjector::partition(std::uint32_t fault_id, const DockerNodeRuntime::SandboxView& sandbox) {
  const auto& nodes = parts_.scenario.cluster.nodes;
  const auto node = std::find_if(nodes.begin(), nodes.end(), [&](const scenario::NodeSpec& item) { return item.name == sandbox.pod.node_name; });
  const auto range = world::node_pod_range(parts_.scenario.cluster, static_cast<std::uint32_t>(node - nodes.begin()));
  if (!range) return tl::unexpected(range.error());
  // Packets vanish without a word in both directions, as they do when a cable is pulled.
  const std::string near = fmt::format("{{ {}, {} }}", *range, parts_.gateway);
  return nft(sandbox.pid, fmt::format("table inet {} {{\n"
                                      "  chain arriving {{ type filter hook input priority -300; policy accept; iif lo accept; ip saddr {} accept; drop; }}\n"
                                      "  chain leaving {{ type filter hook output priority -300; policy accept; oif lo accept; ip daddr {} accept; drop; }}\n"
                                      "}}\n",
                                      table_of(fault_id), near, near));
}

Status DockerFaultInjector::heal(std::uint32_t fault_id) {
  const auto found = cut_nodes_.find(fault_id);
  if (found == cut_nodes_.end()) return {};  // kills heal themselves
  const std::string node = found->second;
  cut_nodes_.erase(found);
  Status first;
  for (const DockerNodeRuntime::SandboxView& sandbox : parts_.nodes.sandboxes()) {
    if (sandbox.pod.node_name != node) continue;
    // "add" first, so that deleting cannot fail where the sandbox was never reached.
    Status healed = nft(sandbox.pid, fmt::format("add table inet {0}\ndelete table inet {0}\n", table_of(fault_id)));
    if (!healed && first) first = std::move(healed);
  }
  return first;
}

Status DockerFaultInjector::kill(std::uint32_t fault_id, const scenario::Fault& fault) {
  for (const cluster::Ptr<cluster::Pod>& pod : world::chaos_pods(fault, fault_id, parts_.server, parts_.scenario.seed)) {
    if (fault.action == "pod-kill") {
      const auto removed = parts_.server.remove<cluster::Pod>(key_of(pod->meta), {.grace_period_seconds = 0, .uid = pod->meta.uid});
      if (!removed) return tl::unexpected(removed.error());
      continue;
    }
    const std::string wanted = world::chaos_container(fault, *pod);
    for (const DockerNodeRuntime::ContainerView& container : parts_.nodes.containers()) {
      if (container.pod.uid == pod->meta.uid && container.container_name == wanted) parts_.nodes.kill_container(container.id);
    }
  }
  return {};
}

}  // namespace tandem::docker
