#include "real/docker/engine_client.hpp"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <thread>

#include "core/base/text.hpp"
#include "real/docker/json_answer.hpp"

namespace tandem::docker {

namespace {

constexpr SimDuration kRetryFirst = milliseconds(20);
constexpr SimDuration kRetryMax = milliseconds(500);

/// What an attempt means: final, or worth repeating.
bool worth_repeating(const host::HttpResult& result, const detail::Exchange& exchange) {
  if (!result) return exchange.idempotent && result.error().code == ErrorCode::EngineRefused;  // a cut connection
  return is_transient(*result) || (exchange.idempotent && result->status >= 500);
}

Result<host::HttpResponse> final_result(host::HttpResult result, const detail::Exchange& exchange) {
  if (!result) {
    Error error = make_error(result.error().code, "could not " + exchange.what + ": " + result.error().what);
    if (result.error().code == ErrorCode::Interrupted) error.what = "interrupted";
    return fail(std::move(error));
  }
  const bool fine = (result->status >= 200 && result->status < 300) ||
                    std::find(exchange.also_fine.begin(), exchange.also_fine.end(), result->status) != exchange.also_fine.end();
  if (!fine) return fail(error_of(*result, exchange.what));
  return std::move(*result);
}

/// "1.41" as 1041.
int version_number(std::string_view text) {
  int major = 0;
  int minor = 0;
  const char* const end = text.data() + text.size();
  const auto [dot, error] = std::from_chars(text.data(), end, major);
  if (error != std::errc() || dot == end || *dot != '.') return 0;
  std::from_chars(dot + 1, end, minor);
  return major * 1000 + minor;
}

}  // namespace

struct EngineClient::Pending {
  detail::Exchange exchange;
  std::function<void(Result<host::HttpResponse>)> done;
  host::AsyncHttp::Ticket ticket = 0;
  std::uint64_t delay = 0;
  SimDuration pause = kRetryFirst;
  SimDuration waited;
};

Result<EngineAddress> EngineAddress::from_environment() {
  EngineAddress address;
  const char* const variable = std::getenv("DOCKER_HOST");
  const std::string_view host = variable == nullptr ? std::string_view() : std::string_view(variable);
  if (host.empty()) return address;
  constexpr std::string_view kUnix = "unix://";
  constexpr std::string_view kTcp = "tcp://";
  if (host.starts_with(kUnix)) {
    address.unix_socket = host.substr(kUnix.size());
  } else if (host.starts_with(kTcp)) {
    address.unix_socket.clear();
    address.base_url = "http://" + std::string(host.substr(kTcp.size()));
  } else {
    return fail(make_error(ErrorCode::UsageBadArgument, "DOCKER_HOST names an engine that Tandem cannot reach")
                    .with_found(std::string(host))
                    .with_allowed("unix:///path or tcp://host:port"));
  }
  return address;
}

std::string EngineAddress::text() const { return unix_socket.empty() ? base_url : "unix://" + unix_socket; }

Error error_of(const host::HttpResponse& response, const std::string& what) {
  std::string message = api::text_at(parse_bounded_json(response.body), "message");
  if (message.empty()) message = "HTTP status " + std::to_string(response.status);
  const auto mentions = [&](std::string_view words) { return message.find(words) != std::string::npos; };
  ErrorCode code = ErrorCode::EngineRefused;
  if (response.status == 404) code = ErrorCode::EngineNotFound;
  if (mentions("already in use") || mentions("already exists") || mentions("Pool overlaps") || mentions("port is already allocated")) {
    code = ErrorCode::EngineNameTaken;
  }
  return make_error(code, "the engine could not " + what).with_found(escape_for_terminal(message, 1000));
}

bool is_transient(const host::HttpResponse& response) {
  if (response.status < 400) return false;
  for (const std::string_view words : {"is already in progress", "has active endpoints"}) {
    if (response.body.find(words) != std::string::npos) return true;
  }
  return false;
}

host::HttpRequest detail::request_of(const EngineAddress& address, const std::string& method, const std::string& path, SimDuration timeout) {
  host::HttpRequest request;
  request.method = method;
  request.url = address.base_url + "/v" + std::string(kApiVersion) + path;
  request.unix_socket = address.unix_socket;
  request.timeout = timeout;
  return request;
}

EngineClient::EngineClient(EngineAddress address, host::Reactor* reactor) : address_(std::move(address)), reactor_(reactor) {
  if (reactor_ != nullptr) asynchronous_ = std::make_unique<host::AsyncHttp>(*reactor_);
}

EngineClient::~EngineClient() {
  for (auto& [number, pending] : pending_) {
    if (pending.delay != 0) reactor_->cancel_delay(pending.delay);
  }
}

Result<EngineInfo> EngineClient::connect() {
  // Asked without a version in the path, so that an engine too old for ours can say which it speaks.
  detail::Exchange exchange{detail::request_of(address_, "GET", "/version", seconds(10)), "ask the engine for its version", true, true, {}};
  exchange.request.url = address_.base_url + "/version";
  const host::HttpResult answer = blocking_.send(exchange.request, cancelled_);
  if (!answer) {
    return fail(make_error(ErrorCode::EngineUnavailable, "no Docker engine answers at " + address_.text() + ": " + answer.error().what)
                    .with_hint("start it (systemctl start docker), or point DOCKER_HOST at one; your user must be allowed to use its socket"));
  }
  if (answer->status != 200) return fail(error_of(*answer, exchange.what));
  const Result<EngineInfo> version = api::version().decode(*answer);
  if (!version) return version;
  if (version_number(version->api_version) < version_number(kApiVersion)) {
    return fail(make_error(ErrorCode::EngineTooOld, "the Docker engine is too old")
                    .with_found("API " + version->api_version + " (Docker " + version->version + ")")
                    .with_allowed("API " + std::string(kApiVersion) + " (Docker 20.10) or later"));
  }
  Result<EngineInfo> info = run(api::info());
  if (info) info->api_version = version->api_version;
  return info;
}

Result<host::HttpResponse> EngineClient::run_exchange(const detail::Exchange& exchange) {
  SimDuration pause = kRetryFirst;
  for (SimDuration waited{};; waited += pause, pause = std::min(pause * 2, kRetryMax)) {
    host::HttpResult result = blocking_.send(exchange.request, exchange.cancellable ? cancelled_ : std::function<bool()>());
    const bool given_up = waited >= patience_ || (cancelled_ && cancelled_());
    if (given_up || !worth_repeating(result, exchange)) return final_result(std::move(result), exchange);
    std::this_thread::sleep_for(std::chrono::nanoseconds(pause.ns));
  }
}

host::AsyncHttp::Ticket EngineClient::start_exchange(detail::Exchange exchange, std::function<void(Result<host::HttpResponse>)> done) {
  const std::uint64_t number = ++last_number_;
  Pending pending;
  pending.exchange = std::move(exchange);
  pending.done = std::move(done);
  pending_.emplace(number, std::move(pending));
  try_again(number);
  return number;
}

void EngineClient::try_again(std::uint64_t number) {
  Pending& pending = pending_.at(number);
  pending.delay = 0;
  pending.ticket = asynchronous_->send(pending.exchange.request, [this, number](host::HttpResult result) {
    Pending& answered = pending_.at(number);
    if (answered.waited < patience_ && worth_repeating(result, answered.exchange)) {
      answered.delay = reactor_->delay(answered.pause.ns, [this, number] { try_again(number); });
      answered.waited += answered.pause;
      answered.pause = std::min(answered.pause * 2, kRetryMax);
      return;
    }
    auto node = pending_.extract(number);
    node.mapped().done(final_result(std::move(result), node.mapped().exchange));
  });
}

void EngineClient::cancel(host::AsyncHttp::Ticket ticket) {
  const auto found = pending_.find(ticket);
  if (found == pending_.end()) return;
  if (found->second.delay != 0) reactor_->cancel_delay(found->second.delay);
  else asynchronous_->cancel(found->second.ticket);
  pending_.erase(found);
}

}  // namespace tandem::docker
