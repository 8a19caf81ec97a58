#pragma once
// Names of images, as the kubelet reads them (distribution/reference v0.6, kubelet util/parsers).

#include <string>
#include <string_view>

#include "core/base/result.hpp"

namespace tandem::control::kubelet {

struct ImageReference {
  std::string domain;  ///< "docker.io" if the name has none
  std::string path;    ///< "library/nginx"
  std::string tag;     ///< "latest" without tag and digest
  std::string digest;  ///< "sha256:…"; may be empty
};

/// Errors: ValueBadName, whose text is that of the original: `couldn't parse image name "Not Valid": invalid reference format: …`.
Result<ImageReference> parse_image_reference(std::string_view image);

/// What a registry that does not have the image makes containerd say.
std::string not_found_text(std::string_view image);

}  // namespace tandem::control::kubelet
