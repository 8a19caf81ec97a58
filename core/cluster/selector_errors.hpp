#pragma once
// The checks of apimachinery/pkg/labels NewRequirement, shared by the text form and the objects.

#include <string>
#include <string_view>
#include <vector>

#include "core/cluster/objects.hpp"

namespace tandem::cluster {

/// "path: Invalid value: …: detail", in Kubernetes' order. `path` may be empty.
std::vector<std::string> requirement_errors(const SelectorRequirement& requirement, std::string_view path);
/// The key alone, as the text parser checks it first.
std::vector<std::string> key_errors(std::string_view key, std::string_view path);
/// Kubernetes' aggregate: one error as it is, several as "[a, b]".
std::string join_errors(const std::vector<std::string>& errors);

/// A base-10 int64 with an optional sign, as Go's ParseInt reads it.
bool parse_go_int(std::string_view text, std::int64_t& out);

}  // namespace tandem::cluster
