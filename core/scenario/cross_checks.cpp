#include "core/scenario/cross_checks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/base/text.hpp"
#include "core/cluster/selector.hpp"
#include "core/scenario/check_expression.hpp"
#include "core/scenario/document_path.hpp"
#include "core/scenario/notations.hpp"
#include "core/scenario/route_match.hpp"

namespace tandem::scenario {
namespace {

std::string hint_for(std::string_view word, const std::vector<std::string_view>& known) {
  const std::string nearest = nearest_name(word, known);
  return nearest.empty() ? std::string() : fmt::format("did you mean {}?", nearest);
}

std::string listed(const std::vector<std::string_view>& names) {
  std::string text;
  for (const std::string_view name : names) text += (text.empty() ? "" : ", ") + std::string(name);
  return text;
}

class CrossChecks {
 public:
  CrossChecks(const ScenarioParts& parts, Diagnostics& diagnostics) : parts_(parts), diagnostics_(diagnostics), sources_(parts.manifests.pod_sources()) {}

  void run(const InputLimits& limits) {
    if (parts_.images_known) check_images();
    if (parts_.manifests_known) {
      for (const auto& source : parts_.traffic) check_traffic(source.value, source.view);
    }
    check_scheduler_names();
    for (const auto& entry : parts_.timeline) check_action(entry.value, entry.view);
    for (const auto& check : parts_.checks) check_check(check.value, check.view);
    check_size(limits);
  }

 private:
  // ------------------------------------------------------------ images

  /// Every container that will run needs a description of its image.
  void check_images() {
    const std::vector<std::string_view> known = image_names();
    for (const PodSource& source : sources_) {
      check_images_of(source, source.spec->containers, "containers", known);
      check_images_of(source, source.spec->init_containers, "initContainers", known);
      for (std::size_t i = 0; i < source.spec->init_containers.size(); ++i) warn_if_endless(source, i);
    }
  }

  void check_images_of(const PodSource& source, const std::vector<cluster::Container>& containers, std::string_view list,
                       const std::vector<std::string_view>& known) {
    for (std::size_t i = 0; i < containers.size(); ++i) {
      const std::string& image = containers[i].image;
      if (!is_image_reference(image) || parts_.scenario.images.contains(image)) continue;
      const std::string path = path_of_index(fmt::format("{}.{}", source.spec_path, list), i) + ".image";
      Error error = make_error(ErrorCode::ScenarioImageMissing, fmt::format("{} uses an image that the scenario does not describe", source.owner),
                               place_at(*source.document, path))
                        .with_found(escape_for_terminal(image, 120))
                        .with_allowed(known.empty() ? "an image described under spec.images" : "one of " + listed(known))
                        .with_hint(missing_image_hint(image, known));
      error.path = path;
      diagnostics_.error(std::move(error));
    }
  }

  /// The containers after an init container wait until it has ended.
  void warn_if_endless(const PodSource& source, std::size_t index) {
    const cluster::Container& container = source.spec->init_containers[index];
    const auto image = parts_.scenario.images.find(container.image);
    if (cluster::is_sidecar(container) || image == parts_.scenario.images.end() || image->second.exit) return;
    const std::string path = path_of_index(source.spec_path + ".initContainers", index) + ".image";
    Error warning = make_error(ErrorCode::ScenarioUnknownReference, fmt::format("{} waits for an init container whose image never ends", source.owner),
                               place_at(*source.document, path))
                        .with_found(escape_for_terminal(container.image, 120))
                        .with_allowed("an image with exit, or restartPolicy: Always for a sidecar")
                        .with_hint("add exit: {after: 1s} to the image");
    warning.path = path;
    diagnostics_.warning(std::move(warning));
  }

  std::vector<std::string_view> image_names() const {
    std::vector<std::string_view> names;
    for (const auto& [reference, image] : parts_.scenario.images) names.push_back(reference);
    return names;
  }

  static std::string missing_image_hint(const std::string& image, const std::vector<std::string_view>& known) {
    const std::string nearest = hint_for(image, known);
    return nearest.empty() ? fmt::format("add \"{}\": {{startup: 500ms, routes: {{/: {{cpu: 1ms}}}}}} to spec.images", escape_for_terminal(image, 80)) : nearest;
  }

  // ------------------------------------------------------------ scheduler profiles

