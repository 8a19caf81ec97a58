#include "docker/load_generator/http_response_reader.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "core/base/text.hpp"
#include "docker/protocol/traffic_plan.hpp"
#include "docker/protocol/workload_config.hpp"

namespace tandem::load_generator {

namespace {

constexpr std::size_t kHeadMax = 64 << 10;
constexpr std::size_t kChunkLineMax = 1 << 10;

bool equals_ignoring_case(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](char x, char y) { return lower(x) == lower(y); });
}

bool read_number(std::string_view text, std::uint64_t& value, int base = 10) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

SimDuration server_timing(std::string_view header, std::string_view name) {
  while (!header.empty()) {
    const std::size_t end = header.find(',');
    const std::string_view metric = trim(header.substr(0, end));
    header = end == std::string_view::npos ? std::string_view() : header.substr(end + 1);
    constexpr std::string_view kDuration = ";dur=";
    if (metric.substr(0, name.size()) != name || metric.substr(name.size(), kDuration.size()) != kDuration) continue;
    const std::string_view digits = metric.substr(name.size() + kDuration.size());
    double milliseconds = 0;
    const auto [stop, error] = std::from_chars(digits.data(), digits.data() + digits.size(), milliseconds);
    if (error != std::errc() || stop != digits.data() + digits.size() || !(milliseconds >= 0) || milliseconds > 1e12) break;
    return from_seconds(milliseconds * 1e-3);
  }
  return SimDuration{-1};
}

HttpResponseReader::State HttpResponseReader::feed(std::string_view bytes) {
  if (bytes.empty()) return state_;
  began_ = true;
  if (state_ == State::Head) {
    line_ += bytes;
    std::size_t end = 0;
    while (state_ == State::Head && (end = line_.find("\r\n\r\n")) != std::string::npos) {
      std::string rest = line_.substr(end + 4);
      line_.resize(end);
      read_head();
      line_.clear();
      if (state_ == State::Head) {
        line_ = std::move(rest);  // an interim 1xx answer; the real one follows
      } else {
        read_body(rest);
      }
    }
    if (state_ == State::Head && line_.size() > kHeadMax) state_ = State::Malformed;
    return state_;
  }
  read_body(bytes);
  return state_;
}

HttpResponseReader::State HttpResponseReader::end_of_stream() {
  facts_.keep_alive = false;
  if (state_ == State::Body && framing_ == Framing::UntilClose) state_ = State::Complete;
  if (state_ != State::Complete) state_ = State::Malformed;
  return state_;
}

void HttpResponseReader::read_head() {
  std::string_view lines = line_;
  const std::size_t first_end = lines.find("\r\n");
  const std::string_view status_line = lines.substr(0, first_end);
  lines = first_end == std::string_view::npos ? std::string_view() : lines.substr(first_end + 2);
  std::uint64_t status = 0;
  if (status_line.size() < 12 || status_line.substr(0, 7) != "HTTP/1." || !read_number(status_line.substr(9, 3), status) ||
      status < 100) {
    state_ = State::Malformed;
    return;
  }
  if (status < 200) return;
  facts_ = {};
  facts_.status = static_cast<std::uint16_t>(status);
  facts_.keep_alive = status_line[7] == '1';
  state_ = State::Body;
  while (!lines.empty() && state_ == State::Body) {
    const std::size_t end = lines.find("\r\n");
    const std::string_view line = lines.substr(0, end);
    lines = end == std::string_view::npos ? std::string_view() : lines.substr(end + 2);
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) {
      state_ = State::Malformed;
      return;
    }
    read_header(line.substr(0, colon), trim(line.substr(colon + 1)));
  }
  if (head_only_ || status == 204 || status == 304) {
    framing_ = Framing::None;
    remaining_ = 0;
  }
  if (framing_ == Framing::UntilClose) facts_.keep_alive = false;
}

void HttpResponseReader::read_header(std::string_view name, std::string_view value) {
  if (equals_ignoring_case(name, "content-length")) {
    if (framing_ == Framing::Chunked) return;
    framing_ = Framing::Length;
    if (!read_number(value, remaining_)) state_ = State::Malformed;
  } else if (equals_ignoring_case(name, "transfer-encoding")) {
    if (equals_ignoring_case(value, "chunked")) framing_ = Framing::Chunked;
  } else if (equals_ignoring_case(name, "connection")) {
    if (equals_ignoring_case(value, "close")) facts_.keep_alive = false;
    if (equals_ignoring_case(value, "keep-alive")) facts_.keep_alive = true;
  } else if (equals_ignoring_case(name, container::kPodHeader)) {
    facts_.replica = value;
  } else if (equals_ignoring_case(name, container::kTimingHeader)) {
    facts_.queued = server_timing(value, "queue");
    facts_.service = server_timing(value, "service");
    facts_.cpu = server_timing(value, "cpu");
    facts_.throttled = server_timing(value, "throttled");
  } else if (equals_ignoring_case(name, container::kUpstreamHeader)) {
    // nginx lists every peer it tried, separated by commas.
    facts_.attempts = static_cast<std::uint8_t>(std::min<std::ptrdiff_t>(255, 1 + std::count(value.begin(), value.end(), ',')));
  }
}

void HttpResponseReader::read_body(std::string_view bytes) {
  if (state_ != State::Body) return;
  switch (framing_) {
    case Framing::None:
      state_ = State::Complete;
      return;
    case Framing::Length:
      remaining_ -= std::min<std::uint64_t>(remaining_, bytes.size());
      if (remaining_ == 0) state_ = State::Complete;
      return;
    case Framing::Chunked:
      read_chunks(bytes);
      return;
    case Framing::UntilClose:
      return;
  }
}

void HttpResponseReader::read_chunks(std::string_view bytes) {
  while (!bytes.empty() && state_ == State::Body) {
    if (chunk_part_ == ChunkPart::Data) {
      const std::size_t taken = static_cast<std::size_t>(std::min<std::uint64_t>(remaining_, bytes.size()));
      remaining_ -= taken;
      bytes.remove_prefix(taken);
      if (remaining_ == 0) chunk_part_ = ChunkPart::DataEnd;
      continue;
    }
    line_ += bytes.front();
    bytes.remove_prefix(1);
    if (line_.size() > kChunkLineMax) state_ = State::Malformed;
    if (line_.size() >= 2 && line_.substr(line_.size() - 2) == "\r\n") end_chunk_line();
  }
}

void HttpResponseReader::end_chunk_line() {
  const std::string line = line_.substr(0, line_.size() - 2);
  line_.clear();
  if (chunk_part_ == ChunkPart::DataEnd) {
    chunk_part_ = ChunkPart::Size;
    if (!line.empty()) state_ = State::Malformed;
  } else if (chunk_part_ == ChunkPart::Trailer) {
    if (line.empty()) state_ = State::Complete;
  } else {
    if (!read_number(trim(std::string_view(line).substr(0, line.find(';'))), remaining_, 16)) state_ = State::Malformed;
    chunk_part_ = remaining_ == 0 ? ChunkPart::Trailer : ChunkPart::Data;
  }
}

}  // namespace tandem::load_generator
