#pragma once
// Short notation for nodes and pods of scheduler tests.

#include <gtest/gtest.h>

#include <initializer_list>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/control/scheduler/algorithm.hpp"

namespace tandem::control::scheduler::testing {

inline Quantity quantity(std::string_view text) {
  auto parsed = Quantity::parse(text);
  EXPECT_TRUE(parsed.has_value()) << text;
  return parsed.value_or(Quantity{});
}

inline cluster::ResourceList resources(std::initializer_list<std::pair<const char*, const char*>> amounts) {
  cluster::ResourceList list;
  for (const auto& [name, amount] : amounts) list.insert_or_assign(name, quantity(amount));
  return list;
}

/// A node with room for 110 pods and its hostname label.
inline cluster::Node node(const std::string& name, const char* cpu, const char* memory, cluster::Labels labels = {},
                          std::vector<cluster::Taint> taints = {}) {
  cluster::Node made;
  made.meta.name = name;
  labels.insert_or_assign("kubernetes.io/hostname", name);
  made.meta.labels = std::move(labels);
  made.spec.taints = std::move(taints);
  made.status.allocatable = resources({{"cpu", cpu}, {"memory", memory}, {"pods", "110"}});
  return made;
}

/// A pod of one container; absent requests are written as null.
inline cluster::Pod pod(const std::string& name, const char* cpu = nullptr, const char* memory = nullptr,
                        cluster::Labels labels = {}) {
  cluster::Pod made;
  made.meta.name = name;
  made.meta.namespace_ = "default";
  made.meta.uid = "uid-" + name;
  made.meta.labels = std::move(labels);
  cluster::PodSpec spec;
  cluster::Container container;
  container.name = "app";
  container.image = "registry.example/app:1";
  if (cpu != nullptr) container.resources.requests.insert_or_assign("cpu", quantity(cpu));
  if (memory != nullptr) container.resources.requests.insert_or_assign("memory", quantity(memory));
  spec.containers.push_back(std::move(container));
  made.spec = std::move(spec);
  return made;
}

template <class Edit>
cluster::Pod with_spec(cluster::Pod edited, Edit&& edit) {
  edited.spec.edit(std::forward<Edit>(edit));
  return edited;
}

inline cluster::SelectorRequirement in(std::string key, std::vector<std::string> values) {
  return {std::move(key), cluster::SelectorOperator::In, std::move(values)};
}

/// A pod on a node.
inline std::shared_ptr<cluster::Pod> on(const std::string& node_name, cluster::Pod placed) {
  placed.node_name = node_name;
  return std::make_shared<cluster::Pod>(std::move(placed));
}

inline void add_nodes(Snapshot& snapshot, std::initializer_list<cluster::Node> nodes) {
  for (const cluster::Node& each : nodes) snapshot.set_node(std::make_shared<cluster::Node>(each));
}

inline std::vector<ConfiguredPlugin> default_plugins() { return std::move(configure(default_profile()).value()); }

inline Decision decide(const Snapshot& snapshot, const cluster::Pod& incoming) {
  return schedule_one(incoming, snapshot, default_profile(), 1);
}

using Column = std::map<std::string, std::int64_t>;

/// node → total.
inline Column totals(const Decision& decision) {
  Column column;
  for (std::size_t i = 0; i < decision.detail->total.size(); ++i) {
    column[decision.detail->feasible[i]] = decision.detail->total[i];
  }
  return column;
}

/// node → value of one plugin; which member says at which stage.
inline Column scores(const Decision& decision, std::string_view plugin, std::vector<std::int64_t> PluginScores::*stage) {
  Column column;
  for (const PluginScores& entry : decision.detail->scores) {
    if (entry.plugin != plugin) continue;
    for (std::size_t i = 0; i < (entry.*stage).size(); ++i) column[decision.detail->feasible[i]] = (entry.*stage)[i];
  }
  return column;
}

inline std::vector<std::string> tied(const Snapshot& snapshot, const Decision& decision) {
  std::vector<std::string> names;
  for (const NodeIndex each : decision.ties) names.push_back(snapshot.node(each).name);
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace tandem::control::scheduler::testing
