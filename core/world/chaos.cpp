#include "core/world/chaos.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <initializer_list>
#include <optional>
#include <utility>

#include "core/base/random.hpp"
#include "core/cluster/selector.hpp"

namespace tandem::world {

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

std::string partition_refusal(const scenario::Fault& fault) {
  if (fault.action != "partition") return fmt::format("of NetworkChaos only the action partition is known, not {}", fault.action);
  if (fault.node.empty()) return "whole nodes are partitioned: name one as selector {node: NAME}";
  const std::string extra = unknown_parameter(fault, {});
  return extra.empty() ? "" : fmt::format("partition has no parameter {}", extra);
}

std::string pod_chaos_refusal(const scenario::Fault& fault) {
  if (fault.action != "pod-kill" && fault.action != "container-kill") {
    return fmt::format("of PodChaos only pod-kill and container-kill are known, not {}", fault.action);
  }
  if (!fault.node.empty()) return "PodChaos selects pods by label, not by node";
  const std::string extra = unknown_parameter(fault, {kNamespaceParameter, kContainerParameter, kValueParameter});
  if (!extra.empty()) return fmt::format("PodChaos has no parameter {}", extra);
  return count_of(fault, 1) ? "" : "PodChaos with mode fixed needs a whole number as value";
}

}  // namespace

std::string chaos_refusal(const scenario::Fault& fault) {
  if (fault.kind == "NetworkChaos") return partition_refusal(fault);
  if (fault.kind == "PodChaos") return pod_chaos_refusal(fault);
  return fmt::format("no fault of kind {} is known; NetworkChaos and PodChaos are", fault.kind);
}

std::vector<cluster::Ptr<cluster::Pod>> chaos_pods(const scenario::Fault& fault, std::uint32_t fault_id, cluster::ApiServer& server,
                                                   std::uint64_t seed) {
  const std::string given = parameter(fault, kNamespaceParameter);
  std::vector<cluster::Ptr<cluster::Pod>> pods;
  for (const cluster::Ptr<cluster::Pod>& pod : server.list<cluster::Pod>(given.empty() ? "default" : given)) {
    if (cluster::is_active(*pod) && cluster::matches(fault.selector, *pod->meta.labels)) pods.push_back(pod);
  }
  // Any of them with the same chance: Fisher-Yates from the front, as far as needed.
  const std::size_t count = count_of(fault, pods.size()).value_or(0);
  RandomStream random(seed, "fault", fault_id);
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t chosen = i + static_cast<std::size_t>(random.below(pods.size() - i));
    std::swap(pods[i], pods[chosen]);
  }
  pods.resize(count);
  return pods;
}

std::string chaos_container(const scenario::Fault& fault, const cluster::Pod& pod) {
  const std::string given = parameter(fault, kContainerParameter);
  if (!given.empty() || pod.spec->containers.empty()) return given;
  return pod.spec->containers.front().name;
}

}  // namespace tandem::world
