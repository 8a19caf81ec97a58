// Time-outs of clients and balancers, and messages that get lost at nodes that are cut off.
#include <utility>

#include "sim/model/request_path.hpp"
#include "sim/model/token.hpp"

namespace tandem::sim {

void RequestPath::client_deadlines_due(std::uint32_t number) {
  Source& source = sources_[number];
  source.deadlines.armed = false;
  while (!source.deadlines.empty()) {
    const DeadlineQueue::Entry entry = source.deadlines.front();
    const std::uint32_t slot = low_of(entry.token);
    const Request& request = requests_[slot];
    const bool alive = request.state != State::Free && static_cast<std::uint32_t>(request.serial) == high_of(entry.token);
    if (alive && entry.deadline > engine_.now()) {
      source.deadlines.armed = true;
      engine_.schedule(entry.deadline, EventClass::Traffic, number, *this, kClientDeadline, number);
      return;
    }
    source.deadlines.pop();
    // The balancer sees the connection closed and lets go of the peer; that is no failure of the peer's (nginx status 499).
    if (alive) end(slot, record::RequestOutcome::Timeout, 0, entry.deadline, false);
  }
}

void RequestPath::read_deadlines_due(std::uint32_t number) {
  Balancer& balancer = *balancers_[number];
  balancer.read_deadlines.armed = false;
  while (!balancer.read_deadlines.empty()) {
    const DeadlineQueue::Entry entry = balancer.read_deadlines.front();
    const std::uint32_t slot = find(entry.token);
    const bool waiting = slot != kNoSlot && requests_[slot].state == State::AtReplica;
    if (waiting && entry.deadline > engine_.now()) {
      balancer.read_deadlines.armed = true;
      engine_.schedule(entry.deadline, EventClass::Network, number, *this, kReadDeadline, number);
      return;
    }
    balancer.read_deadlines.pop();
    if (waiting) attempt_failed(slot, balance::Outcome::TimedOut, true);
  }
}

// ---------------------------------------------------------------- messages to and from nodes that are cut off

void RequestPath::send_to_node(Token token, EventKind kind, std::uint32_t node, SimDuration delay, SimDuration first_timeout) {
  if (network_.reachable(node)) {
    schedule(delay, kind, low_of(token));
  } else {
    held_[node].push_back({token, kind, engine_.now(), first_timeout, delay});
  }
}

void RequestPath::node_healed(std::uint32_t node) {
  const std::vector<Held> waiting = std::exchange(held_[node], {});
  for (const Held& held : waiting) {
    const std::uint32_t slot = find(held.token);
    if (slot == kNoSlot) continue;
    // Sent again after t, 3 t, 7 t, …: the first of these from now on gets through.
    SimTime resent = held.first_sent + held.first_timeout;
    for (SimDuration timeout = held.first_timeout * 2; resent < engine_.now(); timeout = timeout * 2) resent = resent + timeout;
    schedule(resent - engine_.now() + held.delay, held.kind, slot);
  }
}

}  // namespace tandem::sim
