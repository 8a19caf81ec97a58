#include "core/record/chunk_codec.hpp"

#include <events_generated.h>

#include <algorithm>
#include <array>

namespace tandem::record::detail {

namespace {

using flatbuffers::FlatBufferBuilder;
using flatbuffers::Offset;

// A request's latency never exceeds what int64 holds, so no honest bucket lies above this one.
const std::size_t kBucketLimit = Histogram::index_of(INT64_MAX) + 1;

// ---------------------------------------------------------------- encoding

Offset<format::RequestColumns> encode(FlatBufferBuilder& b, const RequestTable<Owned>& t) {
  if (t.rows() == 0) return 0;
  return format::CreateRequestColumnsDirect(b, &t.traffic, &t.index, &t.intended, &t.sent, &t.end, &t.queued, &t.service, &t.cpu,
                                            &t.throttled, &t.status, &t.outcome, &t.attempts, &t.replica, &t.connection);
}

Offset<format::ChangeColumns> encode(FlatBufferBuilder& b, const ChangeTable<Owned>& t) {
  if (t.rows() == 0) return 0;
  return format::CreateChangeColumnsDirect(b, &t.time, &t.type, &t.kind, &t.namespace_, &t.object, &t.uid, &t.resource_version,
                                           &t.snapshot, &t.payload, &t.payload_end);
}

Offset<format::DecisionColumns> encode(FlatBufferBuilder& b, const DecisionTable<Owned>& t) {
  if (t.rows() == 0) return 0;
  return format::CreateDecisionColumnsDirect(b, &t.time, &t.pod, &t.attempt, &t.input_version, &t.node, &t.ties, &t.ties_end,
                                             &t.feasible, &t.evaluated, &t.message);
}

Offset<format::DecisionInputColumns> encode(FlatBufferBuilder& b, const DecisionInputTable<Owned>& t) {
  if (t.rows() == 0) return 0;
  return format::CreateDecisionInputColumnsDirect(b, &t.decision, &t.begun, &t.seen, &t.seen_during, &t.step, &t.search_start, &t.tie_count,
                                                  &t.tie_sum, &t.nomination, &t.nominated_node, &t.policy, &t.policy_answer);
}

Offset<format::SchedulerNoteColumns> encode(FlatBufferBuilder& b, const SchedulerNoteTable<Owned>& t) {
  if (t.rows() == 0) return 0;
  return format::CreateSchedulerNoteColumnsDirect(b, &t.time, &t.kind, &t.subject, &t.node, &t.seen, &t.step);
}

Offset<format::MarkColumns> encode(FlatBufferBuilder& b, const MarkTable<Owned>& t) {
  if (t.rows() == 0) return 0;
  return format::CreateMarkColumnsDirect(b, &t.time, &t.kind, &t.subject, &t.text);
}

Offset<format::SampleColumns> encode(FlatBufferBuilder& b, const SampleTable<Owned>& t) {
  if (t.rows() == 0) return 0;
  return format::CreateSampleColumnsDirect(b, &t.time, &t.entity, &t.metric, &t.value);
}

Offset<format::Beginning> encode(FlatBufferBuilder& b, const Beginning& beginning) {
  std::vector<Offset<format::Source>> sources;
  for (const TrafficSource& source : beginning.sources) {
    sources.push_back(format::CreateSource(b, b.CreateString(source.name), b.CreateVector(source.expect_status), source.expected_requests));
  }
  const auto source_vector = b.CreateVector(sources);
  const auto world = b.CreateString(beginning.world);
  return format::CreateBeginning(b, beginning.seed, world, beginning.stored_requests_max, source_vector);
}

Offset<format::SourceTotals> encode(FlatBufferBuilder& b, const SourceTotals& source) {
  std::vector<std::uint16_t> statuses;
  std::vector<std::uint64_t> status_counts;
  for (const auto& [status, count] : source.totals.by_status) {
    statuses.push_back(status);
    status_counts.push_back(count);
  }
  std::vector<std::uint8_t> outcomes;
  std::vector<std::uint64_t> outcome_counts;
  for (const auto& [outcome, count] : source.totals.by_outcome) {
    outcomes.push_back(static_cast<std::uint8_t>(outcome));
    outcome_counts.push_back(count);
  }
  const Histogram& latency = source.totals.latency_ns;
  std::vector<std::uint32_t> bucket_index;
  std::vector<std::uint64_t> bucket_count;
  for (std::size_t i = 0; i < latency.buckets().size(); ++i) {
    if (latency.buckets()[i] == 0) continue;
    bucket_index.push_back(static_cast<std::uint32_t>(i));
    bucket_count.push_back(latency.buckets()[i]);
  }
  return format::CreateSourceTotalsDirect(b, source.totals.requests, source.totals.failed, &statuses, &status_counts, &outcomes,
                                          &outcome_counts, &bucket_index, &bucket_count, latency.min(), latency.max(),
                                          static_cast<std::uint64_t>(latency.sum()), static_cast<std::int64_t>(latency.sum() >> 64),
                                          source.first_level, source.level);
}

// ---------------------------------------------------------------- decoding

tl::unexpected<Error> damaged(std::string what) { return fail(ErrorCode::RecordDamaged, std::move(what)); }

template <class T>
std::span<const T> view(const flatbuffers::Vector<T>* vector) {
  if (vector == nullptr) return {};
  return {reinterpret_cast<const T*>(vector->Data()), vector->size()};
}

RequestTable<View> view(const format::RequestColumns* t) {
  if (t == nullptr) return {};
  return {view(t->traffic()), view(t->index()),  view(t->intended()), view(t->sent()),     view(t->end()),
          view(t->queued()),  view(t->service()), view(t->cpu()),     view(t->throttled()), view(t->status()),
          view(t->outcome()), view(t->attempts()), view(t->replica()), view(t->connection())};
}
ChangeTable<View> view(const format::ChangeColumns* t) {
  if (t == nullptr) return {};
  return {view(t->time()), view(t->type()),     view(t->kind()),    view(t->namespace_()), view(t->name()), view(t->uid()),
          view(t->resource_version()), view(t->snapshot()), view(t->payload()), view(t->payload_end())};
}
DecisionTable<View> view(const format::DecisionColumns* t) {
  if (t == nullptr) return {};
  return {view(t->time()), view(t->pod()),      view(t->attempt()),  view(t->input_version()), view(t->node()), view(t->ties()),
          view(t->ties_end()), view(t->feasible()), view(t->evaluated()), view(t->message())};
}
DecisionInputTable<View> view(const format::DecisionInputColumns* t) {
  if (t == nullptr) return {};
  return {view(t->decision()), view(t->begun()), view(t->seen()), view(t->seen_during()), view(t->step()), view(t->search_start()), view(t->tie_count()),
          view(t->tie_sum()), view(t->nomination()), view(t->nominated_node()), view(t->policy()), view(t->policy_answer())};
}
SchedulerNoteTable<View> view(const format::SchedulerNoteColumns* t) {
  if (t == nullptr) return {};
  return {view(t->time()), view(t->kind()), view(t->subject()), view(t->node()), view(t->seen()), view(t->step())};
}
MarkTable<View> view(const format::MarkColumns* t) {
  if (t == nullptr) return {};
  return {view(t->time()), view(t->kind()), view(t->subject()), view(t->text())};
}
SampleTable<View> view(const format::SampleColumns* t) {
  if (t == nullptr) return {};
  return {view(t->time()), view(t->entity()), view(t->metric()), view(t->value())};
}

/// Equal column lengths, string numbers within the table, ascending list ends.
struct ColumnCheck {
  std::size_t rows;
  std::size_t strings;
  bool good = true;

