#pragma once
// Carries committed changes to observers (inside the commit) and watchers (a fixed delay later, in commit order).

#include <array>
#include <deque>
#include <functional>
#include <memory>
#include <variant>
#include <vector>

#include "core/base/clock.hpp"
#include "core/cluster/api_server.hpp"

namespace tandem::cluster {

/// A change of any kind; the alternative's index is the Kind.
using AnyChange = std::variant<Change<Node>, Change<Pod>, Change<ReplicaSet>, Change<Deployment>, Change<Service>,
                               Change<EndpointSlice>, Change<Event>, Change<Unstructured>>;

class WatchHub {
 public:
  using Handler = std::function<void(const AnyChange&)>;

  explicit WatchHub(Clock& clock) : clock_(clock) {}
  ~WatchHub();
  WatchHub(const WatchHub&) = delete;
  WatchHub& operator=(const WatchHub&) = delete;

  [[nodiscard]] Subscription observe(Kind kind, Handler handler);
  /// Changes up to `after_version` are not delivered: the watcher has seen their outcome in the list it started from.
  [[nodiscard]] Subscription watch(Kind kind, SimDuration delay, std::int64_t after_version, Handler handler);

  /// Runs observers now and queues the change for watchers.
  void publish(const AnyChange& change);
  /// Delivers what watchers without delay still have to see. Does nothing inside such a delivery.
  void drain();

 private:
  struct Watcher {
    std::int64_t after_version = 0;
    Handler handler;
    bool active = true;
  };
  /// Watchers of one kind, safe against registering and detaching while they are being called.
  struct WatcherList {
    std::vector<std::shared_ptr<Watcher>> watchers;
    int calls_under_way = 0;

    [[nodiscard]] bool empty() const { return watchers.empty(); }
    void call(const AnyChange& change, std::int64_t version);
    void remove_detached();
  };
  using Lists = std::array<std::shared_ptr<WatcherList>, kKindCount>;

  /// All watchers of one delay: one queue and at most one armed timer, however many watchers and changes there are.
  struct Channel {
    SimDuration delay;
    std::uint32_t number = 0;
    Lists lists;
    std::deque<AnyChange> queue;
    TimerHandle timer;
    SimTime armed_for;
    bool delivering = false;
  };

  static Lists make_lists();
  static Subscription add(const std::shared_ptr<WatcherList>& list, std::int64_t after_version, Handler handler);
  Channel& channel_of(SimDuration delay);
  void arm(Channel& channel);
  void deliver_due(Channel& channel, SimTime until);

  Clock& clock_;
  Lists observers_ = make_lists();
  std::vector<std::unique_ptr<Channel>> channels_;
  bool observing_ = false;
};

}  // namespace tandem::cluster
