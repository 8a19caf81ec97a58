#include "tests/determinism/canary.hpp"

#include <memory>
#include <set>
#include <unordered_set>
#include <vector>

#include "core/balance/registry.hpp"

namespace tandem::determinism {

namespace {

enum class Order { Right, Pointers, Hashes };
Order g_order = Order::Right;

/// The product's policy for everything but the choice: peers in turn, in a forbidden order.
class MisorderedPolicy final : public balance::BalancePolicy {
 public:
  explicit MisorderedPolicy(std::unique_ptr<balance::BalancePolicy> right) : right_(std::move(right)) {}

  void set_peers(std::span<const balance::Peer> peers) override {
    right_->set_peers(peers);
    owned_.clear();
    for (std::uint32_t i = 0; i < peers.size(); ++i) owned_.push_back(std::make_unique<std::uint32_t>(i));
    order_.clear();
    if (g_order == Order::Pointers) {
      std::set<const std::uint32_t*> by_address;
      for (const auto& index : owned_) by_address.insert(index.get());
      for (const std::uint32_t* index : by_address) order_.push_back(*index);
    } else {
      // Few buckets: a handful of peers in thirteen would hardly ever meet, and apart they come out in order of insertion.
      std::unordered_set<const std::uint32_t*> by_hash;
      by_hash.max_load_factor(100);
      by_hash.rehash(3);
      for (const auto& index : owned_) by_hash.insert(index.get());
      for (const std::uint32_t* index : by_hash) order_.push_back(*index);
    }
  }

  std::optional<balance::PeerRef> pick(const balance::RequestTraits& request, balance::TriedPeers& tried, SimTime now) override {
    // The product's own pick keeps its own state right; only its answer is replaced by another peer that is in the list.
    const auto right = right_->pick(request, tried, now);
    if (!right || order_.size() < 2) return right;
    return balance::PeerRef{order_[next_++ % order_.size()], right->generation};
  }

  void on_start(balance::PeerRef peer) override { right_->on_start(peer); }
  void on_finish(balance::PeerRef peer, balance::Outcome outcome, SimTime now) override { right_->on_finish(peer, outcome, now); }
  [[nodiscard]] int tries() const override { return right_->tries(); }
  [[nodiscard]] int in_flight(std::size_t peer) const override { return right_->in_flight(peer); }

 private:
  std::unique_ptr<balance::BalancePolicy> right_;
  std::vector<std::unique_ptr<std::uint32_t>> owned_;
  std::vector<std::uint32_t> order_;
  std::size_t next_ = 0;
};

}  // namespace

bool set_canary(std::string_view name, scenario::Scenario& scenario) {
  if (name == "pointer-order") {
    g_order = Order::Pointers;
  } else if (name == "hash-order") {
    g_order = Order::Hashes;
  } else if (name == "startup") {
    for (auto& [reference, image] : scenario.images) image.startup += milliseconds(1);
  } else if (!name.empty()) {
    return false;
  }
  return true;
}

}  // namespace tandem::determinism

// What the linker's --wrap calls in place of balance::make_policy(std::string_view, std::string_view, RandomStream), by the names
// of the C++ ABI, which g++ and clang++ share; __real_ is the function itself.
namespace tandem::balance {
using MadePolicy = Result<std::unique_ptr<BalancePolicy>>;
MadePolicy real_make_policy(std::string_view product, std::string_view policy, RandomStream random) __asm__(
    "__real__ZN6tandem7balance11make_policyESt17basic_string_viewIcSt11char_traitsIcEES4_NS_12RandomStreamE");
MadePolicy wrapped_make_policy(std::string_view product, std::string_view policy, RandomStream random) __asm__(
    "__wrap__ZN6tandem7balance11make_policyESt17basic_string_viewIcSt11char_traitsIcEES4_NS_12RandomStreamE");

MadePolicy wrapped_make_policy(std::string_view product, std::string_view policy, RandomStream random) {
  MadePolicy made = real_make_policy(product, policy, std::move(random));
  if (!made || determinism::g_order == determinism::Order::Right) return made;
  return std::make_unique<determinism::MisorderedPolicy>(std::move(*made));
}
}  // namespace tandem::balance