  /// As in a real cluster, a pod of a scheduler that does not run stays Pending without a word.
  void check_scheduler_names() {
    std::vector<std::string_view> known;
    for (const SchedulerProfile& profile : parts_.scenario.scheduler.profiles) known.push_back(profile.scheduler_name);
    for (const PodSource& source : sources_) {
      const std::string name = source.spec->scheduler_name.empty() ? "default-scheduler" : source.spec->scheduler_name;
      if (std::find(known.begin(), known.end(), name) != known.end()) continue;
      const std::string path = source.spec_path + ".schedulerName";
      Error warning = make_error(ErrorCode::ScenarioUnknownReference, fmt::format("{} stays Pending: no scheduler profile has its schedulerName", source.owner),
                                 place_at(*source.document, path))
                          .with_found(escape_for_terminal(name, 120))
                          .with_allowed("one of " + listed(known))
                          .with_hint(hint_for(name, known));
      warning.path = path;
      diagnostics_.warning(std::move(warning));
    }
  }

  // ------------------------------------------------------------ traffic

  void check_traffic(const TrafficSpec& source, const ObjectView& view) {
    const ManifestObject* entry = parts_.manifests.service(source.namespace_, source.service);
    if (entry == nullptr) {
      const std::vector<std::string_view> known = parts_.manifests.names(cluster::Kind::Service, source.namespace_);
      return report_field(diagnostics_, view, "to", ErrorCode::ScenarioUnknownReference, "traffic to a Service that no manifest defines",
                          fmt::format("service/{}", short_name(source.namespace_, source.service)),
                          known.empty() ? fmt::format("a Service in the namespace {}", source.namespace_) : "one of " + listed(known), hint_for(source.service, known));
    }
    const auto& service = std::get<cluster::Service>(entry->object);
    const std::vector<const PodSource*> pods = pods_behind(service);
    if (pods.empty()) {
      return report_field(diagnostics_, view, "to", ErrorCode::ScenarioUnknownReference, "traffic to a Service that selects no pod of any manifest",
                          fmt::format("service/{}", short_name(source.namespace_, source.service)), "a Service whose selector matches the labels of a pod template",
                          "compare spec.selector of the Service with template.metadata.labels");
    }
    check_target_port(service, pods, *entry);
    check_route(source, view, pods);
  }

  std::vector<const PodSource*> pods_behind(const cluster::Service& service) const {
    std::vector<const PodSource*> pods;
    if (!service.spec.selector || service.spec.selector->empty()) return pods;
    for (const PodSource& source : sources_) {
      if (source.namespace_ == service.meta.namespace_ && cluster::matches(*service.spec.selector, *source.labels)) pods.push_back(&source);
    }
    return pods;
  }

  /// Requests go to the first port of a Service. A container listens on the first port it declares.
  void check_target_port(const cluster::Service& service, const std::vector<const PodSource*>& pods, const ManifestObject& entry) {
    if (service.spec.ports.empty()) return;
    const cluster::ServicePort& port = service.spec.ports.front();
    for (const PodSource* source : pods) {
      std::vector<cluster::ContainerPort> ports;
      for (const cluster::Container& container : source->spec->containers) ports.insert(ports.end(), container.ports.begin(), container.ports.end());
      const auto* name = std::get_if<std::string>(&port.target_port.value);
      const bool found = std::any_of(ports.begin(), ports.end(), [&](const cluster::ContainerPort& p) {
        return name != nullptr ? p.name == *name : p.container_port == std::get<std::int32_t>(port.target_port.value);
      });
      if (found || (name == nullptr && ports.empty())) continue;
      Error error = make_error(ErrorCode::ScenarioUnknownReference, fmt::format("{} has no port that the Service sends to", source->owner),
                               place_at(entry.document, "spec.ports[0].targetPort"))
                        .with_found(name != nullptr ? *name : fmt::format("{}", std::get<std::int32_t>(port.target_port.value)))
                        .with_allowed("a port of a container")
                        .with_hint("compare targetPort with the containers' ports");
      error.path = "spec.ports[0].targetPort";
      if (name != nullptr) {
        diagnostics_.error(std::move(error));
      } else {
        diagnostics_.warning(std::move(error));  // Kubernetes lets a container listen on ports it does not declare
      }
    }
  }