  template <class Values>
  void numbers(std::string_view, const Values& values) { good = good && values.size() == rows; }
  template <class Values>
  void layout(const Values& values) { numbers({}, values); }
  template <class Values>
  void in_table(const Values& values) {
    // Branch-free so that tens of millions of rows cost a few milliseconds.
    std::uint32_t largest = 0;
    for (const std::uint32_t number : values) largest = std::max(largest, number);
    good = good && (values.empty() || largest < strings);
  }
  template <class Values>
  void text(std::string_view name, const Values& values) {
    numbers(name, values);
    in_table(values);
  }
  template <class Values, class Ends>
  void bytes_list(std::string_view name, const Values& values, const Ends& ends) {
    numbers(name, ends);
    good = good && std::is_sorted(ends.begin(), ends.end()) && (ends.empty() ? 0 : ends.back()) == values.size();
  }
  template <class Values, class Ends>
  void text_list(std::string_view name, const Values& values, const Ends& ends) {
    bytes_list(name, values, ends);
    in_table(values);
  }
};

bool all_below(std::span<const std::uint8_t> values, std::uint8_t limit) {
  std::uint8_t largest = 0;
  for (const std::uint8_t value : values) largest = std::max(largest, value);
  return values.empty() || largest < limit;
}

/// Each row belongs to a decision of its own.
bool decision_inputs_fit(const ChunkTables<View>& tables) {
  const std::span<const std::uint32_t> rows = tables.decision_inputs.decision;
  return std::adjacent_find(rows.begin(), rows.end(), std::greater_equal<>()) == rows.end() && (rows.empty() || rows.back() < tables.decisions.rows()) &&
         all_below(tables.decision_inputs.nomination, kNominationCount) && all_below(tables.decision_inputs.policy, kPolicyAnswerCount);
}

Result<Beginning> decode(const format::Beginning& beginning) {
  Beginning result;
  result.seed = beginning.seed();
  if (beginning.world() != nullptr) result.world = beginning.world()->str();
  result.stored_requests_max = beginning.stored_requests_max();
  if (beginning.sources() != nullptr) {
    for (const format::Source* source : *beginning.sources()) {
      const auto statuses = view(source->expect_status());
      result.sources.push_back({source->name()->str(), {statuses.begin(), statuses.end()}, source->expected_requests()});
    }
  }
  return result;
}

Result<SourceTotals> decode(const format::SourceTotals& source) {
  const auto statuses = view(source.statuses());
  const auto status_counts = view(source.status_counts());
  const auto outcomes = view(source.outcomes());
  const auto outcome_counts = view(source.outcome_counts());
  const auto bucket_index = view(source.bucket_index());
  const auto bucket_count = view(source.bucket_count());
  if (statuses.size() != status_counts.size() || outcomes.size() != outcome_counts.size() || bucket_index.size() != bucket_count.size() ||
      !all_below(outcomes, kRequestOutcomeCount) || source.first_level() > source.level() || source.level() > 40) {
    return damaged("the totals of a traffic source contradict themselves");
  }
  SourceTotals result;
  result.totals.requests = source.requests();
  result.totals.failed = source.failed();
  for (std::size_t i = 0; i < statuses.size(); ++i) result.totals.by_status.emplace_back(statuses[i], status_counts[i]);
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    result.totals.by_outcome.emplace_back(static_cast<RequestOutcome>(outcomes[i]), outcome_counts[i]);
  }
  std::vector<std::uint64_t> buckets;
  for (std::size_t i = 0; i < bucket_index.size(); ++i) {
    if (bucket_index[i] >= kBucketLimit) return damaged("a histogram has a bucket out of range");
    if (bucket_index[i] >= buckets.size()) buckets.resize(bucket_index[i] + std::size_t{1});
    buckets[bucket_index[i]] += bucket_count[i];
  }
  const auto sum = static_cast<Int128>((static_cast<UInt128>(source.latency_sum_high()) << 64) | source.latency_sum_low());
  result.totals.latency_ns = Histogram::restored(std::move(buckets), source.latency_min(), source.latency_max(), sum);
  result.first_level = source.first_level();
  result.level = source.level();
  return result;
}

}  // namespace

