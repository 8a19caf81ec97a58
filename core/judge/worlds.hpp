#pragma once
// What the name of a recording's world says about who was at work there.

#include <string_view>

namespace tandem::judge {

/// Time was measured.
inline bool is_real(std::string_view world) { return world == "docker" || world == "kind" || world == "kube"; }
/// It has a scheduler and controllers of its own; Tandem's decide nothing there.
inline bool has_foreign_controllers(std::string_view world) { return world == "kind" || world == "kube"; }

}  // namespace tandem::judge
