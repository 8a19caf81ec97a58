// tandem reaper: started by every real run, never by people. Cleans up when its run has died.

#include "cli/command.hpp"
#include "real/docker/reaper_process.hpp"

namespace tandem::cli {

Command reaper_command() {
  return {"reaper", "Clean up after the run on standard input once it has died.", "  started by tandem run --on docker\n",
          [](OptionTable&, CommonOptions&) { return [] { return docker::run_reaper(); }; }, true};
}

}  // namespace tandem::cli
