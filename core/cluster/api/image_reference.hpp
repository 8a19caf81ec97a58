#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tandem::cluster::api {

/// The tag of an image name as parsers.ParseImageName finds it: "latest" where there is neither a tag nor a digest, "" for a
/// digest without tag, nothing where the name is no image reference (distribution/reference).
std::optional<std::string> image_tag(std::string_view image);

}  // namespace tandem::cluster::api
