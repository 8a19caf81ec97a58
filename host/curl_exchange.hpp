#pragma once
// One exchange on a curl easy handle; private to host/http*.cpp.

#include <curl/curl.h>

#include <cstdio>
#include <memory>

#include "host/http.hpp"

namespace tandem::host {

/// Initialises libcurl once per process, before any handle.
void initialise_curl();

/// Sets a handle up for a request and collects the answer. Must stay where it is while the exchange runs.
class CurlExchange {
 public:
  /// `easy` may have served other requests before; it outlives this.
  CurlExchange(CURL* easy, HttpRequest request);
  ~CurlExchange();
  CurlExchange(const CurlExchange&) = delete;
  CurlExchange& operator=(const CurlExchange&) = delete;

  /// What came of it, after curl is done with the handle.
  HttpResult result(CURLcode code);
  [[nodiscard]] CURL* easy() const { return easy_; }
  void set_cancelled(std::function<bool()> cancelled);

 private:
  static std::size_t on_header(char* data, std::size_t size, std::size_t count, void* self);
  static std::size_t on_data(char* data, std::size_t size, std::size_t count, void* self);
  static int on_progress(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t);
  void set_body();

  CURL* easy_;
  HttpRequest request_;
  HttpResponse response_;
  curl_slist* headers_ = nullptr;
  bool headers_complete_ = false;  ///< the empty line behind the answer's headers was there
  std::FILE* upload_ = nullptr;
  bool upload_missing_ = false;
  bool too_large_ = false;
  bool was_cancelled_ = false;
  std::function<bool()> cancelled_;
  char error_text_[CURL_ERROR_SIZE] = {};
};

}  // namespace tandem::host