  /// Images the pods behind a Service can come to run: their own, and those the timeline gives them.
  void check_route(const TrafficSpec& source, const ObjectView& view, const std::vector<const PodSource*>& pods) {
    std::vector<std::string> images;
    for (const PodSource* pod : pods) {
      for (const cluster::Container& container : pod->spec->containers) images.push_back(container.image);
    }
    for (const auto& entry : parts_.timeline) {
      if (const auto* change = std::get_if<SetImage>(&entry.value.action)) images.push_back(change->image);
    }
    for (const std::string& reference : images) {
      const auto image = parts_.scenario.images.find(reference);
      if (image == parts_.scenario.images.end() || find_route(image->second.routes, source.route) != nullptr) return;
    }
    Error warning = make_error(ErrorCode::ScenarioUnknownReference, "no image behind the Service answers this route, so every request gets 404", view.place("route"))
                        .with_found(escape_for_terminal(source.route, 80))
                        .with_allowed("a path that a route of the image matches");
    warning.path = view.path_of("route");
    diagnostics_.warning(std::move(warning));
  }

  // ------------------------------------------------------------ timeline

  void check_action(const TimelineAction& entry, const ObjectView& view) {
    std::visit([&](const auto& action) { check(action, view); }, entry.action);
  }

  const cluster::Deployment* known_deployment(const ObjectView& view, const std::string& namespace_, const std::string& name) {
    if (!parts_.manifests_known) return nullptr;
    const cluster::Deployment* deployment = parts_.manifests.deployment(namespace_, name);
    if (deployment == nullptr) unknown(view, "deployment", "a Deployment that no manifest defines", name, parts_.manifests.names(cluster::Kind::Deployment, namespace_));
    return deployment;
  }

  void unknown(const ObjectView& view, std::string_view field, std::string what, const std::string& found, const std::vector<std::string_view>& known) {
    report_field(diagnostics_, view, field, ErrorCode::ScenarioUnknownReference, std::move(what), found,
                 known.empty() ? "something that the scenario defines" : "one of " + listed(known), hint_for(found, known));
  }

  void check(const SetImage& action, const ObjectView& entry) {
    const ObjectView view = entry.object("setImage");
    if (const cluster::Deployment* deployment = known_deployment(view, action.namespace_, action.deployment)) {
      std::vector<std::string_view> containers;
      for (const cluster::Container& container : deployment->spec.pod_template->spec->containers) containers.push_back(container.name);
      if (std::find(containers.begin(), containers.end(), action.container) == containers.end()) {
        unknown(view, "container", "a container that the Deployment does not have", action.container, containers);
      }
    }
    if (!parts_.images_known || parts_.scenario.images.contains(action.image)) return;
    const std::vector<std::string_view> known = image_names();
    report_field(diagnostics_, view, "image", ErrorCode::ScenarioImageMissing, "an image that the scenario does not describe", action.image,
                 known.empty() ? "an image described under spec.images" : "one of " + listed(known), missing_image_hint(action.image, known));
  }
  void check(const Scale& action, const ObjectView& entry) { known_deployment(entry.object("scale"), action.namespace_, action.deployment); }
  void check(const RolloutPause& action, const ObjectView& entry) {
    known_deployment(entry.object(action.paused ? "rolloutPause" : "rolloutResume"), action.namespace_, action.deployment);
  }
  void check(const RolloutUndo& action, const ObjectView& entry) { known_deployment(entry.object("rolloutUndo"), action.namespace_, action.deployment); }
  void check(const Cordon& action, const ObjectView& entry) { known_node(entry.object(action.unschedulable ? "cordon" : "uncordon"), action.node); }
  void check(const DeletePods& action, const ObjectView& entry) {
    const ObjectView view = entry.object("delete").object("pods");
    if (action.name.empty()) warn_if_nothing_matches(view, "selector", action.namespace_, action.selector);
  }
  void check(const DeleteNodes& action, const ObjectView& entry) {
    const ObjectView view = entry.object("delete").object("nodes");
    if (!action.name.empty()) return known_node(view, action.name, "name");
    warn_if_no_node(action.selector, view.place("selector"), view.path_of("selector"));
  }
  void check(const Fault& action, const ObjectView& entry) {
    const ObjectView view = entry.object("fault");
    const ObjectView selector = view.object("selector");
    if (!action.node.empty()) return known_node(selector, action.node);
    warn_if_nothing_matches(view, "selector", selector.text("namespace"), action.selector);
  }

  void known_node(const ObjectView& view, const std::string& name, std::string_view field = "node") {
    if (!parts_.nodes_known) return;
    const std::vector<std::string_view> names = node_names();
    if (std::find(names.begin(), names.end(), name) == names.end()) unknown(view, field, "a node that the cluster does not have", name, names);
  }

  std::vector<std::string_view> node_names() const {
    std::vector<std::string_view> names;
    for (const NodeSpec& node : parts_.scenario.cluster.nodes) names.push_back(node.name);
    return names;
  }

