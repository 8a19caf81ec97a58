#include "sim/engine/engine.hpp"

#include <algorithm>
#include <utility>

#include "core/base/check.hpp"

namespace tandem::sim {

Engine::Engine(std::unique_ptr<BulkNetwork> network) : network_(std::move(network)) {}
Engine::~Engine() = default;

TimerHandle Engine::at(SimTime time, EventClass event_class, std::uint32_t entity, std::function<void()> callback) {
  return queue_.push(time < now_ ? now_ : time, event_class, entity, std::move(callback));
}

void Engine::transfer(NetworkNode from, NetworkNode to, std::int64_t bytes, std::function<void()> done) {
  CHECK(network_ != nullptr, "a transfer in a run without a network");
  transfers_.push_back(std::move(done));
  network_->start(now_, TransferId{transfers_.size()}, from, to, std::max<std::int64_t>(bytes, 1));
}

void Engine::set_connected(NetworkNode host, bool connected) {
  if (network_ != nullptr) network_->set_connected(now_, host, connected);
}

void Engine::advance_network(SimTime limit) {
  completed_.clear();
  const SimTime reached = network_->advance(std::min(queue_.next_time(), limit), completed_);
  // The entity is the transfer's number, so simultaneous ends come in order of starting whatever order the network found.
  for (const TransferId id : completed_) {
    const auto number = static_cast<std::uint64_t>(id);
    queue_.push(std::max(reached, now_), EventClass::Network, static_cast<std::uint32_t>(number), transfer_end_, 0, number);
  }
}

void Engine::finish_transfer(std::uint64_t number) { std::exchange(transfers_[number - 1], nullptr)(); }

bool Engine::step(SimTime limit) {
  if (network_ != nullptr && network_->live() > 0) advance_network(limit);
  const SimTime next = queue_.next_time();
  if (next > limit || next == kTimeNever) return false;
  now_ = next;
  ++events_fired_;
  queue_.pop().fire();
  return true;
}

void Engine::run_until(SimTime limit) {
  while (step(limit)) {
  }
  if (now_ < limit && limit != kTimeNever) now_ = limit;
}

}  // namespace tandem::sim
