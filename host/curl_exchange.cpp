#include "host/curl_exchange.hpp"

#include <sys/stat.h>

#include <algorithm>

#include "core/base/text.hpp"

namespace tandem::host {

namespace {

long whole_milliseconds(SimDuration duration) {
  return static_cast<long>(duration.ns <= 0 ? 0 : std::max<std::int64_t>(1, duration.ns / 1'000'000));
}

Error transport_error(CURLcode code, const char* detail) {
  const std::string text = *detail == '\0' ? curl_easy_strerror(code) : detail;
  switch (code) {
    case CURLE_COULDNT_CONNECT:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
      return make_error(ErrorCode::EngineUnavailable, text);
    case CURLE_OPERATION_TIMEDOUT:
      return make_error(ErrorCode::EngineTimeout, text);
    default:
      return make_error(ErrorCode::EngineRefused, text);
  }
}

}  // namespace

void initialise_curl() {
  static const CURLcode initialised = curl_global_init(CURL_GLOBAL_DEFAULT);
  static_cast<void>(initialised);
}

CurlExchange::CurlExchange(CURL* easy, HttpRequest request) : easy_(easy), request_(std::move(request)) {
  curl_easy_reset(easy_);
  curl_easy_setopt(easy_, CURLOPT_URL, request_.url.c_str());
  if (!request_.unix_socket.empty()) curl_easy_setopt(easy_, CURLOPT_UNIX_SOCKET_PATH, request_.unix_socket.c_str());
  curl_easy_setopt(easy_, CURLOPT_PROXY, "");  // engines and containers are never behind the user's web proxy
  curl_easy_setopt(easy_, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy_, CURLOPT_ERRORBUFFER, error_text_);
  curl_easy_setopt(easy_, CURLOPT_CONNECTTIMEOUT_MS, whole_milliseconds(request_.connect_timeout));
  curl_easy_setopt(easy_, CURLOPT_TIMEOUT_MS, whole_milliseconds(request_.timeout));
  curl_easy_setopt(easy_, CURLOPT_TCP_NODELAY, 1L);
  if (request_.fresh_connection) {
    curl_easy_setopt(easy_, CURLOPT_FRESH_CONNECT, 1L);
    curl_easy_setopt(easy_, CURLOPT_FORBID_REUSE, 1L);
  }
  if (request_.connect_only) {
    curl_easy_setopt(easy_, CURLOPT_CONNECT_ONLY, 1L);
    return;
  }
  set_body();
  for (const std::string& header : request_.headers) headers_ = curl_slist_append(headers_, header.c_str());
  headers_ = curl_slist_append(headers_, "Expect:");  // no pause before bodies
  curl_easy_setopt(easy_, CURLOPT_HTTPHEADER, headers_);
  curl_easy_setopt(easy_, CURLOPT_HEADERFUNCTION, &CurlExchange::on_header);
  curl_easy_setopt(easy_, CURLOPT_HEADERDATA, this);
  curl_easy_setopt(easy_, CURLOPT_WRITEFUNCTION, &CurlExchange::on_data);
  curl_easy_setopt(easy_, CURLOPT_WRITEDATA, this);
}

CurlExchange::~CurlExchange() {
  curl_slist_free_all(headers_);
  if (upload_ != nullptr) std::fclose(upload_);
}

void CurlExchange::set_body() {
  if (!request_.body_file.empty()) {
    upload_ = std::fopen(request_.body_file.c_str(), "rbe");
    struct stat facts {};
    if (upload_ == nullptr || fstat(fileno(upload_), &facts) != 0) {
      upload_missing_ = true;
      return;
    }
    curl_easy_setopt(easy_, CURLOPT_POST, 1L);
    curl_easy_setopt(easy_, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(facts.st_size));
    curl_easy_setopt(easy_, CURLOPT_READDATA, upload_);  // curl's own reader is fread
    if (request_.method != "POST") curl_easy_setopt(easy_, CURLOPT_CUSTOMREQUEST, request_.method.c_str());
    return;
  }
  if (request_.method == "GET") return;
  if (request_.method == "HEAD") {
    curl_easy_setopt(easy_, CURLOPT_NOBODY, 1L);
    return;
  }
  curl_easy_setopt(easy_, CURLOPT_CUSTOMREQUEST, request_.method.c_str());
  if (request_.method == "DELETE" && request_.body.empty()) return;
  curl_easy_setopt(easy_, CURLOPT_POSTFIELDS, request_.body.c_str());
  curl_easy_setopt(easy_, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));
}

void CurlExchange::set_cancelled(std::function<bool()> cancelled) {
  if (!cancelled) return;
  cancelled_ = std::move(cancelled);
  curl_easy_setopt(easy_, CURLOPT_XFERINFOFUNCTION, &CurlExchange::on_progress);
  curl_easy_setopt(easy_, CURLOPT_XFERINFODATA, this);
  curl_easy_setopt(easy_, CURLOPT_NOPROGRESS, 0L);
}

int CurlExchange::on_progress(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  auto& exchange = *static_cast<CurlExchange*>(self);
  exchange.was_cancelled_ = exchange.cancelled_();
  return exchange.was_cancelled_ ? 1 : 0;
}

std::size_t CurlExchange::on_header(char* data, std::size_t size, std::size_t count, void* self) {
  auto& exchange = *static_cast<CurlExchange*>(self);
  const std::string_view line = trim(std::string_view(data, size * count));
  if (line.starts_with("HTTP/")) exchange.response_.headers.clear();  // an interim answer came before
  exchange.headers_complete_ = line.empty();
  const std::size_t colon = line.find(':');
  if (colon != std::string_view::npos) {
    std::string name(line.substr(0, colon));
    std::transform(name.begin(), name.end(), name.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; });
    exchange.response_.headers[std::move(name)] = std::string(trim(line.substr(colon + 1)));
  }
  return size * count;
}

std::size_t CurlExchange::on_data(char* data, std::size_t size, std::size_t count, void* self) {
  auto& exchange = *static_cast<CurlExchange*>(self);
  const std::string_view bytes(data, size * count);
  long status = 0;
  curl_easy_getinfo(exchange.easy_, CURLINFO_RESPONSE_CODE, &status);
  if (exchange.request_.on_body && status < 300) return exchange.request_.on_body(bytes) ? bytes.size() : 0;
  if (exchange.response_.body.size() + bytes.size() > exchange.request_.response_limit) {
    exchange.too_large_ = true;
    return 0;
  }
  exchange.response_.body += bytes;
  return bytes.size();
}

HttpResult CurlExchange::result(CURLcode code) {
  if (upload_missing_) return fail(ErrorCode::FileNotFound, "cannot open the file to send", {request_.body_file, 0, 0});
  if (was_cancelled_) return fail(ErrorCode::Interrupted, "interrupted");
  if (too_large_) {
    return fail(ErrorCode::EngineRefused, "an answer of more than " + std::to_string(request_.response_limit) + " bytes");
  }
  if (code != CURLE_OK) return fail(transport_error(code, error_text_));
  // curl takes a connection that ends inside the headers for a whole answer without a body.
  if (!request_.connect_only && !headers_complete_) return fail(ErrorCode::EngineRefused, "the answer ended inside its headers");
  long status = 0;
  curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
  response_.status = static_cast<int>(status);
  return std::move(response_);
}

}  // namespace tandem::host
