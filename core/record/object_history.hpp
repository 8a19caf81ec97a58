#pragma once
// Internal: object states out of snapshots and merge patches.

#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/record/chunk_codec.hpp"
#include "core/record/recording.hpp"

namespace tandem::record::detail {

class ObjectHistory {
 public:
  /// Appends the changes of the next chunk; payloads stay where they are.
  void add(const ChunkContent<View>& chunk);

  [[nodiscard]] const std::vector<ObjectChange>& changes() const { return changes_; }
  [[nodiscard]] nlohmann::json json_after(std::size_t i) const;
  [[nodiscard]] cluster::AnyObject object_after(std::size_t i) const;
  [[nodiscard]] std::vector<cluster::AnyObject> objects_at(SimTime time) const;
  void for_each_change(const std::function<bool(const ObjectChange&)>& wanted,
                       const std::function<void(std::size_t, const ObjectChange&, const cluster::AnyObject&)>& visit) const;

 private:
  static constexpr std::uint32_t kNone = UINT32_MAX;
  struct Delta {
    std::string_view payload;
    std::uint32_t object = 0;            ///< dense number of the object
    std::uint32_t previous = kNone;      ///< previous change of the same object
    bool snapshot = false;
  };
  [[nodiscard]] cluster::AnyObject typed(std::size_t i, const nlohmann::json& document) const;

  std::vector<ObjectChange> changes_;
  std::vector<Delta> deltas_;
  std::unordered_map<std::string, std::uint32_t> numbers_;  // look-up only
  std::vector<std::uint32_t> latest_;                       // per object: its latest change
};

}  // namespace tandem::record::detail
