#include "core/record/object_history.hpp"

#include <algorithm>
#include <tuple>

#include "core/base/bounded_json.hpp"
#include "core/base/check.hpp"
#include "core/cluster/json.hpp"
#include "core/record/object_deltas.hpp"

namespace tandem::record::detail {

namespace {

using nlohmann::json;

/// A manifest may nest 64 deep, and sits some levels below the object.
constexpr std::size_t kObjectDepth = 128;

json parsed(std::string_view payload) {
  json document = parse_bounded_json(payload, kObjectDepth);
  return document.is_object() ? document : json::object();
}

}  // namespace

void ObjectHistory::add(const ChunkContent<View>& chunk) {
  const ChangeTable<View>& t = chunk.tables.changes;
  std::uint32_t begin = 0;
  for (std::size_t row = 0; row < t.rows(); ++row) {
    ObjectChange change;
    change.time = SimTime{t.time[row]};
    change.type = static_cast<cluster::ChangeType>(t.type[row]);
    change.kind = static_cast<cluster::Kind>(t.kind[row]);
    change.namespace_ = chunk.strings[t.namespace_[row]];
    change.name = chunk.strings[t.object[row]];
    change.uid = chunk.strings[t.uid[row]];
    change.resource_version = t.resource_version[row];

    Delta delta;
    delta.payload = {reinterpret_cast<const char*>(t.payload.data()) + begin, t.payload_end[row] - begin};
    begin = t.payload_end[row];
    delta.snapshot = t.snapshot[row] != 0;
    const auto next_number = static_cast<std::uint32_t>(latest_.size());
    delta.object = numbers_.try_emplace(identity_of(change.kind, change.uid, change.namespace_, change.name), next_number).first->second;
    if (delta.object == next_number) latest_.push_back(kNone);
    delta.previous = std::exchange(latest_[delta.object], static_cast<std::uint32_t>(deltas_.size()));
    deltas_.push_back(delta);
    changes_.push_back(std::move(change));
  }
}

json ObjectHistory::json_after(std::size_t i) const {
  CHECK(i < deltas_.size(), "no such change");
  std::vector<std::uint32_t> patches;
  auto at = static_cast<std::uint32_t>(i);
  while (!deltas_[at].snapshot && deltas_[at].previous != kNone) {
    patches.push_back(at);
    at = deltas_[at].previous;
  }
  json document = parsed(deltas_[at].payload);
  for (auto patch = patches.rbegin(); patch != patches.rend(); ++patch) document.merge_patch(parsed(deltas_[*patch].payload));
  return document;
}

cluster::AnyObject ObjectHistory::typed(std::size_t i, const json& document) const {
  auto object = cluster::object_from_json(document);
  if (object && kind_of(*object) == changes_[i].kind) return std::move(*object);
  // Only a forged file gets here: its checksum holds but its JSON is not an object of its kind.
  cluster::Unstructured unreadable;
  unreadable.meta.name = changes_[i].name;
  unreadable.meta.namespace_ = changes_[i].namespace_;
  unreadable.meta.uid = changes_[i].uid;
  unreadable.kind = std::string(cluster::name_of(changes_[i].kind));
  return unreadable;
}

cluster::AnyObject ObjectHistory::object_after(std::size_t i) const { return typed(i, json_after(i)); }

std::vector<cluster::AnyObject> ObjectHistory::objects_at(SimTime time) const {
  std::vector<std::uint32_t> last(latest_.size(), kNone);
  for (std::size_t i = 0; i < deltas_.size(); ++i) {
    if (changes_[i].time <= time) last[deltas_[i].object] = static_cast<std::uint32_t>(i);
  }
  std::erase_if(last, [&](std::uint32_t i) { return i == kNone || changes_[i].type == cluster::ChangeType::Deleted; });
  std::sort(last.begin(), last.end(), [&](std::uint32_t a, std::uint32_t b) {
    const ObjectChange& left = changes_[a];
    const ObjectChange& right = changes_[b];
    return std::tie(left.kind, left.namespace_, left.name, left.uid, a) < std::tie(right.kind, right.namespace_, right.name, right.uid, b);
  });
  std::vector<cluster::AnyObject> objects;
  objects.reserve(last.size());
  for (const std::uint32_t i : last) objects.push_back(object_after(i));
  return objects;
}

void ObjectHistory::for_each_change(const std::function<bool(const ObjectChange&)>& wanted,
                                    const std::function<void(std::size_t, const ObjectChange&, const cluster::AnyObject&)>& visit) const {
  std::vector<json> current(latest_.size());
  std::vector<std::uint32_t> current_change(latest_.size(), kNone);  // the change that current[object] is the state after
  for (std::size_t i = 0; i < deltas_.size(); ++i) {
    if (!wanted(changes_[i])) continue;
    const Delta& delta = deltas_[i];
    json& document = current[delta.object];
    if (delta.snapshot) {
      document = parsed(delta.payload);
    } else if (current_change[delta.object] == delta.previous) {
      document.merge_patch(parsed(delta.payload));
    } else {
      document = json_after(i);  // earlier changes of this object were not wanted
    }
    current_change[delta.object] = static_cast<std::uint32_t>(i);
    visit(i, changes_[i], typed(i, document));
    if (changes_[i].type == cluster::ChangeType::Deleted) document = nullptr;  // frees its memory; the next one is a snapshot
  }
}

}  // namespace tandem::record::detail
