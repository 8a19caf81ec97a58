#pragma once

#include "core/base/result.hpp"
#include "core/scenario/scenario.hpp"

namespace tandem::world {

/// The FaultInjector seam (design §3): applies and heals a fault, says beforehand whether it can.
class FaultInjector {
 public:
  virtual ~FaultInjector() = default;
  /// Empty if this world can apply the fault; else why not. Asked before anything is created.
  [[nodiscard]] virtual std::string refusal(const scenario::Fault& fault) const = 0;
  /// Starts the fault; healed by heal() with the same id.
  virtual Status apply(std::uint32_t fault_id, const scenario::Fault& fault) = 0;
  virtual Status heal(std::uint32_t fault_id) = 0;
};

}  // namespace tandem::world
