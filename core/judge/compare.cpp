#include "core/judge/compare.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>

#include "core/base/text.hpp"
#include "core/control/replay.hpp"
#include "core/judge/cluster_utilisation.hpp"
#include "core/judge/identity.hpp"
#include "core/judge/rollouts.hpp"
#include "core/judge/worlds.hpp"
#include "core/record/units.hpp"

namespace tandem::judge {

using record::Recording;
using record::RequestOutcome;
using record::TrafficTotals;

std::string_view name_of(Evidence evidence) {
  switch (evidence) {
    case Evidence::Independent: return "independent";
    case Evidence::SharedCode: return "shared code";
    case Evidence::SharedInput: return "shared input";
  }
  return {};
}

std::optional<double> Figure::relative() const {
  if (a == b) return 0.0;
  if (b == 0) return std::nullopt;
  return (a - b) / b;
}

double Figure::error() const {
  if (unit == "%") return std::min(1.0, std::abs(a - b) / 100);
  return std::min(1.0, std::abs(relative().value_or(1.0)));
}

namespace {

class Comparer {
 public:
  Comparer(const Recording& a, const Recording& b) : a_(a), b_(b), history_a_(RunHistory::of(a)), history_b_(RunHistory::of(b)) {
    const std::string world_a = a.world();
    const std::string world_b = b.world();
    measured_ = is_real(world_a) || is_real(world_b) ? Evidence::Independent : Evidence::SharedCode;
    decided_ = has_foreign_controllers(world_a) != has_foreign_controllers(world_b) ? Evidence::Independent : Evidence::SharedCode;
    result_.world_a = world_a;
    result_.world_b = world_b;
  }

  Comparison run() {
    result_.digest_a = a_.digest();
    result_.digest_b = b_.digest();
    for (const auto* recording : {&a_, &b_}) {
      if (!recording->complete()) note("the recording of " + recording->world() + " is incomplete: it ends at " + to_string(recording->ended_at()));
    }
    traffic();
    deployments();
    placement();
    utilisation();
    result_.order = compare_order(history_a_, history_b_);
    result_.order_evidence = measured_;
    grade();
    note("confidence: 95 % percentile intervals of a block bootstrap in order of intended time (" + std::to_string(BlockBootstrap::kBlocks) +
         " blocks, " + std::to_string(BlockBootstrap::kResamples) + " resamples)");
    if (measured_ == Evidence::SharedCode) note("both sides are simulations: their agreement proves nothing, so there is no grade");
    return std::move(result_);
  }

 private:
  void note(std::string text) { result_.notes.push_back(std::move(text)); }

  Figure& figure(std::string name, std::string unit, double a, double b, Evidence evidence, bool graded) {
    Figure figure;
    figure.name = std::move(name);
    figure.unit = std::move(unit);
    figure.a = a;
    figure.b = b;
    figure.evidence = evidence;
    figure.graded = graded && evidence == Evidence::Independent;
    result_.figures.push_back(std::move(figure));
    return result_.figures.back();
  }

  // ---------------------------------------------------------------- traffic

  void traffic() {
    for (std::size_t i = 0; i < a_.totals().size(); ++i) {
      const TrafficTotals& left = a_.totals()[i];
      const auto right = std::find_if(b_.totals().begin(), b_.totals().end(), [&](const TrafficTotals& t) { return t.name == left.name; });
      if (right == b_.totals().end()) {
        note("traffic " + left.name + " exists only in " + result_.world_a);
        continue;
      }
      counts(left, *right);
      latencies(left, *right, static_cast<std::uint32_t>(i), static_cast<std::uint32_t>(right - b_.totals().begin()));
      if (auto table = attribute_response_time(a_, b_, left.name)) result_.attribution.push_back(std::move(*table));
      else note("traffic " + left.name + ": no attribution, because a side has no answers whose replica reported its times");
    }
    for (const TrafficTotals& right : b_.totals()) {
      const bool known = std::any_of(a_.totals().begin(), a_.totals().end(), [&](const TrafficTotals& t) { return t.name == right.name; });
      if (!known) note("traffic " + right.name + " exists only in " + result_.world_b);
    }
  }

