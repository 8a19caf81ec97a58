#include "core/kubectl/describe.hpp"

#include <nlohmann/json.hpp>

#include "core/kubectl/describe_parts.hpp"
#include "core/kubectl/json_reading.hpp"

namespace tandem::kubectl {

namespace {

using Describer = void (*)(Description& text, const json& object, const DescribeContext& context);

constexpr std::pair<std::string_view, Describer> kDescribers[] = {
    {"Pod", describe_pod},
    {"Deployment", describe_deployment},
    {"ReplicaSet", describe_replica_set},
    {"StatefulSet", describe_stateful_set},
    {"DaemonSet", describe_daemon_set},
    {"Job", describe_job},
    {"CronJob", describe_cron_job},
    {"Service", describe_service},
    {"EndpointSlice", describe_endpoint_slice},
    {"Ingress", describe_ingress},
    {"HorizontalPodAutoscaler", describe_horizontal_pod_autoscaler},
    {"PodDisruptionBudget", describe_pod_disruption_budget},
    {"PriorityClass", describe_priority_class},
    {"Node", describe_node},
    {"ConfigMap", describe_config_map},
    {"Secret", describe_secret},
    {"PersistentVolume", describe_persistent_volume},
    {"PersistentVolumeClaim", describe_persistent_volume_claim},
    {"StorageClass", describe_storage_class},
    {"Namespace", describe_namespace},
    {"ServiceAccount", describe_service_account},
    {"IngressClass", describe_ingress_class},
};

Describer describer_of(const std::string& kind) {
  for (const auto& [known, describer] : kDescribers) {
    if (known == kind) return describer;
  }
  return describe_unknown;
}

/// A name that is not there may be the start of others: `describe pod web-`. Each of them with an empty line behind it.
std::string describe_by_prefix(const DescribeRequest& request, const std::vector<json>& objects, const DescribeContext& context) {
  Selection all = request;
  all.named.clear();
  const Result<Selected> selected = select(all, objects);
  if (!selected) return {};
  std::string text;
  for (const Group& group : selected->groups) {
    for (const json& object : group.objects) {
      if (text_at(object, "/metadata/name").starts_with(request.named.front().name)) text += describe_object(object, context) + "\n";
    }
  }
  return text;
}

}  // namespace

std::string describe_object(const json& object, const DescribeContext& context) {
  Description text;
  describer_of(text_at(object, "/kind"))(text, object, context);
  return text.text();
}

Result<Answer> describe(const DescribeRequest& request, const std::vector<json>& objects) {
  const Result<Selected> selected = select(request, objects);
  if (!selected) return tl::unexpected(selected.error());
  const DescribeContext context{objects, request.now_unix_seconds, request.show_events};
  if (request.words.size() == 2 && request.named.size() == 1 && !selected->errors.empty()) {
    std::string text = describe_by_prefix(request, objects, context);
    if (text.empty()) return failed(selected->errors.front());
    return Answer{std::move(text), {}, 0};
  }
  Answer answer;
  for (const Group& group : selected->groups) {
    for (const json& object : group.objects) {
      if (!answer.out.empty()) answer.out += "\n\n";
      answer.out += describe_object(object, context);
    }
  }
  for (const std::string& error : selected->errors) answer.err += error + "\n";
  answer.exit_code = selected->errors.empty() ? 0 : 1;
  if (answer.out.empty() && answer.err.empty()) {
    answer.err = request.all_namespaces ? "No resources found\n" : "No resources found in " + request.namespace_ + " namespace.\n";
  }
  return answer;
}

}  // namespace tandem::kubectl
