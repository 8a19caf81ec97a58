// `kubectl describe` for people: the same blocks in the same order, not byte for byte.

#include <fmt/format.h>

#include <algorithm>

#include "core/kubectl/cells.hpp"
#include "core/kubectl/get.hpp"
#include "core/kubectl/json_reading.hpp"

namespace tandem::kubectl {

namespace {

constexpr std::size_t kLabelWidth = 18;

class Text {
 public:
  void line(const std::string& label, const std::string& value, std::size_t indent = 0) {
    std::string start = std::string(indent, ' ') + label + ":";
    start.resize(std::max(start.size() + 1, kLabelWidth + indent), ' ');
    text_ += start + value + "\n";
  }
  void block(const std::string& title, std::size_t indent = 0) { text_ += std::string(indent, ' ') + title + ":\n"; }
  void raw(const std::string& text) { text_ += text; }
  /// Labels over several lines, the first beside its title.
  void map(const std::string& label, const json& values) {
    if (!values.is_object() || values.empty()) return line(label, "<none>");
    bool first = true;
    for (const auto& [key, value] : values.items()) {
      const std::string pair = key + "=" + (value.is_string() ? value.get<std::string>() : value.dump());
      if (first) line(label, pair);
      else text_ += std::string(kLabelWidth, ' ') + pair + "\n";
      first = false;
    }
  }
  [[nodiscard]] std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

void append_metadata(Text& text, const json& object) {
  text.line("Name", text_at(object, "/metadata/name"));
  if (!at(object, "/metadata/namespace").is_null()) text.line("Namespace", text_at(object, "/metadata/namespace"));
}

void append_conditions(Text& text, const json& object) {
  const json& conditions = list_at(object, "/status/conditions");
  if (conditions.empty()) return;
  Table table{{"  Type", "Status", "Reason"}, {}};
  for (const json& condition : conditions) {
    table.rows.push_back({"  " + text_at(condition, "/type"), text_at(condition, "/status"), text_at(condition, "/reason")});
  }
  text.block("Conditions");
  text.raw(to_text(table));
}

void append_containers(Text& text, const json& containers, const json& statuses) {
  text.block("Containers");
  for (const json& container : containers) {
    const std::string name = text_at(container, "/name");
    text.block(name, 2);
    text.line("Image", text_at(container, "/image"), 4);
    for (const json& port : list_at(container, "/ports")) text.line("Port", fmt::format("{}/TCP", number_at(port, "/containerPort")), 4);
    const auto resources = [&](const char* title, const char* pointer) {
      const json& list = at(container, pointer);
      if (!list.is_object() || list.empty()) return;
      text.block(title, 4);
      for (const auto& [resource, quantity] : list.items()) text.line(resource, quantity.is_string() ? quantity.get<std::string>() : quantity.dump(), 6);
    };
    resources("Limits", "/resources/limits");
    resources("Requests", "/resources/requests");
    for (const json& status : statuses) {
      if (text_at(status, "/name") != name) continue;
      const auto state = [&](const std::string& title, const json& value) {
        if (!value.is_object()) return;
        for (const auto& [kind, details] : value.items()) {
          std::string word = kind;
          word.front() = static_cast<char>(word.front() - 'a' + 'A');
          text.line(title, word, 4);
          if (!text_at(details, "/reason").empty()) text.line("Reason", text_at(details, "/reason"), 6);
          if (!at(details, "/exitCode").is_null()) text.line("Exit Code", std::to_string(number_at(details, "/exitCode")), 6);
          if (!text_at(details, "/startedAt").empty()) text.line("Started", text_at(details, "/startedAt"), 6);
          if (!text_at(details, "/finishedAt").empty()) text.line("Finished", text_at(details, "/finishedAt"), 6);
        }
      };
      state("State", at(status, "/state"));
      state("Last State", at(status, "/lastState"));
      text.line("Ready", flag_at(status, "/ready") ? "True" : "False", 4);
      text.line("Restart Count", std::to_string(number_at(status, "/restartCount")), 4);
    }
  }
}

void append_pod(Text& text, const json& pod) {
  const std::string node = text_at(pod, "/spec/nodeName");
  text.line("Node", node.empty() ? "<none>" : node + "/" + text_at(pod, "/status/hostIP"));
  text.map("Labels", at(pod, "/metadata/labels"));
  const GetOptions none;
  text.line("Status", pod_cells(pod, none).at(2));
  text.line("IP", text_at(pod, "/status/podIP"));
  for (const json& owner : list_at(pod, "/metadata/ownerReferences")) {
    if (flag_at(owner, "/controller")) text.line("Controlled By", text_at(owner, "/kind") + "/" + text_at(owner, "/name"));
  }
  append_containers(text, list_at(pod, "/spec/containers"), list_at(pod, "/status/containerStatuses"));
  append_conditions(text, pod);
  text.line("QoS Class", text_at(pod, "/status/qosClass"));
}

void append_workload(Text& text, const json& workload) {
  text.map("Labels", at(workload, "/metadata/labels"));
  text.map("Annotations", at(workload, "/metadata/annotations"));
  GetOptions wide;
  wide.wide = true;
  text.line("Selector", replica_set_cells(workload, wide).back());
  if (text_at(workload, "/kind") == "Deployment") {
    text.line("Replicas", fmt::format("{} desired | {} updated | {} total | {} available | {} unavailable", number_at(workload, "/spec/replicas", 1),
                                      number_at(workload, "/status/updatedReplicas"), number_at(workload, "/status/replicas"),
                                      number_at(workload, "/status/availableReplicas"), number_at(workload, "/status/unavailableReplicas")));
    text.line("StrategyType", text_at(workload, "/spec/strategy/type"));
    const json& rolling = at(workload, "/spec/strategy/rollingUpdate");
    const auto bound = [](const json& value) { return value.is_string() ? value.get<std::string>() : value.dump(); };
    if (rolling.is_object()) {
      text.line("RollingUpdateStrategy", fmt::format("{} max unavailable, {} max surge", bound(at(rolling, "/maxUnavailable")), bound(at(rolling, "/maxSurge"))));
    }
  } else {
    text.line("Replicas", fmt::format("{} current / {} desired", number_at(workload, "/status/replicas"), number_at(workload, "/spec/replicas", 1)));
  }
  append_containers(text, list_at(workload, "/spec/template/spec/containers"), json::array());
  append_conditions(text, workload);
}

void append_node(Text& text, const json& node) {
  text.map("Labels", at(node, "/metadata/labels"));
  bool first = true;
  for (const json& taint : list_at(node, "/spec/taints")) {
    const std::string value = text_at(taint, "/value");
    text.line(first ? "Taints" : "", text_at(taint, "/key") + (value.empty() ? "" : "=" + value) + ":" + text_at(taint, "/effect"));
    first = false;
  }
  if (first) text.line("Taints", "<none>");
  text.line("Unschedulable", flag_at(node, "/spec/unschedulable") ? "true" : "false");
  append_conditions(text, node);
  for (const char* list : {"capacity", "allocatable"}) {
    std::string title = list;
    title.front() = static_cast<char>(title.front() - 'a' + 'A');
    text.block(title);
    const json& resources = at(node, fmt::format("/status/{}", list).c_str());
    if (!resources.is_object()) continue;
    for (const auto& [resource, quantity] : resources.items()) text.line(resource, quantity.is_string() ? quantity.get<std::string>() : quantity.dump(), 2);
  }
  text.line("PodCIDR", text_at(node, "/spec/podCIDR"));
}

void append_service(Text& text, const json& service) {
  text.map("Labels", at(service, "/metadata/labels"));
  text.line("Selector", labels_text(at(service, "/spec/selector")));
  text.line("Type", text_at(service, "/spec/type"));
  text.line("IP", text_at(service, "/spec/clusterIP"));
  for (const json& port : list_at(service, "/spec/ports")) {
    const json& target = at(port, "/targetPort");
    text.line("Port", fmt::format("{}/{}", number_at(port, "/port"), text_at(port, "/protocol").empty() ? "TCP" : text_at(port, "/protocol")));
    text.line("TargetPort", target.is_string() ? target.get<std::string>() : target.dump());
  }
}

void append_events(Text& text, const json& object, const std::vector<json>& events, std::int64_t now) {
  std::vector<const json*> about;
  for (const json& event : events) {
    const bool same = text_at(event, "/involvedObject/kind") == text_at(object, "/kind") &&
                      text_at(event, "/involvedObject/name") == text_at(object, "/metadata/name") &&
                      text_at(event, "/involvedObject/namespace") == text_at(object, "/metadata/namespace");
    if (same) about.push_back(&event);
  }
  if (about.empty()) return text.line("Events", "<none>");
  std::stable_sort(about.begin(), about.end(), [](const json* a, const json* b) {
    return unix_seconds_of(at(*a, "/lastTimestamp")) < unix_seconds_of(at(*b, "/lastTimestamp"));
  });
  Table table{{"  Type", "Reason", "Age", "From", "Message"}, {}};
  for (const json* event : about) {
    table.rows.push_back({"  " + text_at(*event, "/type"), text_at(*event, "/reason"), human_duration(now - unix_seconds_of(at(*event, "/lastTimestamp"))),
                          text_at(*event, "/source/component"), text_at(*event, "/message")});
  }
  text.block("Events");
  text.raw(to_text(table));
}

}  // namespace

std::string describe(const json& object, const std::vector<json>& events, std::int64_t now_unix_seconds) {
  Text text;
  append_metadata(text, object);
  const std::string kind = text_at(object, "/kind");
  if (kind == "Pod") append_pod(text, object);
  else if (kind == "Deployment" || kind == "ReplicaSet") append_workload(text, object);
  else if (kind == "Node") append_node(text, object);
  else if (kind == "Service") append_service(text, object);
  else text.raw(to_yaml(object));
  append_events(text, object, events, now_unix_seconds);
  return text.take();
}

}  // namespace tandem::kubectl
