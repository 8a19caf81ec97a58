#pragma once
// The BalancePolicy seam (design §3): how one balancer instance of a product chooses a server. Pure: state changes only through
// these calls, time and chance come from outside. "In flight" means what this instance knows of; instances share nothing.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/time.hpp"

namespace tandem::balance {

/// One server as the product's configuration describes it (defaults: nginx's).
struct Peer {
  std::string name;                        ///< "host:port" as the configuration says it; consistent hashing places peers by it
  int weight = 1;                          ///< ≥ 1
  int max_conns = 0;                       ///< requests in flight that it takes at most; 0 = no limit
  int max_fails = 1;                       ///< failures within fail_timeout that disable it; 0 = never
  SimDuration fail_timeout = seconds(10);  ///< counted in whole seconds
  bool backup = false;                     ///< used only when no other peer can be
  bool down = false;                       ///< configured, never picked
  friend bool operator==(const Peer&, const Peer&) = default;
};

/// A picked peer: its place in the list last given to set_peers, and which list that was.
struct PeerRef {
  std::uint32_t index = 0;
  std::uint32_t generation = 0;
  friend bool operator==(PeerRef, PeerRef) = default;
};

/// What a policy may look at in a request.
struct RequestTraits {
  std::uint32_t client_address = 0x7f000001;  ///< IPv4, host order
  std::string_view uri = "/";                 ///< request target, path and query
};

/// What one request has been through: which peers it tried, and what the policy remembers from one of its picks to the next.
/// Make one for each request and hand the same one to every pick of its retries.
class TriedPeers {
 public:
  [[nodiscard]] bool none() const { return none_; }
  [[nodiscard]] bool contains(std::size_t peer) const {
    if (none_) return false;
    if (peer < 64) return (low_ >> peer & 1) != 0;
    return peer / 64 - 1 < high_.size() && (high_[peer / 64 - 1] >> (peer % 64) & 1) != 0;
  }
  void add(std::size_t peer);
  void clear() { *this = {}; }

  /// For policies only.
  bool on_backups = false;       ///< the request has moved on to the backup peers
  int rejections = 0;            ///< peers that were drawn or hashed to and could not be used
  std::uint32_t hash = 0;        ///< where the last pick's hash stood; meaningful if hash_steps > 0
  int hash_steps = 0;            ///< how often the hash has been taken
  std::uint32_t generation = 0;  ///< list of peers that all this refers to

 private:
  bool none_ = true;
  std::uint64_t low_ = 0;  ///< peers 0..63: no allocation for lists of ordinary size
  std::vector<std::uint64_t> high_;
};

/// How an attempt ended, as far as the product's health accounting cares. AppError is a status that the product's
/// configuration counts as a failure; any other answer is Ok.
enum class Outcome : std::uint8_t { Ok, AppError, ConnectFailed, TimedOut, Reset, InvalidHeader };

class BalancePolicy {
 public:
  virtual ~BalancePolicy() = default;

  /// Replaces the peers, in configuration order. All state starts afresh, as after the product's reload; attempts on
  /// peers of earlier lists are no longer counted.
  virtual void set_peers(std::span<const Peer> peers) = 0;

  /// The peer for the request's next attempt, marked as tried; nothing if no peer can be used now. O(peers), no allocation
  /// up to 64 peers.
  virtual std::optional<PeerRef> pick(const RequestTraits& request, TriedPeers& tried, SimTime now) = 0;

  /// The attempt that was picked begins; call it in the same instant as the pick.
  virtual void on_start(PeerRef peer) = 0;
  /// The attempt has ended. Call it once for every on_start.
  virtual void on_finish(PeerRef peer, Outcome outcome, SimTime now) = 0;

  /// How many attempts one request may make with these peers, before the configuration's own limits.
  [[nodiscard]] virtual int tries() const = 0;
  /// Attempts under way on a peer of the present list.
  [[nodiscard]] virtual int in_flight(std::size_t peer) const = 0;
};

}  // namespace tandem::balance
