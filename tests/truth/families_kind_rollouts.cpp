// Rollouts recorded on a real Kubernetes cluster (kind-rollouts): the recorded moments at which pods became Ready and
// disappeared, fed to fresh controllers, must give the recorded sizes of both ReplicaSets (its README, rule 1) and as many
// pods.

#include <fmt/format.h>
#include <charconv>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/control/replay.hpp"
#include "tests/truth/runner.hpp"

namespace tandem::truth {
namespace {

using namespace cluster;
using namespace control;
using nlohmann::json;

/// The Deployment had long been settled when the recording began.
constexpr SimTime kCreated{seconds(-60).ns};
constexpr SimTime kSettled{seconds(-50).ns};

IntOrString int_or_string(const std::string& text) {
  return text.ends_with('%') ? IntOrString{text} : IntOrString{std::int32_t{std::stoi(text)}};
}

/// "spec=4" in "rev=2 spec=4 replicas=3 …"; empty when the key is absent.
std::string field(const std::string& text, const std::string& key) {
  const auto found = (" " + text).find(" " + key + "=");
  if (found == std::string::npos) return {};
  const auto begin = found + key.size() + 1;
  return text.substr(begin, text.find(' ', begin) - begin);
}

/// One event line: seconds, kind, name, text.
struct Seen {
  SimTime at;
  std::string kind;
  std::string name;
  std::string text;
};

/// Reads one recorded run: ReplicaSets and pods are numbered in order of creation, the first version being number 1.
class RecordedRun {
 public:
  explicit RecordedRun(const json& run) : run_(run), replicas_(run.at("replicas")) {
    for (const json& event : run.at("events")) {
      seen_.push_back({kTimeZero + from_seconds(event.at(0)), event.at(1), event.at(2), event.at(3)});
    }
    number_replica_sets();
    for (const Seen& event : seen_) {
      if (event.kind.starts_with("pod")) note_pod(event);
    }
    finish_initial_pods();
    for (const Seen& event : seen_) {
      if (event.kind.starts_with("rs")) note_size(event);
      if (event.kind == "do") note_action(event);
    }
  }

  [[nodiscard]] ReplayInput input() const {
    ReplayInput input;
    input.profile = DeliveryProfile::kubernetes();
    input.actions.push_back({kCreated, CreateDeployment{deployment()}});
    input.actions.push_back(action_);
    for (const auto& [id, pod] : pods_) input.pods.push_back(pod);
    return input;
  }
  [[nodiscard]] const std::vector<SizeChange>& sizes() const { return sizes_; }
  /// The initial pods included.
  [[nodiscard]] std::map<int, int> pods_created() const { return pod_counts_; }

 private:
  /// The old version's ReplicaSet existed before the watch began, so only the new one is seen as created.
  void number_replica_sets() {
    std::string created;
    for (const Seen& event : seen_) {
      if (event.kind == "rs+" && field(event.text, "rev") == "2") created = event.name;
    }
    for (const Seen& event : seen_) {
      if (event.kind.starts_with("rs")) replica_sets_[event.name] = event.name == created ? 2 : 1;
      if (event.kind.starts_with("pod")) {
        const std::string hash = field(event.text, "rs");
        replica_sets_.emplace(hash, hash == created ? 2 : 1);
      }
    }
  }

  ReplayPod& pod_of(const Seen& event) {
    const auto known = ids_.find(event.name);
    if (known != ids_.end()) return pods_.at(known->second);
    const int replica_set = replica_sets_.at(field(event.text, "rs"));
    // A pod that is seen first without having been created in the recording is one of the initial ones.
    const bool initial = event.kind != "pod+";
    int& count = initial ? initial_seen_[replica_set] : pod_counts_[replica_set];
    if (!initial && count == 0 && replica_set == 1) count = replicas_;
    const ReplayPodId id{replica_set, ++count};
    ids_.emplace(event.name, id);
    ReplayPod pod;
    pod.id = id;
    if (initial) pod.readiness.push_back({kSettled, true});
    return pods_.emplace(id, std::move(pod)).first->second;
  }

  void note_pod(const Seen& event) {
    ReplayPod& pod = pod_of(event);
    const bool deleting = event.text.find(" deleting") != std::string::npos;
    if (event.kind == "pod-") {
      pod.gone_at = event.at;
      if (!pod.deleted_at) pod.deleted_at = event.at;
      return;
    }
    if (deleting) {
      if (!pod.deleted_at) pod.deleted_at = event.at;
      return;
    }
    if (pod.node_name.empty()) pod.node_name = field(event.text, "node");
    if (!pod.node_name.empty() && !pod.bound_at) pod.bound_at = event.at;
    const bool ready = field(event.text, "ready") == "True";
    const bool before = !pod.readiness.empty() && pod.readiness.back().ready;
    if (ready != before) pod.readiness.push_back({event.at, ready});
  }

