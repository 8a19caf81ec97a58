// What the real worlds read: journals, answers of the engine, and both ends of the containers' HTTP and control connections.

#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "core/base/bounded_json.hpp"
#include "core/base/check.hpp"
#include "core/base/digest.hpp"
#include "docker/load_generator/http_response_reader.hpp"
#include "docker/protocol/traffic_plan.hpp"
#include "docker/protocol/workload_config.hpp"
#include "docker/workload/body_template.hpp"
#include "docker/workload/http_message.hpp"
#include "real/docker/engine_api.hpp"
#include "real/engine/journal.hpp"
#include "tests/fuzz/readers.hpp"
#include "tests/fuzz/scratch_file.hpp"

namespace tandem::fuzz {

namespace {

/// Takes a number below `bound` off the front of the bytes: how the rest is cut into pieces.
std::size_t take(std::string_view& bytes, std::size_t bound) {
  if (bytes.empty()) return 0;
  const auto value = static_cast<unsigned char>(bytes.front());
  bytes.remove_prefix(1);
  return value % bound;
}

/// Calls `feed` with pieces of `size` bytes.
template <class Feed>
void in_pieces(std::string_view bytes, std::size_t size, Feed feed) {
  for (std::size_t at = 0; at < bytes.size(); at += size) {
    if (!feed(bytes.substr(at, size))) return;
  }
}

/// The line that the journal would have written for a record.
std::string journal_line(std::uint64_t sequence, std::string_view record) {
  const nlohmann::json document = parse_bounded_json(record);
  const std::string canonical = document.is_object() ? document.dump() : std::string(record);
  const std::string checksum = sha256_hex(std::to_string(sequence) + " " + canonical).substr(0, 16);
  return R"({"checksum":")" + checksum + R"(","record":)" + canonical + R"(,"sequence":)" + std::to_string(sequence) + "}\n";
}

}  // namespace

/// The first byte decides whether the lines are taken as they are or as records that get their checksums first.
void read_journal(std::string_view bytes) {
  std::string text;
  if (take(bytes, 2) == 0) {
    text = bytes;
  } else {
    std::uint64_t sequence = 0;
    while (!bytes.empty()) {
      const std::size_t end = bytes.find('\n');
      text += journal_line(++sequence, bytes.substr(0, end));
      bytes.remove_prefix(end == std::string_view::npos ? bytes.size() : end + 1);
    }
  }
  const auto content = real::read_journal(scratch_file("run.journal", text));
  CHECK(!content || !content->identity.run_id.empty(), "a journal without a run");
}

/// Every answer that is decoded from JSON.
void read_engine_answer(std::string_view bytes) {
  using namespace tandem::docker;
  host::HttpResponse response;
  response.status = 200;
  response.body = std::string(bytes);
  static_cast<void>(api::version().decode(response));
  static_cast<void>(api::info().decode(response));
  static_cast<void>(api::list_containers("a=b").decode(response));
  static_cast<void>(api::inspect_container("id").decode(response));
  static_cast<void>(api::container_stats("id").decode(response));
  static_cast<void>(api::list_networks("a=b").decode(response));
  static_cast<void>(api::list_volumes("a=b").decode(response));
}

void read_http_response(std::string_view bytes) {
  const bool head_only = take(bytes, 2) == 1;
  const std::size_t size = take(bytes, 64) + 1;
  // However an answer arrives, it says the same.
  load_generator::HttpResponseReader pieces(head_only);
  load_generator::HttpResponseReader whole(head_only);
  using State = load_generator::HttpResponseReader::State;
  in_pieces(bytes, size, [&](std::string_view piece) {
    const State state = pieces.feed(piece);
    return state != State::Complete && state != State::Malformed;
  });
  whole.feed(bytes);
  CHECK(pieces.state() == whole.state(), "an answer that depends on how it arrives");
  if (whole.state() == State::Complete) CHECK(pieces.facts().status == whole.facts().status && pieces.facts().replica == whole.facts().replica, "other facts");
  static_cast<void>(pieces.end_of_stream());
}

void read_http_request(std::string_view bytes) {
  std::string buffer(bytes);
  workload::HttpRequest request;
  int error_status = 0;
  for (;;) {
    const std::size_t before = buffer.size();
    const workload::ParseState state = workload::take_request(buffer, request, error_status);
    CHECK(state != workload::ParseState::Incomplete || buffer.size() == before, "an incomplete request that was eaten");
    CHECK((state == workload::ParseState::BadRequest) == (error_status != 0), "a refusal without a status");
    if (state != workload::ParseState::Complete) break;
    CHECK(buffer.size() < before, "a request of no bytes");
    workload::RequestFacts facts;
    facts.query = workload::parse_query(request.query);
    facts.rest = workload::percent_decode(request.path, false);
    static_cast<void>(workload::render_body("{pod} {1} {query.a} {", true, container::WorkloadConfig{}, facts));
  }
}

void read_workload_config(std::string_view bytes) {
  const auto config = container::read_workload_config(bytes);
  if (!config) return;
  const auto again = container::read_workload_config(container::write_workload_config(*config));
  CHECK(again && *again == *config, "a configuration changes when it is written and read");
  container::RouteMatch match;
  if (container::match_route(config->routes, "/a/b", match)) CHECK(match.index < config->routes.size(), "a route that does not exist");
}

void read_traffic_plan(std::string_view bytes) {
  const auto plan = container::read_traffic_plan(bytes);
  if (!plan) return;
  const auto again = container::read_traffic_plan(container::write_traffic_plan(*plan));
  CHECK(again && *again == *plan, "a plan changes when it is written and read");
}

/// The generator's side of the control connection; records that arrive are encoded again.
void read_frames(std::string_view bytes) {
  const std::size_t size = take(bytes, 64) + 1;
  container::FrameWriter writer;
  std::size_t records = 0;
  container::FrameReader::Handlers handlers;
  handlers.plan = [](std::string_view text) { static_cast<void>(container::read_traffic_plan(text)); };
  handlers.record = [&](const record::RequestRecord& record) {
    ++records;
    writer.add(record);
  };
  container::FrameReader reader(handlers);
  in_pieces(bytes, size, [&](std::string_view piece) { return reader.feed(piece).has_value(); });
  std::size_t read_back = 0;
  container::FrameReader::Handlers counting;
  counting.record = [&](const record::RequestRecord&) { ++read_back; };
  container::FrameReader second(counting);
  CHECK(second.feed(writer.take()).has_value() && read_back == records, "records change when they are written and read");
}

}  // namespace tandem::fuzz
