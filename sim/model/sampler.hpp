#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "core/record/events.hpp"
#include "sim/engine/engine.hpp"
#include "sim/model/cpu.hpp"
#include "sim/model/node_runtime.hpp"

namespace tandem::sim {

/// Once a simulated second: CPU use of every node ("node/NAME", "cpu.used_cores") and of every running container
/// ("container/POD/NAME", "cpu.used_cores" and "cpu.throttled_share"), as means over the second. Events of class Observer;
/// only reads, so that a run with a sampler and one without are the same (hardening D13).
class Sampler final : private EventHandler {
 public:
  struct Node {
    std::string name;
    SliceId slice{};
  };
  Sampler(Engine& engine, const Cpu& cpu, const SimNodeRuntime& runtime, std::vector<Node> nodes,
          std::function<void(const record::Sample&)> sink);
  ~Sampler();
  Sampler(const Sampler&) = delete;
  Sampler& operator=(const Sampler&) = delete;

 private:
  struct Last {
    double used_ns = 0;
    std::int64_t throttled_ns = 0;
    SimTime seen;
  };
  void fire(std::uint32_t kind, std::uint64_t payload) override;
  void emit(const std::string& entity, const char* metric, double value);

  Engine& engine_;
  const Cpu& cpu_;
  const SimNodeRuntime& runtime_;
  std::vector<Node> nodes_;
  std::function<void(const record::Sample&)> sink_;
  std::vector<double> node_used_ns_;
  std::map<std::string, Last> containers_;  ///< by entity
  SimTime last_;
  TimerHandle timer_;
};

}  // namespace tandem::sim
