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

bool ObjectIndex::Equal::operator()(const KeyView& key, const std::unique_ptr<Slot>& slot) const {
  return compare(key, view_of(slot->stored)) == 0;
}

bool ObjectIndex::ByKey::operator()(const Slot* a, const Slot* b) const {
  return compare(view_of(a->stored), view_of(b->stored)) < 0;
}
bool ObjectIndex::ByKey::operator()(const Slot* a, const KeyView& b) const { return compare(view_of(a->stored), b) < 0; }
bool ObjectIndex::ByKey::operator()(const KeyView& a, const Slot* b) const { return compare(a, view_of(b->stored)) < 0; }

std::size_t ObjectIndex::TextHash::operator()(std::string_view text) const { return stable_hash(text); }

const StoredObject* ObjectIndex::find(const KeyView& key) const {
  const auto slot = slots_.find(key);
  return slot == slots_.end() ? nullptr : &(*slot)->stored;
}

void ObjectIndex::put(StoredObject object) {
  const KeyView key = view_of(object);
  if (const auto found = slots_.find(key); found != slots_.end()) {
    Slot* slot = found->get();
    const bool same_groups = slot->stored.node == object.node &&
                             slot->stored.meta->owner_references == object.meta->owner_references;
    if (same_groups) {
      slot->stored = std::move(object);
    } else {
      leave_groups(slot);
      slot->stored = std::move(object);
      join_groups(slot);
    }
    return;
  }
  auto owned = std::make_unique<Slot>();
  owned->hash = Hash{}(key);
  owned->stored = std::move(object);
  Slot* slot = owned.get();
  slots_.insert(std::move(owned));
  ordered_.insert(slot);
  join_groups(slot);
}

void ObjectIndex::erase(const KeyView& key) {
  const auto found = slots_.find(key);
  if (found == slots_.end()) return;
  leave_groups(found->get());
  ordered_.erase(found->get());
  slots_.erase(found);
}

void ObjectIndex::join(Groups& groups, std::string_view name, Slot* slot) {
  auto group = groups.find(name);
  if (group == groups.end()) group = groups.emplace(std::string(name), Ordered{}).first;
  group->second.insert(slot);
}

void ObjectIndex::leave(Groups& groups, std::string_view name, Slot* slot) {
  const auto group = groups.find(name);
  if (group == groups.end()) return;
  group->second.erase(slot);
  if (group->second.empty()) groups.erase(group);
}

void ObjectIndex::join_groups(Slot* slot) {
  for (const OwnerReference& owner : slot->stored.meta->owner_references) join(by_owner_, owner.uid, slot);
  if (!slot->stored.node.empty()) join(by_node_, slot->stored.node, slot);
}

void ObjectIndex::leave_groups(Slot* slot) {
  for (const OwnerReference& owner : slot->stored.meta->owner_references) leave(by_owner_, owner.uid, slot);
  if (!slot->stored.node.empty()) leave(by_node_, slot->stored.node, slot);
}

}  // namespace tandem::cluster
