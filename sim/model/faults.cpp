#include "sim/model/faults.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "core/base/random.hpp"
#include "core/cluster/selector.hpp"

namespace tandem::sim {

namespace {

constexpr std::string_view kNamespaceParameter = "namespace";
constexpr std::string_view kContainerParameter = "containerName";
constexpr std::string_view kValueParameter = "value";

std::string parameter(const scenario::Fault& fault, std::string_view name) {
  const auto found = fault.parameters.find(std::string(name));
  return found == fault.parameters.end() ? std::string() : found->second;
}

/// The first parameter that is none of `known`, or empty.
std::string unknown_parameter(const scenario::Fault& fault, std::initializer_list<std::string_view> known) {
  for (const auto& [name, value] : fault.parameters) {
    if (std::find(known.begin(), known.end(), name) == known.end()) return name;
  }
  return {};
}

/// How many of `candidates` pods the mode means; nothing if `value` does not parse.
std::optional<std::size_t> count_of(const scenario::Fault& fault, std::size_t candidates) {
  switch (fault.mode) {
    case scenario::SelectionMode::All: return candidates;
    case scenario::SelectionMode::One: return std::min<std::size_t>(1, candidates);
    case scenario::SelectionMode::Fixed: break;
  }
  const std::string text = parameter(fault, kValueParameter);
  std::size_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return std::min(count, candidates);
}

}  // namespace

std::string SimFaultInjector::refusal_of(const scenario::Fault& fault) {
  if (fault.kind == "NetworkChaos") {
    if (fault.action != "partition") {
      return fmt::format("the simulation knows only the action partition of NetworkChaos, not {}", fault.action);
    }
    if (fault.node.empty()) return "the simulation partitions whole nodes: name one as selector {node: NAME}";
    if (const std::string extra = unknown_parameter(fault, {}); !extra.empty()) {
      return fmt::format("the simulation's partition has no parameter {}", extra);
    }
    return {};
  }
  if (fault.kind == "PodChaos") {
    if (fault.action != "pod-kill" && fault.action != "container-kill") {
      return fmt::format("the simulation knows pod-kill and container-kill of PodChaos, not {}", fault.action);
    }
    if (!fault.node.empty()) return "PodChaos selects pods by label, not by node";
    const std::string extra = unknown_parameter(fault, {kNamespaceParameter, kContainerParameter, kValueParameter});
    if (!extra.empty()) return fmt::format("the simulation's PodChaos has no parameter {}", extra);
    if (!count_of(fault, 1)) return "PodChaos with mode fixed needs a whole number as value";
    return {};
  }
  return fmt::format("the simulation has no fault of kind {}; it knows NetworkChaos and PodChaos", fault.kind);
}

Status SimFaultInjector::apply(std::uint32_t fault_id, const scenario::Fault& fault) {
  if (const std::string why = refusal_of(fault); !why.empty()) return fail(ErrorCode::ScenarioFaultUnsupported, why);
  if (fault.kind == "PodChaos") return kill(fault_id, fault);
  const std::optional<std::uint32_t> node = parts_.network.node_number(fault.node);
  if (!node) return fail(ErrorCode::ScenarioUnknownReference, "the cluster has no node " + fault.node);
  if (!cut_nodes_.emplace(fault_id, *node).second) return fail(ErrorCode::ValueDuplicateName, "the fault is applied already");
  parts_.network.cut(*node);
  parts_.engine.set_connected(parts_.hosts[*node], false);
  return {};
}

Status SimFaultInjector::heal(std::uint32_t fault_id) {
  const auto found = cut_nodes_.find(fault_id);
  if (found == cut_nodes_.end()) return {};  // kills heal themselves
  const std::uint32_t node = found->second;
  cut_nodes_.erase(found);
  parts_.network.heal(node);
  if (parts_.network.reachable(node)) parts_.engine.set_connected(parts_.hosts[node], true);
  return {};
}

Status SimFaultInjector::kill(std::uint32_t fault_id, const scenario::Fault& fault) {
  const std::string given = parameter(fault, kNamespaceParameter);
  std::vector<cluster::Ptr<cluster::Pod>> pods;
  for (const cluster::Ptr<cluster::Pod>& pod : parts_.server.list<cluster::Pod>(given.empty() ? "default" : given)) {
    if (cluster::is_active(*pod) && cluster::matches(fault.selector, *pod->meta.labels)) pods.push_back(pod);
  }
  // Any of them with the same chance: Fisher-Yates from the front, as far as needed.
  const std::size_t count = *count_of(fault, pods.size());
  RandomStream random(parts_.seed, "fault", fault_id);
  for (std::size_t i = 0; i < count; ++i) std::swap(pods[i], pods[i + random.below(pods.size() - i)]);
  pods.resize(count);
  for (const cluster::Ptr<cluster::Pod>& pod : pods) {
    if (fault.action == "pod-kill") {
      const auto removed = parts_.server.remove<cluster::Pod>(key_of(pod->meta), {.grace_period_seconds = 0, .uid = pod->meta.uid});
      if (!removed) return tl::unexpected(removed.error());
    } else if (const auto container = parts_.nodes.find_container(pod->meta.uid, parameter(fault, kContainerParameter))) {
      parts_.nodes.kill_container(*container);
    }
  }
  return {};
}

}  // namespace tandem::sim
