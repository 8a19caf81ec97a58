#pragma once
// The input limits of reference/hardening §2 in one place. Only an instructor's tool changes them.

#include <cstddef>
#include <cstdint>

namespace tandem::scenario {

struct InputLimits {
  std::size_t file_bytes = std::size_t{1} << 20;      ///< one text file
  std::size_t scalar_bytes = std::size_t{64} << 10;   ///< one scalar
  std::size_t key_bytes = 256;                        ///< one mapping key
  std::size_t nodes = 200'000;                        ///< per file, keys included, after alias expansion
  std::size_t alias_factor = 10;                      ///< expanded nodes per written node
  std::size_t depth = 64;                             ///< nesting of sequences and mappings
  std::size_t documents = 100;                        ///< documents per stream
  std::size_t errors = 50;                            ///< errors reported at once
  std::size_t file_name_bytes = 200;                  ///< a path inside the scenario folder
  std::size_t file_name_levels = 10;                  ///< its folders
  std::int64_t count = 1'000'000;                     ///< any count field (replicas, workers, …)
  double predicted_events = 1e9;                      ///< events a run may be expected to need
};

}  // namespace tandem::scenario
