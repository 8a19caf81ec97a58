#include "core/record/writer.hpp"

#include <algorithm>
#include <filesystem>
#include <limits>
#include <nlohmann/json.hpp>

#include "core/base/check.hpp"
#include "core/record/canonical_digest.hpp"
#include "core/record/chunk_codec.hpp"
#include "core/record/chunk_file.hpp"
#include "core/record/object_deltas.hpp"
#include "core/record/recording.hpp"
#include "core/record/sampling.hpp"
#include "core/record/string_table.hpp"

namespace tandem::record {

using namespace detail;

namespace {

constexpr std::size_t kChunkPayloadBytes = std::size_t{4} << 20;  // of object texts, whatever chunk_events says

/// Empties columns but keeps their memory for the next chunk.
struct ClearColumns {
  template <class C>
  void numbers(std::string_view, C& column) { column.clear(); }
  template <class C>
  void layout(C& column) { column.clear(); }
  template <class C>
  void text(std::string_view, C& column) { column.clear(); }
  template <class C>
  void text_list(std::string_view, C& column, C& ends) { column.clear(); ends.clear(); }
  template <class C, class E>
  void bytes_list(std::string_view, C& column, E& ends) { column.clear(); ends.clear(); }
};

}  // namespace

struct Writer::State {
  std::string folder;
  WriterOptions options;
  ChunkFileWriter file;
  Status first_error;
  bool finished = false;

  ChunkContent<Owned> chunk;
  StringTable strings;
  std::uint32_t events = 0;
  ChunkEncoder encoder;
  ObjectDeltas deltas;
  std::vector<SourceTotals> sources;
  CanonicalDigest digest;

  /// Of the decision whose row was added last.
  void add_inputs(const DecisionInputs& inputs) {
    DecisionInputTable<Owned>& t = chunk.tables.decision_inputs;
    t.decision.push_back(static_cast<std::uint32_t>(chunk.tables.decisions.rows() - 1));
    t.begun.push_back(inputs.begun.ns);
    t.seen.push_back(inputs.seen);
    t.seen_during.push_back(inputs.seen_during);
    t.step.push_back(inputs.step);
    t.search_start.push_back(inputs.search_start);
    t.tie_count.push_back(inputs.tie_count);
    t.tie_sum.push_back(inputs.tie_sum);
    t.nomination.push_back(static_cast<std::uint8_t>(inputs.nomination));
    t.nominated_node.push_back(strings.number_of(inputs.nominated_node));
    t.policy.push_back(static_cast<std::uint8_t>(inputs.policy));
    t.policy_answer.push_back(strings.number_of(inputs.policy_answer));
  }

  /// Accounts for one event of the current chunk; the caller has filled its row.
  void added(SimTime time) {
    chunk.first_time = events == 0 ? time.ns : std::min(chunk.first_time, time.ns);
    chunk.last_time = events == 0 ? time.ns : std::max(chunk.last_time, time.ns);
    ++events;
    if (events >= options.chunk_events || chunk.tables.changes.payload.size() >= kChunkPayloadBytes ||
        chunk.last_time - chunk.first_time >= options.chunk_span.ns) {
      flush();
    }
  }

  void flush() {
    chunk.strings = strings.views();
    digest.add(chunk.tables, chunk.strings);
    if (chunk.ended_at || std::any_of(sources.begin(), sources.end(), [](const auto& source) { return source.level > 0; })) {
      chunk.totals = sources;
    }
    // After a failed write nothing more is written: a later chunk behind a gap would read as damage.
    if (first_error) first_error = file.append(encoder.encode(chunk));
    for_each_table(chunk.tables, [](auto& table) {
      ClearColumns clear;
      visit_columns(table, clear);
    });
    chunk.beginning.reset();
    chunk.totals.clear();
    chunk.strings.clear();
    strings.clear();
    events = 0;
  }
};

namespace {

tl::unexpected<Error> folder_failure(const std::string& folder, const std::error_code& error) {
  return fail(make_error(ErrorCode::FileWriteFailed, "cannot create the recording folder: " + error.message(), Place{folder, 0, 0}));
}

// An old file is unlinked, not truncated, so that whoever has it open keeps a whole recording. The manifest goes first: it must
// never stand beside events that it does not describe.
Status make_room(const std::string& folder, bool overwrite) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return folder_failure(folder, error);
  for (const char* name : {"/manifest.json", "/events.tdr"}) {
    const std::string path = folder + name;
    if (!std::filesystem::exists(std::filesystem::symlink_status(path))) continue;
    if (!overwrite) {
      return fail(make_error(ErrorCode::UsageBadArgument, "the folder already holds a recording", Place{folder, 0, 0})
                      .with_found(path)
                      .with_hint("choose another folder, or overwrite it with --force"));
    }
    std::filesystem::remove(path, error);
    if (error) return folder_failure(path, error);
  }
  return {};
}

}  // namespace