  bool matches_some_pod(const std::string& namespace_, const cluster::LabelSelector& selector) const {
    return std::any_of(sources_.begin(), sources_.end(), [&](const PodSource& source) {
      return source.namespace_ == namespace_ && cluster::matches(selector, *source.labels);
    });
  }

  void warn_if_nothing_matches(const ObjectView& view, std::string_view field, const std::string& namespace_, const cluster::LabelSelector& selector) {
    if (!parts_.manifests_known || matches_some_pod(namespace_, selector)) return;
    Error warning = make_error(ErrorCode::ScenarioUnknownReference, "the selector matches no pod of any manifest", view.place(field));
    warning.path = view.path_of(field);
    diagnostics_.warning(std::move(warning));
  }

  // ------------------------------------------------------------ checks

  void check_check(const CheckSpec& check, const ObjectView& view) {
    if (check.kind == "metric") {
      check_metric_tags(check, view);
    } else if (const auto condition = parse_condition(check.expression)) {
      check_condition(*condition, view, check.kind);
    }
    check_moment(check.from, view, "from");
    check_moment(check.until, view, "until");
    if (check.within && parts_.scenario.horizon.ns > 0 && *check.within > parts_.scenario.horizon) {
      report_field(diagnostics_, view, "within", ErrorCode::ScenarioTimeOrder, "longer than the run", to_string(*check.within),
                   fmt::format("at most the horizon, {}", to_string(parts_.scenario.horizon)));
    }
    check_window(check, view);
  }

  void check_moment(const std::string& text, const ObjectView& view, std::string_view field) {
    if (text.empty()) return;
    const auto moment = parse_moment(text);
    if (!moment) return;
    if (!moment->is_time) return check_condition(moment->condition, view, field);
    if (parts_.scenario.horizon.ns > 0 && moment->time > kTimeZero + parts_.scenario.horizon) {
      report_field(diagnostics_, view, field, ErrorCode::ScenarioTimeOrder, "a moment after the end of the run", text,
                   fmt::format("at most the horizon, {}", to_string(parts_.scenario.horizon)));
    }
  }

  void check_window(const CheckSpec& check, const ObjectView& view) {
    if (check.from.empty() || check.until.empty()) return;
    const auto from = parse_moment(check.from);
    const auto until = parse_moment(check.until);
    if (from && until && from->is_time && until->is_time && from->time >= until->time) {
      report_field(diagnostics_, view, "from", ErrorCode::ScenarioTimeOrder, "the window starts at or after its end", check.from, "before " + check.until);
    }
  }

  /// The field at whose place a reference of the check language stands.
  void unknown_in_text(const ObjectView& view, std::string_view field, std::size_t offset, std::string what, std::string found, const std::vector<std::string_view>& known) {
    Error error = make_error(ErrorCode::ScenarioUnknownReference, std::move(what), place_in(*view.node(field), offset))
                      .with_found(std::move(found))
                      .with_allowed(known.empty() ? "something that the scenario defines" : "one of " + listed(known));
    error.hint = hint_for(error.found, known);
    error.path = view.path_of(field);
    diagnostics_.error(std::move(error));
  }

  void check_condition(const Expression& condition, const ObjectView& view, std::string_view field) {
    for (const Expression& operand : condition.operands) check_condition(operand, view, field);
    if (condition.kind != Expression::Kind::Field) return;
    const ObjectField& object = condition.field;
    if (parts_.nodes_known) check_nodes(object, condition.offset, view, field);
    if (!parts_.manifests_known) return;
    if (object.subject == Subject::Deployment && parts_.manifests.deployment(object.namespace_, object.name) == nullptr) {
      unknown_in_text(view, field, condition.offset, "a Deployment that no manifest defines", object.name, parts_.manifests.names(cluster::Kind::Deployment, object.namespace_));
    }
    if (object.subject == Subject::Service && parts_.manifests.service(object.namespace_, object.name) == nullptr) {
      unknown_in_text(view, field, condition.offset, "a Service that no manifest defines", object.name, parts_.manifests.names(cluster::Kind::Service, object.namespace_));
    }
    if (object.subject == Subject::Pods && !matches_some_pod(object.namespace_, object.selector)) {
      Error warning = make_error(ErrorCode::ScenarioUnknownReference, "the selector matches no pod of any manifest", place_in(*view.node(field), condition.offset));
      warning.path = view.path_of(field);
      diagnostics_.warning(std::move(warning));
    }
  }

