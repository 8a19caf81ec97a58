#include "core/world/control_plane.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/base/check.hpp"
#include "core/control/deployment_controller.hpp"
#include "core/control/endpoint_slice_controller.hpp"
#include "core/control/kubelet/kubelets.hpp"
#include "core/control/kubelet/pod_address_pool.hpp"
#include "core/control/node_removal_reporter.hpp"
#include "core/control/pod_garbage_collector.hpp"
#include "core/control/replica_set_controller.hpp"
#include "core/control/scheduler/scheduler.hpp"

namespace tandem::world {

using namespace cluster;  // NOLINT: this file is about cluster objects

namespace {

/// Version that nodes report; the baseline of the semantics reference.
constexpr std::string_view kKubeletVersion = "v1.34.4";
constexpr int kNodePrefixLength = 24;
/// Node addresses, as kind's docker network gives them.
constexpr std::uint32_t kFirstNodeAddress = (172u << 24) + (18u << 16) + 2;

/// The kubelet's evictionMonitoringPeriod.
constexpr SimDuration kEvictionMonitoringPeriod = seconds(10);

/// Containers hold memory only where the scenario says so; without that no node can run short, and none is asked.
bool any_image_takes_memory(const scenario::Scenario& scenario) {
  return std::any_of(scenario.images.begin(), scenario.images.end(), [](const auto& image) { return image.second.memory.has_value(); });
}

std::string host_ip(std::uint32_t index) { return control::ipv4_text(kFirstNodeAddress + index); }

}  // namespace

Result<DeliveryProfile> delivery_profile(const std::string& name) {
  if (name == "kubernetes") return DeliveryProfile::kubernetes();
  if (name == "instant") return DeliveryProfile::instant();
  return fail(make_error(ErrorCode::ValueNotAllowed, "unknown delivery profile").with_found(name).with_allowed("kubernetes, instant"));
}

Result<std::string> node_pod_range(const scenario::ClusterSpec& cluster, std::uint32_t index) {
  const Result<control::Ipv4Range> subnet = control::Ipv4Range::parse(cluster.pod_subnet);
  if (!subnet) return tl::unexpected(subnet.error());
  const Result<control::Ipv4Range> range = subnet->subrange(index, kNodePrefixLength);
  if (!range) return tl::unexpected(range.error());
  return to_string(*range);
}

Node make_node(const scenario::NodeSpec& spec, const scenario::Scenario& scenario, std::uint32_t index) {
  Node node;
  node.meta.name = spec.name;
  node.meta.labels = spec.labels;
  node.spec.taints = spec.taints;
  node.spec.pod_cidr = node_pod_range(scenario.cluster, index).value_or("");
  node.status.capacity = spec.extended;
  node.status.capacity.insert_or_assign("cpu", Quantity::of_milli(spec.cpu_milli));
  node.status.capacity.insert_or_assign("memory", Quantity::of_value(spec.memory_bytes));
  node.status.capacity.insert_or_assign("pods", Quantity::of_value(spec.max_pods));
  node.status.allocatable = node.status.capacity;
  node.status.internal_ip = host_ip(index);
  node.status.kubelet_version = kKubeletVersion;
  const auto condition = [](std::string type, ConditionStatus status, std::string reason, std::string message) {
    Condition made;
    made.type = std::move(type);
    made.status = status;
    made.reason = std::move(reason);
    made.message = std::move(message);
    return made;
  };
  node.status.conditions = {
      condition("MemoryPressure", ConditionStatus::False, "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
      condition("DiskPressure", ConditionStatus::False, "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
      condition("PIDPressure", ConditionStatus::False, "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
      condition("Ready", ConditionStatus::True, "KubeletReady", "kubelet is posting ready status")};
  for (const auto& [reference, image] : scenario.images) {
    if (image.preloaded) node.status.images.push_back({{reference}, image.size_bytes});
  }
  return node;
}

struct ControlPlane::Components {
  Components(Clock& clock, ApiServer& api, SimDuration watch_delay)
      : deployments(api, watch_delay),
        replica_sets(api, watch_delay),
        pods(api, watch_delay),
        services(api, watch_delay),
        informers{deployments, replica_sets, pods},
        endpoint_slices(clock, api, services, pods),
        pod_garbage(clock, api, watch_delay) {}

  // The controller manager's informers; the scheduler and the kubelets have their own.
  Informer<Deployment> deployments;
  Informer<ReplicaSet> replica_sets;
  Informer<Pod> pods;
  Informer<Service> services;
  control::SharedInformers informers;
  control::EndpointSliceController endpoint_slices;
  control::PodGarbageCollector pod_garbage;
  std::unique_ptr<control::DeploymentController> deployment_controller;
  std::unique_ptr<control::ReplicaSetController> replica_set_controller;
  std::unique_ptr<control::Scheduler> scheduler;
  std::unique_ptr<control::Kubelets> kubelets;
  std::unique_ptr<control::NodeRemovalReporter> removals;
};

ControlPlane::ControlPlane(Clock& clock, const scenario::Scenario& scenario, control::NodeRuntime& runtime, record::Sink* sink,
                           std::map<std::string, control::scheduler::ExternalPolicyPtr> policies, std::uint32_t check_decisions)
    : clock_(clock), scenario_(scenario) {
  const Result<DeliveryProfile> profile = delivery_profile(scenario.delivery);
  CHECK(profile.has_value(), "the loader lets only known delivery profiles through");
  api_ = std::make_unique<ApiServer>(clock, *profile, scenario.seed);
  if (sink != nullptr) record_commits(*sink);
  components_ = std::make_unique<Components>(clock, *api_, profile->watch_delay);
  components_->deployment_controller = std::make_unique<control::DeploymentController>(clock, *api_, components_->informers);
  components_->replica_set_controller = std::make_unique<control::ReplicaSetController>(clock, *api_, components_->informers);
  control::SchedulerOptions options;
  options.profiles = scenario.scheduler.profiles;
  options.policies = std::move(policies);
  options.backoff = {scenario.scheduler.pod_initial_backoff, scenario.scheduler.pod_max_backoff};
  options.seed = scenario.seed;
  options.check_every = check_decisions;
  if (sink != nullptr) {
    options.on_decision = [sink](const record::SchedulingDecision& decision) { sink->decision(decision); };
    options.on_note = [sink](const record::SchedulerNote& note) { sink->scheduler_note(note); };
  }
  components_->scheduler = std::make_unique<control::Scheduler>(clock, *api_, std::move(options));

  std::vector<control::KubeletOptions> nodes;
  for (std::uint32_t index = 0; index < scenario.cluster.nodes.size(); ++index) {
    control::KubeletOptions kubelet;
    kubelet.node_name = scenario.cluster.nodes[index].name;
    kubelet.node_index = index;
    const Result<std::string> range = node_pod_range(scenario.cluster, index);
    CHECK(range.has_value(), "the loader checks that the pod subnet has room for every node");
    kubelet.pod_range = *control::Ipv4Range::parse(*range);
    kubelet.host_ip = host_ip(index);
    kubelet.seed = scenario.seed;
    kubelet.memory_capacity = scenario.cluster.nodes[index].memory_bytes;
    if (any_image_takes_memory(scenario)) kubelet.eviction_monitoring_period = kEvictionMonitoringPeriod;
    nodes.push_back(std::move(kubelet));
  }
  components_->kubelets = std::make_unique<control::Kubelets>(clock, *api_, runtime, std::move(nodes));
  components_->removals = std::make_unique<control::NodeRemovalReporter>(clock, *api_, profile->watch_delay);
}

ControlPlane::~ControlPlane() = default;

std::size_t ControlPlane::pods_on_nodes() const { return components_->kubelets->pod_count(); }

void ControlPlane::set_node_connected(const std::string& node_name, bool connected) { components_->kubelets->set_connected(node_name, connected); }

Status ControlPlane::boot() {
  components_->pod_garbage.start();
  components_->removals->start();
  for (std::uint32_t index = 0; index < scenario_.cluster.nodes.size(); ++index) {
    TANDEM_TRY(api_->create(make_node(scenario_.cluster.nodes[index], scenario_, index)));
  }
  const Result<control::Ipv4Range> service_subnet = control::Ipv4Range::parse(scenario_.cluster.service_subnet);
  if (!service_subnet) return tl::unexpected(service_subnet.error());
  control::AddressPool service_addresses(*service_subnet);
  for (const AnyObject& object : scenario_.objects) {
    if (const auto* service = std::get_if<Service>(&object)) service_addresses.reserve(service->spec.cluster_ip);
  }
  for (const AnyObject& object : scenario_.objects) {
    Status applied = std::visit(
        [&](auto copy) -> Status {
          using T = decltype(copy);
          if constexpr (std::is_same_v<T, Service>) {
            if (copy.spec.cluster_ip.empty() && copy.spec.type != "ExternalName") {
              Result<std::string> address = service_addresses.acquire();
              if (!address) return tl::unexpected(std::move(address).error());
              copy.spec.cluster_ip = *address;
            }
          }
          if constexpr (std::is_same_v<T, Event> || std::is_same_v<T, Node>) {
            return {};  // nodes come from the cluster description, events from components
          } else {
            auto created = api_->create(std::move(copy));
            if (!created) return tl::unexpected(std::move(created).error());
            return {};
          }
        },
        object);
    TANDEM_TRY(std::move(applied));
  }
  return {};
}

void ControlPlane::record_commits(record::Sink& sink) {
  const auto record = [&]<class T>(std::type_identity<T>) {
    recordings_.push_back(api_->on_commit<T>([&sink](const Change<T>& change) {
      sink.object_changed(change.committed_at, change.type, AnyObject(*change.object));
    }));
  };
  record(std::type_identity<Node>{});
  record(std::type_identity<Pod>{});
  record(std::type_identity<ReplicaSet>{});
  record(std::type_identity<Deployment>{});
  record(std::type_identity<Service>{});
  record(std::type_identity<EndpointSlice>{});
  record(std::type_identity<Event>{});
  record(std::type_identity<Unstructured>{});
}

}  // namespace tandem::world