  /// Initial pods that nothing happened to are in no event at all.
  void finish_initial_pods() {
    if (pod_counts_[1] == 0) pod_counts_[1] = replicas_;
    for (int number = 1; number <= replicas_; ++number) {
      const ReplayPodId id{1, number};
      if (pods_.contains(id)) continue;
      ReplayPod pod;
      pod.id = id;
      pod.readiness.push_back({kSettled, true});
      pods_.emplace(id, std::move(pod));
    }
  }

  void note_size(const Seen& event) {
    const int number = replica_sets_.at(event.name);
    const std::int32_t to = std::stoi(field(event.text, "spec"));
    const auto known = last_size_.find(number);
    const std::int32_t from = known != last_size_.end() ? known->second : number == 1 ? replicas_ : -1;
    last_size_[number] = to;
    if (from != to) sizes_.push_back({number, from, to, event.at});
  }

  void note_action(const Seen& event) {
    action_.at = event.at;
    if (event.name == "image") {
      action_.what = EditDeployment{[](Deployment& edited) { set_image(edited, "web:2"); }};
    } else if (event.name == "scale-up" || event.name == "scale-down") {
      const std::int32_t size = event.name == "scale-up" ? replicas_ * 2 : replicas_ / 2;
      action_.what = EditDeployment{[size](Deployment& edited) { edited.spec.replicas = size; }};
    } else if (event.name == "delete1") {
      action_.what = DeletePod{first_deleted()};
    } else {
      throw std::runtime_error("unknown action " + event.name);
    }
  }

  [[nodiscard]] ReplayPodId first_deleted() const {
    const ReplayPod* first = nullptr;
    for (const auto& [id, pod] : pods_) {
      if (pod.deleted_at && (first == nullptr || *pod.deleted_at < *first->deleted_at)) first = &pod;
    }
    if (first == nullptr) throw std::runtime_error("no pod was deleted");
    return first->id;
  }

  static void set_image(Deployment& deployment, const std::string& image) {
    deployment.spec.pod_template.edit([&](PodTemplate& pod_template) {
      pod_template.spec.edit([&](PodSpec& spec) { spec.containers.front().image = image; });
    });
  }

  [[nodiscard]] Deployment deployment() const {
    PodSpec spec;
    spec.containers.emplace_back().name = "web";
    spec.termination_grace_period_seconds = 10;
    PodTemplate pod_template;
    pod_template.labels = Labels{{"app", "web"}};
    pod_template.spec = std::move(spec);
    Deployment result;
    result.meta.namespace_ = "default";
    result.meta.name = "web";
    result.spec.replicas = replicas_;
    result.spec.selector = LabelSelector{{{"app", "web"}}, {}};
    result.spec.pod_template = std::move(pod_template);
    result.spec.strategy.max_surge = int_or_string(run_.at("maxSurge"));
    result.spec.strategy.max_unavailable = int_or_string(run_.at("maxUnavailable"));
    set_image(result, "web:1");
    return result;
  }

  const json& run_;
  std::int32_t replicas_;
  std::vector<Seen> seen_;
  std::map<std::string, int> replica_sets_;  ///< by hash
  std::map<std::string, ReplayPodId> ids_;   ///< by pod name
  std::map<ReplayPodId, ReplayPod> pods_;
  std::map<int, int> initial_seen_;
  std::map<int, int> pod_counts_;
  std::map<int, std::int32_t> last_size_;
  std::vector<SizeChange> sizes_;
  ReplayAction action_{};
};

std::optional<std::string> check_run(const json& run) {
  const RecordedRun recorded(run);
  const auto replayed = replay(recorded.input());
  if (!replayed) return to_string(replayed.error());
  std::vector<SizeChange> ours = replayed->sizes;
  std::erase_if(ours, [](const SizeChange& change) { return change.at < kTimeZero; });
  const auto joined = join_directions(ours);
  const auto expected = join_directions(recorded.sizes());
  if (joined != expected) return fmt::format("sizes {}, recorded {}", to_string(joined), to_string(expected));
  if (replayed->pods_created != recorded.pods_created()) {
    return fmt::format("pods created {}, recorded {}", json(replayed->pods_created).dump(),
                       json(recorded.pods_created()).dump());
  }
  return std::nullopt;
}

void check_kind_rollouts(const json& file, Tally& tally) { for_each_case(file, tally, check_run); }

}  // namespace

std::vector<Family> kind_rollout_families() {
  std::vector<Family> families;
  for (const char* name : {"delete1", "image", "scale-down", "scale-up"}) {
    families.push_back({std::string("kind-rollouts/") + name, check_kind_rollouts});
  }
  return families;
}

}  // namespace tandem::truth
