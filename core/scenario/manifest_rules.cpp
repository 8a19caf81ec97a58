#include "core/scenario/manifest_rules.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "core/base/parse.hpp"
#include "core/base/text.hpp"
#include "core/cluster/selector.hpp"
#include "core/scenario/document_path.hpp"
#include "core/scenario/notations.hpp"
#include "core/scenario/pod_rules.hpp"
#include "core/scenario/rule_context.hpp"
#include "core/scenario/scenario_tables.hpp"

namespace tandem::scenario {
namespace {

constexpr std::string_view kNameWords = "lower-case letters, digits and '-', with a letter or digit at both ends";

void check_labels(const RuleContext& context, const std::string& path, const cluster::Labels& labels) {
  for (const auto& [key, value] : labels) {
    if (!is_label_key(key)) {
      context.error(path_of_key(path, key), ErrorCode::ValueBadLabel, "not a label key", key, "such as app or example.org/app");
    }
    if (!is_label_value(value)) {
      context.error(path_of_key(path, key), ErrorCode::ValueBadLabel, "not a label value", value, "at most 63 letters, digits, '-', '_' and '.'");
    }
  }
}

void check_meta(const RuleContext& context, const cluster::ObjectMeta& meta, bool label_name) {
  if (meta.name.empty()) {
    context.error("metadata.name", ErrorCode::ValueMissing, meta.generate_name.empty() ? "the object has no name" : "an object of a manifest needs a name, not generateName",
                  "", std::string(kNameWords));
  } else if (!(label_name ? is_dns_label(meta.name) : is_dns_subdomain(meta.name))) {
    context.error("metadata.name", ErrorCode::ValueBadName, "not a name", meta.name, std::string(kNameWords));
  }
  if (!meta.namespace_.empty() && !is_dns_label(meta.namespace_)) {
    context.error("metadata.namespace", ErrorCode::ValueBadName, "not a name", meta.namespace_, std::string(kNameWords));
  }
  check_labels(context, "metadata.labels", *meta.labels);
}

void check_selector_of_template(const RuleContext& context, const cluster::LabelSelector& selector, const cluster::PodTemplate& pod_template) {
  if (selector.match_labels.empty() && selector.match_expressions.empty()) {
    context.error("spec.selector", ErrorCode::ValueMissing, "the selector is empty", "", "labels of the pod template",
                  "add selector: {matchLabels: {app: NAME}} and the same label to template.metadata.labels");
    return;
  }
  check_labels(context, "spec.selector.matchLabels", selector.match_labels);
  if (!cluster::matches(selector, *pod_template.labels)) {
    context.error("spec.template.metadata.labels", ErrorCode::ValueBadSelector, "the selector does not select the pods of its own template", "",
                  "labels that spec.selector matches", "give the template the labels of the selector");
  }
}

void check_template(const RuleContext& context, const cluster::PodTemplate& pod_template) {
  check_labels(context, "spec.template.metadata.labels", *pod_template.labels);
  check_pod_spec(context, "spec.template.spec", *pod_template.spec);
  if (pod_template.spec->restart_policy != "Always") {
    context.error("spec.template.spec.restartPolicy", ErrorCode::ValueNotAllowed, "pods of a controller are always restarted",
                  pod_template.spec->restart_policy, "Always");
  }
}

/// A count or a percentage; nullopt after reporting an error.
struct Share {
  std::int64_t value = 0;
  bool percent = false;
};
std::optional<Share> read_share(const RuleContext& context, const std::string& path, const cluster::IntOrString& share) {
  const auto refuse = [&](const std::string& found) {
    context.error(path, ErrorCode::ValueNotAllowed, "neither a count nor a percentage", found, "a whole number such as 1, or a percentage such as 25%");
    return std::nullopt;
  };
  if (const auto* number = std::get_if<std::int32_t>(&share.value)) {
    if (*number < 0) return refuse(fmt::format("{}", *number));
    return Share{*number, false};
  }
  const std::string& text = std::get<std::string>(share.value);
  if (!text.ends_with('%')) return refuse(text);
  const auto percent = parse_int(std::string_view(text).substr(0, text.size() - 1));
  if (!percent || *percent < 0) return refuse(text);
  return Share{*percent, true};
}

void check_strategy(const RuleContext& context, const cluster::DeploymentStrategy& strategy) {
  if (strategy.type == "Recreate") {
    if (context.has("spec.strategy.rollingUpdate")) {
      context.error("spec.strategy.rollingUpdate", ErrorCode::ValueConflict, "a Recreate strategy has no rollingUpdate", "", "", "remove one of the two");
    }
    return;
  }
  if (strategy.type != "RollingUpdate") {
    context.error("spec.strategy.type", ErrorCode::ValueNotAllowed, "an unknown strategy", strategy.type, "RollingUpdate, Recreate");
    return;
  }
  const auto surge = read_share(context, "spec.strategy.rollingUpdate.maxSurge", strategy.max_surge);
  const auto unavailable = read_share(context, "spec.strategy.rollingUpdate.maxUnavailable", strategy.max_unavailable);
  if (!surge || !unavailable) return;
  if (unavailable->percent && unavailable->value > 100) {
    context.error("spec.strategy.rollingUpdate.maxUnavailable", ErrorCode::ValueOutOfRange, "more than all pods",
                  fmt::format("{}%", unavailable->value), "at most 100%");
  }
  if (surge->value == 0 && unavailable->value == 0) {
    context.error("spec.strategy.rollingUpdate.maxUnavailable", ErrorCode::ValueConflict, "maxSurge and maxUnavailable are both 0, so nothing could ever be replaced",
                  "0", "one of the two above 0");
  }
}

void check_count(const RuleContext& context, const std::string& path, std::int64_t value, double maximum = kCountLimit) {
  if (value >= 0 && static_cast<double>(value) <= maximum) return;
  context.error(path, ErrorCode::ValueOutOfRange, "out of range", fmt::format("{}", value), fmt::format("0 to {}", maximum));
}

void check(const RuleContext& context, const cluster::Deployment& deployment) {
  check_meta(context, deployment.meta, false);
  const cluster::DeploymentSpec& spec = deployment.spec;
  if (!context.has("spec")) {
    context.error("spec", ErrorCode::ValueMissing, "the Deployment has no spec", "", "replicas, selector and template");
    return;
  }
  check_count(context, "spec.replicas", spec.replicas);
  check_count(context, "spec.minReadySeconds", spec.min_ready_seconds);
  check_count(context, "spec.revisionHistoryLimit", spec.revision_history_limit);
  if (spec.progress_deadline_seconds <= spec.min_ready_seconds) {
    context.error("spec.progressDeadlineSeconds", ErrorCode::ValueOutOfRange, "the deadline ends before a pod can become available",
                  fmt::format("{}", spec.progress_deadline_seconds), fmt::format("more than minReadySeconds, which is {}", spec.min_ready_seconds));
  }
  check_selector_of_template(context, *spec.selector, *spec.pod_template);
  check_template(context, *spec.pod_template);
  check_strategy(context, spec.strategy);
}

void check(const RuleContext& context, const cluster::ReplicaSet& replica_set) {
  check_meta(context, replica_set.meta, false);
  check_count(context, "spec.replicas", replica_set.spec.replicas);
  check_count(context, "spec.minReadySeconds", replica_set.spec.min_ready_seconds);
  check_selector_of_template(context, *replica_set.spec.selector, *replica_set.spec.pod_template);
  check_template(context, *replica_set.spec.pod_template);
}

void check(const RuleContext& context, const cluster::Pod& pod) {
  check_meta(context, pod.meta, false);
  check_pod_spec(context, "spec", *pod.spec);
}

void check(const RuleContext& context, const cluster::Service& service) {
  check_meta(context, service.meta, true);
  const cluster::ServiceSpec& spec = service.spec;
  constexpr std::string_view kTypes[] = {"ClusterIP", "NodePort", "LoadBalancer", "ExternalName"};
  if (std::find(std::begin(kTypes), std::end(kTypes), spec.type) == std::end(kTypes)) {
    context.error("spec.type", ErrorCode::ValueNotAllowed, "an unknown type of Service", spec.type, "ClusterIP, NodePort, LoadBalancer, ExternalName");
  }
  if (spec.selector) check_labels(context, "spec.selector", *spec.selector);
  if (spec.ports.empty() && spec.type != "ExternalName" && spec.cluster_ip != "None") {
    context.error("spec.ports", ErrorCode::ValueMissing, "the Service has no port", "", "a list such as [{port: 80, targetPort: 8080}]");
  }
  std::set<std::string> names;
  for (std::size_t i = 0; i < spec.ports.size(); ++i) {
    const cluster::ServicePort& port = spec.ports[i];
    const std::string path = path_of_index("spec.ports", i);
    check_port_number(context, path + ".port", port.port);
    check_port_reference(context, path + ".targetPort", port.target_port);
    check_protocol(context, path + ".protocol", port.protocol);
    if (spec.ports.size() > 1 && port.name.empty()) {
      context.error(path, ErrorCode::ValueMissing, "each of several ports needs a name", "", "a name such as http");
    }
    if (!port.name.empty() && !names.insert(port.name).second) {
      context.error(path + ".name", ErrorCode::ValueDuplicateName, "two ports have the same name", port.name, "a name of its own for each port");
    }
  }
}

/// Other kinds are kept as they are: nothing here runs them.
template <class T>
void check(const RuleContext& context, const T& object) {
  check_meta(context, object.meta, false);
}

}  // namespace

void check_object(const cluster::AnyObject& object, const Node& document, Diagnostics& diagnostics) {
  const RuleContext context(document, diagnostics);
  std::visit([&](const auto& typed) { check(context, typed); }, object);
}

}  // namespace tandem::scenario
