#include "real/docker/debian_base.hpp"

#include <fmt/format.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>

#include "core/base/text.hpp"
#include "host/files.hpp"
#include "host/process.hpp"
#include "host/wall_clock.hpp"
#include "real/docker/engine_api.hpp"
#include "real/docker/images.hpp"

namespace tandem::docker {

namespace {

/// Packages that debootstrap reports one by one ("I: Retrieving …", "I: Unpacking …", …): about this many lines for minbase.
constexpr double kExpectedLines = 380;

Result<std::string> output_of(std::vector<std::string> command) {
  host::ProcessOptions options;
  options.command = std::move(command);
  auto result = host::run_checked(options);
  if (!result) return tl::unexpected(result.error());
  return result->output;
}

/// The machine's own sources list, for the packages that images built on the base install.
std::string sources_list(const PackageSource& source) {
  return "deb " + source.uri + " " + kDebianRelease + " main\n";
}

Status copy_file(const std::string& from, const std::string& to) {
  const auto content = host::read_file(from, 64 << 10);
  if (!content) return tl::unexpected(content.error());
  return host::replace_file(to, *content);
}

/// In memory where there is plenty: package tools sync every file to the disk, which is most of their time there.
Result<host::ScratchDirectory> roomy_scratch() {
  constexpr const char* kMemory = "/dev/shm";
  constexpr std::uint64_t kNeeded = 1500ULL << 20;
  struct statvfs facts {};
  const bool usable = ::statvfs(kMemory, &facts) == 0 && (facts.f_flag & (ST_NOEXEC | ST_NODEV)) == 0 &&
                      std::uint64_t{facts.f_bavail} * facts.f_frsize > 4 * kNeeded &&
                      host::memory_bytes() > static_cast<std::int64_t>(4 * kNeeded);
  return host::ScratchDirectory::create("base", usable ? kMemory : "");
}

Error cannot_make(const Error& why, const std::string& hint) {
  return make_error(ErrorCode::EngineCapability, "no Debian base image: none can be pulled, and none can be made here")
      .with_hint(hint)
      .caused_by(why);
}

}  // namespace

Result<PackageSource> package_source() {
  const auto targets = output_of({"apt-get", "indextargets", "--format", "$(CODENAME) $(COMPONENT) $(SITE)", "Created-By: Packages"});
  if (!targets) return tl::unexpected(targets.error());
  PackageSource source;
  for (const std::string& line : split(*targets, '\n')) {
    const std::vector<std::string> fields = split(line, ' ');
    if (fields.size() == 3 && fields[0] == kDebianRelease && fields[1] == "main") {
      source.uri = fields[2];
      break;
    }
  }
  if (source.uri.empty()) {
    return fail(make_error(ErrorCode::EngineCapability, fmt::format("apt has no source of Debian {}", kDebianRelease))
                    .with_hint("give the engine an image debian:bookworm-slim (docker pull, or docker load)"));
  }
  if (const auto proxy = output_of({"apt-config", "dump", "--format", "%v%n", "Acquire::http::Proxy"})) source.proxy = trim(*proxy);
  return source;
}

Status make_debian_base(EngineClient& engine, const std::function<void(const std::string&, double)>& progress,
                        const std::function<bool()>& cancelled, const Error& why) {
  const std::string debootstrap = host::find_program("debootstrap");
  if (debootstrap.empty()) return fail(cannot_make(why, "install debootstrap (apt install debootstrap)"));
  if (::geteuid() != 0) return fail(cannot_make(why, "debootstrap needs root: run as root once, later runs find the image"));
  const auto source = package_source();
  if (!source) return fail(cannot_make(why, source.error().hint).caused_by(source.error()));
  const std::string settings = image_folder() + "/base";
  auto scratch = roomy_scratch();
  if (!scratch) return tl::unexpected(scratch.error());

  const std::string step = fmt::format("making base image {}:{}", kBaseRepository, kDebianRelease);
  double lines = 0;
  host::ProcessOptions options;
  const std::string root = scratch->path() + "/root";
  options.command = {debootstrap, "--variant=minbase", kDebianRelease, root, source->uri};
  if (!source->proxy.empty()) options.environment = {"http_proxy=" + source->proxy};
  options.timeout = seconds(600);
  options.cancelled = cancelled;
  options.on_output_line = [&](std::string_view) {
    if (progress) progress(step, std::min(0.9, ++lines / kExpectedLines * 0.9));
  };
  if (auto made = host::run_checked(options); !made) {
    if (made.error().code == ErrorCode::Interrupted) return tl::unexpected(made.error());
    return fail(make_error(ErrorCode::EngineImageBuildFailed, "debootstrap could not make a base image").caused_by(made.error()));
  }
  TANDEM_TRY(host::replace_file(root + "/etc/apt/sources.list", sources_list(*source)));
  TANDEM_TRY(copy_file(settings + "/apt-in-images.conf", root + "/etc/apt/apt.conf.d/80images"));
  TANDEM_TRY(copy_file(settings + "/dpkg-in-images.cfg", root + "/etc/dpkg/dpkg.cfg.d/80images"));
  if (!source->proxy.empty()) {
    TANDEM_TRY(host::replace_file(root + "/etc/apt/apt.conf.d/90proxy", "Acquire::http::Proxy \"" + source->proxy + "\";\n"));
  }
  const std::string archive = scratch->path() + "/root.tar";
  host::ProcessOptions pack;
  pack.command = {"tar", "--create", "--one-file-system", "--numeric-owner", "--exclude=./var/cache/apt/archives/*.deb",
                  "--exclude=./var/lib/apt/lists/*", "--exclude=./var/cache/apt/*.bin", "--exclude=./usr/share/doc/*",
                  "--exclude=./usr/share/man/*", "--exclude=./usr/share/locale/*", "--file", archive, "--directory", root, "."};
  pack.timeout = seconds(120);
  pack.cancelled = cancelled;
  if (auto packed = host::run_checked(pack); !packed) return tl::unexpected(packed.error());
  if (progress) progress(step, 0.93);
  if (auto imported = engine.run(api::import_image(kBaseRepository, kDebianRelease, archive)); !imported) return tl::unexpected(imported.error());
  if (progress) progress(step, 1);
  return {};
}

}  // namespace tandem::docker
