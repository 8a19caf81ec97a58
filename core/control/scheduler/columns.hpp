#pragma once
// Values per node that several plugins need, held as columns indexed by NodeIndex: made when first asked for,
// then kept current with every change, so that no cycle walks over label maps or pods again.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/control/scheduler/node_info.hpp"

namespace tandem::control::scheduler {

/// Remembers a yes or no per pod class: pods of one workload get the same answer.
class ClassMemo {
 public:
  /// The remembered answer, or compute()'s.
  template <class Compute>
  bool get(const PodClass& pod_class, Compute&& compute) {
    if (answers_.size() <= pod_class.id) answers_.resize(pod_class.id + 1, 0);
    std::int8_t& answer = answers_[pod_class.id];
    if (answer == 0) answer = compute() ? 1 : -1;
    return answer > 0;
  }

 private:
  std::vector<std::int8_t> answers_;  ///< by class id: -1 no, 0 not asked yet, 1 yes
};

/// The values of one topology key (a node label) over all nodes.
class TopologyColumn {
 public:
  explicit TopologyColumn(std::string key) : key_(std::move(key)) {}

  /// 0 = the node lacks the label; else the value's number, from 1, dense, the same for equal values.
  [[nodiscard]] std::uint32_t value(NodeIndex node) const { return values_[node]; }
  /// Numbers given out so far plus one: the size of an array indexed by value().
  [[nodiscard]] std::size_t size() const { return numbers_.size() + 1; }
  [[nodiscard]] const std::string& key() const { return key_; }

  void update(const NodeInfo& node);
  /// CHECKs the node's value against its label.
  void check(const NodeInfo& node) const;

 private:
  std::string key_;
  std::map<std::string, std::uint32_t, std::less<>> numbers_;
  std::vector<std::uint32_t> values_;
};

/// How many pods on each node match a label selector in one namespace. Terminating pods do not count (§1.5, spreading).
class PodCountColumn {
 public:
  PodCountColumn(std::string namespace_name, cluster::LabelSelector selector)
      : namespace_(std::move(namespace_name)), selector_(std::move(selector)) {}

  [[nodiscard]] std::int32_t count(NodeIndex node) const { return node < counts_.size() ? counts_[node] : 0; }

  /// Adds `sign` for a pod on `node` if it matches. Every change of a pod's place or termination must pass here.
  void apply(NodeIndex node, const PodOnNode& pod, std::int32_t sign);
  /// The same question, nothing counted yet.
  [[nodiscard]] PodCountColumn empty_copy() const;

 private:
  std::string namespace_;
  cluster::LabelSelector selector_;
  std::vector<std::int32_t> counts_;
  ClassMemo matches_;
};

}  // namespace tandem::control::scheduler
