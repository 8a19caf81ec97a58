#pragma once
// What client-go's event recorder does to events before they are written (tools/record/events_cache.go;
// kubernetes-semantics §2.7): equal ones count up, similar ones are combined, a chatty object is silenced.

#include <array>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "core/cluster/api_server.hpp"
#include "core/cluster/token_bucket.hpp"

namespace tandem::cluster {

/// 128 bits of XXH3 in the place of a text: two texts of a run that share them are not to be expected.
struct TextDigest {
  std::uint64_t low = 0;
  std::uint64_t high = 0;
  friend bool operator==(const TextDigest&, const TextDigest&) = default;
};

/// Keeps the most recently used entries only. They lie in one array, linked by number.
template <class Value>
class RecentlyUsed {
 public:
  explicit RecentlyUsed(std::uint32_t capacity) : capacity_(capacity) {}

  /// The entry of `key`, made from `fresh` if there is none; now the most recently used one.
  Value& at(const TextDigest& key, const Value& fresh) {
    for (std::uint32_t i = bucket_of(key); i != kNone; i = entries_[i].next_in_bucket) {
      if (!(entries_[i].key == key)) continue;
      if (i != newest_) {
        unlink(i);
        make_newest(i);
      }
      return entries_[i].value;
    }
    auto number = static_cast<std::uint32_t>(entries_.size());
    if (entries_.size() < capacity_) {
      entries_.push_back({key, fresh, kNone, kNone, kNone});
      if (entries_.size() > buckets_.size()) grow();  // few components have thousands of entries
    } else {  // the one unused longest makes room
      number = oldest_;
      unlink(number);
      leave_bucket(number);
      entries_[number].key = key;
      entries_[number].value = fresh;
    }
    enter_bucket(number);
    make_newest(number);
    return entries_[number].value;
  }

 private:
  static constexpr std::uint32_t kNone = static_cast<std::uint32_t>(-1);
  struct Entry {
    TextDigest key;
    Value value;
    std::uint32_t newer = kNone;
    std::uint32_t older = kNone;
    std::uint32_t next_in_bucket = kNone;
  };

  std::uint32_t& bucket_of(const TextDigest& key) { return buckets_[key.low % buckets_.size()]; }
  void enter_bucket(std::uint32_t number) {
    std::uint32_t& bucket = bucket_of(entries_[number].key);
    entries_[number].next_in_bucket = bucket;
    bucket = number;
  }
  /// The last entry is in no bucket yet.
  void grow() {
    buckets_.assign(2 * buckets_.size(), kNone);
    for (std::uint32_t i = 0; i + 1 < entries_.size(); ++i) enter_bucket(i);
  }
  void unlink(std::uint32_t number) {
    const Entry& entry = entries_[number];
    (entry.newer == kNone ? newest_ : entries_[entry.newer].older) = entry.older;
    (entry.older == kNone ? oldest_ : entries_[entry.older].newer) = entry.newer;
  }
  void make_newest(std::uint32_t number) {
    entries_[number].newer = kNone;
    entries_[number].older = newest_;
    (newest_ == kNone ? oldest_ : entries_[newest_].newer) = number;
    newest_ = number;
  }
  void leave_bucket(std::uint32_t number) {
    std::uint32_t* at = &bucket_of(entries_[number].key);
    while (*at != number) at = &entries_[*at].next_in_bucket;
    *at = entries_[number].next_in_bucket;
  }

  std::uint32_t capacity_;
  std::vector<Entry> entries_;
  std::vector<std::uint32_t> buckets_ = std::vector<std::uint32_t>(8, kNone);
  std::uint32_t newest_ = kNone;
  std::uint32_t oldest_ = kNone;
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
  static constexpr std::size_t kSimilarLimit = 10;
  /// Events of one object, type and reason, and up to kSimilarLimit of their messages.
  struct Similar {
    std::array<std::uint64_t, kSimilarLimit> messages{};  ///< hashes; the first `count` count
    std::uint32_t count = 0;
    SimTime last_seen = kTimeUnset;
    void add(std::uint64_t message);
  };
  struct Equal {
    std::int32_t count = 0;
    std::string name;
    SimTime first_seen;
  };

  // The numbers are events_cache.go's defaults.
  static constexpr std::uint32_t kCacheEntries = 4096;
  static constexpr std::int64_t kSimilarWindowSeconds = 600;
  static constexpr double kSpamQps = 1.0 / 300.0;

  /// Of the texts one after the other, each ended by a byte that none can hold; `before` is what they follow on.
  TextDigest digest_of(const TextDigest& before, std::initializer_list<std::string_view> texts);

  double spam_burst_;
  std::string scratch_;
  RecentlyUsed<Similar> similar_{kCacheEntries};
  RecentlyUsed<Equal> equal_{kCacheEntries};
  RecentlyUsed<TokenBucket> spam_{kCacheEntries};
};

}  // namespace tandem::cluster
