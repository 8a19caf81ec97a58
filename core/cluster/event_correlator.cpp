#include "core/cluster/event_correlator.hpp"

#include <functional>
#include <string_view>

namespace tandem::cluster {

namespace {

/// Parts joined by a byte that none of them can hold.
std::string join(std::initializer_list<std::string_view> parts) {
  std::size_t length = parts.size();
  for (const std::string_view part : parts) length += part.size();
  std::string key;
  key.reserve(length);
  for (const std::string_view part : parts) {
    key += part;
    key += '\0';
  }
  return key;
}

/// Of a text that goes on with `rest`.
std::size_t combined(std::size_t hash, std::string_view rest) {
  constexpr std::size_t kOdd = 0x9e3779b97f4a7c15ULL;
  return (hash ^ std::hash<std::string_view>{}(rest)) * kOdd;  // lint-allow: look-up only, order is kept by a list
}

}  // namespace

EventCorrelator::Outcome EventCorrelator::correlate(Event event, SimTime now) {
  const std::string object_key = join({event.source_component, event.source_host, event.involved_kind,
                                       event.involved_namespace, event.involved_name, event.involved_uid});
  const std::size_t object_hash = std::hash<std::string_view>{}(object_key);  // lint-allow: look-up only
  const std::string kind_of_event = join({event.type, event.reason});
  const std::string similar_key = object_key + kind_of_event;
  const std::size_t similar_hash = combined(object_hash, kind_of_event);

  Similar& similar = similar_.at(similar_key, similar_hash, {});
  if (similar.last_seen != kTimeUnset && now - similar.last_seen > seconds(kSimilarWindowSeconds)) similar.messages.clear();
  similar.last_seen = now;
  similar.messages.insert(event.message);

  std::string equal_key;
  std::size_t equal_hash = similar_hash;
  if (similar.messages.size() < kSimilarLimit) {
    equal_key = similar_key + event.message;
    equal_hash = combined(similar_hash, event.message);
  } else {
    // One message less, so that the set does not grow: which one makes no difference to its size.
    similar.messages.erase(similar.messages.begin());
    event.message = "(combined from similar events): " + event.message;
    equal_key = similar_key;
  }

  Outcome outcome;
  Equal& equal = equal_.at(equal_key, equal_hash, {});
  if (equal.count > 0) {
    outcome.action = Action::Update;
    event.meta.name = equal.name;
    event.count = equal.count + 1;
    event.first_timestamp = equal.first_seen;
  }
  equal = {event.count, event.meta.name, event.first_timestamp};

  if (!spam_.at(object_key, object_hash, TokenBucket({kSpamQps, spam_burst_})).try_take(now)) outcome.action = Action::Drop;
  outcome.event = std::move(event);
  return outcome;
}

}  // namespace tandem::cluster
