#include "core/record/recording.hpp"

#include <algorithm>
#include <mutex>
#include <optional>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/base/bounded_json.hpp"
#include "core/base/check.hpp"
#include "core/record/canonical_digest.hpp"
#include "core/record/chunk_codec.hpp"
#include "core/record/chunk_file.hpp"
#include "core/record/object_history.hpp"
#include "core/record/sampling.hpp"
#include "core/record/string_table.hpp"

namespace tandem::record {

using namespace detail;
using nlohmann::json;

namespace {

constexpr std::size_t kManifestBytesMax = std::size_t{16} << 20;

struct Reserve {
  std::size_t rows;
  template <class C>
  void numbers(std::string_view, C& column) { column.reserve(rows); }
  template <class C>
  void text(std::string_view, C& column) { column.reserve(rows); }
};

DecisionInputs inputs_of(const ChunkContent<View>& chunk, std::size_t row) {
  const DecisionInputTable<View>& t = chunk.tables.decision_inputs;
  return {.begun = SimTime{t.begun[row]},
          .seen = t.seen[row],
          .seen_during = t.seen_during[row],
          .step = t.step[row],
          .search_start = t.search_start[row],
          .tie_count = t.tie_count[row],
          .tie_sum = t.tie_sum[row],
          .nomination = static_cast<Nomination>(t.nomination[row]),
          .nominated_node = std::string(chunk.strings[t.nominated_node[row]]),
          .policy = static_cast<PolicyAnswer>(t.policy[row]),
          .policy_answer = std::string(chunk.strings[t.policy_answer[row]])};
}

}  // namespace

struct Recording::State {
  std::string folder;
  json manifest;
  std::vector<ChunkContent<View>> chunks;
  std::uint64_t torn_bytes = 0;
  Beginning beginning;
  bool complete = false;
  SimTime ended_at;

  StringTable strings;
  RequestTable<Owned> requests;
  RequestColumns columns;
  std::vector<TrafficTotals> totals;
  std::vector<std::uint8_t> thin_to;  ///< per source: the level its stored requests are thinned to, 0 = as stored
  std::vector<SchedulingDecision> decisions;
  std::vector<SchedulerNote> scheduler_notes;
  std::vector<Mark> marks;
  ObjectHistory history;

  // Large and not always needed.
  std::once_flag samples_once, digest_once;
  std::vector<Sample> samples;
  std::string digest;

  std::optional<MappedChunks> file;  // chunks, history and payloads are views into it

