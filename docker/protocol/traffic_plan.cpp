#include "docker/protocol/traffic_plan.hpp"

#include <limits>

#include "docker/protocol/json_fields.hpp"

namespace tandem::container {

namespace {

constexpr std::size_t kFrameMax = 4 << 20;
constexpr std::size_t kBatchBytes = 32 << 10;
/// Encoded size of one record; see FrameWriter::add for the order of fields.
constexpr std::size_t kRecordBytes = 4 + 8 + 7 * 8 + 2 + 1 + 1 + 4 + 8;

template <class Integer>
void put(std::string& out, Integer value) {
  using Unsigned = std::make_unsigned_t<Integer>;
  auto bits = static_cast<Unsigned>(value);
  for (std::size_t i = 0; i < sizeof(Integer); ++i) {
    out.push_back(static_cast<char>(bits & 0xffU));
    if constexpr (sizeof(Integer) > 1) bits = static_cast<Unsigned>(bits >> 8U);
  }
}

template <class Integer>
Integer get(std::string_view& in) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < sizeof(Integer); ++i) {
    value |= std::uint64_t{static_cast<unsigned char>(in[i])} << (8 * i);
  }
  in.remove_prefix(sizeof(Integer));
  return static_cast<Integer>(static_cast<std::make_unsigned_t<Integer>>(value));
}

std::string frame(FrameType type, std::string_view payload) {
  std::string out;
  out.reserve(payload.size() + 5);
  put(out, static_cast<std::uint32_t>(payload.size() + 1));
  put(out, static_cast<std::uint8_t>(type));
  out += payload;
  return out;
}

tl::unexpected<Error> not_our_protocol(std::string what) {
  return fail(ErrorCode::SyntaxError, "the load generator's stream: " + std::move(what));
}

nlohmann::json to_json(const PlannedSource& source) {
  return {{"name", source.plan.name},
          {"poisson", source.plan.kind == traffic::ArrivalProcessKind::Poisson},
          {"rate", source.plan.rate},
          {"fromNs", source.plan.from.ns},
          {"untilNs", source.plan.until.ns},
          {"method", source.method},
          {"target", source.target},
          {"host", source.host},
          {"timeoutNs", source.timeout.ns},
          {"keepAlive", source.keep_alive},
          {"balancer", source.balancer}};
}

PlannedSource read_source(JsonFields fields, std::size_t balancers) {
  PlannedSource source;
  source.plan.name = fields.text("name");
  source.plan.kind = fields.boolean("poisson") ? traffic::ArrivalProcessKind::Poisson : traffic::ArrivalProcessKind::Constant;
  source.plan.rate = fields.number("rate", 1e-9, 1e9);
  source.plan.from.ns = fields.integer("fromNs", 0, kNanosecondsMax);
  source.plan.until.ns = fields.integer("untilNs", 0, kNanosecondsMax);
  source.method = fields.text("method");
  source.target = fields.text("target");
  source.host = fields.text("host");
  source.timeout.ns = fields.integer("timeoutNs", 1, kNanosecondsMax);
  source.keep_alive = fields.boolean("keepAlive");
  source.balancer = static_cast<std::int32_t>(fields.integer("balancer", 0, static_cast<std::int64_t>(balancers) - 1));
  return source;
}

}  // namespace

std::string write_traffic_plan(const TrafficPlan& plan) {
  nlohmann::json balancers = nlohmann::json::array();
  for (const auto& instances : plan.balancers) {
    nlohmann::json list = nlohmann::json::array();
    for (const TargetAddress& target : instances) list.push_back({{"address", target.address}, {"port", target.port}});
    balancers.push_back({{"instances", std::move(list)}});
  }
  nlohmann::json sources = nlohmann::json::array();
  for (const PlannedSource& source : plan.sources) sources.push_back(to_json(source));
  const nlohmann::json document = {{"seed", plan.seed},
                                   {"zeroMonotonicNs", plan.zero_monotonic_ns},
                                   {"inFlightMax", plan.in_flight_max},
                                   {"balancers", std::move(balancers)},
                                   {"sources", std::move(sources)}};
  return document.dump();
}

Result<TrafficPlan> read_traffic_plan(std::string_view text) {
  return read_json_document<TrafficPlan>(text, "traffic plan", [](JsonFields fields) {
    TrafficPlan plan;
    plan.seed = fields.bits("seed");
    plan.zero_monotonic_ns = fields.integer("zeroMonotonicNs", 0, std::numeric_limits<std::int64_t>::max());
    plan.in_flight_max = static_cast<std::int32_t>(fields.integer("inFlightMax", 1, 1'000'000));
    fields.each("balancers", [&](JsonFields balancer) {
      std::vector<TargetAddress>& instances = plan.balancers.emplace_back();
      balancer.each("instances", [&](JsonFields target) {
        instances.push_back({target.text("address"), static_cast<std::int32_t>(target.integer("port", 1, 65535))});
      });
    });
    fields.each("sources", [&](JsonFields source) { plan.sources.push_back(read_source(source, plan.balancers.size())); });
    return plan;
  });
}

