#include "core/cluster/api/pod_preparation.hpp"

#include <algorithm>

#include "core/cluster/api/resources.hpp"

namespace tandem::cluster::api {

namespace {

template <class Body>
void each_container(Json& spec, Body body) {
  for (const char* kind : {"containers", "initContainers", "ephemeralContainers"}) {
    if (!spec.contains(kind)) continue;
    for (Json& container : spec[kind]) body(container, std::string_view(kind));
  }
}

template <class Test>
bool any_container(const View& spec, Test test) {
  for (const char* kind : {"containers", "initContainers", "ephemeralContainers"}) {
    for (const View& container : spec[kind].items()) {
      if (test(container, std::string_view(kind))) return true;
    }
  }
  return false;
}

/// ContainerRestartRules is off: only a sidecar's Always is left.
void drop_restart_rules(Json& spec, const View& old) {
  const bool used = any_container(old, [](const View& container, std::string_view kind) {
    const std::string policy = container["restartPolicy"].text();
    if (kind == "initContainers") return (!policy.empty() && policy != "Always") || !container["restartPolicyRules"].empty();
    return kind == "containers" && container["restartPolicy"].present();
  });
  if (used) return;
  each_container(spec, [](Json& container, std::string_view kind) {
    if (kind != "initContainers" || View(container)["restartPolicy"].text() != "Always") container.erase("restartPolicy");
    container.erase("restartPolicyRules");
  });
}

/// ContainerStopSignals is off.
void drop_stop_signals(Json& spec, const View& old) {
  if (any_container(old, [](const View& container, std::string_view) { return container.at("lifecycle", "stopSignal").present(); })) return;
  each_container(spec, [](Json& container, std::string_view) {
    if (!container.contains("lifecycle") || !container["lifecycle"].contains("stopSignal")) return;
    container["lifecycle"].erase("stopSignal");
    if (container["lifecycle"].empty()) container.erase("lifecycle");
  });
}

/// EnvFiles is off.
void drop_file_keys(Json& spec, const View& old) {
  const auto uses = [](const View& container, std::string_view) {
    const std::vector<View> variables = container["env"].items();
    return std::any_of(variables.begin(), variables.end(), [](const View& one) { return one.at("valueFrom", "fileKeyRef").present(); });
  };
  if (any_container(old, uses)) return;
  each_container(spec, [](Json& container, std::string_view) {
    if (!container.contains("env")) return;
    for (Json& variable : container["env"]) {
      if (variable.contains("valueFrom")) variable["valueFrom"].erase("fileKeyRef");
    }
  });
}

bool has_source(const View& spec, const char* source) {
  for (const View& volume : spec["volumes"].items()) {
    for (const View& projection : volume.at("projected", "sources").items()) {
      if (projection.has(source)) return true;
    }
  }
  return false;
}

/// ImageVolume, ClusterTrustBundleProjection and PodCertificateRequest are off.
void drop_volume_sources(Json& spec, const View& old) {
  if (!spec.contains("volumes")) return;
  const std::vector<View> before = old["volumes"].items();
  const bool images = std::any_of(before.begin(), before.end(), [](const View& volume) { return volume.has("image"); });
  if (!images) {
    Json kept = Json::array();
    std::vector<std::string> dropped;
    for (Json& volume : spec["volumes"]) {
      if (volume.contains("image")) {
        dropped.push_back(View(volume)["name"].text());
      } else {
        kept.push_back(std::move(volume));
      }
    }
    spec["volumes"] = std::move(kept);
    each_container(spec, [&](Json& container, std::string_view) {
      if (dropped.empty() || !container.contains("volumeMounts")) return;
      Json mounts = Json::array();
      for (Json& mount : container["volumeMounts"]) {
        if (std::find(dropped.begin(), dropped.end(), View(mount)["name"].text()) == dropped.end()) mounts.push_back(std::move(mount));
      }
      container["volumeMounts"] = std::move(mounts);
    });
  }
  for (const char* source : {"clusterTrustBundle", "podCertificate"}) {
    if (has_source(old, source)) continue;
    for (Json& volume : spec["volumes"]) {
      if (!volume.contains("projected") || !volume["projected"].contains("sources")) continue;
      for (Json& projection : volume["projected"]["sources"]) projection.erase(source);
    }
  }
}

void merge_label_keys(Json& selector, const View& keys, const char* op, const View& labels) {
  for (const std::string& key : keys.texts()) {
    if (labels.has(key)) selector["matchExpressions"].push_back({{"key", key}, {"operator", op}, {"values", Json::array({labels[key].text()})}});
  }
}

void merge_into_term(Json& term, const View& labels) {
  if (!term.contains("labelSelector")) return;
  const Json copy = term;
  merge_label_keys(term["labelSelector"], View(copy)["matchLabelKeys"], "In", labels);
  merge_label_keys(term["labelSelector"], View(copy)["mismatchLabelKeys"], "NotIn", labels);
}

void merge_into_selectors(Json& spec, const View& labels) {
  if (spec.contains("affinity")) {
    for (const char* kind : {"podAffinity", "podAntiAffinity"}) {
      if (!spec["affinity"].contains(kind)) continue;
      Json& affinity = spec["affinity"][kind];
      if (affinity.contains("preferredDuringSchedulingIgnoredDuringExecution")) {
        for (Json& term : affinity["preferredDuringSchedulingIgnoredDuringExecution"]) merge_into_term(term["podAffinityTerm"], labels);
      }
      if (affinity.contains("requiredDuringSchedulingIgnoredDuringExecution")) {
        for (Json& term : affinity["requiredDuringSchedulingIgnoredDuringExecution"]) merge_into_term(term, labels);
      }
    }
  }
  if (!spec.contains("topologySpreadConstraints")) return;
  for (Json& constraint : spec["topologySpreadConstraints"]) {
    const Json copy = constraint;
    if (constraint.contains("labelSelector")) merge_label_keys(constraint["labelSelector"], View(copy)["matchLabelKeys"], "In", labels);
  }
}

}  // namespace

void drop_disabled_pod_fields(Json& spec, const View& old_spec) {
  drop_restart_rules(spec, old_spec);
  if (!old_spec["hostnameOverride"].present()) spec.erase("hostnameOverride");
  drop_file_keys(spec, old_spec);
  drop_volume_sources(spec, old_spec);
  drop_stop_signals(spec, old_spec);
}

void prepare_pod(Json& pod, const std::string& now) {
  std::string quality = View(pod).at("status", "qosClass").text();
  if (quality.empty()) quality = quality_of_service(View(pod)["spec"]);
  pod["status"] = {{"phase", "Pending"}, {"qosClass", quality}};
  drop_disabled_pod_fields(pod["spec"], {});
  if (!View(pod).at("spec", "schedulingGates").empty()) {
    pod["status"]["conditions"] = Json::array({{{"type", "PodScheduled"},
                                                {"status", "False"},
                                                {"lastTransitionTime", now},
                                                {"reason", "SchedulingGated"},
                                                {"message", "Scheduling is blocked due to non-empty scheduling gates"}}});
  }
  const Json labels = View(pod).at("metadata", "labels").json();
  merge_into_selectors(pod["spec"], View(labels));
}

void pod_spec_to_internal(Json& spec) {
  if (View(spec)["serviceAccountName"].text().empty() && !View(spec)["serviceAccount"].text().empty()) spec["serviceAccountName"] = spec["serviceAccount"];
  if (!View(spec)["serviceAccountName"].text().empty()) spec["serviceAccount"] = spec["serviceAccountName"];
}

}  // namespace tandem::cluster::api
