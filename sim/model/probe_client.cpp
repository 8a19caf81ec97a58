#include "sim/model/probe_client.hpp"

#include <fmt/format.h>

#include <utility>
#include <variant>

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

std::string get_text(const control::ProbeRequest& request) { return fmt::format("Get \"{}\"", probe_url(request)); }

/// Texts of Go's net and net/http packages as they stand in kubelet events.
std::string refused_text(const control::ProbeRequest& request) {
  const std::string dial = fmt::format("dial tcp {}:{}: connect: connection refused", host_of(request), request.port);
  return http_of(request) != nullptr ? get_text(request) + ": " + dial : dial;
}

std::string timeout_text(const control::ProbeRequest& request) {
  if (http_of(request) != nullptr) {
    return get_text(request) + ": context deadline exceeded (Client.Timeout exceeded while awaiting headers)";
  }
  return fmt::format("dial tcp {}:{}: i/o timeout", host_of(request), request.port);
}

}  // namespace

std::string probe_url(const control::ProbeRequest& request) {
  const cluster::HttpGetAction* http = http_of(request);
  const bool tls = http != nullptr && http->scheme == "HTTPS";
  const std::string path = http == nullptr ? "" : http->path.starts_with('/') ? http->path : "/" + http->path;
  return fmt::format("{}://{}:{}{}", tls ? "https" : "http", host_of(request), request.port, path);
}

ProbeClient::ProbeClient(Engine& engine, PodNetwork& network, const scenario::Calibration& calibration, std::uint64_t seed)
    : engine_(engine), network_(network), overhead_(calibration.probe), app_request_(calibration.app_request), draws_(seed, "probe") {}

void ProbeClient::probe(AddressId address, const control::ProbeRequest& request, std::function<void(ProbeOutcome)> done) {
  const std::uint64_t ticket = ++last_ticket_;
  const SimDuration overhead = overhead_(draws_.exponential(ticket, 1.0, 0));
  Pending pending;
  pending.request = request;
  pending.address = address;
  pending.receive = overhead / 2;
  pending.done = std::move(done);
  pending.timeout = engine_.after(seconds(std::max(request.probe.timeout_seconds, 1)), EventClass::Runtime,
                                  static_cast<std::uint32_t>(ticket), [this, ticket] {
                                    pending_.at(ticket).timeout = {};
                                    finish(ticket, {}, {ProbeResult::Failure, timeout_text(pending_.at(ticket).request)});
                                  });
  pending_.emplace(ticket, std::move(pending));
  engine_.after(overhead - overhead / 2, EventClass::Network, static_cast<std::uint32_t>(ticket), [this, ticket] { connect(ticket); });
}

void ProbeClient::connect(std::uint64_t ticket) {
  const auto found = pending_.find(ticket);
  if (found == pending_.end()) return;
  const Pending& pending = found->second;
  Replica* replica = network_.replica_at(pending.address, pending.request.port);
  const cluster::HttpGetAction* http = http_of(pending.request);
  if (http == nullptr) {
    // A TCP probe connects and hangs up.
    const bool open = replica != nullptr && replica->listening();
    return finish(ticket, pending.receive, open ? ProbeOutcome{ProbeResult::Success, ""}
                                                : ProbeOutcome{ProbeResult::Failure, refused_text(pending.request)});
  }
  const ReplicaRequest asked{without_query(http->path), 1.0, app_request_.ns(draws_.exponential(ticket, 1.0, 1))};
  if (replica == nullptr || !replica->accept(*this, ticket, asked)) {
    finish(ticket, pending.receive, {ProbeResult::Failure, refused_text(pending.request)});
  }
}

void ProbeClient::answered(const Replica& /*replica*/, std::uint64_t ticket, const ReplicaAnswer& answer) {
  const auto found = pending_.find(ticket);
  if (found == pending_.end()) return;  // timed out before
  // The kubelet takes 200 to 399 for success.
  if (answer.status >= 200 && answer.status < 400) return finish(ticket, found->second.receive, {ProbeResult::Success, ""});
  finish(ticket, found->second.receive, {ProbeResult::Failure, fmt::format("HTTP probe failed with statuscode: {}", answer.status)});
}

void ProbeClient::connection_reset(const Replica& /*replica*/, std::uint64_t ticket) {
  const auto found = pending_.find(ticket);
  if (found == pending_.end()) return;
  finish(ticket, found->second.receive, {ProbeResult::Failure, get_text(found->second.request) + ": EOF"});
}

void ProbeClient::finish(std::uint64_t ticket, SimDuration delay, ProbeOutcome outcome) {
  const auto found = pending_.find(ticket);
  if (found->second.timeout) engine_.cancel(found->second.timeout);
  const std::function<void(ProbeOutcome)> done = std::move(found->second.done);
  pending_.erase(found);
  engine_.after(delay, EventClass::Runtime, static_cast<std::uint32_t>(ticket), [done, outcome = std::move(outcome)] { done(outcome); });
}

}  // namespace tandem::sim