  /// Nodes that a field names or selects.
  void check_nodes(const ObjectField& object, std::size_t offset, const ObjectView& view, std::string_view field) {
    const std::vector<std::string_view> names = node_names();
    std::vector<std::string> asked = object.nodes;
    if (object.subject == Subject::Node) asked.push_back(object.name);
    for (const std::string& name : asked) {
      if (std::find(names.begin(), names.end(), name) == names.end()) {
        unknown_in_text(view, field, offset, "a node that the cluster does not have", name, names);
      }
    }
    const cluster::LabelSelector* selector = object.subject == Subject::Nodes ? &object.selector : object.node_selector ? &*object.node_selector : nullptr;
    if (selector != nullptr) warn_if_no_node(*selector, place_in(*view.node(field), offset), view.path_of(field));
  }

  void warn_if_no_node(const cluster::LabelSelector& selector, Place place, std::string path) {
    const auto& nodes = parts_.scenario.cluster.nodes;
    if (!parts_.nodes_known || std::any_of(nodes.begin(), nodes.end(), [&](const NodeSpec& node) { return cluster::matches(selector, node.labels); })) return;
    Error warning = make_error(ErrorCode::ScenarioUnknownReference, "the selector matches no node of the cluster", std::move(place));
    warning.path = std::move(path);
    diagnostics_.warning(std::move(warning));
  }

  void check_metric_tags(const CheckSpec& check, const ObjectView& view) {
    const auto metric = parse_metric(check.expression);
    if (!metric) return;
    std::string namespace_ = "default";
    for (const auto& [tag, value] : metric->tags) {
      if (tag == "namespace") namespace_ = value;
    }
    for (const auto& [tag, value] : metric->tags) {
      const std::size_t offset = check.expression.find(tag + ":");
      if (tag == "traffic" && parts_.traffic_known) {
        std::vector<std::string_view> names;
        for (const auto& source : parts_.traffic) names.push_back(source.value.name);
        if (std::find(names.begin(), names.end(), value) == names.end()) {
          unknown_in_text(view, "metric", offset == std::string::npos ? 0 : offset, "a traffic source that the scenario does not have", value, names);
        }
      }
      if (tag == "node" && parts_.nodes_known) {
        const std::vector<std::string_view> names = node_names();
        if (std::find(names.begin(), names.end(), value) == names.end()) {
          unknown_in_text(view, "metric", offset == std::string::npos ? 0 : offset, "a node that the cluster does not have", value, names);
        }
      }
      if (tag == "deployment" && parts_.manifests_known && parts_.manifests.deployment(namespace_, value) == nullptr) {
        unknown_in_text(view, "metric", offset == std::string::npos ? 0 : offset, "a Deployment that no manifest defines", value,
                        parts_.manifests.names(cluster::Kind::Deployment, namespace_));
      }
    }
  }

  // ------------------------------------------------------------ size

  /// A rough count of what a run will process: about ten events a request, thirty a pod and one a second for its probes and
  /// status. Only its order of magnitude matters; it keeps a slip of the keyboard from filling the machine.
  void check_size(const InputLimits& limits) {
    constexpr double kEventsPerRequest = 10;
    constexpr double kEventsPerPod = 30;
    const double run = to_seconds(parts_.scenario.horizon);
    double requests = 0;
    for (const auto& source : parts_.traffic) requests += source.value.rate * to_seconds(source.value.until - source.value.from);
    double pods = 0;
    for (const PodSource& source : sources_) pods += static_cast<double>(source.replicas);
    for (const auto& entry : parts_.timeline) {
      if (const auto* scale = std::get_if<Scale>(&entry.value.action)) pods += scale->replicas;
    }
    const double events = requests * kEventsPerRequest + pods * (kEventsPerPod + run);
    if (!(events > limits.predicted_events)) return;
    diagnostics_.error(make_error(ErrorCode::ScenarioTooLarge, "the run would need too many events",
                                  parts_.traffic.empty() ? Place{} : parts_.traffic.front().view.place("arrivals"))
                           .with_found(fmt::format("about {} requests and {} pods over {}, {} events", format_fixed(requests, 0), format_fixed(pods, 0),
                                                   to_string(parts_.scenario.horizon), format_fixed(events, 0)))
                           .with_allowed(fmt::format("at most {} events", format_fixed(limits.predicted_events, 0)))
                           .with_hint("lower a rate, a number of replicas, or the horizon"));
  }

  const ScenarioParts& parts_;
  Diagnostics& diagnostics_;
  std::vector<PodSource> sources_;
};

}  // namespace

void check_references(const ScenarioParts& parts, const InputLimits& limits, Diagnostics& diagnostics) { CrossChecks(parts, diagnostics).run(limits); }

}  // namespace tandem::scenario
