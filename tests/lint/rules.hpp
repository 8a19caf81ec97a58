#pragma once
// What the compiler cannot see: the arrows between rooms, the determinism rules of the core, nothing left unfinished.

#include <cstddef>
#include <string>
#include <vector>

#include "tests/lint/source_text.hpp"

namespace tandem::lint {

struct Finding {
  std::string path;
  std::size_t line = 0;
  std::string what;
};

/// Includes that go up or sideways in the layering of the design, SimGrid outside sim/engine/*.cpp, rooms without a rule.
std::vector<Finding> check_layers(const SourceFile& file);

/// Calls in core/ and sim/ that could make two runs differ (hardening D1, D5, D8, D10). A line that is right nevertheless
/// carries the comment `lint-allow: reason`.
std::vector<Finding> check_determinism(const SourceFile& file);

/// Loops over containers whose order is an accident (hardening D3): unordered ones, and ordered ones keyed by addresses. Such a
/// container may be looked into; a variable of that type, declared in a folder, is not walked in any file of that folder.
std::vector<Finding> check_orders(const std::vector<SourceFile>& files);

/// Compiler options that make results differ between machines (hardening D8), in CMake files and presets.
std::vector<Finding> check_build_options(const SourceFile& file);

/// Markers of unfinished work, in any text file.
std::vector<Finding> check_finished(const SourceFile& file);

/// Headers that pull the whole of nlohmann/json.hpp into other rooms.
std::vector<Finding> check_json_headers(const std::vector<SourceFile>& files);

}  // namespace tandem::lint
