#pragma once
// What Kubernetes allows as label keys and values (apimachinery/pkg/util/validation), with its own words for what is wrong.

#include <string>
#include <string_view>
#include <vector>

namespace tandem::cluster {

/// "[prefix/]name": a DNS-1123 subdomain of at most 253 bytes, then at most 63 of [-A-Za-z0-9_.] that begin and end with a
/// letter or digit. Empty when the key is fine.
std::vector<std::string> label_key_errors(std::string_view key);
/// Empty, or at most 63 bytes of the same alphabet.
std::vector<std::string> label_value_errors(std::string_view value);

}  // namespace tandem::cluster
