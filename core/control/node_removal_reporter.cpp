#include "core/control/node_removal_reporter.hpp"

#include <fmt/format.h>

#include <utility>

namespace tandem::control {

using cluster::Node;

namespace {

/// Tie key of this controller's looks among simultaneous events.
constexpr std::uint32_t kEntity = 51;

}  // namespace

NodeRemovalReporter::NodeRemovalReporter(Clock& clock, cluster::ApiServer& server, SimDuration watch_delay)
    : clock_(clock), started_(clock.now()), nodes_(server, watch_delay), client_(server, "node-controller", server.profile().controller_limit) {
  nodes_.on_change([this, alive = alive_](const cluster::Change<Node>& change) {
    if (!*alive || change.type != cluster::ChangeType::Deleted) return;
    gone_.insert_or_assign(change.object->meta.name, change.object);
    arm();
  });
}

NodeRemovalReporter::~NodeRemovalReporter() {
  *alive_ = false;
  if (next_) clock_.cancel(next_);
}

void NodeRemovalReporter::arm() {
  if (next_) return;
  const std::int64_t looks = (clock_.now() - started_).ns / kNodeMonitorPeriod.ns + 1;
  next_ = clock_.at(started_ + SimDuration{looks * kNodeMonitorPeriod.ns}, EventClass::Control, kEntity, [this] {
    next_ = {};
    report();
  });
}

void NodeRemovalReporter::report() {
  for (const auto& [name, node] : std::exchange(gone_, {})) {
    // classifyNodes goes by the name: a node of the same name that came in between hides the removal.
    if (nodes_.get({{}, name})) continue;
    client_.event(*node, "Normal", "RemovingNode", fmt::format("Node {0} event: Removing Node {0} from Controller", name));
  }
}

}  // namespace tandem::control
