#pragma once
// Kubernetes-shaped objects as values. Field names are Kubernetes' in snake_case; units are in the comments.
// What no controller of ours reads is kept in `rest`, so that objects convert to Kubernetes JSON and back without loss
// (cluster/json.hpp). Parts that pods of one workload share (labels, specs, templates) are held by Shared<>.
// Every member has an initialiser, so that designated initialisers may name just the fields that matter.

#include <cstdint>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/base/quantity.hpp"
#include "core/base/shared.hpp"
#include "core/base/time.hpp"

namespace tandem::cluster {

using Labels = std::map<std::string, std::string, std::less<>>;
using ResourceList = std::map<std::string, Quantity, std::less<>>;

/// A moment that a document left out (Go's zero time): before every moment a run can reach, and far enough from the limits
/// of int64 that subtracting it from any of them does not overflow. Written back as absent.
inline constexpr SimTime kTimeUnset{-(std::int64_t{1} << 62)};

/// Fields of a JSON object that the typed view does not know. Null when there are none. Compares by value.
struct JsonRest {
  std::shared_ptr<const nlohmann::json> fields{};
  friend bool operator==(const JsonRest& a, const JsonRest& b);
};

/// "25%" or 3, kept as written.
struct IntOrString {
  std::variant<std::int32_t, std::string> value = 0;
  friend bool operator==(const IntOrString&, const IntOrString&) = default;
};

struct OwnerReference {
  std::string api_version{};
  std::string kind{};
  std::string name{};
  std::string uid{};
  bool controller = false;
  bool block_owner_deletion = false;
  JsonRest rest{};
  friend bool operator==(const OwnerReference&, const OwnerReference&) = default;
};

struct ObjectMeta {
  std::string name{};
  std::string namespace_{};          ///< empty for cluster-scoped kinds
  std::string generate_name{};
  std::string uid{};
  std::int64_t resource_version = 0;
  std::int64_t generation = 0;
  SimTime creation_timestamp{};  ///< kTimeUnset in a document that has none; ApiServer::create sets it
  std::optional<SimTime> deletion_timestamp{};
  std::optional<std::int64_t> deletion_grace_period_seconds{};
  Shared<Labels> labels{};
  Shared<Labels> annotations{};
  std::vector<OwnerReference> owner_references{};
  std::vector<std::string> finalizers{};
  JsonRest rest{};
  friend bool operator==(const ObjectMeta&, const ObjectMeta&) = default;
};

/// The owner reference with controller: true, or nullptr.
const OwnerReference* controller_of(const ObjectMeta& meta);

// ---------------------------------------------------------------- selectors

enum class SelectorOperator : std::uint8_t { In, NotIn, Exists, DoesNotExist, Gt, Lt };

struct SelectorRequirement {
  std::string key{};
  SelectorOperator op = SelectorOperator::In;
  std::vector<std::string> values{};
  friend bool operator==(const SelectorRequirement&, const SelectorRequirement&) = default;
};

/// metav1.LabelSelector. An empty one matches everything; "nil" is expressed by std::optional where Kubernetes has it.
struct LabelSelector {
  Labels match_labels{};
  std::vector<SelectorRequirement> match_expressions{};
  friend bool operator==(const LabelSelector&, const LabelSelector&) = default;
};

// ---------------------------------------------------------------- pods

struct ContainerPort {
  std::string name{};
  std::int32_t container_port = 0;
  std::int32_t host_port = 0;
  std::string host_ip{};
  std::string protocol = "TCP";
  JsonRest rest{};
  friend bool operator==(const ContainerPort&, const ContainerPort&) = default;
};

struct EnvVar {
  std::string name{};
  std::string value{};
  std::string field_path{};  ///< downward API (valueFrom.fieldRef), e.g. "status.podIP"; empty if `value` counts
  JsonRest rest{};
  friend bool operator==(const EnvVar&, const EnvVar&) = default;
};

struct HttpGetAction {
  std::string path = "/";
  IntOrString port{};
  std::string scheme = "HTTP";
  std::string host{};
  JsonRest rest{};  ///< httpHeaders
  friend bool operator==(const HttpGetAction&, const HttpGetAction&) = default;
};
struct TcpSocketAction {
  IntOrString port{};
  std::string host{};
  friend bool operator==(const TcpSocketAction&, const TcpSocketAction&) = default;
};
struct ExecAction {
  std::vector<std::string> command{};
  friend bool operator==(const ExecAction&, const ExecAction&) = default;
};
/// The kubelet waits this long itself (lifecycle hooks only).
struct SleepAction {
  std::int64_t seconds = 0;
  friend bool operator==(const SleepAction&, const SleepAction&) = default;
};
/// grpc.health.v1 check. Its `service` is kept even when empty, as the API server does.
struct GrpcAction {
  std::int32_t port = 0;
  std::string service{};
  friend bool operator==(const GrpcAction&, const GrpcAction&) = default;
};

struct Probe {
  std::variant<HttpGetAction, TcpSocketAction, ExecAction, GrpcAction> action{};
  std::int32_t initial_delay_seconds = 0;
  std::int32_t period_seconds = 10;
  std::int32_t timeout_seconds = 1;
  std::int32_t success_threshold = 1;
  std::int32_t failure_threshold = 3;
  std::optional<std::int64_t> termination_grace_period_seconds{};
  JsonRest rest{};
  friend bool operator==(const Probe&, const Probe&) = default;
};

/// What a lifecycle hook does.
struct LifecycleHandler {
  std::variant<HttpGetAction, TcpSocketAction, ExecAction, SleepAction> action{};
  friend bool operator==(const LifecycleHandler&, const LifecycleHandler&) = default;
};
struct Lifecycle {
  std::optional<LifecycleHandler> post_start{};
  std::optional<LifecycleHandler> pre_stop{};
  JsonRest rest{};  ///< stopSignal
  friend bool operator==(const Lifecycle&, const Lifecycle&) = default;
};

/// containers[].restartPolicyRules (gate ContainerRestartRules): the first rule that matches an exit code decides.
struct ContainerRestartRule {
  struct ExitCodes {
    std::string op{};  ///< "In" or "NotIn"
    std::vector<std::int32_t> values{};
    friend bool operator==(const ExitCodes&, const ExitCodes&) = default;
  };
  std::string action{};  ///< "Restart"
  std::optional<ExitCodes> exit_codes{};
  JsonRest rest{};
  friend bool operator==(const ContainerRestartRule&, const ContainerRestartRule&) = default;
};

struct ResourceRequirements {
  ResourceList requests{};
  ResourceList limits{};
  JsonRest rest{};
  friend bool operator==(const ResourceRequirements&, const ResourceRequirements&) = default;
};

struct Container {
  std::string name{};
  std::string image{};
  std::string image_pull_policy{};  ///< empty = defaulted by tag (kubernetes-semantics §4.5)
  std::vector<std::string> command{};
  std::vector<std::string> args{};
  std::vector<EnvVar> env{};
  std::vector<ContainerPort> ports{};
  ResourceRequirements resources{};
  std::optional<Probe> readiness_probe{};
  std::optional<Probe> liveness_probe{};
  std::optional<Probe> startup_probe{};
  std::optional<Lifecycle> lifecycle{};
  std::string restart_policy{};  ///< "Always" makes an init container a sidecar
  std::vector<ContainerRestartRule> restart_policy_rules{};
  JsonRest rest{};  ///< volumeMounts, securityContext, …
  friend bool operator==(const Container&, const Container&) = default;
};

struct NodeSelectorTerm {
  std::vector<SelectorRequirement> match_expressions{};
  std::vector<SelectorRequirement> match_fields{};
  friend bool operator==(const NodeSelectorTerm&, const NodeSelectorTerm&) = default;
};
struct PreferredSchedulingTerm {
  std::int32_t weight = 0;
  NodeSelectorTerm preference{};
  friend bool operator==(const PreferredSchedulingTerm&, const PreferredSchedulingTerm&) = default;
};
struct NodeAffinity {
  std::optional<std::vector<NodeSelectorTerm>> required{};  ///< requiredDuringScheduling…nodeSelectorTerms
  std::vector<PreferredSchedulingTerm> preferred{};
  friend bool operator==(const NodeAffinity&, const NodeAffinity&) = default;
};
struct PodAffinityTerm {
  std::optional<LabelSelector> label_selector{};
  std::vector<std::string> namespaces{};
  std::optional<LabelSelector> namespace_selector{};
  std::string topology_key{};
  std::vector<std::string> match_label_keys{};
  std::vector<std::string> mismatch_label_keys{};
  JsonRest rest{};
  friend bool operator==(const PodAffinityTerm&, const PodAffinityTerm&) = default;
};
struct WeightedPodAffinityTerm {
  std::int32_t weight = 0;
  PodAffinityTerm term{};
  friend bool operator==(const WeightedPodAffinityTerm&, const WeightedPodAffinityTerm&) = default;
};
struct PodAffinity {
  std::vector<PodAffinityTerm> required{};
  std::vector<WeightedPodAffinityTerm> preferred{};
  friend bool operator==(const PodAffinity&, const PodAffinity&) = default;
};
struct Affinity {
  std::optional<NodeAffinity> node_affinity{};
  std::optional<PodAffinity> pod_affinity{};
  std::optional<PodAffinity> pod_anti_affinity{};
  friend bool operator==(const Affinity&, const Affinity&) = default;
};

struct Toleration {
  std::string key{};
  std::string op{};  ///< "Equal", "Exists" or empty (= Equal)
  std::string value{};
  std::string effect{};
  std::optional<std::int64_t> toleration_seconds{};
  JsonRest rest{};
  friend bool operator==(const Toleration&, const Toleration&) = default;
};

struct TopologySpreadConstraint {
  std::int32_t max_skew = 1;
  std::string topology_key{};
  std::string when_unsatisfiable{};
  std::optional<LabelSelector> label_selector{};
  std::optional<std::int32_t> min_domains{};
  std::string node_affinity_policy{};
  std::string node_taints_policy{};
  std::vector<std::string> match_label_keys{};
  JsonRest rest{};
  friend bool operator==(const TopologySpreadConstraint&, const TopologySpreadConstraint&) = default;
};

/// Everything of spec that does not change while a pod lives; spec.nodeName lives in Pod.
struct PodSpec {
  std::vector<Container> init_containers{};
  std::vector<Container> containers{};
  std::string restart_policy = "Always";
  std::int64_t termination_grace_period_seconds = 30;
  std::optional<std::int64_t> active_deadline_seconds{};
  Labels node_selector{};
  Affinity affinity{};
  std::vector<Toleration> tolerations{};
  std::vector<TopologySpreadConstraint> topology_spread_constraints{};
  std::string scheduler_name = "default-scheduler";
  std::string priority_class_name{};
  std::optional<std::int32_t> priority{};
  std::string preemption_policy{};
  bool host_network = false;
  ResourceList overhead{};
  std::optional<ResourceRequirements> resources{};  ///< pod level (1.34)
  std::vector<std::string> scheduling_gates{};
  std::vector<std::string> readiness_gates{};
  JsonRest rest{};
  friend bool operator==(const PodSpec&, const PodSpec&) = default;
};

enum class ConditionStatus : std::uint8_t { True, False, Unknown };

struct Condition {
  std::string type{};
  ConditionStatus status = ConditionStatus::Unknown;
  std::string reason{};
  std::string message{};
  SimTime last_transition_time{};
  std::optional<SimTime> last_update_time{};  ///< Deployment conditions only
  JsonRest rest{};
  friend bool operator==(const Condition&, const Condition&) = default;
};

const Condition* find_condition(const std::vector<Condition>& conditions, std::string_view type);

struct ContainerStateWaiting {
  std::string reason{};
  std::string message{};
  friend bool operator==(const ContainerStateWaiting&, const ContainerStateWaiting&) = default;
};
struct ContainerStateRunning {
  SimTime started_at{};
  friend bool operator==(const ContainerStateRunning&, const ContainerStateRunning&) = default;
};
struct ContainerStateTerminated {
  std::int32_t exit_code = 0;
  std::int32_t signal = 0;
  std::string reason{};
  std::string message{};
  SimTime started_at{};
  SimTime finished_at{};
  JsonRest rest{};  ///< containerID
  friend bool operator==(const ContainerStateTerminated&, const ContainerStateTerminated&) = default;
};
using ContainerState = std::variant<ContainerStateWaiting, ContainerStateRunning, ContainerStateTerminated>;

struct ContainerStatus {
  std::string name{};
  std::string image{};
  std::string container_id{};
  ContainerState state{};
  std::optional<ContainerState> last_state{};
  bool ready = false;
  bool started = false;
  std::int32_t restart_count = 0;
  JsonRest rest{};
  friend bool operator==(const ContainerStatus&, const ContainerStatus&) = default;
};

enum class PodPhase : std::uint8_t { None, Pending, Running, Succeeded, Failed, Unknown };

struct PodStatus {
  PodPhase phase = PodPhase::None;
  std::string reason{};
  std::string message{};
  std::vector<Condition> conditions{};
  std::string host_ip{};
  std::string pod_ip{};
  std::optional<SimTime> start_time{};
  std::string nominated_node_name{};
  std::string qos_class{};
  std::vector<ContainerStatus> init_container_statuses{};
  std::vector<ContainerStatus> container_statuses{};
  JsonRest rest{};
  friend bool operator==(const PodStatus&, const PodStatus&) = default;
};

struct Pod {
  ObjectMeta meta{};
  std::string node_name{};  ///< spec.nodeName; empty until bound
  Shared<PodSpec> spec{};
  PodStatus status{};
  friend bool operator==(const Pod&, const Pod&) = default;
};

struct PodTemplate {
  Shared<Labels> labels{};
  Shared<Labels> annotations{};
  Shared<PodSpec> spec{};
  JsonRest rest{};
  friend bool operator==(const PodTemplate&, const PodTemplate&) = default;
};

// ---------------------------------------------------------------- nodes

struct Taint {
  std::string key{};
  std::string value{};
  std::string effect{};
  std::optional<SimTime> time_added{};
  JsonRest rest{};
  friend bool operator==(const Taint&, const Taint&) = default;
};
struct ContainerImage {
  std::vector<std::string> names{};
  std::int64_t size_bytes = 0;
  friend bool operator==(const ContainerImage&, const ContainerImage&) = default;
};
struct NodeSpec {
  bool unschedulable = false;
  std::vector<Taint> taints{};
  std::string pod_cidr{};
  JsonRest rest{};
  friend bool operator==(const NodeSpec&, const NodeSpec&) = default;
};
struct NodeStatus {
  ResourceList capacity{};
  ResourceList allocatable{};
  std::vector<Condition> conditions{};
  std::vector<ContainerImage> images{};
  std::string internal_ip{};
  std::string kubelet_version{};
  JsonRest rest{};
  friend bool operator==(const NodeStatus&, const NodeStatus&) = default;
};
struct Node {
  ObjectMeta meta{};
  NodeSpec spec{};
  NodeStatus status{};
  friend bool operator==(const Node&, const Node&) = default;
};

// ---------------------------------------------------------------- workloads

struct DeploymentStrategy {
  std::string type = "RollingUpdate";
  IntOrString max_surge{std::string("25%")};
  IntOrString max_unavailable{std::string("25%")};
  friend bool operator==(const DeploymentStrategy&, const DeploymentStrategy&) = default;
};
struct DeploymentSpec {
  std::int32_t replicas = 1;
  Shared<LabelSelector> selector{};
  Shared<PodTemplate> pod_template{};
  DeploymentStrategy strategy{};
  std::int32_t min_ready_seconds = 0;
  std::int32_t progress_deadline_seconds = 600;
  std::int32_t revision_history_limit = 10;
  bool paused = false;
  JsonRest rest{};
  friend bool operator==(const DeploymentSpec&, const DeploymentSpec&) = default;
};
struct DeploymentStatus {
  std::int64_t observed_generation = 0;
  std::int32_t replicas = 0;
  std::int32_t updated_replicas = 0;
  std::int32_t ready_replicas = 0;
  std::int32_t available_replicas = 0;
  std::int32_t unavailable_replicas = 0;
  std::optional<std::int32_t> collision_count{};
  std::vector<Condition> conditions{};
  JsonRest rest{};
  friend bool operator==(const DeploymentStatus&, const DeploymentStatus&) = default;
};
struct Deployment {
  ObjectMeta meta{};
  DeploymentSpec spec{};
  DeploymentStatus status{};
  friend bool operator==(const Deployment&, const Deployment&) = default;
};

struct ReplicaSetSpec {
  std::int32_t replicas = 1;
  std::int32_t min_ready_seconds = 0;
  Shared<LabelSelector> selector{};
  Shared<PodTemplate> pod_template{};
  JsonRest rest{};
  friend bool operator==(const ReplicaSetSpec&, const ReplicaSetSpec&) = default;
};
struct ReplicaSetStatus {
  std::int64_t observed_generation = 0;
  std::int32_t replicas = 0;
  std::int32_t fully_labeled_replicas = 0;
  std::int32_t ready_replicas = 0;
  std::int32_t available_replicas = 0;
  std::vector<Condition> conditions{};
  JsonRest rest{};
  friend bool operator==(const ReplicaSetStatus&, const ReplicaSetStatus&) = default;
};
struct ReplicaSet {
  ObjectMeta meta{};
  ReplicaSetSpec spec{};
  ReplicaSetStatus status{};
  friend bool operator==(const ReplicaSet&, const ReplicaSet&) = default;
};

// ---------------------------------------------------------------- services

struct ServicePort {
  std::string name{};
  std::string protocol = "TCP";
  std::int32_t port = 0;
  IntOrString target_port{};
  std::int32_t node_port = 0;
  JsonRest rest{};  ///< appProtocol
  friend bool operator==(const ServicePort&, const ServicePort&) = default;
};
struct ServiceSpec {
  std::string type = "ClusterIP";
  std::string cluster_ip{};
  std::optional<Labels> selector{};  ///< absent selects nothing
  std::vector<ServicePort> ports{};
  bool publish_not_ready_addresses = false;
  JsonRest rest{};
  friend bool operator==(const ServiceSpec&, const ServiceSpec&) = default;
};
struct Service {
  ObjectMeta meta{};
  ServiceSpec spec{};
  JsonRest status{};
  friend bool operator==(const Service&, const Service&) = default;
};

struct Endpoint {
  std::string address{};  ///< pod IP
  bool ready = false;
  bool serving = false;
  bool terminating = false;
  std::string node_name{};
  std::string pod_name{};
  std::string pod_uid{};
  JsonRest rest{};  ///< zone, hints, hostname, further addresses; a condition that the document left out is null here
  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};
struct EndpointPort {
  std::string name{};
  std::string protocol = "TCP";
  std::int32_t port = 0;
  JsonRest rest{};  ///< appProtocol
  friend bool operator==(const EndpointPort&, const EndpointPort&) = default;
};
/// One slice holds at most 100 endpoints; its Service is the label kubernetes.io/service-name and its owner.
struct EndpointSlice {
  ObjectMeta meta{};
  std::vector<Endpoint> endpoints{};
  std::vector<EndpointPort> ports{};
  JsonRest rest{};
  friend bool operator==(const EndpointSlice&, const EndpointSlice&) = default;
};

// ---------------------------------------------------------------- events and the rest

/// core/v1 Event. Identical events are folded by the recorder: `count` grows.
struct Event {
  ObjectMeta meta{};
  std::string type = "Normal";  ///< Normal or Warning
  std::string reason{};
  std::string message{};
  std::string involved_kind{};
  std::string involved_name{};
  std::string involved_namespace{};
  std::string involved_uid{};
  std::string source_component{};
  std::string source_host{};
  std::int32_t count = 1;
  SimTime first_timestamp{};
  SimTime last_timestamp{};
  JsonRest rest{};
  friend bool operator==(const Event&, const Event&) = default;
};

/// Any kind that no controller of ours understands yet; kept whole.
struct Unstructured {
  ObjectMeta meta{};
  std::string api_version{};
  std::string kind{};
  JsonRest rest{};  ///< everything but metadata, apiVersion, kind
  friend bool operator==(const Unstructured&, const Unstructured&) = default;
};

/// Every kind the API server stores, in the order of their dense KindIndex.
enum class Kind : std::uint8_t { Node, Pod, ReplicaSet, Deployment, Service, EndpointSlice, Event, Unstructured };
inline constexpr std::size_t kKindCount = 8;

using AnyObject = std::variant<Node, Pod, ReplicaSet, Deployment, Service, EndpointSlice, Event, Unstructured>;

template <class T>
struct KindOf;
#define TANDEM_KIND(type)                             \
  template <>                                         \
  struct KindOf<type> {                               \
    static constexpr Kind kind = Kind::type;          \
    static constexpr std::string_view name = #type;   \
  };
TANDEM_KIND(Node)
TANDEM_KIND(Pod)
TANDEM_KIND(ReplicaSet)
TANDEM_KIND(Deployment)
TANDEM_KIND(Service)
TANDEM_KIND(EndpointSlice)
TANDEM_KIND(Event)
TANDEM_KIND(Unstructured)
#undef TANDEM_KIND

std::string_view name_of(Kind kind);

// ---------------------------------------------------------------- small questions asked everywhere

inline bool is_terminating(const ObjectMeta& meta) { return meta.deletion_timestamp.has_value(); }
inline bool is_terminal(PodPhase phase) { return phase == PodPhase::Succeeded || phase == PodPhase::Failed; }
/// Active = neither Succeeded nor Failed and no deletionTimestamp (kubernetes-semantics §3).
inline bool is_active(const Pod& pod) { return !is_terminal(pod.status.phase) && !is_terminating(pod.meta); }
/// An init container that is restarted for ever and keeps running beside the others.
inline bool is_sidecar(const Container& init_container) { return init_container.restart_policy == "Always"; }
/// Ready condition True.
bool is_ready(const Pod& pod);
/// Ready, and (min_ready_seconds == 0 or ready for that long at `now`).
bool is_available(const Pod& pod, std::int32_t min_ready_seconds, SimTime now);
/// "BestEffort", "Burstable" or "Guaranteed": what the API server writes into status.qosClass when a pod is created. Requests
/// must have been defaulted from limits before (apply_defaults).
std::string_view qos_class_of(const PodSpec& spec);
std::string_view name_of(PodPhase phase);
std::string_view name_of(ConditionStatus status);

}  // namespace tandem::cluster
