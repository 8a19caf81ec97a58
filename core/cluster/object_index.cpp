#include "core/cluster/object_index.hpp"

#include <utility>

#include "core/base/random.hpp"

namespace tandem::cluster {

namespace {

KeyView view_of(const StoredObject& stored) { return {stored.meta->namespace_, stored.meta->name, stored.kind}; }

int compare(const KeyView& a, const KeyView& b) {
  if (const int order = a.namespace_.compare(b.namespace_); order != 0) return order;
  if (const int order = a.name.compare(b.name); order != 0) return order;
  return a.kind.compare(b.kind);
}

}  // namespace

std::size_t ObjectIndex::Hash::operator()(const KeyView& key) const {
  const std::uint64_t hash = stable_hash(key.name, stable_hash(key.namespace_));
  return key.kind.empty() ? hash : stable_hash(key.kind, hash);
}

std::size_t ObjectIndex::Hash::operator()(const Slot& slot) const { return (*this)(view_of(slot.stored)); }

bool ObjectIndex::Equal::operator()(const KeyView& key, const Slot& slot) const {
  const KeyView other = view_of(slot.stored);  // the name first: it is what differs
  return key.name == other.name && key.namespace_ == other.namespace_ && key.kind == other.kind;
}
bool ObjectIndex::Equal::operator()(const Slot& a, const Slot& b) const { return (*this)(view_of(a.stored), b); }

bool ObjectIndex::ByKey::operator()(const Slot* a, const Slot* b) const {
  return compare(view_of(a->stored), view_of(b->stored)) < 0;
}
bool ObjectIndex::ByKey::operator()(const Slot* a, const KeyView& b) const { return compare(view_of(a->stored), b) < 0; }
bool ObjectIndex::ByKey::operator()(const KeyView& a, const Slot* b) const { return compare(a, view_of(b->stored)) < 0; }

std::size_t ObjectIndex::TextHash::operator()(std::string_view text) const { return stable_hash(text); }

const ObjectIndex::Slot* ObjectIndex::locate(const KeyView& key) const {
  if (last_located_ != nullptr && Equal{}(key, *last_located_)) return last_located_;
  const auto slot = slots_.find(key);
  if (slot == slots_.end()) return nullptr;
  last_located_ = &*slot;
  return last_located_;
}

const StoredObject* ObjectIndex::find(const KeyView& key) const {
  const Slot* slot = locate(key);
  return slot == nullptr ? nullptr : &slot->stored;
}

void ObjectIndex::put(StoredObject object) {
  const Slot* slot = last_located_;
  if (slot == nullptr || !Equal{}(view_of(object), *slot)) {
    Slot fresh{std::move(object)};
    const auto [place, is_new] = slots_.insert(std::move(fresh));
    slot = &*place;
    last_located_ = slot;
    if (is_new) {
      slot->waiting_at = not_ordered_yet_.size();
      not_ordered_yet_.push_back(slot);
      join_owners(slot);
      if (is_grouped_by_node_) join(by_node_, slot->stored.node, slot);
      return;
    }
    object = std::move(fresh.stored);  // NOLINT(bugprone-use-after-move): insert() takes only what it has no equal of
  }
  const bool same_owners = slot->stored.meta->owner_references == object.meta->owner_references;
  const bool same_node = !is_grouped_by_node_ || slot->stored.node == object.node;
  if (!same_owners) leave_owners(slot);
  if (!same_node) leave(by_node_, slot->stored.node, slot);
  slot->stored = std::move(object);
  if (!same_owners) join_owners(slot);
  if (!same_node) join(by_node_, slot->stored.node, slot);
}

void ObjectIndex::erase(const KeyView& key) {
  const auto found = slots_.find(key);
  if (found == slots_.end()) return;
  leave_owners(&*found);
  if (is_grouped_by_node_) leave(by_node_, found->stored.node, &*found);
  take_out_of_order(&*found);
  slots_.erase(found);
  last_located_ = nullptr;
}

void ObjectIndex::put_in_order() const {
  for (const Slot* slot : not_ordered_yet_) {
    slot->waiting_at = kNowhere;
    ordered_.insert(slot);
  }
  not_ordered_yet_.clear();
}

void ObjectIndex::take_out_of_order(const Slot* slot) {
  if (slot->waiting_at == kNowhere) {
    ordered_.erase(slot);
    return;
  }
  const Slot* last = not_ordered_yet_.back();
  not_ordered_yet_[slot->waiting_at] = last;
  last->waiting_at = slot->waiting_at;
  not_ordered_yet_.pop_back();
}

void ObjectIndex::group_by_node() const {
  if (is_grouped_by_node_) return;
  is_grouped_by_node_ = true;
  put_in_order();
  for (const Slot* slot : ordered_) join(by_node_, slot->stored.node, slot);
}

void ObjectIndex::join(Groups& groups, std::string_view name, const Slot* slot) {
  if (name.empty()) return;
  auto group = groups.find(name);
  if (group == groups.end()) group = groups.emplace(std::string(name), Ordered{}).first;
  group->second.insert(slot);
}

void ObjectIndex::leave(Groups& groups, std::string_view name, const Slot* slot) {
  const auto group = groups.find(name);
  if (group == groups.end()) return;
  group->second.erase(slot);
  if (group->second.empty()) groups.erase(group);
}

void ObjectIndex::join_owners(const Slot* slot) {
  for (const OwnerReference& owner : slot->stored.meta->owner_references) join(by_owner_, owner.uid, slot);
}

void ObjectIndex::leave_owners(const Slot* slot) {
  for (const OwnerReference& owner : slot->stored.meta->owner_references) leave(by_owner_, owner.uid, slot);
}

}  // namespace tandem::cluster
