#pragma once
// The scheduling queue (kubernetes-semantics §1.2): what is tried next, what waits out a back-off, and what waits for an event
// that could help. Knows no clock: every call is told the time. Source: pkg/scheduler/backend/queue, v1.34.

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "core/base/time.hpp"
#include "core/control/scheduler/cluster_event.hpp"

namespace tandem::control::scheduler {

inline constexpr SimDuration kSweepPeriod = seconds(30);            ///< how often the unschedulable pool is swept
inline constexpr SimDuration kMaxTimeUnschedulable = seconds(300);  ///< older pods are tried again without an event

/// How long failed pods are held back, with Kubernetes' defaults.
struct Backoff {
  SimDuration initial = seconds(1);  ///< podInitialBackoffSeconds
  SimDuration max = seconds(10);     ///< podMaxBackoffSeconds

  /// After the n-th failure: doubled from `initial` up to `max` (1, 2, 4, 8, 10, 10 … s); zero for n = 0.
  [[nodiscard]] SimDuration after(std::uint32_t failures) const;
};

/// A pod as the queue hands it out.
struct QueuedPod {
  cluster::Ptr<cluster::Pod> pod;              ///< as last seen
  std::uint32_t attempts = 0;                  ///< cycles begun, this one included
  SimTime queued_at;                           ///< when it entered the queue, or failed last
  std::uint32_t rejections = 0;                ///< times plugins rejected it
  std::uint32_t consecutive_errors = 0;        ///< failures since that no plugin caused
  std::vector<std::size_t> rejecting_plugins;  ///< positions in the profile, of the last rejection
};

class SchedulingQueue {
 public:
  /// Is a rejected pod worth another try after an event?
  using WorthRetrying = std::function<bool(const QueuedPod&, const ClusterEvent&)>;
  /// Is a preemption for this pod under way, so that it must not be tried yet? (DefaultPreemption's PreEnqueue)
  using Preempting = std::function<bool(const std::string& uid)>;

  /// `start` anchors the sweeps of the unschedulable pool.
  SchedulingQueue(SimTime start, WorthRetrying worth_retrying, Preempting preempting, Backoff backoff = {});

  /// A pod to be scheduled appeared. Known ones are updated instead.
  void add(cluster::Ptr<cluster::Pod> pod, SimTime now);
  /// The pod changed. A change of specification or labels may wake it; one of its status does not.
  void update(cluster::Ptr<cluster::Pod> pod, SimTime now);
  /// The pod is gone or has been bound by someone. Also ends its flight.
  void remove(const std::string& uid);

  /// The next pod: activeQ by priority, then time, then order of arrival; if that is empty, the head of the back-off queue,
  /// which only holds back pods while there is other work. From here to returned() or done() the pod is in flight.
  std::optional<QueuedPod> pop(SimTime now);
  /// The attempt ended well.
  void done(const std::string& uid);
  /// Plugins rejected the pod. It waits for an event, or backs off if one that helps has come since pop().
  void return_rejected(const std::string& uid, std::vector<std::size_t> rejecting_plugins, SimTime now);
  /// The attempt failed for a reason that is no plugin's; the pod backs off.
  void return_failed(const std::string& uid, SimTime now);

  /// The pod is to be tried again whatever it waits for.
  void activate(const std::string& uid);

  /// Wakes the pods that the event may help and remembers it for those in flight.
  void on_event(const ClusterEvent& event, SimTime now);
  /// Moves what is due: over with backing off, or in the unschedulable pool for more than five minutes.
  void flush(SimTime now);
  /// When flush() next has something to do; kTimeNever if nothing waits.
  [[nodiscard]] SimTime next_flush() const;

  /// The pod as the queue knows it; null if it does not.
  [[nodiscard]] cluster::Ptr<cluster::Pod> find(const std::string& uid) const;
  /// Whether the pod is being tried just now.
  [[nodiscard]] bool in_flight(const std::string& uid) const;
  [[nodiscard]] bool has_ready() const { return !active_.empty() || !backoff_.empty(); }
  [[nodiscard]] std::size_t active() const { return active_.size(); }
  [[nodiscard]] std::size_t backing_off() const { return backoff_.size() + error_backoff_.size(); }
  [[nodiscard]] std::size_t unschedulable() const { return unschedulable_.size() + preempting_pods_.size(); }

 private:
  enum class Place : std::uint8_t { Active, Backoff, ErrorBackoff, Unschedulable, Preempting, Gated, InFlight };
  struct Record {
    QueuedPod queued;
    Place place = Place::Active;
    std::uint64_t arrival = 0;       ///< order of first appearance
    std::uint64_t flight_began = 0;  ///< number of the first event after pop()
  };
  /// Back-off window in whole seconds (0 in activeQ), priority descending, time, arrival.
  using Order = std::tuple<std::int64_t, std::int64_t, std::int64_t, std::uint64_t>;
  using Heap = std::map<Order, Record*>;
  struct FlightEvent {
    ClusterEvent event;
    std::string only_for;   ///< uid of the pod that an OwnPodUpdated or an activation is about; empty: everyone
    bool activates = false;  ///< the pod is to be tried again in any case
  };

  [[nodiscard]] SimDuration backoff_of(const QueuedPod& pod) const;
  [[nodiscard]] SimTime backoff_end(const QueuedPod& pod) const { return pod.queued_at + backoff_of(pod); }
  [[nodiscard]] bool is_backing_off(const QueuedPod& pod, SimTime now) const;
  void enqueue_or_back_off(Record& record, SimTime now);
  void place_in(Record& record, Place place);
  void take_out(Record& record);
  void end_flight(Record& record);
  void wake(Record& record, const ClusterEvent& event, SimTime now);
  void remember_for_flights(FlightEvent event);
  [[nodiscard]] bool event_since_pop_helps(const Record& record) const;
  [[nodiscard]] Heap* heap_of(Place place);

  SimTime start_;
  WorthRetrying worth_retrying_;
  Preempting preempting_;
  Backoff backoff_times_;
  std::unordered_map<std::string, Record> records_;  ///< by uid; look-up only
  std::uint64_t arrivals_ = 0;
  Heap active_;
  Heap backoff_;
  Heap error_backoff_;
  std::map<std::pair<std::int64_t, std::uint64_t>, Record*> unschedulable_;  ///< by (queued_at, arrival): oldest first
  std::map<std::uint64_t, Record*> preempting_pods_;                         ///< by arrival; kept out while their victims go
  std::multiset<std::uint64_t> flights_;                                     ///< flight_began of all in flight
  std::deque<FlightEvent> flight_events_;
  std::uint64_t first_flight_event_ = 0;  ///< number of flight_events_.front()
};

}  // namespace tandem::control::scheduler
