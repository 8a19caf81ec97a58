#pragma once
// Two recordings side by side (design §8): figures with errors and evidence, latency distributions, order of events, attribution.

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "core/judge/attribution.hpp"
#include "core/judge/event_order.hpp"
#include "core/judge/statistics.hpp"
#include "core/record/recording.hpp"

namespace tandem::judge {

/// What agreement on a figure proves (design §8).
enum class Evidence : std::uint8_t {
  Independent,  ///< time was measured, or a foreign product decided, on at least one side
  SharedCode,   ///< both sides ran our code for it
  SharedInput,  ///< both sides were given it
};
std::string_view name_of(Evidence evidence);  ///< "independent", "shared code", "shared input"

struct Figure {
  std::string name;                      ///< "users: mean response time"
  std::string unit;                      ///< "ms", "s", "%", "" for counts
  double a = 0;
  double b = 0;
  std::optional<Interval> interval_a;    ///< 95 %
  std::optional<Interval> interval_b;
  std::optional<Interval> interval_difference;
  Evidence evidence = Evidence::Independent;
  bool graded = false;                   ///< enters the quality grade (independent ones only)

  [[nodiscard]] double difference() const { return a - b; }
  /// (a - b) / b; nullopt if b is 0 and a is not.
  [[nodiscard]] std::optional<double> relative() const;
  /// What the grade counts: |relative|, at most 1; of shares (unit "%") the difference itself as a fraction.
  [[nodiscard]] double error() const;
};

struct Distance {
  std::string traffic;
  double ks = 0;
  double critical = 0;   ///< at 5 %, as if requests were independent (they are not: it is a lower bound)
  std::size_t n_a = 0;
  std::size_t n_b = 0;
};

struct SizesPair {
  std::string rollout;   ///< "web, change 1"
  std::string a, b;      ///< "old 4; new 1; …"
  /// Same sizes once changes in one direction that follow each other are joined (control::join_directions).
  bool same = false;
  Evidence evidence = Evidence::SharedCode;
};

struct Grade {
  std::string letter;    ///< A (mean error at most 5 %), B (10 %), C (20 %), D (40 %), E; empty: nothing to grade
  double mean_error = 0;
  std::size_t figures = 0;
  std::string worst;     ///< name of the figure with the largest error
  double worst_error = 0;
};

struct Comparison {
  std::string world_a, world_b;
  std::string digest_a, digest_b;
  std::vector<Figure> figures;
  std::vector<Distance> distances;
  std::vector<SizesPair> sizes;
  OrderDifference order;
  Evidence order_evidence = Evidence::Independent;
  std::vector<AttributionTable> attribution;
  Grade grade;
  std::vector<std::string> notes;        ///< what could not be compared, and methods
};

/// A is judged against B (give the real run as B). Never fails: what one side lacks becomes a note.
Comparison compare(const record::Recording& a, const record::Recording& b);

/// Tables as kubectl prints them.
std::string to_text(const Comparison& comparison);
/// Versioned contract of `compare --json`.
nlohmann::json to_json(const Comparison& comparison);

}  // namespace tandem::judge
