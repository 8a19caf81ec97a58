#pragma once
// The look-up structure behind the API server's store and every informer's cache: objects by key, by owner, by node.
// It does not know the objects' types; callers put typed pointers in and take them out.

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "core/cluster/objects.hpp"

namespace tandem::cluster {

/// Identity of an object within its store. `kind` counts only for Unstructured ones.
struct KeyView {
  std::string_view namespace_;
  std::string_view name;
  std::string_view kind;
};

/// An object as the index sees it. `meta` and the views point into `object`.
struct StoredObject {
  std::shared_ptr<const void> object;
  const ObjectMeta* meta = nullptr;
  std::string_view kind;  ///< Unstructured only
  std::string_view node;  ///< pods only
};

inline StoredObject stored(std::shared_ptr<const Pod> pod) {
  const Pod& value = *pod;
  return {std::move(pod), &value.meta, {}, value.node_name};
}
inline StoredObject stored(std::shared_ptr<const Unstructured> object) {
  const Unstructured& value = *object;
  return {std::move(object), &value.meta, value.kind, {}};
}
template <class T>
StoredObject stored(std::shared_ptr<const T> object) {
  const T& value = *object;
  return {std::move(object), &value.meta, {}, {}};
}

/// Objects of one kind. Look-up by key is O(1); walks are in order of namespace, name (and kind). Putting objects in order waits
/// for the first walk that wants it: most stores and caches are only ever looked up.
class ObjectIndex {
 public:
  ObjectIndex() = default;
  ObjectIndex(const ObjectIndex&) = delete;
  ObjectIndex& operator=(const ObjectIndex&) = delete;

  /// Null when absent. Valid until the object is replaced or erased.
  [[nodiscard]] const StoredObject* find(const KeyView& key) const;
  /// Adds, or replaces the object of the same key.
  void put(StoredObject object);
  void erase(const KeyView& key);
  [[nodiscard]] std::size_t size() const { return slots_.size(); }

  /// Calls `visit(const StoredObject&)` for all, or for one namespace. The index must not change meanwhile.
  template <class Visit>
  void for_each(std::string_view namespace_, Visit&& visit) const {
    put_in_order();
    if (namespace_.empty()) {
      for (const Slot* slot : ordered_) visit(slot->stored);
      return;
    }
    for (auto slot = ordered_.lower_bound(KeyView{namespace_, {}, {}});
         slot != ordered_.end() && (*slot)->stored.meta->namespace_ == namespace_; ++slot) {
      visit((*slot)->stored);
    }
  }
  /// Those with an owner reference (controller or not) to this uid.
  template <class Visit>
  void for_each_owned_by(std::string_view uid, Visit&& visit) const { walk(by_owner_, uid, visit); }
  template <class Visit>
  void for_each_on_node(std::string_view node, Visit&& visit) const {
    group_by_node();
    walk(by_node_, node, visit);
  }

 private:
  /// Lives in the hash table's node. Its key never changes; the object does.
  struct Slot {
    mutable StoredObject stored;
    mutable std::size_t waiting_at = kNowhere;  ///< place in not_ordered_yet_
  };
  static constexpr std::size_t kNowhere = static_cast<std::size_t>(-1);
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(const KeyView& key) const;
    std::size_t operator()(const Slot& slot) const;
  };
  struct Equal {
    using is_transparent = void;
    bool operator()(const KeyView& key, const Slot& slot) const;
    bool operator()(const Slot& slot, const KeyView& key) const { return (*this)(key, slot); }
    bool operator()(const Slot& a, const Slot& b) const;
  };
  struct ByKey {
    using is_transparent = void;
    bool operator()(const Slot* a, const Slot* b) const;
    bool operator()(const Slot* a, const KeyView& b) const;
    bool operator()(const KeyView& a, const Slot* b) const;
  };
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const;
  };
  using Ordered = std::set<const Slot*, ByKey>;
  using Groups = std::unordered_map<std::string, Ordered, TextHash, std::equal_to<>>;

  template <class Visit>
  static void walk(const Groups& groups, std::string_view name, Visit&& visit) {
    const auto group = groups.find(name);
    if (group == groups.end()) return;
    for (const Slot* slot : group->second) visit(slot->stored);
  }
  /// Nobody joins the group without a name.
  static void join(Groups& groups, std::string_view name, const Slot* slot);
  static void leave(Groups& groups, std::string_view name, const Slot* slot);
  void join_owners(const Slot* slot);
  void leave_owners(const Slot* slot);

  [[nodiscard]] const Slot* locate(const KeyView& key) const;
  void put_in_order() const;
  void take_out_of_order(const Slot* slot);
  void group_by_node() const;

  std::unordered_set<Slot, Hash, Equal> slots_;  ///< look-up only, never walked
  mutable const Slot* last_located_ = nullptr;   ///< a write looks its object up and then replaces it
  mutable Ordered ordered_;
  mutable std::vector<const Slot*> not_ordered_yet_;
  Groups by_owner_;
  mutable Groups by_node_;
  mutable bool is_grouped_by_node_ = false;  ///< from the first question on
};

}  // namespace tandem::cluster
