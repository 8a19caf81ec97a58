#pragma once
// As much of HTTP/1.1 (RFC 9112) as a replica needs: requests with bounded heads and bodies of known length.

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/time.hpp"

namespace tandem::workload {

struct HttpRequest {
  std::string method;
  std::string path;             ///< as sent, without query
  std::string query;            ///< after '?', without it
  bool keep_alive = false;      ///< what the client asked for
  bool expects_continue = false;
  double demand_factor = 1;     ///< kDemandFactorHeader, 1 if absent or malformed
};

enum class ParseState : std::uint8_t {
  Incomplete,   ///< more bytes are needed
  Complete,     ///< one request was taken from the buffer
  BadRequest,   ///< answer `error_status` and close
};

/// Takes one request off the front of `buffer`. With Incomplete the buffer is untouched, but `request.expects_continue` may
/// already be known. Heads above 16 KiB and bodies above 1 MiB are refused.
ParseState take_request(std::string& buffer, HttpRequest& request, int& error_status);

struct HttpResponse {
  int status = 200;
  std::string content_type;
  std::string body;
  bool keep_alive = false;
  bool head_only = false;       ///< answer to HEAD: the length without the body
  std::string timing;           ///< value of kTimingHeader; empty = no header
};

/// The bytes to send; `pod` goes into kPodHeader.
std::string write_response(const HttpResponse& response, std::string_view pod);
std::string_view reason_phrase(int status);

}  // namespace tandem::workload
