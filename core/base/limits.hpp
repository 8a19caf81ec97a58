#pragma once
// The input limits of reference/hardening §2 in one place. Only an instructor's tool changes them.

#include <cstddef>
#include <cstdint>

namespace tandem {

struct InputLimits {
  // Text, while it is read and parsed.
  std::size_t file_bytes = std::size_t{1} << 20;      ///< one text file
  std::size_t scalar_bytes = std::size_t{64} << 10;   ///< one scalar
  std::size_t key_bytes = 256;                        ///< one mapping key
  std::size_t nodes = 200'000;                        ///< per file, keys included, after alias expansion
  std::size_t alias_factor = 10;                      ///< expanded nodes per written node
  std::size_t depth = 64;                             ///< nesting of sequences and mappings
  std::size_t documents = 100;                        ///< documents per stream
  std::size_t errors = 50;                            ///< errors reported at once

  // All files of a scenario together.
  std::size_t total_bytes = std::size_t{16} << 20;
  std::size_t files = 200;
  std::size_t file_name_bytes = 200;                  ///< a path inside the scenario folder
  std::size_t file_name_levels = 10;                  ///< its parts

  // Values.
  std::size_t identifier_bytes = 63;                  ///< [a-z0-9]([-a-z0-9]*[a-z0-9])?
  std::int64_t count = 1'000'000;                     ///< any count field (replicas, workers, …)
  std::int64_t time_ns = 315'576'000'000'000'000;     ///< ten years of 365.25 days: any time field

  // What a run may need.
  double predicted_events = 1e9;                      ///< refused when the scenario is loaded
  double run_cpu_seconds = 60;                        ///< CPU time of a simulation
  std::int64_t run_memory_bytes = std::int64_t{2} << 30;  ///< resident memory of a simulation
};

/// The limits that constants and field tables are made from.
inline constexpr InputLimits kInputLimits;

}  // namespace tandem