Writer::Writer(std::unique_ptr<State> state) : state_(std::move(state)) {}

Writer::~Writer() {
  if (!state_->finished && state_->events > 0) state_->flush();
}

Result<std::unique_ptr<Writer>> Writer::create(const std::string& folder, WriterOptions options, bool overwrite) {
  TANDEM_TRY(make_room(folder, overwrite));
  auto state = std::make_unique<State>();
  state->folder = folder;
  state->options = std::move(options);
  TANDEM_TRY(state->file.create(folder + "/events.tdr"));
  const WriterOptions& given = state->options;
  state->digest.add_fact("seed " + std::to_string(given.seed));
  for (const TrafficSource& source : given.traffic) {
    state->digest.add_fact(source_fact(source));
    state->sources.emplace_back(source, given.stored_requests_max);
  }
  state->chunk.beginning = Beginning{given.seed, given.world, given.stored_requests_max, given.traffic};
  // A chunk of its own, at once: a run killed in its first seconds still says what it was.
  state->flush();
  if (!state->first_error) return tl::unexpected(state->first_error.error());
  return std::unique_ptr<Writer>(new Writer(std::move(state)));
}

void Writer::object_changed(SimTime time, cluster::ChangeType type, const cluster::AnyObject& object) {
  State& s = *state_;
  CHECK(!s.finished, "recording after finish()");
  const cluster::ObjectMeta& meta = meta_of(object);
  const ObjectDelta delta = s.deltas.next(type, object);
  ChangeTable<Owned>& t = s.chunk.tables.changes;
  t.time.push_back(time.ns);
  t.type.push_back(static_cast<std::uint8_t>(type));
  t.kind.push_back(static_cast<std::uint8_t>(kind_of(object)));
  t.namespace_.push_back(s.strings.number_of(meta.namespace_));
  t.object.push_back(s.strings.number_of(meta.name));
  t.uid.push_back(s.strings.number_of(meta.uid));
  t.resource_version.push_back(meta.resource_version);
  t.snapshot.push_back(delta.snapshot ? 1 : 0);
  t.payload.insert(t.payload.end(), delta.payload.begin(), delta.payload.end());
  t.payload_end.push_back(static_cast<std::uint32_t>(t.payload.size()));
  s.added(time);
}

void Writer::request(const RequestRecord& record) {
  State& s = *state_;
  CHECK(!s.finished, "recording after finish()");
  CHECK(record.traffic < s.sources.size(), "a request of a traffic source that the writer was not told of");
  SourceTotals& source = s.sources[record.traffic];
  source.count(record.outcome, record.status, (record.end - record.intended).ns);
  source.level = level_for(source.totals.requests, s.options.stored_requests_max, source.level);
  if (!kept_at_level(record.index, source.level)) return;
  RequestTable<Owned>& t = s.chunk.tables.requests;
  t.traffic.push_back(record.traffic);
  t.index.push_back(record.index);
  t.intended.push_back(record.intended.ns);
  t.sent.push_back(record.sent.ns);
  t.end.push_back(record.end.ns);
  t.queued.push_back(record.queued.ns);
  t.service.push_back(record.service.ns);
  t.cpu.push_back(record.cpu.ns);
  t.throttled.push_back(record.throttled.ns);
  t.status.push_back(record.status);
  t.outcome.push_back(static_cast<std::uint8_t>(record.outcome));
  t.attempts.push_back(record.attempts);
  t.replica.push_back(s.strings.number_of(record.replica));
  t.connection.push_back(record.connection);
  s.added(record.end);
}

