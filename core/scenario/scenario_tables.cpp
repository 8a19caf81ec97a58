#include "core/scenario/scenario_tables.hpp"

#include <algorithm>

#include "core/balance/registry.hpp"

namespace tandem::scenario {
namespace {

using enum FieldType;
using enum FieldShape;

const FieldTable& metadata_table() {
  static const FieldTable table{
      .title = "the metadata",
      .description = "What the scenario is called.",
      .fields = {
          {.name = "name", .type = Name, .required = true, .description = "Short name; names the recordings.", .example = "rolling-update"},
          {.name = "title", .description = "One line for people.", .example = "Rolling update of a four-replica web service"},
          {.name = "description", .description = "What the scenario shows."},
      }};
  return table;
}

const FieldTable& taint_table() {
  static const FieldTable table{
      .title = "a taint",
      .description = "A taint of a node, as in Kubernetes.",
      .fields = {
          {.name = "key", .type = LabelKey, .required = true, .description = "Key of the taint.", .example = "dedicated"},
          {.name = "value", .type = LabelValue, .description = "Value of the taint.", .example = "batch"},
          {.name = "effect", .type = Choice, .required = true, .allowed = {"NoSchedule", "PreferNoSchedule", "NoExecute"},
           .description = "What happens to pods that do not tolerate it.", .example = "NoSchedule"},
      }};
  return table;
}

/// What nodes, defaults and overrides have in common.
std::vector<Field> node_capacity_fields() {
  return {
      {.name = "cpu", .type = Cpu, .default_text = "4", .minimum = 0.1, .maximum = 1024, .description = "CPU cores of the node.", .example = "4"},
      {.name = "memory", .type = Bytes, .default_text = "8Gi", .minimum = 1 << 20, .description = "Memory of the node.", .example = "8Gi"},
      {.name = "maxPods", .type = Integer, .default_text = "110", .minimum = 1, .maximum = 10000, .description = "Pods the kubelet takes at most.", .example = "110"},
      {.name = "extended", .type = Quantity, .shape = Map, .description = "Extended resources.", .example = "{example.com/gpu: 2}", .key_type = LabelKey},
      {.name = "link", .type = Object, .description = "The node's attachment to the cluster network.", .example = "{bandwidth: 1Gbit/s, latency: 100us}",
       .table = link_table},
  };
}

std::vector<Field> node_detail_fields() {
  return {
      {.name = "labels", .type = LabelValue, .shape = Map, .description = "Labels beside the ones every node gets.", .example = "{disk: ssd}", .key_type = LabelKey},
      {.name = "taints", .type = Object, .shape = List,
       .description = "Taints. On a control plane an empty list removes the usual NoSchedule taint.", .example = "[{key: dedicated, effect: NoSchedule}]", .table = taint_table},
      {.name = "zone", .type = LabelValue, .description = "Becomes the label topology.kubernetes.io/zone.", .example = "zone-a"},
  };
}

std::vector<Field> operator+(std::vector<Field> left, const std::vector<Field>& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

const FieldTable& node_override_table() {
  static const FieldTable table{.title = "an override of a node",
                                .description = "Replaces what the kind configuration or the defaults say of one node.",
                                .fields = node_capacity_fields() + node_detail_fields()};
  return table;
}

const FieldTable& arrivals_table() {
  static const FieldTable table{
      .title = "an arrival process",
      .description = "When requests start, whether or not earlier ones have been answered (open loop).",
      .fields = {
          {.name = "poisson", .type = Rate, .minimum = 1e-6, .maximum = 1e7, .description = "Poisson process with this mean rate.", .example = "200/s"},
          {.name = "constant", .type = Rate, .minimum = 1e-6, .maximum = 1e7, .description = "Evenly spaced requests.", .example = "100/s"},
      },
      .exactly_one = {{"poisson", "constant"}}};
  return table;
}

const FieldTable& expect_table() {
  static const FieldTable table{
      .title = "an expectation",
      .description = "Which answers do not count as failed.",
      .fields = {{.name = "status", .type = Integer, .shape = OneOrList, .minimum = 100, .maximum = 599,
                  .description = "Statuses that do not count as failed; without it 200 to 399.", .example = "[200, 404]"}}};
  return table;
}

/// The policies of every product: which product has which is checked where both are known.
std::vector<std::string_view> all_policies() {
  std::vector<std::string_view> names;
  for (const std::string_view product : balance::products()) {
    for (const std::string_view policy : balance::policies_of(product)) {
      if (std::find(names.begin(), names.end(), policy) == names.end()) names.push_back(policy);
    }
  }
  return names;
}

}  // namespace

const FieldTable& scenario_table() {
  static const FieldTable table{
      .title = "a scenario",
      .description = "A container cluster under load: what runs, what happens, what must hold.",
      .fields = {
          {.name = "$schema", .description = "Schema for editors of JSON files; not read.", .example = "../../schema/scenario.schema.json"},
          {.name = "apiVersion", .type = Choice, .required = true, .allowed = {"tandem/v1"}, .description = "Version of this language.", .example = "tandem/v1"},
          {.name = "kind", .type = Choice, .required = true, .allowed = {"Scenario"}, .description = "Kind of the document.", .example = "Scenario"},
          {.name = "metadata", .type = Object, .required = true, .description = "What the scenario is called.", .example = "{name: rolling-update}", .table = metadata_table},
          {.name = "spec", .type = Object, .required = true, .description = "The scenario itself.", .table = spec_table},
      }};
  return table;
}

const FieldTable& spec_table() {
  static const FieldTable table{
      .title = "the spec",
      .description = "The scenario itself.",
      .fields = {
          {.name = "seed", .type = Integer, .default_text = "1", .minimum = 0, .maximum = 9007199254740991.0, .description = "Root of every random stream.", .example = "42"},
          {.name = "horizon", .type = Duration, .required = true, .minimum = 1, .maximum = kTimeLimit, .description = "When the run ends.", .example = "60s"},
          {.name = "cluster", .type = Object, .required = true, .description = "The nodes.", .example = "{kindConfig: kind.yaml}", .table = cluster_table},
          {.name = "manifests", .type = Path, .shape = List, .description = "Kubernetes manifests, applied at time 0 in this order.", .example = "[web.yaml]",
           .unique = true},
          {.name = "images", .type = Object, .shape = Map, .description = "How containers of each image behave.", .example = "{web:1.0.0: {startup: 600ms}}",
           .table = image_table, .key_type = ImageReference},
          {.name = "registry", .type = Object, .description = "Where images that are not preloaded come from. Without it every image is preloaded.",
           .example = "{bandwidth: 30MB/s}", .table = registry_table},
          {.name = "balancer", .type = Object, .shape = OneOrList, .description = "What stands before the Services; one for all, or a list with one per Service.",
           .example = "{product: nginx, policy: least_conn}", .table = balancer_table},
          {.name = "traffic", .type = Object, .shape = List, .description = "Who sends requests.", .table = traffic_table},
          {.name = "timeline", .type = Object, .shape = List, .description = "What happens during the run; applied in order of time, then of writing.", .table = timeline_table},
          {.name = "checks", .type = Object, .shape = List, .description = "What must hold, with points.", .table = check_table},
          {.name = "delivery", .type = Choice, .default_text = "kubernetes", .allowed = {"kubernetes", "instant"},
           .description = "How fast words travel in the control plane: as in a real cluster, or at once.", .example = "kubernetes"},
          {.name = "scheduler", .type = Object, .description = "How pods are placed; without it as kube-scheduler does by default.",
           .example = "{percentageOfNodesToScore: 100}", .table = scheduler_table},
          {.name = "calibration", .type = Path, .description = "Calibration file that graded simulations use.", .example = "calibration.yaml"},
      }};
  return table;
}

const FieldTable& cluster_table() {
  static const FieldTable table{
      .title = "the cluster",
      .description = "The nodes: from a kind configuration, or written here.",
      .fields = {
          {.name = "kindConfig", .type = Path, .description = "Configuration file of kind; names, roles, labels and taints come from it.", .example = "kind.yaml"},
          {.name = "nodes", .type = Object, .shape = List, .description = "The nodes, control plane included.", .example = "[{name: a, role: control-plane}, {name: b}]", .table = node_table},
          {.name = "name", .type = Name, .default_text = "kind", .description = "Name of the cluster; beside kindConfig that file's name counts.", .example = "lab"},
          {.name = "nodeDefaults", .type = Object, .description = "Capacity of every node that says nothing else.", .example = "{cpu: 2, memory: 4Gi}", .table = node_defaults_table},
          {.name = "overrides", .type = Object, .shape = Map, .description = "What differs on single nodes.", .example = "{kind-worker2: {cpu: 2}}",
           .table = node_override_table, .key_type = ObjectName},
          {.name = "podSubnet", .type = Cidr, .default_text = "10.244.0.0/16", .description = "Pod addresses; each node owns a /24 of it.", .example = "10.244.0.0/16"},
          {.name = "serviceSubnet", .type = Cidr, .default_text = "10.96.0.0/16", .description = "Cluster addresses of Services.", .example = "10.96.0.0/16"},
      },
      .exactly_one = {{"kindConfig", "nodes"}},
      .at_most_one = {{"kindConfig", "podSubnet"}, {"kindConfig", "serviceSubnet"}, {"kindConfig", "name"}}};
  return table;
}

const FieldTable& node_table() {
  static const FieldTable table{
      .title = "a node",
      .description = "One node of the cluster.",
      .fields = std::vector<Field>{
          {.name = "name", .type = ObjectName, .required = true, .description = "Name of the node.", .example = "worker-1"},
          {.name = "role", .type = Choice, .default_text = "worker", .allowed = {"worker", "control-plane"}, .description = "Role of the node.", .example = "worker"},
      } + node_capacity_fields() + node_detail_fields()};
  return table;
}

const FieldTable& node_defaults_table() {
  static const FieldTable table{.title = "the node defaults", .description = "Capacity of every node that says nothing else.", .fields = node_capacity_fields()};
  return table;
}

const FieldTable& link_table() {
  static const FieldTable table{
      .title = "a link",
      .description = "A node's attachment to the cluster network.",
      .fields = {
          {.name = "bandwidth", .type = Bandwidth, .default_text = "1Gbit/s", .minimum = 1, .description = "In each direction.", .example = "1Gbit/s"},
          {.name = "latency", .type = Duration, .default_text = "100us", .maximum = 60e9, .description = "One way, from the node to the core switch.", .example = "100us"},
      }};
  return table;
}

const FieldTable& route_table() {
  static const FieldTable table{
      .title = "a route",
      .description = "What a request to a path costs and gets. Paths without a route answer 404 at once.",
      .fields = {
          {.name = "cpu", .type = Duration, .default_text = "0s", .maximum = 3600e9, .description = "CPU time a request needs, at the reference speed.", .example = "2ms"},
          {.name = "wait", .type = Duration, .default_text = "0s", .maximum = 3600e9, .description = "Time a request waits without using a CPU.", .example = "20ms"},
          {.name = "exponential", .type = Boolean, .default_text = "false", .description = "True: cpu is the mean of an exponential distribution.", .example = "true"},
          {.name = "status", .type = Integer, .default_text = "200", .minimum = 100, .maximum = 599, .description = "Status of the answer.", .example = "200"},
          {.name = "contentType", .default_text = "text/plain; charset=utf-8", .description = "Content-Type of the answer.", .example = "application/json"},
          {.name = "body", .description = "Body of the answer; {pod} {podIP} {node} {version} {1} {query.NAME} are replaced.", .example = "Hello from {pod}"},
          {.name = "responseBytes", .type = Bytes, .default_text = "0", .maximum = 1 << 30, .description = "The body is padded up to this size.", .example = "10Ki"},
      }};
  return table;
}

const FieldTable& image_table() {
  static const FieldTable table{
      .title = "an image",
      .description = "How a container of an image behaves: drives the model and sets up the real workload.",
      .fields = {
          {.name = "size", .type = Bytes, .default_text = "120Mi", .maximum = 1e12, .description = "Compressed size, for pulls.", .example = "120Mi"},
          {.name = "preloaded", .type = Boolean, .default_text = "true", .description = "False: nodes pull it at first use; needs a registry.", .example = "false"},
          {.name = "pullable", .type = Boolean, .default_text = "true", .description = "False: no node has it and no registry knows it, so pulls fail.", .example = "false"},
          {.name = "startup", .type = Duration, .default_text = "0s", .maximum = 3600e9, .description = "From the start of the process until it listens.", .example = "600ms"},
          {.name = "workers", .type = Integer, .default_text = "2", .minimum = 1, .maximum = 10000, .description = "Requests served at the same time.", .example = "2"},
          {.name = "backlog", .type = Integer, .default_text = "128", .minimum = 0, .maximum = kCountLimit,
           .description = "Connections waiting beyond the workers; more are refused.", .example = "128"},
          {.name = "discipline", .type = Choice, .default_text = "fifo", .allowed = {"fifo", "shared"},
           .description = "fifo: `workers` at a time, the others wait. shared: all at once, sharing `workers` cores.", .example = "fifo"},
          {.name = "onTerminate", .type = Choice, .default_text = "finish", .allowed = {"finish", "abort", "ignore"},
           .description = "At SIGTERM. finish: stop accepting after `drain`, finish what is in flight, exit. abort: serve for `drain`, then exit at once. ignore: go on until SIGKILL.",
           .example = "finish"},
          {.name = "drain", .type = Duration, .default_text = "0s", .maximum = 3600e9, .description = "How long it goes on accepting after SIGTERM.", .example = "3s"},
          {.name = "routes", .type = Object, .shape = Map, .description = "Paths it answers; '*' at the end matches the rest. The longest literal prefix wins.",
           .example = "{/: {cpu: 2ms}}", .table = route_table, .key_type = RoutePattern},
          {.name = "exit", .type = Object, .description = "The process ends by itself; without it it runs until it is stopped.", .example = "{after: 10s, code: 1}",
           .table = exit_table},
          {.name = "memory", .type = Object, .description = "Memory that the process takes and keeps. Beyond the container's limit it is killed for it (OOMKilled, 137).",
           .example = "{start: 20Mi, growth: 1Mi/s}", .table = memory_table},
          {.name = "failures", .type = Object, .shape = List, .description = "When paths do not answer as their routes say; the first entry that fits counts.",
           .example = "[{path: /healthz, from: 10s, until: 20s, status: 500}]", .table = failure_table},
      }};
  return table;
}

const FieldTable& exit_table() {
  static const FieldTable table{
      .title = "the end of a process",
      .description = "When a container of the image ends by itself, and how.",
      .fields = {
          {.name = "after", .type = Duration, .required = true, .maximum = kTimeLimit, .description = "Since the start of the process.", .example = "10s"},
          {.name = "code", .type = Integer, .default_text = "0", .minimum = 0, .maximum = 255, .description = "Its exit code; 0 is success.", .example = "1"},
          {.name = "times", .type = Integer, .minimum = 1, .maximum = kCountLimit,
           .description = "Only the first so many starts of each container of a pod end so; later ones run on. Without it every one.", .example = "3"},
      }};
  return table;
}

const FieldTable& memory_table() {
  static const FieldTable table{
      .title = "the memory of a process",
      .description = "What a container of the image holds. In real containers it is really taken.",
      .fields = {
          {.name = "start", .type = Bytes, .default_text = "0", .maximum = 1e12, .description = "Held from the start on.", .example = "20Mi"},
          {.name = "growth", .type = Growth, .default_text = "0/s", .maximum = 1e12, .description = "Taken each second after that.", .example = "1Mi/s"},
          {.name = "peak", .type = Bytes, .default_text = "1Gi", .minimum = 1, .maximum = 1e12, .description = "It never holds more.", .example = "256Mi"},
      }};
  return table;
}

const FieldTable& failure_table() {
  static const FieldTable table{
      .title = "a failure",
      .description = "A stretch of time in which some paths do not answer as their routes say.",
      .fields = {
          {.name = "path", .type = RoutePattern, .required = true, .description = "Which paths; '*' at the end matches the rest.", .example = "/healthz"},
          {.name = "from", .type = Duration, .default_text = "0s", .maximum = kTimeLimit, .description = "Its beginning, since the start of the process.", .example = "10s"},
          {.name = "until", .type = Duration, .minimum = 1, .maximum = kTimeLimit, .description = "Its end, likewise; without it it never ends.", .example = "20s"},
          {.name = "status", .type = Integer, .default_text = "500", .minimum = 100, .maximum = 599, .description = "What they answer, at once.", .example = "503"},
          {.name = "hang", .type = Boolean, .default_text = "false", .description = "True: they answer nothing, and the connection stays open.", .example = "true"},
      },
      .at_most_one = {{"status", "hang"}}};
  return table;
}

const FieldTable& registry_table() {
  static const FieldTable table{
      .title = "a registry",
      .description = "Where nodes pull images from.",
      .fields = {
          {.name = "bandwidth", .type = Bandwidth, .default_text = "30MB/s", .minimum = 1, .description = "Out of the registry, shared by all pulls.", .example = "30MB/s"},
          {.name = "latency", .type = Duration, .default_text = "1ms", .maximum = 60e9, .description = "One way, from the registry to the core switch.", .example = "1ms"},
          {.name = "overhead", .type = Duration, .default_text = "500ms", .maximum = 3600e9, .description = "Per pull, beside the transfer.", .example = "500ms"},
      }};
  return table;
}

const FieldTable& balancer_table() {
  static const FieldTable table{
      .title = "a balancer",
      .description = "What spreads requests over the pods of a Service.",
      .fields = {
          {.name = "product", .type = Choice, .default_text = "nginx", .allowed = balance::products(), .description = "The product.", .example = "nginx"},
          {.name = "policy", .type = Choice, .default_text = "round_robin", .allowed = all_policies(), .description = "The product's own word for the policy.", .example = "least_conn"},
          {.name = "service", .type = ServiceReference, .description = "Which Service it stands before; without it every Service that traffic goes to.", .example = "service/web"},
          {.name = "instances", .type = Integer, .default_text = "1", .minimum = 1, .maximum = 1000, .description = "Balancers with a state of their own; requests are dealt to them in turn.", .example = "4"},
          {.name = "workers", .type = Integer, .default_text = "1", .minimum = 1, .maximum = 256, .description = "Worker processes of an instance.", .example = "1"},
          {.name = "connectTimeout", .type = Duration, .default_text = "1s", .minimum = 1, .maximum = 3600e9, .description = "For connecting to a pod.", .example = "1s"},
          {.name = "readTimeout", .type = Duration, .default_text = "60s", .minimum = 1, .maximum = 86400e9, .description = "For an answer of a pod.", .example = "60s"},
          {.name = "maxFails", .type = Integer, .default_text = "1", .minimum = 0, .maximum = 1000, .description = "Failures within failTimeout that disable a pod for that time; 0 = never.", .example = "1"},
          {.name = "failTimeout", .type = Duration, .default_text = "10s", .minimum = 1, .maximum = 86400e9, .description = "Window and length of maxFails.", .example = "10s"},
      }};
  return table;
}

const FieldTable& traffic_table() {
  static const FieldTable table{
      .title = "a traffic source",
      .description = "Clients that send requests to one Service.",
      .fields = {
          {.name = "name", .type = Name, .required = true, .description = "Names the source in checks and reports, and its random stream.", .example = "users"},
          {.name = "to", .type = ServiceReference, .required = true, .description = "The Service.", .example = "service/web"},
          {.name = "route", .type = UrlPath, .default_text = "/", .description = "Path with query, as sent.", .example = "/chat/x"},
          {.name = "method", .type = Choice, .default_text = "GET", .allowed = {"GET", "HEAD", "POST", "PUT", "DELETE"}, .description = "HTTP method.", .example = "GET"},
          {.name = "arrivals", .type = Object, .required = true, .description = "When requests start.", .example = "{poisson: 200/s}", .table = arrivals_table},
          {.name = "from", .type = Duration, .default_text = "0s", .maximum = kTimeLimit, .description = "Start of the source.", .example = "5s"},
          {.name = "until", .type = Duration, .maximum = kTimeLimit, .description = "End of the source; without it the horizon.", .example = "55s"},
          {.name = "timeout", .type = Duration, .default_text = "5s", .minimum = 1, .maximum = 3600e9, .description = "After which the client gives up.", .example = "5s"},
          {.name = "keepAlive", .type = Boolean, .default_text = "false", .description = "True: connections are kept and reused.", .example = "true"},
          {.name = "expect", .type = Object, .description = "Which answers do not count as failed.", .example = "{status: [200, 404]}", .table = expect_table},
      }};
  return table;
}

const FieldTable& check_table() {
  static const FieldTable table{
      .title = "a check",
      .description = "Something that must hold. The language is described in docs/check-language.md.",
      .fields = {
          {.name = "name", .required = true, .description = "One line for people; each check has its own.", .example = "three of four stay available"},
          {.name = "always", .type = Condition, .description = "Must hold at every moment from `from` to `until`.", .example = "deployment/web.available >= 3"},
          {.name = "eventually", .type = Condition, .description = "Must hold at some moment from `from` to `until`, at the latest `within` after `from`.", .example = "deployment/web.updated == 4"},
          {.name = "never", .type = Condition, .description = "Must hold at no moment from `from` to `until`.", .example = "pods(app=web).ready < 3"},
          {.name = "metric", .type = Metric, .description = "A metric, restricted by tags, over `from` to `until`.", .example = "\"http_req_failed{traffic:users}\""},
          {.name = "threshold", .type = Threshold, .description = "What the metric must satisfy, in k6's notation.", .example = "rate<0.01"},
          {.name = "within", .type = Duration, .minimum = 1, .maximum = kTimeLimit, .description = "With eventually: the longest wait.", .example = "30s"},
          {.name = "from", .type = Moment, .description = "Start of the window: a time, or the first moment a condition holds. Without it the start of the run.", .example = "deployment/web.available == 4"},
          {.name = "until", .type = Moment, .description = "End of the window, likewise. Without it the end of the run.", .example = "55s"},
          {.name = "points", .type = Number, .default_text = "1", .minimum = 0, .maximum = kCountLimit, .description = "What it is worth.", .example = "3"},
      },
      .exactly_one = {{"always", "eventually", "never", "metric"}},
      .needs = {{"metric", "threshold"}, {"threshold", "metric"}, {"within", "eventually"}}};
  return table;
}

}  // namespace tandem::scenario
