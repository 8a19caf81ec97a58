#include "docker/workload/http_message.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "docker/protocol/workload_config.hpp"

namespace tandem::workload {

namespace {

constexpr std::size_t kHeadMax = 16 << 10;
constexpr std::uint64_t kBodyMax = 1 << 20;

bool equals_ignoring_case(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](char x, char y) { return lower(x) == lower(y); });
}

bool mentions(std::string_view list, std::string_view token) {
  while (!list.empty()) {
    const std::size_t end = list.find(',');
    std::string_view item = list.substr(0, end);
    while (!item.empty() && item.front() == ' ') item.remove_prefix(1);
    while (!item.empty() && item.back() == ' ') item.remove_suffix(1);
    if (equals_ignoring_case(item, token)) return true;
    list = end == std::string_view::npos ? std::string_view() : list.substr(end + 1);
  }
  return false;
}

/// What the header lines say beyond the request itself.
struct HeadFacts {
  std::uint64_t content_length = 0;
  int error_status = 0;
};

void read_header(std::string_view name, std::string_view value, HttpRequest& request, HeadFacts& facts) {
  if (equals_ignoring_case(name, "connection")) {
    if (mentions(value, "close")) request.keep_alive = false;
    if (mentions(value, "keep-alive")) request.keep_alive = true;
  } else if (equals_ignoring_case(name, "content-length")) {
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), facts.content_length);
    if (error != std::errc() || end != value.data() + value.size()) facts.error_status = 400;
    if (facts.content_length > kBodyMax) facts.error_status = 413;
  } else if (equals_ignoring_case(name, "transfer-encoding")) {
    facts.error_status = 501;
  } else if (equals_ignoring_case(name, "expect")) {
    request.expects_continue = equals_ignoring_case(value, "100-continue");
  } else if (equals_ignoring_case(name, container::kDemandFactorHeader)) {
    double factor = 1;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), factor);
    const bool usable = error == std::errc() && end == value.data() + value.size() && std::isfinite(factor);
    request.demand_factor = usable ? std::clamp(factor, 0.0, 1e6) : 1;
  }
}

bool read_request_line(std::string_view line, HttpRequest& request) {
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) return false;
  const std::string_view version = line.substr(last + 1);
  if (version != "HTTP/1.1" && version != "HTTP/1.0") return false;
  const std::string_view target = line.substr(first + 1, last - first - 1);
  if (target.empty() || target.front() != '/') return false;
  const std::size_t question = target.find('?');
  request.method = line.substr(0, first);
  request.path = target.substr(0, question);
  request.query = question == std::string_view::npos ? std::string_view() : target.substr(question + 1);
  request.keep_alive = version == "HTTP/1.1";
  return !request.method.empty();
}

}  // namespace

ParseState take_request(std::string& buffer, HttpRequest& request, int& error_status) {
  request = {};
  error_status = 0;
  const std::size_t head_end = buffer.find("\r\n\r\n");
  if (head_end == std::string::npos || head_end > kHeadMax) {
    if (buffer.size() <= kHeadMax) return ParseState::Incomplete;
    error_status = 431;
    return ParseState::BadRequest;
  }
  std::string_view head(buffer.data(), head_end);
  const std::size_t line_end = head.find("\r\n");
  HeadFacts facts;
  if (!read_request_line(head.substr(0, line_end), request)) facts.error_status = 400;
  std::string_view lines = line_end == std::string_view::npos ? std::string_view() : head.substr(line_end + 2);
  while (!lines.empty() && facts.error_status == 0) {
    const std::size_t end = lines.find("\r\n");
    const std::string_view line = lines.substr(0, end);
    lines = end == std::string_view::npos ? std::string_view() : lines.substr(end + 2);
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || colon == 0) {
      facts.error_status = 400;
      break;
    }
    std::string_view value = line.substr(colon + 1);
    while (!value.empty() && (value.front() == ' ' || value.front() == '\t')) value.remove_prefix(1);
    while (!value.empty() && (value.back() == ' ' || value.back() == '\t')) value.remove_suffix(1);
    read_header(line.substr(0, colon), value, request, facts);
  }
  if (facts.error_status != 0) {
    error_status = facts.error_status;
    return ParseState::BadRequest;
  }
  const std::size_t total = head_end + 4 + static_cast<std::size_t>(facts.content_length);
  if (buffer.size() < total) return ParseState::Incomplete;
  buffer.erase(0, total);
  return ParseState::Complete;
}

std::string_view reason_phrase(int status) {
  switch (status) {
    case 200: return "OK";
    case 201: return "Created";
    case 202: return "Accepted";
    case 204: return "No Content";
    case 301: return "Moved Permanently";
    case 302: return "Found";
    case 304: return "Not Modified";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 409: return "Conflict";
    case 413: return "Content Too Large";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 502: return "Bad Gateway";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    default: return "Status";
  }
}

std::string write_response(const HttpResponse& response, std::string_view pod) {
  const bool bodiless = response.status == 204 || response.status == 304 || response.status < 200;
  std::string out;
  out.reserve(response.body.size() + 256);
  out += "HTTP/1.1 ";
  out += std::to_string(response.status);
  out += ' ';
  out += reason_phrase(response.status);
  out += "\r\n";
  if (!bodiless) {
    if (!response.content_type.empty()) out.append("Content-Type: ").append(response.content_type).append("\r\n");
    out.append("Content-Length: ").append(std::to_string(response.body.size())).append("\r\n");
  }
  out.append(container::kPodHeader).append(": ").append(pod).append("\r\n");
  if (!response.timing.empty()) out.append(container::kTimingHeader).append(": ").append(response.timing).append("\r\n");
  out += response.keep_alive ? "Connection: keep-alive\r\n\r\n" : "Connection: close\r\n\r\n";
  if (!bodiless && !response.head_only) out += response.body;
  return out;
}

}  // namespace tandem::workload