void Writer::decision(const SchedulingDecision& decision) {
  State& s = *state_;
  CHECK(!s.finished, "recording after finish()");
  DecisionTable<Owned>& t = s.chunk.tables.decisions;
  t.time.push_back(decision.time.ns);
  t.pod.push_back(s.strings.number_of(decision.pod));
  t.attempt.push_back(decision.attempt);
  t.input_version.push_back(decision.input_version);
  t.node.push_back(s.strings.number_of(decision.node));
  for (const std::string& node : decision.ties) t.ties.push_back(s.strings.number_of(node));
  t.ties_end.push_back(static_cast<std::uint32_t>(t.ties.size()));
  t.feasible.push_back(decision.feasible);
  t.evaluated.push_back(decision.evaluated);
  t.message.push_back(s.strings.number_of(decision.message));
  if (decision.inputs) s.add_inputs(*decision.inputs);
  s.added(decision.time);
}

void Writer::scheduler_note(const SchedulerNote& note) {
  State& s = *state_;
  CHECK(!s.finished, "recording after finish()");
  SchedulerNoteTable<Owned>& t = s.chunk.tables.scheduler_notes;
  t.time.push_back(note.time.ns);
  t.kind.push_back(static_cast<std::uint8_t>(note.kind));
  t.subject.push_back(s.strings.number_of(note.subject));
  t.node.push_back(s.strings.number_of(note.node));
  t.seen.push_back(note.seen);
  t.step.push_back(note.step);
  s.added(note.time);
}

void Writer::mark(const Mark& mark) {
  State& s = *state_;
  CHECK(!s.finished, "recording after finish()");
  MarkTable<Owned>& t = s.chunk.tables.marks;
  t.time.push_back(mark.time.ns);
  t.kind.push_back(s.strings.number_of(mark.kind));
  t.subject.push_back(s.strings.number_of(mark.subject));
  t.text.push_back(s.strings.number_of(mark.text));
  s.added(mark.time);
}

void Writer::sample(const Sample& sample) {
  State& s = *state_;
  CHECK(!s.finished, "recording after finish()");
  SampleTable<Owned>& t = s.chunk.tables.samples;
  t.time.push_back(sample.time.ns);
  t.entity.push_back(s.strings.number_of(sample.entity));
  t.metric.push_back(s.strings.number_of(sample.metric));
  t.value.push_back(sample.value);
  s.added(sample.time);
}

Status Writer::status() const { return state_->first_error; }

namespace {

nlohmann::json totals_json(const std::vector<SourceTotals>& sources) {
  nlohmann::json all = nlohmann::json::array();
  for (const SourceTotals& source : sources) {
    const TrafficTotals& totals = source.totals;
    nlohmann::json statuses = nlohmann::json::object();
    for (const auto& [status, count] : totals.by_status) statuses[std::to_string(status)] = count;
    nlohmann::json outcomes = nlohmann::json::object();
    for (const auto& [outcome, count] : totals.by_outcome) outcomes[std::string(name_of(outcome))] = count;
    all.push_back({{"name", totals.name},
                   {"requests", totals.requests},
                   {"failed", totals.failed},
                   {"by_status", statuses},
                   {"by_outcome", outcomes},
                   {"stored_one_in", std::uint64_t{1} << source.level}});
  }
  return all;
}

}  // namespace

Result<std::string> Writer::finish(SimTime ended_at, nlohmann::json manifest) {
  State& s = *state_;
  CHECK(!s.finished, "finish() twice");
  s.chunk.ended_at = ended_at.ns;
  if (s.events == 0) s.chunk.first_time = s.chunk.last_time = ended_at.ns;
  s.flush();
  s.finished = true;
  for (const SourceTotals& source : s.sources) s.digest.add_fact(source.fact());
  s.digest.add_fact("ended_at " + std::to_string(ended_at.ns));
  if (s.first_error) s.first_error = s.file.close();
  if (!s.first_error) return tl::unexpected(s.first_error.error());

  const std::string digest = s.digest.hex();
  if (!manifest.is_object()) manifest = nlohmann::json::object();
  manifest["digest"] = digest;
  manifest["ended_at_ns"] = ended_at.ns;
  manifest["complete"] = true;
  manifest["totals"] = totals_json(s.sources);
  const std::string text = manifest.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
  s.first_error = replace_file(s.folder + "/manifest.json", text);
  if (!s.first_error) return tl::unexpected(s.first_error.error());
  return digest;
}

}  // namespace tandem::record
