#include "core/cluster/watch_hub.hpp"

#include <algorithm>
#include <utility>

#include "core/base/check.hpp"

namespace tandem::cluster {

namespace {

SimTime committed_at(const AnyChange& change) {
  return std::visit([](const auto& typed) { return typed.committed_at; }, change);
}
std::int64_t version_of(const AnyChange& change) {
  return std::visit([](const auto& typed) { return typed.object->meta.resource_version; }, change);
}

}  // namespace

WatchHub::~WatchHub() {
  for (const auto& channel : channels_) {
    if (channel->timer) clock_.cancel(channel->timer);
  }
}

WatchHub::Lists WatchHub::make_lists() {
  Lists lists;
  for (auto& list : lists) list = std::make_shared<WatcherList>();
  return lists;
}

Subscription WatchHub::add(const std::shared_ptr<WatcherList>& list, std::int64_t after_version, Handler handler) {
  auto watcher = std::make_shared<Watcher>();
  watcher->after_version = after_version;
  watcher->handler = std::move(handler);
  list->watchers.push_back(watcher);
  // Weak on both sides: a subscription may outlive the server, and a handler may end its own subscription.
  return Subscription([weak_list = std::weak_ptr(list), weak_watcher = std::weak_ptr(watcher)] {
    if (const auto held = weak_watcher.lock()) held->active = false;
    if (const auto held = weak_list.lock()) held->remove_detached();
  });
}

void WatchHub::WatcherList::remove_detached() {
  if (calls_under_way > 0) return;
  std::erase_if(watchers, [](const auto& watcher) { return !watcher->active; });
}

void WatchHub::WatcherList::call(const AnyChange& change, std::int64_t version) {
  const std::size_t count = watchers.size();  // those who join meanwhile have seen this state already
  ++calls_under_way;
  bool detached = false;
  for (std::size_t i = 0; i < count; ++i) {
    const std::shared_ptr<Watcher> watcher = watchers[i];
    if (watcher->active && version > watcher->after_version) watcher->handler(change);
    detached = detached || !watcher->active;
  }
  --calls_under_way;
  if (detached) remove_detached();
}

Subscription WatchHub::observe(Kind kind, Handler handler) {
  return add(observers_[static_cast<std::size_t>(kind)], 0, std::move(handler));
}

Subscription WatchHub::watch(Kind kind, SimDuration delay, std::int64_t after_version, Handler handler) {
  return add(channel_of(delay).lists[static_cast<std::size_t>(kind)], after_version, std::move(handler));
}

WatchHub::Channel& WatchHub::channel_of(SimDuration delay) {
  for (const auto& channel : channels_) {
    if (channel->delay == delay) return *channel;
  }
  auto channel = std::make_unique<Channel>();
  channel->delay = delay;
  channel->number = static_cast<std::uint32_t>(channels_.size());
  channel->lists = make_lists();
  channels_.push_back(std::move(channel));
  return *channels_.back();
}

void WatchHub::publish(const AnyChange& change) {
  CHECK(!observing_, "an observer of commits must not write");
  const std::size_t kind = change.index();
  if (const auto list = observers_[kind]; !list->empty()) {
    observing_ = true;
    list->call(change, version_of(change));
    observing_ = false;
  }
  for (const auto& channel : channels_) {
    if (channel->lists[kind]->empty()) continue;
    channel->queue.push_back(change);
    if (channel->delay > SimDuration{} && !channel->delivering) arm(*channel);
  }
}

void WatchHub::drain() {
  // By index: a handler may open a channel of another delay.
  for (std::size_t i = 0; i < channels_.size(); ++i) {
    Channel& channel = *channels_[i];
    if (channel.delay <= SimDuration{} && !channel.delivering) deliver_due(channel, kTimeNever);
  }
}

void WatchHub::arm(Channel& channel) {
  if (channel.timer || channel.queue.empty()) return;
  channel.armed_for = committed_at(channel.queue.front()) + channel.delay;
  channel.timer = clock_.at(channel.armed_for, EventClass::Api, channel.number, [this, &channel] {
    channel.timer = {};
    // A wall clock that fires late delivers everything due by now; one that fires early must not leave its own change behind.
    deliver_due(channel, std::max(channel.armed_for, clock_.now()));
    arm(channel);
  });
}

void WatchHub::deliver_due(Channel& channel, SimTime until) {
  channel.delivering = true;
  while (!channel.queue.empty()) {
    const SimTime committed = committed_at(channel.queue.front());
    if (until != kTimeNever && committed + channel.delay > until) break;
    const AnyChange change = std::move(channel.queue.front());
    channel.queue.pop_front();
    // Held: the last watcher of a list may go while it is being called.
    const std::shared_ptr<WatcherList> list = channel.lists[change.index()];
    list->call(change, version_of(change));
  }
  channel.delivering = false;
}

}  // namespace tandem::cluster
