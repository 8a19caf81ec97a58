#include "real/docker/probe_client.hpp"

#include <fmt/format.h>

#include <utility>

#include "core/control/kubelet/probe_outcome.hpp"

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
  if (result) return control::kubelet::http_probe_outcome(result->status);
  std::string cause;
  switch (result.error().code) {
    case ErrorCode::EngineUnavailable: cause = dial_failure(result.error(), address); break;
    case ErrorCode::EngineTimeout: cause = "context deadline exceeded (Client.Timeout exceeded while awaiting headers)"; break;
    default: cause = "EOF"; break;
  }
  return {ProbeResult::Failure, fmt::format("Get \"{}\": {}", url, cause)};
}

std::string address_of(const std::string& host, const control::PodIdentity& pod, std::int32_t port) {
  return fmt::format("{}:{}", host.empty() ? pod.ip : host, port);
}

host::HttpRequest get(const cluster::HttpGetAction& action, const std::string& address, const char* agent) {
  host::HttpRequest exchange;
  const std::string path = action.path.starts_with('/') ? action.path : "/" + action.path;
  exchange.url = fmt::format("{}://{}{}", action.scheme == "HTTPS" ? "https" : "http", address, path);
  exchange.headers = {fmt::format("User-Agent: {}", agent), "Accept: */*", "Connection: close"};
  exchange.fresh_connection = true;
  exchange.response_limit = 10 << 10;  // what the kubelet reads of an answer
  // An answer that is too long is still an answer: take the beginning and let the status decide.
  exchange.on_body = [](std::string_view) { return true; };
  return exchange;
}

}  // namespace

void ProbeClient::probe(const control::ProbeRequest& request, std::function<void(ProbeOutcome)> done) {
  const SimDuration timeout = control::kubelet::timeout_of(request.probe);
  if (const auto* http = std::get_if<cluster::HttpGetAction>(&request.probe.action)) {
    const std::string address = address_of(http->host, request.pod, request.port);
    host::HttpRequest exchange = get(*http, address, "kube-probe/1.34");
    exchange.timeout = exchange.connect_timeout = timeout;
    const std::string url = exchange.url;
    http_.send(std::move(exchange), [url, address, done = std::move(done)](const host::HttpResult& result) {
      done(http_outcome(result, url, address));
    });
  } else if (const auto* tcp = std::get_if<cluster::TcpSocketAction>(&request.probe.action)) {
    const std::string address = address_of(tcp->host, request.pod, request.port);
    host::HttpRequest exchange;
    exchange.url = "http://" + address + "/";
    exchange.timeout = exchange.connect_timeout = timeout;
    exchange.fresh_connection = true;
    exchange.connect_only = true;
    http_.send(std::move(exchange), [address, done = std::move(done)](const host::HttpResult& result) {
      if (result) done({ProbeResult::Success, {}});
      else done({ProbeResult::Failure, dial_failure(result.error(), address)});
    });
  } else {
    reactor_.delay(0, [done = std::move(done)] { done({ProbeResult::Failure, std::string(control::kubelet::kGrpcUnsupported)}); });
  }
}

void ProbeClient::http_get(const control::HookRequest& request, std::function<void(Status)> done) {
  host::HttpRequest exchange = get(request.action, address_of(request.action.host, request.pod, request.port), "kube-lifecycle/1.34");
  exchange.timeout = {};  // none
  http_.send(std::move(exchange), [done = std::move(done)](const host::HttpResult& result) {
    if (result) done({});
    else done(tl::unexpected(result.error()));
  });
}

}  // namespace tandem::docker
