#include "core/record/object_deltas.hpp"

#include <nlohmann/json.hpp>
#include <optional>

#include "core/cluster/json.hpp"
#include "core/record/merge_patch.hpp"

namespace tandem::record::detail {

namespace {

using namespace cluster;

template <class T>
void drop_if_equal(Shared<T>& a, Shared<T>& b) {
  if (a == b) a = b = Shared<T>{};
}
template <class T>
void drop_if_equal(std::vector<T>& a, std::vector<T>& b) {
  if (a == b) {
    a.clear();
    b.clear();
  }
}
void drop_if_equal(JsonRest& a, JsonRest& b) {
  if (a == b) a = b = JsonRest{};
}

void drop_equal_parts(ObjectMeta& a, ObjectMeta& b) {
  drop_if_equal(a.labels, b.labels);
  drop_if_equal(a.annotations, b.annotations);
  drop_if_equal(a.owner_references, b.owner_references);
  drop_if_equal(a.rest, b.rest);
}
void drop_equal_parts(Pod& a, Pod& b) { drop_if_equal(a.spec, b.spec); }
void drop_equal_parts(ReplicaSet& a, ReplicaSet& b) {
  drop_if_equal(a.spec.selector, b.spec.selector);
  drop_if_equal(a.spec.pod_template, b.spec.pod_template);
}
void drop_equal_parts(Deployment& a, Deployment& b) {
  drop_if_equal(a.spec.selector, b.spec.selector);
  drop_if_equal(a.spec.pod_template, b.spec.pod_template);
}
void drop_equal_parts(Node& a, Node& b) {
  drop_if_equal(a.status.images, b.status.images);
  drop_if_equal(a.status.rest, b.status.rest);
}
template <class T>
void drop_equal_parts(T&, T&) {}

/// The merge patch between two states of one object. Equal parts that are large and shared are left out of both before they
/// become JSON: a part's JSON depends on that part alone, so the patch is the same and costs a fraction.
std::optional<nlohmann::json> patch_between(const AnyObject& from, const AnyObject& to) {
  if (from.index() != to.index()) return std::nullopt;
  AnyObject a = from;
  AnyObject b = to;
  std::visit(
      [&]<class T>(T& left) {
        T& right = std::get<T>(b);
        drop_equal_parts(left.meta, right.meta);
        drop_equal_parts(left, right);
      },
      a);
  return merge_patch_between(to_json(a, TimeFormat::Nanoseconds), to_json(b, TimeFormat::Nanoseconds));
}

// Messages of foreign programs may hold bytes that are not UTF-8.
std::string text_of(const nlohmann::json& document) {
  return document.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

const ObjectMeta& meta_of(const AnyObject& object) {
  return std::visit([](const auto& typed) -> const ObjectMeta& { return typed.meta; }, object);
}

Kind kind_of(const AnyObject& object) {
  return std::visit([]<class T>(const T&) { return KindOf<T>::kind; }, object);
}

std::string identity_of(Kind kind, std::string_view uid, std::string_view namespace_, std::string_view name) {
  std::string identity(1, static_cast<char>('a' + static_cast<int>(kind)));
  if (!uid.empty()) return identity.append(uid);
  return identity.append("/").append(namespace_).append("/").append(name);
}

ObjectDelta ObjectDeltas::next(ChangeType type, const AnyObject& object) {
  const ObjectMeta& meta = meta_of(object);
  const std::string identity = identity_of(kind_of(object), meta.uid, meta.namespace_, meta.name);
  const auto known = last_.find(identity);
  ObjectDelta delta;
  std::optional<nlohmann::json> patch;
  if (known != last_.end() && known->second.changes_since_snapshot + 1 < kSnapshotEvery) {
    patch = patch_between(known->second.object, object);
  }
  delta.snapshot = !patch.has_value();
  delta.payload = text_of(delta.snapshot ? to_json(object, TimeFormat::Nanoseconds) : *patch);
  if (type == ChangeType::Deleted) {
    if (known != last_.end()) last_.erase(known);
    return delta;
  }
  Last& last = known != last_.end() ? known->second : last_[identity];
  last.object = object;
  last.changes_since_snapshot = delta.snapshot ? 0 : last.changes_since_snapshot + 1;
  return delta;
}

}  // namespace tandem::record::detail
