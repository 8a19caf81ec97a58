#include <curl/curl.h>

#include "host/curl_exchange.hpp"
#include "host/http.hpp"

namespace tandem::host {

struct HttpClient::State {
  CURL* easy = nullptr;
  State() {
    initialise_curl();
    easy = curl_easy_init();
  }
  ~State() { curl_easy_cleanup(easy); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
};

HttpClient::HttpClient() : state_(std::make_unique<State>()) {}
HttpClient::~HttpClient() = default;
HttpClient::HttpClient(HttpClient&&) noexcept = default;
HttpClient& HttpClient::operator=(HttpClient&&) noexcept = default;

HttpResult HttpClient::send(const HttpRequest& request, const std::function<bool()>& cancelled) {
  CurlExchange exchange(state_->easy, request);
  exchange.set_cancelled(cancelled);
  return exchange.result(curl_easy_perform(state_->easy));
}

}  // namespace tandem::host