struct ChunkEncoder::State {
  FlatBufferBuilder builder{std::size_t{1} << 20};
};

ChunkEncoder::ChunkEncoder() : state_(std::make_unique<State>()) {}
ChunkEncoder::~ChunkEncoder() = default;

std::span<const std::byte> ChunkEncoder::encode(const ChunkContent<Owned>& content) {
  FlatBufferBuilder& b = state_->builder;
  b.Clear();
  std::vector<Offset<flatbuffers::String>> strings;
  strings.reserve(content.strings.size());
  for (const std::string_view text : content.strings) strings.push_back(b.CreateString(text.data(), text.size()));
  const auto string_vector = b.CreateVector(strings);
  const auto run = format::CreateRunDomain(b, detail::encode(b, content.tables.marks), detail::encode(b, content.tables.samples));
  const auto cluster =
      format::CreateClusterDomain(b, detail::encode(b, content.tables.changes), detail::encode(b, content.tables.decisions),
                                  detail::encode(b, content.tables.decision_inputs), detail::encode(b, content.tables.scheduler_notes));
  std::vector<Offset<format::SourceTotals>> totals;
  for (const SourceTotals& source : content.totals) totals.push_back(detail::encode(b, source));
  const auto totals_vector = b.CreateVector(totals);
  const auto traffic = format::CreateTrafficDomain(b, detail::encode(b, content.tables.requests), totals_vector);
  Offset<format::Beginning> beginning;
  if (content.beginning) beginning = detail::encode(b, *content.beginning);
  Offset<format::Ending> ending;
  if (content.ended_at) ending = format::CreateEnding(b, *content.ended_at);
  format::FinishChunkBuffer(b, format::CreateChunk(b, content.first_time, content.last_time, string_vector, beginning, run, cluster,
                                                   traffic, ending));
  return std::as_bytes(std::span(b.GetBufferPointer(), b.GetSize()));
}

