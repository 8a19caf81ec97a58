#pragma once
// client-go's rate-limiting work queue of object keys, on a Clock: a key is handed out once at a time, changes seen while it
// is being processed make it due again afterwards, delayed additions keep only the earliest moment.
// Sources: kubernetes-semantics §10.1; client-go util/workqueue {queue,delaying_queue,default_rate_limiters}.

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>

#include "core/base/clock.hpp"
#include "core/cluster/api_server.hpp"

namespace tandem::control {

/// Delay before retry number n of one key: base * 2^n up to `longest`; all keys together also pass a token bucket.
struct RetryPolicy {
  SimDuration base = milliseconds(5);
  SimDuration longest = seconds(1000);
  std::int64_t overall_per_second = 10;  ///< tokens a second of the bucket shared by all keys
  std::int64_t overall_burst = 100;      ///< tokens the bucket holds at most; it starts full
};

/// Token bucket in whole nanoseconds: `reserve` takes one token, in advance if need be, and says when it is there.
class RetryBucket {
 public:
  RetryBucket(std::int64_t per_second, std::int64_t burst);
  /// How long after `now` the reserved token becomes valid; zero while saved tokens last.
  SimDuration reserve(SimTime now);

 private:
  SimDuration interval_;
  SimDuration capacity_;
  SimDuration saved_;  ///< saved tokens in units of time; negative = reserved in advance
  SimTime updated_;
};

class WorkQueue {
 public:
  using Key = cluster::ObjectKey;

  /// `entity` orders this queue's timers among simultaneous ones of class Control.
  WorkQueue(Clock& clock, std::uint32_t entity, RetryPolicy policy = {});
  ~WorkQueue();
  WorkQueue(const WorkQueue&) = delete;
  WorkQueue& operator=(const WorkQueue&) = delete;

  /// Makes the key due now. Nothing happens if it is due already; if it is being processed it becomes due at `done`.
  void add(const Key& key);
  /// Makes the key due after `delay`; of several pending delays of one key the earliest counts. Not positive: now.
  void add_after(const Key& key, SimDuration delay);
  /// add_after with the retry delay of the key, whose failure count grows by one.
  void add_rate_limited(const Key& key);
  /// Forgets the failures of the key; pending additions stay.
  void forget(const Key& key);
  /// Failures counted since the last `forget`.
  [[nodiscard]] int retries(const Key& key) const;

  /// Hands out the key that became due first and marks it as being processed; empty when none is due.
  std::optional<Key> get();
  /// Ends the processing that `get` began.
  void done(const Key& key);

  /// Number of keys due now.
  [[nodiscard]] std::size_t size() const { return due_.size(); }
  /// Moment of the earliest delayed addition; kTimeNever when there is none.
  [[nodiscard]] SimTime next_delayed() const;
  /// Called whenever a key becomes due.
  void on_due(std::function<void()> listener) { listener_ = std::move(listener); }

 private:
  struct Delayed {
    SimTime time;
    TimerHandle timer;
  };
  void enqueue(const Key& key);
  SimDuration retry_delay(const Key& key);

  Clock& clock_;
  std::uint32_t entity_;
  RetryPolicy policy_;
  RetryBucket bucket_;
  std::deque<Key> due_;
  std::set<Key> dirty_;  ///< wants processing: in due_, or in processing_ and changed meanwhile
  std::set<Key> processing_;
  std::map<Key, Delayed> delayed_;
  std::map<Key, int> failures_;
  std::function<void()> listener_;
};

}  // namespace tandem::control