void FrameWriter::add(const record::RequestRecord& record) {
  std::uint32_t replica = 0;
  if (!record.replica.empty()) {
    const auto found = replicas_.find(record.replica);
    if (found != replicas_.end()) {
      replica = found->second;
    } else {
      replica = static_cast<std::uint32_t>(replicas_.size()) + 1;
      replicas_.emplace(record.replica, replica);
      close_batch();  // keeps the name ahead of its first use
      out_ += frame(FrameType::Replica, record.replica);
    }
  }
  put(batch_, record.traffic);
  put(batch_, record.index);
  put(batch_, record.intended.ns);
  put(batch_, record.sent.ns);
  put(batch_, record.end.ns);
  put(batch_, record.queued.ns);
  put(batch_, record.service.ns);
  put(batch_, record.cpu.ns);
  put(batch_, record.throttled.ns);
  put(batch_, record.status);
  put(batch_, static_cast<std::uint8_t>(record.outcome));
  put(batch_, record.attempts);
  put(batch_, replica);
  put(batch_, record.connection);
  if (batch_.size() >= kBatchBytes) close_batch();
}

void FrameWriter::close_batch() {
  if (batch_.empty()) return;
  out_ += frame(FrameType::Records, batch_);
  batch_.clear();
}

std::string FrameWriter::take() {
  close_batch();
  return std::exchange(out_, {});
}

std::string FrameWriter::plan(const TrafficPlan& plan) { return frame(FrameType::Plan, write_traffic_plan(plan)); }
std::string FrameWriter::ready() { return frame(FrameType::Ready, {}); }
std::string FrameWriter::failed(std::string_view message) { return frame(FrameType::Failed, message); }

std::string FrameWriter::finished(const ScheduleReport& report) {
  std::string payload;
  put(payload, report.requests);
  put(payload, report.over_in_flight_max);
  put(payload, report.lag_p50.ns);
  put(payload, report.lag_p99.ns);
  put(payload, report.lag_max.ns);
  return frame(FrameType::Finished, payload);
}

Status FrameReader::feed(std::string_view bytes) {
  buffer_ += bytes;
  std::string_view rest = buffer_;
  while (rest.size() >= 5) {
    std::string_view head = rest.substr(0, 5);
    const auto length = get<std::uint32_t>(head);
    if (length == 0 || length > kFrameMax) return not_our_protocol("a frame of " + std::to_string(length) + " bytes");
    if (rest.size() - 4 < length) break;
    const auto type = static_cast<FrameType>(get<std::uint8_t>(head));
    TANDEM_TRY(handle(type, rest.substr(5, length - 1)));
    rest.remove_prefix(4 + std::size_t{length});
  }
  buffer_.erase(0, buffer_.size() - rest.size());
  return {};
}

Status FrameReader::handle(FrameType type, std::string_view payload) {
  switch (type) {
    case FrameType::Plan:
      if (handlers_.plan) handlers_.plan(payload);
      return {};
    case FrameType::Ready:
      if (handlers_.ready) handlers_.ready();
      return {};
    case FrameType::Replica:
      replicas_.emplace_back(payload);
      return {};
    case FrameType::Records:
      return handle_records(payload);
    case FrameType::Finished: {
      if (payload.size() != 40) return not_our_protocol("a report of the wrong size");
      ScheduleReport report;
      report.requests = get<std::uint64_t>(payload);
      report.over_in_flight_max = get<std::uint64_t>(payload);
      report.lag_p50.ns = get<std::int64_t>(payload);
      report.lag_p99.ns = get<std::int64_t>(payload);
      report.lag_max.ns = get<std::int64_t>(payload);
      if (handlers_.finished) handlers_.finished(report);
      return {};
    }
    case FrameType::Failed:
      if (handlers_.failed) handlers_.failed(payload);
      return {};
  }
  return not_our_protocol("a frame of unknown type");
}

Status FrameReader::handle_records(std::string_view payload) {
  if (payload.size() % kRecordBytes != 0) return not_our_protocol("a cut batch of records");
  while (!payload.empty()) {
    record::RequestRecord record;
    record.traffic = get<std::uint32_t>(payload);
    record.index = get<std::uint64_t>(payload);
    record.intended.ns = get<std::int64_t>(payload);
    record.sent.ns = get<std::int64_t>(payload);
    record.end.ns = get<std::int64_t>(payload);
    record.queued.ns = get<std::int64_t>(payload);
    record.service.ns = get<std::int64_t>(payload);
    record.cpu.ns = get<std::int64_t>(payload);
    record.throttled.ns = get<std::int64_t>(payload);
    record.status = get<std::uint16_t>(payload);
    const auto outcome = get<std::uint8_t>(payload);
    record.attempts = get<std::uint8_t>(payload);
    const auto replica = get<std::uint32_t>(payload);
    record.connection = get<std::uint64_t>(payload);
    if (outcome >= record::kRequestOutcomeCount) return not_our_protocol("an unknown outcome");
    if (replica > replicas_.size()) return not_our_protocol("a replica that was never named");
    record.outcome = static_cast<record::RequestOutcome>(outcome);
    if (replica > 0) record.replica = replicas_[replica - 1];
    if (handlers_.record) handlers_.record(record);
  }
  return {};
}

}  // namespace tandem::container
