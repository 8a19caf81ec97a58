#pragma once
// Readers that take paths get their bytes in a file of memory.

#include <string>
#include <string_view>

namespace tandem::fuzz {

/// A folder of this process in memory (/dev/shm, else the temporary folder), gone when the process ends normally.
const std::string& scratch_folder();

/// Writes a file there, replacing it; returns its path.
std::string scratch_file(std::string_view name, std::string_view bytes);

}  // namespace tandem::fuzz
