// Recorded answers of the endpoint slice controller (controllers2/f16_endpointslice): one sync a step sees all its changes.

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/control/endpoint_slice/slice_reconciler.hpp"
#include "tests/truth/runner.hpp"

namespace tandem::truth {
namespace {

using nlohmann::json;
using namespace tandem::control;

cluster::IntOrString target_of(const std::string& text) {
  if (!text.empty() && text.find_first_not_of("0123456789") == std::string::npos) return {static_cast<std::int32_t>(std::stol(text))};
  return {text};
}

cluster::Service service_of(const json& recorded) {
  cluster::Service service;
  service.meta.name = "s";
  service.meta.labels = recorded.value("labels", cluster::Labels{});
  service.spec.selector = recorded.value("selector", cluster::Labels{});
  service.spec.type = recorded.value("type", "ClusterIP");
  service.spec.cluster_ip = recorded.value("headless", false) ? "None" : "10.96.0.1";
  service.spec.publish_not_ready_addresses = recorded.value("publishNotReady", false);
  for (const json& port : recorded.value("ports", json::array())) {
    cluster::ServicePort one{.name = port.value("name", ""), .protocol = port.value("protocol", "TCP"), .port = port.at("port").get<std::int32_t>()};
    one.target_port = port.contains("target") ? target_of(port.at("target")) : cluster::IntOrString{one.port};
    if (port.contains("appProtocol")) one.rest.fields = std::make_shared<const json>(json{{"appProtocol", port.at("appProtocol")}});
    service.spec.ports.push_back(std::move(one));
  }
  if (recorded.contains("trafficDistribution")) {
    service.spec.rest.fields = std::make_shared<const json>(json{{"trafficDistribution", recorded.at("trafficDistribution")}});
  }
  return service;
}

cluster::PodPhase phase_of(const std::string& name) {
  for (const auto phase : {cluster::PodPhase::Pending, cluster::PodPhase::Running, cluster::PodPhase::Succeeded, cluster::PodPhase::Failed}) {
    if (cluster::name_of(phase) == name) return phase;
  }
  return cluster::PodPhase::Unknown;
}

cluster::Ptr<cluster::Pod> pod_of(const json& recorded) {
  cluster::Pod pod;
  pod.meta.name = fmt::format("p{}", recorded.at("n").get<int>());
  pod.meta.uid = pod.meta.name;
  pod.meta.labels = recorded.value("labels", cluster::Labels{{"app", "s"}});
  if (recorded.value("deleting", false)) pod.meta.deletion_timestamp = kTimeZero;
  pod.node_name = recorded.value("node", "");
  pod.status.phase = phase_of(recorded.value("phase", "Running"));
  pod.status.pod_ip = recorded.value("ip", "");
  if (recorded.contains("ready")) {
    const std::string ready = recorded.at("ready");
    pod.status.conditions = {{.type = "Ready", .status = ready == "True" ? cluster::ConditionStatus::True : cluster::ConditionStatus::False}};
  }
  pod.spec.edit([&](cluster::PodSpec& spec) {
    cluster::Container container{.name = "c"};
    for (const json& port : recorded.value("ports", json::array())) {
      container.ports.push_back({.name = port.value("name", ""), .container_port = port.at("port").get<std::int32_t>(), .protocol = port.value("protocol", "TCP")});
    }
    spec.containers = {std::move(container)};
    json rest = json::object();
    for (const char* field : {"hostname", "subdomain"}) {
      if (recorded.contains(field)) rest[field] = recorded.at(field);
    }
    if (!rest.empty()) spec.rest.fields = std::make_shared<const json>(std::move(rest));
  });
  return std::make_shared<const cluster::Pod>(std::move(pod));
}

std::string letters(const cluster::Endpoint& endpoint) {
  return fmt::format("{}{}{}", endpoint.ready ? 'r' : '-', endpoint.serving ? 's' : '-', endpoint.terminating ? 't' : '-');
}

class SliceWorld {
 public:
  explicit SliceWorld(const json& p) : most_(p.at("maxEndpointsPerSlice").get<std::size_t>()) {}