Result<ChunkContent<View>> decode_chunk(std::span<const std::byte> payload) {
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(payload.data());
  flatbuffers::Verifier verifier(bytes, payload.size(), 16, 1'000'000);
  if (payload.size() < 8 || !format::VerifyChunkBuffer(verifier)) return damaged("a chunk is not what its schema says");
  const format::Chunk& chunk = *format::GetChunk(bytes);

  ChunkContent<View> content;
  content.first_time = chunk.first_time();
  content.last_time = chunk.last_time();
  if (chunk.strings() != nullptr) {
    content.strings.reserve(chunk.strings()->size());
    for (const flatbuffers::String* text : *chunk.strings()) content.strings.emplace_back(text->c_str(), text->size());
  }
  if (chunk.traffic() != nullptr) {
    content.tables.requests = view(chunk.traffic()->requests());
    if (chunk.traffic()->totals() != nullptr) {
      for (const format::SourceTotals* source : *chunk.traffic()->totals()) {
        auto totals = decode(*source);
        if (!totals) return tl::unexpected(totals.error());
        content.totals.push_back(std::move(*totals));
      }
    }
  }
  if (chunk.cluster() != nullptr) {
    content.tables.changes = view(chunk.cluster()->changes());
    content.tables.decisions = view(chunk.cluster()->decisions());
    content.tables.decision_inputs = view(chunk.cluster()->decision_inputs());
    content.tables.scheduler_notes = view(chunk.cluster()->scheduler_notes());
  }
  if (chunk.run() != nullptr) {
    content.tables.marks = view(chunk.run()->marks());
    content.tables.samples = view(chunk.run()->samples());
  }
  if (chunk.beginning() != nullptr) {
    auto beginning = decode(*chunk.beginning());
    if (!beginning) return tl::unexpected(beginning.error());
    content.beginning = std::move(*beginning);
  }
  if (chunk.ending() != nullptr) content.ended_at = chunk.ending()->ended_at();

  bool good = true;
  for_each_table(content.tables, [&](const auto& table) {
    ColumnCheck check{table.rows(), content.strings.size()};
    visit_columns(table, check);
    good = good && check.good;
  });
  const ChunkTables<View>& tables = content.tables;
  good = good && all_below(tables.requests.outcome, kRequestOutcomeCount) && all_below(tables.changes.type, 3) &&
         all_below(tables.changes.kind, static_cast<std::uint8_t>(cluster::kKindCount)) && decision_inputs_fit(tables) &&
         all_below(tables.scheduler_notes.kind, kSchedulerNoteKindCount);
  if (!good) return damaged("the columns of a chunk contradict each other");
  return content;
}

}  // namespace tandem::record::detail
