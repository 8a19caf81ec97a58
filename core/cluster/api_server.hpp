#pragma once
// The API server (design §3): typed objects with uid, generation, resourceVersion; create, update, patch, delete, list, watch.
// Kubernetes' storage rules that controllers can observe hold here: optimistic concurrency on resourceVersion, generation
// counted on spec changes only, status as a sub-resource, no-op writes dropped (no new version, no watch event),
// graceful deletion, finalizers, namesakes refused, generateName.
//
// Two ways in:
//   * ApiServer itself commits at once. For set-up code, tests and the API server's own machinery.
//   * ApiClient is what a controller, the scheduler or a kubelet holds: writes cost tokens of its rate limit and the
//     profile's write latency, and answers come back through a callback. With the instant profile everything happens inside
//     the call, in order.
// Reads go to informers (a cache that lags by the watch delay), as in client-go.

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

#include "core/base/clock.hpp"
#include "core/base/random.hpp"
#include "core/base/result.hpp"
#include "core/cluster/objects.hpp"

namespace tandem::cluster {

/// Token bucket of a client: `qps` tokens a second, at most `burst` saved. qps <= 0: unlimited.
struct RateLimit {
  double qps = 0;
  double burst = 0;
  friend bool operator==(const RateLimit&, const RateLimit&) = default;
};

/// How fast words travel: the timing of a control plane as a value. Sources: kubernetes-semantics §10.
struct DeliveryProfile {
  std::string name = "instant";
  SimDuration write_latency{};        ///< request sent → answer seen; the commit happens at its end
  SimDuration watch_delay{};          ///< commit → informer handler of a control plane component
  SimDuration node_watch_delay{};     ///< commit → kubelet's and proxy's handler
  SimDuration sync_cost{};            ///< compute time of one controller work item
  SimDuration scheduling_cost{};      ///< one scheduling cycle
  RateLimit controller_limit{};       ///< one bucket per controller, its events included
  RateLimit scheduler_limit{};        ///< events use a second bucket of this size
  RateLimit kubelet_limit{};
  int controller_workers = 5;
  double event_burst = 25;            ///< events of one source about one object before the recorder drops more (§2.7)
  friend bool operator==(const DeliveryProfile&, const DeliveryProfile&) = default;

  /// Zero delays, no limits, one work item at a time: tests against recorded truth.
  static DeliveryProfile instant();
  /// The defaults of kubernetes-semantics §10.1 and §10.3.
  static DeliveryProfile kubernetes();
};

template <class T>
using Ptr = std::shared_ptr<const T>;

struct ObjectKey {
  std::string namespace_{};
  std::string name{};
  std::string kind{};  ///< only for Unstructured objects, of which several kinds share one store: "ConfigMap"
  friend auto operator<=>(const ObjectKey&, const ObjectKey&) = default;
};
inline ObjectKey key_of(const ObjectMeta& meta) { return {meta.namespace_, meta.name}; }
inline ObjectKey key_of(const Unstructured& object) { return {object.meta.namespace_, object.meta.name, object.kind}; }
/// "default/web" or "worker" for cluster-scoped ones.
std::string to_string(const ObjectKey& key);

enum class ChangeType : std::uint8_t { Added, Modified, Deleted };

/// One committed change. For Deleted, `object` is the last state (with the version of the deletion) and `previous` equals it.
template <class T>
struct Change {
  ChangeType type = ChangeType::Added;
  SimTime committed_at{};
  Ptr<T> previous{};  ///< null for Added
  Ptr<T> object{};
};

struct DeleteOptions {
  std::optional<std::int64_t> grace_period_seconds{};  ///< absent: the object's own
  std::string uid{};                                   ///< precondition; empty: none
};

/// Handler registration; detaches when destroyed.
class Subscription {
 public:
  Subscription() = default;
  explicit Subscription(std::function<void()> detach) : detach_(std::move(detach)) {}
  ~Subscription() { if (detach_) detach_(); }
  Subscription(Subscription&& other) noexcept : detach_(std::exchange(other.detach_, nullptr)) {}
  Subscription& operator=(Subscription&& other) noexcept {
    if (this != &other) { if (detach_) detach_(); detach_ = std::exchange(other.detach_, nullptr); }
    return *this;
  }

 private:
  std::function<void()> detach_;
};

template <class T>
class Informer;

class ApiServer {
 public:
  /// uids, generated names and jitter come from streams of `seed`.
  ApiServer(Clock& clock, DeliveryProfile profile, std::uint64_t seed);
  ~ApiServer();
  ApiServer(const ApiServer&) = delete;
  ApiServer& operator=(const ApiServer&) = delete;

  [[nodiscard]] Clock& clock() { return clock_; }
  [[nodiscard]] const DeliveryProfile& profile() const { return profile_; }

  // Commits. T is any stored kind. Errors: ApiNotFound, ApiAlreadyExists, ApiConflict, ApiInvalid.
  // Generations are counted where Kubernetes counts them: not for Node, Service and Event. Besides spec changes they rise
  // when a deletion is marked and, for Deployments, when update() or patch() changes annotations.

