#pragma once
// Internal: the columns of one chunk, once owned (writer) and once as views into a mapped file (reader). One list of columns per
// table serves encoding, digest and checks.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

namespace tandem::record::detail {

template <class T>
using Owned = std::vector<T>;
template <class T>
using View = std::span<const T>;

template <template <class> class Column>
struct RequestTable {
  Column<std::uint32_t> traffic;
  Column<std::uint64_t> index;
  Column<std::int64_t> intended, sent, end, queued, service, cpu, throttled;
  Column<std::uint16_t> status;
  Column<std::uint8_t> outcome, attempts;
  Column<std::uint32_t> replica;  // string
  Column<std::uint64_t> connection;
  static constexpr std::string_view name = "traffic.requests";
  [[nodiscard]] std::size_t rows() const { return traffic.size(); }
  template <class Self, class V>
  static void visit(Self& t, V& v) {
    v.numbers("traffic", t.traffic);
    v.numbers("index", t.index);
    v.numbers("intended", t.intended);
    v.numbers("sent", t.sent);
    v.numbers("end", t.end);
    v.numbers("queued", t.queued);
    v.numbers("service", t.service);
    v.numbers("cpu", t.cpu);
    v.numbers("throttled", t.throttled);
    v.numbers("status", t.status);
    v.numbers("outcome", t.outcome);
    v.numbers("attempts", t.attempts);
    v.text("replica", t.replica);
    v.numbers("connection", t.connection);
  }
};

template <template <class> class Column>
struct ChangeTable {
  Column<std::int64_t> time;
  Column<std::uint8_t> type, kind;
  Column<std::uint32_t> namespace_, object, uid;  // strings
  Column<std::int64_t> resource_version;
  Column<std::uint8_t> snapshot;
  Column<std::uint8_t> payload;
  Column<std::uint32_t> payload_end;
  static constexpr std::string_view name = "cluster.changes";
  [[nodiscard]] std::size_t rows() const { return time.size(); }
  template <class Self, class V>
  static void visit(Self& t, V& v) {
    v.numbers("time", t.time);
    v.numbers("type", t.type);
    v.numbers("kind", t.kind);
    v.text("namespace", t.namespace_);
    v.text("name", t.object);
    v.text("uid", t.uid);
    v.numbers("resource_version", t.resource_version);
    v.numbers("snapshot", t.snapshot);
    v.bytes_list("payload", t.payload, t.payload_end);
  }
};

template <template <class> class Column>
struct DecisionTable {
  Column<std::int64_t> time;
  Column<std::uint32_t> pod;  // string
  Column<std::uint32_t> attempt;
  Column<std::int64_t> input_version;
  Column<std::uint32_t> node;  // string
  Column<std::uint32_t> ties;  // strings
  Column<std::uint32_t> ties_end;
  Column<std::uint32_t> feasible, evaluated;
  Column<std::uint32_t> message;  // string
  static constexpr std::string_view name = "cluster.decisions";
  [[nodiscard]] std::size_t rows() const { return time.size(); }
  template <class Self, class V>
  static void visit(Self& t, V& v) {
    v.numbers("time", t.time);
    v.text("pod", t.pod);
    v.numbers("attempt", t.attempt);
    v.numbers("input_version", t.input_version);
    v.text("node", t.node);
    v.text_list("ties", t.ties, t.ties_end);
    v.numbers("feasible", t.feasible);
    v.numbers("evaluated", t.evaluated);
    v.text("message", t.message);
  }
};

template <template <class> class Column>
struct DecisionInputTable {
  Column<std::uint32_t> decision;  // row of the chunk's DecisionTable
  Column<std::int64_t> begun;
  Column<std::uint64_t> seen;
  Column<std::uint32_t> seen_during, step, search_start, tie_count;
  Column<std::uint64_t> tie_sum;
  Column<std::uint8_t> nomination;
  Column<std::uint32_t> nominated_node;  // string
  Column<std::uint8_t> policy;
  Column<std::uint32_t> policy_answer;  // string
  static constexpr std::string_view name = "cluster.decision_inputs";
  [[nodiscard]] std::size_t rows() const { return decision.size(); }
  template <class Self, class V>
  static void visit(Self& t, V& v) {
    // `decision` is not a property of the run: it depends on where chunks end. Readers check it.
    v.layout(t.decision);
    v.numbers("begun", t.begun);
    v.numbers("seen", t.seen);
    v.numbers("seen_during", t.seen_during);
    v.numbers("step", t.step);
    v.numbers("search_start", t.search_start);
    v.numbers("tie_count", t.tie_count);
    v.numbers("tie_sum", t.tie_sum);
    v.numbers("nomination", t.nomination);
    v.text("nominated_node", t.nominated_node);
    v.numbers("policy", t.policy);
    v.text("policy_answer", t.policy_answer);
  }
};

template <template <class> class Column>
struct SchedulerNoteTable {
  Column<std::int64_t> time;
  Column<std::uint8_t> kind;
  Column<std::uint32_t> subject, node;  // strings
  Column<std::uint64_t> seen;
  Column<std::uint32_t> step;
  static constexpr std::string_view name = "cluster.scheduler_notes";
  [[nodiscard]] std::size_t rows() const { return time.size(); }
  template <class Self, class V>
  static void visit(Self& t, V& v) {
    v.numbers("time", t.time);
    v.numbers("kind", t.kind);
    v.text("subject", t.subject);
    v.text("node", t.node);
    v.numbers("seen", t.seen);
    v.numbers("step", t.step);
  }
};

template <template <class> class Column>
struct MarkTable {
  Column<std::int64_t> time;
  Column<std::uint32_t> kind, subject, text;  // strings
  static constexpr std::string_view name = "run.marks";
  [[nodiscard]] std::size_t rows() const { return time.size(); }
  template <class Self, class V>
  static void visit(Self& t, V& v) {
    v.numbers("time", t.time);
    v.text("kind", t.kind);
    v.text("subject", t.subject);
    v.text("text", t.text);
  }
};

template <template <class> class Column>
struct SampleTable {
  Column<std::int64_t> time;
  Column<std::uint32_t> entity, metric;  // strings
  Column<double> value;
  static constexpr std::string_view name = "run.samples";
  [[nodiscard]] std::size_t rows() const { return time.size(); }
  template <class Self, class V>
  static void visit(Self& t, V& v) {
    v.numbers("time", t.time);
    v.text("entity", t.entity);
    v.text("metric", t.metric);
    v.numbers("value", t.value);
  }
};

// visit_columns(table, v) calls, for every column in order:
//   v.numbers(name, column)           fixed-width values, one a row
//   v.text(name, column)              string numbers, one a row
//   v.text_list(name, column, ends)   string numbers, rows delimited by `ends`
//   v.bytes_list(name, column, ends)  raw bytes, rows delimited by `ends`
//   v.layout(column)                  fixed-width values about the chunk, not about the run; not in the digest
template <class Table, class V>
void visit_columns(Table& table, V& v) {
  std::remove_const_t<Table>::visit(table, v);
}

/// Every table of a chunk.
template <template <class> class Column>
struct ChunkTables {
  RequestTable<Column> requests;
  ChangeTable<Column> changes;
  DecisionTable<Column> decisions;
  DecisionInputTable<Column> decision_inputs;
  SchedulerNoteTable<Column> scheduler_notes;
  MarkTable<Column> marks;
  SampleTable<Column> samples;
};

template <class Tables, class F>
void for_each_table(Tables& tables, F&& f) {
  f(tables.requests);
  f(tables.changes);
  f(tables.decisions);
  f(tables.decision_inputs);
  f(tables.scheduler_notes);
  f(tables.marks);
  f(tables.samples);
}

}  // namespace tandem::record::detail
