#pragma once
// What client-go's event recorder does to events before they are written (tools/record/events_cache.go;
// kubernetes-semantics §2.7): equal ones count up, similar ones are combined, a chatty object is silenced.

#include <cstdint>
#include <iterator>
#include <list>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "core/cluster/api_server.hpp"
#include "core/cluster/token_bucket.hpp"

namespace tandem::cluster {

/// Keeps the most recently used entries only.
template <class Value>
class RecentlyUsed {
 public:
  explicit RecentlyUsed(std::size_t capacity) : capacity_(capacity) {}

  /// The entry of `key`, made from `fresh` if there is none; now the most recently used one. `hash` is the key's, the same for
  /// equal keys: callers with several keys that begin alike work it out once.
  Value& at(std::string_view key, std::size_t hash, const Value& fresh) {
    const auto [first, last] = places_.equal_range(hash);
    for (auto place = first; place != last; ++place) {
      if (place->second->key != key) continue;
      order_.splice(order_.begin(), order_, place->second);
      return order_.front().value;
    }
    if (order_.size() < capacity_) {
      order_.push_front({std::string(key), fresh, {}});
      order_.front().place = places_.emplace(hash, order_.begin());
      return order_.front().value;
    }
    // The one unused longest makes room, and its memory serves again.
    order_.splice(order_.begin(), order_, std::prev(order_.end()));
    Entry& entry = order_.front();
    auto place = places_.extract(entry.place);
    entry.key.assign(key);
    entry.value = fresh;
    place.key() = hash;
    entry.place = places_.insert(std::move(place));
    return entry.value;
  }

 private:
  struct Entry;
  using Order = std::list<Entry>;
  using Places = std::unordered_multimap<std::size_t, typename Order::iterator>;  // look-up only
  struct Entry {
    std::string key;
    Value value;
    typename Places::iterator place;
  };
  std::size_t capacity_;
  Order order_;
  Places places_;
};

class EventCorrelator {
 public:
  enum class Action : std::uint8_t { Create, Update, Drop };
  struct Outcome {
    Action action = Action::Create;
    Event event;  ///< as it is to be written; for Update the name is the earlier event's
  };

  /// `spam_burst`: events of one source about one object at once before more are dropped; then one every 300 s.
  explicit EventCorrelator(double spam_burst = 25) : spam_burst_(spam_burst) {}

  /// `event` has its own name, count 1 and equal first and last timestamps.
  Outcome correlate(Event event, SimTime now);

 private:
  struct Similar {
    std::set<std::string> messages;
    SimTime last_seen = kTimeUnset;
  };
  struct Equal {
    std::int32_t count = 0;
    std::string name;
    SimTime first_seen;
  };

  // The numbers are events_cache.go's defaults.
  static constexpr std::size_t kCacheEntries = 4096;
  static constexpr std::size_t kSimilarLimit = 10;
  static constexpr std::int64_t kSimilarWindowSeconds = 600;
  static constexpr double kSpamQps = 1.0 / 300.0;

  double spam_burst_;
  RecentlyUsed<Similar> similar_{kCacheEntries};
  RecentlyUsed<Equal> equal_{kCacheEntries};
  RecentlyUsed<TokenBucket> spam_{kCacheEntries};
};

}  // namespace tandem::cluster
