#include "real/docker/probe_client.hpp"

#include <fmt/format.h>

#include <utility>

namespace tandem::docker {

using control::ProbeOutcome;
using control::ProbeResult;

namespace {

/// What Go's net package, and so the kubelet, says of a connection that failed.
std::string dial_failure(const Error& error, const std::string& address) {
  if (error.code == ErrorCode::EngineTimeout) return fmt::format("dial tcp {}: i/o timeout", address);
  const bool refused = error.what.find("refused") != std::string::npos;
  const bool unreachable = error.what.find("oute to host") != std::string::npos || error.what.find("nreachable") != std::string::npos;
  return fmt::format("dial tcp {}: connect: {}", address, refused || !unreachable ? "connection refused" : "no route to host");
}

ProbeOutcome http_outcome(const host::HttpResult& result, const std::string& url, const std::string& address) {
  if (result) {
    // Redirects count as success: the kubelet does not leave the pod to follow them.
    if (result->status >= 200 && result->status < 400) return {ProbeResult::Success, {}};
    return {ProbeResult::Failure, fmt::format("HTTP probe failed with statuscode: {}", result->status)};
  }
  std::string cause;
  switch (result.error().code) {
    case ErrorCode::EngineUnavailable: cause = dial_failure(result.error(), address); break;
    case ErrorCode::EngineTimeout: cause = "context deadline exceeded (Client.Timeout exceeded while awaiting headers)"; break;
    default: cause = "EOF"; break;
  }
  return {ProbeResult::Failure, fmt::format("Get \"{}\": {}", url, cause)};
}

}  // namespace

void ProbeClient::probe(const control::ProbeRequest& request, std::function<void(ProbeOutcome)> done) {
  host::HttpRequest exchange;
  const SimDuration timeout = seconds(std::max(1, request.probe.timeout_seconds));
  exchange.timeout = exchange.connect_timeout = timeout;
  exchange.fresh_connection = true;
  exchange.response_limit = 10 << 10;  // what the kubelet reads of an answer
  if (const auto* http = std::get_if<cluster::HttpGetAction>(&request.probe.action)) {
    const bool secure = http->scheme == "HTTPS";
    const std::string address = fmt::format("{}:{}", http->host.empty() ? request.pod.ip : http->host, request.port);
    const std::string path = http->path.starts_with('/') ? http->path : "/" + http->path;
    exchange.url = fmt::format("{}://{}{}", secure ? "https" : "http", address, path);
    exchange.headers = {"User-Agent: kube-probe/1.34", "Accept: */*", "Connection: close"};
    // An answer that is too long is still an answer: take the beginning and let the status decide.
    exchange.on_body = [](std::string_view) { return true; };
    http_.send(std::move(exchange), [url = exchange.url, address, done = std::move(done)](const host::HttpResult& result) {
      done(http_outcome(result, url, address));
    });
    return;
  }
  const auto& tcp = std::get<cluster::TcpSocketAction>(request.probe.action);
  const std::string address = fmt::format("{}:{}", tcp.host.empty() ? request.pod.ip : tcp.host, request.port);
  exchange.url = "http://" + address + "/";
  exchange.connect_only = true;
  http_.send(std::move(exchange), [address, done = std::move(done)](const host::HttpResult& result) {
    if (result) done({ProbeResult::Success, {}});
    else done({ProbeResult::Failure, dial_failure(result.error(), address)});
  });
}

}  // namespace tandem::docker