  /// Our slices and writes after the step; slices born in it take the recorded numbers of equal content.
  std::optional<std::string> step(const json& recorded) {
    if (recorded.contains("svc")) {
      service_.reset();
      if (!recorded.at("svc").is_null()) service_ = service_of(recorded.at("svc"));
    }
    for (const json& node : recorded.value("nodes", json::array())) {
      cluster::Node one;
      one.meta.name = node.at("name");
      if (node.contains("zone")) one.meta.labels = cluster::Labels{{"topology.kubernetes.io/zone", node.at("zone").get<std::string>()}};
      nodes_[one.meta.name] = std::make_shared<const cluster::Node>(one);
    }
    bool due = failed_ || recorded.contains("svc") || recorded.contains("gone") || recorded.contains("op");
    for (const json& pod : recorded.value("pods", json::array())) {
      cluster::Ptr<cluster::Pod>& known = pods_[pod.at("n").get<int>()];
      const cluster::Ptr<cluster::Pod> next = pod_of(pod);
      due = due || !known || pod_change_matters(*known, *next);
      known = next;
    }
    for (const json& number : recorded.value("gone", json::array())) pods_.erase(number.get<int>());
    if (recorded.contains("op")) operate(recorded.at("op"));
    // Changes of a node alone start no sync, but one that failed for want of a node is tried again.
    std::vector<std::pair<std::string, std::string>> writes;
    if (due && service_) sync(writes, recorded.at("writes"));
    number_new_slices(recorded.at("slices"));
    json ours = json::array();
    for (const auto& [name, slice] : slices_) ours.push_back(slice_json(numbers_.at(name), slice, is_packing(recorded)));
    std::sort(ours.begin(), ours.end(), [](const json& a, const json& b) { return a.at("n") < b.at("n"); });
    json written = json::array();
    for (const auto& [what, name] : writes) written.push_back({what, numbers_.at(name)});
    std::sort(written.begin(), written.end());
    std::erase_if(numbers_, [&](const auto& entry) { return !slices_.contains(entry.first); });
    if (ours == recorded.at("slices") && (written == recorded.at("writes") || (recycled_ && same_apart_from_numbers(written, recorded.at("writes"))))) return std::nullopt;
    return fmt::format("expected {} {}, got {} {}", recorded.at("slices").dump(), recorded.at("writes").dump(), ours.dump(), written.dump());
  }

 private:
  static bool is_packing(const json& recorded) {
    const json& slices = recorded.at("slices");
    return !slices.empty() && slices.at(0).contains("count");
  }

  /// Which of several new slices re-uses an old name is arbitrary: then writes agree by kind, and by number, but not in pairs.
  static bool same_apart_from_numbers(const json& a, const json& b) {
    const auto column = [](const json& writes, std::size_t index) {
      json values = json::array();
      for (const json& write : writes) values.push_back(write.at(index));
      std::sort(values.begin(), values.end());
      return values;
    };
    return column(a, 0) == column(b, 0) && column(a, 1) == column(b, 1);
  }

  void sync(std::vector<std::pair<std::string, std::string>>& writes, const json& recorded_writes) {
    std::vector<cluster::Ptr<cluster::Pod>> pods;
    for (const auto& [number, pod] : pods_) pods.push_back(pod);
    std::vector<cluster::EndpointSlice> existing;
    for (const auto& [name, slice] : slices_) existing.push_back(slice);
    // Equally good slices are filled in any order: follow the recorded one.
    std::stable_partition(existing.begin(), existing.end(), [&](const cluster::EndpointSlice& slice) {
      return std::find(recorded_writes.begin(), recorded_writes.end(), json{"update", numbers_.at(slice.meta.name)}) != recorded_writes.end();
    });
    SliceReconciliation wanted = reconcile_slices(*service_, pods, existing, [&](const std::string& name) {
      const auto found = nodes_.find(name);
      return found == nodes_.end() ? nullptr : found->second;
    }, most_);
    failed_ = !wanted.unknown_nodes.empty();
    recycled_ = false;
    for (cluster::EndpointSlice& slice : wanted.create) {
      slice.meta.name = fmt::format("s-{:05}", ++created_);
      writes.emplace_back("create", slice.meta.name);
      const std::string name = slice.meta.name;
      slices_[name] = std::move(slice);
    }
    for (cluster::EndpointSlice& slice : wanted.update) {
      writes.emplace_back("update", slice.meta.name);
      const std::string name = slice.meta.name;
      if (!wanted.create.empty() && !(slices_.at(name).ports == slice.ports)) {
        recycled_ = true;
        numbers_.erase(name);
      }
      slices_[name] = std::move(slice);
    }
    for (const std::string& name : wanted.remove) {
      writes.emplace_back("delete", name);
      slices_.erase(name);
    }
  }

  void number_new_slices(const json& recorded) {
    std::set<int> taken;
    for (const auto& [name, number] : numbers_) taken.insert(number);
    for (const auto& [name, slice] : slices_) {
      if (numbers_.contains(name)) continue;
      int chosen = -1;
      for (const json& theirs : recorded) {
        const int number = theirs.at("n").get<int>();
        if (taken.contains(number)) continue;
        if (chosen < 0 || slice_json(number, slice, theirs.contains("count")) == theirs) chosen = number;
        if (slice_json(number, slice, theirs.contains("count")) == theirs) break;
      }
      if (chosen < 0) chosen = 1000 + created_;
      taken.insert(chosen);
      numbers_[name] = chosen;
    }
  }

