#include "core/control/scheduler/class_ranking.hpp"

#include <algorithm>

#include "core/control/scheduler/class_results.hpp"

namespace tandem::control::scheduler {

bool ClassRanking::bring_up_to_date(const CycleInput& input, const CycleFilters& filters, ClassResults& results,
                                    const std::vector<ConfiguredPlugin>& plugins) {
  const Snapshot& snapshot = input.snapshot;
  const bool same_list =
      is_built_ && order_version_ == snapshot.order_version() && images_version_ == snapshot.images_version();
  const auto catch_up = [&] {
    return snapshot.changed_since(generation_, [&](NodeIndex index) {
      const NodeInfo& node = snapshot.node(index);
      if (node.node) place(input, filters, results, node);  // else only pods that name it are known
    });
  };
  if (!same_list || !catch_up()) {
    is_built_ = false;
    if (visits_without_ < snapshot.order().size()) return false;
    build(input, filters, results, plugins);
  }
  generation_ = snapshot.last_generation();
  return is_possible_;
}

void ClassRanking::build(const CycleInput& input, const CycleFilters& filters, ClassResults& results,
                         const std::vector<ConfiguredPlugin>& plugins) {
  const Snapshot& snapshot = input.snapshot;
  is_built_ = true;
  visits_without_ = 0;
  order_version_ = snapshot.order_version();
  images_version_ = snapshot.images_version();
  const std::size_t nodes = snapshot.order().size();
  totals_.reset(nodes);
  find_parts(input, results, plugins);
  for (Part& part : parts_) part.raw.reset(part.is_measured() ? nodes : 0);
  if (!is_possible_) return;
  for (const NodeIndex index : snapshot.order()) place(input, filters, results, snapshot.node(index));
}

void ClassRanking::find_parts(const CycleInput& input, ClassResults& results, const std::vector<ConfiguredPlugin>& plugins) {
  const std::vector<Part> before = std::move(parts_);
  parts_.clear();
  is_possible_ = true;
  for (std::size_t i = 0; i < plugins.size(); ++i) {
    if (!plugins[i].points.score || !plugins[i].node_local) continue;
    const PreScoreResult& prepared = results.pre_score(i, input);
    const Normalization normalization = plugins[i].plugin->normalization();
    if (!prepared.error.empty() || normalization == Normalization::Own) is_possible_ = false;
    if (prepared.skip) continue;
    Part& part = parts_.emplace_back();
    part.position = i;
    part.weight = plugins[i].weight;
    part.normalization = normalization;
    const auto known = std::find_if(before.begin(), before.end(), [i](const Part& other) { return other.position == i; });
    if (known != before.end()) part.maximum = known->maximum;  // as the last search found it
  }
}

void ClassRanking::place(const CycleInput& input, const CycleFilters& filters, ClassResults& results, const NodeInfo& node) {
  const std::size_t position = input.snapshot.position_of(node.index);
  if (!results.verdict(input, filters, node).passed()) {
    totals_.set_out(position);
    for (Part& part : parts_) {
      if (part.is_measured()) part.raw.set_out(position);
    }
    return;
  }
  std::int64_t total = 0;
  for (Part& part : parts_) {
    std::int64_t score = results.raw_score(part.position, input, node);
    if (part.is_measured()) {
      part.raw.set(position, score);
      score = normalized_by_maximum(score, part.maximum, part.normalization == Normalization::ByMaximumReversed);
    }
    total += part.weight * score;
  }
  totals_.set(position, total);
}

// ---------------------------------------------------------------- questions

ClassRanking::Range ClassRanking::before_wrapping(const Search& search) const {
  return {search.start, std::min(search.start + search.visited, totals_.size())};
}

ClassRanking::Range ClassRanking::after_wrapping(const Search& search) const {
  const std::size_t reach = search.start + search.visited;
  return {0, reach > totals_.size() ? reach - totals_.size() : 0};
}

ClassRanking::Search ClassRanking::search(std::size_t start, std::size_t wanted) const {
  const std::size_t size = totals_.size();
  const std::uint32_t everywhere = totals_.all().in;
  if (everywhere < wanted) return {start, size, everywhere};
  // The wanted-th one ends the search, and the nodes after it are not looked at.
  const auto last = static_cast<std::uint32_t>(wanted - 1);
  const std::uint32_t to_the_end = totals_.among(start, size).in;
  const std::size_t end = last < to_the_end ? totals_.nth_in(start, size, last) : size + totals_.nth_in(0, start, last - to_the_end);
  return {start, end - start + 1, static_cast<std::uint32_t>(wanted)};
}

bool ClassRanking::holds_for(const Search& search) {
  const Range first = before_wrapping(search);
  const Range second = after_wrapping(search);
  bool holds = true;
  for (Part& part : parts_) {
    if (!part.is_measured()) continue;
    std::int64_t maximum = 0;
    for (const Range& range : {first, second}) {
      if (range.begin == range.end) continue;
      const Tournament::Standing standing = part.raw.among(range.begin, range.end);
      if (standing.in > 0) maximum = std::max(maximum, standing.best);
    }
    if (maximum == part.maximum) continue;
    part.maximum = maximum;
    holds = false;
  }
  if (!holds) is_built_ = false;
  return holds;
}

Tournament::Standing ClassRanking::best_of(const Search& search) const {
  const Range first = before_wrapping(search);
  const Range second = after_wrapping(search);
  Tournament::Standing best = totals_.among(first.begin, first.end);
  if (second.end == 0) return best;
  const Tournament::Standing rest = totals_.among(second.begin, second.end);
  if (rest.in > 0 && (best.in == 0 || rest.best > best.best)) {
    best.best = rest.best;
    best.ties = rest.ties;
  } else if (rest.in > 0 && rest.best == best.best) {
    best.ties += rest.ties;
  }
  best.in += rest.in;
  return best;
}

std::size_t ClassRanking::nth_best(const Search& search, std::int64_t best, std::uint32_t n) const {
  const Range first = before_wrapping(search);
  const Tournament::Standing standing = totals_.among(first.begin, first.end);
  const std::uint32_t here = standing.in > 0 && standing.best == best ? standing.ties : 0;
  if (n < here) return totals_.nth_best(first.begin, first.end, best, n);
  const Range second = after_wrapping(search);
  return totals_.nth_best(second.begin, second.end, best, n - here);
}

std::size_t ClassRanking::first_feasible(const Search& search) const {
  const Range first = before_wrapping(search);
  if (totals_.among(first.begin, first.end).in > 0) return totals_.nth_in(first.begin, first.end, 0);
  const Range second = after_wrapping(search);
  return totals_.nth_in(second.begin, second.end, 0);
}

}  // namespace tandem::control::scheduler
