#pragma once

#include <string>

namespace tandem::cli {

/// Which Tandem this is. Printed by --version, stored in every manifest.
struct ToolVersion {
  std::string version;     ///< "0.1.0"
  std::string commit;      ///< of the sources; "+changes" after it if they were edited; "unknown" outside a repository
  std::string build_type;  ///< "Release"
  std::string compiler;    ///< "g++ 12.2.0"
};
ToolVersion tool_version();

}  // namespace tandem::cli
