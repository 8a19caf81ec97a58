#pragma once
// Carries calls of engine_api.hpp out, blocking or on a Reactor, with the typed errors of hardening E2.

#include <functional>
#include <memory>
#include <string>

#include "core/base/result.hpp"
#include "host/http.hpp"
#include "real/docker/engine_api.hpp"

namespace tandem::docker {

/// Where an engine listens: a unix socket or TCP without TLS.
struct EngineAddress {
  std::string unix_socket = "/var/run/docker.sock";
  std::string base_url = "http://engine";  ///< the host is only a word for unix sockets

  /// From DOCKER_HOST ("unix:///…", "tcp://host:port"), or the default socket. Errors: UsageBadArgument.
  static Result<EngineAddress> from_environment();
  [[nodiscard]] std::string text() const;
};

/// What an unsuccessful answer means. Errors: EngineNotFound (404), EngineNameTaken (409 about a name, 403 about an address
/// range), EngineRefused (everything else); `found` is the engine's own sentence.
Error error_of(const host::HttpResponse& response, const std::string& what);
/// The engine is busy with the same object ("removal … in progress", "has active endpoints"), so the call is worth repeating.
bool is_transient(const host::HttpResponse& response);

namespace detail {
/// One call without its type.
struct Exchange {
  host::HttpRequest request;
  std::string what;
  bool idempotent = true;
  bool cancellable = true;
  std::vector<int> also_fine;
};
host::HttpRequest request_of(const EngineAddress& address, const std::string& method, const std::string& path, SimDuration timeout);
}  // namespace detail

/// One engine. Blocking calls keep one connection of their own; asynchronous ones need a reactor and run side by side.
class EngineClient {
 public:
  /// `reactor` may be null: then start() must not be called.
  EngineClient(EngineAddress address, host::Reactor* reactor);
  ~EngineClient();
  EngineClient(const EngineClient&) = delete;
  EngineClient& operator=(const EngineClient&) = delete;

  /// Asks for version and properties. Errors: EngineUnavailable (with what to do), EngineTooOld.
  Result<EngineInfo> connect();

  /// Blocks until the answer is there. Busy objects and, for idempotent calls, server errors are tried again with growing
  /// pauses for as long as set_patience() says.
  template <class T>
  Result<T> run(const Call<T>& call) {
    Result<host::HttpResponse> response = run_exchange(exchange_of(call));
    if (!response) return tl::unexpected(std::move(response).error());
    return call.decode(*response);
  }

  /// The same on the reactor. Zero = could not be cancelled any more. `done` runs later, never inside this call.
  template <class T>
  host::AsyncHttp::Ticket start(const Call<T>& call, std::function<void(Result<T>)> done) {
    return start_exchange(exchange_of(call), [decode = call.decode, done = std::move(done)](Result<host::HttpResponse> response) {
      if (!response) done(tl::unexpected(std::move(response).error()));
      else done(decode(*response));
    });
  }
  /// Ends a call of start() without its callback.
  void cancel(host::AsyncHttp::Ticket ticket);

  /// How long a call is repeated; ten seconds at first.
  void set_patience(SimDuration patience) { patience_ = patience; }
  [[nodiscard]] SimDuration patience() const { return patience_; }
  /// Asked during long blocking calls; true ends them with Interrupted.
  void set_cancelled(std::function<bool()> cancelled) { cancelled_ = std::move(cancelled); }
  [[nodiscard]] const EngineAddress& address() const { return address_; }

 private:
  template <class T>
  [[nodiscard]] detail::Exchange exchange_of(const Call<T>& call) const {
    detail::Exchange exchange{detail::request_of(address_, call.method, call.path, call.timeout), call.what, call.idempotent, call.cancellable,
                              call.also_fine};
    exchange.request.body = call.body;
    exchange.request.body_file = call.body_file;
    exchange.request.headers.push_back("Content-Type: " + call.content_type);
    exchange.request.on_body = call.on_body;
    return exchange;
  }

  Result<host::HttpResponse> run_exchange(const detail::Exchange& exchange);
  host::AsyncHttp::Ticket start_exchange(detail::Exchange exchange, std::function<void(Result<host::HttpResponse>)> done);
  void try_again(std::uint64_t number);

  struct Pending;
  EngineAddress address_;
  host::Reactor* reactor_;
  SimDuration patience_ = seconds(10);
  std::function<bool()> cancelled_;
  host::HttpClient blocking_;
  std::unique_ptr<host::AsyncHttp> asynchronous_;
  std::map<std::uint64_t, Pending> pending_;
  std::uint64_t last_number_ = 0;
};

}  // namespace tandem::docker
