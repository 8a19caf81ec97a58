#pragma once

#include <functional>
#include <string>

#include "core/base/result.hpp"
#include "real/docker/engine_client.hpp"

namespace tandem::docker {

inline constexpr const char* kDebianRelease = "bookworm";
inline constexpr const char* kBaseRepository = "tandem/base";

/// Where this machine gets Debian packages from, read from its own apt configuration.
struct PackageSource {
  std::string uri;
  std::string proxy;  ///< empty = none
};
/// Errors: EngineCapability when no source of the release is configured.
Result<PackageSource> package_source();

/// Makes tandem/base:bookworm with debootstrap (minbase) and imports it. Needs root and the debootstrap package; takes about
/// a minute. `why` is why no image could be had otherwise. Errors: EngineImageBuildFailed, EngineCapability, Interrupted.
Status make_debian_base(EngineClient& engine, const std::function<void(const std::string&, double)>& progress,
                        const std::function<bool()>& cancelled, const Error& why);

}  // namespace tandem::docker
