#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "core/cluster/api_server_state.hpp"
#include "core/cluster/event_correlator.hpp"
#include "core/cluster/json.hpp"
#include "core/cluster/token_bucket.hpp"

namespace tandem::cluster {

struct ApiClient::State {
  State(Clock& owner_clock, const DeliveryProfile& profile, RateLimit limit, std::optional<RateLimit> event_limit)
      : clock(owner_clock), write_latency(profile.write_latency), calls(limit), correlator(profile.event_burst) {
    if (event_limit) events.emplace(*event_limit);
  }

  Clock& clock;
  SimDuration write_latency;
  std::uint32_t entity = 0;
  TokenBucket calls;
  std::optional<TokenBucket> events;
  EventCorrelator correlator;

  TokenBucket& event_bucket() { return events ? *events : calls; }
};

namespace {

/// Runs `call` when its token is there and one write latency has passed: at once if that is now.
template <class State, class Call>
void submit(const std::shared_ptr<State>& state, TokenBucket& bucket, Call call) {
  const SimTime now = state->clock.now();
  const SimTime commit_at = bucket.reserve(now) + state->write_latency;
  if (commit_at <= now) {
    call();
    return;
  }
  state->clock.at(commit_at, EventClass::Api, state->entity,
                  [weak = std::weak_ptr<State>(state), call = std::move(call)]() mutable {
                    const std::shared_ptr<State> alive = weak.lock();  // held: an answer may end its client
                    if (alive) call();
                  });
}

template <class T>
JsonRest event_reference(const T&) {
  static constexpr std::string_view kApiVersion = std::same_as<T, ReplicaSet> || std::same_as<T, Deployment> ? "apps/v1"
                                                  : std::same_as<T, EndpointSlice> ? "discovery.k8s.io/v1"
                                                                                   : "v1";
  // One value for all events about a kind: they share it.
  static const JsonRest rest{std::make_shared<const nlohmann::json>(
      nlohmann::json{{"involvedObject", {{"apiVersion", std::string(kApiVersion)}}}})};
  return rest;
}
JsonRest event_reference(const Unstructured& object) {
  return {std::make_shared<const nlohmann::json>(nlohmann::json{{"involvedObject", {{"apiVersion", object.api_version}}}})};
}

/// A caller that does not care passes no answer.
template <class T>
void reply(const std::function<void(Result<Ptr<T>>)>& answer, Result<Ptr<T>> result) {
  if (answer) answer(std::move(result));
}

void write_event(ApiServer& server, EventCorrelator::Outcome outcome) {
  Event& event = outcome.event;
  if (outcome.action == EventCorrelator::Action::Update) {
    const Result<Ptr<Event>> updated = server.patch<Event>(key_of(event.meta), [&](Event& stored_event) {
      stored_event.count = event.count;
      stored_event.message = event.message;
      stored_event.last_timestamp = event.last_timestamp;
    });
    if (updated || updated.error().code != ErrorCode::ApiNotFound) return;
  }
  (void)server.create(std::move(event));  // like client-go's recorder: an event that cannot be written is lost
}

}  // namespace

ApiClient::ApiClient(ApiServer& server, std::string name, RateLimit limit, std::optional<RateLimit> event_limit)
    : server_(server),
      name_(std::move(name)),
      state_(std::make_shared<State>(server.clock(), server.profile(), limit, event_limit)) {
  // After the watch channels (0…) and before the garbage collector in the clock's order of simultaneous events.
  static constexpr std::uint32_t kFirstClientEntity = 2000;
  state_->entity = kFirstClientEntity + server.state_->clients++;
}

ApiClient::~ApiClient() = default;

template <class T>
void ApiClient::create(T object, Answer<T> answer) {
  submit(state_, state_->calls, [&server = server_, object = std::move(object), answer = std::move(answer)]() mutable {
    reply<T>(answer, server.create(std::move(object)));
  });
}

template <class T>
void ApiClient::update(T object, Answer<T> answer) {
  submit(state_, state_->calls, [&server = server_, object = std::move(object), answer = std::move(answer)]() mutable {
    reply<T>(answer, server.update(std::move(object)));
  });
}

template <class T>
void ApiClient::update_status(T object, Answer<T> answer) {
  submit(state_, state_->calls, [&server = server_, object = std::move(object), answer = std::move(answer)]() mutable {
    reply<T>(answer, server.update_status(std::move(object)));
  });
}

template <class T>
void ApiClient::patch(ObjectKey key, std::function<void(T&)> edit, Answer<T> answer) {
  submit(state_, state_->calls,
         [&server = server_, key = std::move(key), edit = std::move(edit), answer = std::move(answer)] {
           reply<T>(answer, server.patch<T>(key, edit));
         });
}

template <class T>
void ApiClient::remove(ObjectKey key, DeleteOptions options, Answer<T> answer) {
  submit(state_, state_->calls,
         [&server = server_, key = std::move(key), options = std::move(options), answer = std::move(answer)] {
           reply<T>(answer, server.remove<T>(key, options));
         });
}

void ApiClient::bind(ObjectKey pod, std::string uid, std::string node_name, Answer<Pod> answer) {
  submit(state_, state_->calls,
         [&server = server_, pod = std::move(pod), uid = std::move(uid), node_name = std::move(node_name),
          answer = std::move(answer)] { reply<Pod>(answer, server.bind(pod, uid, node_name)); });
}

template <class T>
void ApiClient::event(const T& object, std::string_view type, std::string_view reason, std::string message) {
  const SimTime now = state_->clock.now();
  // client-go: the object's name and the time in hex nanoseconds. In virtual time many events share one moment, so the stamp is
  // made unique.
  std::int64_t& last_stamp = server_.state_->last_event_stamp;
  last_stamp = std::max(last_stamp + 1, kEpochUnixSeconds * 1'000'000'000 + now.ns);

  Event event;
  event.meta.name = fmt::format("{}.{:x}", object.meta.name, last_stamp);
  event.meta.namespace_ = object.meta.namespace_.empty() ? "default" : object.meta.namespace_;
  event.type = type;
  event.reason = reason;
  event.message = std::move(message);
  event.involved_kind = rules::kind_name(object);
  event.involved_name = object.meta.name;
  event.involved_namespace = object.meta.namespace_;
  event.involved_uid = object.meta.uid;
  event.source_component = name_;
  event.first_timestamp = now;
  event.last_timestamp = now;
  event.rest = event_reference(object);

  EventCorrelator::Outcome outcome = state_->correlator.correlate(std::move(event), now);
  if (outcome.action == EventCorrelator::Action::Drop) return;
  submit(state_, state_->event_bucket(),
         [&server = server_, outcome = std::move(outcome)]() mutable { write_event(server, std::move(outcome)); });
}

#define TANDEM_INSTANTIATE(T)                                                            \
  template void ApiClient::create(T, Answer<T>);                                         \
  template void ApiClient::update(T, Answer<T>);                                         \
  template void ApiClient::update_status(T, Answer<T>);                                  \
  template void ApiClient::patch(ObjectKey, std::function<void(T&)>, Answer<T>);         \
  template void ApiClient::remove<T>(ObjectKey, DeleteOptions, Answer<T>);               \
  template void ApiClient::event(const T&, std::string_view, std::string_view, std::string);
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
