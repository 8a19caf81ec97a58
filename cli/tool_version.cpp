#include "cli/tool_version.hpp"

#include <tandem_commit.h>

namespace tandem::cli {

ToolVersion tool_version() {
#if defined(__clang__)
  const std::string compiler = "clang++ " + std::to_string(__clang_major__) + "." + std::to_string(__clang_minor__) + "." + std::to_string(__clang_patchlevel__);
#else
  const std::string compiler = "g++ " + std::to_string(__GNUC__) + "." + std::to_string(__GNUC_MINOR__) + "." + std::to_string(__GNUC_PATCHLEVEL__);
#endif
  return {TANDEM_VERSION, TANDEM_COMMIT, TANDEM_BUILD_TYPE, compiler};
}

}  // namespace tandem::cli
