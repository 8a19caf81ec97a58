// Deployments, ReplicaSets, DaemonSets, StatefulSets, ReplicationControllers (pkg/apis/apps/validation).

#include <fmt/format.h>

#include <map>
#include <set>

#include "core/cluster/api/decode.hpp"
#include "core/cluster/api/limits.hpp"
#include "core/cluster/api/rules.hpp"
#include "core/cluster/api/types.hpp"

namespace tandem::cluster::api {

namespace {

constexpr std::string_view kNoMatch = "`selector` does not match template `labels`";

PodOptions template_options(const View& old) {
  const View pod_template = old.at("spec", "template");
  return pod_options(pod_template["spec"], pod_template["metadata"]);
}

void check_meta(FieldErrors& errors, const View& object, const View& old, NameRule rule) {
  if (old.present()) {
    check_object_meta_update(errors, object["metadata"], old["metadata"], true);
  } else {
    check_object_meta(errors, object["metadata"], true, rule);
  }
}

/// Templates of pods that run until they are deleted.
void check_always_restarted(FieldErrors& errors, const View& spec, const FieldPath& path, std::string_view kind) {
  check_one_of(errors, spec["restartPolicy"], {"Always"}, path / "restartPolicy");
  if (spec.has("activeDeadlineSeconds")) {
    errors.forbidden(path / "activeDeadlineSeconds", fmt::format("activeDeadlineSeconds in {} is not Supported", kind));
  }
}

void check_selected_template(FieldErrors& errors, const View& pod_template, const SelectorMatch& match, const FieldPath& path) {
  if (!match.everything && !match.matches) errors.invalid(path / "metadata" / "labels", pod_template.at("metadata", "labels"), kNoMatch);
}

/// The selector of a Deployment or ReplicaSet and the template it has to match.
void check_selector_and_template(FieldErrors& errors, const View& spec, const PodOptions& options) {
  const View selector = spec["selector"];
  if (!selector.present()) {
    errors.required("spec.selector");
  } else {
    check_label_selector(errors, selector, "spec.selector");
    if (selector["matchLabels"].empty() && selector["matchExpressions"].empty()) {
      errors.invalid("spec.selector", selector_value(selector), "empty selector is invalid for deployment");
    }
  }
  const View pod_template = spec["template"];
  const SelectorMatch match = match_selector(selector, pod_template.at("metadata", "labels"));
  if (!match.valid) return errors.invalid("spec.selector", selector_value(selector), "invalid label selector");
  check_selected_template(errors, pod_template, match, "spec.template");
  check_pod_template(errors, pod_template, "spec.template", options);
  check_always_restarted(errors, pod_template["spec"], "spec.template.spec", "ReplicaSet");
}

void check_rolling_deployment(FieldErrors& errors, const View& rolling, const FieldPath& path) {
  const View unavailable = rolling["maxUnavailable"];
  const View surge = rolling["maxSurge"];
  check_int_or_percent(errors, unavailable, path / "maxUnavailable");
  check_int_or_percent(errors, surge, path / "maxSurge");
  if (int_or_percent_value(unavailable) == 0 && int_or_percent_value(surge) == 0) {
    errors.invalid(path / "maxUnavailable", unavailable, "may not be 0 when `maxSurge` is 0");
  }
  check_at_most_all(errors, unavailable, path / "maxUnavailable");
}

void check_rolling_daemon_set(FieldErrors& errors, const View& rolling, const FieldPath& path) {
  const View unavailable = rolling["maxUnavailable"];
  const View surge = rolling["maxSurge"];
  check_int_or_percent(errors, unavailable, path / "maxUnavailable");
  check_int_or_percent(errors, surge, path / "maxSurge");
  check_at_most_all(errors, unavailable, path / "maxUnavailable");
  check_at_most_all(errors, surge, path / "maxSurge");
  const bool has_unavailable = int_or_percent_value(unavailable) != 0;
  const bool has_surge = int_or_percent_value(surge) != 0;
  if (has_unavailable && has_surge) errors.invalid(path / "maxSurge", surge, "may not be set when maxUnavailable is non-zero");
  if (!has_unavailable && !has_surge) errors.required(path / "maxUnavailable", "cannot be 0 when maxSurge is 0");
}

void check_stateful_strategy(FieldErrors& errors, const View& strategy) {
  const FieldPath path("spec.updateStrategy");
  const std::string type = strategy["type"].text();
  const View rolling = strategy["rollingUpdate"];
  if (type == "OnDelete") {
    if (rolling.present()) {
      const BadValue dump = BadValue::raw(go_dump(rolling, struct_type("apps/v1.RollingUpdateStatefulSetStrategy")));
      errors.invalid(path / "rollingUpdate", dump, "only allowed for updateStrategy 'RollingUpdate'");
    }
  } else if (type == "RollingUpdate") {
    check_not_negative(errors, rolling["partition"], path / "rollingUpdate" / "partition");
    if (const View most = rolling["maxUnavailable"]; most.present()) {
      check_int_or_percent(errors, most, path / "rollingUpdate" / "maxUnavailable");
      if (int_or_percent_value(most) == 0) errors.invalid(path / "rollingUpdate" / "maxUnavailable", most, "cannot be 0");
      check_at_most_all(errors, most, path / "rollingUpdate" / "maxUnavailable");
    }
  } else {
    const BadValue dump = BadValue::raw(go_dump(strategy, struct_type("apps/v1.StatefulSetUpdateStrategy")));
    errors.invalid(path, dump, "must be 'RollingUpdate' or 'OnDelete'");
  }
}

/// The template with one volume for each claim template, as it is validated.
Json template_with_claims(const View& spec) {
  Json pod_template = spec["template"].present() ? spec["template"].json() : Json::object();
  Json& pod = pod_template["spec"];
  pod.erase("subdomain");
  pod.erase("hostname");
  if (spec["volumeClaimTemplates"].empty()) return pod_template;
  std::map<std::string, Json> claims;  // Kubernetes' order is that of a Go map; ours is by name
  for (const View& claim : spec["volumeClaimTemplates"].items()) {
    const std::string name = claim.at("metadata", "name").text();
    claims[name] = {{"name", name}, {"persistentVolumeClaim", {{"claimName", name}}}};
  }
  Json volumes = Json::array();
  for (const auto& [name, volume] : claims) volumes.push_back(volume);
  if (pod.contains("volumes")) {
    for (const Json& volume : pod["volumes"]) {
      if (!claims.contains(View(volume)["name"].text())) volumes.push_back(volume);
    }
  }
  pod["volumes"] = std::move(volumes);
  return pod_template;
}

void check_stateful_template(FieldErrors& errors, const View& spec, const PodOptions& options, bool skip_template) {
  const FieldPath path("spec.template");
  const View selector = spec["selector"];
  const SelectorMatch match = match_selector(selector, spec.at("template", "metadata", "labels"));
  if (!match.valid) return errors.invalid("spec.selector", selector_value(selector), "");
  const Json copy = template_with_claims(spec);
  const View pod_template(copy);
  check_selected_template(errors, pod_template, match, path);
  if (!skip_template) check_pod_template(errors, pod_template, path, options);
  // Kubernetes looks at the template's metadata a second time here.
  const View annotations = pod_template.at("metadata", "annotations");
  check_labels(errors, pod_template.at("metadata", "labels"), path / "labels");
  check_annotations(errors, annotations, path / "annotations");
  check_pod_annotations(errors, annotations, pod_template["spec"], path / "annotations", options);
}

void check_stateful_spec(FieldErrors& errors, const View& spec, const PodOptions& options, bool update, bool skip_template) {
  const FieldPath path("spec");
  const std::string policy = spec["podManagementPolicy"].text();
  if (policy != "OrderedReady" && policy != "Parallel") errors.invalid(path / "podManagementPolicy", policy, "must be 'OrderedReady' or 'Parallel'");
  check_stateful_strategy(errors, spec["updateStrategy"]);
  for (const char* field : {"whenDeleted", "whenScaled"}) {
    const View retention = spec["persistentVolumeClaimRetentionPolicy"];
    if (retention.present()) check_one_of(errors, retention[field], {"Retain", "Delete"}, path / "persistentVolumeClaimRetentionPolicy" / field);
  }
  if (!update) {
    std::size_t i = 0;
    for (const View& claim : spec["volumeClaimTemplates"].items()) check_claim_spec(errors, claim["spec"], (path / "volumeClaimTemplates").index(i++) / "spec");
  }
  check_not_negative(errors, spec["replicas"], path / "replicas");
  check_not_negative(errors, spec["minReadySeconds"], path / "minReadySeconds");
  check_not_negative(errors, spec.at("ordinals", "start"), path / "ordinals.start");
  const std::string service = spec["serviceName"].text();
  if (!update && !service.empty()) errors.invalid_each(path / "serviceName", service, dns1123_label_errors(service));
  const View selector = spec["selector"];
  if (!selector.present()) {
    errors.required(path / "selector");
  } else {
    check_label_selector(errors, selector, path / "selector");
    if (selector["matchLabels"].empty() && selector["matchExpressions"].empty()) {
      errors.invalid(path / "selector", selector_value(selector), "empty selector is invalid for statefulset");
    }
  }
  check_stateful_template(errors, spec, options, skip_template);
  check_always_restarted(errors, spec.at("template", "spec"), path / "template" / "spec", "StatefulSet");
}

}  // namespace

void check_kind_and_name(FieldErrors& errors, const View& reference, const FieldPath& path) {
  for (const char* field : {"kind", "name"}) {
    const std::string text = reference[field].text();
    if (text.empty()) {
      errors.required(path / field);
    } else {
      errors.invalid_each(path / field, text, path_segment_errors(text));
    }
  }
}

void check_int_or_percent(FieldErrors& errors, const View& value, const FieldPath& path) {
  if (value.is_text()) {
    errors.invalid_each(path, value, percent_errors(value.text()));
  } else {
    check_not_negative(errors, value, path);
  }
}

std::int64_t int_or_percent_value(const View& value) {
  if (!value.is_text()) return value.number();
  const std::string text = value.text();
  const Json parsed = parse_int_or_string(percent_errors(text).empty() ? text.substr(0, text.size() - 1) : text);
  return View(parsed).number();
}

void check_at_most_all(FieldErrors& errors, const View& value, const FieldPath& path) {
  if (value.is_text() && percent_errors(value.text()).empty() && int_or_percent_value(value) > 100) errors.invalid(path, value, "must not be greater than 100%");
}

void check_deployment(FieldErrors& errors, const View& object, const View& old) {
  const View spec = object["spec"];
  const FieldPath path("spec");
  check_meta(errors, object, old, name_is_subdomain);
  check_not_negative(errors, spec["replicas"], path / "replicas");
  check_selector_and_template(errors, spec, template_options(old));
  const View strategy = spec["strategy"];
  const std::string type = strategy["type"].text();
  const FieldPath rolling = path / "strategy" / "rollingUpdate";
  if (type == "Recreate") {
    if (strategy.has("rollingUpdate")) errors.forbidden(rolling, "may not be specified when strategy `type` is 'Recreate'");
  } else if (type == "RollingUpdate") {
    check_rolling_deployment(errors, strategy["rollingUpdate"], rolling);
  } else {
    errors.not_supported(path / "strategy", BadValue::raw(go_dump(strategy, struct_type("apps/v1.DeploymentStrategy"))), {"Recreate", "RollingUpdate"});
  }
  check_not_negative(errors, spec["minReadySeconds"], path / "minReadySeconds");
  check_not_negative(errors, spec["revisionHistoryLimit"], path / "revisionHistoryLimit");
  const View deadline = spec["progressDeadlineSeconds"];
  check_not_negative(errors, deadline, path / "progressDeadlineSeconds");
  if (deadline.present() && deadline.number() <= spec["minReadySeconds"].number()) {
    errors.invalid(path / "progressDeadlineSeconds", deadline.number(), "must be greater than minReadySeconds");
  }
  if (old.present() && !(spec["selector"] == old["spec"]["selector"])) errors.invalid(path / "selector", selector_value(spec["selector"]), kImmutable);
}

void check_replica_set(FieldErrors& errors, const View& object, const View& old) {
  const View spec = object["spec"];
  check_meta(errors, object, old, name_is_subdomain);
  check_not_negative(errors, spec["replicas"], "spec.replicas");
  check_not_negative(errors, spec["minReadySeconds"], "spec.minReadySeconds");
  check_selector_and_template(errors, spec, template_options(old));
  if (old.present() && !(spec["selector"] == old["spec"]["selector"])) errors.invalid("spec.selector", selector_value(spec["selector"]), kImmutable);
}

void check_daemon_set(FieldErrors& errors, const View& object, const View& old) {
  const View spec = object["spec"];
  const View selector = spec["selector"];
  const FieldPath path("spec");
  check_meta(errors, object, old, name_is_subdomain);
  if (old.present() && !(selector == old["spec"]["selector"])) errors.invalid(path / "selector", selector_value(selector), kImmutable);
  check_label_selector(errors, selector, path / "selector");
  const View labels = spec.at("template", "metadata", "labels");
  const SelectorMatch match = match_selector(selector, labels);
  if (match.valid && !match.matches) errors.invalid(path / "template" / "metadata" / "labels", labels, kNoMatch);
  if (selector.present() && selector["matchLabels"].empty() && selector["matchExpressions"].empty()) {
    errors.invalid(path / "selector", selector_value(selector), "empty selector is invalid for daemonset");
  }
  check_pod_template(errors, spec["template"], path / "template", template_options(old));
  check_always_restarted(errors, spec.at("template", "spec"), path / "template" / "spec", "DaemonSet");
  check_not_negative(errors, spec["minReadySeconds"], path / "minReadySeconds");
  const View strategy = spec["updateStrategy"];
  const std::string type = strategy["type"].text();
  if (type == "RollingUpdate") {
    check_rolling_daemon_set(errors, strategy["rollingUpdate"], path / "updateStrategy" / "rollingUpdate");
  } else if (type != "OnDelete") {
    const BadValue dump = BadValue::raw(go_dump(strategy, struct_type("apps/v1.DaemonSetUpdateStrategy")));
    errors.not_supported(path / "updateStrategy", dump, {"RollingUpdate", "OnDelete"});
  }
  check_not_negative(errors, spec["revisionHistoryLimit"], path / "revisionHistoryLimit");
}

void check_stateful_set(FieldErrors& errors, const View& object, const View& old) {
  const View spec = object["spec"];
  const PodOptions options = template_options(old);
  check_meta(errors, object, old, name_is_dns1123_label);
  bool skip_template = false;
  if (old.present()) {
    FieldErrors of_old;
    check_stateful_spec(of_old, old["spec"], options, true, false);
    skip_template = !of_old.empty();
  }
  check_stateful_spec(errors, spec, options, old.present(), skip_template);
  if (!old.present()) return;
  Json rest = spec.json();
  for (const char* field : {"replicas", "template", "updateStrategy", "minReadySeconds", "ordinals", "revisionHistoryLimit", "persistentVolumeClaimRetentionPolicy"}) {
    rest[field] = old["spec"][field].json();
  }
  if (!equal_structs(rest, old["spec"].json(), struct_type("apps/v1.StatefulSetSpec"))) {
    errors.forbidden("spec",
                     "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', "
                     "'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden");
  }
}

void check_replication_controller(FieldErrors& errors, const View& object, const View& old) {
  const View spec = object["spec"];
  const View pod_template = spec["template"];
  check_meta(errors, object, old, name_is_subdomain);
  check_not_negative(errors, spec["minReadySeconds"], "spec.minReadySeconds");
  if (spec["selector"].empty()) errors.required("spec.selector");
  check_not_negative(errors, spec["replicas"], "spec.replicas");
  if (!pod_template.present()) return errors.required("spec.template");
  for (const auto& [key, value] : spec["selector"].entries()) {
    if (pod_template.at("metadata", "labels")[key].text() == value.text()) continue;
    errors.invalid("spec.template.metadata.labels", pod_template.at("metadata", "labels"), kNoMatch);
    break;
  }
  check_pod_template(errors, pod_template, "spec.template", template_options(old));
  check_always_restarted(errors, pod_template["spec"], "spec.template.spec", "ReplicationController");
}

}  // namespace tandem::cluster::api
