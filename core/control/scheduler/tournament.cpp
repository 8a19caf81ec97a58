#include "core/control/scheduler/tournament.hpp"

#include <array>

#include "core/base/check.hpp"

namespace tandem::control::scheduler {

void Tournament::reset(std::size_t size) {
  size_ = size;
  leaves_ = 1;
  while (leaves_ < size) leaves_ *= 2;
  tree_.assign(2 * leaves_, {});
}

Tournament::Standing Tournament::joined(const Standing& a, const Standing& b) {
  Standing both;
  both.in = a.in + b.in;
  if (b.in == 0 || (a.in != 0 && a.best > b.best)) {
    both.best = a.best;
    both.ties = a.ties;
  } else if (a.in == 0 || b.best > a.best) {
    both.best = b.best;
    both.ties = b.ties;
  } else {
    both.best = a.best;
    both.ties = a.ties + b.ties;
  }
  return both;
}

void Tournament::place(std::size_t position, const Standing& standing) {
  std::size_t at = leaves_ + position;
  if (tree_[at] == standing) return;
  tree_[at] = standing;
  for (at /= 2; at > 0; at /= 2) {
    const Standing both = joined(tree_[2 * at], tree_[2 * at + 1]);
    if (both == tree_[at]) return;  // nobody above hears of it
    tree_[at] = both;
  }
}

Tournament::Standing Tournament::among(std::size_t begin, std::size_t end) const {
  if (begin == 0 && end == size_) return all();
  Standing sum;
  for (std::size_t left = leaves_ + begin, right = leaves_ + end; left < right; left /= 2, right /= 2) {
    if (left % 2 == 1) sum = joined(sum, tree_[left++]);
    if (right % 2 == 1) sum = joined(sum, tree_[--right]);
  }
  return sum;
}

template <class CountOf>
std::size_t Tournament::nth(std::size_t begin, std::size_t end, std::uint32_t n, CountOf&& count_of) const {
  // The whole subtrees that make up the stretch: those met on the left side come in order, those on the right in reverse.
  std::array<std::size_t, 64> on_the_right{};
  std::size_t waiting = 0;
  std::size_t found = 0;
  const auto take = [&](std::size_t subtree) {
    const std::uint32_t count = count_of(tree_[subtree]);
    if (n < count) {
      found = subtree;
    } else {
      n -= count;
    }
  };
  for (std::size_t left = leaves_ + begin, right = leaves_ + end; left < right && found == 0; left /= 2, right /= 2) {
    if (left % 2 == 1) take(left++);
    if (right % 2 == 1) on_the_right[waiting++] = --right;
  }
  while (found == 0 && waiting > 0) take(on_the_right[--waiting]);
  CHECK(found != 0, "a stretch has as many as its standing says");
  while (found < leaves_) {
    found *= 2;
    const std::uint32_t count = count_of(tree_[found]);
    if (n < count) continue;
    n -= count;
    ++found;
  }
  return found - leaves_;
}

std::size_t Tournament::nth_in(std::size_t begin, std::size_t end, std::uint32_t n) const {
  return nth(begin, end, n, [](const Standing& standing) { return standing.in; });
}

std::size_t Tournament::nth_best(std::size_t begin, std::size_t end, std::int64_t best, std::uint32_t n) const {
  return nth(begin, end, n, [best](const Standing& standing) {
    return standing.in != 0 && standing.best == best ? standing.ties : std::uint32_t{0};
  });
}

}  // namespace tandem::control::scheduler