  static json slice_json(int number, const cluster::EndpointSlice& slice, bool packing) {
    json out = {{"n", number}, {"type", "IPv4"}, {"ports", json::array()}};
    for (const cluster::EndpointPort& port : slice.ports) {
      json one = {port.name, port.port, port.protocol};
      if (port.rest.fields) one.push_back(port.rest.fields->at("appProtocol"));
      out["ports"].push_back(std::move(one));
    }
    json labels = *slice.meta.labels;
    labels.erase("kubernetes.io/service-name");
    labels.erase("endpointslice.kubernetes.io/managed-by");
    if (!labels.empty()) out["labels"] = std::move(labels);
    if (packing) {
      out["count"] = json::object();
      for (const cluster::Endpoint& endpoint : slice.endpoints) {
        json& count = out["count"][letters(endpoint)];
        count = count.is_null() ? 1 : count.get<int>() + 1;
      }
      return out;
    }
    std::map<int, std::string> endpoints;
    for (const cluster::Endpoint& endpoint : slice.endpoints) {
      const int pod = std::stoi(endpoint.pod_name.substr(1));
      std::string text = fmt::format("{}:{} {}", pod, letters(endpoint), endpoint.address);
      if (!endpoint.node_name.empty()) text += fmt::format(" node={}", endpoint.node_name);
      const json rest = endpoint.rest.fields ? *endpoint.rest.fields : json::object();
      if (rest.contains("zone")) text += fmt::format(" zone={}", rest.at("zone").get<std::string>());
      if (rest.contains("hostname")) text += fmt::format(" host={}", rest.at("hostname").get<std::string>());
      for (const char* kind : {"forZones", "forNodes"}) {
        if (rest.contains("hints") && rest.at("hints").contains(kind)) {
          text += fmt::format(" {}={}", kind, rest.at("hints").at(kind).at(0).at("name").get<std::string>());
        }
      }
      endpoints[pod] = std::move(text);
    }
    out["endpoints"] = json::array();
    for (const auto& [pod, text] : endpoints) out["endpoints"].push_back(text);
    return out;
  }

  void add_pod(bool ready, int number) {
    pods_[number] = pod_of({{"n", number}, {"ip", fmt::format("10.{}.{}.{}", number / 65536, number / 256 % 256, number % 256)}, {"phase", "Running"},
                            {"ready", ready ? "True" : "False"}, {"node", "n1"}});
  }

  /// The lowest pods of a slice, by its recorded number.
  [[nodiscard]] std::vector<int> lowest_of(int slice, std::size_t count) const {
    std::vector<int> pods;
    for (const auto& [name, number] : numbers_) {
      if (number != slice) continue;
      for (const cluster::Endpoint& endpoint : slices_.at(name).endpoints) pods.push_back(std::stoi(endpoint.pod_name.substr(1)));
    }
    std::sort(pods.begin(), pods.end());
    if (pods.size() > count) pods.resize(count);
    return pods;
  }

  void operate(const json& op) {
    const std::string what = op.at(0);
    if (what == "all") {
      for (std::size_t i = 1; i < op.size(); ++i) operate(op.at(i));
    } else if (what == "add") {
      for (int i = 0; i < op.at(1).get<int>(); ++i) add_pod(true, ++last_pod_);
    } else {
      for (const int pod : lowest_of(op.at(1).get<int>(), op.at(2).get<std::size_t>())) {
        if (what == "remove") pods_.erase(pod);
        if (what == "unready" && pods_.contains(pod)) add_pod(false, pod);
      }
    }
  }

  std::size_t most_;
  std::optional<cluster::Service> service_;
  std::map<std::string, cluster::Ptr<cluster::Node>, std::less<>> nodes_;
  std::map<int, cluster::Ptr<cluster::Pod>> pods_;
  std::map<std::string, cluster::EndpointSlice> slices_;
  std::map<std::string, int> numbers_;  ///< as recorded, by name
  int created_ = 0;
  int last_pod_ = 0;
  bool failed_ = false;
  bool recycled_ = false;  ///< in this step a slice with other ports took over an old name
};

std::optional<std::string> check_trace(const json& p, const json& steps) {
  SliceWorld world(p);
  std::size_t number = 0;
  for (const json& step : steps) {
    if (auto difference = world.step(step)) return fmt::format("step {}: {}", number, *difference);
    ++number;
  }
  return std::nullopt;
}

std::optional<std::string> check_slices(const json& recorded) {
  auto difference = check_trace(recorded.at("p"), recorded.at("steps"));
  if (!difference) return std::nullopt;
  for (const json& other : recorded.value("alt", json::array())) {
    if (!check_trace(recorded.at("p"), other)) return std::nullopt;
  }
  return difference;
}

}  // namespace

std::vector<Family> endpoint_slice_families() {
  return {{"controllers2/f16_endpointslice", [](const json& file, Tally& tally) { for_each_case(file, tally, check_slices); }}};
}

}  // namespace tandem::truth
