#include "core/control/deployment_revision.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <charconv>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "core/cluster/json.hpp"
#include "core/control/controller_runtime.hpp"
#include "core/control/deployment_arithmetic.hpp"

namespace tandem::control {

using cluster::Deployment;
using cluster::Labels;
using cluster::ObjectMeta;
using cluster::PodTemplate;
using cluster::ReplicaSet;

namespace {

/// Kubernetes keeps the revision-history annotation below this many bytes (maxRevHistoryLengthInChars).
constexpr std::size_t kRevisionHistoryBytes = 2000;
/// DNS-1123 subdomain limit of object names.
constexpr std::size_t kMaxNameBytes = 253;

bool is_bookkeeping(std::string_view annotation) {
  static constexpr std::array<std::string_view, 6> kSkipped = {"kubectl.kubernetes.io/last-applied-configuration",
                                                               kRevisionAnnotation,
                                                               kRevisionHistoryAnnotation,
                                                               kDesiredReplicasAnnotation,
                                                               kMaxReplicasAnnotation,
                                                               "deprecated.deployment.rollback.to"};
  return std::find(kSkipped.begin(), kSkipped.end(), annotation) != kSkipped.end();
}

bool same_labels_but_hash(const Labels& a, const Labels& b) {
  auto skip_hash = [](auto it, auto end) { return it != end && it->first == kPodTemplateHashLabel ? std::next(it) : it; };
  auto left = skip_hash(a.begin(), a.end());
  auto right = skip_hash(b.begin(), b.end());
  while (left != a.end() && right != b.end()) {
    if (*left != *right) return false;
    left = skip_hash(std::next(left), a.end());
    right = skip_hash(std::next(right), b.end());
  }
  return left == a.end() && right == b.end();
}

bool set_annotation(Labels& annotations, std::string_view name, std::string value) {
  const auto found = annotations.find(name);
  if (found != annotations.end() && found->second == value) return false;
  annotations.insert_or_assign(std::string(name), std::move(value));
  return true;
}

class Fnv1a32 {
 public:
  void add(unsigned char byte) { value_ = (value_ ^ byte) * 16777619U; }
  void add(std::string_view bytes) {
    for (const char c : bytes) add(static_cast<unsigned char>(c));
  }
  [[nodiscard]] std::uint32_t value() const { return value_; }

