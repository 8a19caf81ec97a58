#pragma once
// The check language of the scenario (grammar: docs/check-language.md). Texts become values here; core/judge evaluates
// them against what a run showed. Nothing in this header knows where the observed numbers come from.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/result.hpp"
#include "core/base/time.hpp"
#include "core/cluster/objects.hpp"

namespace tandem::scenario {

// ---------------------------------------------------------------- conditions over objects

enum class Subject : std::uint8_t { Deployment, ReplicaSet, Service, Pods, Node, Nodes, Events };

/// What can be asked of a subject. Which of them a subject has is the table in docs/check-language.md.
enum class Observed : std::uint8_t {
  Desired,        ///< Deployment, ReplicaSet: spec.replicas
  Replicas,       ///< Deployment, ReplicaSet: status.replicas
  Updated,        ///< Deployment: status.updatedReplicas
  Ready,          ///< Deployment, ReplicaSet: status.readyReplicas; Pods, Nodes: how many are Ready; Node: 1 if Ready
  Available,      ///< Deployment, ReplicaSet: status.availableReplicas
  Unavailable,    ///< Deployment: status.unavailableReplicas
  Endpoints,      ///< Service: endpoints with ready = true, over all its slices
  Count,          ///< Pods, Nodes: objects that match, terminating ones included; Node: pods bound to it; Events: how often they occurred
  Pending,        ///< Pods: phase Pending and not terminating
  Running,        ///< Pods: phase Running and not terminating
  Terminating,    ///< Pods: deletionTimestamp set
  Restarts,       ///< Pods: sum of restartCount
  Unschedulable,  ///< Node: 1 if cordoned; Nodes: how many are
  Scheduled,      ///< Pods: on a node and not ended: what the scheduler counts there
  PodUnschedulable,  ///< Pods: condition PodScheduled is False with reason Unschedulable, not terminating
  Nominated,      ///< Pods: on no node, but with status.nominatedNodeName
  Nodes,          ///< Pods: different nodes that hold scheduled ones
  On,             ///< Pods: scheduled to one of the named or selected nodes
  Used,           ///< Nodes: how many hold at least one scheduled pod of any namespace
};
std::string_view name_of(Subject subject);    ///< as written: "deployment"
std::string_view name_of(Observed observed);  ///< as written: "available"

/// `reason=FailedScheduling`, `message~"Insufficient cpu"`: what an event must say of itself.
struct EventAttribute {
  enum class Name : std::uint8_t { Type, Reason, Kind, Name, Message };  ///< kind and name: of the object it is about
  enum class Match : std::uint8_t { NotEqual, Contains, Equal };
  Name name = Name::Reason;
  Match match = Match::Equal;
  std::string value;
  friend bool operator==(const EventAttribute&, const EventAttribute&) = default;
};

/// "deployment/shop/web.available": one number (or yes/no as 1/0) of one object, of the pods or nodes a selector matches, or of events.
struct ObjectField {
  Subject subject = Subject::Deployment;
  std::string namespace_ = "default";  ///< empty for nodes
  std::string name;                    ///< empty for pods, nodes and events
  cluster::LabelSelector selector;     ///< pods and nodes only
  std::vector<EventAttribute> attributes;               ///< events only: all of them must hold
  std::vector<std::string> nodes;                       ///< On: names, if not a selector
  std::optional<cluster::LabelSelector> node_selector;  ///< On: labels of the nodes
  Observed field = Observed::Ready;
  friend bool operator==(const ObjectField&, const ObjectField&) = default;
};
std::string to_string(const ObjectField& field);
/// True if the field is a yes/no (a node's ready and unschedulable).
bool is_yes_or_no(const ObjectField& field);
/// True if a percentage of the field means something (Deployment, ReplicaSet, Pods, Nodes).
bool has_whole(const ObjectField& field);
/// What 100 % of `field` is: desired of the same Deployment or ReplicaSet, count of the same pods or nodes. CHECKs has_whole.
ObjectField whole_of(const ObjectField& field);

enum class Comparison : std::uint8_t { Equal, NotEqual, Less, LessEqual, Greater, GreaterEqual };
std::string_view name_of(Comparison comparison);
bool compare(std::int64_t left, Comparison comparison, std::int64_t right);
bool compare(double left, Comparison comparison, double right);

/// A parsed condition: a tree of values. Leaves: Integer, Percent, Boolean, Field. Inner: Compare (two operands),
/// And, Or (two or more), Not (one).
struct Expression {
  enum class Kind : std::uint8_t { Integer, Percent, Boolean, Field, Compare, And, Or, Not };
  Kind kind = Kind::Boolean;
  std::int64_t integer = 0;      ///< Integer, Percent; Boolean: 0 or 1
  ObjectField field;             ///< Field
  Comparison comparison = Comparison::Equal;
  std::vector<Expression> operands;
  std::size_t offset = 0;        ///< byte of the text at which it starts
  friend bool operator==(const Expression&, const Expression&) = default;
};
/// Fully bracketed text that parses back to an equal tree (offsets aside).
std::string to_string(const Expression& expression);
/// Every field the condition asks for, in order of appearance.
std::vector<ObjectField> fields_of(const Expression& expression);

/// Longest text of a condition, in bytes.
inline constexpr std::size_t kConditionBytesMax = 4096;

/// Parses a condition. Errors: ScenarioBadCheck; place.line is 1 and place.column the byte of `text` from 1, no file.
Result<Expression> parse_condition(std::string_view text);

/// The present value of a field; yes/no as 1/0. An object that does not exist counts 0.
using FieldLookup = std::function<Result<std::int64_t>(const ObjectField&)>;
/// Whether the condition holds. `and` and `or` stop at the first operand that decides. Errors: those of `lookup`.
Result<bool> evaluate(const Expression& condition, const FieldLookup& lookup);

/// "5s" or a condition, as `from` and `until` of a check take it.
struct Moment {
  bool is_time = true;
  SimTime time;
  Expression condition;
  friend bool operator==(const Moment&, const Moment&) = default;
};
Result<Moment> parse_moment(std::string_view text);

// ---------------------------------------------------------------- metrics and thresholds (k6 grammar)

enum class MetricKind : std::uint8_t {
  Counter,
  Rate,
  Trend,
  Gauge,
  Share,  ///< a gauge that is a share: 0…1
};

enum class Aggregation : std::uint8_t { Count, Rate, Average, Minimum, Median, Maximum, Percentile, Value };

struct MetricDefinition {
  std::string_view name;
  MetricKind kind;
  bool is_time;                            ///< values are milliseconds, thresholds may carry a unit
  std::vector<std::string_view> tags;      ///< that may restrict it
  std::vector<Aggregation> aggregations;   ///< that a threshold may use
  std::string_view description;
};
/// Every metric of the check language, in the order of the documentation.
const std::vector<MetricDefinition>& metric_definitions();

/// "http_req_failed{traffic:users}".
struct Metric {
  std::string name;
  std::vector<std::pair<std::string, std::string>> tags;  ///< in order of writing
  friend bool operator==(const Metric&, const Metric&) = default;
};
std::string to_string(const Metric& metric);
Result<Metric> parse_metric(std::string_view text);

/// "p(95)<500", "rate<1%", "avg<=20ms".
struct Threshold {
  Aggregation aggregation = Aggregation::Value;
  double percentile = 0;                   ///< 0…100, for Percentile
  Comparison comparison = Comparison::Less;
  double limit = 0;                        ///< ms for times, a ratio 0…1 for rates and shares
  friend bool operator==(const Threshold&, const Threshold&) = default;
};
/// Errors: ScenarioBadCheck, also when the metric has no such aggregation. Requires: `metric` came from parse_metric.
Result<Threshold> parse_threshold(std::string_view text, const Metric& metric);
std::string to_string(const Threshold& threshold);

}  // namespace tandem::scenario
