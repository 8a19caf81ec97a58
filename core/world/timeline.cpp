#include "core/world/timeline.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "core/base/random.hpp"
#include "core/cluster/selector.hpp"
#include "core/control/deployment_revision.hpp"

namespace tandem::world {

using cluster::Deployment;
using cluster::ObjectKey;
using cluster::Pod;

namespace {

constexpr std::uint32_t kEntity = 1;
constexpr std::string_view kUnschedulableTaint = "node.kubernetes.io/unschedulable";

std::string namespace_or_default(const std::string& namespace_) { return namespace_.empty() ? "default" : namespace_; }

}  // namespace

Timeline::Timeline(Clock& clock, cluster::ApiServer& server, FaultInjector* faults, record::Sink* sink, std::uint64_t seed)
    : clock_(clock), server_(server), faults_(faults), sink_(sink), seed_(seed), kubectl_(server, "kubectl", {}) {}

Timeline::~Timeline() { *alive_ = false; }

void Timeline::warn(const std::string& subject, const std::string& text) {
  if (sink_ != nullptr) sink_->mark({clock_.now(), "warning", subject, text});
}

Status Timeline::apply(const scenario::TimelineAction& action) {
  ++actions_;
  if (sink_ != nullptr) {
    const bool is_fault = std::holds_alternative<scenario::Fault>(action.action);
    sink_->mark({clock_.now(), is_fault ? "fault" : "action", "timeline", scenario::to_string(action)});
  }
  Status status = std::visit([this](const auto& what) { return apply(what); }, action.action);
  if (!status) {
    status.error().place = action.place;
    warn("timeline", status.error().what);
  }
  return status;
}

Status Timeline::patch_deployment(const std::string& namespace_, const std::string& name, std::function<void(Deployment&)> edit) {
  const ObjectKey key{namespace_or_default(namespace_), name};
  if (!server_.get<Deployment>(key)) {
    return fail(ErrorCode::ScenarioUnknownReference, fmt::format("there is no deployment {}", to_string(key)));
  }
  kubectl_.patch<Deployment>(key, std::move(edit), [this, alive = alive_, name](const Result<cluster::Ptr<Deployment>>& result) {
    if (*alive && !result) warn("deployment/" + name, result.error().what);
  });
  return {};
}

Status Timeline::apply(const scenario::SetImage& action) {
  return patch_deployment(action.namespace_, action.deployment, [action](Deployment& deployment) {
    deployment.spec.pod_template.edit([&](cluster::PodTemplate& pod_template) {
      pod_template.spec.edit([&](cluster::PodSpec& spec) {
        for (cluster::Container& container : spec.containers) {
          if (container.name == action.container) container.image = action.image;
        }
      });
    });
  });
}

Status Timeline::apply(const scenario::Scale& action) {
  return patch_deployment(action.namespace_, action.deployment,
                          [replicas = action.replicas](Deployment& deployment) { deployment.spec.replicas = replicas; });
}

Status Timeline::apply(const scenario::RolloutPause& action) {
  return patch_deployment(action.namespace_, action.deployment,
                          [paused = action.paused](Deployment& deployment) { deployment.spec.paused = paused; });
}

Status Timeline::apply(const scenario::RolloutUndo& action) {
  const ObjectKey key{namespace_or_default(action.namespace_), action.deployment};
  auto undone = control::undo(server_, key, action.to_revision);
  if (!undone) return tl::unexpected(std::move(undone).error());
  return {};
}

Status Timeline::apply(const scenario::DeletePods& action) {
  const std::string namespace_ = namespace_or_default(action.namespace_);
  std::vector<cluster::Ptr<Pod>> matching;
  for (const cluster::Ptr<Pod>& pod : server_.list<Pod>(namespace_)) {
    const bool wanted = action.name.empty() ? cluster::matches(action.selector, *pod->meta.labels) : pod->meta.name == action.name;
    if (wanted && is_active(*pod)) matching.push_back(pod);
  }
  if (matching.empty()) return fail(ErrorCode::ScenarioUnknownReference, "no active pod matches the selection");
  std::size_t count = matching.size();
  if (action.mode == scenario::SelectionMode::One) count = 1;
  if (action.mode == scenario::SelectionMode::Fixed) count = std::min<std::size_t>(count, static_cast<std::size_t>(std::max(0, action.value)));
  // A partial Fisher-Yates shuffle from this action's own stream.
  RandomStream draws(seed_, "timeline-selection", actions_);
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t other = i + static_cast<std::size_t>(draws.below(matching.size() - i));
    std::swap(matching[i], matching[other]);
    kubectl_.remove<Pod>(key_of(matching[i]->meta), {.grace_period_seconds = action.grace_period_seconds, .uid = matching[i]->meta.uid},
                         [this, alive = alive_, name = matching[i]->meta.name](const Result<cluster::Ptr<Pod>>& result) {
                           if (*alive && !result) warn("pod/" + name, result.error().what);
                         });
  }
  return {};
}

Status Timeline::apply(const scenario::DeleteNodes& action) {
  bool any = false;
  for (const cluster::Ptr<cluster::Node>& node : server_.list<cluster::Node>()) {
    const bool wanted = action.name.empty() ? cluster::matches(action.selector, *node->meta.labels) : node->meta.name == action.name;
    if (!wanted) continue;
    any = true;
    kubectl_.remove<cluster::Node>(key_of(node->meta), {.uid = node->meta.uid},
                                   [this, alive = alive_, name = node->meta.name](const Result<cluster::Ptr<cluster::Node>>& result) {
                                     if (*alive && !result) warn("node/" + name, result.error().what);
                                   });
  }
  if (!any) return fail(ErrorCode::ScenarioUnknownReference, "no node matches the selection");
  return {};
}

Status Timeline::apply(const scenario::Cordon& action) {
  const ObjectKey key{{}, action.node};
  if (!server_.get<cluster::Node>(key)) return fail(ErrorCode::ScenarioUnknownReference, "there is no node " + action.node);
  kubectl_.patch<cluster::Node>(
      key,
      [unschedulable = action.unschedulable](cluster::Node& node) {
        node.spec.unschedulable = unschedulable;
        // What the node lifecycle controller adds at once (kubernetes-semantics §4.7).
        auto& taints = node.spec.taints;
        std::erase_if(taints, [](const cluster::Taint& taint) { return taint.key == kUnschedulableTaint; });
        if (unschedulable) taints.push_back({std::string(kUnschedulableTaint), {}, "NoSchedule", std::nullopt});
      },
      [this, alive = alive_, name = action.node](const Result<cluster::Ptr<cluster::Node>>& result) {
        if (*alive && !result) warn("node/" + name, result.error().what);
      });
  return {};
}

Status Timeline::apply(const scenario::Fault& action) {
  if (faults_ == nullptr) return fail(ErrorCode::ScenarioFaultUnsupported, "this world applies no faults");
  const std::uint32_t id = ++faults_applied_;
  TANDEM_TRY(faults_->apply(id, action));
  if (action.duration.ns > 0) {
    clock_.after(action.duration, EventClass::Timeline, kEntity, [this, alive = alive_, id, action] {
      if (!*alive) return;
      const Status healed = faults_->heal(id);
      if (sink_ != nullptr) sink_->mark({clock_.now(), "fault", "timeline", "healed " + action.kind + " " + action.action});
      if (!healed) warn("fault", healed.error().what);
    });
  }
  return {};
}

}  // namespace tandem::world