 private:
  std::uint32_t value_ = 2166136261U;
};

/// Appends `revision` to the comma-separated history, dropping the oldest entries beyond the limit.
std::string extended_history(const std::string& history, std::int64_t revision) {
  const std::string entry = std::to_string(revision);
  if (history.empty()) return entry;
  std::string_view kept = history;
  while (!kept.empty() && kept.size() + 1 + entry.size() > kRevisionHistoryBytes) {
    const auto comma = kept.find(',');
    kept = comma == std::string_view::npos ? std::string_view{} : kept.substr(comma + 1);
  }
  return kept.empty() ? entry : fmt::format("{},{}", kept, entry);
}

PodTemplate without_hash(PodTemplate pod_template) {
  if (pod_template.labels->contains(kPodTemplateHashLabel)) {
    pod_template.labels.edit([](Labels& labels) { labels.erase(labels.find(kPodTemplateHashLabel)); });
  }
  return pod_template;
}

/// The ReplicaSet of `to_revision`, or for 0 the one with the second highest revision; null if there is none.
const ReplicaSet* find_revision(std::span<const ReplicaSet* const> replica_sets, std::int64_t to_revision) {
  const ReplicaSet* latest = nullptr;
  const ReplicaSet* previous = nullptr;
  for (const ReplicaSet* candidate : replica_sets) {
    const std::int64_t revision = revision_of(candidate->meta);
    if (to_revision != 0) {
      if (revision == to_revision) return candidate;
    } else if (latest == nullptr || revision > revision_of(latest->meta)) {
      previous = std::exchange(latest, candidate);
    } else if (previous == nullptr || revision > revision_of(previous->meta)) {
      previous = candidate;
    }
  }
  return to_revision != 0 ? nullptr : previous;
}

}  // namespace

bool same_template(const PodTemplate& a, const PodTemplate& b) {
  return same_labels_but_hash(*a.labels, *b.labels) && a.annotations == b.annotations && a.spec == b.spec && a.rest == b.rest;
}

std::string template_hash(const PodTemplate& pod_template, std::optional<std::int32_t> collision_count) {
  ReplicaSet carrier;
  carrier.spec.pod_template = without_hash(pod_template);
  Fnv1a32 hash;
  hash.add(cluster::to_json(carrier).at("spec").at("template").dump());
  if (collision_count) {
    const auto count = static_cast<std::uint32_t>(*collision_count);
    for (unsigned i = 0; i < 8; ++i) hash.add(static_cast<unsigned char>(i < 4 ? (count >> (8 * i)) & 0xffU : 0U));
  }
  static constexpr std::string_view kDigits = "456789bcdf";
  std::string text = std::to_string(hash.value());
  for (char& c : text) c = kDigits[static_cast<std::size_t>(c - '0')];
  return text;
}

std::string replica_set_name(std::string_view deployment_name, std::string_view hash) {
  const std::size_t room = kMaxNameBytes - hash.size() - 1;
  return fmt::format("{}-{}", deployment_name.substr(0, room), hash);
}

bool created_before(const ReplicaSet& a, const ReplicaSet& b) {
  const SimTime first = api_time(a.meta.creation_timestamp);
  const SimTime second = api_time(b.meta.creation_timestamp);
  return first != second ? first < second : a.meta.name < b.meta.name;
}

std::optional<std::int64_t> number_annotation(const ObjectMeta& meta, std::string_view name) {
  const auto found = meta.annotations->find(name);
  if (found == meta.annotations->end()) return std::nullopt;
  std::int64_t value = 0;
  const char* const end = found->second.data() + found->second.size();
  const auto [rest, error] = std::from_chars(found->second.data(), end, value);
  if (error != std::errc{} || rest != end) return std::nullopt;
  return value;
}

std::int64_t revision_of(const ObjectMeta& meta) { return number_annotation(meta, kRevisionAnnotation).value_or(0); }

std::int64_t max_revision(std::span<const ReplicaSet* const> replica_sets) {
  std::int64_t highest = 0;
  for (const ReplicaSet* replica_set : replica_sets) highest = std::max(highest, revision_of(replica_set->meta));
  return highest;
}

bool set_new_replica_set_annotations(const Deployment& deployment, std::int64_t revision, ReplicaSet& replica_set) {
  Labels annotations = *replica_set.meta.annotations;
  bool changed = false;
  for (const auto& [name, value] : *deployment.meta.annotations) {
    if (!is_bookkeeping(name)) changed = set_annotation(annotations, name, value) || changed;
  }
  const auto current = annotations.find(kRevisionAnnotation);
  const bool had_revision = current != annotations.end();
  const bool readable = !had_revision || current->second.empty() || number_annotation(replica_set.meta, kRevisionAnnotation);
  const std::int64_t old_revision = revision_of(replica_set.meta);
  if (readable && old_revision < revision) {
    if (had_revision) {
      const auto history = annotations.find(kRevisionHistoryAnnotation);
      set_annotation(annotations, kRevisionHistoryAnnotation,
                     extended_history(history == annotations.end() ? "" : history->second, old_revision));
    }
    set_annotation(annotations, kRevisionAnnotation, std::to_string(revision));
    changed = true;
  }
  if (changed) replica_set.meta.annotations = std::move(annotations);
  return changed;
}

bool set_replicas_annotations(const cluster::DeploymentSpec& spec, ReplicaSet& replica_set) {
  const std::int32_t total = max_total(spec);
  Labels annotations = *replica_set.meta.annotations;
  const bool desired = set_annotation(annotations, kDesiredReplicasAnnotation, std::to_string(spec.replicas));
  const bool most = set_annotation(annotations, kMaxReplicasAnnotation, std::to_string(total));
  if (desired || most) replica_set.meta.annotations = std::move(annotations);
  return desired || most;
}

Result<Undo> plan_undo(const Deployment& deployment, std::span<const ReplicaSet* const> replica_sets,
                       std::int64_t to_revision) {
  if (deployment.spec.paused) {
    return fail(
        ErrorCode::ValueConflict,
        fmt::format("cannot rollback a paused deployment; resume it first with 'kubectl rollout resume' and try again"));
  }
  const ReplicaSet* target = find_revision(replica_sets, to_revision);
  if (target == nullptr) {
    return fail(ErrorCode::UsageNotFound,
                to_revision == 0 ? fmt::format("no rollout history found for deployment \"{}\"", deployment.meta.name)
                                 : fmt::format("unable to find specified revision {} in history", to_revision));
  }
  Undo result;
  result.revision = revision_of(target->meta);
  result.pod_template = without_hash(*target->spec.pod_template);
  result.unchanged = same_template(result.pod_template, *deployment.spec.pod_template);
  for (const auto& [name, value] : *deployment.meta.annotations) {
    if (is_bookkeeping(name)) result.annotations.emplace(name, value);
  }
  for (const auto& [name, value] : *target->meta.annotations) {
    if (!is_bookkeeping(name)) result.annotations.insert_or_assign(name, value);
  }
  return result;
}

Result<cluster::Ptr<Deployment>> undo(cluster::ApiServer& server, const cluster::ObjectKey& key, std::int64_t to_revision) {
  const auto deployment = server.get<Deployment>(key);
  if (!deployment) return fail(ErrorCode::ApiNotFound, fmt::format("deployments.apps \"{}\" not found", key.name));
  const auto all = server.list<ReplicaSet>(key.namespace_);
  std::vector<const ReplicaSet*> own;
  for (const auto& candidate : all) {
    const auto* owner = cluster::controller_of(candidate->meta);
    if (owner != nullptr && owner->uid == deployment->meta.uid) own.push_back(candidate.get());
  }
  auto planned = plan_undo(*deployment, own, to_revision);
  if (!planned) return tl::unexpected(std::move(planned).error());
  if (planned->unchanged) return deployment;
  return server.patch<Deployment>(key, [&](Deployment& edited) {
    edited.spec.pod_template = planned->pod_template;
    edited.meta.annotations = planned->annotations;
  });
}

}  // namespace tandem::control
