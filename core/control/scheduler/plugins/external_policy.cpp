// ExternalPolicy: asks a process for the score of every feasible node (docs/scheduling.md). The filters of the profile have spoken
// before; what the process says counts with the plugin's weight.

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/base/text.hpp"
#include "core/cluster/json.hpp"
#include "core/control/scheduler/plugins/plugins.hpp"

namespace tandem::control::scheduler {
namespace {

using nlohmann::json;

struct Answers final : PluginState {
  std::vector<std::int64_t> scores;  ///< by NodeIndex
};

json json_of(const Resources& resources) {
  json told{{"cpu", resources.milli_cpu}, {"memory", resources.memory}, {"ephemeral-storage", resources.ephemeral_storage}};
  for (const auto& [name, amount] : resources.scalars) told[name] = amount;
  return told;
}

json json_of(const NodeInfo& node) {
  json taints = json::array();
  for (const cluster::Taint& taint : node.node->spec.taints) {
    taints.push_back({{"key", taint.key}, {"value", taint.value}, {"effect", taint.effect}});
  }
  json pods = json::array();
  for (const PodOnNode& pod : node.pods) {
    pods.push_back({{"namespace", pod.pod->meta.namespace_},
                    {"name", pod.pod->meta.name},
                    {"labels", *pod.pod->meta.labels},
                    {"priority", pod.pod_class->priority()}});
  }
  json allocatable = json_of(node.allocatable);
  allocatable["pods"] = node.allowed_pods;
  return {{"name", node.name},
          {"labels", node.labels()},
          {"taints", std::move(taints)},
          {"allocatable", std::move(allocatable)},
          {"requested", json_of(node.load.requested)},
          {"pods", std::move(pods)}};
}

std::string question(const CycleInput& input, std::span<const NodeIndex> feasible, const std::string& id) {
  json nodes = json::array();
  for (const NodeIndex node : feasible) nodes.push_back(json_of(input.snapshot.node(node)));
  const json asked{{"id", id},
                   {"pod", cluster::to_json(input.pod)},
                   {"requests", json_of(input.pod_class.requests.occupied)},
                   {"nodes", std::move(nodes)}};
  return asked.dump();
}

Error bad_answer(std::string what, const std::string& line) {
  constexpr std::size_t kQuoted = 200;
  return make_error(ErrorCode::ValueNotAllowed, "the policy's answer is no good: " + std::move(what))
      .with_found(escape_for_terminal(line.substr(0, kQuoted)))
      .with_allowed(R"({"id": "<the question's>", "scores": {"<node>": 0 to 100, …}})");
}

Status read_scores(const json& answer, const CycleInput& input, std::span<const NodeIndex> feasible, const std::string& line,
                   Answers& answers) {
  const auto scores = answer.find("scores");
  if (scores == answer.end() || !scores->is_object()) return fail(bad_answer("it has no scores", line));
  for (const auto& [name, score] : scores->items()) {
    const NodeInfo* node = input.snapshot.find_node(name);
    if (node == nullptr || std::find(feasible.begin(), feasible.end(), node->index) == feasible.end()) {
      return fail(bad_answer("it scores " + escape_for_terminal(name) + ", which was not asked about", line));
    }
    if (!score.is_number_integer()) return fail(bad_answer("the score of " + name + " is no integer", line));
    const auto value = score.get<std::int64_t>();
    if (value < 0 || value > kMaxNodeScore) return fail(bad_answer("the score of " + name + " is out of range", line));
    answers.scores[node->index] = value;
  }
  return {};
}

class ExternalPolicyPlugin final : public SchedulerPlugin {
 public:
  explicit ExternalPolicyPlugin(ExternalPolicyPtr external) : external_(std::move(external)) {}

  [[nodiscard]] std::string_view name() const override { return "ExternalPolicy"; }
  [[nodiscard]] ExtensionPoints extension_points() const override { return {.filter = false, .score = true}; }
  [[nodiscard]] Dependence dependence() const override { return Dependence::Cluster; }

  [[nodiscard]] PreScoreResult pre_score(const CycleInput& input, std::span<const NodeIndex> feasible) const override {
    const std::string id = input.pod.meta.namespace_ + "/" + input.pod.meta.name;
    const Result<std::string> line = external_->ask(question(input, feasible, id));
    if (!line) return failed(line.error());
    const json answer = json::parse(*line, nullptr, /*allow_exceptions=*/false);
    if (!answer.is_object()) return failed(bad_answer("it is no JSON object", *line));
    if (answer.value("id", json()) != id) return failed(bad_answer("its id is not the question's", *line));
    auto answers = std::make_unique<Answers>();
    answers->scores.resize(input.snapshot.node_slots(), 0);
    if (const Status read = read_scores(answer, input, feasible, *line, *answers); !read) return failed(read.error());
    return {.skip = false, .state = std::move(answers)};
  }
  [[nodiscard]] std::int64_t score(const CycleInput&, const PluginState* state, const NodeInfo& node) const override {
    return static_cast<const Answers*>(state)->scores[node.index];
  }
  [[nodiscard]] bool is_repeatable() const override { return false; }
  [[nodiscard]] bool worth_retrying(const CycleInput&, const ClusterEvent&) const override { return false; }

 private:
  static PreScoreResult failed(const Error& error) {
    return {.skip = false, .state = nullptr, .error = error.found.empty() ? error.what : error.what + ": " + error.found};
  }

  ExternalPolicyPtr external_;
};

}  // namespace

std::unique_ptr<SchedulerPlugin> make_external_policy(ExternalPolicyPtr external) {
  return std::make_unique<ExternalPolicyPlugin>(std::move(external));
}

}  // namespace tandem::control::scheduler
