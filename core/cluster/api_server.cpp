#include "core/cluster/api_server.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "core/cluster/api_server_state.hpp"

namespace tandem::cluster {

namespace {

/// Keeps what no client may change: identity, deletion marks, counters.
void keep_server_fields(const ObjectMeta& current, ObjectMeta& next) {
  next.name = current.name;
  next.namespace_ = current.namespace_;
  next.uid = current.uid;
  next.resource_version = current.resource_version;
  next.generation = current.generation;
  next.creation_timestamp = current.creation_timestamp;
  next.deletion_timestamp = current.deletion_timestamp;
  next.deletion_grace_period_seconds = current.deletion_grace_period_seconds;
}

/// A Deployment's annotations count because its ReplicaSets get copies of them.
template <class T>
bool counts_as_new_generation(const T& current, const T& next) {
  if (!rules::counts_generations(next)) return false;
  if constexpr (std::same_as<T, Deployment>) {
    if (!(current.meta.annotations == next.meta.annotations)) return true;
  }
  return !rules::same_spec(current, next);
}

/// Null if the write may go ahead.
template <class T>
std::optional<Error> check_write(const T& object, const Ptr<T>& current) {
  const KeyView key = rules::key_view(object);
  if (!current) return rules::not_found(KindOf<T>::kind, key);
  if (!object.meta.uid.empty() && object.meta.uid != current->meta.uid) {
    return rules::precondition_conflict(KindOf<T>::kind, key, object.meta.uid, current->meta.uid);
  }
  if (object.meta.resource_version != 0 && object.meta.resource_version != current->meta.resource_version) {
    return rules::version_conflict(KindOf<T>::kind, key);
  }
  return std::nullopt;
}

template <class T>
std::optional<Error> check_immutable(const T& current, const T& next) {
  const KeyView key = rules::key_view(current);
  if (const auto field = rules::changed_immutable_field(current, next); !field.empty()) {
    return rules::invalid(KindOf<T>::kind, key, field, "field is immutable");
  }
  if constexpr (std::same_as<T, Pod>) {
    if (current.node_name != next.node_name) {
      return rules::invalid(Kind::Pod, key, "spec.nodeName", "a pod is bound through its binding only");
    }
  }
  return std::nullopt;
}

}  // namespace

std::string to_string(const ObjectKey& key) {
  return key.namespace_.empty() ? key.name : key.namespace_ + "/" + key.name;
}

ApiServer::ApiServer(Clock& clock, DeliveryProfile profile, std::uint64_t seed)
    : clock_(clock), profile_(std::move(profile)), state_(std::make_unique<State>(*this, seed)) {}

ApiServer::~ApiServer() = default;

void ApiServer::State::settle() {
  if (settling) return;
  settling = true;
  hub.drain();
  while (!instant_garbage.empty()) {
    const std::vector<Dependent> batch = std::exchange(instant_garbage, {});
    collect(batch);
    hub.drain();
  }
  settling = false;
}

void ApiServer::State::complete(Pod& pod) {
  if (pod.status.phase == PodPhase::None) pod.status.phase = PodPhase::Pending;
  if (pod.status.qos_class.empty()) {
    if (last_qos_class.empty() || !last_spec.same_as(pod.spec)) {
      last_spec = pod.spec;
      last_qos_class = qos_class_of(*pod.spec);
    }
    pod.status.qos_class = last_qos_class;
  }
  // A template may pin its pods to a node; there spec.nodeName is one of the fields that PodSpec does not know.
  const JsonRest& rest = pod.spec->rest;
  if (pod.node_name.empty() && rest.fields) {
    const auto pinned = rest.fields->find("nodeName");
    if (pinned != rest.fields->end() && pinned->is_string()) pod.node_name = pinned->get<std::string>();
  }
}

std::string ApiServer::State::make_uid(std::string_view kind, const KeyView& key) const {
  const std::uint64_t entity = stable_hash(key.name, stable_hash(key.namespace_, stable_hash(kind)));
  const auto removed = incarnations.find(entity);
  const std::uint64_t incarnation = removed == incarnations.end() ? 0 : removed->second;
  const CounterStream stream(seed, "uid", entity);
  const std::uint64_t high = stream.bits(incarnation, 0);
  const std::uint64_t low = stream.bits(incarnation, 1);
  // The shape of a version 4, variant 1 UUID (RFC 4122): high word, 4, 12 bits of it; 10, 14 bits, the low 48.
  const std::uint64_t first = (high & ~std::uint64_t{0xf000}) | 0x4000;
  const std::uint64_t second = (low & ~(std::uint64_t{3} << 62)) | (std::uint64_t{1} << 63);
  std::string uid(36, '-');
  std::size_t at = 0;
  for (const std::uint64_t word : {first, second}) {
    for (int shift = 60; shift >= 0; shift -= 4) {
      if (at == 8 || at == 13 || at == 18 || at == 23) ++at;
      uid[at++] = "0123456789abcdef"[(word >> shift) & 0xf];
    }
  }
  return uid;
}

std::string ApiServer::State::make_name(std::string_view kind, std::string_view namespace_,
                                        const std::string& generate_name) {
  // Kubernetes' own alphabet and length (k8s.io/apiserver names.SimpleNameGenerator): no vowels, nothing that looks alike.
  static constexpr std::string_view kAlphabet = "bcdfghjklmnpqrstvwxz2456789";
  static constexpr std::size_t kSuffixLength = 5;
  static constexpr std::size_t kMaxNameLength = 63;
  const std::string stream_name = fmt::format("{}/{}/{}", kind, namespace_, generate_name);
  auto stream = name_streams.find(stream_name);
  if (stream == name_streams.end()) {
    stream = name_streams.emplace(stream_name, RandomStream(seed, "generate-name", stable_hash(stream_name))).first;
  }
  std::string name = generate_name.substr(0, kMaxNameLength - kSuffixLength);
  for (std::size_t i = 0; i < kSuffixLength; ++i) name += kAlphabet[stream->second.below(kAlphabet.size())];
  return name;
}

template <class T>
Result<Ptr<T>> ApiServer::create(T object) {
  constexpr Kind kKind = KindOf<T>::kind;
  ObjectMeta& meta = object.meta;
  if (meta.name.empty() && meta.generate_name.empty()) {
    return fail(rules::invalid(kKind, rules::key_view(object), "metadata.name", "name or generateName is required"));
  }
  const bool generated = meta.name.empty();
  // As the API server does: another suffix for at most seven collisions.
  for (int attempt = 0; generated && attempt < 8; ++attempt) {
    meta.name = state_->make_name(rules::kind_name(object), meta.namespace_, meta.generate_name);
    if (!state_->find<T>(rules::key_view(object))) break;
  }
  const KeyView key = rules::key_view(object);
  if (state_->find<T>(key)) return fail(rules::already_exists(kKind, key));

  if (meta.uid.empty()) meta.uid = state_->make_uid(rules::kind_name(object), key);
  meta.generation = rules::counts_generations(object) ? 1 : 0;
  meta.creation_timestamp = clock_.now();
  if constexpr (std::same_as<T, Pod>) {
    TANDEM_TRY(state_->priorities.admit(object, state_->index<Unstructured>()));
    state_->complete(object);
  }
  Ptr<T> created = state_->commit<T>(nullptr, std::make_shared<T>(std::move(object)));
  if (!created->meta.owner_references.empty()) {
    const KeyView view = rules::key_view(*created);
    state_->queue_if_orphaned(kKind, {std::string(view.namespace_), std::string(view.name), std::string(view.kind)},
                              created->meta);
  }
  state_->settle();
  return created;
}

template <class T>
Result<Ptr<T>> ApiServer::update(T object) {
  const Ptr<T> current = state_->find<T>(rules::key_view(object));
  if (auto error = check_write(object, current)) return fail(std::move(*error));
  if (auto error = check_immutable(*current, object)) return fail(std::move(*error));
  keep_server_fields(current->meta, object.meta);
  rules::copy_status(*current, object);
  if (object == *current) return current;
  if (counts_as_new_generation(*current, object)) ++object.meta.generation;
  return state_->commit_edit(current, std::make_shared<T>(std::move(object)));
}

template <class T>
Result<Ptr<T>> ApiServer::update_status(T object) {
  const Ptr<T> current = state_->find<T>(rules::key_view(object));
  if (auto error = check_write(object, current)) return fail(std::move(*error));
  if constexpr (!rules::kHasStatus<T>) {
    return fail(rules::invalid(KindOf<T>::kind, rules::key_view(object), "status", "this kind has no status"));
  } else {
    auto next = std::make_shared<T>(*current);
    rules::copy_status(object, *next);
    if constexpr (std::same_as<T, Deployment>) next->meta.annotations = object.meta.annotations;
    if (*next == *current) return current;
    return state_->commit_edit(current, std::move(next));
  }
}

template <class T>
Result<Ptr<T>> ApiServer::patch(const ObjectKey& key, const std::function<void(T&)>& edit) {
  const Ptr<T> current = state_->find<T>(rules::key_view(key));
  if (!current) return fail(rules::not_found(KindOf<T>::kind, rules::key_view(key)));
  auto next = std::make_shared<T>(*current);
  edit(*next);
  keep_server_fields(current->meta, next->meta);
  if (auto error = check_immutable(*current, *next)) return fail(std::move(*error));
  if (*next == *current) return current;
  if (counts_as_new_generation(*current, *next)) ++next->meta.generation;
  return state_->commit_edit(current, std::move(next));
}

Result<Ptr<Pod>> ApiServer::bind(const ObjectKey& pod, const std::string& uid, const std::string& node_name) {
  const KeyView key = rules::key_view(pod);
  const Ptr<Pod> current = state_->find<Pod>(key);
  if (!current) return fail(rules::not_found(Kind::Pod, key));
  if (!uid.empty() && uid != current->meta.uid) {
    return fail(rules::precondition_conflict(Kind::Pod, key, uid, current->meta.uid));
  }
  if (is_terminating(current->meta)) {
    return fail(rules::conflict(Kind::Pod, key, fmt::format("pod {} is being deleted, cannot be assigned to a host", pod.name)));
  }
  if (!current->node_name.empty()) {
    return fail(rules::conflict(Kind::Pod, key,
                                fmt::format("pod {} is already assigned to node \"{}\"", pod.name, current->node_name)));
  }
  auto next = std::make_shared<Pod>(*current);
  next->node_name = node_name;
  Condition scheduled{.type = "PodScheduled", .status = ConditionStatus::True, .last_transition_time = clock_.now()};
  bool replaced = false;
  for (Condition& condition : next->status.conditions) {
    if (condition.type != scheduled.type) continue;
    if (condition.status == ConditionStatus::True) scheduled.last_transition_time = condition.last_transition_time;
    condition = scheduled;
    replaced = true;
  }
  if (!replaced) next->status.conditions.push_back(std::move(scheduled));
  return state_->commit_edit(current, std::move(next));
}

template <class T>
Ptr<T> ApiServer::get(const ObjectKey& key) const { return state_->find<T>(rules::key_view(key)); }

template <class T>
std::vector<Ptr<T>> ApiServer::list(std::string_view namespace_) const {
  const ObjectIndex& index = state_->indexes[static_cast<std::size_t>(KindOf<T>::kind)];
  std::vector<Ptr<T>> objects;
  if (namespace_.empty()) objects.reserve(index.size());
  index.for_each(namespace_, [&](const StoredObject& stored_object) {
    objects.push_back(std::static_pointer_cast<const T>(stored_object.object));
  });
  return objects;
}

template <class T>
Subscription ApiServer::on_commit(std::function<void(const Change<T>&)> observer) {
  return state_->hub.observe(KindOf<T>::kind, [observer = std::move(observer)](const AnyChange& change) {
    observer(std::get<Change<T>>(change));
  });
}

template <class T>
Subscription ApiServer::watch(SimDuration delay, std::function<void(const Change<T>&)> handler) {
  const std::vector<Ptr<T>> existing = list<T>();
  const SimTime now = clock_.now();
  Subscription subscription =
      state_->hub.watch(KindOf<T>::kind, delay, state_->version,
                        [handler](const AnyChange& change) { handler(std::get<Change<T>>(change)); });
  for (const Ptr<T>& object : existing) handler(Change<T>{ChangeType::Added, now, nullptr, object});
  return subscription;
}

std::int64_t ApiServer::resource_version() const { return state_->version; }

#define TANDEM_INSTANTIATE(T)                                                                              \
  template Result<Ptr<T>> ApiServer::create(T);                                                            \
  template Result<Ptr<T>> ApiServer::update(T);                                                            \
  template Result<Ptr<T>> ApiServer::update_status(T);                                                     \
  template Result<Ptr<T>> ApiServer::patch(const ObjectKey&, const std::function<void(T&)>&);              \
  template Ptr<T> ApiServer::get(const ObjectKey&) const;                                                  \
  template std::vector<Ptr<T>> ApiServer::list(std::string_view) const;                                    \
  template Subscription ApiServer::on_commit(std::function<void(const Change<T>&)>);                       \
  template Subscription ApiServer::watch(SimDuration, std::function<void(const Change<T>&)>);
TANDEM_INSTANTIATE(Node)
TANDEM_INSTANTIATE(Pod)
TANDEM_INSTANTIATE(ReplicaSet)
TANDEM_INSTANTIATE(Deployment)
TANDEM_INSTANTIATE(Service)
TANDEM_INSTANTIATE(EndpointSlice)
TANDEM_INSTANTIATE(Event)
TANDEM_INSTANTIATE(Unstructured)
#undef TANDEM_INSTANTIATE

}  // namespace tandem::cluster
