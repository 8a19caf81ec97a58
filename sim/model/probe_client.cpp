#include "sim/model/probe_client.hpp"

#include <fmt/format.h>

#include <utility>
#include <variant>

#include "core/control/kubelet/probe_outcome.hpp"
#include "sim/model/routes.hpp"

namespace tandem::sim {

using control::ProbeOutcome;
using control::ProbeResult;

namespace {

const cluster::HttpGetAction* http_of(const control::ProbeRequest& request) {
  return std::get_if<cluster::HttpGetAction>(&request.probe.action);
}

std::string host_of(const control::ProbeRequest& request) {
  if (const auto* http = http_of(request); http != nullptr && !http->host.empty()) return http->host;
  if (const auto* tcp = std::get_if<cluster::TcpSocketAction>(&request.probe.action); tcp != nullptr && !tcp->host.empty()) {
    return tcp->host;
  }
  return request.pod.ip;
}

std::string rooted(const std::string& path) { return path.starts_with('/') ? path : "/" + path; }

/// `Get "http://10.244.1.2:8080/healthz"`: how Go's HTTP client begins its error texts.
std::string get_text(const control::ProbeRequest& request, const cluster::HttpGetAction& http) {
  return fmt::format("Get \"{}://{}:{}{}\"", http.scheme == "HTTPS" ? "https" : "http", host_of(request), request.port, rooted(http.path));
}

/// Texts of Go's net and net/http packages as they stand in kubelet events.
std::string refused_text(const control::ProbeRequest& request) {
  const std::string dial = fmt::format("dial tcp {}:{}: connect: connection refused", host_of(request), request.port);
  const cluster::HttpGetAction* http = http_of(request);
  return http == nullptr ? dial : get_text(request, *http) + ": " + dial;
}

std::string timeout_text(const control::ProbeRequest& request) {
  if (const cluster::HttpGetAction* http = http_of(request)) {
    return get_text(request, *http) + ": context deadline exceeded (Client.Timeout exceeded while awaiting headers)";
  }
  return fmt::format("dial tcp {}:{}: i/o timeout", host_of(request), request.port);
}

}  // namespace

ProbeClient::ProbeClient(Engine& engine, PodNetwork& network, const scenario::Calibration& calibration, std::uint64_t seed)
    : engine_(engine), network_(network), overhead_(calibration.probe), app_request_(calibration.app_request), draws_(seed, "probe") {}

void ProbeClient::probe(AddressId address, const control::ProbeRequest& request, std::function<void(ProbeOutcome)> done) {
  if (std::holds_alternative<cluster::GrpcAction>(request.probe.action)) {
    engine_.after({}, EventClass::Runtime, 0, [done = std::move(done)] {
      done({ProbeResult::Failure, std::string(control::kubelet::kGrpcUnsupported)});
    });
    return;
  }
  Pending pending;
  pending.address = address;
  pending.port = request.port;
  if (const cluster::HttpGetAction* http = http_of(request)) pending.path = rooted(http->path);
  pending.done = [request, done = std::move(done)](End end, std::uint16_t status) {
    switch (end) {
      case End::Answered: return done(control::kubelet::http_probe_outcome(status));
      case End::Opened: return done({ProbeResult::Success, ""});
      case End::Refused: return done({ProbeResult::Failure, refused_text(request)});
      case End::Reset: return done({ProbeResult::Failure, get_text(request, *http_of(request)) + ": EOF"});
      case End::TimedOut: return done({ProbeResult::Failure, timeout_text(request)});
    }
  };
  start(std::move(pending), control::kubelet::timeout_of(request.probe));
}

void ProbeClient::http_get(AddressId address, const control::HookRequest& request, std::function<void(Status)> done) {
  Pending pending;
  pending.address = address;
  pending.port = request.port;
  pending.path = rooted(request.action.path);
  pending.done = [done = std::move(done)](End end, std::uint16_t) {
    if (end == End::Answered) done({});
    else done(fail(ErrorCode::EngineRefused, end == End::Refused ? "connection refused" : "EOF"));
  };
  start(std::move(pending), std::nullopt);
}

void ProbeClient::start(Pending pending, std::optional<SimDuration> timeout) {
  const std::uint64_t ticket = ++last_ticket_;
  const SimDuration overhead = overhead_(draws_.exponential(ticket, 1.0, 0));
  pending.receive = overhead / 2;
  if (timeout) {
    pending.timeout = engine_.after(*timeout, EventClass::Runtime, static_cast<std::uint32_t>(ticket), [this, ticket] {
      pending_.at(ticket).timeout = {};
      finish(ticket, {}, End::TimedOut);
    });
  }
  pending_.emplace(ticket, std::move(pending));
  engine_.after(overhead - overhead / 2, EventClass::Network, static_cast<std::uint32_t>(ticket), [this, ticket] { connect(ticket); });
}

void ProbeClient::connect(std::uint64_t ticket) {
  const auto found = pending_.find(ticket);
  if (found == pending_.end()) return;
  const Pending& pending = found->second;
  Replica* replica = network_.replica_at(pending.address, pending.port);
  if (!pending.path) {
    // A TCP probe connects and hangs up.
    const bool open = replica != nullptr && replica->listening();
    return finish(ticket, pending.receive, open ? End::Opened : End::Refused);
  }
  const ReplicaRequest asked{without_query(*pending.path), 1.0, app_request_.ns(draws_.exponential(ticket, 1.0, 1))};
  if (replica == nullptr || !replica->accept(*this, ticket, asked)) finish(ticket, pending.receive, End::Refused);
}

void ProbeClient::answered(const Replica& /*replica*/, std::uint64_t ticket, const ReplicaAnswer& answer) {
  const auto found = pending_.find(ticket);
  if (found == pending_.end()) return;  // timed out before
  finish(ticket, found->second.receive, End::Answered, answer.status);
}

void ProbeClient::connection_reset(const Replica& /*replica*/, std::uint64_t ticket) {
  const auto found = pending_.find(ticket);
  if (found == pending_.end()) return;
  finish(ticket, found->second.receive, End::Reset);
}

void ProbeClient::finish(std::uint64_t ticket, SimDuration delay, End end, std::uint16_t status) {
  const auto found = pending_.find(ticket);
  if (found->second.timeout) engine_.cancel(found->second.timeout);
  Finished done = std::move(found->second.done);
  pending_.erase(found);
  engine_.after(delay, EventClass::Runtime, static_cast<std::uint32_t>(ticket), [done = std::move(done), end, status] { done(end, status); });
}

}  // namespace tandem::sim
