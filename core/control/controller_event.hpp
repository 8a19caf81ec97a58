#pragma once
// An event as a controller hands it to the recorder, before folding and rate limit.

#include <string>

namespace tandem::control {

struct ControllerEvent {
  std::string type;  ///< Normal or Warning
  std::string reason;
  std::string message;
  friend bool operator==(const ControllerEvent&, const ControllerEvent&) = default;
};

}  // namespace tandem::control
