#include "core/cluster/event_correlator.hpp"

#define XXH_INLINE_ALL  // the texts are short: a call would cost as much as the hash
#include <xxhash.h>

#include <algorithm>

namespace tandem::cluster {

TextDigest EventCorrelator::digest_of(const TextDigest& before, std::initializer_list<std::string_view> texts) {
  scratch_.clear();
  for (const std::uint64_t word : {before.low, before.high}) {
    for (int shift = 0; shift < 64; shift += 8) scratch_ += static_cast<char>(word >> shift);
  }
  for (const std::string_view text : texts) {
    scratch_ += text;
    scratch_ += '\0';
  }
  const XXH128_hash_t hash = XXH3_128bits(scratch_.data(), scratch_.size());
  return {hash.low64, hash.high64};
}

void EventCorrelator::Similar::add(std::uint64_t message) {
  const auto end = messages.begin() + count;
  if (std::find(messages.begin(), end, message) == end) messages[count++] = message;
}

EventCorrelator::Outcome EventCorrelator::correlate(Event event, SimTime now) {
  const TextDigest object = digest_of({}, {event.source_component, event.source_host, event.involved_kind, event.involved_namespace,
                                           event.involved_name, event.involved_uid});
  const TextDigest similar_key = digest_of(object, {event.type, event.reason});
  TextDigest equal_key = digest_of(similar_key, {event.message});

  Similar& similar = similar_.at(similar_key, {});
  if (similar.last_seen != kTimeUnset && now - similar.last_seen > seconds(kSimilarWindowSeconds)) similar.count = 0;
  similar.last_seen = now;
  similar.add(equal_key.low);

  if (similar.count == kSimilarLimit) {
    --similar.count;  // one message less, so that the set does not grow: which one makes no difference to its size
    event.message = "(combined from similar events): " + event.message;
    equal_key = similar_key;
  }

  Outcome outcome;
  Equal& equal = equal_.at(equal_key, {});
  if (equal.count > 0) {
    outcome.action = Action::Update;
    event.meta.name = equal.name;
    event.count = equal.count + 1;
    event.first_timestamp = equal.first_seen;
  }
  equal = {event.count, event.meta.name, event.first_timestamp};

  if (!spam_.at(object, TokenBucket({kSpamQps, spam_burst_})).try_take(now)) outcome.action = Action::Drop;
  outcome.event = std::move(event);
  return outcome;
}

}  // namespace tandem::cluster
