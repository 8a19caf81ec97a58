#pragma once
// Memory that containers of images with `memory` hold on one simulated node, and the kernel's answer when there is not enough: it
// kills the container that exceeds its own limit, or, when the node is full, the one with the highest badness.

#include <cstdint>
#include <functional>
#include <map>

#include "core/scenario/scenario.hpp"
#include "sim/engine/engine.hpp"

namespace tandem::sim {

/// One timer per node, armed at the next moment at which something is too much; nothing runs while nobody grows. Amounts are exact.
class NodeMemory final : private EventHandler {
 public:
  struct Options {
    std::int64_t capacity_bytes = 0;
    std::uint32_t entity = 0;  ///< order among simultaneous events
  };
  struct Claim {
    scenario::MemorySpec memory;
    std::int64_t limit_bytes = 0;  ///< the container's own; 0 = none
    std::int32_t oom_score_adj = 0;
    SimTime started;
  };

  /// `oom_kill(container)` must end the container, which calls remove().
  NodeMemory(Engine& engine, Options options, std::function<void(std::uint32_t container)> oom_kill)
      : engine_(engine), options_(options), oom_kill_(std::move(oom_kill)) {}
  ~NodeMemory();
  NodeMemory(const NodeMemory&) = delete;
  NodeMemory& operator=(const NodeMemory&) = delete;

  /// The container holds memory from now on. What is too much already is killed in an event of its own.
  void add(std::uint32_t container, const Claim& claim);
  void remove(std::uint32_t container);
  /// Bytes a container holds now; 0 if it is not known.
  [[nodiscard]] std::int64_t held(std::uint32_t container) const;

 private:
  void fire(std::uint32_t kind, std::uint64_t payload) override;
  void arm();
  /// First moment from now on at which the limit of some container, or the node, is exceeded; kTimeNever if there is none.
  [[nodiscard]] SimTime next_excess() const;
  [[nodiscard]] SimTime node_excess() const;
  [[nodiscard]] std::uint32_t worst() const;

  Engine& engine_;
  Options options_;
  std::function<void(std::uint32_t)> oom_kill_;
  std::map<std::uint32_t, Claim> claims_;  ///< by container
  TimerHandle timer_;
};

}  // namespace tandem::sim
