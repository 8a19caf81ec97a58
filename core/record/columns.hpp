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
  MarkTable<Column> marks;
  SampleTable<Column> samples;
};

template <class Tables, class F>
void for_each_table(Tables& tables, F&& f) {
  f(tables.requests);
  f(tables.changes);
  f(tables.decisions);
  f(tables.marks);
  f(tables.samples);
}

}  // namespace tandem::record::detail