  void counts(const TrafficTotals& left, const TrafficTotals& right) {
    const auto share = [](std::uint64_t part, std::uint64_t all) { return all == 0 ? 0 : 100 * static_cast<double>(part) / static_cast<double>(all); };
    const bool same_input = a_.seed() == b_.seed();
    figure(left.name + ": requests", "", static_cast<double>(left.requests), static_cast<double>(right.requests),
           same_input ? Evidence::SharedInput : measured_, false);
    figure(left.name + ": failed", "%", share(left.failed, left.requests), share(right.failed, right.requests), measured_, true);
    const auto count_of = [](const auto& counts, auto key) {
      const auto found = std::find_if(counts.begin(), counts.end(), [&](const auto& entry) { return entry.first == key; });
      return found == counts.end() ? std::uint64_t{0} : found->second;
    };
    std::map<std::uint16_t, bool> statuses;
    std::map<RequestOutcome, bool> outcomes;
    for (const TrafficTotals* totals : {&left, &right}) {
      for (const auto& entry : totals->by_status) statuses[entry.first] = true;
      for (const auto& entry : totals->by_outcome) outcomes[entry.first] = true;
    }
    for (const auto& [status, known] : statuses) {
      if (status == 0) continue;
      figure(left.name + ": status " + std::to_string(status), "%", share(count_of(left.by_status, status), left.requests),
             share(count_of(right.by_status, status), right.requests), measured_, false);
    }
    for (const auto& [outcome, known] : outcomes) {
      if (outcome == RequestOutcome::Ok) continue;
      figure(left.name + ": " + std::string(name_of(outcome)), "%", share(count_of(left.by_outcome, outcome), left.requests),
             share(count_of(right.by_outcome, outcome), right.requests), measured_, false);
    }
  }

  /// Latencies of answered requests in order of intended time.
  static std::vector<std::int64_t> latencies_of(const Recording& recording, std::uint32_t traffic) {
    const record::RequestColumns& c = recording.requests();
    std::vector<std::pair<std::int64_t, std::uint64_t>> order;
    std::vector<std::size_t> rows;
    for (std::size_t row = 0; row < c.index.size(); ++row) {
      if (c.traffic[row] == traffic && c.outcome[row] == static_cast<std::uint8_t>(RequestOutcome::Ok)) rows.push_back(row);
    }
    std::sort(rows.begin(), rows.end(), [&](std::size_t x, std::size_t y) { return std::tie(c.intended[x], c.index[x], x) < std::tie(c.intended[y], c.index[y], y); });
    std::vector<std::int64_t> latencies;
    latencies.reserve(rows.size());
    for (const std::size_t row : rows) latencies.push_back(c.end[row] - c.intended[row]);
    return latencies;
  }

  /// Exact figures, in ms: of every request where all are stored, else of the exact totals' histogram.
  static std::vector<double> figures_of(const TrafficTotals& totals, std::vector<std::int64_t> latencies) {
    const Histogram& h = totals.latency_ns;
    if (totals.stored_one_in > 1) {
      return {h.mean() / 1e6, static_cast<double>(h.quantile(0.5)) / 1e6, static_cast<double>(h.quantile(0.95)) / 1e6, static_cast<double>(h.quantile(0.99)) / 1e6};
    }
    std::sort(latencies.begin(), latencies.end());
    const auto at = [&](double q) { return record::in_milliseconds(SimDuration{quantile_of_sorted(latencies, q)}); };
    return {h.mean() / 1e6, at(0.5), at(0.95), at(0.99)};
  }

