// The life of a request. Balancers, sources and time-outs are set up in request_path_setup.cpp.
#include "sim/model/request_path.hpp"

#include <algorithm>
#include <utility>

#include "core/base/check.hpp"

namespace tandem::sim {

namespace {

/// Nobody answers ARP for an address that is gone: the kernel gives up after three tries of a second (Linux
/// neigh/default/mcast_solicit 3, retrans_time_ms 1000) and reports EHOSTUNREACH.
constexpr SimDuration kUnreachableAfter = seconds(3);
/// First retransmission time-outs of TCP: 1 s for a SYN (RFC 6298), 200 ms for data (Linux TCP_RTO_MIN). They double.
constexpr SimDuration kSynTimeout = seconds(1);
constexpr SimDuration kDataTimeout = milliseconds(200);
constexpr std::uint16_t kBadGateway = 502;
constexpr std::uint16_t kGatewayTimeout = 504;
/// Size of a request on the wire: a GET with a few headers. Counts only where links have a bandwidth.
constexpr std::int64_t kRequestBytes = 200;

constexpr std::uint64_t join(std::uint32_t high, std::uint32_t low) { return static_cast<std::uint64_t>(high) << 32 | low; }
constexpr std::uint32_t high_of(std::uint64_t value) { return static_cast<std::uint32_t>(value >> 32); }
constexpr std::uint32_t low_of(std::uint64_t value) { return static_cast<std::uint32_t>(value); }
constexpr SimDuration half(SimDuration duration) { return duration / 2; }

}  // namespace

RequestPath::Token RequestPath::token_of(std::uint32_t slot) const { return join(requests_[slot].generation, slot); }

std::uint32_t RequestPath::find(Token token) const {
  const std::uint32_t slot = low_of(token);
  return requests_[slot].generation == high_of(token) && requests_[slot].state != State::Free ? slot : kNoSlot;
}

std::uint32_t RequestPath::take_slot() {
  if (free_ == kNoSlot) {
    requests_.emplace_back();
    return static_cast<std::uint32_t>(requests_.size() - 1);
  }
  const std::uint32_t slot = free_;
  free_ = requests_[slot].next_free;
  return slot;
}

void RequestPath::schedule(SimDuration delay, EventKind kind, std::uint32_t slot) {
  engine_.schedule(engine_.now() + delay, EventClass::Network, static_cast<std::uint32_t>(requests_[slot].serial), *this, kind,
                   token_of(slot));
}

SimDuration RequestPath::one_way(const Request& request, std::uint32_t node, std::int64_t bytes) const {
  return request.replica_hop + network_.latency(node, bytes);
}

void RequestPath::fire(std::uint32_t kind, std::uint64_t payload) {
  switch (kind) {
    case kArrival: return arrive(static_cast<std::uint32_t>(payload));
    case kProxyDone: return proxy_done(high_of(payload), low_of(payload));
    case kReloaded: return reloaded(static_cast<std::uint32_t>(payload));
    case kClientDeadline: return client_deadlines_due(static_cast<std::uint32_t>(payload));
    case kReadDeadline: return read_deadlines_due(static_cast<std::uint32_t>(payload));
    default: break;
  }
  const std::uint32_t slot = find(payload);
  if (slot == kNoSlot) return;  // about an attempt that has ended
  const State state = requests_[slot].state;
  switch (kind) {
    case kAtBalancer: return at_balancer(slot);
    case kAtReplica: return at_replica(slot);
    case kAnswerAtBalancer: return answer_at_balancer(slot);
    case kResetAtBalancer: return attempt_failed(slot, balance::Outcome::Reset, true);
    case kConnectRefused: return attempt_failed(slot, balance::Outcome::ConnectFailed, false);
    case kUnreachable: return attempt_failed(slot, balance::Outcome::ConnectFailed, false);
    case kConnectTimedOut:
      if (state == State::Connecting) attempt_failed(slot, balance::Outcome::TimedOut, false);
      return;
    case kRefusedAtClient: return end(slot, record::RequestOutcome::Refused, 0, engine_.now(), false);
    default: CHECK(false, "an event of unknown kind");
  }
}

// ---------------------------------------------------------------- client

void RequestPath::plan_next(std::uint32_t number) {
  Source& source = sources_[number];
  source.arrival = {};
  if (!source.stream.next(source.planned)) return;
  source.arrival = engine_.schedule(source.planned.intended, EventClass::Traffic, number, *this, kArrival, number);
}

std::uint64_t RequestPath::take_connection(const Source& source, const Request& request) {
  if (!source.spec.keep_alive || request.state != State::ToBalancer) return ++last_connection_;
  std::vector<Balancer::IdleConnection>& idle = balancers_[request.balancer]->idle_connections[request.instance];
  // The newest are at the end; the very last may still be reading their answers.
  const auto found = std::find_if(idle.rbegin(), idle.rend(), [&](const auto& entry) { return entry.free_at <= engine_.now(); });
  if (found == idle.rend()) return ++last_connection_;
  const std::uint64_t number = found->number;
  idle.erase(std::next(found).base());
  return number;
}

balance::BalancePolicy& RequestPath::policy_of(const Request& request) {
  return *balancers_[request.balancer]->upstream(request.upstream).policies[request.instance];
}

void RequestPath::arrive(std::uint32_t number) {
  Source& source = sources_[number];
  const traffic::PlannedRequest planned = source.planned;
  plan_next(number);

  const std::uint32_t slot = take_slot();
  Request& request = requests_[slot];
  request.source = number;
  request.serial = ++last_serial_;
  request.index = planned.index;
  request.intended = planned.intended;
  request.deadline = planned.intended + source.spec.timeout;
  request.demand_factor = planned.demand_factor;
  // Overheads belong to the request, not to the order of events: draw (index, which) whatever happens to the request.
  const auto unit = [&](std::uint64_t which) {
    return source.overheads.exponential(planned.index * 3 + which / 2, 1.0, static_cast<unsigned>(which % 2));
  };
  const SimDuration overhead = client_overhead_(unit(0));
  request.sent = planned.intended + half(overhead);
  request.client_receive = overhead - half(overhead);
  request.client_hop = half(round_trip_(unit(1)));
  request.replica_hop = half(round_trip_(unit(2)));
  request.proxy_latency = half(proxy_latency_(unit(3)));
  request.proxy_cpu_ns = proxy_cpu_.ns(unit(4));
  request.app_ns = app_request_.ns(unit(5));
  ++totals_.sent;
  ++totals_.in_flight;

  const SimDuration to_balancer = request.sent - engine_.now() + request.client_hop;
  const std::int64_t balancer = source_balancers_[number];
  if (balancer < 0 || !balancers_[static_cast<std::size_t>(balancer)]->accepting) {
    request.state = State::Refusing;
    schedule(to_balancer + request.client_hop, kRefusedAtClient, slot);
  } else {
    request.state = State::ToBalancer;
    request.balancer = static_cast<std::uint32_t>(balancer);
    request.instance = balancers_[request.balancer]->instance_for(request.index);
    schedule(to_balancer, kAtBalancer, slot);
  }
  request.connection = take_connection(source, request);
  // Each entry is tied to the serial: the slot may be somebody else's by then.
  source.deadlines.push(request.deadline, join(static_cast<std::uint32_t>(request.serial), slot));
  if (!std::exchange(source.deadlines.armed, true)) {
    engine_.schedule(request.deadline, EventClass::Traffic, number, *this, kClientDeadline, number);
  }
}

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

// ---------------------------------------------------------------- balancer

void RequestPath::at_balancer(std::uint32_t slot) {
  Request& request = requests_[slot];
  Balancer& balancer = *balancers_[request.balancer];
  request.state = State::InProxy;
  request.worker = balancer.worker_for(request.index);
  request.upstream = balancer.acquire_upstream();
  request.has_upstream = true;
  Balancer::Worker& worker = balancer.workers[request.worker];
  if (worker.busy) {
    worker.enqueue(token_of(slot));
  } else {
    start_proxy_work(request.balancer, request.worker, token_of(slot));
  }
}

void RequestPath::start_proxy_work(std::uint32_t balancer, std::uint32_t number, Token token) {
  Balancer::Worker& worker = balancers_[balancer]->workers[number];
  worker.busy = true;
  worker.current = token;
  cpu_.start(worker.group, requests_[low_of(token)].proxy_cpu_ns, *this, kProxyDone, join(balancer, number));
}

void RequestPath::proxy_done(std::uint32_t balancer, std::uint32_t number) {
  Balancer::Worker& worker = balancers_[balancer]->workers[number];
  const Token done = worker.current;
  worker.busy = false;
  // Requests whose client has given up meanwhile are skipped: their connection is closed when the worker looks at it.
  while (!worker.busy && !worker.waiting.empty()) {
    const Token next = worker.waiting.front();
    worker.waiting.pop_front();
    if (find(next) != kNoSlot) start_proxy_work(balancer, number, next);
  }
  if (const std::uint32_t slot = find(done); slot != kNoSlot) forward(slot);
}

void RequestPath::forward(std::uint32_t slot) {
  Request& request = requests_[slot];
  Balancer::Upstream& upstream = balancers_[request.balancer]->upstream(request.upstream);
  // One load generator sends everything, so every request has the same source address.
  std::optional<balance::PeerRef> picked;
  if (!upstream.peers.empty()) picked = policy_of(request).pick(balance::RequestTraits{}, request.tried, engine_.now());
  if (!picked) return respond(slot, kBadGateway, false);
  policy_of(request).on_start(*picked);
  request.peer = *picked;
  request.has_peer = true;
  request.state = State::Connecting;
  ++request.generation;
  if (request.attempts < 255) ++request.attempts;

  const AddressId address = upstream.peers[picked->index].address;
  const SimDuration connect_timeout = balancers_[request.balancer]->spec().connect_timeout;
  const Token token = token_of(slot);
  if (network_.exists(address)) {
    const std::uint32_t node = network_.node_of(address);
    if (!network_.reachable(node)) schedule(request.proxy_latency + connect_timeout, kConnectTimedOut, slot);
    send_to_node(token, kAtReplica, node, request.proxy_latency + one_way(request, node, kRequestBytes), kSynTimeout);
  } else if (connect_timeout < kUnreachableAfter) {
    schedule(request.proxy_latency + connect_timeout, kConnectTimedOut, slot);
  } else {
    schedule(request.proxy_latency + kUnreachableAfter, kUnreachable, slot);
  }
}

void RequestPath::at_replica(std::uint32_t slot) {
  Request& request = requests_[slot];
  Balancer& balancer = *balancers_[request.balancer];
  const Balancer::Peer& peer = balancer.upstream(request.upstream).peers[request.peer.index];
  if (!network_.exists(peer.address)) {
    // It went while the connection was being made.
    return schedule(std::min(balancer.spec().connect_timeout, kUnreachableAfter), kConnectTimedOut, slot);
  }
  const std::uint32_t node = network_.node_of(peer.address);
  if (!network_.reachable(node)) {
    // Cut off while the first packet was on its way.
    schedule(balancer.spec().connect_timeout, kConnectTimedOut, slot);
    return send_to_node(token_of(slot), kAtReplica, node, one_way(request, node, kRequestBytes), kSynTimeout);
  }
  Replica* replica = network_.replica_at(peer.address, peer.port);
  const ReplicaRequest asked{sources_[request.source].path, request.demand_factor, request.app_ns};
  if (replica == nullptr || !replica->accept(*this, token_of(slot), asked)) {
    return send_to_node(token_of(slot), kConnectRefused, node, one_way(request, node, 0), kSynTimeout);
  }
  request.state = State::AtReplica;
  const SimTime deadline = engine_.now() + balancer.spec().read_timeout;
  balancer.read_deadlines.push(deadline, token_of(slot));
  if (!std::exchange(balancer.read_deadlines.armed, true)) {
    engine_.schedule(deadline, EventClass::Network, request.balancer, *this, kReadDeadline, request.balancer);
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

void RequestPath::finish_attempt(Request& request, balance::Outcome outcome) {
  if (!std::exchange(request.has_peer, false)) return;
  policy_of(request).on_finish(request.peer, outcome, engine_.now());
}

void RequestPath::attempt_failed(std::uint32_t slot, balance::Outcome outcome, bool request_was_sent) {
  Request& request = requests_[slot];
  ++request.generation;  // nothing of this attempt matters any more
  finish_attempt(request, outcome);
  // nginx: proxy_next_upstream error timeout, as many tries as there are peers, and no second try of a request that may
  // already have had its effect (data-plane-semantics §1.1).
  const bool repeatable = !request_was_sent || sources_[request.source].retryable;
  if (repeatable && request.attempts < policy_of(request).tries()) return forward(slot);
  respond(slot, outcome == balance::Outcome::TimedOut ? kGatewayTimeout : kBadGateway, false);
}

void RequestPath::answer_at_balancer(std::uint32_t slot) {
  finish_attempt(requests_[slot], balance::Outcome::Ok);
  respond(slot, requests_[slot].answer.status, true);
}

void RequestPath::respond(std::uint32_t slot, std::uint16_t status, bool from_replica) {
  const Request& request = requests_[slot];
  const SimTime read = engine_.now() + request.proxy_latency + request.client_hop + request.client_receive;
  // Nothing can change what happens on the rest of the way, so the end is known now.
  if (read <= request.deadline) return end(slot, record::RequestOutcome::Ok, status, read, from_replica);
  end(slot, record::RequestOutcome::Timeout, 0, request.deadline, false);
}

// ---------------------------------------------------------------- replica

void RequestPath::answered(const Replica& replica, std::uint64_t ticket, const ReplicaAnswer& answer) {
  const std::uint32_t slot = find(ticket);
  if (slot == kNoSlot) return;  // the client or the balancer has given up: the work was for nothing
  Request& request = requests_[slot];
  request.answer = answer;
  request.replica_pod = replica.options().pod_number;
  const AddressId address = balancers_[request.balancer]->upstream(request.upstream).peers[request.peer.index].address;
  const std::uint32_t node = network_.node_of(address);
  send_to_node(ticket, kAnswerAtBalancer, node, one_way(request, node, answer.bytes), kDataTimeout);
}

void RequestPath::connection_reset(const Replica& /*replica*/, std::uint64_t ticket) {
  const std::uint32_t slot = find(ticket);
  if (slot == kNoSlot) return;
  const Request& request = requests_[slot];
  const AddressId address = balancers_[request.balancer]->upstream(request.upstream).peers[request.peer.index].address;
  const std::uint32_t node = network_.node_of(address);
  // A reset is sent once: lost on the way, the balancer waits for its read time-out.
  if (network_.reachable(node)) schedule(one_way(request, node, 0), kResetAtBalancer, slot);
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

// ---------------------------------------------------------------- end

void RequestPath::end(std::uint32_t slot, record::RequestOutcome outcome, std::uint16_t status, SimTime end, bool from_replica) {
  Request& request = requests_[slot];
  finish_attempt(request, balance::Outcome::Ok);
  if (request.has_upstream) balancers_[request.balancer]->release_upstream(request.upstream);

  record_.traffic = request.source;
  record_.index = request.index;
  record_.intended = request.intended;
  record_.sent = std::min(request.sent, end);
  record_.end = end;
  const ReplicaAnswer& answer = request.answer;
  record_.queued = from_replica ? answer.queued : SimDuration{-1};
  record_.service = from_replica ? answer.service : SimDuration{-1};
  record_.cpu = from_replica ? answer.cpu : SimDuration{-1};
  record_.throttled = from_replica ? answer.throttled : SimDuration{-1};
  record_.status = status;
  record_.outcome = outcome;
  if (from_replica) record_.replica = network_.pod_name(request.replica_pod);
  else record_.replica.clear();
  record_.connection = request.connection;
  record_.attempts = request.attempts;
  if (outcome == record::RequestOutcome::Ok && sources_[request.source].spec.keep_alive) {
    balancers_[request.balancer]->idle_connections[request.instance].push_back({end, request.connection});
  }

  request.state = State::Free;
  ++request.generation;
  request.has_upstream = false;
  request.tried.clear();
  request.attempts = 0;
  request.next_free = free_;
  free_ = slot;
  --totals_.in_flight;
  ++(outcome == record::RequestOutcome::Ok ? totals_.answered : totals_.failed);
  if (recorder_) recorder_(record_);
}

}  // namespace tandem::sim
