#pragma once
// Internal: turns a sequence of object states into snapshots and merge patches.

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include "core/cluster/api_server.hpp"

namespace tandem::record::detail {

inline constexpr std::uint32_t kSnapshotEvery = 32;

struct ObjectDelta {
  bool snapshot = false;
  std::string payload;  ///< JSON text
};

/// Metadata of any kind.
const cluster::ObjectMeta& meta_of(const cluster::AnyObject& object);
cluster::Kind kind_of(const cluster::AnyObject& object);
/// Identifies an object within a run: its kind and uid, or kind, namespace and name where there is no uid.
std::string identity_of(cluster::Kind kind, std::string_view uid, std::string_view namespace_, std::string_view name);

class ObjectDeltas {
 public:
  ObjectDelta next(cluster::ChangeType type, const cluster::AnyObject& object);
  [[nodiscard]] std::size_t live_objects() const { return last_.size(); }

 private:
  // Typed states share their templates, so remembering one costs a few hundred bytes; its JSON text would cost kilobytes.
  struct Last {
    cluster::AnyObject object;
    std::uint32_t changes_since_snapshot = 0;
  };
  std::unordered_map<std::string, Last> last_;  // look-up only
};

}  // namespace tandem::record::detail