  void latencies(const TrafficTotals& left, const TrafficTotals& right, std::uint32_t number_a, std::uint32_t number_b) {
    const std::vector<std::int64_t> sample_a = latencies_of(a_, number_a);
    const std::vector<std::int64_t> sample_b = latencies_of(b_, number_b);
    if (sample_a.empty() || sample_b.empty()) {
      note("traffic " + left.name + ": no latencies, because a side has no answered request");
      return;
    }
    const std::vector<double> values_a = figures_of(left, sample_a);
    const std::vector<double> values_b = figures_of(right, sample_b);
    // Different seeds, so that the two sides' resamples are independent.
    const BlockBootstrap bootstrap_a(sample_a, 1);
    const BlockBootstrap bootstrap_b(sample_b, 2);
    const char* names[kLatencyFigures] = {"mean response time", "p50 response time", "p95 response time", "p99 response time"};
    const auto in_ms = [](Interval interval) { return Interval{interval.low / 1e6, interval.high / 1e6}; };
    for (std::size_t i = 0; i < kLatencyFigures; ++i) {
      Figure& one = figure(left.name + ": " + names[i], "ms", values_a[i], values_b[i], measured_, true);
      one.interval_a = in_ms(bootstrap_a.interval(i));
      one.interval_b = in_ms(bootstrap_b.interval(i));
      one.interval_difference = in_ms(difference_interval(bootstrap_a, bootstrap_b, i));
    }
    result_.distances.push_back({left.name, ks_distance(sample_a, sample_b), ks_critical_distance(sample_a.size(), sample_b.size()), sample_a.size(), sample_b.size()});
  }

  // ---------------------------------------------------------------- deployments

  void deployments() {
    for (const DeploymentLife& left : history_a_.deployments) {
      const DeploymentLife* right = history_b_.deployment(left.namespace_, left.name);
      if (right == nullptr) {
        note("deployment " + identity_of(left) + " exists only in " + result_.world_a);
        continue;
      }
      rollouts(left, *right);
      availability(left, *right);
    }
    for (const DeploymentLife& right : history_b_.deployments) {
      if (history_a_.deployment(right.namespace_, right.name) == nullptr) note("deployment " + identity_of(right) + " exists only in " + result_.world_b);
    }
  }

  void rollouts(const DeploymentLife& left, const DeploymentLife& right) {
    const auto rollouts_a = rollouts_of(left, history_a_);
    const auto rollouts_b = rollouts_of(right, history_b_);
    if (rollouts_a.size() != rollouts_b.size()) {
      note("deployment " + identity_of(left) + ": " + std::to_string(rollouts_a.size()) + " and " + std::to_string(rollouts_b.size()) + " versions of its pod template");
    }
    for (std::size_t i = 0; i < std::min(rollouts_a.size(), rollouts_b.size()); ++i) {
      const std::string name = i == 0 ? identity_of(left) + ": first start" : identity_of(left) + ": rollout " + std::to_string(i);
      const auto duration_a = rollouts_a[i].duration();
      const auto duration_b = rollouts_b[i].duration();
      if (duration_a && duration_b) {
        figure(name, "s", record::in_seconds(*duration_a), record::in_seconds(*duration_b), measured_, true);
        if (auto table = attribute_rollout(rollouts_a[i], history_a_, rollouts_b[i], history_b_)) {
          if (i == 0) table->title = "first start, deployment " + identity_of(left);
          result_.attribution.push_back(std::move(*table));
        }
      } else if (duration_a.has_value() != duration_b.has_value()) {
        note(name + " ended only in " + (duration_a ? result_.world_a : result_.world_b));
      }
      SizesPair sizes{name, sizes_text(rollouts_a[i], history_a_), sizes_text(rollouts_b[i], history_b_), false, decided_};
      sizes.same = same_sizes(left, rollouts_a, right, rollouts_b, i);
      result_.sizes.push_back(std::move(sizes));
    }
  }

  static std::vector<control::SizeChange> joined_sizes(const DeploymentLife& deployment, const RunHistory& history, const std::vector<Rollout>& rollouts, std::size_t i) {
    std::vector<control::SizeChange> sizes;
    for (const judge::SizeChange& change : size_changes(deployment, history)) {
      if (change.at < rollouts[i].committed || (i + 1 < rollouts.size() && !(change.at < rollouts[i + 1].committed))) continue;
      sizes.push_back({static_cast<int>(change.replica_set), change.from, change.to, change.at.time});
    }
    return control::join_directions(sizes);
  }
  bool same_sizes(const DeploymentLife& left, const std::vector<Rollout>& rollouts_a, const DeploymentLife& right, const std::vector<Rollout>& rollouts_b, std::size_t i) const {
    return joined_sizes(left, history_a_, rollouts_a, i) == joined_sizes(right, history_b_, rollouts_b, i);
  }