  Status read_manifest();
  Status decode(const std::string& path);
  void read_ends();
  void read_totals();
  void recount();
  void read_requests();
  void append_requests(const ChunkContent<View>& chunk);
  void read_decisions(const ChunkContent<View>& chunk);
  void read_scheduler_notes(const ChunkContent<View>& chunk);
  void read_marks(const ChunkContent<View>& chunk);
  void read_samples();
  void compute_digest();
};

// ---------------------------------------------------------------- opening

Status Recording::State::read_manifest() {
  const std::string path = folder + "/manifest.json";
  auto text = read_file(path, kManifestBytesMax);
  if (!text) {
    if (text.error().code == ErrorCode::FileTooLarge) return tl::unexpected(text.error());
    // A killed run has none.
    manifest = {{"complete", false}};
    return {};
  }
  manifest = parse_bounded_json(*text);
  if (!manifest.is_object()) {
    return fail(make_error(ErrorCode::RecordDamaged, "the manifest is not a JSON object", Place{path, 0, 0})
                    .with_hint("remove it to read the recording without it"));
  }
  return {};
}

Status Recording::State::decode(const std::string& path) {
  chunks.reserve(file->payloads().size());
  for (const auto payload : file->payloads()) {
    auto chunk = decode_chunk(payload);
    if (!chunk) {
      Error error = std::move(chunk.error());
      error.place = Place{path, 0, 0};
      error.found = "chunk " + std::to_string(chunks.size());
      return fail(std::move(error));
    }
    chunks.push_back(std::move(*chunk));
  }
  if (!chunks.empty() && chunks.front().beginning) beginning = *chunks.front().beginning;
  // Sources must be known before a request can name one.
  for (const ChunkContent<View>& chunk : chunks) {
    const auto& traffic = chunk.tables.requests.traffic;
    const bool known = std::all_of(traffic.begin(), traffic.end(), [&](std::uint32_t t) { return t < beginning.sources.size(); });
    if (!known || (!chunk.totals.empty() && chunk.totals.size() != beginning.sources.size())) {
      return fail(ErrorCode::RecordDamaged, "a request belongs to no traffic source", Place{path, 0, 0});
    }
  }
  return {};
}

void Recording::State::read_ends() {
  std::int64_t last = 0;
  for (const ChunkContent<View>& chunk : chunks) last = std::max(last, chunk.last_time);
  complete = !chunks.empty() && chunks.back().ended_at.has_value();
  ended_at = SimTime{complete ? *chunks.back().ended_at : last};
}

void Recording::State::read_totals() {
  thin_to.assign(beginning.sources.size(), 0);
  const bool stored = !chunks.empty() && !chunks.back().totals.empty();
  for (std::size_t i = 0; i < beginning.sources.size(); ++i) {
    TrafficTotals source;
    if (stored) {
      const SourceTotals& last = chunks.back().totals[i];
      source = last.totals;
      source.stored_one_in = std::uint64_t{1} << last.level;
      if (last.level > last.first_level) thin_to[i] = last.level;
    }
    source.name = beginning.sources[i].name;
    source.expect_status = beginning.sources[i].expect_status;
    totals.push_back(std::move(source));
  }
  if (!stored) recount();
}

void Recording::State::recount() {
  std::vector<SourceTotals> counted;
  for (const TrafficSource& source : beginning.sources) counted.emplace_back(source, UINT64_MAX);
  for (const ChunkContent<View>& chunk : chunks) {
    const RequestTable<View>& t = chunk.tables.requests;
    for (std::size_t row = 0; row < t.rows(); ++row) {
      counted[t.traffic[row]].count(static_cast<RequestOutcome>(t.outcome[row]), t.status[row], t.end[row] - t.intended[row]);
    }
  }
  for (std::size_t i = 0; i < counted.size(); ++i) {
    counted[i].totals.expect_status = totals[i].expect_status;
    totals[i] = std::move(counted[i].totals);
  }
}

// ---------------------------------------------------------------- columns

void Recording::State::read_requests() {
  std::size_t rows = 0;
  for (const ChunkContent<View>& chunk : chunks) rows += chunk.tables.requests.rows();
  Reserve reserve{rows};
  visit_columns(requests, reserve);
  for (const ChunkContent<View>& chunk : chunks) append_requests(chunk);
  const RequestTable<Owned>& t = requests;
  columns = RequestColumns{t.traffic, t.index, t.intended, t.sent, t.end, t.queued, t.service, t.cpu,
                           t.throttled, t.status, t.outcome, t.attempts, t.replica, t.connection};
}

void Recording::State::append_requests(const ChunkContent<View>& chunk) {
  const RequestTable<View>& from = chunk.tables.requests;
  RequestTable<Owned>& to = requests;
  const auto append_rows = [&](std::size_t begin, std::size_t end) {
    const auto append = [&](auto& column, const auto& values) {
      column.insert(column.end(), values.begin() + static_cast<std::ptrdiff_t>(begin), values.begin() + static_cast<std::ptrdiff_t>(end));
    };
    append(to.traffic, from.traffic);
    append(to.index, from.index);
    append(to.intended, from.intended);
    append(to.sent, from.sent);
    append(to.end, from.end);
    append(to.queued, from.queued);
    append(to.service, from.service);
    append(to.cpu, from.cpu);
    append(to.throttled, from.throttled);
    append(to.status, from.status);
    append(to.outcome, from.outcome);
    append(to.attempts, from.attempts);
    append(to.replica, from.replica);
    append(to.connection, from.connection);
  };
  const std::size_t before = to.rows();
  const bool thinned = std::any_of(thin_to.begin(), thin_to.end(), [](std::uint8_t level) { return level > 0; });
  if (!thinned) {
    append_rows(0, from.rows());
  } else {
    for (std::size_t row = 0; row < from.rows(); ++row) {
      if (kept_at_level(from.index[row], thin_to[from.traffic[row]])) append_rows(row, row + 1);
    }
  }
  // From the chunk's string numbers to the recording's.
  std::vector<std::uint32_t> number_of(chunk.strings.size(), UINT32_MAX);
  for (std::size_t i = before; i < to.rows(); ++i) {
    std::uint32_t& known = number_of[to.replica[i]];
    if (known == UINT32_MAX) known = strings.number_of(chunk.strings[to.replica[i]]);
    to.replica[i] = known;
  }
}

void Recording::State::read_decisions(const ChunkContent<View>& chunk) {
  const DecisionTable<View>& t = chunk.tables.decisions;
  const std::span<const std::uint32_t> with_inputs = chunk.tables.decision_inputs.decision;
  std::uint32_t tie = 0;
  std::size_t inputs = 0;
  for (std::size_t row = 0; row < t.rows(); ++row) {
    SchedulingDecision decision;
    if (inputs < with_inputs.size() && with_inputs[inputs] == row) decision.inputs = inputs_of(chunk, inputs++);
    decision.time = SimTime{t.time[row]};
    decision.pod = chunk.strings[t.pod[row]];
    decision.attempt = t.attempt[row];
    decision.input_version = t.input_version[row];
    decision.node = chunk.strings[t.node[row]];
    for (; tie < t.ties_end[row]; ++tie) decision.ties.emplace_back(chunk.strings[t.ties[tie]]);
    decision.feasible = t.feasible[row];
    decision.evaluated = t.evaluated[row];
    decision.message = chunk.strings[t.message[row]];
    decisions.push_back(std::move(decision));
  }
}

void Recording::State::read_scheduler_notes(const ChunkContent<View>& chunk) {
  const SchedulerNoteTable<View>& t = chunk.tables.scheduler_notes;
  for (std::size_t row = 0; row < t.rows(); ++row) {
    scheduler_notes.push_back({SimTime{t.time[row]}, static_cast<SchedulerNote::Kind>(t.kind[row]), std::string(chunk.strings[t.subject[row]]),
                               std::string(chunk.strings[t.node[row]]), t.seen[row], t.step[row]});
  }
}

void Recording::State::read_marks(const ChunkContent<View>& chunk) {
  const MarkTable<View>& t = chunk.tables.marks;
  for (std::size_t row = 0; row < t.rows(); ++row) {
    marks.push_back({SimTime{t.time[row]}, std::string(chunk.strings[t.kind[row]]), std::string(chunk.strings[t.subject[row]]),
                     std::string(chunk.strings[t.text[row]])});
  }
}

void Recording::State::read_samples() {
  std::size_t rows = 0;
  for (const ChunkContent<View>& chunk : chunks) rows += chunk.tables.samples.rows();
  samples.reserve(rows);
  for (const ChunkContent<View>& chunk : chunks) {
    const SampleTable<View>& t = chunk.tables.samples;
    for (std::size_t row = 0; row < t.rows(); ++row) {
      samples.push_back({SimTime{t.time[row]}, std::string(chunk.strings[t.entity[row]]), std::string(chunk.strings[t.metric[row]]), t.value[row]});
    }
  }
}

void Recording::State::compute_digest() {
  CanonicalDigest canonical;
  canonical.add_fact("seed " + std::to_string(beginning.seed));
  for (const TrafficSource& source : beginning.sources) canonical.add_fact(source_fact(source));
  for (const ChunkContent<View>& chunk : chunks) canonical.add(chunk.tables, chunk.strings);
  if (complete) {
    for (const SourceTotals& source : chunks.back().totals) canonical.add_fact(source.fact());
    canonical.add_fact("ended_at " + std::to_string(ended_at.ns));
  }
  digest = canonical.hex();
}

// ---------------------------------------------------------------- public

Result<Recording> Recording::open(const std::string& folder) {
  const std::string path = folder + "/events.tdr";
  auto file = MappedChunks::open(path);
  if (!file) return tl::unexpected(file.error());
  auto state = std::make_unique<State>();
  state->folder = folder;
  state->torn_bytes = file->torn_bytes();
  state->file.emplace(std::move(*file));
  TANDEM_TRY(state->decode(path));
  TANDEM_TRY(state->read_manifest());
  state->strings.number_of("");
  state->read_ends();
  state->read_totals();
  state->read_requests();
  for (const ChunkContent<View>& chunk : state->chunks) {
    state->read_decisions(chunk);
    state->read_scheduler_notes(chunk);
    state->read_marks(chunk);
    state->history.add(chunk);
  }
  return Recording(std::move(state));
}

Recording::Recording(std::unique_ptr<State> state) : state_(std::move(state)) {}
Recording::~Recording() = default;
Recording::Recording(Recording&&) noexcept = default;
Recording& Recording::operator=(Recording&&) noexcept = default;

const json& Recording::manifest() const { return state_->manifest; }
std::string Recording::manifest_text(std::string_view pointer) const {
  const json::json_pointer path{std::string(pointer)};
  if (!state_->manifest.contains(path)) return {};
  const json& value = state_->manifest[path];
  return value.is_string() ? value.get<std::string>() : std::string();
}
std::string Recording::world() const {
  if (std::string mode = manifest_text("/mode"); !mode.empty()) return mode;
  return state_->beginning.world.empty() ? "unknown" : state_->beginning.world;
}
bool Recording::complete() const { return state_->complete; }
std::uint64_t Recording::torn_bytes() const { return state_->torn_bytes; }
SimTime Recording::ended_at() const { return state_->ended_at; }
std::uint64_t Recording::seed() const { return state_->beginning.seed; }
const std::string& Recording::folder() const { return state_->folder; }
std::string Recording::digest() const {
  std::call_once(state_->digest_once, [this] { state_->compute_digest(); });
  return state_->digest;
}
std::string_view Recording::text(std::uint32_t string_number) const {
  CHECK(string_number < state_->strings.views().size(), "no such string");
  return state_->strings.views()[string_number];
}
const RequestColumns& Recording::requests() const { return state_->columns; }
const std::vector<TrafficTotals>& Recording::totals() const { return state_->totals; }
const std::vector<SchedulingDecision>& Recording::decisions() const { return state_->decisions; }
const std::vector<SchedulerNote>& Recording::scheduler_notes() const { return state_->scheduler_notes; }
const std::vector<Mark>& Recording::marks() const { return state_->marks; }
const std::vector<Sample>& Recording::samples() const {
  std::call_once(state_->samples_once, [this] { state_->read_samples(); });
  return state_->samples;
}
std::span<const ObjectChange> Recording::changes() const { return state_->history.changes(); }
json Recording::json_after(std::size_t i) const { return state_->history.json_after(i); }
cluster::AnyObject Recording::object_after(std::size_t i) const { return state_->history.object_after(i); }
std::vector<cluster::AnyObject> Recording::objects_at(SimTime time) const { return state_->history.objects_at(time); }
void Recording::for_each_change(const std::function<bool(const ObjectChange&)>& wanted,
                                const std::function<void(std::size_t, const ObjectChange&, const cluster::AnyObject&)>& visit) const {
  state_->history.for_each_change(wanted, visit);
}

}  // namespace tandem::record
