#include "real/docker/images.hpp"

#include <charconv>
#include <cstdlib>
#include <deque>

#include "core/base/digest.hpp"
#include "core/base/text.hpp"
#include "host/files.hpp"
#include "real/docker/debian_base.hpp"
#include "real/docker/tar.hpp"

#ifndef TANDEM_IMAGES_BUILT
#define TANDEM_IMAGES_BUILT ""
#endif

namespace tandem::docker {

namespace {

constexpr const char* kImageLabel = "tandem.image";
constexpr std::size_t kKeptLines = 12;

/// "Step 2/5 : RUN …" as a fraction of the steps begun; -1 for other lines.
double step_fraction(std::string_view line) {
  constexpr std::string_view kStep = "Step ";
  if (!line.starts_with(kStep)) return -1;
  int step = 0;
  int steps = 0;
  const char* const end = line.data() + line.size();
  const auto [slash, error] = std::from_chars(line.data() + kStep.size(), end, step);
  if (error != std::errc() || slash == end || *slash != '/') return -1;
  std::from_chars(slash + 1, end, steps);
  return steps > 0 ? static_cast<double>(step - 1) / steps : -1;
}

/// Proxies are the machine's business: builds that fetch packages get them as the engine's predefined build arguments.
void add_proxy_arguments(LabelMap& arguments) {
  for (const char* name : {"http_proxy", "https_proxy", "no_proxy"}) {
    const char* const value = std::getenv(name);
    if (value != nullptr && *value != '\0') arguments.emplace(name, value);
  }
}

}  // namespace

std::string image_folder() {
  const char* const chosen = std::getenv("TANDEM_IMAGES");
  if (chosen != nullptr && *chosen != '\0') return chosen;
  for (const char* relative : {"/../docker/images", "/docker/images", "/../lib/tandem/images"}) {
    const std::string candidate = host::program_directory() + relative;
    if (host::exists(candidate + "/workload/Dockerfile")) return candidate;
  }
  return TANDEM_IMAGES_BUILT;
}

ImageStore::ImageStore(EngineClient& engine, ImageProgress progress, std::function<bool()> cancelled)
    : engine_(engine), progress_(std::move(progress)), cancelled_(std::move(cancelled)) {}

Result<bool> ImageStore::present(const std::string& reference) {
  const auto image = engine_.run(api::inspect_image(reference));
  if (image) return true;
  if (image.error().code == ErrorCode::EngineNotFound) return false;
  return tl::unexpected(image.error());
}

Result<std::string> ImageStore::built_from(const std::string& name, const std::string& folder, const LabelMap& build_arguments) {
  if (!host::exists(folder + "/Dockerfile")) {
    return fail(make_error(ErrorCode::FileNotFound, "the build context of image " + name + " is missing", {folder, 0, 0})
                    .with_hint("build Tandem completely (./tandem build), or point TANDEM_IMAGES at the folder docker/images of a build"));
  }
  auto context = tar_of_folder(folder);
  if (!context) return tl::unexpected(context.error());
  Sha256 digest;
  digest.update(*context);
  for (const auto& [argument, value] : build_arguments) digest.update(argument + "=" + value + "\n");
  const std::string reference = "tandem/" + name + ":" + digest.hex().substr(0, 12);
  const Result<bool> there = present(reference);
  if (!there) return tl::unexpected(there.error());
  if (*there) return reference;

  const std::string step = "building image " + reference;
  if (progress_) progress_(step, 0);
  LabelMap arguments = build_arguments;
  add_proxy_arguments(arguments);
  std::deque<std::string> last_lines;
  const auto built = engine_.run(api::build_image(reference, std::move(*context), {{kImageLabel, name}}, arguments, [&](std::string_view line) {
    last_lines.emplace_back(line);
    if (last_lines.size() > kKeptLines) last_lines.pop_front();
    if (const double fraction = step_fraction(line); progress_ && fraction >= 0) progress_(step, fraction);
  }));
  if (!built) {
    Error error = built.error();
    if (error.code == ErrorCode::EngineImageBuildFailed) {
      std::string output;
      for (const std::string& line : last_lines) output += "\n  " + escape_for_terminal(line);
      error.found += output;
      error.hint = "docker build " + folder + " shows the whole output";
    }
    return fail(std::move(error));
  }
  if (progress_) progress_(step, 1);
  return reference;
}

Result<std::string> ImageStore::from_build_tree(const std::string& name, const LabelMap& build_arguments) {
  return built_from(name, image_folder() + "/" + name, build_arguments);
}

Result<std::string> ImageStore::workload() { return from_build_tree("workload"); }
Result<std::string> ImageStore::load_generator() { return from_build_tree("load-generator"); }

Result<std::string> ImageStore::nginx() {
  const auto base = debian_base();
  if (!base) return base;
  return from_build_tree("nginx", {{"BASE", *base}});
}

Result<std::string> ImageStore::debian_base() {
  const std::string ours = std::string(kBaseRepository) + ":" + kDebianRelease;
  for (const std::string& candidate : {ours, std::string("debian:bookworm-slim"), std::string("debian:bookworm")}) {
    const Result<bool> there = present(candidate);
    if (!there) return tl::unexpected(there.error());
    if (*there) return candidate;
  }
  if (progress_) progress_("asking the registry for a Debian base image", -1);
  const auto pulled = engine_.run(api::pull_image("debian", "bookworm-slim"));
  if (pulled) return std::string("debian:bookworm-slim");
  if (pulled.error().code == ErrorCode::Interrupted) return tl::unexpected(pulled.error());
  TANDEM_TRY(make_debian_base(engine_, progress_, cancelled_, pulled.error()));
  return ours;
}

}  // namespace tandem::docker