  /// Sets uid, resourceVersion, generation 1, creationTimestamp; expands generateName. Status is kept as given, and so is a
  /// uid or a deletion mark that the object brings along (replays of recorded clusters need them). Pods get phase Pending and
  /// their qosClass where they have none, and the nodeName of their template.
  template <class T>
  Result<Ptr<T>> create(T object);
  /// Replaces metadata and spec (status is ignored). A non-zero resourceVersion must be the current one.
  template <class T>
  Result<Ptr<T>> update(T object);
  /// Replaces status only, same version rule. As in Kubernetes a Deployment's annotations travel with it (its controller writes
  /// the revision that way), without counting a generation.
  template <class T>
  Result<Ptr<T>> update_status(T object);
  /// Read-modify-write on the current state, as a JSON patch without a version does. `edit` may change anything
  /// but identity; spec changes count a generation.
  template <class T>
  Result<Ptr<T>> patch(const ObjectKey& key, const std::function<void(T&)>& edit);
  /// Pods: graceful deletion of kubernetes-semantics §4.6 (bound, non-terminal pods get deletionTimestamp and stay until
  /// deleted with grace 0; a repeated call can only shorten the grace). Everything else goes at once, unless finalizers hold
  /// it; then dependents by owner reference follow (background garbage collection: after one watch delay and one write
  /// latency; with the instant profile when the watchers of the removal have run, before the outermost call returns).
  /// Returns the object as marked, or as it was when removed.
  template <class T>
  Result<Ptr<T>> remove(const ObjectKey& key, const DeleteOptions& options = {});
  /// pods/binding: sets nodeName and PodScheduled=True. ApiConflict if bound already.
  Result<Ptr<Pod>> bind(const ObjectKey& pod, const std::string& uid, const std::string& node_name);

  template <class T>
  [[nodiscard]] Ptr<T> get(const ObjectKey& key) const;  ///< null when absent
  /// All objects of the kind, sorted by namespace and name; empty namespace = all.
  template <class T>
  [[nodiscard]] std::vector<Ptr<T>> list(std::string_view namespace_ = {}) const;

  /// Called inside every commit, before watchers: for recorders and checkers. Must not write.
  template <class T>
  [[nodiscard]] Subscription on_commit(std::function<void(const Change<T>&)> observer);
  /// Called `delay` after each commit, in commit order over all kinds of one delay. Existing objects come as Added at once.
  /// With delay 0 the call happens inside the commit, but never inside another delivery: what a handler writes is delivered
  /// when the current delivery is over, before the outermost commit returns.
  template <class T>
  [[nodiscard]] Subscription watch(SimDuration delay, std::function<void(const Change<T>&)> handler);

  [[nodiscard]] std::int64_t resource_version() const;

 private:
  friend class ApiClient;
  template <class T>
  friend class Informer;
  struct State;
  Clock& clock_;
  DeliveryProfile profile_;
  std::unique_ptr<State> state_;
};

/// client-go's cache of one kind: what a component believes. Lags by its delay; indexes pods by node and by controller uid.
/// Informers of one server, kind and delay share one cache, as in client-go's shared informer factory: a new one starts from
/// what the others believe.
template <class T>
class Informer {
 public:
  Informer(ApiServer& server, SimDuration delay);
  ~Informer();
  Informer(const Informer&) = delete;
  Informer& operator=(const Informer&) = delete;

  [[nodiscard]] Ptr<T> get(const ObjectKey& key) const;
  /// Sorted by namespace and name.
  [[nodiscard]] std::vector<Ptr<T>> list(std::string_view namespace_ = {}) const;
  /// Objects whose controller owner reference has this uid, sorted by namespace and name.
  [[nodiscard]] std::vector<Ptr<T>> controlled_by(std::string_view owner_uid) const;
  /// Pods bound to this node, sorted by namespace and name. Empty for other kinds.
  [[nodiscard]] std::vector<Ptr<T>> on_node(std::string_view node_name) const;
  /// Runs after the cache was updated. Handlers run in order of registration. What the cache holds already comes as Added at once.
  void on_change(std::function<void(const Change<T>&)> handler);

 private:
  struct Cache;
  struct Handlers;
  std::shared_ptr<Cache> cache_;
  std::shared_ptr<Handlers> handlers_;
};

/// A component's way to write. Callbacks run on the clock's thread; with the instant profile before the call returns.
class ApiClient {
 public:
  /// `name` is the component ("deployment-controller"); it becomes the source of its events and the name of its random stream.
  /// Events take their tokens from `event_limit` where given (scheduler, kubelet), otherwise from the one bucket.
  /// Calls start in the order they were made, each when its token is there; the commit and the answer come one write latency later.
  ApiClient(ApiServer& server, std::string name, RateLimit limit, std::optional<RateLimit> event_limit = {});
  ~ApiClient();
  ApiClient(const ApiClient&) = delete;
  ApiClient& operator=(const ApiClient&) = delete;

  template <class T>
  using Answer = std::function<void(Result<Ptr<T>>)>;

  template <class T>
  void create(T object, Answer<T> answer);
  template <class T>
  void update(T object, Answer<T> answer);
  template <class T>
  void update_status(T object, Answer<T> answer);
  template <class T>
  void patch(ObjectKey key, std::function<void(T&)> edit, Answer<T> answer);
  template <class T>
  void remove(ObjectKey key, DeleteOptions options, Answer<T> answer);
  void bind(ObjectKey pod, std::string uid, std::string node_name, Answer<Pod> answer);

  /// Posts an Event about `object` (folded like client-go's correlator: identical ones count up; kubernetes-semantics §2.7).
  template <class T>
  void event(const T& object, std::string_view type, std::string_view reason, std::string message);

  [[nodiscard]] ApiServer& server() { return server_; }
  [[nodiscard]] const std::string& name() const { return name_; }

 private:
  struct State;
  ApiServer& server_;
  std::string name_;
  std::shared_ptr<State> state_;  ///< calls under way hold it weakly: they end silently with the client
};

}  // namespace tandem::cluster
