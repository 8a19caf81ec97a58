#pragma once
// The text of a failed attempt (kubernetes-semantics §1.9), as in framework.FitError.

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace tandem::control::scheduler {

/// How many nodes gave which reason.
class ReasonHistogram {
 public:
  void add(std::string reason, std::size_t nodes) {
    if (nodes > 0) counts_[std::move(reason)] += nodes;
  }
  /// "2 Insufficient cpu, 1 Too many pods": sorted as texts, the count included. Empty without reasons.
  [[nodiscard]] std::string text() const;

 private:
  std::map<std::string, std::size_t> counts_;
};

/// `0/N nodes are available: <histogram>.`, then a blank and `after` if that is not empty.
std::string no_node_available(std::size_t nodes, const ReasonHistogram& reasons, std::string_view after);

/// The same for a pod that was rejected before the filters, with that plugin's message in place of the histogram.
std::string no_node_available(std::size_t nodes, std::string_view message, std::string_view after);

/// Why nodes were left out before the filters: `node(s) didn't satisfy plugin(s) [A B]`.
std::string not_satisfied(std::vector<std::string> plugins);

/// An event note is at most 1024 bytes; longer ones end in " ...".
std::string event_note(std::string message);

}  // namespace tandem::control::scheduler
