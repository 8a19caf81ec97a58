#include "tests/fuzz/readers.hpp"

#include <array>

namespace tandem::fuzz {

std::span<const Reader> readers() {
  static constexpr std::array all = {
      Reader{"scenario", read_scenario},
      Reader{"manifest", read_manifest},
      Reader{"kind", read_kind},
      Reader{"calibration", read_calibration},
      Reader{"override", read_override},
      Reader{"check", read_check},
      Reader{"notation", read_notation},
      Reader{"object", read_object},
      Reader{"recording", read_recording},
      Reader{"chunk", read_chunk},
      Reader{"journal", read_journal},
      Reader{"engine_answer", read_engine_answer},
      Reader{"http_response", read_http_response},
      Reader{"http_request", read_http_request},
      Reader{"workload_config", read_workload_config},
      Reader{"traffic_plan", read_traffic_plan},
      Reader{"frames", read_frames},
  };
  return all;
}

}  // namespace tandem::fuzz
