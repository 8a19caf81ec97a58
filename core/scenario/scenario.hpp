#pragma once
// The Scenario: a validated, immutable value without pointers into files. Everything a world needs and nothing about
// how it was written. Produced by load.hpp only.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/balance/balancer_runtime.hpp"
#include "core/base/result.hpp"
#include "core/base/time.hpp"
#include "core/cluster/api_server.hpp"
#include "core/cluster/objects.hpp"
#include "core/scenario/scheduler_config.hpp"

namespace tandem::scenario {

/// A node's attachment to the cluster network.
struct LinkSpec {
  double bandwidth = 125e6;                        ///< bytes per second, each direction (1 Gbit/s)
  SimDuration latency = microseconds(100);         ///< one way, node to core switch
  friend bool operator==(const LinkSpec&, const LinkSpec&) = default;
};

struct NodeSpec {
  std::string name;
  bool control_plane = false;
  std::int64_t cpu_milli = 4000;
  std::int64_t memory_bytes = std::int64_t{8} << 30;
  std::int64_t max_pods = 110;
  cluster::ResourceList extended;                  ///< extended resources such as nvidia.com/gpu
  cluster::Labels labels;                          ///< kubernetes.io/hostname and the role label are added by the loader
  std::vector<cluster::Taint> taints;              ///< the control plane's NoSchedule taint is added by the loader
  std::string zone;                                ///< topology.kubernetes.io/zone, empty = none
  LinkSpec link;
  friend bool operator==(const NodeSpec&, const NodeSpec&) = default;
};

struct ClusterSpec {
  std::string name = "kind";
  std::vector<NodeSpec> nodes;
  std::string pod_subnet = "10.244.0.0/16";        ///< node i (from 0) owns the i-th /24
  std::string service_subnet = "10.96.0.0/16";
  friend bool operator==(const ClusterSpec&, const ClusterSpec&) = default;
};

enum class Discipline : std::uint8_t { Fifo, Shared };

/// What a request to a route costs and gets.
struct RouteSpec {
  std::string pattern;             ///< "/", "/chat/*": '*' matches the rest of the path; longest literal prefix wins
  SimDuration cpu;                 ///< CPU demand at the calibrated reference speed
  SimDuration wait;                ///< time not on CPU (a downstream call)
  bool exponential = false;        ///< cpu is the mean of an exponential demand instead of a constant
  std::int32_t status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;                ///< template: {pod} {podIP} {node} {version} {1} (what '*' matched) {query.NAME}
  std::int64_t response_bytes = 0; ///< padding up to this size; 0 = the body alone
  friend bool operator==(const RouteSpec&, const RouteSpec&) = default;
};

enum class OnTerminate : std::uint8_t {
  Finish,  ///< SIGTERM: stop accepting after `drain`, finish what is in flight, exit 0
  Abort,   ///< SIGTERM: keep serving for `drain`, then exit 0 at once; requests in flight are lost
  Ignore,  ///< SIGTERM changes nothing: SIGKILL comes when the grace is over
};

/// The process ends by itself.
struct ExitSpec {
  SimDuration after;               ///< since the start of the process
  std::int32_t code = 0;
  std::int64_t times = 0;          ///< only in the first so many starts of a container in its pod; 0 = in every one
  friend bool operator==(const ExitSpec&, const ExitSpec&) = default;
};

/// Memory that the process takes and never gives back.
struct MemorySpec {
  std::int64_t start_bytes = 0;
  std::int64_t growth_bytes = 0;   ///< per second, from the start on
  std::int64_t peak_bytes = std::int64_t{1} << 30;  ///< it does not grow beyond this
  friend bool operator==(const MemorySpec&, const MemorySpec&) = default;
};

/// A stretch of time, since the start of the process, in which some paths do not answer as their routes say.
struct FailureSpec {
  std::string pattern;             ///< paths, as a route's pattern
  SimDuration from;
  std::optional<SimDuration> until;  ///< absent: for good
  std::int32_t status = 500;       ///< answered at once, at no CPU demand
  bool hang = false;               ///< instead of an answer: the connection stays open, nothing comes, no worker is taken
  friend bool operator==(const FailureSpec&, const FailureSpec&) = default;
};

/// How a container of an image behaves (design §6): drives the model and parameterises the real workload.
struct ImageSpec {
  std::string reference;                       ///< "web:1.0.0"
  std::int64_t size_bytes = std::int64_t{120} << 20;
  bool preloaded = true;                       ///< false: nodes pull it at first use (needs `registry`)
  bool pullable = true;                        ///< false: no node has it and no registry knows it
  SimDuration startup;                         ///< process start → listening
  int workers = 2;                             ///< requests served at the same time
  int backlog = 128;                           ///< accepted or waiting connections beyond the workers; more are refused
  Discipline discipline = Discipline::Fifo;    ///< Fifo: `workers` at a time, others wait; Shared: all run, sharing `workers` cores
  OnTerminate on_terminate = OnTerminate::Finish;
  SimDuration drain;
  std::vector<RouteSpec> routes;               ///< unmatched paths answer 404 at zero demand
  std::optional<ExitSpec> exit;                ///< absent: it runs until it is stopped
  std::optional<MemorySpec> memory;            ///< absent: no memory to speak of
  std::vector<FailureSpec> failures;           ///< the first that matches path and time counts
  friend bool operator==(const ImageSpec&, const ImageSpec&) = default;
};

/// Port that a container of the image listens on: the first that its manifest declares (0 = none), else 8080 if the image has
/// routes to answer; 0: it does not listen at all.
inline std::int32_t listening_port(const ImageSpec& image, std::int32_t declared) {
  constexpr std::int32_t kDefault = 8080;
  return declared != 0 || image.routes.empty() ? declared : kDefault;
}

struct RegistrySpec {
  double bandwidth = 30e6;                     ///< bytes per second out of the registry, shared by all pulls
  SimDuration latency = milliseconds(1);
  SimDuration overhead = milliseconds(500);    ///< per pull: manifests, unpacking start (kubernetes-semantics §10.3)
  friend bool operator==(const RegistrySpec&, const RegistrySpec&) = default;
};

enum class ArrivalKind : std::uint8_t { Constant, Poisson };

struct TrafficSpec {
  std::string name;
  std::string service;                         ///< Service name in `namespace_`
  std::string namespace_ = "default";
  std::string route = "/";                     ///< path with query as sent
  std::string method = "GET";
  ArrivalKind arrivals = ArrivalKind::Poisson;
  double rate = 0;                             ///< requests per second
  SimDuration from;
  SimDuration until;
  SimDuration timeout = seconds(5);
  bool keep_alive = false;                     ///< false: a connection per request
  std::vector<int> expect_status;              ///< statuses that do not count as failed; empty = 200…399
  friend bool operator==(const TrafficSpec&, const TrafficSpec&) = default;
};

// ---------------------------------------------------------------- timeline

struct SetImage { std::string namespace_, deployment, container, image; friend bool operator==(const SetImage&, const SetImage&) = default; };
struct Scale { std::string namespace_, deployment; std::int32_t replicas = 0; friend bool operator==(const Scale&, const Scale&) = default; };
enum class SelectionMode : std::uint8_t { One, All, Fixed };
struct DeletePods { std::string namespace_; cluster::LabelSelector selector; std::string name; SelectionMode mode = SelectionMode::One; std::int32_t value = 0; std::optional<std::int64_t> grace_period_seconds; friend bool operator==(const DeletePods&, const DeletePods&) = default; };
/// Nodes are chosen by name or by label; at least one is.
struct DeleteNodes { std::string name; cluster::LabelSelector selector; friend bool operator==(const DeleteNodes&, const DeleteNodes&) = default; };
struct RolloutPause { std::string namespace_, deployment; bool paused = true; friend bool operator==(const RolloutPause&, const RolloutPause&) = default; };
struct RolloutUndo { std::string namespace_, deployment; std::int64_t to_revision = 0; friend bool operator==(const RolloutUndo&, const RolloutUndo&) = default; };
struct Cordon { std::string node; bool unschedulable = true; friend bool operator==(const Cordon&, const Cordon&) = default; };
/// Chaos Mesh words. Only what FaultInjector implementations say they can do passes validation for a world.
struct Fault { std::string kind, action; std::string node; cluster::LabelSelector selector; SelectionMode mode = SelectionMode::All; SimDuration duration; std::map<std::string, std::string> parameters; friend bool operator==(const Fault&, const Fault&) = default; };

struct TimelineAction {
  SimTime at;
  std::variant<SetImage, Scale, DeletePods, DeleteNodes, RolloutPause, RolloutUndo, Cordon, Fault> action;
  Place place;
  friend bool operator==(const TimelineAction&, const TimelineAction&) = default;
};
/// "setImage deployment/web app=web:1.0.1"
std::string to_string(const TimelineAction& action);

/// A check as written; core/judge parses the expressions (and the loader calls it to report errors with their place).
struct CheckSpec {
  std::string name;
  std::string kind;                            ///< always, eventually, never, metric
  std::string expression;                      ///< condition, or the metric for kind metric
  std::string threshold;                       ///< kind metric: "p(95)<500"
  std::string from;                            ///< time ("5s") or condition; empty = start
  std::string until;                           ///< time or condition; empty = end
  std::optional<SimDuration> within;           ///< kind eventually
  double points = 1;
  Place place;
  friend bool operator==(const CheckSpec&, const CheckSpec&) = default;
};

// ---------------------------------------------------------------- field report and calibration

enum class Treatment : std::uint8_t { Honoured, Approximated, Ignored };
/// One line of the field report: a manifest field that is present, and what becomes of it.
struct FieldNote {
  std::string object;   ///< "Deployment default/web"
  std::string field;    ///< "spec.template.spec.containers[].resources.limits.cpu"
  Treatment treatment = Treatment::Honoured;
  std::string how;      ///< approximated: how; ignored: why; honoured: empty
  Place place;
  friend bool operator==(const FieldNote&, const FieldNote&) = default;
};

/// A measured duration: what the model draws from. Lognormal-shaped draws are not modelled: mean and spread only.
struct Measured {
  double mean_ms = 0;
  double stddev_ms = 0;
  int samples = 0;
  friend bool operator==(const Measured&, const Measured&) = default;
};

/// What a model needs to know of a machine (design §7). Defaults are the kind figures of kubernetes-semantics §10.3;
/// `provenance` says where the numbers come from and is printed with every run.
struct Calibration {
  std::string name = "built-in";
  std::string provenance = "defaults of the reference, not measured on this machine";
  int host_cores = 0;                   ///< cores all node slices share; 0 = nodes are machines of their own
  double cpu_speed = 1.0;               ///< calibrated iterations per CPU second, relative to the reference
  Measured container_create{300, 60, 0};
  Measured container_start{120, 30, 0};
  Measured container_stop{230, 60, 0};  ///< SIGTERM handled → container gone, beyond the application's own time
  Measured sandbox_create{0, 0, 0};
  Measured probe{2, 1, 0};
  Measured proxy_request{0.15, 0.05, 0};   ///< balancer: wall time a request spends in it, unloaded
  Measured proxy_cpu{0.10, 0.02, 0};       ///< balancer: CPU per request
  Measured app_request{0.10, 0.03, 0};     ///< replica: CPU per request beyond the route's demand
  Measured client_overhead{0.05, 0.02, 0}; ///< load generator: send and receive path, per request
  Measured round_trip{0.05, 0.02, 0};      ///< client ↔ replica network, both ways, one hop
  Measured balancer_reload{60, 20, 0};     ///< new configuration → new requests follow it
  friend bool operator==(const Calibration&, const Calibration&) = default;
};

struct Scenario {
  std::string name;
  std::string title;
  std::string description;
  std::uint64_t seed = 1;
  SimDuration horizon;
  ClusterSpec cluster;
  std::vector<cluster::AnyObject> objects;          ///< manifests in file order, defaulted, namespace filled in
  std::map<std::string, ImageSpec> images;
  std::optional<RegistrySpec> registry;
  std::vector<balance::BalancerSpec> balancers;     ///< one per Service that traffic goes to
  std::vector<TrafficSpec> traffic;
  std::vector<TimelineAction> timeline;             ///< sorted by time, ties in file order
  std::vector<CheckSpec> checks;
  std::string delivery = "kubernetes";              ///< delivery profile: instant, kubernetes
  SchedulerConfig scheduler{.profiles = {default_scheduler_profile()}};
  std::optional<Calibration> calibration;           ///< the one named in the scenario
  std::vector<FieldNote> field_notes;
  std::vector<std::pair<std::string, std::string>> inputs;  ///< file as named → sha256, in order of reading
  friend bool operator==(const Scenario&, const Scenario&) = default;
};

}  // namespace tandem::scenario
