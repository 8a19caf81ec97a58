#pragma once
// Who leads among nodes in a row: a tournament tree over positions of the node list. One node's new total is one walk to the
// root, and the best of any stretch is found in as many steps, however many nodes there are.

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace tandem::control::scheduler {

/// Positions 0..size-1, each either out (it cannot take the pod) or in with a total.
class Tournament {
 public:
  /// What a stretch of positions holds.
  struct Standing {
    std::int64_t best = std::numeric_limits<std::int64_t>::min();  ///< largest total; meaningless if nobody is in
    std::uint32_t ties = 0;                                        ///< how many have it
    std::uint32_t in = 0;                                          ///< how many are in
    friend bool operator==(const Standing&, const Standing&) = default;
  };

  /// Forgets everything: `size` positions, all out.
  void reset(std::size_t size);
  void set(std::size_t position, std::int64_t total) { place(position, {total, 1, 1}); }
  void set_out(std::size_t position) { place(position, {}); }

  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] const Standing& at(std::size_t position) const { return tree_[leaves_ + position]; }
  [[nodiscard]] const Standing& all() const { return tree_[1]; }
  /// Of the positions begin..end-1.
  [[nodiscard]] Standing among(std::size_t begin, std::size_t end) const;

  /// The n-th position (from 0) in begin..end-1 that is in. Requires that there are more than n.
  [[nodiscard]] std::size_t nth_in(std::size_t begin, std::size_t end, std::uint32_t n) const;
  /// The n-th position (from 0) in begin..end-1 whose total is `best`, the largest there. Requires that there are more than n.
  [[nodiscard]] std::size_t nth_best(std::size_t begin, std::size_t end, std::int64_t best, std::uint32_t n) const;

 private:
  void place(std::size_t position, const Standing& standing);
  static Standing joined(const Standing& a, const Standing& b);
  /// The n-th leaf in begin..end-1, where `count_of` says how many a whole subtree has.
  template <class CountOf>
  std::size_t nth(std::size_t begin, std::size_t end, std::uint32_t n, CountOf&& count_of) const;

  std::size_t size_ = 0;
  std::size_t leaves_ = 1;                      ///< a power of two; leaf i is tree_[leaves_ + i]
  std::vector<Standing> tree_ = {{}, {}};       ///< tree_[1] is the root, tree_[i] joins tree_[2i] and tree_[2i + 1]
};

}  // namespace tandem::control::scheduler
