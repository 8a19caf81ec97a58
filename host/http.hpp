#pragma once
// HTTP over a unix socket or TCP (libcurl): a blocking client, and an asynchronous one on a Reactor. Both bound what they
// accept and how long they wait (hardening E1).

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/base/time.hpp"
#include "host/reactor.hpp"

namespace tandem::host {

struct HttpRequest {
  std::string method = "GET";
  std::string url;                          ///< "http://host/path"; the host is only a word when unix_socket is set
  std::string unix_socket;                  ///< path; empty = TCP
  std::vector<std::string> headers;         ///< "Name: value"
  std::string body;
  std::string body_file;                    ///< sent instead of `body`, streamed; for large uploads
  SimDuration connect_timeout = seconds(2);
  SimDuration timeout = seconds(30);        ///< of the whole exchange; 0 = none (streams)
  std::size_t response_limit = 16 << 20;    ///< bytes of body kept
  bool fresh_connection = false;            ///< neither take nor leave a kept-alive connection (probes)
  bool connect_only = false;                ///< TCP: only open a connection and close it again
  /// Receives the body of answers below 300 instead of HttpResponse::body. False ends the exchange as if cut.
  std::function<bool(std::string_view)> on_body;
};

struct HttpResponse {
  int status = 0;                           ///< 0 with connect_only
  std::map<std::string, std::string> headers;  ///< names in lower case; the last of equal ones
  std::string body;
};

/// Errors: EngineUnavailable (no connection), EngineTimeout, EngineRefused (cut, malformed or too large answer). The caller
/// says in its own words what it wanted; Error::what is the transport's side, such as "connection refused".
using HttpResult = Result<HttpResponse>;

/// Blocking; keeps its connection for the next request. One thread at a time.
class HttpClient {
 public:
  HttpClient();
  ~HttpClient();
  HttpClient(HttpClient&&) noexcept;
  HttpClient& operator=(HttpClient&&) noexcept;

  /// `cancelled` is asked about every second (and at every piece of data); true ends the exchange with Interrupted.
  HttpResult send(const HttpRequest& request, const std::function<bool()>& cancelled = {});

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Any number of exchanges at once on the thread of a Reactor.
class AsyncHttp {
 public:
  /// Zero is "none".
  using Ticket = std::uint64_t;

  explicit AsyncHttp(Reactor& reactor);
  /// Drops what is in progress without calling back.
  ~AsyncHttp();
  AsyncHttp(const AsyncHttp&) = delete;
  AsyncHttp& operator=(const AsyncHttp&) = delete;

  /// `done` runs later on the reactor's thread, never inside this call.
  Ticket send(HttpRequest request, std::function<void(HttpResult)> done);
  /// Ends an exchange without calling back; false if it had ended.
  bool cancel(Ticket ticket);
  [[nodiscard]] std::size_t in_progress() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tandem::host
