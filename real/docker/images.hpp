#pragma once
// The images a Docker run needs: found in the engine's store, or built. Tags carry a hash of what went in, so nothing is
// built twice and nothing stale is used; images are kept between runs (hardening C5).

#include <functional>
#include <string>

#include "core/base/result.hpp"
#include "real/docker/engine_client.hpp"

namespace tandem::docker {

/// What a person sees while images are made: step, and fraction done or -1.
using ImageProgress = std::function<void(const std::string& step, double fraction)>;

class ImageStore {
 public:
  /// `cancelled` may be empty; it ends builds with Interrupted.
  ImageStore(EngineClient& engine, ImageProgress progress, std::function<bool()> cancelled);

  /// The reference of an image that is there now. Errors: EngineImageBuildFailed (with the end of the build's output), FileNotFound
  /// (Tandem was not built completely), Interrupted, engine errors.
  Result<std::string> workload();
  Result<std::string> load_generator();
  Result<std::string> nginx();

  /// Builds `name` from a folder that is a complete context, unless the same content was built before.
  Result<std::string> built_from(const std::string& name, const std::string& folder, const LabelMap& build_arguments = {});
  /// A Debian base image: ours if it exists; else debian:bookworm-slim from the engine's store or registry; else made by
  /// debootstrap.
  Result<std::string> debian_base();

 private:
  /// True if the engine has it. Errors: engine errors.
  Result<bool> present(const std::string& reference);
  Result<std::string> from_build_tree(const std::string& name, const LabelMap& build_arguments = {});

  EngineClient& engine_;
  ImageProgress progress_;
  std::function<bool()> cancelled_;
};

/// Folder with one complete build context per image: $TANDEM_IMAGES, beside the program, or where the build put it.
std::string image_folder();

}  // namespace tandem::docker