  void availability(const DeploymentLife& left, const DeploymentLife& right) {
    const Availability a = availability_of(left, history_a_);
    const Availability b = availability_of(right, history_b_);
    const std::string name = identity_of(left) + ": ";
    figure(name + "missing replica-seconds", "s", a.missing_replica_seconds, b.missing_replica_seconds, measured_, true);
    figure(name + "longest below desired", "s", record::in_seconds(a.longest_below_desired), record::in_seconds(b.longest_below_desired), measured_, false);
    figure(name + "below minAvailable", "s", record::in_seconds(a.below_minimum), record::in_seconds(b.below_minimum), measured_, false);
    figure(name + "fewest available", "", a.lowest_available, b.lowest_available, decided_, false);
  }

  // ---------------------------------------------------------------- placement, grade

  /// Pods of the same logical name on the same node.
  void placement() {
    const auto nodes_of = [](const RunHistory& history) {
      const Identities identities(history);
      std::map<std::string, std::string> nodes;
      for (const PodLife& pod : history.pods) {
        if (pod.bound) nodes[identities.of(pod)] = pod.node;
      }
      return nodes;
    };
    const auto left = nodes_of(history_a_);
    const auto right = nodes_of(history_b_);
    std::size_t both = 0, same = 0;
    for (const auto& [pod, node] : left) {
      const auto other = right.find(pod);
      if (other == right.end()) continue;
      ++both;
      if (other->second == node) ++same;
    }
    if (both == 0) return;
    // As shares of the pods that both have: 100 % on the reference's side by definition.
    figure("pods on the same node", "%", 100 * static_cast<double>(same) / static_cast<double>(both), 100, decided_, false);
  }

  /// Means over each run of what both clusters have.
  void utilisation() {
    if (history_a_.nodes.empty() || history_b_.nodes.empty()) return;
    const ClusterFigures left = figures_over_run(history_a_);
    const ClusterFigures right = figures_over_run(history_b_);
    figure("nodes in use, mean", "", left.nodes_in_use.mean(history_a_.ended_at), right.nodes_in_use.mean(history_b_.ended_at), decided_, false);
    const auto share = [&](const std::string& name, const OverTime& a, const OverTime& b) {
      figure(name, "%", 100 * a.mean(history_a_.ended_at), 100 * b.mean(history_b_.ended_at), decided_, false);
    };
    for (std::size_t r = 0; r < left.resources.size(); ++r) {
      const auto other = std::find(right.resources.begin(), right.resources.end(), left.resources[r]);
      if (other == right.resources.end()) continue;
      const auto q = static_cast<std::size_t>(other - right.resources.begin());
      share(left.resources[r] + " requested, mean", left.utilisation[r], right.utilisation[q]);
      share(left.resources[r] + " fragmented, mean", left.fragmentation[r], right.fragmentation[q]);
    }
  }

  void grade() {
    Grade& grade = result_.grade;
    double sum = 0;
    for (const Figure& figure : result_.figures) {
      if (!figure.graded) continue;
      ++grade.figures;
      sum += figure.error();
      if (grade.worst.empty() || figure.error() > grade.worst_error) {
        grade.worst = figure.name;
        grade.worst_error = figure.error();
      }
    }
    if (grade.figures == 0) return;
    grade.mean_error = sum / static_cast<double>(grade.figures);
    const double limits[] = {0.05, 0.10, 0.20, 0.40};
    const std::size_t better = static_cast<std::size_t>(std::count_if(std::begin(limits), std::end(limits), [&](double limit) { return grade.mean_error > limit; }));
    grade.letter = std::string(1, static_cast<char>('A' + better));
  }

  const Recording& a_;
  const Recording& b_;
  RunHistory history_a_, history_b_;
  Evidence measured_ = Evidence::Independent;
  Evidence decided_ = Evidence::SharedCode;
  Comparison result_;
};

}  // namespace

Comparison compare(const Recording& a, const Recording& b) { return Comparer(a, b).run(); }

}  // namespace tandem::judge
